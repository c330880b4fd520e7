/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dependency graph of services: from the file, or from the labels of the containers when there is no file. What
 * the file does not name but has containers is a node too, so that every verb can act on it.
 */
#include "plan/builder.h"

#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

static int no_memory(struct builder *b)
{
    return wh_fail(b->err, ENOMEM, "plan");
}

static struct node *node_get(struct builder *b, const char *name)
{
    struct node *n = wh_map_get(&b->nodes, name);
    if (n)
        return n;
    n = wh_arena_new(b->a, struct node);
    if (!n || wh_map_set(&b->nodes, name, n) < 0)
        return NULL;
    n->name = name;
    n->created = n->started = n->stopped = NO_STEP;
    return n;
}

static bool is_disabled(const struct builder *b, const char *service)
{
    for (size_t i = 0; i < b->in->disabled.len; i++)
        if (strcmp(b->in->disabled.items[i], service) == 0)
            return true;
    return false;
}

bool graph_is_orphan(const struct builder *b, const struct wh_plan_container *c)
{
    if (c->oneoff)
        return true;
    return b->in->project && !wh_project_service(b->in->project, c->service) && !is_disabled(b, c->service);
}

static int edges_from_service(struct builder *b, struct node *n)
{
    n->edges = wh_arena_array(b->a, struct edge, n->service->depends_on.len + 1);
    if (!n->edges)
        return no_memory(b);
    for (size_t i = 0; i < n->service->depends_on.len; i++) {
        const struct wh_dependency *d = &n->service->depends_on.items[i];
        struct node *to = wh_map_get(&b->nodes, d->service);
        if (to)
            n->edges[n->n_edges++] = (struct edge){to, d->condition, d->required, d->restart};
    }
    return 0;
}

static enum wh_condition condition_parse(const char *text, size_t len)
{
    for (int i = 0; i < WH_CONDITION_MAX_; i++)
        if (strlen(wh_condition_text[i]) == len && strncmp(wh_condition_text[i], text, len) == 0)
            return (enum wh_condition)i;
    return WH_CONDITION_STARTED;
}

/* "db:service_healthy:false,cache:service_started:true": service, condition, restart. */
static int edges_from_label(struct builder *b, struct node *n, const char *label)
{
    size_t max = 1;
    for (const char *p = label; *p; p++)
        max += *p == ',';
    n->edges = wh_arena_array(b->a, struct edge, max);
    if (!n->edges)
        return no_memory(b);
    for (const char *p = label; *p; p += strspn(p, ",")) {
        size_t item = strcspn(p, ","), name = strcspn(p, ":,");
        const char *key = wh_arena_strndup(b->a, p, name);
        struct node *to = key ? wh_map_get(&b->nodes, key) : NULL;
        size_t at = name < item ? name + 1 : item;
        size_t condition = strcspn(p + at, ":,");
        bool restart = at + condition < item && strncmp(p + at + condition + 1, "true", 4) == 0;
        if (to && to != n)
            n->edges[n->n_edges++] = (struct edge){to, condition_parse(p + at, condition), true, restart};
        p += item;
    }
    return 0;
}

static int add_nodes(struct builder *b)
{
    const struct wh_project *project = b->in->project;
    for (size_t i = 0; project && i < project->services.len; i++) {
        const struct wh_service *s = &project->services.items[i];
        struct node *n = s->provider ? NULL : node_get(b, s->name);
        if (n)
            n->service = s;
    }
    for (size_t i = 0; i < b->actual->n_containers; i++) {
        const struct wh_plan_container *c = &b->actual->containers[i];
        if (!c->oneoff && !graph_is_orphan(b, c) && !node_get(b, c->service))
            return no_memory(b);
    }
    return 0;
}

static const char *label_of(const struct builder *b, const char *service)
{
    for (size_t i = 0; i < b->actual->n_containers; i++) {
        const struct wh_plan_container *c = &b->actual->containers[i];
        if (!c->oneoff && strcmp(c->service, service) == 0 && c->depends_on)
            return c->depends_on;
    }
    return "";
}

static void visit(struct builder *b, struct node *n, size_t *len)
{
    if (n->mark)
        return;
    n->mark = 1;
    for (size_t i = 0; i < n->n_edges; i++)
        visit(b, n->edges[i].to, len);
    b->order[(*len)++] = n;
}

static int compare_slots(const void *x, const void *y)
{
    const struct slot *a = x, *b = y;
    return (a->number > b->number) - (a->number < b->number);
}

static int fill_slots(struct builder *b, struct node *n)
{
    n->slots = wh_arena_array(b->a, struct slot, b->actual->n_containers + 1);
    if (!n->slots)
        return no_memory(b);
    for (size_t i = 0; i < b->actual->n_containers; i++) {
        const struct wh_plan_container *c = &b->actual->containers[i];
        if (!c->oneoff && strcmp(c->service, n->name) == 0)
            n->slots[n->n_slots++] = (struct slot){.actual = c, .name = c->name, .number = c->number, .step = NO_STEP};
    }
    if (n->n_slots)
        qsort(n->slots, n->n_slots, sizeof(struct slot), compare_slots);
    return 0;
}

int graph_build(struct builder *b)
{
    if (add_nodes(b) < 0)
        return -1;
    for (size_t i = 0; i < b->nodes.len; i++) {
        struct node *n = b->nodes.entries[i].value;
        int r = n->service ? edges_from_service(b, n) : edges_from_label(b, n, label_of(b, n->name));
        if (r < 0 || fill_slots(b, n) < 0)
            return -1;
    }
    size_t len = 0;
    b->order = wh_arena_array(b->a, struct node *, b->nodes.len + 1);
    if (!b->order)
        return no_memory(b);
    for (size_t i = 0; i < b->nodes.len; i++)
        visit(b, b->nodes.entries[i].value, &len);
    return 0;
}

/* An optional dependency that an inactive profile hides is none, even where a container of it is left. */
static void select_node(struct node *n, bool with_dependencies)
{
    if (n->selected)
        return;
    n->selected = true;
    for (size_t i = 0; with_dependencies && i < n->n_edges; i++)
        if (n->edges[i].to->service || !n->service)
            select_node(n->edges[i].to, true);
}

static int unknown_service(struct builder *b, const char *name)
{
    size_t n = 0;
    const char **known = wh_arena_array(b->a, const char *, b->nodes.len + 1);
    for (size_t i = 0; known && i < b->nodes.len; i++)
        known[n++] = b->nodes.entries[i].key;
    wh_fail(b->err, WH_E_NOT_FOUND, "no such service: %s", name);
    const char *close = known ? wh_did_you_mean(name, known, n) : NULL;
    if (close)
        wh_err_hint(b->err, "did you mean \"%s\"?", close);
    return -1;
}

static bool is_provider(const struct builder *b, const char *name)
{
    const struct wh_service *s = b->in->project ? wh_project_service(b->in->project, name) : NULL;
    return s && s->provider;
}

/* Nodes that only inactive profiles or nothing in the file knows are selected when they are named, or when there is no
 * file at all. */
int graph_select(struct builder *b, bool with_dependencies)
{
    if (b->in->services.len == 0) {
        for (size_t i = 0; i < b->nodes.len; i++) {
            struct node *n = b->nodes.entries[i].value;
            n->selected = n->named = !b->in->project || n->service;
        }
        return 0;
    }
    for (size_t i = 0; i < b->in->services.len; i++) {
        const char *name = b->in->services.items[i];
        struct node *n = wh_map_get(&b->nodes, name);
        if (!n && is_provider(b, name))
            continue;
        if (!n)
            return unknown_service(b, name);
        select_node(n, with_dependencies);
        n->named = true;
    }
    return 0;
}
