/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start, stop, restart, kill, rm, pause, unpause: commands that move existing containers from one state to another. */
#include "commands.h"

struct state_options {
    bool force, no_deps, remove_orphans, stop, volumes, wait;
    const char *signal;
    int64_t timeout, wait_timeout;
};

static const struct wh_opt start_options[] = {
    WH_OPT_FLAG(struct state_options, wait, 0, "wait", "Wait until services run and are healthy"),
    WH_OPT_INT(struct state_options, wait_timeout, 0, "wait-timeout", NULL, "Most seconds to wait"),
};

static const struct wh_opt stop_options[] = {
    WH_OPT_INT(struct state_options, timeout, 't', "timeout", NULL,
               "Seconds to wait for a container to stop before it is killed"),
};

static const struct wh_opt restart_options[] = {
    WH_OPT_FLAG(struct state_options, no_deps, 0, "no-deps", "Do not restart services that depend on them"),
    WH_OPT_INT(struct state_options, timeout, 't', "timeout", NULL,
               "Seconds to wait for a container to stop before it is killed"),
};

static const struct wh_opt kill_options[] = {
    WH_OPT_FLAG(struct state_options, remove_orphans, 0, "remove-orphans",
                "Also kill containers of services that the file does not define"),
    WH_OPT_TEXT(struct state_options, signal, 's', "signal", "string", "SIGKILL", "Signal to send"),
};

static const struct wh_opt rm_options[] = {
    WH_OPT_FLAG(struct state_options, force, 'f', "force", "Do not ask"),
    WH_OPT_FLAG(struct state_options, stop, 's', "stop", "Stop the containers first"),
    WH_OPT_FLAG(struct state_options, volumes, 'v', "volumes", "Remove their anonymous volumes too"),
    WH_OPT_FLAG_HIDDEN(struct state_options, wait, 'a', "all"),
};

#define STATE_COMMAND(n, s)                                                                                            \
    .name = (n), .usage = "[OPTIONS] [SERVICE...]", .summary = (s), .max_args = WH_CMD_ANY_ARGS,                       \
    .run = wh_cli_unsupported

const struct wh_cmd wh_cmd_start = {
    STATE_COMMAND("start", "Start services"),
    WH_CMD_OPTIONS(start_options, struct state_options),
};
const struct wh_cmd wh_cmd_stop = {
    STATE_COMMAND("stop", "Stop services"),
    WH_CMD_OPTIONS(stop_options, struct state_options),
};
const struct wh_cmd wh_cmd_restart = {
    STATE_COMMAND("restart", "Restart service containers"),
    WH_CMD_OPTIONS(restart_options, struct state_options),
};
const struct wh_cmd wh_cmd_kill = {
    STATE_COMMAND("kill", "Send a signal to service containers"),
    WH_CMD_OPTIONS(kill_options, struct state_options),
};
const struct wh_cmd wh_cmd_rm = {
    STATE_COMMAND("rm", "Remove service containers that do not run"),
    WH_CMD_OPTIONS(rm_options, struct state_options),
};
const struct wh_cmd wh_cmd_pause = {
    STATE_COMMAND("pause", "Pause services"),
    .options_size = sizeof(struct state_options),
};
const struct wh_cmd wh_cmd_unpause = {
    STATE_COMMAND("unpause", "Unpause services"),
    .options_size = sizeof(struct state_options),
};
