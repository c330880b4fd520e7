/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ps: containers of the project, from the records on disk. */
#include "commands.h"

struct ps_options {
    bool all, no_trunc, orphans, quiet, services;
    const char *filter, *format;
    struct wh_opt_list status;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct ps_options, all, 'a', "all", "Also show containers that do not run and one-off ones"),
    WH_OPT_TEXT(struct ps_options, filter, 0, "filter", "string", NULL,
                "Only containers with this property (status=...)"),
    WH_OPT_TEXT(struct ps_options, format, 0, "format", "string", "table",
                "table, table TEMPLATE, json or a Go template"),
    WH_OPT_FLAG(struct ps_options, no_trunc, 0, "no-trunc", "Show ids and commands in full"),
    WH_OPT_FLAG_ON(struct ps_options, orphans, 0, "orphans",
                   "Include containers of services that the file does not define"),
    WH_OPT_FLAG(struct ps_options, quiet, 'q', "quiet", "Only ids"),
    WH_OPT_FLAG(struct ps_options, services, 0, "services", "Only names of services"),
    WH_OPT_LIST(struct ps_options, status, 0, "status", "stringArray",
                "Only containers in this state: created, dead, exited, paused, removing, restarting, running"),
};

const struct wh_cmd wh_cmd_ps = {
    .name = "ps",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "List containers",
    WH_CMD_OPTIONS(options, struct ps_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
