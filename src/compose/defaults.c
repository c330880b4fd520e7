/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After the last file of a model: default values of single attributes, checks that need the whole value, and bare
 * keys of `environment`, which take the value of the project's environment.
 */
#include "passes.h"

#include "whale/util/str.h"

#include <arpa/inet.h>
#include <string.h>

typedef void visit_fn(struct wh_load *l, const struct wh_path *path, struct wh_node *n);

static void each(struct wh_load *l, const struct wh_path *up, const struct wh_node *map, const char *key,
                 visit_fn *visit)
{
    const struct wh_node *n = wh_node_get(map, key);
    struct wh_path here = {.up = up, .key = key};
    for (size_t i = 0; n && n->kind == WH_NODE_SEQ && i < n->seq.len; i++) {
        struct wh_path item = {.up = &here, .index = i};
        visit(l, &item, n->seq.items[i]);
    }
    for (size_t i = 0; n && n->kind == WH_NODE_MAP && i < n->map.len; i++) {
        struct wh_path entry = {.up = &here, .key = n->map.pairs[i].key};
        visit(l, &entry, n->map.pairs[i].value);
    }
}

/* ---- defaults ---- */

static void put_default(struct wh_load *l, struct wh_node *map, const char *key, const char *text)
{
    if (map->kind == WH_NODE_MAP && !wh_node_get(map, key))
        wh_node_set(l->arena, map, key, &map->mark, wh_node_str(l->arena, &map->mark, text));
}

static void default_port(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    put_default(l, n, "protocol", "tcp");
    put_default(l, n, "mode", "ingress");
}

static void default_secret(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    const char *source = wh_node_get_str(n, "source", NULL);
    if (source && !wh_node_get(n, "target"))
        put_default(l, n, "target", wh_arena_fmt(l->arena, "/run/secrets/%s", source));
}

static void default_device_request(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    if (!wh_node_get(n, "device_ids"))
        put_default(l, n, "count", "all");
}

static void default_mount(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    struct wh_node *bind = wh_node_get(n, "bind"), *target = wh_node_get(n, "target");
    if (target && target->kind == WH_NODE_STR && !*target->text)
        wh_node_put_str(l->arena, n, "target", "."); /* the folder where the program starts, as a cleaned path */
    if (bind && bind->kind == WH_NODE_MAP && !wh_node_get(bind, "create_host_path"))
        wh_node_set(l->arena, bind, "create_host_path", &bind->mark, wh_node_bool(l->arena, &bind->mark, true));
}

static void default_service(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    struct wh_node *build = wh_node_get(n, "build");
    if (build)
        put_default(l, build, "context", ".");
    each(l, path, n, "ports", default_port);
    each(l, path, n, "secrets", default_secret);
    each(l, path, n, "gpus", default_device_request);
    each(l, path, n, "volumes", default_mount);
    const struct wh_node *resources = wh_node_get(wh_node_get(n, "deploy"), "resources");
    each(l, path, wh_node_get(resources, "reservations"), "devices", default_device_request);
}

int wh_compose_set_defaults(struct wh_load *l, struct wh_node *root)
{
    each(l, NULL, root, "services", default_service);
    return 0;
}

/* ---- checks ---- */

static const char *where(struct wh_load *l, const struct wh_path *path)
{
    return wh_path_text(l->arena, path, WH_PATH_BRACKETS);
}

static void check_host_ip(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    unsigned char address[sizeof(struct in6_addr)];
    const struct wh_node *ip = wh_node_get(n, "host_ip");
    if (!ip || ip->kind != WH_NODE_STR || inet_pton(AF_INET, ip->text, address) == 1 ||
        inet_pton(AF_INET6, ip->text, address) == 1)
        return;
    struct wh_diag *d = wh_diag_error(l->diags, &ip->mark, "%s: invalid ip address: %s", where(l, path), ip->text);
    if (wh_streq(ip->text, "localhost"))
        wh_diag_hint(l->diags, d, "write 127.0.0.1");
}

static void check_device_request(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    const struct wh_node *count = wh_node_get(n, "count");
    if (count && wh_node_get(n, "device_ids"))
        wh_diag_error(l->diags, &count->mark, "%s: \"count\" and \"device_ids\" attributes are exclusive",
                      where(l, path));
}

static void check_watch_rule(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    const struct wh_node *value = wh_node_get(n, "path");
    if (value && value->kind == WH_NODE_STR && !*value->text)
        wh_diag_error(l->diags, &value->mark, "%s.path: value can't be blank", where(l, path));
}

static void check_service(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    each(l, path, n, "ports", check_host_ip);
    each(l, path, n, "gpus", check_device_request);
    struct wh_path develop = {.up = path, .key = "develop"};
    each(l, &develop, wh_node_get(n, "develop"), "watch", check_watch_rule);
    struct wh_path deploy = {.up = path, .key = "deploy"}, resources = {.up = &deploy, .key = "resources"},
                   reservations = {.up = &resources, .key = "reservations"};
    const struct wh_node *node = wh_node_get(wh_node_get(n, "deploy"), "resources");
    each(l, &reservations, wh_node_get(node, "reservations"), "devices", check_device_request);
}

static bool is_external(const struct wh_node *n)
{
    const struct wh_node *external = wh_node_get(n, "external");
    return external && external->kind == WH_NODE_BOOL && external->boolean;
}

static void check_volume(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    for (size_t i = 0; is_external(n) && i < n->map.len; i++) {
        const struct wh_pair *p = &n->map.pairs[i];
        if (wh_streq(p->key, "external") || wh_streq(p->key, "name") || wh_starts(p->key, "x-"))
            continue;
        wh_diag_error(l->diags, &p->key_mark, "%s: conflicting parameters \"external\" and \"%s\" specified",
                      where(l, path), p->key);
    }
}

static void check_sources(struct wh_load *l, const struct wh_path *path, const struct wh_node *n,
                          const char *const *keys, const char *names)
{
    size_t count = 0;
    for (; *keys; keys++)
        count += wh_node_get(n, *keys) != NULL;
    if (count > 1)
        wh_diag_error(l->diags, &n->mark, "%s: %s attributes are mutually exclusive", where(l, path), names);
    else if (count == 0 && !wh_node_get(n, "driver") && !wh_node_get(n, "external"))
        wh_diag_error(l->diags, &n->mark, "%s: one of %s must be set", where(l, path), names);
}

static void check_config(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    static const char *const keys[] = {"file", "environment", "content", NULL};
    check_sources(l, path, n, keys, "file|environment|content");
}

static void check_secret(struct wh_load *l, const struct wh_path *path, struct wh_node *n)
{
    static const char *const keys[] = {"file", "environment", NULL};
    check_sources(l, path, n, keys, "file|environment");
}

int wh_compose_check_values(struct wh_load *l, struct wh_node *root)
{
    size_t before = l->diags->n_errors;
    each(l, NULL, root, "volumes", check_volume);
    each(l, NULL, root, "configs", check_config);
    each(l, NULL, root, "secrets", check_secret);
    each(l, NULL, root, "services", check_service);
    return l->diags->n_errors > before ? -1 : 0;
}

/* ---- bare keys of environment ---- */

/* In the list form, by the environment of the file; the map form is resolved for the project. */
static void resolve_bare_keys(struct wh_arena *a, struct wh_node *list, const struct wh_env *env)
{
    for (size_t i = 0; list && list->kind == WH_NODE_SEQ && i < list->seq.len; i++) {
        struct wh_node *item = list->seq.items[i];
        const char *value = item->kind == WH_NODE_STR ? wh_env_get(env, item->text) : NULL;
        const char *text = value ? wh_arena_fmt(a, "%s=%s", item->text, value) : NULL;
        if (text) {
            item->text = text;
            item->text_len = strlen(text);
        }
    }
}

/* The content of configs and secrets that come from a variable, kept beside it under a key that is never printed. */
static void resolve_sources(struct wh_arena *a, const struct wh_node *map, const struct wh_env *env)
{
    for (size_t i = 0; map && map->kind == WH_NODE_MAP && i < map->map.len; i++) {
        struct wh_node *source = map->map.pairs[i].value;
        const char *name = wh_node_get_str(source, "environment", NULL);
        const char *value = name ? wh_env_get(env, name) : NULL;
        if (value)
            wh_node_put_str(a, source, WH_KEY_VALUE, value);
    }
}

int wh_compose_resolve_environment(struct wh_load *l, struct wh_node *root, const struct wh_env *env)
{
    const struct wh_node *services = wh_node_get(root, "services");
    bool wanted = !l->opts->no_interpolate && services && services->kind == WH_NODE_MAP;
    for (size_t i = 0; wanted && i < services->map.len; i++)
        resolve_bare_keys(l->arena, wh_node_get(services->map.pairs[i].value, "environment"), env);
    resolve_sources(l->arena, wh_node_get(root, "configs"), env);
    resolve_sources(l->arena, wh_node_get(root, "secrets"), env);
    return 0;
}
