/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The descriptors, each defined in cmd_<name>.c (those that share their function in one file of the group). */
#ifndef WHALE_CLI_COMMANDS_H
#define WHALE_CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct wh_cmd wh_cmd_attach, wh_cmd_build, wh_cmd_commit, wh_cmd_config, wh_cmd_cp, wh_cmd_create,
    wh_cmd_down, wh_cmd_events, wh_cmd_exec, wh_cmd_export, wh_cmd_images, wh_cmd_kill, wh_cmd_logs, wh_cmd_ls,
    wh_cmd_pause, wh_cmd_port, wh_cmd_ps, wh_cmd_publish, wh_cmd_pull, wh_cmd_push, wh_cmd_restart, wh_cmd_rm,
    wh_cmd_run, wh_cmd_scale, wh_cmd_start, wh_cmd_stats, wh_cmd_stop, wh_cmd_top, wh_cmd_unpause, wh_cmd_up,
    wh_cmd_version, wh_cmd_volumes, wh_cmd_wait, wh_cmd_watch;
extern const struct wh_cmd wh_cmd_complete, wh_cmd_completion, wh_cmd_image, wh_cmd_volume;

#endif
