/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec: a further process inside a running container of a service. */
#include "commands.h"

struct exec_options {
    bool detach, no_tty, privileged, interactive, tty;
    struct wh_opt_list env;
    int64_t index;
    const char *user, *workdir;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct exec_options, detach, 'd', "detach", "Run the command in the background"),
    WH_OPT_LIST(struct exec_options, env, 'e', "env", "stringArray", "Set an environment variable"),
    WH_OPT_INT(struct exec_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_FLAG(struct exec_options, no_tty, 'T', "no-tty",
                "Do not allocate a terminal (default: when standard output is none)"),
    WH_OPT_FLAG_HIDDEN(struct exec_options, no_tty, 0, "no-TTY"),
    WH_OPT_FLAG(struct exec_options, privileged, 0, "privileged", "Give the process all privileges"),
    WH_OPT_TEXT(struct exec_options, user, 'u', "user", "string", NULL, "User to run as"),
    WH_OPT_TEXT(struct exec_options, workdir, 'w', "workdir", "string", NULL, "Folder to run in"),
    WH_OPT_FLAG_HIDDEN(struct exec_options, interactive, 'i', "interactive"),
    WH_OPT_FLAG_HIDDEN(struct exec_options, tty, 't', "tty"),
};

const struct wh_cmd wh_cmd_exec = {
    .name = "exec",
    .usage = "[OPTIONS] SERVICE COMMAND [ARGS...]",
    .summary = "Run a command in a running container",
    WH_CMD_OPTIONS(options, struct exec_options),
    .min_args = 2,
    .max_args = WH_CMD_ANY_ARGS,
    .stop_at_argument = true,
    .run = wh_cli_unsupported,
};
