/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image: the image store; everything is passed on to whale-image. */
#include "commands.h"

const struct wh_cmd wh_cmd_image = {
    .name = "image",
    .usage = "COMMAND [ARGS...]",
    .summary = "Manage images",
    .max_args = WH_CMD_ANY_ARGS,
    .section = "More commands",
    .raw_args = true,
    .run = wh_cli_unsupported,
};
