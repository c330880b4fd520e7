/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch: sources of services. */
#include "commands.h"

struct watch_options {
    bool no_up, prune, quiet;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct watch_options, no_up, 0, "no-up", "Do not start the services first"),
    WH_OPT_FLAG_ON(struct watch_options, prune, 0, "prune", "Remove replaced images"),
    WH_OPT_FLAG(struct watch_options, quiet, 0, "quiet", "No build output"),
};

const struct wh_cmd wh_cmd_watch = {
    .name = "watch",
    .usage = "[SERVICE...]",
    .summary = "Watch the sources of services and update their containers",
    WH_CMD_OPTIONS(options, struct watch_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
