/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image inspect: the fields docker prints, as a JSON array. */
#include "command.h"
#include "layout.h"
#include "record.h"
#include "whale/codec/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct wh_node *text_list(struct wh_arena *a, const char *const *texts, size_t n)
{
    struct wh_node *list = wh_node_seq(a, NULL);
    for (size_t i = 0; i < n; i++)
        wh_node_push_str(a, list, texts[i]);
    return list;
}

static struct wh_node *describe_rootfs(struct wh_arena *a, const struct wh_image *image)
{
    struct wh_node *rootfs = wh_node_map(a, NULL), *layers = wh_node_seq(a, NULL);
    for (size_t i = image->n_layers; i-- > 0;)
        wh_node_push_str(a, layers, image->layers[i].diff_id);
    wh_node_put_str(a, rootfs, "Type", "layers");
    wh_node_put(a, rootfs, "Layers", layers);
    return rootfs;
}

static struct wh_node *describe_driver(struct wh_arena *a, const struct wh_image *image)
{
    wh_auto_str lower = {0};
    struct wh_node *driver = wh_node_map(a, NULL), *data = wh_node_map(a, NULL);
    for (size_t i = 0; i < image->n_layers; i++)
        wh_str_fmt(&lower, "%s%s/%s/" LAYER_TREE, i ? ":" : "", image->layers_dir, image->layers[i].name);
    wh_node_put_str(a, data, "LowerDir", wh_str_c(&lower));
    wh_node_put_str(a, driver, "Name", "overlay");
    wh_node_put(a, driver, "Data", data);
    return driver;
}

static struct wh_node *describe(struct wh_arena *a, const struct wh_image *image, struct wh_node *doc)
{
    struct wh_node *n = wh_node_map(a, NULL), *config = wh_node_get(doc, "config"), *history;
    history = wh_node_get(doc, "history");
    const struct wh_node *last = wh_node_len(history) ? history->seq.items[wh_node_len(history) - 1] : NULL;
    wh_node_put_str(a, n, "Id", image->id);
    wh_node_put(a, n, "RepoTags", text_list(a, image->repo_tags, image->n_repo_tags));
    wh_node_put(a, n, "RepoDigests", text_list(a, image->repo_digests, image->n_repo_digests));
    wh_node_put_str(a, n, "Parent", "");
    wh_node_put_str(a, n, "Comment", wh_node_get_str(last, "comment", ""));
    wh_node_put_str(a, n, "Created", image->created);
    wh_node_put_str(a, n, "Author", wh_node_get_str(doc, "author", ""));
    wh_node_put(a, n, "Config", config ? config : wh_node_map(a, NULL));
    wh_node_put_str(a, n, "Architecture", image->architecture);
    if (*image->variant)
        wh_node_put_str(a, n, "Variant", image->variant);
    wh_node_put_str(a, n, "Os", image->os);
    wh_node_put_int(a, n, "Size", image->size_bytes);
    wh_node_put(a, n, "GraphDriver", describe_driver(a, image));
    wh_node_put(a, n, "RootFS", describe_rootfs(a, image));
    return n;
}

int cmd_inspect(struct request *q, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_str text = {0};
    wh_auto_vec refs = WH_VEC(struct layout_ref);
    struct wh_node *list = wh_node_seq(&a, NULL);
    if (layout_refs(&a, q->root, &refs, err) < 0)
        return -1;
    for (size_t i = 0; i < q->n_args; i++) {
        struct wh_image image;
        struct wh_node *doc = NULL;
        int r = wh_image_lookup(&a, q->root, q->args[i], &image, err);
        if (r == 0)
            r = record_read(&a, q->root, layout_hex(image.id), &refs, &image, &doc, err);
        if (r != 0)
            return r < 0 ? -1 : wh_fail(err, WH_E_NOT_FOUND, "No such image: %s", q->args[i]);
        wh_node_push(&a, list, describe(&a, &image, doc));
    }
    if (a.failed || wh_json_write(list, WH_JSON_PRETTY, &text) < 0)
        return wh_fail(err, ENOMEM, "image description");
    fputs(wh_str_c(&text), stdout);
    if (text.len && text.data[text.len - 1] != '\n')
        putchar('\n');
    return 0;
}
