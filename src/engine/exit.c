/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container's end: the keeper's report, then the rest of its output, then the state on disk, then the
 * acknowledgement, then everybody who waits, then the restart policy.
 */
#include "engine/network.h"
#include "engine/restart.h"

#include "whale/util/log.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <string.h>

#define OUTPUT_END_MS      500 /* a background process that left the container may hold the pipe */
#define CGROUP_RETRY_NS    (20 * WH_NS_PER_MS)
#define CGROUP_MAX_RETRIES 250

/* ---- cgroup ------------------------------------------------------------------------------------------------------ */

static void on_cgroup_timer(struct wh_timer *t)
{
    struct ctr *c = t->data;
    if (c->phase == CTR_IDLE)
        ctr_remove_cgroup(c);
}

/* Processes that joined by exec or live in the host's pid namespace may need a moment after the kill. */
void ctr_remove_cgroup(struct ctr *c)
{
    wh_auto_free char *name = ctr_cgroup_name(c);
    wh_auto_err err = {0};
    if (!name)
        return;
    int r = wh_cgroup_remove(&c->p->layout, name, &err);
    if (r == WH_CGROUP_BUSY && c->cgroup_retries++ < CGROUP_MAX_RETRIES && !c->is_removing) {
        c->cgroup_timer.fn = on_cgroup_timer;
        c->cgroup_timer.data = c;
        wh_timer_start(c->p->host->loop, &c->cgroup_timer, CGROUP_RETRY_NS);
    }
}

/* ---- restart ----------------------------------------------------------------------------------------------------- */

static void on_restart_timer(struct wh_timer *t)
{
    struct ctr *c = t->data;
    wh_auto_err err = {0};
    if (c->phase != CTR_IDLE || c->is_removing)
        return;
    int64_t backoff = c->backoff_ns;
    if (ctr_start(c, &err) < 0) {
        wh_auto_free char *text = wh_err_text(&err);
        wh_log_warn("restart: %s", text);
        c->state.error = wh_arena_strdup(&c->state_arena, text ? text : "");
        c->state.status = WH_CONTAINER_EXITED;
        ctr_save_state_logged(c);
        ctr_changed(c);
    }
    c->backoff_ns = backoff;
}

/* By stop, or by a signal of `kill` that it ended upon. */
static bool is_ended_by_user(const struct ctr *c)
{
    return c->is_stopping || (c->signalled_mono_ns && wh_now_mono_ns() - c->signalled_mono_ns <= ctr_grace_ns(c));
}

/* Whether the policy starts it again; sets the timer's delay. */
static bool decide_restart(struct ctr *c, int64_t ran_ns, int64_t *ret_delay_ns)
{
    struct restart_policy policy;
    if (c->rec.oneoff || restart_policy_parse(c->service, &policy, NULL) < 0)
        return false;
    if (policy.window_ns && ran_ns >= policy.window_ns)
        c->restart_streak = 0;
    if (!restart_wanted(&policy, c->state.exit_code, is_ended_by_user(c), c->restart_streak))
        return false;
    c->backoff_ns = restart_delay_ns(&policy, c->backoff_ns, ran_ns);
    c->restart_streak++;
    *ret_delay_ns = c->backoff_ns;
    return true;
}

void ctr_schedule_restart(struct ctr *c, int64_t delay_ns)
{
    c->restart_timer.fn = on_restart_timer;
    c->restart_timer.data = c;
    wh_timer_start(c->p->host->loop, &c->restart_timer, delay_ns);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static void drop_descriptors(struct ctr *c)
{
    static const char *const slots[] = {WH_SLOT_STDOUT, WH_SLOT_STDERR, WH_SLOT_STDIN, WH_SLOT_STATUS};
    for (size_t i = 0; i < WH_ARRAY_LEN(slots); i++)
        wh_keeper_drop(c->p->host->keeper, c->rec.id, slots[i]);
}

/* It never ran its program: the container is as it was before, with the reason noted. */
static void finish_failed_start(struct ctr *c)
{
    wh_auto_free char *text = wh_err_text(&c->start_err);
    c->phase = CTR_IDLE;
    if (c->is_captured)
        wh_capture_finish(c->p->host->capture, c->rec.id, 0);
    c->is_captured = false;
    ctr_close_process(c);
    c->state.error = wh_arena_strdup(&c->state_arena, text ? text : "");
    c->state.pid = 0;
    if (c->state.started_ns) {
        c->state.status = WH_CONTAINER_EXITED;
        c->state.exit_code = c->start_exit_code;
    }
    ctr_save_state_logged(c);
    wh_keeper_ack(c->p->host->keeper, c->exit.seq);
    drop_descriptors(c);
    ctr_give_back(c);
    ctr_dns_update(c);
    ctr_changed(c);
}

static void note_end(struct ctr *c)
{
    c->state.exit_code = c->exit.unknown ? 255 : c->exit.exit_code;
    c->state.finished_ns = c->exit.time_ns ? c->exit.time_ns : wh_now_real_ns();
    c->state.oom_killed = c->has_cgroup && wh_cgroup_oom_kills(&c->cgroup) > c->oom_before;
    c->state.pid = 0;
    c->state.pid_start = 0;
    c->state.health = c->state.health == WH_HEALTH_NONE ? WH_HEALTH_NONE : WH_HEALTH_UNHEALTHY;
    c->state.stopped_by_user = is_ended_by_user(c);
}

static void announce_end(struct ctr *c, bool restarting)
{
    if (c->state.oom_killed)
        ctr_event(c, "oom", 0);
    ctr_event(c, "die", c->state.exit_code);
    if (c->is_stopping)
        ctr_event(c, "stop", c->state.exit_code);
    ctr_event_log_exit(c, restarting);
    if (!c->rec.auto_remove || c->is_removing) /* else ctr_remove tells: who waits for `run --rm` finds it removed */
        wh_sessions_ended(c->p->host->sessions, c->rec.id, c->state.exit_code, c->hook_failure);
}

void ctr_finish_exit(struct ctr *c)
{
    int64_t delay_ns = 0;
    if (c->start_failed) {
        finish_failed_start(c);
        return;
    }
    note_end(c);
    bool restarts = decide_restart(c, wh_now_mono_ns() - c->started_mono_ns, &delay_ns);
    c->state.status = restarts ? WH_CONTAINER_RESTARTING : WH_CONTAINER_EXITED;
    c->state.restart_count += restarts;
    if (restarts)
        c->state.boot_id = wh_state_boot_id();
    ctr_save_state_logged(c);
    wh_keeper_ack(c->p->host->keeper, c->exit.seq);
    c->phase = CTR_IDLE;
    announce_end(c, restarts); /* at once: whoever saw the record waits for the event */
    ctr_close_process(c);
    drop_descriptors(c);
    if (restarts) {
        ctr_schedule_restart(c, delay_ns);
        ctr_remove_cgroup(c);
    } else if (c->keeps_net) {
        ctr_remove_cgroup(c);
    } else {
        ctr_give_back(c);
    }
    ctr_dns_update(c);
    if (c->n_ports)
        firewall_mark(c->p);
    ctr_changed(c);
}

static struct ctr *find_by_exit(struct wh_policy *p, const struct wh_keeper_exit *exit)
{
    struct ctr *c = exit->key[0] ? ctr_find(p, exit->key) : NULL;
    return c || exit->key[0] ? c : ctr_find(p, exit->cgroup);
}

/* An exit of a start that a killed supervisor did not live to record: it ran, and ended. */
static void adopt_unknown_life(struct ctr *c, const struct wh_keeper_exit *exit)
{
    if (c->state.started_ns == 0 || c->state.pid != exit->pid)
        c->state.started_ns = exit->time_ns;
    c->started_mono_ns = wh_now_mono_ns();
}

void policy_on_exit(void *policy, const struct wh_keeper_exit *exit)
{
    struct wh_policy *p = policy;
    if (wh_sessions_take_exit(p->host->sessions, exit))
        return;
    struct ctr *c = find_by_exit(p, exit);
    bool is_current = c && c->phase != CTR_ENDING && (c->pid == exit->pid || c->phase == CTR_IDLE);
    if (!is_current || (c->phase == CTR_IDLE && !c->expects_exit)) {
        wh_keeper_ack(p->host->keeper, exit->seq);
        return;
    }
    if (c->phase == CTR_IDLE)
        adopt_unknown_life(c, exit);
    c->exit = *exit;
    c->exit.key = c->exit.cgroup = "";
    c->exit_seen = true;
    c->expects_exit = false;
    if (c->start_failed)
        ctr_finish_exit(c);
    else if (c->phase == CTR_STARTING)
        ctr_start_status(c); /* its last report may be unread; when it is not there yet, it brings us back */
    else
        ctr_begin_end(c);
}

void ctr_begin_end(struct ctr *c)
{
    c->phase = CTR_ENDING;
    wh_timer_stop(&c->stop_timer);
    ctr_health_stop(c);
    if (c->has_cgroup)
        wh_cgroup_kill(&c->cgroup, NULL);
    bool waits = c->is_captured && wh_capture_finish_async(c->p->host->capture, c->rec.id, OUTPUT_END_MS) == 0;
    c->is_captured = false;
    if (!waits)
        ctr_finish_exit(c);
}
