/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of mutating requests: one after the other. A stop, kill, rm or down that comes while another request only
 * waits for conditions ends that waiting.
 */
#include "engine/op.h"
#include "engine/network.h"

#include "whale/util/log.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define SETTLE_STEP_NS (2 * WH_NS_PER_MS)

static void op_begin(struct op *op);

static struct op *current_op(const struct wh_policy *p)
{
    return p->ops.len ? wh_vec_at(&p->ops, struct op *, 0) : NULL;
}

static void begin_next(void *data)
{
    struct wh_policy *p = data;
    struct op *op = current_op(p);
    if (op && !op->is_begun)
        op_begin(op);
}

static void free_op(struct op *op)
{
    for (size_t i = 0; op->steps && i < op->plan.n_steps; i++) {
        struct run_step *s = &op->steps[i];
        wh_timer_stop(&s->timer);
        if (s->is_watching && s->c)
            ctr_unwatch(s->c, &s->watch);
    }
    wh_timer_stop(&op->wait_timer);
    wh_vec_fini(&op->ready);
    wh_err_fini(&op->err);
    free(op);
}

struct wh_request *op_release(struct op *op)
{
    struct wh_policy *p = op->p;
    struct wh_request *r = op->r;
    for (size_t i = 0; i < p->ops.len; i++)
        if (wh_vec_at(&p->ops, struct op *, i) == op)
            wh_vec_remove(&p->ops, i--);
    r->on_cancel = NULL;
    r->data = NULL;
    free_op(op);
    wh_loop_defer(p->host->loop, begin_next, p);
    return r;
}

void op_done(struct op *op, int exit_code)
{
    struct wh_policy *p = op->p;
    struct wh_err err = op->err;
    op->err = (struct wh_err){0};
    netpool_empty(p);
    hooks_tidy(p, NULL);
    policy_tidy(p);
    policy_run_deferred_firewall(p);
    policy_sync_later(p);
    struct wh_request *r = op_release(op);
    wh_request_done(r, exit_code, &err);
}

void op_fail(struct op *op, struct wh_err *take_err)
{
    if (!op->err.depth)
        wh_err_move(&op->err, take_err);
    else
        wh_err_fini(take_err);
}

void op_cancel(struct op *op, int code)
{
    if (op->is_cancelled)
        return;
    op->is_cancelled = true;
    op->cancel_code = code;
    if (op->is_begun)
        op_pump(op);
}

static void on_cancel(struct wh_request *r)
{
    struct op *op = r->data;
    if (op)
        op_cancel(op, 130);
}

/* ---- begin ------------------------------------------------------------------------------------------------------- */

static int read_project(struct op *op, struct wh_err *err)
{
    const struct wh_node *tree = wh_node_get(op->r->params, "project");
    return tree ? wh_project_from_node(&op->r->arena, tree, &op->project, err) : 0;
}

static int snapshot(struct op *op, struct wh_plan_actual *ret, struct wh_err *err)
{
    struct wh_policy *p = op->p;
    struct wh_arena *a = &op->r->arena;
    struct wh_plan_container *items = wh_arena_array(a, struct wh_plan_container, p->ctrs.len + 1);
    *ret = (struct wh_plan_actual){.containers = items};
    if (!items)
        return wh_fail(err, ENOMEM, "containers");
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        if (!c->is_removing && !c->rec.hook &&
            wh_plan_actual_add(a, &c->rec, &c->state, &items[ret->n_containers]) == 0)
            ret->n_containers++;
    }
    return wh_plan_actual_resources(a, ret, err);
}

static int make_plan(struct op *op, struct wh_err *err)
{
    struct wh_plan_actual actual;
    struct wh_arena *a = &op->r->arena;
    foreign_refresh(op->p);
    if (read_project(op, err) < 0 ||
        wh_plan_input_fill(a, op->r->params, op->p->project, op->project, op->in.op, &op->in, err) < 0 ||
        snapshot(op, &actual, err) < 0 || wh_plan_make(a, &op->in, &actual, &op->plan, err) < 0)
        return -1;
    for (size_t i = 0; i < op->plan.warnings.len; i++)
        wh_request_warn(op->r, "%s", op->plan.warnings.items[i]);
    return 0;
}

static void fill_options(struct op *op)
{
    op->options = wh_node_get(op->r->params, "options");
    op->meta = wh_node_get(op->r->params, "meta");
    int64_t seconds = wh_node_get_int(op->options, "timeout_s", -1);
    op->timeout_ns = seconds < 0 ? -1 : seconds * WH_NS_PER_S;
    op->wait_timeout_s = wh_node_get_int(op->options, "wait_timeout_s", 0);
    op->max_busy = (size_t)wh_node_get_int(op->options, "parallel", 0);
}

static int fill_signal(struct op *op, struct wh_err *err)
{
    const char *text = wh_node_get_str(op->options, "signal", NULL);
    op->kill_signal = SIGKILL;
    if (text && text[0] && signal_parse(text, &op->kill_signal) < 0)
        return wh_fail(err, WH_E_INVALID, "invalid signal: %s", text);
    return 0;
}

static void on_settle(struct wh_timer *t)
{
    op_begin(t->data);
}

/* A job that was started a moment ago and is just ending counts as ended for what starts services next. */
static bool wait_settled(struct op *op)
{
    struct wh_policy *p = op->p;
    int64_t now_ns = wh_now_real_ns();
    bool is_settled = op->in.op != WH_PLAN_UP && op->in.op != WH_PLAN_START;
    for (size_t i = 0; !is_settled && i < p->ctrs.len; i++)
        if (!wh_state_is_settled(&((const struct ctr *)p->ctrs.entries[i].value)->state, now_ns)) {
            op->wait_timer.fn = on_settle;
            op->wait_timer.data = op;
            wh_timer_start(p->host->loop, &op->wait_timer, SETTLE_STEP_NS);
            return true;
        }
    return false;
}

static void op_begin(struct op *op)
{
    struct wh_err err = {0};
    if (!op->is_cancelled && wait_settled(op))
        return;
    op->is_begun = true;
    if (op->is_cancelled) {
        op_done(op, op->cancel_code);
        return;
    }
    fill_options(op);
    if (fill_signal(op, &err) < 0 || make_plan(op, &err) < 0 || op_prepare_steps(op) < 0) {
        if (!op->err.depth)
            op_fail(op, &err);
        op_done(op, 1);
        return;
    }
    if (op->in.op == WH_PLAN_DOWN)
        op_note_images(op);
    op_pump(op);
}

static bool ends_waiting(enum wh_plan_op verb)
{
    return verb == WH_PLAN_STOP || verb == WH_PLAN_KILL || verb == WH_PLAN_DOWN || verb == WH_PLAN_RM;
}

static bool somebody_wants_in(const struct wh_policy *p)
{
    for (size_t i = 1; i < p->ops.len; i++)
        if (ends_waiting(wh_vec_at(&p->ops, struct op *, i)->in.op))
            return true;
    return false;
}

static bool is_named(const struct wh_node *services, const char *service)
{
    for (size_t i = 0; i < wh_node_len(services); i++)
        if (wh_streq(services->seq.items[i]->text, service))
            return true;
    return wh_node_len(services) == 0;
}

/* A kill does not wait in the queue for the grace periods of a stop that it is meant to cut short. */
static void hasten_stops(struct wh_policy *p, const struct wh_request *r)
{
    int signo = SIGKILL;
    const char *text = wh_node_get_str(wh_node_get(r->params, "options"), "signal", NULL);
    if (text && text[0] && (signal_parse(text, &signo) < 0 || signo != SIGKILL))
        return;
    for (size_t i = 0; i < p->ctrs.len; i++) {
        struct ctr *c = p->ctrs.entries[i].value;
        if (c->is_stopping && c->phase == CTR_RUNNING && is_named(wh_node_get(r->params, "services"), c->rec.service))
            ctr_kill(c, SIGKILL, NULL);
    }
}

void op_start_request(struct wh_request *r, struct wh_policy *p, enum wh_plan_op verb, void (*after)(struct op *))
{
    struct op *op = calloc(1, sizeof(*op));
    if (!op || wh_vec_push_ptr(&p->ops, op) < 0) {
        struct wh_err err = {0};
        free(op);
        wh_fail(&err, ENOMEM, "request");
        wh_request_done(r, 1, &err);
        return;
    }
    op->p = p;
    op->r = r;
    op->in.op = verb;
    op->after = after;
    op->ready = WH_VEC(uint32_t);
    r->data = op;
    r->on_cancel = on_cancel;
    if (p->ops.len > 1 && verb == WH_PLAN_KILL)
        hasten_stops(p, r);
    if (p->ops.len == 1)
        op_begin(op);
    else
        op_pump_all(p);
}

void op_pump_all(struct wh_policy *p)
{
    struct op *op = current_op(p);
    if (!op || !op->is_begun)
        return;
    if (!op->is_cancelled && op_only_waits(op) && somebody_wants_in(p)) {
        struct wh_err err = {0};
        wh_fail(&err, WH_E_CANCELLED, "ended by a later command");
        op_fail(op, &err);
        op_cancel(op, 1);
        return;
    }
    op_pump(op);
}

/* ---- handlers ---------------------------------------------------------------------------------------------------- */

#define VERB(name, verb)                                                                                               \
    static void handle_##name(struct wh_request *r, void *policy)                                                      \
    {                                                                                                                  \
        op_start_request(r, policy, verb, NULL);                                                                       \
    }
VERB(up, WH_PLAN_UP)
VERB(start, WH_PLAN_START)
VERB(stop, WH_PLAN_STOP)
VERB(restart, WH_PLAN_RESTART)
VERB(kill, WH_PLAN_KILL)
VERB(pause, WH_PLAN_PAUSE)
VERB(unpause, WH_PLAN_UNPAUSE)
VERB(rm, WH_PLAN_RM)

const struct wh_op wh_policy_ops[] = {
    {"up", handle_up},
    {"down", handle_down},
    {"start", handle_start},
    {"stop", handle_stop},
    {"restart", handle_restart},
    {"kill", handle_kill},
    {"pause", handle_pause},
    {"unpause", handle_unpause},
    {"rm", handle_rm},
    {"run", handle_run},
    {"exec", handle_exec},
    {"attach", handle_attach},
    {"wait", handle_wait},
    {"containers", handle_containers},
    {NULL, NULL},
};
