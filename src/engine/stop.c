/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stopping, signalling and freezing containers. The end itself always arrives through the keeper (exit.c). */
#include "engine/network.h"

#include "whale/sys/process.h"
#include "whale/util/size.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define DEFAULT_GRACE_NS (10 * WH_NS_PER_S)
/* Of -t 0, too: what ends on its stop signal at once ends with its own status, as where the KILL comes through an
 * engine. */
#define LEAST_GRACE_NS (50 * WH_NS_PER_MS)

/* "SIGTERM", "term", "15", "RTMIN+3" */
int signal_parse(const char *text, int *ret)
{
    int64_t number;
    if (wh_int_parse(text, 1, 64, &number) == 0) {
        *ret = (int)number;
        return 0;
    }
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (int i = 1; i < SIGRTMIN; i++) {
        const char *known = sigabbrev_np(i);
        if (known && strcasecmp(known, name) == 0) {
            *ret = i;
            return 0;
        }
    }
    bool from_max = strncasecmp(name, "RTMAX-", 6) == 0;
    if (strcasecmp(name, "RTMIN") == 0 || strcasecmp(name, "RTMAX") == 0)
        number = 0;
    else if ((!from_max && strncasecmp(name, "RTMIN+", 6) != 0) || wh_int_parse(name + 6, 0, 30, &number) < 0)
        return -1;
    *ret = from_max || strcasecmp(name, "RTMAX") == 0 ? SIGRTMAX - (int)number : SIGRTMIN + (int)number;
    return 0;
}

int64_t ctr_grace_ns(const struct ctr *c)
{
    return c->service->stop_grace_period_ns.is_set ? c->service->stop_grace_period_ns.value : DEFAULT_GRACE_NS;
}

static int stop_signal(const struct ctr *c)
{
    int signo;
    const char *text =
        c->service->stop_signal && c->service->stop_signal[0] ? c->service->stop_signal : c->image->config.stop_signal;
    return text && text[0] && signal_parse(text, &signo) == 0 ? signo : SIGTERM;
}

static void kill_all(struct wh_timer *t)
{
    struct ctr *c = t->data;
    if (!c->has_cgroup)
        return;
    ctr_event_signal(c, SIGKILL);
    wh_cgroup_freeze(&c->cgroup, false, NULL);
    wh_cgroup_kill(&c->cgroup, NULL);
}

static void thaw(struct ctr *c)
{
    if (c->state.status != WH_CONTAINER_PAUSED)
        return;
    wh_cgroup_freeze(&c->cgroup, false, NULL);
    c->state.status = WH_CONTAINER_RUNNING;
}

/* A pre_stop hook has failed: the container is what it was before, and whoever waits for the stop is told why. */
static void refuse_stop(struct ctr *c, const struct wh_err *hook_err)
{
    c->refusal = wh_err_text(hook_err);
    c->is_stopping = c->is_draining = c->keeps_net = false;
    ctr_dns_update(c);
    if (c->n_ports)
        firewall_mark(c->p);
    ctr_changed(c);
}

static void send_stop(void *data, const struct wh_err *hook_err)
{
    struct ctr *c = data;
    if (c->phase != CTR_RUNNING && c->phase != CTR_STARTING)
        return;
    if (hook_err && !c->is_forced) {
        refuse_stop(c, hook_err);
        return;
    }
    ctr_health_stop(c);
    c->stop_timer.fn = kill_all;
    c->stop_timer.data = c;
    if (c->phase == CTR_STARTING) {
        kill_all(&c->stop_timer);
        return;
    }
    int signo = stop_signal(c);
    wh_sys_pidfd_signal(c->pidfd, signo);
    ctr_event_signal(c, signo);
    thaw(c);
    wh_timer_start(c->p->host->loop, &c->stop_timer,
                   c->stop_timeout_ns > LEAST_GRACE_NS ? c->stop_timeout_ns : LEAST_GRACE_NS);
}

static void cancel_restart(struct ctr *c)
{
    if (!wh_timer_is_active(&c->restart_timer))
        return;
    wh_timer_stop(&c->restart_timer);
    c->state.status = WH_CONTAINER_EXITED;
    c->state.stopped_by_user = true;
    ctr_save_state_logged(c);
    ctr_give_back(c);
    ctr_dns_update(c);
    ctr_changed(c);
}

void ctr_stop(struct ctr *c, int64_t timeout_ns)
{
    if (c->phase == CTR_IDLE) {
        cancel_restart(c);
        return;
    }
    bool again = c->is_stopping;
    c->is_stopping = true;
    c->is_draining = true;
    c->stop_timeout_ns = timeout_ns < 0 ? ctr_grace_ns(c) : timeout_ns;
    free(c->refusal);
    c->refusal = NULL;
    ctr_dns_update(c);
    if (c->n_ports)
        firewall_mark(c->p);
    if (again || c->service->pre_stop.len == 0 || c->phase != CTR_RUNNING)
        send_stop(c, NULL);
    else
        ctr_run_hooks(c, &c->service->pre_stop, NULL, send_stop, c);
}

int ctr_kill(struct ctr *c, int signo, struct wh_err *err)
{
    if (wh_timer_is_active(&c->restart_timer)) {
        cancel_restart(c);
        return 0;
    }
    if (c->phase != CTR_RUNNING && c->phase != CTR_STARTING)
        return wh_fail(err, WH_E_CONFLICT, "container %s does not run", c->rec.name);
    ctr_event_signal(c, signo);
    c->signalled_mono_ns = wh_now_mono_ns();
    if (signo == SIGKILL) {
        c->is_stopping = true;
        thaw(c);
        return wh_cgroup_kill(&c->cgroup, err);
    }
    if (wh_sys_pidfd_signal(c->pidfd, signo) < 0)
        return wh_fail(err, errno, "send signal %d to container %s", signo, c->rec.name);
    return 0;
}

int ctr_pause(struct ctr *c, bool pause, struct wh_err *err)
{
    if (c->phase != CTR_RUNNING)
        return wh_fail(err, WH_E_CONFLICT, "container %s does not run", c->rec.name);
    if (pause == (c->state.status == WH_CONTAINER_PAUSED))
        return wh_fail(err, WH_E_CONFLICT, "container %s is %s paused", c->rec.name, pause ? "already" : "not");
    if (wh_cgroup_freeze(&c->cgroup, pause, err) < 0)
        return -1;
    c->state.status = pause ? WH_CONTAINER_PAUSED : WH_CONTAINER_RUNNING;
    if (c->health)
        wh_health_monitor_pause(c->health, pause);
    ctr_event(c, pause ? "pause" : "unpause", 0);
    ctr_changed(c);
    return ctr_save_state(c, err);
}
