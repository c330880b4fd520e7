/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest.json: [{"Config": name, "RepoTags": [...], "Layers": [names, bottom first]}]. */
#include "layout.h"
#include "load.h"
#include "whale/codec/json.h"

#include <errno.h>

static int add_layers(struct load *l, struct assembly *m, const struct wh_node *layers, struct wh_err *err)
{
    for (size_t i = 0; layers && i < m->n; i++) {
        const struct wh_node *name = layers->seq.items[i];
        if (name->kind != WH_NODE_STR)
            return wh_fail(err, WH_E_INVALID, "manifest.json: a layer is not a string");
        if (archive_layer(l->archive, m, i, name->text, NULL, err) < 0)
            return -1;
    }
    return 0;
}

static int read_names(const struct wh_node *entry, struct wh_strv *ret, struct wh_err *err)
{
    const struct wh_node *tags = wh_node_get(entry, "RepoTags");
    for (size_t i = 0; i < wh_node_len(tags); i++) {
        if (tags->kind != WH_NODE_SEQ || tags->seq.items[i]->kind != WH_NODE_STR)
            return wh_fail(err, WH_E_INVALID, "manifest.json: RepoTags is not a list of strings");
        if (wh_strv_add(ret, tags->seq.items[i]->text) < 0)
            return wh_fail(err, ENOMEM, "manifest.json");
    }
    return 0;
}

static int load_entry(struct load *l, const struct wh_node *entry, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_strv names = {0};
    auto_assembly m = {0};
    const char *config, *config_name = wh_node_get_str(entry, "Config", NULL);
    const struct wh_node *layers = wh_node_get(entry, "Layers");
    size_t config_len;
    if (!config_name || (layers && layers->kind != WH_NODE_SEQ && layers->kind != WH_NODE_NULL))
        return wh_fail(err, WH_E_INVALID, "manifest.json is malformed");
    int r = archive_text(l->archive, config_name, &config, &config_len, err);
    if (r != 0)
        return r < 0 ? -1 : wh_fail(err, WH_E_INVALID, "archive has no config %.200s", config_name);
    if (assembly_begin(&m, &a, l->archive->store, config, config_len, wh_node_len(layers), err) < 0 ||
        add_layers(l, &m, layers, err) < 0 || read_names(entry, &names, err) < 0)
        return -1;
    return load_commit(l, &a, &m, &names, err);
}

int load_docker(struct load *l, const char *manifest, size_t len, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_node *doc;
    if (wh_json_parse(&a, manifest, len, "manifest.json", &doc, err) < 0)
        return -1;
    if (doc->kind != WH_NODE_SEQ)
        return wh_fail(err, WH_E_INVALID, "manifest.json is not a list");
    for (size_t i = 0; i < doc->seq.len; i++)
        if (load_entry(l, doc->seq.items[i], err) < 0)
            return -1;
    return 0;
}
