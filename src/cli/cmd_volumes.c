/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volumes: of the project. */
#include "commands.h"

struct volumes_options {
    const char *format;
    bool quiet;
};

static const struct wh_opt options[] = {
    WH_OPT_TEXT(struct volumes_options, format, 0, "format", "string", "table",
                "table, table TEMPLATE, json or a Go template"),
    WH_OPT_FLAG(struct volumes_options, quiet, 'q', "quiet", "Only names"),
};

const struct wh_cmd wh_cmd_volumes = {
    .name = "volumes",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "List volumes",
    WH_CMD_OPTIONS(options, struct volumes_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
