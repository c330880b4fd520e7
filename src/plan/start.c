/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start phase: every service after those it depends on and after its conditions. One WAIT step per container that
 * is waited for, condition and strictness, shared by all who wait.
 */
#include "plan/builder.h"

#include "whale/util/str.h"

#include <string.h>

static const enum wh_wait_kind wait_of_condition[WH_CONDITION_MAX_] = {
    [WH_CONDITION_STARTED] = WH_WAIT_STARTED,
    [WH_CONDITION_HEALTHY] = WH_WAIT_HEALTHY,
    [WH_CONDITION_COMPLETED] = WH_WAIT_COMPLETED,
};

static uint32_t find_wait(struct builder *b, const struct slot *s, enum wh_wait_kind kind, bool optional, uint32_t from)
{
    for (uint32_t i = from; i < b->drafts.len; i++) {
        const struct wh_plan_step *step = step_at(b, i);
        if (step->kind == WH_STEP_WAIT && step->wait == kind && step->optional == optional &&
            strcmp(step->name, s->name) == 0)
            return i;
    }
    return NO_STEP;
}

static uint32_t wait_for(struct builder *b, const struct node *who, const struct node *n, const struct slot *s,
                         enum wh_wait_kind kind, bool optional)
{
    uint32_t from = n->started == NO_STEP ? 0 : n->started;
    uint32_t i = find_wait(b, s, kind, optional, from);
    if (i != NO_STEP)
        return i;
    i = step_add_slot(b, WH_STEP_WAIT, n, s);
    struct wh_plan_step *step = step_at(b, i);
    step->wait = kind;
    step->optional = optional;
    step->dependent = who ? who->name : NULL;
    step->reason = NULL;
    step_need(b, i, n->started);
    return i;
}

/* The mark after which the service may start. */
static uint32_t conditions_met(struct builder *b, struct node *n)
{
    wh_auto_vec waits = WH_VEC(uint32_t);
    for (size_t i = 0; !b->in->no_deps && i < n->n_edges; i++) {
        const struct edge *e = &n->edges[i];
        for (size_t j = 0; e->to->selected && j < e->to->n_slots; j++) {
            const struct slot *s = &e->to->slots[j];
            if (s->removed || (e->condition == WH_CONDITION_STARTED && e->required))
                continue;
            uint32_t *w = wh_vec_push(&waits);
            if (w)
                *w = wait_for(b, n, e->to, s, wait_of_condition[e->condition], !e->required);
        }
    }
    uint32_t mark = step_add(b, WH_STEP_MARK, n->name);
    step_need(b, mark, b->all_made);
    for (size_t i = 0; i < waits.len; i++)
        step_need(b, mark, wh_vec_at(&waits, uint32_t, i));
    for (size_t i = 0; i < n->n_edges; i++)
        if (n->edges[i].required)
            step_need(b, mark, n->edges[i].to->started);
    return mark;
}

static bool must_start(const struct slot *s)
{
    if (s->removed)
        return false;
    return !s->actual || s->replaced || s->stopped || s->actual->status != WH_PLAN_RUNNING;
}

static bool wants_pre_start(const struct node *n)
{
    bool starts = false, runs = false;
    for (size_t i = 0; i < n->n_slots; i++) {
        starts |= must_start(&n->slots[i]);
        runs |= !n->slots[i].removed && !must_start(&n->slots[i]);
    }
    return starts && !runs && n->service && n->service->pre_start.len;
}

static void start_node(struct builder *b, struct node *n)
{
    uint32_t before = conditions_met(b, n);
    if (wants_pre_start(n)) {
        uint32_t hooks = step_add(b, WH_STEP_PRE_START, n->name);
        step_at(b, hooks)->service = n->name;
        step_need(b, hooks, before);
        before = hooks;
    }
    uint32_t first = (uint32_t)b->drafts.len;
    for (size_t i = 0; i < n->n_slots; i++) {
        struct slot *s = &n->slots[i];
        if (!must_start(s))
            continue;
        s->reason = NULL;
        uint32_t start = step_add_slot(b, WH_STEP_START, n, s);
        step_need(b, start, before);
    }
    uint32_t end = (uint32_t)b->drafts.len;
    n->started = step_add(b, WH_STEP_MARK, n->name);
    step_need(b, n->started, before);
    for (uint32_t i = first; i < end; i++)
        step_need(b, n->started, i);
}

static bool is_completed_by_someone(const struct builder *b, const struct node *n)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct node *other = b->order[i];
        for (size_t j = 0; other->selected && j < other->n_edges; j++)
            if (other->edges[j].to == n && other->edges[j].condition == WH_CONDITION_COMPLETED)
                return true;
    }
    return false;
}

static void wait_ready(struct builder *b, const struct node *n)
{
    enum wh_wait_kind kind = is_completed_by_someone(b, n) ? WH_WAIT_COMPLETED : WH_WAIT_READY;
    for (size_t i = 0; i < n->n_slots; i++)
        if (!n->slots[i].removed)
            wait_for(b, NULL, n, &n->slots[i], kind, false);
}

/* A container that was stopped for the sake of a network that is made again starts again, asked for or not. */
static bool was_stopped(const struct node *n)
{
    for (size_t i = 0; i < n->n_slots; i++)
        if (n->slots[i].stopped && !n->slots[i].removed)
            return true;
    return false;
}

static void restart_stopped(struct builder *b, struct node *n)
{
    for (size_t i = 0; i < n->n_slots; i++)
        if (n->slots[i].stopped && !n->slots[i].removed)
            step_need(b, step_add_slot(b, WH_STEP_START, n, &n->slots[i]), b->all_made);
}

void start_services(struct builder *b)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        struct node *n = b->order[i];
        bool is_run = wh_streq(n->name, b->in->run_service);
        if (n->selected && is_run)
            conditions_met(b, n);
        else if (n->selected)
            start_node(b, n);
        if ((is_run || !n->selected) && was_stopped(n))
            restart_stopped(b, n);
    }
    for (size_t i = 0; b->in->wait && i < b->nodes.len; i++)
        if (b->order[i]->selected)
            wait_ready(b, b->order[i]);
}
