/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export: a container's files as a tar archive. */
#include "commands.h"

struct export_options {
    int64_t index;
    const char *output;
};

static const struct wh_opt options[] = {
    WH_OPT_INT(struct export_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_TEXT(struct export_options, output, 'o', "output", "string", NULL,
                "File to write instead of standard output"),
};

const struct wh_cmd wh_cmd_export = {
    .name = "export",
    .usage = "[OPTIONS] SERVICE",
    .summary = "Export a service's container's files as a tar archive",
    WH_CMD_OPTIONS(options, struct export_options),
    .min_args = 1,
    .max_args = 1,
    .run = wh_cli_unsupported,
};
