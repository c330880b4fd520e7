/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events: what happens to the project's containers, as it happens. */
#include "commands.h"

struct events_options {
    bool json;
    const char *since, *until;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct events_options, json, 0, "json", "One JSON object a line"),
    WH_OPT_TEXT(struct events_options, since, 0, "since", "string", NULL, "From this time on"),
    WH_OPT_TEXT(struct events_options, until, 0, "until", "string", NULL, "Up to this time"),
};

const struct wh_cmd wh_cmd_events = {
    .name = "events",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Show events of containers as they happen",
    WH_CMD_OPTIONS(options, struct events_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
