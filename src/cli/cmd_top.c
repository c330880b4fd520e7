/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top: processes of running containers. */
#include "commands.h"

const struct wh_cmd wh_cmd_top = {
    .name = "top",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "List the running processes of services",
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
