/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills in what a project means without saying it: the default network, names of resources, dependencies that follow
 * from links and shared namespaces, Dockerfile names, values of bare keys.
 */
#include "canonical.h"
#include "passes.h"

#include "whale/util/str.h"

#include <string.h>

static struct wh_node *section(const struct wh_node *root, const char *key)
{
    struct wh_node *n = wh_node_get(root, key);
    return n && n->kind == WH_NODE_MAP ? n : NULL;
}

/* ---- networks ---- */

/* True when the service joins the default network. */
static bool join_networks(struct wh_load *l, struct wh_node *service)
{
    struct wh_node *networks = wh_node_get(service, "networks");
    if (wh_node_get(service, "provider") || wh_node_get(service, "network_mode"))
        return false;
    if (wh_node_len(networks) == 0) {
        networks = wh_node_map(l->arena, &service->mark);
        wh_node_put(l->arena, networks, "default", wh_node_null(l->arena, &service->mark));
        wh_node_put(l->arena, service, "networks", networks);
        return true;
    }
    return wh_node_get(networks, "default") != NULL;
}

static void normalize_networks(struct wh_load *l, struct wh_node *root)
{
    const struct wh_node *services = section(root, "services");
    bool uses_default = false;
    for (size_t i = 0; services && i < services->map.len; i++)
        if (services->map.pairs[i].value->kind == WH_NODE_MAP)
            uses_default = join_networks(l, services->map.pairs[i].value) || uses_default;
    struct wh_node *networks = section(root, "networks");
    if (!uses_default || wh_node_get(networks, "default"))
        return;
    if (!networks) {
        networks = wh_node_map(l->arena, NULL);
        wh_node_put(l->arena, root, "networks", networks);
    }
    wh_node_put(l->arena, networks, "default", wh_node_null(l->arena, NULL));
}

/* ---- values of bare keys ---- */

/* What --no-interpolate prints depends on no environment. */
static const char *lookup(const struct wh_load *l, const char *name)
{
    return l->opts->no_interpolate ? NULL : wh_env_get(&l->res->env, name);
}

static void resolve_pairs(struct wh_load *l, struct wh_node *map, bool keep_empty)
{
    for (size_t i = map->map.len; i-- > 0;) {
        struct wh_pair *pair = &map->map.pairs[i];
        if (pair->value->kind != WH_NODE_NULL)
            continue;
        const char *value = lookup(l, pair->key);
        if (value)
            pair->value = wh_node_str(l->arena, &pair->value->mark, value);
        else if (!keep_empty)
            wh_node_del(map, pair->key);
    }
}

static void resolve_items(struct wh_load *l, struct wh_node *list, bool keep_empty)
{
    for (size_t i = list->seq.len; i-- > 0;) {
        struct wh_node *item = list->seq.items[i];
        if (item->kind != WH_NODE_STR || strchr(item->text, '='))
            continue;
        const char *value = lookup(l, item->text);
        if (value)
            list->seq.items[i] = wh_node_str(l->arena, &item->mark, wh_arena_fmt(l->arena, "%s=%s", item->text, value));
        else if (!keep_empty)
            wh_node_remove(list, i);
    }
}

static void resolve_keys(struct wh_load *l, const struct wh_node *map, const char *key, bool keep_empty)
{
    struct wh_node *n = wh_node_get(map, key);
    if (n && n->kind == WH_NODE_MAP)
        resolve_pairs(l, n, keep_empty);
    else if (n && n->kind == WH_NODE_SEQ)
        resolve_items(l, n, keep_empty);
}

/* ---- dependencies ---- */

static void depend(struct wh_load *l, struct wh_node *service, const char *name, size_t len, bool restart,
                   const struct wh_mark *mark)
{
    struct wh_arena *a = l->arena;
    const char *key = wh_arena_strndup(a, name, len);
    struct wh_node *map = wh_node_get(service, "depends_on");
    if (!key || wh_node_get(map, key))
        return;
    if (!map) {
        map = wh_node_map(a, mark);
        wh_node_put(a, service, "depends_on", map);
    }
    struct wh_node *entry = wh_node_map(a, mark);
    if (!entry)
        return;
    wh_node_put_str(a, entry, "condition", "service_started");
    wh_node_put_bool(a, entry, "restart", restart);
    wh_node_put_bool(a, entry, "required", true);
    wh_node_set(a, map, key, mark, entry);
}

static void depend_on_links(struct wh_load *l, struct wh_node *service)
{
    const struct wh_node *links = wh_node_get(service, "links");
    for (size_t i = 0; links && links->kind == WH_NODE_SEQ && i < links->seq.len; i++) {
        const struct wh_node *link = links->seq.items[i];
        const char *colon = link->kind == WH_NODE_STR ? strchr(link->text, ':') : NULL;
        bool alias = colon && !strchr(colon + 1, ':');
        if (link->kind == WH_NODE_STR)
            depend(l, service, link->text, alias ? (size_t)(colon - link->text) : strlen(link->text), true,
                   &link->mark);
    }
}

static void depend_on_namespaces(struct wh_load *l, struct wh_node *service)
{
    static const char *const keys[] = {"network_mode", "ipc", "pid", "uts", "cgroup"};
    for (size_t i = 0; i < WH_ARRAY_LEN(keys); i++) {
        const struct wh_node *mode = wh_node_get(service, keys[i]);
        if (mode && mode->kind == WH_NODE_STR && wh_starts(mode->text, "service:"))
            depend(l, service, mode->text + 8, strlen(mode->text + 8), true, &mode->mark);
    }
}

static void depend_on_volumes(struct wh_load *l, struct wh_node *service)
{
    const struct wh_node *from = wh_node_get(service, "volumes_from");
    for (size_t i = 0; from && from->kind == WH_NODE_SEQ && i < from->seq.len; i++) {
        const struct wh_node *item = from->seq.items[i];
        if (item->kind == WH_NODE_STR && !wh_starts(item->text, "container:"))
            depend(l, service, item->text, strcspn(item->text, ":"), false, &item->mark);
    }
}

/* ---- the rest of a service ---- */

static void normalize_build(struct wh_load *l, struct wh_node *service)
{
    struct wh_node *build = wh_node_get(service, "build");
    if (!build || build->kind != WH_NODE_MAP)
        return;
    if (!wh_node_get(build, "context"))
        wh_node_put_str(l->arena, build, "context", ".");
    if (!wh_node_get(build, "dockerfile") && !wh_node_get(build, "dockerfile_inline"))
        wh_node_put_str(l->arena, build, "dockerfile", "Dockerfile");
    resolve_keys(l, build, "args", false);
}

static void normalize_mounts(struct wh_load *l, struct wh_node *service)
{
    const struct wh_node *mounts = wh_node_get(service, "volumes");
    for (size_t i = 0; mounts && mounts->kind == WH_NODE_SEQ && i < mounts->seq.len; i++) {
        struct wh_node *target = wh_node_get(mounts->seq.items[i], "target");
        const char *clean = target && target->kind == WH_NODE_STR ? wh_clean_target(l->arena, target->text) : NULL;
        if (clean) {
            target->text = clean;
            target->text_len = strlen(clean);
        }
    }
}

static void inherit_hook_image(struct wh_load *l, struct wh_node *service)
{
    const struct wh_node *hooks = wh_node_get(service, "pre_start");
    const char *image = wh_node_get_str(service, "image", "");
    for (size_t i = 0; *image && hooks && hooks->kind == WH_NODE_SEQ && i < hooks->seq.len; i++)
        if (!wh_node_get(hooks->seq.items[i], "image"))
            wh_node_put_str(l->arena, hooks->seq.items[i], "image", image);
}

static void normalize_service(struct wh_load *l, struct wh_node *service)
{
    if (wh_streq(wh_node_get_str(service, "pull_policy", NULL), "if_not_present"))
        wh_node_put_str(l->arena, service, "pull_policy", "missing");
    normalize_build(l, service);
    depend_on_links(l, service);
    depend_on_namespaces(l, service);
    depend_on_volumes(l, service);
    normalize_mounts(l, service);
    inherit_hook_image(l, service);
}

/* ---- names ---- */

static void name_resources(struct wh_load *l, const struct wh_node *root, const char *key)
{
    const struct wh_node *map = section(root, key);
    const char *project = wh_node_get_str(root, "name", l->res->project_name);
    for (size_t i = 0; map && i < map->map.len; i++) {
        struct wh_pair *pair = &map->map.pairs[i];
        if (pair->value->kind == WH_NODE_NULL)
            pair->value = wh_node_map(l->arena, &pair->value->mark);
        const struct wh_node *name = wh_node_get(pair->value, "name");
        if (name && name->kind != WH_NODE_NULL)
            continue;
        bool external = wh_node_get_bool(pair->value, "external", false);
        const char *text = external ? pair->key : wh_arena_fmt(l->arena, "%s_%s", project, pair->key);
        wh_node_put_str(l->arena, pair->value, "name", text);
    }
}

void wh_compose_resolve_keys(struct wh_load *l, const struct wh_node *root)
{
    const struct wh_node *services = section(root, "services");
    for (size_t i = 0; services && i < services->map.len; i++)
        resolve_keys(l, services->map.pairs[i].value, "environment", true);
}

int wh_compose_normalize(struct wh_load *l, struct wh_node *root)
{
    static const char *const resources[] = {"networks", "volumes", "configs", "secrets"};
    normalize_networks(l, root);
    const struct wh_node *services = section(root, "services");
    for (size_t i = 0; services && i < services->map.len; i++)
        if (services->map.pairs[i].value->kind == WH_NODE_MAP)
            normalize_service(l, services->map.pairs[i].value);
    for (size_t i = 0; i < WH_ARRAY_LEN(resources); i++)
        name_resources(l, root, resources[i]);
    return 0;
}
