/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identities of configurations. The text that is hashed is the compact JSON of the canonical node, in its order of
 * keys, without what needs no new container. The keys' order is fixed by the loader's tables.
 */
#include "whale/model.h"

#include "whale/codec/digest.h"
#include "whale/codec/json.h"
#include "whale/util/str.h"

#include <errno.h>

static int hash_node(const struct wh_node *n, char ret_hex[WH_HASH_HEX], struct wh_err *err)
{
    wh_auto_str text = {0};
    if (wh_json_write(n, WH_JSON_GO, &text) < 0)
        return wh_fail(err, ENOMEM, "config hash");
    wh_sha256_of(wh_str_c(&text), text.len, ret_hex);
    return 0;
}

/* A shallow copy of a map without some keys. */
static struct wh_node *without(struct wh_arena *a, const struct wh_node *map, const char *const *keys, size_t n)
{
    struct wh_node *copy = wh_node_map(a, &map->mark);
    for (size_t i = 0; copy && i < map->map.len; i++) {
        bool skip = false;
        for (size_t k = 0; k < n; k++)
            skip = skip || wh_streq(map->map.pairs[i].key, keys[k]);
        if (!skip)
            wh_node_set(a, copy, map->map.pairs[i].key, NULL, map->map.pairs[i].value);
    }
    return copy;
}

/* A map of nothing but empty maps. */
static bool is_hollow(const struct wh_node *map)
{
    for (size_t i = 0; map && map->kind == WH_NODE_MAP && i < map->map.len; i++)
        if (map->map.pairs[i].value->kind != WH_NODE_MAP || wh_node_len(map->map.pairs[i].value))
            return false;
    return map && map->kind == WH_NODE_MAP;
}

int wh_service_hash(const struct wh_service *s, char ret_hex[WH_HASH_HEX], struct wh_err *err)
{
    static const char *const ignored[] = {"build", "pull_policy", "scale", "depends_on", "profiles"};
    static const char *const ignored_deploy[] = {"replicas"};
    wh_auto_arena a = {0};
    struct wh_node *copy = without(&a, s->node, ignored, WH_ARRAY_LEN(ignored));
    struct wh_node *deploy = wh_node_get(copy, "deploy");
    if (deploy && deploy->kind == WH_NODE_MAP)
        deploy = without(&a, deploy, ignored_deploy, WH_ARRAY_LEN(ignored_deploy));
    if (is_hollow(deploy)) /* a section that says nothing must not recreate anything */
        wh_node_del(copy, "deploy");
    else if (deploy)
        wh_node_put(&a, copy, "deploy", deploy);
    if (!copy || a.failed)
        return wh_fail(err, ENOMEM, "config hash");
    return hash_node(copy, ret_hex, err);
}

int wh_network_hash(const struct wh_network *n, char ret_hex[WH_HASH_HEX], struct wh_err *err)
{
    return hash_node(n->node, ret_hex, err);
}

/* `driver: local` is what a volume without a driver has. */
int wh_volume_hash(const struct wh_volume *v, char ret_hex[WH_HASH_HEX], struct wh_err *err)
{
    static const char *const ignored[] = {"driver"};
    wh_auto_arena a = {0};
    bool local = wh_streq(v->driver, "local");
    struct wh_node *copy = without(&a, v->node, ignored, local ? 1 : 0);
    return copy ? hash_node(copy, ret_hex, err) : wh_fail(err, ENOMEM, "config hash");
}
