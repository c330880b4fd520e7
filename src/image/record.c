/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads records/<hex>.json and blobs/sha256/<hex>; the config has no copy in the record. */
#include "record.h"

#include "config.h"
#include "layout.h"
#include "whale/codec/json.h"
#include "whale/util/file.h"

#include <errno.h>
#include <string.h>

#define SUFFIX     ".json"
#define HEX_DIGITS 64

static int read_layers(struct wh_arena *a, const struct wh_node *doc, struct wh_image *ret, struct wh_err *err)
{
    const struct wh_node *list = wh_node_get(doc, "layers");
    size_t n = wh_node_len(list);
    struct wh_image_layer *out = wh_arena_array(a, struct wh_image_layer, n + 1);
    if (!out)
        return wh_fail(err, ENOMEM, "image record");
    for (size_t i = 0; i < n; i++) {
        const struct wh_node *l = list->seq.items[i];
        out[n - 1 - i] = (struct wh_image_layer){
            .name = wh_node_get_str(l, "name", ""),
            .diff_id = wh_node_get_str(l, "diff_id", ""),
            .chain_id = wh_node_get_str(l, "chain_id", ""),
            .size_bytes = wh_node_get_int(l, "size", 0),
        };
    }
    ret->layers = out;
    ret->n_layers = n;
    return 0;
}

/* The names that point at this image, split into tags and digests. */
static int take_names(struct wh_arena *a, const struct wh_vec *refs, const char *hex, struct wh_image *ret)
{
    ret->repo_tags = wh_arena_array(a, const char *, refs->len + 1);
    ret->repo_digests = wh_arena_array(a, const char *, refs->len + 1);
    if (!ret->repo_tags || !ret->repo_digests)
        return -1;
    for (size_t i = 0; i < refs->len; i++) {
        const struct layout_ref *r = &wh_vec_at(refs, struct layout_ref, i);
        if (!wh_streq(r->hex, hex))
            continue;
        if (r->is_digest)
            ret->repo_digests[ret->n_repo_digests++] = r->text;
        else
            ret->repo_tags[ret->n_repo_tags++] = r->text;
    }
    return 0;
}

static int load_config(struct wh_arena *a, const char *root, const char *hex, struct wh_image *ret,
                       struct wh_node **ret_config, struct wh_err *err)
{
    struct wh_node *config = NULL;
    char *path = layout_path(a, root, LAYOUT_BLOBS "/%s", hex);
    if (!path)
        return wh_fail(err, ENOMEM, "image config");
    if (wh_json_load(a, path, LAYOUT_MAX_JSON_BYTES, &config, err) < 0 || config_read(a, config, ret, err) < 0)
        return -1;
    if (ret_config)
        *ret_config = config;
    return 0;
}

int record_read(struct wh_arena *a, const char *root, const char *hex, const struct wh_vec *refs, struct wh_image *ret,
                struct wh_node **ret_config, struct wh_err *err)
{
    struct wh_node *doc = NULL;
    *ret = (struct wh_image){0};
    char *path = layout_path(a, root, LAYOUT_RECORDS "/%s" SUFFIX, hex);
    ret->layers_dir = layout_path(a, root, LAYOUT_LAYERS);
    ret->id = wh_arena_fmt(a, "sha256:%s", hex);
    if (!path || !ret->layers_dir || !ret->id || take_names(a, refs, hex, ret) < 0)
        return wh_fail(err, ENOMEM, "image record");
    if (!wh_path_exists(path))
        return WH_IMAGE_ABSENT;
    if (wh_json_load(a, path, LAYOUT_MAX_JSON_BYTES, &doc, err) < 0)
        return wh_wrap(err, "image record");
    if (wh_node_get_int(doc, "version", 0) != LAYOUT_VERSION)
        return wh_fail(err, WH_E_INVALID, "image record %s has an unknown version", path);
    ret->size_bytes = wh_node_get_int(doc, "size", 0);
    if (read_layers(a, doc, ret, err) < 0 || load_config(a, root, hex, ret, ret_config, err) < 0)
        return wh_wrap(err, "image %.12s", hex);
    return 0;
}

int record_scan(struct wh_arena *a, const char *root, const char *prefix, struct wh_strv *ret, struct wh_err *err)
{
    char *dir = layout_path(a, root, LAYOUT_RECORDS);
    if (!dir)
        return wh_fail(err, ENOMEM, "image records");
    wh_auto_dir d = opendir(dir);
    if (!d)
        return errno == ENOENT ? 0 : wh_fail(err, errno, "open %s", dir);
    for (struct dirent *e; (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        if (len != HEX_DIGITS + strlen(SUFFIX) || !wh_ends(e->d_name, SUFFIX) || !wh_starts(e->d_name, prefix))
            continue;
        char *hex = wh_arena_strndup(a, e->d_name, HEX_DIGITS);
        if (!hex || wh_strv_add(ret, hex) < 0)
            return wh_fail(err, ENOMEM, "image records");
    }
    wh_strv_sort(ret);
    return 0;
}
