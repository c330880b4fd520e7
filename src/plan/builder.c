/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry of the module: makes the graph, lets the verb add its steps, and freezes them. */
#include "plan/builder.h"

#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

const char *const wh_step_text[WH_STEP_KIND_MAX_] = {
    [WH_STEP_MARK] = "",
    [WH_STEP_NETWORK_CREATE] = "create network",
    [WH_STEP_NETWORK_REMOVE] = "remove network",
    [WH_STEP_VOLUME_CREATE] = "create volume",
    [WH_STEP_VOLUME_REMOVE] = "remove volume",
    [WH_STEP_CREATE] = "create container",
    [WH_STEP_RECREATE] = "recreate container",
    [WH_STEP_KEEP] = "keep container",
    [WH_STEP_PRE_START] = "run pre_start hooks of service",
    [WH_STEP_START] = "start container",
    [WH_STEP_STOP] = "stop container",
    [WH_STEP_KILL] = "kill container",
    [WH_STEP_PAUSE] = "pause container",
    [WH_STEP_UNPAUSE] = "unpause container",
    [WH_STEP_REMOVE] = "remove container",
    [WH_STEP_WAIT] = "wait for container",
};

uint32_t step_add(struct builder *b, enum wh_step_kind kind, const char *name)
{
    struct draft *d = wh_vec_push(&b->drafts);
    if (!d)
        return NO_STEP;
    d->needs = WH_VEC(uint32_t);
    d->step.kind = kind;
    d->step.name = name;
    return (uint32_t)(b->drafts.len - 1);
}

struct wh_plan_step *step_at(struct builder *b, uint32_t i)
{
    static struct wh_plan_step nowhere; /* memory was short: the plan fails as a whole */
    return i < b->drafts.len ? &wh_vec_at(&b->drafts, struct draft, i).step : &nowhere;
}

uint32_t step_add_slot(struct builder *b, enum wh_step_kind kind, const struct node *n, const struct slot *s)
{
    uint32_t i = step_add(b, kind, s->name);
    struct wh_plan_step *step = step_at(b, i);
    step->service = n->name;
    step->number = s->number;
    step->reason = s->reason;
    if (s->actual && (!s->replaced || kind == WH_STEP_RECREATE || kind == WH_STEP_STOP))
        step->container_id = s->actual->id;
    return i;
}

uint32_t step_add_container(struct builder *b, enum wh_step_kind kind, const struct wh_plan_container *c)
{
    uint32_t i = step_add(b, kind, c->name);
    struct wh_plan_step *step = step_at(b, i);
    step->service = c->service;
    step->number = c->number;
    step->container_id = c->id;
    return i;
}

void step_need(struct builder *b, uint32_t step, uint32_t needed)
{
    if (step >= b->drafts.len || needed == NO_STEP || needed == step)
        return;
    uint32_t *slot = wh_vec_push(&wh_vec_at(&b->drafts, struct draft, step).needs);
    if (slot)
        *slot = needed;
    else
        b->drafts.failed = true;
}

void warn(struct builder *b, const char *text)
{
    if (text)
        wh_vec_push_ptr(&b->warnings, text);
}

static int freeze_step(struct builder *b, struct draft *d, struct wh_plan_step *ret)
{
    *ret = d->step;
    uint32_t *needs = wh_arena_array(b->a, uint32_t, d->needs.len + 1);
    if (!needs)
        return -1;
    if (d->needs.len)
        memcpy(needs, d->needs.items, d->needs.len * sizeof(uint32_t));
    ret->needs = needs;
    ret->n_needs = d->needs.len;
    return 0;
}

static int freeze(struct builder *b, struct wh_plan *ret)
{
    size_t n = b->drafts.len;
    struct wh_plan_step *steps = wh_arena_array(b->a, struct wh_plan_step, n + 1);
    const char **warnings = wh_arena_array(b->a, const char *, b->warnings.len + 1);
    bool ok = steps && warnings && !b->drafts.failed && !b->a->failed;
    for (size_t i = 0; ok && i < n; i++)
        ok = freeze_step(b, &wh_vec_at(&b->drafts, struct draft, i), &steps[i]) == 0;
    if (!ok)
        return wh_fail(b->err, ENOMEM, "plan");
    for (size_t i = 0; i < b->warnings.len; i++)
        warnings[i] = wh_vec_at(&b->warnings, const char *, i);
    *ret = (struct wh_plan){steps, n, {warnings, b->warnings.len}};
    return 0;
}

static void builder_fini(struct builder *b)
{
    for (size_t i = 0; i < b->drafts.len; i++)
        wh_vec_fini(&wh_vec_at(&b->drafts, struct draft, i).needs);
    wh_vec_fini(&b->drafts);
    wh_vec_fini(&b->warnings);
    wh_map_fini(&b->nodes);
    wh_map_fini(&b->remade_nets);
    wh_map_fini(&b->remade_volumes);
}

static int select_run(struct builder *b)
{
    struct node *n = wh_map_get(&b->nodes, b->in->run_service);
    if (!n)
        return wh_fail(b->err, WH_E_NOT_FOUND, "no such service: %s", b->in->run_service);
    n->selected = true;
    for (size_t i = 0; !b->in->no_deps && i < n->n_edges; i++) {
        struct node *to = n->edges[i].to;
        const char *name[] = {to->name};
        struct wh_plan_input only = *b->in;
        only.services = (struct wh_texts){name, 1};
        const struct wh_plan_input *all = b->in;
        b->in = &only;
        int r = graph_select(b, true);
        b->in = all;
        if (r < 0)
            return -1;
    }
    return 0;
}

static int verb_up(struct builder *b)
{
    if ((b->in->run_service ? select_run(b) : graph_select(b, !b->in->no_deps)) < 0)
        return -1;
    orphans_up(b);
    if (resources_up(b) < 0 || converge(b) < 0)
        return -1;
    if (!b->in->no_start)
        start_services(b);
    return 0;
}

static int run_verb(struct builder *b)
{
    enum wh_plan_op op = b->in->op;
    if (op == WH_PLAN_UP)
        return verb_up(b);
    if (graph_select(b, op == WH_PLAN_START && !b->in->no_deps) < 0)
        return -1;
    switch (op) {
    case WH_PLAN_DOWN:
        verb_down(b);
        return 0;
    case WH_PLAN_START:
        return verb_start(b);
    case WH_PLAN_STOP:
        verb_stop(b);
        return 0;
    case WH_PLAN_RESTART:
        verb_restart(b);
        return 0;
    case WH_PLAN_RM:
        verb_rm(b);
        return 0;
    default:
        verb_each(b);
        return 0;
    }
}

int wh_plan_make(struct wh_arena *a, const struct wh_plan_input *in, const struct wh_plan_actual *actual,
                 struct wh_plan *ret, struct wh_err *err)
{
    WH_CLEANUP(builder_fini)
    struct builder b = {.a = a,
                        .in = in,
                        .actual = actual,
                        .drafts = WH_VEC(struct draft),
                        .warnings = WH_VEC(const char *),
                        .ready = NO_STEP,
                        .all_made = NO_STEP,
                        .err = err};
    if (graph_build(&b) < 0 || run_verb(&b) < 0)
        return -1;
    return freeze(&b, ret);
}

const char *wh_plan_container_name(struct wh_arena *a, const struct wh_plan_input *in, const struct wh_service *s,
                                   int number)
{
    char joint = in->underscores ? '_' : '-';
    if (s->container_name)
        return s->container_name;
    return wh_arena_fmt(a, "%s%c%s%c%d", in->project_name, joint, s->name, joint, number);
}
