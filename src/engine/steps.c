/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each kind of step does, and what the user is told of it. */
#include "engine/network.h"
#include "engine/op.h"
#include "engine/volumes.h"

#include "whale/util/str.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static const char *object_of(enum wh_step_kind kind)
{
    if (kind == WH_STEP_NETWORK_CREATE || kind == WH_STEP_NETWORK_REMOVE)
        return "Network";
    return kind == WH_STEP_VOLUME_CREATE || kind == WH_STEP_VOLUME_REMOVE ? "Volume" : "Container";
}

void step_progress(struct run_step *s, enum wh_event_status status, const char *text)
{
    wh_request_progress(s->op->r, status, text, "%s %s", object_of(s->plan->kind), s->plan->name);
}

static void finish_with(struct run_step *s, const char *text)
{
    step_progress(s, WH_STATUS_DONE, text);
    step_done(s);
}

/* The cause follows as the error of the command. */
static void fail(struct run_step *s, struct wh_err *take_err)
{
    static const char *const doing[WH_STEP_KIND_MAX_] = {
        [WH_STEP_NETWORK_CREATE] = "Creating", [WH_STEP_NETWORK_REMOVE] = "Removing",
        [WH_STEP_VOLUME_CREATE] = "Creating",  [WH_STEP_VOLUME_REMOVE] = "Removing",
        [WH_STEP_CREATE] = "Creating",         [WH_STEP_RECREATE] = "Recreating",
        [WH_STEP_START] = "Starting",          [WH_STEP_KILL] = "Killing",
        [WH_STEP_PAUSE] = "Pausing",           [WH_STEP_UNPAUSE] = "Unpausing",
        [WH_STEP_REMOVE] = "Removing",
    };
    const char *what = doing[s->plan->kind];
    char text[40];
    snprintf(text, sizeof(text), what ? "Error while %s" : "Error", what);
    step_progress(s, WH_STATUS_ERROR, text);
    step_failed(s, take_err);
}

/* What is not there any more (removed by itself, or by an earlier failure) needs no further step. */
static struct ctr *step_ctr(const struct run_step *s)
{
    return s->plan->container_id ? ctr_find(s->op->p, s->plan->container_id) : ctr_find_name(s->op->p, s->plan->name);
}

static bool is_settled(const struct ctr *c)
{
    return c->phase == CTR_IDLE && !wh_timer_is_active(&c->restart_timer);
}

/* A pre_stop hook kept it running. */
static bool take_refusal(struct run_step *s, struct ctr *c)
{
    struct wh_err err = {0};
    wh_auto_free char *text = c->refusal;
    if (!text)
        return false;
    c->refusal = NULL;
    wh_fail(&err, WH_E_GENERIC, "%s", text);
    step_failed(s, &err);
    return true;
}

static void run_mark(struct run_step *s)
{
    step_done(s);
}

/* ---- networks and volumes ---------------------------------------------------------------------------------------- */

static const char *find_hash(const struct wh_plan_hashes *hashes, const char *key)
{
    for (size_t i = 0; i < hashes->len; i++)
        if (wh_streq(hashes->items[i].key, key))
            return hashes->items[i].hash;
    return NULL;
}

static void run_network_create(struct run_step *s)
{
    struct wh_err err = {0};
    const struct wh_network *n = wh_project_network(s->op->project, s->plan->key);
    step_progress(s, WH_STATUS_WORKING, "Creating");
    if (net_create(s->op->p, n, find_hash(&s->op->in.network_hashes, n->key), &err) < 0)
        fail(s, &err);
    else
        finish_with(s, "Created");
}

static void run_volume_create(struct run_step *s)
{
    struct wh_err err = {0};
    const struct wh_volume *v = wh_project_volume(s->op->project, s->plan->key);
    step_progress(s, WH_STATUS_WORKING, "Creating");
    if (volume_create(s->op->p, v, find_hash(&s->op->in.volume_hashes, v->key), &err) < 0)
        fail(s, &err);
    else
        finish_with(s, "Created");
}

static void finish_removal(struct run_step *s, int r, struct wh_err *take_err)
{
    if (r < 0) {
        fail(s, take_err);
    } else if (r == 1) {
        step_progress(s, WH_STATUS_WARNING, "Resource is still in use");
        step_done(s);
    } else {
        finish_with(s, "Removed");
    }
}

static void run_network_remove(struct run_step *s)
{
    struct wh_err err = {0};
    step_progress(s, WH_STATUS_WORKING, "Removing");
    int r = net_remove(s->op->p, s->plan->name, &err);
    finish_removal(s, r, &err);
}

/* The containers that use a volume that is made again are replaced in the same plan: they are stopped by now. */
static void run_volume_remove(struct run_step *s)
{
    struct wh_err err = {0};
    step_progress(s, WH_STATUS_WORKING, "Removing");
    int r = s->op->in.op == WH_PLAN_UP ? wh_state_volume_remove(s->plan->name, &err)
                                       : volume_remove(s->op->p, s->plan->name, &err);
    finish_removal(s, r, &err);
}

/* ---- create, recreate -------------------------------------------------------------------------------------------- */

void create_request_fill(struct op *op, const struct wh_service *service, struct create_request *ret)
{
    const struct wh_plan_hashes *hashes = &op->in.service_hashes;
    *ret = (struct create_request){.project = op->project, .service = service, .meta = op->meta};
    ret->image_id = wh_node_get_str(wh_node_get(op->r->params, "images"), service->name, NULL);
    ret->hash = find_hash(hashes, service->name);
}

static int create(struct run_step *s, const struct ctr *replaces, struct ctr **ret, struct wh_err *err)
{
    struct create_request r;
    create_request_fill(s->op, wh_project_service(s->op->project, s->plan->service), &r);
    r.name = s->plan->name;
    r.number = s->plan->number;
    r.replaces = replaces;
    if (ctr_create(s->op->p, &r, ret, err) < 0)
        return -1;
    return 0;
}

static void run_create(struct run_step *s)
{
    struct wh_err err = {0};
    struct ctr *c;
    step_progress(s, WH_STATUS_WORKING, "Creating");
    if (create(s, NULL, &c, &err) < 0)
        fail(s, &err);
    else
        finish_with(s, "Created");
}

static void replace(struct run_step *s, struct ctr *old)
{
    struct wh_err err = {0};
    struct ctr *c, *from = s->plan->keeps_anonymous ? old : NULL;
    if (s->is_watching) {
        ctr_unwatch(old, &s->watch);
        s->is_watching = false;
    }
    old->is_removing = true; /* its name is free for the new one */
    if (create(s, from, &c, &err) < 0) {
        old->is_removing = false;
        fail(s, &err);
        return;
    }
    ctr_net_inherit(c, old);
    s->c = NULL;
    if (ctr_remove(old, true, &err) < 0)
        fail(s, &err);
    else
        finish_with(s, "Recreated");
}

static void on_recreate(struct ctr_watch *w, struct ctr *c)
{
    if (is_settled(c))
        replace(w->data, c);
}

static void run_recreate(struct run_step *s)
{
    struct ctr *c = step_ctr(s);
    step_progress(s, WH_STATUS_WORKING, "Recreate");
    if (!c) {
        run_create(s);
        return;
    }
    if (is_settled(c)) {
        replace(s, c);
        return;
    }
    step_watch(s, c, on_recreate);
    c->is_forced = true;
    ctr_stop(c, s->op->timeout_ns);
}

static void run_keep(struct run_step *s)
{
    finish_with(s, "Running");
}

/* ---- start ------------------------------------------------------------------------------------------------------- */

/* An attached up shows it. */
static void on_hook_output(void *data, const struct ctr *c, const char *text, size_t len)
{
    struct run_step *s = data;
    struct wh_request *r = s->op->r;
    struct wh_event e = {.kind = WH_EVENT_HOOK,
                         .container = c->rec.name,
                         .service = c->rec.service,
                         .text = wh_arena_strndup(&r->arena, text, len)};
    wh_request_emit(r, &e);
}

/* A restarted one has been called started before its hooks. */
static void finish_start(struct run_step *s)
{
    if (s->plan->is_restart)
        step_done(s);
    else
        finish_with(s, "Started");
}

static void on_post_start(void *data, const struct wh_err *hook_err)
{
    struct run_step *s = data;
    if (!hook_err) {
        finish_start(s);
        return;
    }
    struct wh_err err = {0};
    wh_auto_free char *text = wh_err_text(hook_err);
    wh_fail(&err, WH_E_GENERIC, "%s", text ? text : "hook failed");
    wh_err_in(&err, "post_start");
    if (hook_err->hint)
        wh_err_hint(&err, "%s", hook_err->hint);
    if (s->plan->is_restart)
        step_failed(s, &err);
    else
        fail(s, &err);
}

static void on_started(struct run_step *s, struct ctr *c)
{
    ctr_unwatch(c, &s->watch);
    s->is_watching = false;
    s->c = NULL;
    if (s->plan->is_restart) {
        ctr_event(c, "restart", 0);
        step_progress(s, WH_STATUS_DONE, "Started");
    }
    if (c->service->post_start.len && c->phase == CTR_RUNNING)
        ctr_run_hooks(c, &c->service->post_start, on_hook_output, on_post_start, s);
    else
        finish_start(s);
}

static void on_start(struct ctr_watch *w, struct ctr *c)
{
    struct run_step *s = w->data;
    if (c->phase == CTR_STARTING)
        return;
    if (c->phase == CTR_IDLE && c->start_failed) {
        struct wh_err err = {0};
        wh_err_move(&err, &c->start_err);
        wh_wrap(&err, "container %s", c->rec.name);
        fail(s, &err);
        return;
    }
    on_started(s, c);
}

static void run_start(struct run_step *s)
{
    struct wh_err err = {0};
    struct ctr *c = step_ctr(s);
    if (!c) {
        wh_fail(&err, WH_E_NOT_FOUND, "container %s is not there", s->plan->name);
        fail(s, &err);
        return;
    }
    bool is_paused = c->state.status == WH_CONTAINER_PAUSED, runs = c->phase != CTR_IDLE;
    if (is_paused) { /* it stays as it is: nothing has happened that progress could show */
        wh_fail(&err, WH_E_CONFLICT, "container %s is paused: unpause it first", c->rec.name);
        step_failed(s, &err);
        return;
    }
    if (!s->plan->is_restart && !runs)
        step_progress(s, WH_STATUS_WORKING, "Starting");
    if (runs) {
        step_watch(s, c, on_start);
        ctr_changed(c);
        return;
    }
    c->restart_streak = c->state.restart_count = 0;
    c->backoff_ns = 0;
    if (ctr_start(c, &err) < 0) {
        fail(s, &err);
        return;
    }
    step_watch(s, c, on_start);
}

/* ---- stop, kill, remove ------------------------------------------------------------------------------------------ */

static void finish_stop(struct run_step *s)
{
    if (s->plan->is_restart)
        step_done(s);
    else
        finish_with(s, "Stopped");
}

static void on_stop(struct ctr_watch *w, struct ctr *c)
{
    if (!take_refusal(w->data, c) && is_settled(c))
        finish_stop(w->data);
}

static void run_stop(struct run_step *s)
{
    struct ctr *c = step_ctr(s);
    step_progress(s, WH_STATUS_WORKING, s->plan->is_restart ? "Restarting" : "Stopping");
    if (!c) {
        finish_stop(s);
        return;
    }
    c->keeps_net = s->plan->is_restart && c->phase != CTR_IDLE;
    ctr_stop(c, s->op->timeout_ns);
    if (is_settled(c))
        finish_stop(s);
    else
        step_watch(s, c, on_stop);
}

static void on_kill(struct ctr_watch *w, struct ctr *c)
{
    if (is_settled(c))
        finish_with(w->data, "Killed");
}

static void run_kill(struct run_step *s)
{
    struct wh_err err = {0};
    struct ctr *c = step_ctr(s);
    int signo = s->op->kill_signal;
    step_progress(s, WH_STATUS_WORKING, "Killing");
    if (!c || is_settled(c)) {
        finish_with(s, "Killed");
        return;
    }
    if (ctr_kill(c, signo, &err) < 0) {
        fail(s, &err);
        return;
    }
    if (signo == SIGKILL && !is_settled(c))
        step_watch(s, c, on_kill);
    else
        finish_with(s, "Killed");
}

static void run_freeze(struct run_step *s)
{
    struct wh_err err = {0};
    bool pause = s->plan->kind == WH_STEP_PAUSE;
    struct ctr *c = step_ctr(s);
    if (c && ctr_pause(c, pause, &err) < 0)
        fail(s, &err);
    else
        finish_with(s, pause ? "Paused" : "Unpaused");
}

static void remove_now(struct run_step *s, struct ctr *c)
{
    struct wh_err err = {0};
    if (s->is_watching)
        ctr_unwatch(c, &s->watch);
    s->is_watching = false;
    s->c = NULL;
    if (ctr_remove(c, s->plan->removes_volumes, &err) < 0)
        fail(s, &err);
    else
        finish_with(s, "Removed");
}

static void on_remove(struct ctr_watch *w, struct ctr *c)
{
    if (!take_refusal(w->data, c) && is_settled(c))
        remove_now(w->data, c);
}

static void run_remove(struct run_step *s)
{
    struct ctr *c = step_ctr(s);
    step_progress(s, WH_STATUS_WORKING, "Removing");
    if (!c) {
        finish_with(s, "Removed");
    } else if (is_settled(c)) {
        remove_now(s, c);
    } else {
        step_watch(s, c, on_remove);
        ctr_stop(c, s->op->timeout_ns);
    }
}

void (*const step_runners[WH_STEP_KIND_MAX_])(struct run_step *) = {
    [WH_STEP_MARK] = run_mark,
    [WH_STEP_NETWORK_CREATE] = run_network_create,
    [WH_STEP_NETWORK_REMOVE] = run_network_remove,
    [WH_STEP_VOLUME_CREATE] = run_volume_create,
    [WH_STEP_VOLUME_REMOVE] = run_volume_remove,
    [WH_STEP_CREATE] = run_create,
    [WH_STEP_RECREATE] = run_recreate,
    [WH_STEP_KEEP] = run_keep,
    [WH_STEP_PRE_START] = run_pre_start,
    [WH_STEP_START] = run_start,
    [WH_STEP_STOP] = run_stop,
    [WH_STEP_KILL] = run_kill,
    [WH_STEP_PAUSE] = run_freeze,
    [WH_STEP_UNPAUSE] = run_freeze,
    [WH_STEP_REMOVE] = run_remove,
    [WH_STEP_WAIT] = run_wait,
};
