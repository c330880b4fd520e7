/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cgroup of a running container, for commands that look at it without asking the supervisor. */
#ifndef WHALE_CLI_PROCESSES_H
#define WHALE_CLI_PROCESSES_H

#include "whale/runtime.h"
#include "whale/state.h"

/* 0, or -1 with WH_E_NOT_FOUND when it is gone. The layout must outlive ret. */
int wh_cli_open_cgroup(const struct wh_cgroup_layout *layout, const struct wh_container *c, struct wh_cgroup *ret,
                       struct wh_err *err);

#endif
