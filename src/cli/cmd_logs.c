/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logs: output of containers, from their log files. */
#include "commands.h"

struct logs_options {
    bool follow, no_color, no_log_prefix, timestamps;
    int64_t index;
    const char *since, *tail, *until;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct logs_options, follow, 'f', "follow", "Go on with new output"),
    WH_OPT_INT(struct logs_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_FLAG(struct logs_options, no_color, 0, "no-color", "Plain prefixes"),
    WH_OPT_FLAG(struct logs_options, no_log_prefix, 0, "no-log-prefix", "Output without prefixes"),
    WH_OPT_TEXT(struct logs_options, since, 0, "since", "string", NULL,
                "From this time on (2013-01-02T13:23:37Z or 42m for 42 minutes ago)"),
    WH_OPT_TEXT(struct logs_options, tail, 'n', "tail", "string", "all",
                "Lines from the end of each container's output"),
    WH_OPT_FLAG(struct logs_options, timestamps, 't', "timestamps", "Show times"),
    WH_OPT_TEXT(struct logs_options, until, 0, "until", "string", NULL,
                "Up to this time (2013-01-02T13:23:37Z or 42m for 42 minutes ago)"),
};

const struct wh_cmd wh_cmd_logs = {
    .name = "logs",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Show the output of containers",
    WH_CMD_OPTIONS(options, struct logs_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
