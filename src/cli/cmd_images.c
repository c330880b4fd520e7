/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images: what the created containers were made from. */
#include "commands.h"

struct images_options {
    const char *format;
    bool quiet;
};

static const struct wh_opt options[] = {
    WH_OPT_CHOICE(struct images_options, format, 0, "format", "table", "table|json", "Layout"),
    WH_OPT_FLAG(struct images_options, quiet, 'q', "quiet", "Only ids"),
};

const struct wh_cmd wh_cmd_images = {
    .name = "images",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "List the images of created containers",
    WH_CMD_OPTIONS(options, struct images_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
