/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam between the supervisor's mechanism (supervisor.c: loop, keeper, control socket, capture, sessions) and its
 * policy (what happens to which container when). The mechanism makes a wh_host, gives it to wh_policy_new and runs the
 * loop; policy never sees a socket of a client or a libev type.
 */
#ifndef WHALE_ENGINE_HOST_H
#define WHALE_ENGINE_HOST_H

#include "whale/logs.h"
#include "whale/util/err.h"

#include "engine/server.h"

#include <stdbool.h>
#include <sys/resource.h>

struct wh_loop;
struct wh_keeper;
struct wh_sessions;

struct wh_host {
    const char *project;
    struct wh_loop *loop;
    struct wh_keeper *keeper;
    struct wh_server *server; /* set before the first request; NULL during wh_policy_new */
    struct wh_capture *capture;
    struct wh_sessions *sessions;
    struct rlimit nofile; /* as the supervisor was started with; its own is raised, containers get this one */
};

struct wh_policy;

/*
 * Loads the project's containers and adopts what runs: for each one wh_keeper_take_process and wh_keeper_take_fd, then
 * wh_capture_add with the read ends; a cgroup that lives without a registered process is registered
 * (wh_cgroup_pids + pidfd_open). Exits that came while no loop ran are delivered by wh_keeper_on_exit's callback in the
 * first turn of the loop.
 */
int wh_policy_new(struct wh_host *host, struct wh_policy **ret, struct wh_err *err);
void wh_policy_free(struct wh_policy *p); /* leaves containers alone */
bool wh_policy_may_exit(void *policy);    /* nothing runs, waits for a restart or is being worked on */
/* The capture of this container is complete: every line before its end is in the log (wh_capture_finish_async). */
void wh_policy_capture_finished(struct wh_policy *p, const char *container_id);
extern const struct wh_op wh_policy_ops[]; /* ends with name == NULL; handlers get the wh_policy */

#endif
