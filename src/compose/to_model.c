/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the loaded tree to the typed project. The tree is the JSON form plus what only a runtime needs: texts of configs
 * and secrets that come from variables, and a digest of each config's and secret's content in the services that use
 * it, so that a change of the content changes the service's hash and recreates its containers.
 */
#include "passes.h"

#include "whale/codec/digest.h"
#include "whale/model.h"
#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

/* Copies the resolved texts of variables into the tree as `content`. */
static void put_contents(struct wh_load_result *r, const struct wh_node *tree, const char *section)
{
    const struct wh_node *from = wh_node_get(r->root, section), *to = wh_node_get(tree, section);
    for (size_t i = 0; to && i < wh_node_len(to); i++) {
        struct wh_node *entry = to->map.pairs[i].value;
        const struct wh_node *value = wh_node_get(wh_node_get(from, to->map.pairs[i].key), WH_KEY_VALUE);
        if (value && entry->kind == WH_NODE_MAP)
            wh_node_put_str(&r->arena, entry, "content", value->text);
    }
}

/* NULL when the content is not known here (external, or a file that is not there yet). */
static const char *digest_of(struct wh_arena *a, const struct wh_node *source)
{
    char hex[WH_SHA256_HEX];
    const char *content = wh_node_get_str(source, "content", NULL);
    const char *file = wh_node_get_str(source, "file", NULL);
    if (content)
        wh_sha256_of(content, strlen(content), hex);
    else if (!file || wh_sha256_file(file, hex) < 0)
        return NULL;
    return wh_arena_strdup(a, hex);
}

static void put_digests(struct wh_load_result *r, const struct wh_node *tree, const struct wh_node *service,
                        const char *section, struct wh_map *known)
{
    const struct wh_node *refs = wh_node_get(service, section), *sources = wh_node_get(tree, section);
    for (size_t i = 0; refs && refs->kind == WH_NODE_SEQ && i < refs->seq.len; i++) {
        const char *name = wh_node_get_str(refs->seq.items[i], "source", "");
        const struct wh_node *source = wh_node_get(sources, name);
        if (!source)
            continue;
        if (!wh_map_has(known, name))
            wh_map_set(known, name, (void *)(uintptr_t)digest_of(&r->arena, source));
        wh_node_put_str(&r->arena, refs->seq.items[i], "digest", wh_map_get(known, name));
    }
}

struct wh_node *wh_compose_add_runtime(struct wh_load_result *r, struct wh_node *tree)
{
    static const char *const sections[] = {"configs", "secrets"};
    const struct wh_node *services = wh_node_get(tree, "services");
    for (size_t k = 0; k < WH_ARRAY_LEN(sections); k++) {
        wh_auto_map known = {0};
        put_contents(r, tree, sections[k]);
        for (size_t i = 0; i < wh_node_len(services); i++)
            put_digests(r, tree, services->map.pairs[i].value, sections[k], &known);
    }
    return tree;
}

static struct wh_texts texts_of(struct wh_arena *a, const struct wh_vec *v)
{
    struct wh_texts t = {.items = wh_arena_array(a, const char *, v->len + 1), .len = v->len};
    for (size_t i = 0; t.items && i < v->len; i++)
        t.items[i] = wh_vec_at(v, const char *, i);
    return t.items ? t : (struct wh_texts){0};
}

int wh_compose_project(struct wh_load_result *r, struct wh_project **ret, struct wh_err *err)
{
    struct wh_node *tree = wh_compose_tree(r, WH_COMPOSE_MODEL);
    if (!tree)
        return wh_fail(err, ENOMEM, "project");
    if (wh_project_from_node(&r->arena, tree, ret, err) < 0)
        return -1;
    (*ret)->working_dir = r->working_dir;
    (*ret)->config_files = texts_of(&r->arena, &r->config_files);
    (*ret)->env_files = texts_of(&r->arena, &r->env_files);
    return r->arena.failed ? wh_fail(err, ENOMEM, "project") : 0;
}
