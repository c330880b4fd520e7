/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cp: files between containers and the host. */
#include "commands.h"

struct cp_options {
    bool all, archive, follow_link;
    int64_t index;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct cp_options, all, 0, "all", "Include one-off containers"),
    WH_OPT_FLAG(struct cp_options, archive, 'a', "archive", "Keep owners"),
    WH_OPT_FLAG(struct cp_options, follow_link, 'L', "follow-link", "Follow a symbolic link at the source"),
    WH_OPT_INT(struct cp_options, index, 0, "index", "0", "Which replica, when there are several"),
};

const struct wh_cmd wh_cmd_cp = {
    .name = "cp",
    .usage = "[OPTIONS] SERVICE:SRC_PATH DEST_PATH|- | SRC_PATH|- SERVICE:DEST_PATH",
    .summary = "Copy files between a service's container and the host",
    WH_CMD_OPTIONS(options, struct cp_options),
    .min_args = 2,
    .max_args = 2,
    .run = wh_cli_unsupported,
};
