/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request turned into the planner's input and its steps into events. */
#include "cli/dryrun.h"

#include "whale/engine.h"

#include <string.h>

static const struct {
    const char *name;
    enum wh_plan_op op;
} ops[] = {
    {"up", WH_PLAN_UP},           {"run", WH_PLAN_UP},    {"down", WH_PLAN_DOWN},   {"start", WH_PLAN_START},
    {"stop", WH_PLAN_STOP},       {"kill", WH_PLAN_KILL}, {"pause", WH_PLAN_PAUSE}, {"restart", WH_PLAN_RESTART},
    {"unpause", WH_PLAN_UNPAUSE}, {"rm", WH_PLAN_RM},
};

static enum wh_plan_op verb_of(const struct wh_cli_request *r)
{
    const char *op = wh_node_get_str(r->root, "op", "");
    for (size_t i = 0; i < WH_ARRAY_LEN(ops); i++)
        if (strcmp(ops[i].name, op) == 0)
            return ops[i].op;
    return WH_PLAN_UP;
}

static int read_actual(struct wh_arena *a, const char *project, struct wh_plan_actual *ret, struct wh_err *err)
{
    struct wh_container *all;
    size_t n;
    if (wh_state_containers(a, project, &all, &n, err) < 0)
        return -1;
    struct wh_plan_container *items = wh_arena_array(a, struct wh_plan_container, n + 1);
    *ret = (struct wh_plan_actual){.containers = items};
    for (size_t i = 0; items && i < n; i++)
        if (!all[i].rec.hook && wh_plan_actual_add(a, &all[i].rec, &all[i].state, &items[ret->n_containers]) == 0)
            ret->n_containers++;
    return items ? wh_plan_actual_resources(a, ret, err) : wh_fail(err, WH_E_LIMIT, "out of memory");
}

/* ---- what would be done ---------------------------------------------------------------------------------------- */

static const struct {
    const char *object, *before, *text; /* NULL: not shown */
} shown[WH_STEP_KIND_MAX_] = {
    [WH_STEP_NETWORK_CREATE] = {"Network", "Creating", "Created"},
    [WH_STEP_NETWORK_REMOVE] = {"Network", "Removing", "Removed"},
    [WH_STEP_VOLUME_CREATE] = {"Volume", "Creating", "Created"},
    [WH_STEP_VOLUME_REMOVE] = {"Volume", "Removing", "Removed"},
    [WH_STEP_CREATE] = {"Container", "Creating", "Created"},
    [WH_STEP_RECREATE] = {"Container", "Recreate", "Recreated"},
    [WH_STEP_KEEP] = {"Container", NULL, "Running"},
    [WH_STEP_START] = {"Container", "Starting", "Started"},
    [WH_STEP_STOP] = {"Container", "Stopping", "Stopped"},
    [WH_STEP_KILL] = {"Container", "Killing", "Killed"},
    [WH_STEP_PAUSE] = {"Container", NULL, "Paused"},
    [WH_STEP_UNPAUSE] = {"Container", NULL, "Unpaused"},
    [WH_STEP_REMOVE] = {"Container", "Removing", "Removed"},
    [WH_STEP_WAIT] = {"Container", "Waiting", "Healthy"},
};

static void show(struct wh_progress *progress, const char *id, const char *before, const char *after)
{
    struct wh_event e = {.kind = WH_EVENT_PROGRESS, .status = WH_STATUS_WORKING, .id = id, .text = before};
    wh_progress_event(progress, &e);
    e.status = WH_STATUS_DONE;
    e.text = after;
    wh_progress_event(progress, &e);
}

/* What the plan does not have: the one-off comes behind what it needs, the images go last. */
static void show_rest(struct wh_arena *a, const struct wh_cli_project *p, const struct wh_cli_request *r,
                      struct wh_progress *progress)
{
    const char *op = wh_node_get_str(r->root, "op", ""), *rmi = wh_node_get_str(r->options, "rmi", "");
    struct wh_texts images = p->model ? wh_engine_removed_images(a, p->model, rmi) : (struct wh_texts){0};
    if (strcmp(op, "run") == 0)
        show(progress, wh_arena_fmt(a, "Container %s", wh_node_get_str(r->options, "name", "")), "Creating", "Created");
    for (size_t i = 0; i < images.len; i++)
        show(progress, wh_arena_fmt(a, "Image %s", images.items[i]), "Removing", "Removed");
}

/* A restart is told as one: "Restarting" before, "Started" after it. */
static const char *text_before(const struct wh_plan_step *s)
{
    if (s->kind == WH_STEP_WAIT && s->wait == WH_WAIT_STARTED)
        return NULL;
    if (!s->is_restart)
        return shown[s->kind].before;
    return s->kind == WH_STEP_STOP ? "Restarting" : NULL;
}

static const char *text_after(const struct wh_plan_step *s)
{
    if (s->kind == WH_STEP_WAIT && s->wait != WH_WAIT_HEALTHY && s->wait != WH_WAIT_READY)
        return s->wait == WH_WAIT_COMPLETED ? "Exited" : NULL;
    return s->is_restart && s->kind == WH_STEP_STOP ? NULL : shown[s->kind].text;
}

static void show_step(const struct wh_plan_step *s, struct wh_progress *progress)
{
    wh_auto_free char *id = wh_fmt("%s %s", shown[s->kind].object ? shown[s->kind].object : "", s->name);
    wh_auto_free char *why = s->reason ? wh_fmt("(%s)", s->reason) : NULL;
    struct wh_event e = {.kind = WH_EVENT_PROGRESS, .status = WH_STATUS_WORKING, .id = id, .text = text_before(s)};
    e.details = why;
    if (e.text)
        wh_progress_event(progress, &e);
    e.status = WH_STATUS_DONE;
    e.text = text_after(s);
    e.details = NULL;
    if (e.text)
        wh_progress_event(progress, &e);
}

int wh_cli_dry_run(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_request *r,
                   struct wh_progress *progress, struct wh_err *err)
{
    struct wh_plan_input in;
    struct wh_plan_actual actual;
    struct wh_plan plan;
    if (wh_plan_input_fill(&cli->arena, r->root, p->name, p->model, verb_of(r), &in, err) < 0 ||
        read_actual(&cli->arena, p->name, &actual, err) < 0 || wh_plan_make(&cli->arena, &in, &actual, &plan, err) < 0)
        return -1;
    for (size_t i = 0; i < plan.warnings.len; i++)
        wh_progress_say(progress, plan.warnings.items[i]);
    for (size_t i = 0; i < plan.n_steps; i++)
        show_step(&plan.steps[i], progress);
    show_rest(&cli->arena, p, r, progress);
    wh_progress_finish(progress);
    return 0;
}
