/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scale: number of replicas of services. */
#include "commands.h"

struct scale_options {
    bool no_deps;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct scale_options, no_deps, 0, "no-deps", "Do not start services they depend on"),
};

const struct wh_cmd wh_cmd_scale = {
    .name = "scale",
    .usage = "[OPTIONS] SERVICE=NUM...",
    .summary = "Set the number of replicas of services",
    WH_CMD_OPTIONS(options, struct scale_options),
    .min_args = 1,
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
