/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pull: images of services. */
#include "commands.h"

#include "cli/images.h"
#include "cli/progress.h"
#include "whale/image.h"

#include <stdio.h>
#include <string.h>

struct pull_options {
    bool ignore_buildable, ignore_pull_failures, include_deps, parallel, quiet;
    const char *policy;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct pull_options, ignore_buildable, 0, "ignore-buildable", "Skip images that can be built"),
    WH_OPT_FLAG(struct pull_options, ignore_pull_failures, 0, "ignore-pull-failures", "Go on after failures"),
    WH_OPT_FLAG(struct pull_options, include_deps, 0, "include-deps",
                "Also pull the images of services they depend on"),
    WH_OPT_CHOICE(struct pull_options, policy, 0, "policy", NULL, "missing|always", "When to pull"),
    WH_OPT_FLAG(struct pull_options, quiet, 'q', "quiet", "No progress"),
    WH_OPT_ALIAS(struct pull_options, parallel, WH_OPT_TYPE_FLAG, "parallel",
                 "option '--parallel' is DEPRECATED and will be ignored."),
    WH_OPT_ALIAS(struct pull_options, parallel, WH_OPT_TYPE_FLAG, "no-parallel",
                 "option '--no-parallel' is DEPRECATED and will be ignored."),
};

/* Images that only exist by building are not asked for; others of the same name are asked for once. */
static bool is_wanted(const struct wh_service *s, const struct pull_options *o, const struct wh_opt_list *refs)
{
    if (!s->image || (s->build && (s->image_is_implicit || o->ignore_buildable)))
        return false;
    return !wh_streq(s->pull_policy, "never") && !wh_cli_list_has(refs, s->image);
}

static int pull_all(struct wh_cli *cli, const struct wh_project *m, const struct wh_opt_list *services,
                    const struct pull_options *o, struct wh_progress *progress, struct wh_err *err)
{
    struct wh_opt_list refs = {0};
    for (size_t i = 0; i < services->len; i++) {
        const struct wh_service *s = wh_project_service(m, services->items[i]);
        if (is_wanted(s, o, &refs))
            wh_opt_list_add(&cli->arena, &refs, s->image);
    }
    const char *policy = o->policy ? o->policy : "always";
    return refs.len ? wh_cli_pull(cli, &refs, policy, progress, err) : 0;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct pull_options *o = values;
    struct wh_opt_list services;
    wh_auto_cli_project p = {0};
    if (wh_cli_load(cli, &cli->parser.args, &p, err) < 0)
        return -1;
    wh_auto_progress *progress = wh_cli_progress_new(cli, "pull", o->quiet, err);
    if (!progress || wh_cli_closure(cli, p.model, &cli->parser.args, !o->include_deps, &services, err) < 0)
        return -1;
    if (cli->common.dry_run)
        return 0;
    int r = pull_all(cli, p.model, &services, o, progress, err);
    wh_progress_finish(progress);
    if (r < 0 && o->ignore_pull_failures) {
        wh_auto_free char *text = wh_err_text(err);
        fprintf(stderr, "warning: %s\n", text ? text : "pull failed");
        wh_err_fini(err);
        return 0;
    }
    return r;
}

const struct wh_cmd wh_cmd_pull = {
    .name = "pull",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Pull the images of services",
    WH_CMD_OPTIONS(options, struct pull_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
