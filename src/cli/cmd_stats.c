/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats: resource usage of containers. */
#include "commands.h"

struct stats_options {
    bool all, no_stream, no_trunc;
    const char *format;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct stats_options, all, 'a', "all", "Also show containers that do not run"),
    WH_OPT_TEXT(struct stats_options, format, 0, "format", "string", NULL,
                "table, table TEMPLATE, json or a Go template"),
    WH_OPT_FLAG(struct stats_options, no_stream, 0, "no-stream", "Print once and end"),
    WH_OPT_FLAG(struct stats_options, no_trunc, 0, "no-trunc", "Show ids in full"),
};

const struct wh_cmd wh_cmd_stats = {
    .name = "stats",
    .usage = "[OPTIONS] [SERVICE]",
    .summary = "Show the resource usage of containers",
    WH_CMD_OPTIONS(options, struct stats_options),
    .max_args = 1,
    .run = wh_cli_unsupported,
};
