/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commit: a container's files as an image. */
#include "commands.h"

struct commit_options {
    const char *author, *message;
    struct wh_opt_list changes;
    int64_t index;
    bool pause;
};

static const struct wh_opt options[] = {
    WH_OPT_TEXT(struct commit_options, author, 'a', "author", "string", NULL, "Author of the image"),
    WH_OPT_LIST(struct commit_options, changes, 'c', "change", "list", "Dockerfile instruction to apply"),
    WH_OPT_INT(struct commit_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_TEXT(struct commit_options, message, 'm', "message", "string", NULL, "Commit message"),
    WH_OPT_FLAG_ON(struct commit_options, pause, 'p', "pause", "Pause the container meanwhile"),
};

const struct wh_cmd wh_cmd_commit = {
    .name = "commit",
    .usage = "[OPTIONS] SERVICE [REPOSITORY[:TAG]]",
    .summary = "Make an image from a service's container",
    WH_CMD_OPTIONS(options, struct commit_options),
    .min_args = 1,
    .max_args = 2,
    .run = wh_cli_unsupported,
};
