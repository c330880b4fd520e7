/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PORTS column. Docker's folding: neighbouring container ports of one kind become a range when they are not
 * published, or published under their own number; all others are listed behind, one by one.
 */
#include "whale/ui.h"

#include <stdlib.h>
#include <string.h>

#define MAX_GROUPS 16

struct group {
    const char *host_ip, *protocol;
    unsigned first, last;
};

static int compare_ports(const void *x, const void *y)
{
    const struct wh_ui_port *a = x, *b = y;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    int r = strcmp(a->host_ip, b->host_ip);
    if (r == 0 && a->published != b->published)
        return a->published < b->published ? -1 : 1;
    return r ? r : strcmp(a->protocol, b->protocol);
}

static const char *separator(const struct wh_str *out)
{
    return out->len ? ", " : "";
}

static void add_group(const struct group *g, struct wh_str *out)
{
    char range[16];
    if (g->first == g->last)
        snprintf(range, sizeof(range), "%u", g->first);
    else
        snprintf(range, sizeof(range), "%u-%u", g->first, g->last);
    wh_str_add(out, separator(out));
    if (*g->host_ip)
        wh_str_fmt(out, strchr(g->host_ip, ':') ? "[%s]:%s->" : "%s:%s->", g->host_ip, range);
    wh_str_fmt(out, "%s/%s", range, g->protocol);
}

static void add_mapping(const struct wh_ui_port *p, struct wh_str *out)
{
    bool is_v6 = strchr(p->host_ip, ':') != NULL;
    wh_str_fmt(out, "%s%s%s%s:%u->%u/%s", separator(out), is_v6 ? "[" : "", p->host_ip, is_v6 ? "]" : "", p->published,
               p->target, p->protocol);
}

/* Extends the group of the port's kind; a group that ends is written, and restarts at the port. */
static void put_into_group(struct group *groups, size_t *n, const struct wh_ui_port *p, struct wh_str *out)
{
    struct group fresh = {p->host_ip, p->protocol, p->target, p->target};
    for (size_t i = 0; i < *n; i++) {
        struct group *g = &groups[i];
        if (strcmp(g->host_ip, p->host_ip) != 0 || strcmp(g->protocol, p->protocol) != 0)
            continue;
        if (p->target == g->last || p->target == g->last + 1) {
            g->last = p->target;
            return;
        }
        add_group(g, out);
        *g = fresh;
        return;
    }
    if (*n < MAX_GROUPS)
        groups[(*n)++] = fresh;
    else
        add_group(&fresh, out);
}

void wh_ui_ports(struct wh_ui_port *items, size_t n, struct wh_str *out)
{
    struct group groups[MAX_GROUPS];
    size_t n_groups = 0;
    if (n)
        qsort(items, n, sizeof(*items), compare_ports);
    for (size_t i = 0; i < n; i++)
        if (!*items[i].host_ip || items[i].published == items[i].target)
            put_into_group(groups, &n_groups, &items[i], out);
    for (size_t i = 0; i < n_groups; i++)
        add_group(&groups[i], out);
    for (size_t i = 0; i < n; i++)
        if (*items[i].host_ip && items[i].published != items[i].target)
            add_mapping(&items[i], out);
}
