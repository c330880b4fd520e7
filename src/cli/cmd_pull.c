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

struct puller {
    struct wh_cli *cli;
    const struct pull_options *o;
    struct wh_progress *progress;
    struct wh_opt_list refs, platforms; /* each pair once */
};

static void skip(struct puller *p, const char *image, const char *why)
{
    struct wh_event e = {.kind = WH_EVENT_PROGRESS,
                         .status = WH_STATUS_DONE,
                         .id = wh_arena_fmt(&p->cli->arena, "Image %s", image),
                         .text = "Skipped",
                         .details = why};
    wh_progress_event(p->progress, &e);
}

/* One that is tagged "latest" may always have become another. */
static int is_enough(struct wh_arena *a, const char *image, struct wh_err *err)
{
    struct wh_image there;
    struct wh_ref ref;
    int r = wh_image_lookup(a, wh_state_root(), image, &there, err);
    if (r != 0 || wh_ref_parse(a, image, &ref, err) < 0)
        return r > 0 ? 0 : -1;
    return !wh_streq(ref.tag, "latest");
}

static void add_ref(struct puller *p, const char *image, const char *platform)
{
    for (size_t i = 0; i < p->refs.len; i++)
        if (strcmp(p->refs.items[i], image) == 0 && strcmp(p->platforms.items[i], platform) == 0)
            return;
    wh_opt_list_add(&p->cli->arena, &p->refs, image);
    wh_opt_list_add(&p->cli->arena, &p->platforms, platform);
}

/* All of one platform together. */
static int pull_platform(struct puller *p, const char *platform, struct wh_err *err)
{
    struct wh_opt_list refs = {0};
    for (size_t i = 0; i < p->refs.len; i++)
        if (strcmp(p->platforms.items[i], platform) == 0)
            wh_opt_list_add(&p->cli->arena, &refs, p->refs.items[i]);
    return wh_cli_pull(p->cli, &refs, "always", platform, p->progress, err);
}

/* Images that only exist by building are not asked for. */
static int want(struct puller *p, const struct wh_service *s, struct wh_err *err)
{
    const char *policy = p->o->policy && *p->o->policy ? p->o->policy : s->pull_policy;
    bool when_missing = wh_streq(policy, "missing") || wh_streq(policy, "if_not_present");
    if (!s->image || (s->build && s->image_is_implicit))
        return 0;
    int enough = when_missing ? is_enough(&p->cli->arena, s->image, err) : 0;
    if (enough < 0)
        return -1;
    if (enough || wh_streq(policy, "never") || wh_streq(policy, "build"))
        skip(p, s->image, enough ? "Image is already present locally" : NULL);
    else if (s->build && p->o->ignore_buildable)
        skip(p, s->image, "Image can be built");
    else
        add_ref(p, s->image, s->platform ? s->platform : "");
    return 0;
}

static int pull_all(struct puller *p, const struct wh_project *m, const struct wh_opt_list *services,
                    struct wh_err *err)
{
    for (size_t i = 0; i < services->len; i++)
        if (want(p, wh_project_service(m, services->items[i]), err) < 0)
            return -1;
    struct wh_opt_list done = {0};
    for (size_t i = 0; i < p->refs.len; i++) {
        if (wh_cli_list_has(&done, p->platforms.items[i]))
            continue;
        wh_opt_list_add(&p->cli->arena, &done, p->platforms.items[i]);
        if (pull_platform(p, p->platforms.items[i], err) < 0)
            return -1;
    }
    return 0;
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
    struct puller puller = {.cli = cli, .o = o, .progress = progress};
    int r = pull_all(&puller, p.model, &services, err);
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
