/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other projects as far as they matter here: the names of their containers, and their addresses on networks (which this
 * project may share). Read from their records when an operation begins; nothing is read while no other project exists.
 */
#include "engine/policy.h"

#include "whale/util/str.h"

#include <string.h>

void foreign_free(struct wh_policy *p)
{
    wh_vec_fini(&p->foreign);
    wh_map_fini(&p->foreign_names);
    wh_arena_fini(&p->foreign_arena);
    p->foreign = WH_VEC(struct foreign);
    p->foreign_names = (struct wh_map){0};
    p->foreign_arena = (struct wh_arena){0};
}

static void add_endpoint(struct wh_policy *p, const struct wh_container *c, const struct wh_service *service,
                         const struct wh_endpoint_rec *e)
{
    struct foreign *f = wh_vec_push(&p->foreign);
    if (!f)
        return;
    *f = (struct foreign){.container_id = c->rec.id,
                          .container = c->rec.name,
                          .project = c->rec.project,
                          .service = c->rec.oneoff ? NULL : c->rec.service,
                          .network = e->network,
                          .decoded = service};
    if (e->ipv4)
        wh_addr_parse(e->ipv4, &f->ip4);
    if (e->ipv6)
        wh_addr_parse(e->ipv6, &f->ip6);
}

static void add_container(struct wh_policy *p, const struct wh_container *c)
{
    struct wh_service *service = NULL;
    wh_map_set(&p->foreign_names, c->rec.name, (void *)c->rec.project);
    if (c->state.status != WH_CONTAINER_RUNNING && c->state.status != WH_CONTAINER_PAUSED)
        return;
    wh_service_from_node(&p->foreign_arena, c->rec.project, c->rec.service, c->rec.service_node, &service, NULL);
    for (size_t i = 0; i < c->state.n_endpoints; i++)
        add_endpoint(p, c, service, &c->state.endpoints[i]);
}

void foreign_load(struct wh_policy *p)
{
    wh_auto_strv names = {0};
    foreign_free(p);
    if (wh_state_project_names(&names, NULL) < 0)
        return;
    for (size_t i = 0; i < names.len; i++) {
        struct wh_container *items;
        size_t n;
        if (strcmp(names.items[i], p->project) == 0 ||
            wh_state_containers(&p->foreign_arena, names.items[i], &items, &n, NULL) < 0)
            continue;
        for (size_t j = 0; j < n; j++)
            add_container(p, &items[j]);
    }
}
