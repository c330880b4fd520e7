/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every field is foreign: digests are checked against the grammar when they are read, so that none can be a path. */
#include "manifest.h"

#include "layout.h"
#include "limits.h"
#include "whale/codec/json.h"

#include <errno.h>
#include <string.h>

#define MAX_INDEX_ENTRIES 1024

static const struct {
    const char *media_type;
    bool is_index;
} types[] = {
    {MEDIA_OCI_INDEX, true},
    {MEDIA_DOCKER_LIST, true},
    {MEDIA_OCI_MANIFEST, false},
    {MEDIA_DOCKER_MANIFEST, false},
};

/* The registered type without parameters ("; charset=..."). */
static bool same_type(const char *a, const char *b)
{
    size_t n = strcspn(a, "; ");
    return n == strcspn(b, "; ") && !strncmp(a, b, n);
}

/* Whether the type is one of the table: 1, and is_index; else 0. */
static int find_type(const char *media_type, bool *ret_is_index)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(types); i++)
        if (same_type(types[i].media_type, media_type)) {
            *ret_is_index = types[i].is_index;
            return 1;
        }
    return 0;
}

static void read_platform(const struct wh_node *n, struct descriptor *ret)
{
    const struct wh_node *p = wh_node_get(n, "platform");
    if (!p || p->kind != WH_NODE_MAP)
        return;
    ret->has_platform = true;
    ret->platform.os = wh_node_get_str(p, "os", "");
    ret->platform.architecture = wh_node_get_str(p, "architecture", "");
    ret->platform.variant = wh_node_get_str(p, "variant", "");
    ret->attestation = wh_streq(ret->platform.os, "unknown") && wh_streq(ret->platform.architecture, "unknown");
}

static int read_descriptor(const struct wh_node *n, struct descriptor *ret, struct wh_err *err)
{
    const struct wh_node *notes = wh_node_get(n, "annotations");
    *ret = (struct descriptor){
        .media_type = wh_node_get_str(n, "mediaType", ""),
        .digest = wh_node_get_str(n, "digest", ""),
        .size_bytes = wh_node_get_int(n, "size", -1),
        .ref_name = wh_node_get_str(notes, "org.opencontainers.image.ref.name", NULL),
        .name = wh_node_get_str(notes, "io.containerd.image.name", NULL),
    };
    read_platform(n, ret);
    if (wh_node_get(notes, "vnd.docker.reference.type"))
        ret->attestation = true;
    if (!wh_digest_valid(ret->digest))
        return wh_fail(err, WH_E_INVALID, "manifest has \"%.100s\", which is not a sha256 digest", ret->digest);
    if (ret->size_bytes < 0)
        return wh_fail(err, WH_E_INVALID, "manifest does not tell the size of %s", ret->digest);
    return 0;
}

static int read_items(struct wh_arena *a, const struct wh_node *list, size_t max, struct manifest *ret,
                      struct wh_err *err)
{
    if (list->kind != WH_NODE_SEQ)
        return wh_fail(err, WH_E_INVALID, "manifest is malformed");
    if (list->seq.len > max)
        return wh_fail(err, WH_E_LIMIT, "manifest has %zu entries, more than %zu", list->seq.len, max);
    ret->items = wh_arena_array(a, struct descriptor, list->seq.len + 1);
    if (!ret->items)
        return wh_fail(err, ENOMEM, "manifest");
    ret->n_items = list->seq.len;
    for (size_t i = 0; i < list->seq.len; i++)
        if (read_descriptor(list->seq.items[i], &ret->items[i], err) < 0)
            return -1;
    return 0;
}

static int check_kind(const struct wh_node *doc, const char *media_type, struct manifest *ret, struct wh_err *err)
{
    const char *own = wh_node_get_str(doc, "mediaType", "");
    const bool has_layers = wh_node_get(doc, "layers") || wh_node_get(doc, "config");
    const bool has_manifests = wh_node_get(doc, "manifests");
    bool by_type;
    if (wh_node_get_int(doc, "schemaVersion", 2) == 1 || wh_node_get(doc, "fsLayers"))
        return wh_fail(err, WH_E_INVALID, "manifest is of schema 1, which is not supported any more");
    if (has_layers == has_manifests)
        return wh_fail(err, WH_E_INVALID, "manifest is %s",
                       has_layers ? "both an image and an index" : "neither an image nor an index");
    if (*own && *media_type && find_type(media_type, &by_type) && !same_type(own, media_type))
        return wh_fail(err, WH_E_INVALID, "manifest calls itself %.100s but was announced as %.100s", own, media_type);
    if ((find_type(media_type, &by_type) || find_type(own, &by_type)) && by_type != has_manifests)
        return wh_fail(err, WH_E_INVALID, "manifest's content is not of the type it was announced as");
    ret->is_index = has_manifests;
    return 0;
}

int manifest_parse(struct wh_arena *a, const char *text, size_t len, const char *media_type, struct manifest *ret,
                   struct wh_err *err)
{
    struct wh_node *doc;
    *ret = (struct manifest){0};
    if (len > LIMIT_MANIFEST_BYTES)
        return wh_fail(err, WH_E_LIMIT, "manifest is larger than %zu bytes", LIMIT_MANIFEST_BYTES);
    if (wh_json_parse(a, text, len, "manifest", &doc, err) < 0)
        return -1;
    if (doc->kind != WH_NODE_MAP)
        return wh_fail(err, WH_E_INVALID, "manifest is not an object");
    if (check_kind(doc, media_type, ret, err) < 0)
        return -1;
    if (ret->is_index)
        return read_items(a, wh_node_get(doc, "manifests"), MAX_INDEX_ENTRIES, ret, err);
    const struct wh_node *config = wh_node_get(doc, "config"), *layers = wh_node_get(doc, "layers");
    if (!config || !layers)
        return wh_fail(err, WH_E_INVALID, "manifest has no %s", config ? "layers" : "config");
    if (read_descriptor(config, &ret->config, err) < 0)
        return -1;
    return read_items(a, layers, LAYOUT_MAX_LAYERS, ret, err);
}

static int rank(const struct descriptor *d, const struct platform *want)
{
    bool is_index;
    if (d->attestation || (*d->media_type && !find_type(d->media_type, &is_index)))
        return 0;
    return d->has_platform ? platform_rank(want, &d->platform) : 1;
}

static const char *offers(struct wh_arena *a, const struct manifest *index)
{
    const char *text = "";
    for (size_t i = 0; i < index->n_items && i < 20; i++)
        if (index->items[i].has_platform && !index->items[i].attestation)
            text = wh_arena_fmt(a, "%s%s%s", text, *text ? ", " : "", platform_text(a, &index->items[i].platform));
    return *text ? text : "nothing for any platform";
}

int manifest_choose(struct wh_arena *a, const struct manifest *index, const struct platform *want,
                    const struct descriptor **ret, struct wh_err *err)
{
    int best = 0;
    for (size_t i = 0; i < index->n_items; i++) {
        int r = rank(&index->items[i], want);
        if (r > best) {
            best = r;
            *ret = &index->items[i];
        }
    }
    if (best)
        return 0;
    wh_fail(err, WH_E_NOT_FOUND, "no matching manifest for %s in the manifest list entries", platform_text(a, want));
    wh_err_hint(err, "the image offers %s", offers(a, index));
    return -1;
}
