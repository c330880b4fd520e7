/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exec.c and session.c share. */
#ifndef WHALE_ENGINE_SESSIONS_H
#define WHALE_ENGINE_SESSIONS_H

#include "engine/session.h"

struct wh_waiter;

struct wh_sessions {
    struct wh_loop *loop;
    struct wh_keeper *keeper;
    struct wh_capture *capture;
    struct wh_exec *execs;
    struct wh_waiter *waiters;
};

void wh_sessions_container_gone(struct wh_sessions *s, const char *container_id); /* its cgroup is not to be used */
void wh_sessions_free_execs(struct wh_sessions *s);

#endif
