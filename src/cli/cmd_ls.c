/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ls: projects that have containers. */
#include "commands.h"

struct ls_options {
    bool all, quiet;
    struct wh_opt_list filter;
    const char *format;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct ls_options, all, 'a', "all", "Also show projects without a running container"),
    WH_OPT_LIST(struct ls_options, filter, 0, "filter", "filter", "Only projects with this property (name=...)"),
    WH_OPT_CHOICE(struct ls_options, format, 0, "format", "table", "table|json", "Layout"),
    WH_OPT_FLAG(struct ls_options, quiet, 'q', "quiet", "Only names"),
};

const struct wh_cmd wh_cmd_ls = {
    .name = "ls",
    .usage = "[OPTIONS]",
    .summary = "List projects",
    WH_CMD_OPTIONS(options, struct ls_options),
    .run = wh_cli_unsupported,
};
