/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version: of this program. */
#include "commands.h"

#include "cli/outputs.h"
#include "whale/util/str.h"

#include <stdio.h>

struct version_options {
    const char *format;
    bool is_short;
};

static const struct wh_opt options[] = {
    WH_OPT_TEXT(struct version_options, format, 'f', "format", "string", NULL,
                "Layout: pretty or json (default pretty)"),
    WH_OPT_FLAG(struct version_options, is_short, 0, "short", "Only the number"),
};

static const struct wh_output_field fields[] = {
    WH_OUTPUT_FIELD("version", "string", "of this program"),
    {0},
};

static const struct wh_output output = {"version", "What `version --format json` prints", fields, false};

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct version_options *o = values;
    if (o->is_short)
        printf("%s\n", wh_cli_version);
    else if (wh_streq(o->format, "json"))
        printf("{\"version\":\"%s\"}\n", wh_cli_version);
    else
        printf("Whale Compose version v%s\n", wh_cli_version);
    return 0;
}

const struct wh_cmd wh_cmd_version = {
    .name = "version",
    .usage = "[OPTIONS]",
    .summary = "Show version information",
    WH_CMD_OPTIONS(options, struct version_options),
    .output = &output,
    .run = run,
};
