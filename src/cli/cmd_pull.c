/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pull: images of services. */
#include "commands.h"

struct pull_options {
    bool ignore_buildable, ignore_pull_failures, include_deps, quiet;
    const char *policy;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct pull_options, ignore_buildable, 0, "ignore-buildable", "Skip images that can be built"),
    WH_OPT_FLAG(struct pull_options, ignore_pull_failures, 0, "ignore-pull-failures", "Go on after failures"),
    WH_OPT_FLAG(struct pull_options, include_deps, 0, "include-deps",
                "Also pull the images of services they depend on"),
    WH_OPT_CHOICE(struct pull_options, policy, 0, "policy", NULL, "missing|always", "When to pull"),
    WH_OPT_FLAG(struct pull_options, quiet, 'q', "quiet", "No progress"),
};

const struct wh_cmd wh_cmd_pull = {
    .name = "pull",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Pull the images of services",
    WH_CMD_OPTIONS(options, struct pull_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
