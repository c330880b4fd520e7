/* SPDX-License-Identifier: GPL-2.0-or-later */
/* push: images of services that can be built. */
#include "commands.h"

#include "cli/images.h"

#include <stdio.h>

struct push_options {
    bool ignore_push_failures, include_deps, quiet;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct push_options, ignore_push_failures, 0, "ignore-push-failures", "Go on after failures"),
    WH_OPT_FLAG(struct push_options, include_deps, 0, "include-deps",
                "Also push the images of services they depend on"),
    WH_OPT_FLAG(struct push_options, quiet, 'q', "quiet", "No progress"),
};

/* Only what can be built is pushed, and building is not there yet. */
static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct push_options *o = values;
    struct wh_opt_list services;
    wh_auto_cli_project p = {0};
    if (wh_cli_load(cli, &cli->parser.args, &p, err) < 0 ||
        wh_cli_closure(cli, p.model, &cli->parser.args, !o->include_deps, &services, err) < 0)
        return -1;
    for (size_t i = 0; i < services.len; i++) {
        const struct wh_service *s = wh_project_service(p.model, services.items[i]);
        if (s->build && !o->ignore_push_failures)
            return wh_fail(err, WH_E_GENERIC, "service \"%s\": pushing images is not supported yet", s->name);
    }
    return 0;
}

const struct wh_cmd wh_cmd_push = {
    .name = "push",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Push the images of services",
    WH_CMD_OPTIONS(options, struct push_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
