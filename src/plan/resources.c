/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks and volumes that the selected services use: made when missing, made again when their definition changed
 * (volumes only with the user's consent, because their data goes), and removed by `down`.
 */
#include "plan/builder.h"

#include "whale/util/str.h"

#include <string.h>

struct want {
    const char *what; /* "network", "volume" */
    const char *key, *name;
    bool external;
    const struct wh_plan_hashes *hashes;
    const struct wh_plan_resource *there; /* or NULL */
};

static const struct wh_plan_resource *find_resource(const struct wh_plan_resource *items, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(items[i].name, name) == 0)
            return &items[i];
    return NULL;
}

static const char *find_hash(const struct wh_plan_hashes *hashes, const char *key)
{
    for (size_t i = 0; i < hashes->len; i++)
        if (strcmp(hashes->items[i].key, key) == 0)
            return hashes->items[i].hash;
    return NULL;
}

static bool service_uses_network(const struct wh_service *s, const char *key)
{
    for (size_t i = 0; i < s->networks.len; i++)
        if (strcmp(s->networks.items[i].name, key) == 0)
            return true;
    return false;
}

static bool is_used(const struct builder *b, const char *key, bool (*uses)(const struct wh_service *, const char *))
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct node *n = b->nodes.entries[i].value;
        if (n->selected && n->service && uses(n->service, key))
            return true;
    }
    return false;
}

static int fail_external(struct wh_err *err, const struct want *w)
{
    if (strcmp(w->what, "volume") == 0)
        wh_fail(err, WH_E_NOT_FOUND, "external volume \"%s\" not found", w->name);
    else
        wh_fail(err, WH_E_NOT_FOUND, "network %s declared as external, but could not be found", w->name);
    return wh_err_in(err, "/%ss/%s", w->what, w->key);
}

static const char *foreign_text(struct builder *b, const struct want *w)
{
    return strcmp(w->what, "volume") == 0
               ? wh_arena_fmt(b->a,
                              "volume \"%s\" already exists but was created for project \"%s\" (expected "
                              "\"%s\"). Use `external: true` to use an existing volume",
                              w->name, w->there->project ? w->there->project : "", b->in->project_name)
               : wh_arena_fmt(b->a,
                              "a network with name %s exists but was not created for project \"%s\". "
                              "Set `external: true` to use an existing network",
                              w->name, b->in->project_name);
}

/* 1 = it must be made, 2 = it must be made again, 0 = it is as wanted, -1. */
static int judge(struct builder *b, const struct want *w)
{
    if (w->external)
        return w->there ? 0 : fail_external(b->err, w);
    if (!w->there)
        return 1;
    if (!wh_streq(w->there->project, b->in->project_name)) {
        warn(b, foreign_text(b, w));
        return 0;
    }
    const char *hash = find_hash(w->hashes, w->key);
    return hash && w->there->hash && w->there->hash[0] && strcmp(hash, w->there->hash) != 0 ? 2 : 0;
}

static bool has_text(const struct wh_texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->len; i++)
        if (strcmp(texts->items[i], text) == 0)
            return true;
    return false;
}

/* Stops whatever of the project runs with the resource; those containers are started again, or replaced, later. */
static void stop_users(struct builder *b, const char *name, bool is_network)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        struct node *n = b->nodes.entries[i].value;
        for (size_t j = 0; j < n->n_slots; j++) {
            struct slot *s = &n->slots[j];
            if (!s->actual || !has_text(is_network ? &s->actual->networks : &s->actual->volumes, name))
                continue;
            bool runs = s->actual->status == WH_PLAN_RUNNING || s->actual->status == WH_PLAN_PAUSED;
            if (!runs || s->stopped)
                continue;
            s->step = step_add_slot(b, WH_STEP_STOP, n, s);
            step_at(b, s->step)->reason = wh_arena_fmt(b->a, "%s is made again", name);
            s->stopped = true;
        }
    }
}

static uint32_t add_resource(struct builder *b, enum wh_step_kind kind, const struct want *w, const char *reason)
{
    uint32_t i = step_add(b, kind, w->name);
    step_at(b, i)->key = w->key;
    step_at(b, i)->reason = reason;
    return i;
}

static void remake(struct builder *b, const struct want *w, bool is_network)
{
    uint32_t first = (uint32_t)b->drafts.len;
    stop_users(b, w->name, is_network);
    uint32_t end = (uint32_t)b->drafts.len;
    uint32_t remove =
        add_resource(b, is_network ? WH_STEP_NETWORK_REMOVE : WH_STEP_VOLUME_REMOVE, w, "its definition changed");
    for (uint32_t i = first; i < end; i++)
        step_need(b, remove, i);
    uint32_t create = add_resource(b, is_network ? WH_STEP_NETWORK_CREATE : WH_STEP_VOLUME_CREATE, w, NULL);
    step_need(b, create, remove);
    wh_map_set(is_network ? &b->remade_nets : &b->remade_volumes, w->name, b);
}

static int up_networks(struct builder *b)
{
    const struct wh_project *p = b->in->project;
    for (size_t i = 0; i < p->networks.len; i++) {
        const struct wh_network *net = &p->networks.items[i];
        if (!b->in->all_resources && !is_used(b, net->key, service_uses_network))
            continue;
        struct want w = {"network",
                         net->key,
                         net->name,
                         net->external,
                         &b->in->network_hashes,
                         find_resource(b->actual->networks, b->actual->n_networks, net->name)};
        int verdict = judge(b, &w);
        if (verdict < 0)
            return -1;
        if (verdict == 1)
            add_resource(b, WH_STEP_NETWORK_CREATE, &w, NULL);
        else if (verdict == 2)
            remake(b, &w, true);
    }
    return 0;
}

static int up_volumes(struct builder *b)
{
    const struct wh_project *p = b->in->project;
    for (size_t i = 0; i < p->volumes.len; i++) {
        const struct wh_volume *v = &p->volumes.items[i];
        if (!b->in->all_resources && !is_used(b, v->key, wh_service_uses_volume))
            continue;
        struct want w = {"volume",
                         v->key,
                         v->name,
                         v->external,
                         &b->in->volume_hashes,
                         find_resource(b->actual->volumes, b->actual->n_volumes, v->name)};
        int verdict = judge(b, &w);
        if (verdict < 0)
            return -1;
        if (verdict == 1)
            add_resource(b, WH_STEP_VOLUME_CREATE, &w, NULL);
        else if (verdict == 2 && has_text(&b->in->remade_volumes, v->name))
            remake(b, &w, false);
        else if (verdict == 2)
            warn(b,
                 wh_arena_fmt(b->a,
                              "volume \"%s\" exists but doesn't match its definition in the compose file; it is kept "
                              "as it is (up -y makes it anew, its data is lost)",
                              v->name));
    }
    return 0;
}

int resources_up(struct builder *b)
{
    if (up_networks(b) < 0 || up_volumes(b) < 0)
        return -1;
    uint32_t end = (uint32_t)b->drafts.len;
    b->ready = step_add(b, WH_STEP_MARK, "resources");
    for (uint32_t i = 0; i < end; i++)
        step_need(b, b->ready, i);
    return 0;
}

static bool file_has_volume(const struct builder *b, const struct wh_plan_resource *r)
{
    const struct wh_volume *v = b->in->project ? wh_project_volume(b->in->project, r->key) : NULL;
    return !b->in->project || (v && !v->external && strcmp(v->name, r->name) == 0);
}

static bool node_uses(const struct node *n, const char *key, bool (*uses)(const struct wh_service *, const char *))
{
    if (n->service && uses(n->service, key))
        return true;
    for (size_t i = 0; i < n->n_edges; i++)
        if (node_uses(n->edges[i].to, key, uses))
            return true;
    return false;
}

/* `down web` tries what web and its dependencies use. */
static bool concerns(const struct builder *b, const char *key, bool (*uses)(const struct wh_service *, const char *))
{
    bool any = !b->in->services.len || !b->in->project;
    for (size_t i = 0; !any && i < b->nodes.len; i++) {
        const struct node *n = b->nodes.entries[i].value;
        any = n->named && node_uses(n, key, uses);
    }
    return any;
}

/* The executor leaves alone what is in use. */
void resources_down(struct builder *b, uint32_t after)
{
    for (size_t i = 0; i < b->actual->n_networks; i++) {
        const struct wh_plan_resource *r = &b->actual->networks[i];
        if (!wh_streq(r->project, b->in->project_name) || !concerns(b, r->key, service_uses_network))
            continue;
        uint32_t step = step_add(b, WH_STEP_NETWORK_REMOVE, r->name);
        step_at(b, step)->key = r->key;
        step_need(b, step, after);
    }
    for (size_t i = 0; b->in->volumes && i < b->actual->n_volumes; i++) {
        const struct wh_plan_resource *r = &b->actual->volumes[i];
        if (!wh_streq(r->project, b->in->project_name) || !r->key || !r->key[0] || !file_has_volume(b, r) ||
            !concerns(b, r->key, wh_service_uses_volume))
            continue;
        uint32_t step = step_add(b, WH_STEP_VOLUME_REMOVE, r->name);
        step_at(b, step)->key = r->key;
        step_need(b, step, after);
    }
}
