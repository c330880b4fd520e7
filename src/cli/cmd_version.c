/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version: of this program. */
#include "commands.h"

struct version_options {
    const char *format;
    bool is_short;
};

static const struct wh_opt options[] = {
    WH_OPT_CHOICE(struct version_options, format, 'f', "format", NULL, "pretty|json", "Layout"),
    WH_OPT_FLAG(struct version_options, is_short, 0, "short", "Only the number"),
};

const struct wh_cmd wh_cmd_version = {
    .name = "version",
    .usage = "[OPTIONS]",
    .summary = "Show version information",
    WH_CMD_OPTIONS(options, struct version_options),
    .run = wh_cli_unsupported,
};
