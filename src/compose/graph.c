/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The graph of depends_on: circles, and services in dependency order. */
#include "passes.h"

#include "whale/util/str.h"

#include <stdlib.h>
#include <string.h>

enum colour { WHITE, GREY, BLACK };

struct vertex {
    const char *name;
    const struct wh_node *deps; /* map, or NULL */
    size_t next;                /* dependency to look at next */
    size_t depth;               /* longest way down */
    enum colour colour;
};

struct graph {
    struct vertex *v; /* sorted by name */
    size_t n;
    size_t *stack;
    size_t n_stack;
};

static int compare_names(const void *x, const void *y)
{
    return strcmp(((const struct vertex *)x)->name, ((const struct vertex *)y)->name);
}

static int compare_depths(const void *x, const void *y)
{
    const struct vertex *a = x, *b = y;
    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int build(struct wh_arena *a, const struct wh_node *root, struct graph *g)
{
    const struct wh_node *services = wh_node_get(root, "services");
    g->n = services && services->kind == WH_NODE_MAP ? services->map.len : 0;
    g->v = wh_arena_array(a, struct vertex, g->n + 1);
    g->stack = wh_arena_array(a, size_t, g->n + 1);
    if (!g->v || !g->stack)
        return -1;
    for (size_t i = 0; i < g->n; i++) {
        const struct wh_pair *p = &services->map.pairs[i];
        const struct wh_node *deps = wh_node_get(p->value, "depends_on");
        g->v[i] = (struct vertex){.name = p->key, .deps = deps && deps->kind == WH_NODE_MAP ? deps : NULL};
    }
    if (g->n)
        qsort(g->v, g->n, sizeof(*g->v), compare_names);
    return 0;
}

static size_t find(const struct graph *g, const char *name)
{
    struct vertex key = {.name = name};
    const struct vertex *v = g->n ? bsearch(&key, g->v, g->n, sizeof(*g->v), compare_names) : NULL;
    return v ? (size_t)(v - g->v) : SIZE_MAX;
}

static void report_circle(struct wh_load *l, const struct graph *g, size_t back, const struct wh_pair *edge)
{
    wh_auto_str text = {0};
    size_t i = 0;
    while (g->stack[i] != back)
        i++;
    for (; i < g->n_stack; i++)
        wh_str_fmt(&text, "%s -> ", g->v[g->stack[i]].name);
    wh_diag_error(l->diags, &edge->key_mark, "dependency cycle detected: %s%s", wh_str_c(&text), g->v[back].name);
}

/* One step at the top of the stack: a new dependency is pushed, or a finished vertex is popped. */
static void step(struct graph *g, struct wh_load *report)
{
    size_t at = g->stack[g->n_stack - 1];
    struct vertex *v = &g->v[at];
    if (v->deps && v->next < v->deps->map.len) {
        const struct wh_pair *edge = &v->deps->map.pairs[v->next++];
        size_t to = find(g, edge->key);
        if (to == SIZE_MAX)
            return;
        if (g->v[to].colour == GREY && report)
            report_circle(report, g, to, edge);
        if (g->v[to].colour == BLACK && g->v[to].depth + 1 > v->depth)
            v->depth = g->v[to].depth + 1;
        if (g->v[to].colour == WHITE) {
            g->v[to].colour = GREY;
            g->stack[g->n_stack++] = to;
        }
        return;
    }
    v->colour = BLACK;
    g->n_stack--;
    if (g->n_stack && v->depth + 1 > g->v[g->stack[g->n_stack - 1]].depth)
        g->v[g->stack[g->n_stack - 1]].depth = v->depth + 1;
}

static void walk(struct graph *g, struct wh_load *report)
{
    for (size_t i = 0; i < g->n; i++) {
        if (g->v[i].colour != WHITE)
            continue;
        g->v[i].colour = GREY;
        g->stack[g->n_stack++] = i;
        while (g->n_stack)
            step(g, report);
    }
}

void wh_compose_check_cycles(struct wh_load *l, const struct wh_node *root)
{
    struct graph g = {0};
    if (build(l->arena, root, &g) == 0)
        walk(&g, l);
}

struct wh_node *wh_compose_service_order(struct wh_arena *a, const struct wh_node *root)
{
    struct graph g = {0};
    struct wh_node *list = wh_node_seq(a, NULL);
    if (!list || build(a, root, &g) < 0)
        return NULL;
    walk(&g, NULL);
    if (g.n)
        qsort(g.v, g.n, sizeof(*g.v), compare_depths);
    for (size_t i = 0; i < g.n; i++)
        wh_node_push_str(a, list, g.v[i].name);
    return list;
}
