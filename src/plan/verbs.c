/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs that only act on containers that are there: down, start, stop, restart, kill, pause, unpause, rm. */
#include "plan/builder.h"

#include "whale/util/str.h"

#include <string.h>

static bool is_live(const struct wh_plan_container *c)
{
    return c->status == WH_PLAN_RUNNING || c->status == WH_PLAN_PAUSED;
}

/* A service is stopped after all that depend on it. */
static void need_dependents(struct builder *b, const struct node *n, uint32_t step)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct node *other = b->order[i];
        for (size_t j = 0; j < other->n_edges; j++)
            if (other->edges[j].to == n)
                step_need(b, step, other->stopped);
    }
}

/* Stops (and removes) the containers of a service; returns nothing, but n->stopped is the mark behind it. */
static void stop_node(struct builder *b, struct node *n, bool removes, bool is_restart)
{
    uint32_t before = step_add(b, WH_STEP_MARK, n->name);
    need_dependents(b, n, before);
    uint32_t first = (uint32_t)b->drafts.len;
    for (size_t i = 0; i < n->n_slots; i++) {
        uint32_t stop = step_add_slot(b, WH_STEP_STOP, n, &n->slots[i]);
        step_at(b, stop)->is_restart = is_restart;
        step_need(b, stop, before);
        if (!removes)
            continue;
        uint32_t remove = step_add_slot(b, WH_STEP_REMOVE, n, &n->slots[i]);
        step_at(b, remove)->removes_volumes = b->in->volumes;
        step_need(b, remove, stop);
    }
    uint32_t end = (uint32_t)b->drafts.len;
    n->stopped = step_add(b, WH_STEP_MARK, n->name);
    step_need(b, n->stopped, before);
    for (uint32_t i = first; i < end; i++)
        step_need(b, n->stopped, i);
}

static void stop_selected(struct builder *b, bool removes, bool is_restart)
{
    for (size_t i = b->nodes.len; i-- > 0;)
        if (b->order[i]->selected && b->order[i]->n_slots)
            stop_node(b, b->order[i], removes, is_restart);
}

static void down_orphans(struct builder *b)
{
    for (size_t i = 0; i < b->actual->n_containers; i++) {
        const struct wh_plan_container *c = &b->actual->containers[i];
        if (!graph_is_orphan(b, c) || !b->in->remove_orphans)
            continue;
        uint32_t stop = step_add_container(b, WH_STEP_STOP, c);
        uint32_t remove = step_add_container(b, WH_STEP_REMOVE, c);
        step_at(b, remove)->removes_volumes = b->in->volumes || c->oneoff;
        step_need(b, remove, stop);
    }
}

void verb_down(struct builder *b)
{
    stop_selected(b, true, false);
    down_orphans(b);
    uint32_t end = (uint32_t)b->drafts.len;
    uint32_t gone = step_add(b, WH_STEP_MARK, "containers");
    step_at(b, gone)->optional = true;
    for (uint32_t i = 0; i < end; i++)
        step_need(b, gone, i);
    resources_down(b, gone);
}

static bool has_containers(const struct builder *b)
{
    for (size_t i = 0; i < b->actual->n_containers; i++)
        if (!b->actual->containers[i].oneoff)
            return true;
    return false;
}

/* A service without a container is an error when the project has none at all; otherwise it has nothing to start. */
int verb_start(struct builder *b)
{
    bool any = false, nothing = !has_containers(b);
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct node *n = b->order[i];
        if (nothing && n->selected && !(n->service && wh_service_replicas(n->service) == 0))
            return wh_fail(b->err, WH_E_NOT_FOUND, "service \"%s\" has no container to start", n->name);
        any |= n->selected;
    }
    if (!any)
        return wh_fail(b->err, WH_E_NOT_FOUND, "no container found for project \"%s\"", b->in->project_name);
    start_services(b);
    return 0;
}

void verb_stop(struct builder *b)
{
    stop_selected(b, false, false);
}

/* restart: true of a dependent is followed when it runs. */
static void select_restarting_dependents(struct builder *b)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        struct node *n = b->order[i];
        for (size_t j = 0; j < n->n_edges; j++)
            n->selected |= n->edges[j].restart && n->edges[j].to->selected;
    }
}

static void start_again(struct builder *b, struct node *n)
{
    uint32_t before = step_add(b, WH_STEP_MARK, n->name);
    step_need(b, before, n->stopped);
    for (size_t i = 0; i < n->n_edges; i++)
        step_need(b, before, n->edges[i].to->started);
    uint32_t first = (uint32_t)b->drafts.len;
    for (size_t i = 0; i < n->n_slots; i++) {
        uint32_t start = step_add_slot(b, WH_STEP_START, n, &n->slots[i]);
        step_at(b, start)->is_restart = true;
        step_need(b, start, before);
    }
    uint32_t end = (uint32_t)b->drafts.len;
    n->started = step_add(b, WH_STEP_MARK, n->name);
    for (uint32_t i = first; i < end; i++)
        step_need(b, n->started, i);
}

void verb_restart(struct builder *b)
{
    if (!b->in->no_deps)
        select_restarting_dependents(b);
    stop_selected(b, false, true);
    for (size_t i = 0; i < b->nodes.len; i++)
        if (b->order[i]->selected && b->order[i]->n_slots)
            start_again(b, b->order[i]);
}

static const enum wh_step_kind kind_of_op[] = {
    [WH_PLAN_KILL] = WH_STEP_KILL,
    [WH_PLAN_PAUSE] = WH_STEP_PAUSE,
    [WH_PLAN_UNPAUSE] = WH_STEP_UNPAUSE,
};

static bool is_selected(const struct builder *b, const char *service)
{
    const struct node *n = wh_map_get(&b->nodes, service);
    return n && n->selected;
}

/* One step for every container that runs, in no order; kill reaches one-offs of the services too. */
void verb_each(struct builder *b)
{
    enum wh_step_kind kind = kind_of_op[b->in->op];
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct node *n = b->order[i];
        for (size_t j = 0; n->selected && j < n->n_slots; j++)
            if (is_live(n->slots[j].actual))
                step_add_slot(b, kind, n, &n->slots[j]);
    }
    for (size_t i = 0; i < b->actual->n_containers; i++) {
        const struct wh_plan_container *c = &b->actual->containers[i];
        bool is_own_oneoff = b->in->op == WH_PLAN_KILL && c->oneoff && is_selected(b, c->service);
        bool is_orphan = b->in->remove_orphans && graph_is_orphan(b, c);
        if (is_live(c) && (is_own_oneoff || is_orphan))
            step_add_container(b, kind, c);
    }
}

void verb_rm(struct builder *b)
{
    for (size_t i = b->nodes.len; i-- > 0;) {
        struct node *n = b->order[i];
        for (size_t j = 0; n->selected && j < n->n_slots; j++) {
            struct slot *s = &n->slots[j];
            if (is_live(s->actual) && !b->in->stop)
                continue;
            uint32_t stop = b->in->stop ? step_add_slot(b, WH_STEP_STOP, n, s) : NO_STEP;
            uint32_t remove = step_add_slot(b, WH_STEP_REMOVE, n, s);
            step_at(b, remove)->removes_volumes = b->in->volumes;
            step_need(b, remove, stop);
        }
    }
}
