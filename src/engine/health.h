/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Health checks: a pure state machine (when is the next probe due, what does a result mean) and the monitor that runs
 * it with a timer and probes in the container.
 *
 * Rules (Docker's): the first probe comes one interval after the start, or one start_interval while in the start
 * period. In the start period failures do not count, the first success makes the container healthy and ends the period.
 * After `retries` failures in a row it is unhealthy, after one success healthy again. A probe that runs longer than the
 * timeout is killed and has failed. The next probe is due one interval after the last one has ended.
 */
#ifndef WHALE_ENGINE_HEALTH_H
#define WHALE_ENGINE_HEALTH_H

#include "whale/state.h"

#include "engine/loop.h"
#include "engine/session.h"

#include <stdbool.h>
#include <stdint.h>

/* 0 = Docker's default: 30 s, 30 s, 0 s, 5 s, 3. */
struct wh_health_config {
    int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
    int retries;
};
void wh_health_config_defaults(struct wh_health_config *c); /* fills what is 0 */

/* ---- pure ------------------------------------------------------------------------------------------------------- */

struct wh_health_machine {
    struct wh_health_config config; /* with defaults filled in */
    enum wh_health status;
    int failing_streak;
    int64_t started_ns; /* of the container, same clock as the calls below */
};
void wh_health_machine_init(struct wh_health_machine *m, const struct wh_health_config *config, int64_t now_ns);
int64_t wh_health_next_delay_ns(const struct wh_health_machine *m, int64_t now_ns); /* from now to the next probe */
/* A probe that began at begin_ns has ended. True when the status changed. */
bool wh_health_on_result(struct wh_health_machine *m, int64_t begin_ns, bool success);

/* ---- running it ------------------------------------------------------------------------------------------------- */

struct wh_health_monitor;

struct wh_health_ops {
    /* Fills spec, cgroup and container_id of the probe's call (the test as argv; user, env, cwd as
     * `exec` does). -1: counted as a failed probe with err's text as output. */
    int (*prepare)(void *data, struct wh_exec_call *call, struct wh_err *err);
    /* After each probe; changed = the status is a new one. */
    void (*on_probe)(void *data, const struct wh_health_machine *m, const struct wh_health_probe *probe, bool changed);
};

/* status and streak: as recorded when a supervisor takes over a running container (age_ns since its start), else
 * WH_HEALTH_STARTING, 0, 0. */
int wh_health_monitor_new(struct wh_loop *l, struct wh_sessions *s, const struct wh_health_config *config,
                          const struct wh_health_ops *ops, void *data, struct wh_health_monitor **ret,
                          struct wh_err *err);
void wh_health_monitor_resume(struct wh_health_monitor *m, enum wh_health status, int failing_streak, int64_t age_ns);
void wh_health_monitor_free(struct wh_health_monitor *m); /* a running probe is killed, nothing is called any more */
/* Paused containers are not probed. */
void wh_health_monitor_pause(struct wh_health_monitor *m, bool paused);

#endif
