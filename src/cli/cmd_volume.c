/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volume: volumes of all projects. */
#include "commands.h"

const struct wh_cmd wh_cmd_volume = {
    .name = "volume",
    .usage = "ls|rm [VOLUME...]",
    .summary = "Manage volumes",
    .max_args = WH_CMD_ANY_ARGS,
    .section = "More commands",
    .raw_args = true,
    .run = wh_cli_unsupported,
};
