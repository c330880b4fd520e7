/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Executes a plan's graph: every step as soon as what it needs has ended, without recursion, from the loop. */
#include "engine/check.h"
#include "engine/network.h"
#include "engine/op.h"

#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>

static int add_followers(struct op *op, struct wh_arena *a)
{
    size_t n = op->plan.n_steps;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < op->plan.steps[i].n_needs; j++)
            op->steps[op->plan.steps[i].needs[j]].n_followers++;
    for (size_t i = 0; i < n; i++) {
        op->steps[i].followers = wh_arena_array(a, uint32_t, op->steps[i].n_followers + 1);
        op->steps[i].n_followers = 0;
        if (!op->steps[i].followers)
            return -1;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < op->plan.steps[i].n_needs; j++) {
            struct run_step *needed = &op->steps[op->plan.steps[i].needs[j]];
            needed->followers[needed->n_followers++] = (uint32_t)i;
        }
    return 0;
}

static void push_ready(struct op *op, uint32_t i)
{
    uint32_t *slot = wh_vec_push(&op->ready);
    if (slot)
        *slot = i;
}

/* The service that a step makes a container of, or starts one of; NULL for other steps. */
static const struct wh_service *started_service(const struct op *op, const struct wh_plan_step *step)
{
    if (step->kind == WH_STEP_CREATE || step->kind == WH_STEP_RECREATE)
        return step->service && op->project ? wh_project_service(op->project, step->service) : NULL;
    const struct ctr *c = step->kind == WH_STEP_START && step->container_id && !step->is_restart
                              ? ctr_find(op->p, step->container_id)
                              : NULL;
    return c ? c->service : NULL;
}

static int check_ports(struct op *op)
{
    size_t n = 0;
    const struct wh_service **services = wh_arena_array(&op->r->arena, const struct wh_service *, op->plan.n_steps + 1);
    if (!services)
        return wh_fail(&op->err, ENOMEM, "plan");
    for (size_t i = 0; i < op->plan.n_steps; i++) {
        const struct wh_service *s = started_service(op, &op->plan.steps[i]);
        if (s && s->ports.len > 0)
            services[n++] = s;
    }
    return n ? ports_check(op->p, op->project, services, n, &op->err) : 0;
}

/* What would fail for certain is found before anything is changed. */
static int check_steps(struct op *op)
{
    for (size_t i = 0; i < op->plan.n_steps; i++) {
        const struct wh_plan_step *step = &op->plan.steps[i];
        const struct wh_service *service = step->kind == WH_STEP_START ? NULL : started_service(op, step);
        if (!service)
            continue;
        struct create_request r;
        create_request_fill(op, service, &r);
        r.name = step->name;
        r.number = step->number;
        r.replaces = ctr_find(op->p, step->container_id);
        if (ctr_check(op->p, &r, &op->err) < 0) {
            blame_service(service, &op->err);
            return -1;
        }
    }
    return check_ports(op);
}

static size_t count_network_starts(const struct op *op)
{
    size_t n = 0;
    for (size_t i = 0; i < op->plan.n_steps; i++) {
        const struct wh_plan_step *step = &op->plan.steps[i];
        const struct ctr *c = step->container_id ? ctr_find(op->p, step->container_id) : NULL;
        const struct wh_service *s =
            op->project && step->service ? wh_project_service(op->project, step->service) : NULL;
        n += step->kind == WH_STEP_START && (c ? c->netns_fd < 0 && ctr_has_endpoints(c) : s && s->networks.len > 0);
    }
    return n;
}

static void on_wait_timeout(struct wh_timer *t)
{
    struct op *op = t->data;
    struct wh_err err = {0};
    wh_fail(&err, WH_E_GENERIC, "application not healthy after %llds", (long long)op->wait_timeout_s);
    op_fail(op, &err);
    op_cancel(op, 1);
}

int op_prepare_steps(struct op *op)
{
    struct wh_arena *a = &op->r->arena;
    op->steps = wh_arena_array(a, struct run_step, op->plan.n_steps + 1);
    if (!op->steps || add_followers(op, a) < 0)
        return wh_fail(&op->err, ENOMEM, "plan");
    if (check_steps(op) < 0)
        return -1;
    netpool_want(op->p, count_network_starts(op));
    op->n_open = op->plan.n_steps;
    for (size_t i = 0; i < op->plan.n_steps; i++) {
        struct run_step *s = &op->steps[i];
        s->op = op;
        s->plan = &op->plan.steps[i];
        s->n_left = s->plan->n_needs;
        if (s->n_left == 0)
            push_ready(op, (uint32_t)i);
    }
    if (op->in.wait && op->wait_timeout_s > 0) {
        op->wait_timer.fn = on_wait_timeout;
        op->wait_timer.data = op;
        wh_timer_start(op->p->host->loop, &op->wait_timer, op->wait_timeout_s * WH_NS_PER_S);
    }
    return 0;
}

static bool is_work(const struct run_step *s)
{
    return s->plan->kind != WH_STEP_WAIT;
}

static void end_step(struct run_step *s, enum step_state state)
{
    struct op *op = s->op;
    op->n_busy -= s->state == STEP_RUNNING && is_work(s);
    wh_timer_stop(&s->timer);
    if (s->is_watching && s->c)
        ctr_unwatch(s->c, &s->watch);
    s->is_watching = false;
    s->c = NULL;
    s->state = state;
    op->n_open--;
    for (size_t i = 0; i < s->n_followers; i++) {
        struct run_step *f = &op->steps[s->followers[i]];
        f->need_failed |= state == STEP_FAILED;
        if (--f->n_left == 0)
            push_ready(op, s->followers[i]);
    }
    if (!op->is_pumping)
        op_pump(op);
}

void step_done(struct run_step *s)
{
    end_step(s, STEP_DONE);
}

/* The first failure is the request's; further ones are told as they come. */
static void blame(const struct run_step *s, struct wh_err *err)
{
    const struct wh_plan_step *plan = s->plan;
    if (plan->service && s->op->project)
        blame_service(wh_project_service(s->op->project, plan->service), err);
    else if (plan->kind == WH_STEP_NETWORK_CREATE)
        wh_err_in(err, "networks/%s", plan->key);
    else if (plan->kind == WH_STEP_VOLUME_CREATE)
        wh_err_in(err, "volumes/%s", plan->key);
}

void step_failed(struct run_step *s, struct wh_err *take_err)
{
    blame(s, take_err);
    if (s->op->err.depth) {
        wh_auto_free char *text = wh_err_text(take_err);
        wh_request_warn(s->op->r, "%s", text ? text : "another step failed");
    }
    op_fail(s->op, take_err);
    end_step(s, STEP_FAILED);
}

void step_watch(struct run_step *s, struct ctr *c, void (*fn)(struct ctr_watch *, struct ctr *))
{
    s->c = c;
    s->watch = (struct ctr_watch){fn, s};
    s->is_watching = true;
    ctr_watch(c, &s->watch);
}

static void run_step(struct run_step *s)
{
    bool optional = s->plan->optional;
    if (s->need_failed && !optional) {
        end_step(s, STEP_FAILED);
        return;
    }
    if (s->op->is_cancelled) {
        end_step(s, STEP_FAILED);
        return;
    }
    s->state = STEP_RUNNING;
    s->op->n_busy += is_work(s);
    step_runners[s->plan->kind](s);
}

bool op_only_waits(const struct op *op)
{
    bool any = false;
    for (size_t i = 0; op->steps && i < op->plan.n_steps; i++) {
        const struct run_step *s = &op->steps[i];
        if (s->state != STEP_RUNNING)
            continue;
        if (s->plan->kind != WH_STEP_WAIT)
            return false;
        any = true;
    }
    return any;
}

static void end_waits(struct op *op)
{
    for (size_t i = 0; i < op->plan.n_steps; i++)
        if (op->steps[i].state == STEP_RUNNING && op->steps[i].plan->kind == WH_STEP_WAIT)
            end_step(&op->steps[i], STEP_FAILED);
}

static void finish(struct op *op)
{
    bool failed = op->is_cancelled || op->err.depth;
    if (!failed && op->after) {
        op->is_over = true;
        op->after(op);
        return;
    }
    op_done(op, op->is_cancelled ? op->cancel_code : failed ? 1 : 0);
}

/* Runs what is ready and what becomes ready by it, as far as --parallel allows. True: once more, room was made. */
static bool run_ready(struct op *op)
{
    size_t kept = 0;
    bool ran = false;
    for (size_t i = 0; i < op->ready.len; i++) {
        uint32_t at = wh_vec_at(&op->ready, uint32_t, i);
        bool has_room = !op->max_busy || op->n_busy < op->max_busy || op->is_cancelled || !is_work(&op->steps[at]);
        if (has_room)
            run_step(&op->steps[at]);
        else
            wh_vec_at(&op->ready, uint32_t, kept++) = at;
        ran |= has_room;
    }
    op->ready.len = kept;
    return kept && ran;
}

void op_pump(struct op *op)
{
    if (op->is_pumping || op->is_over || !op->steps)
        return;
    op->is_pumping = true;
    if (op->is_cancelled)
        end_waits(op);
    while (run_ready(op))
        ;
    op->is_pumping = false;
    if (op->n_open == 0)
        finish(op);
}
