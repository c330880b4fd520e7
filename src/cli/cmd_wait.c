/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wait: until containers of services end. */
#include "commands.h"

struct wait_options {
    bool down_project;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct wait_options, down_project, 0, "down-project",
                "Take the project down when the first container ends"),
};

const struct wh_cmd wh_cmd_wait = {
    .name = "wait",
    .usage = "[OPTIONS] SERVICE [SERVICE...]",
    .summary = "Wait until the containers of services end",
    WH_CMD_OPTIONS(options, struct wait_options),
    .min_args = 1,
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
