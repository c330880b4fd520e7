/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identities of configurations. The text that is hashed is the compact JSON of the canonical node, as docker compose's
 * encoder writes it: keys in the order of the loader's tables, free maps by bytes, <, > and & escaped.
 */
#include "whale/model.h"

#include "whale/codec/digest.h"
#include "whale/codec/json.h"
#include "whale/util/str.h"

#include <errno.h>

static int hash_node(const struct wh_node *n, char ret_hex[WH_HASH_HEX], struct wh_err *err)
{
    wh_auto_str text = {0};
    if (!n || wh_json_write(n, WH_JSON_COMPACT | WH_JSON_HTML, &text) < 0)
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

/* Entries of configs or secrets without the digests of their contents, which docker compose does not have. */
static void drop_digests(struct wh_arena *a, struct wh_node *service, const char *section)
{
    static const char *const ours[] = {"digest"};
    const struct wh_node *refs = wh_node_get(service, section);
    struct wh_node *list = refs ? wh_node_seq(a, &refs->mark) : NULL;
    for (size_t i = 0; list && i < wh_node_len(refs); i++)
        wh_node_push(a, list, without(a, refs->seq.items[i], ours, WH_ARRAY_LEN(ours)));
    if (list)
        wh_node_put(a, service, section, list);
}

int wh_service_hash(const struct wh_service *s, char ret_hex[WH_HASH_HEX], struct wh_err *err)
{
    static const char *const ignored[] = {"build",      "pull_policy", "scale",
                                          "depends_on", "profiles",    "pull_refresh_after"};
    static const char *const ignored_deploy[] = {"replicas"};
    wh_auto_arena a = {0};
    struct wh_node *copy = without(&a, s->node, ignored, WH_ARRAY_LEN(ignored));
    struct wh_node *deploy = wh_node_get(copy, "deploy");
    if (deploy && deploy->kind == WH_NODE_MAP)
        wh_node_put(&a, copy, "deploy", without(&a, deploy, ignored_deploy, WH_ARRAY_LEN(ignored_deploy)));
    drop_digests(&a, copy, "configs");
    drop_digests(&a, copy, "secrets");
    return hash_node(a.failed ? NULL : copy, ret_hex, err);
}

static void add_digests(const struct wh_node *refs, struct wh_str *out)
{
    for (size_t i = 0; i < wh_node_len(refs); i++)
        wh_str_fmt(out, "%s\n", wh_node_get_str(refs->seq.items[i], "digest", ""));
}

int wh_service_identity(const struct wh_service *s, char ret_hex[WH_IDENTITY_HEX], struct wh_err *err)
{
    wh_auto_str digests = {0};
    const struct wh_node *configs = wh_node_get(s->node, "configs"), *secrets = wh_node_get(s->node, "secrets");
    if (wh_service_hash(s, ret_hex, err) < 0)
        return -1;
    if (wh_node_len(configs) + wh_node_len(secrets) == 0)
        return 0;
    add_digests(configs, &digests);
    add_digests(secrets, &digests);
    if (digests.failed)
        return wh_fail(err, ENOMEM, "config hash");
    ret_hex[WH_HASH_HEX - 1] = ':';
    wh_sha256_of(wh_str_c(&digests), digests.len, ret_hex + WH_HASH_HEX);
    return 0;
}

int wh_network_hash(const struct wh_network *n, char ret_hex[WH_HASH_HEX], struct wh_err *err)
{
    return hash_node(n->node, ret_hex, err);
}

/* `driver: local` is what a volume without a driver has. */
int wh_volume_hash(const struct wh_volume *v, char ret_hex[WH_HASH_HEX], struct wh_err *err)
{
    wh_auto_arena a = {0};
    if (wh_node_get(v->node, "driver"))
        return hash_node(v->node, ret_hex, err);
    struct wh_node *copy = wh_node_map(&a, &v->node->mark);
    if (copy && wh_node_get(v->node, "name"))
        wh_node_put(&a, copy, "name", wh_node_get(v->node, "name"));
    if (copy)
        wh_node_put_str(&a, copy, "driver", "local");
    for (size_t i = 0; copy && i < v->node->map.len; i++)
        wh_node_put(&a, copy, v->node->map.pairs[i].key, v->node->map.pairs[i].value);
    return hash_node(a.failed ? NULL : copy, ret_hex, err);
}
