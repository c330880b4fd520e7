/* SPDX-License-Identifier: GPL-2.0-or-later */
/* push: images of services that can be built. */
#include "commands.h"

struct push_options {
    bool ignore_push_failures, include_deps, quiet;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct push_options, ignore_push_failures, 0, "ignore-push-failures", "Go on after failures"),
    WH_OPT_FLAG(struct push_options, include_deps, 0, "include-deps",
                "Also push the images of services they depend on"),
    WH_OPT_FLAG(struct push_options, quiet, 'q', "quiet", "No progress"),
};

const struct wh_cmd wh_cmd_push = {
    .name = "push",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Push the images of services",
    WH_CMD_OPTIONS(options, struct push_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
