/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a condition of a container: driven by its changes, never by polling. */
#include "engine/op.h"

#include "whale/util/str.h"
#include "whale/util/time.h"

#include <string.h>

/* `up --wait` of a service without a health check: a process that ends at once has not become ready. */
#define SETTLE_NS (250 * WH_NS_PER_MS)

enum verdict { VERDICT_WAIT, VERDICT_OK, VERDICT_FAILED };

static bool has_ended(const struct ctr *c)
{
    return c->phase == CTR_IDLE && !wh_timer_is_active(&c->restart_timer);
}

static int say(struct wh_err *err, const struct run_step *s, const char *fmt, const struct ctr *c, int code)
{
    const char *prefix = s->plan->dependent && !s->plan->optional ? "dependency failed to start: " : "";
    if (code >= 0)
        return wh_fail(err, WH_E_GENERIC, "%scontainer %s %s (%d)", prefix, c->rec.name, fmt, code);
    return wh_fail(err, WH_E_GENERIC, "%scontainer %s %s", prefix, c->rec.name, fmt);
}

static enum verdict judge_healthy(const struct run_step *s, const struct ctr *c, struct wh_err *err)
{
    if (has_ended(c))
        say(err, s, "exited", c, c->state.exit_code);
    else if (!ctr_has_healthcheck(c))
        say(err, s, "has no healthcheck configured", c, -1);
    else if (c->state.health == WH_HEALTH_UNHEALTHY && c->phase == CTR_RUNNING)
        say(err, s, "is unhealthy", c, -1);
    if (err->depth)
        return VERDICT_FAILED;
    return c->state.health == WH_HEALTH_HEALTHY && c->phase == CTR_RUNNING ? VERDICT_OK : VERDICT_WAIT;
}

static enum verdict judge_ready(struct run_step *s, const struct ctr *c, struct wh_err *err)
{
    if (ctr_has_healthcheck(c) || has_ended(c))
        return judge_healthy(s, c, err);
    if (c->phase != CTR_RUNNING)
        return VERDICT_WAIT;
    int64_t left = SETTLE_NS - (wh_now_mono_ns() - c->started_mono_ns);
    if (left <= 0)
        return VERDICT_OK;
    wh_timer_start(s->op->p->host->loop, &s->timer, left);
    return VERDICT_WAIT;
}

static enum verdict judge_completed(const struct run_step *s, const struct ctr *c, struct wh_err *err)
{
    if (!has_ended(c))
        return VERDICT_WAIT;
    if (c->state.exit_code == 0 && c->state.started_ns)
        return VERDICT_OK;
    wh_fail(err, WH_E_GENERIC, "service \"%s\" didn't complete successfully: exit %d", c->rec.service,
            c->state.exit_code);
    return VERDICT_FAILED;
}

static enum verdict judge(struct run_step *s, const struct ctr *c, struct wh_err *err)
{
    switch (s->plan->wait) {
    case WH_WAIT_HEALTHY:
        return judge_healthy(s, c, err);
    case WH_WAIT_COMPLETED:
        return judge_completed(s, c, err);
    case WH_WAIT_READY:
        return judge_ready(s, c, err);
    default:
        return VERDICT_OK;
    }
}

/* "optional dependency "job" didn't complete successfully: exit 3" */
static void skip(struct run_step *s, const struct wh_err *cause)
{
    wh_auto_free char *text = wh_err_text(cause);
    const char *why = text ? text : "", *own = "service ";
    bool completed = s->plan->wait == WH_WAIT_COMPLETED && wh_starts(why, own);
    wh_auto_free char *said = completed ? wh_fmt("optional dependency %s", why + strlen(own))
                                        : wh_fmt("optional dependency \"%s\" failed to start", s->plan->service);
    wh_auto_free char *shown = wh_fmt("Skipped: %s", said ? said : "");
    step_progress(s, WH_STATUS_WARNING, shown ? shown : "Skipped");
    wh_request_warn(s->op->r, completed ? "%s" : "%s: %s", said ? said : "", why);
    step_done(s);
}

static void give_up(struct run_step *s, struct wh_err *take_err)
{
    if (s->plan->optional) {
        skip(s, take_err);
        wh_err_fini(take_err);
        return;
    }
    wh_auto_free char *text = s->plan->wait == WH_WAIT_COMPLETED
                                  ? wh_err_text(take_err)
                                  : wh_fmt("dependency %s failed to start", s->plan->service);
    wh_auto_free char *shown = wh_fmt("Error %s", text ? text : "");
    if (s->plan->wait != WH_WAIT_READY)
        step_progress(s, WH_STATUS_ERROR, shown ? shown : "Error");
    step_failed(s, take_err);
}

static void look(struct run_step *s, struct ctr *c)
{
    struct wh_err err = {0};
    enum verdict v = judge(s, c, &err);
    if (v == VERDICT_FAILED)
        give_up(s, &err);
    if (v != VERDICT_OK)
        return;
    if (s->plan->wait != WH_WAIT_STARTED)
        step_progress(s, WH_STATUS_DONE, s->plan->wait == WH_WAIT_COMPLETED ? "Exited" : "Healthy");
    step_done(s);
}

static void on_change(struct ctr_watch *w, struct ctr *c)
{
    look(w->data, c);
}

static void on_settle(struct wh_timer *t)
{
    struct run_step *s = t->data;
    look(s, s->c);
}

void run_wait(struct run_step *s)
{
    struct wh_err err = {0};
    struct ctr *c = ctr_find_name(s->op->p, s->plan->name);
    if (!c || (s->need_failed && s->plan->optional)) {
        wh_fail(&err, WH_E_GENERIC, "container %s did not start", s->plan->name);
        give_up(s, &err);
        return;
    }
    if (s->plan->wait != WH_WAIT_STARTED)
        step_progress(s, WH_STATUS_WORKING, "Waiting");
    s->timer.fn = on_settle;
    s->timer.data = s;
    step_watch(s, c, on_change);
    look(s, c);
}
