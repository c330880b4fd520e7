/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image save: an archive that is a docker archive and an OCI layout at once. Layers are put together from the unpacked
 * trees and come out with their old digests. */
#include "command.h"
#include "hash.h"
#include "layout.h"
#include "manifest.h"
#include "split.h"
#include "stream.h"
#include "tar_write.h"
#include "whale/codec/json.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct save {
    struct request *q;
    struct wh_arena *arena;
    int fd;
    struct wh_map written;    /* digests of blobs that are in the archive */
    struct wh_node *docker;   /* manifest.json */
    struct wh_node *oci_list; /* manifests of index.json */
};

/* What was asked for: one image under some of its names. */
struct chosen {
    struct wh_image image;
    struct wh_strv tags;
};

static const char *blob_name(struct wh_arena *a, const char *hex)
{
    return wh_arena_fmt(a, LAYOUT_BLOBS "/%s", hex);
}

static bool is_written(struct save *s, const char *hex)
{
    if (wh_map_has(&s->written, hex))
        return true;
    wh_map_set(&s->written, hex, s);
    return false;
}

/* ---- layers ---- */

static int read_layer_record(struct save *s, const struct wh_image *image, const char *name, int64_t *ret_size,
                             struct wh_err *err)
{
    struct wh_node *doc;
    const char *path = wh_arena_fmt(s->arena, "%s/%s/" LAYER_RECORD, image->layers_dir, name);
    if (!path)
        return wh_fail(err, ENOMEM, "layer");
    if (wh_json_load(s->arena, path, LAYOUT_MAX_JSON_BYTES, &doc, err) < 0)
        return -1;
    if (!wh_node_get_bool(doc, "exact", false))
        return wh_fail(err, WH_E_INVALID, "layer %s held a file twice and cannot be put together again", name);
    *ret_size = wh_node_get_int(doc, "tar_size", 0);
    return 0;
}

static int copy_stream(struct save *s, struct stream *stream, struct wh_err *err)
{
    for (;;) {
        const unsigned char *p;
        size_t n;
        if (stream_peek(stream, &p, &n, err) < 0)
            return -1;
        if (!n)
            return 0;
        if (wh_write_all(s->fd, p, n) < 0)
            return wh_fail(err, errno, "write the archive");
        stream_take(stream, n);
    }
}

static int write_tar(struct save *s, struct split_reader *reader, const char *diff_hex, struct wh_err *err)
{
    const struct limits limits = LIMITS_DEFAULT;
    const struct stream_options options = {.hash_output = true, .limits = &limits};
    struct stream *stream;
    struct stream_result result;
    if (stream_open(split_source(reader), &options, &stream, err) < 0)
        return -1;
    if (copy_stream(s, stream, err) < 0) {
        stream_close(stream);
        return -1;
    }
    if (stream_finish(stream, &result, err) < 0)
        return -1;
    if (!wh_streq(result.output_hex, diff_hex))
        return wh_fail(err, IMAGE_E_DIGEST, "layer sha256:%s has changed in the store", diff_hex);
    return tar_write_pad(s->fd, result.output_bytes, err);
}

static int write_layer(struct save *s, const struct wh_image *image, const struct wh_image_layer *layer,
                       struct wh_err *err)
{
    struct split_reader *reader;
    int64_t size;
    const char *diff_hex = layout_hex(layer->diff_id);
    const char *tree_path = wh_arena_fmt(s->arena, "%s/%s/" LAYER_TREE, image->layers_dir, layer->name);
    const char *split_path = wh_arena_fmt(s->arena, "%s/%s/" LAYER_SPLIT, image->layers_dir, layer->name);
    if (!tree_path || !split_path)
        return wh_fail(err, ENOMEM, "layer");
    if (read_layer_record(s, image, layer->name, &size, err) < 0)
        return -1;
    wh_auto_fd tree = open(tree_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    wh_auto_fd split = open(split_path, O_RDONLY | O_CLOEXEC);
    if (tree < 0 || split < 0)
        return wh_fail(err, errno, "open layer %s", layer->name);
    if (tar_write_header(s->fd, '0', blob_name(s->arena, diff_hex), (uint64_t)size, err) < 0 ||
        split_read_begin(tree, split, &reader, err) < 0)
        return -1;
    int r = write_tar(s, reader, diff_hex, err);
    split_read_end(reader);
    return r;
}

/* ---- documents ---- */

static struct wh_node *describe_blob(struct save *s, const char *media_type, const char *hex, int64_t size)
{
    struct wh_node *d = wh_node_map(s->arena, NULL);
    wh_node_put_str(s->arena, d, "mediaType", media_type);
    wh_node_put_str(s->arena, d, "digest", wh_arena_fmt(s->arena, "sha256:%s", hex));
    wh_node_put_int(s->arena, d, "size", size);
    return d;
}

static int write_document(struct save *s, const char *name, const struct wh_node *doc, struct wh_err *err)
{
    wh_auto_str text = {0};
    if (s->arena->failed || wh_json_write(doc, WH_JSON_COMPACT, &text) < 0)
        return wh_fail(err, ENOMEM, "%s", name);
    return tar_write_file(s->fd, name, text.data, text.len, err);
}

static int write_config(struct save *s, const struct wh_image *image, int64_t *ret_size, struct wh_err *err)
{
    wh_auto_str text = {0};
    const char *hex = layout_hex(image->id);
    char *path = layout_path(s->arena, s->q->root, LAYOUT_BLOBS "/%s", hex);
    if (!path || wh_file_read(path, LAYOUT_MAX_JSON_BYTES, &text, err) < 0)
        return -1;
    *ret_size = (int64_t)text.len;
    return is_written(s, hex) ? 0 : tar_write_file(s->fd, blob_name(s->arena, hex), text.data, text.len, err);
}

/* The OCI manifest of the image, as a blob and in the index. */
static int write_manifest(struct save *s, const struct chosen *c, struct wh_node *layers, int64_t config_size,
                          struct wh_err *err)
{
    char hex[WH_SHA256_HEX];
    wh_auto_str text = {0};
    struct wh_node *doc = wh_node_map(s->arena, NULL);
    wh_node_put_int(s->arena, doc, "schemaVersion", 2);
    wh_node_put_str(s->arena, doc, "mediaType", MEDIA_OCI_MANIFEST);
    wh_node_put(s->arena, doc, "config", describe_blob(s, MEDIA_OCI_CONFIG, layout_hex(c->image.id), config_size));
    wh_node_put(s->arena, doc, "layers", layers);
    if (s->arena->failed || wh_json_write(doc, WH_JSON_COMPACT, &text) < 0 || hash_of(text.data, text.len, hex) < 0)
        return wh_fail(err, ENOMEM, "manifest");
    for (size_t i = 0; i < c->tags.len || i == 0; i++) {
        struct wh_node *d = describe_blob(s, MEDIA_OCI_MANIFEST, hex, (int64_t)text.len);
        struct wh_node *notes = wh_node_map(s->arena, NULL);
        if (c->tags.len) {
            struct wh_ref ref;
            if (wh_ref_parse(s->arena, c->tags.items[i], &ref, err) < 0)
                return -1;
            wh_node_put_str(s->arena, notes, "io.containerd.image.name", wh_ref_canonical(s->arena, &ref));
            wh_node_put_str(s->arena, notes, "org.opencontainers.image.ref.name", ref.tag);
            wh_node_put(s->arena, d, "annotations", notes);
        }
        wh_node_push(s->arena, s->oci_list, d);
    }
    return is_written(s, hex) ? 0 : tar_write_file(s->fd, blob_name(s->arena, hex), text.data, text.len, err);
}

static int write_image(struct save *s, const struct chosen *c, struct wh_err *err)
{
    struct wh_node *entry = wh_node_map(s->arena, NULL), *names = wh_node_seq(s->arena, NULL);
    struct wh_node *tags = wh_node_seq(s->arena, NULL), *layers = wh_node_seq(s->arena, NULL);
    int64_t config_size, size;
    if (write_config(s, &c->image, &config_size, err) < 0)
        return -1;
    for (size_t i = c->image.n_layers; i-- > 0;) {
        const struct wh_image_layer *l = &c->image.layers[i];
        const char *hex = layout_hex(l->diff_id);
        if ((!is_written(s, hex) && write_layer(s, &c->image, l, err) < 0) ||
            read_layer_record(s, &c->image, l->name, &size, err) < 0)
            return -1;
        wh_node_push(s->arena, layers, describe_blob(s, MEDIA_OCI_LAYER, hex, size));
        wh_node_push_str(s->arena, names, blob_name(s->arena, hex));
    }
    for (size_t i = 0; i < c->tags.len; i++)
        wh_node_push_str(s->arena, tags, c->tags.items[i]);
    wh_node_put_str(s->arena, entry, "Config", blob_name(s->arena, layout_hex(c->image.id)));
    wh_node_put(s->arena, entry, "RepoTags", tags);
    wh_node_put(s->arena, entry, "Layers", names);
    wh_node_push(s->arena, s->docker, entry);
    return write_manifest(s, c, layers, config_size, err);
}

static int write_index(struct save *s, struct wh_err *err)
{
    struct wh_node *index = wh_node_map(s->arena, NULL), *mark = wh_node_map(s->arena, NULL);
    wh_node_put_int(s->arena, index, "schemaVersion", 2);
    wh_node_put_str(s->arena, index, "mediaType", MEDIA_OCI_INDEX);
    wh_node_put(s->arena, index, "manifests", s->oci_list);
    wh_node_put_str(s->arena, mark, "imageLayoutVersion", "1.0.0");
    if (write_document(s, "index.json", index, err) < 0 || write_document(s, "manifest.json", s->docker, err) < 0 ||
        write_document(s, "oci-layout", mark, err) < 0)
        return -1;
    return tar_write_end(s->fd, err);
}

/* ---- the command ---- */

/* By id: without names, as docker does it; by name: with that name; several names of one image go together. */
static int choose(struct save *s, const char *text, struct wh_vec *list, struct wh_err *err)
{
    struct wh_image image;
    struct wh_ref ref;
    int r = wh_image_lookup(s->arena, s->q->root, text, &image, err);
    if (r != 0)
        return r < 0 ? -1 : wh_fail(err, WH_E_NOT_FOUND, "No such image: %s", text);
    struct chosen *c = NULL;
    for (size_t i = 0; i < list->len && !c; i++)
        if (wh_streq(wh_vec_at(list, struct chosen, i).image.id, image.id))
            c = &wh_vec_at(list, struct chosen, i);
    if (!c && (c = wh_vec_push(list)))
        c->image = image;
    if (!c)
        return wh_fail(err, ENOMEM, "image list");
    if (wh_ref_parse(s->arena, text, &ref, NULL) < 0 || ref.digest)
        return 0;
    const char *familiar = wh_ref_familiar(s->arena, &ref);
    for (size_t i = 0; i < image.n_repo_tags; i++)
        if (wh_streq(image.repo_tags[i], familiar) && !wh_strv_has(&c->tags, familiar))
            wh_strv_add(&c->tags, familiar);
    return 0;
}

static int write_archive(struct save *s, const struct wh_vec *list, struct wh_err *err)
{
    if (tar_write_header(s->fd, '5', "blobs/", 0, err) < 0 ||
        tar_write_header(s->fd, '5', LAYOUT_BLOBS "/", 0, err) < 0)
        return -1;
    for (size_t i = 0; i < list->len; i++)
        if (write_image(s, &wh_vec_at(list, struct chosen, i), err) < 0)
            return -1;
    return write_index(s, err);
}

static int write_to_file(struct save *s, const struct wh_vec *list, const char *path, struct wh_err *err)
{
    char *temp = wh_arena_fmt(s->arena, "%s.tmp-%d", path, (int)getpid());
    if (!temp)
        return wh_fail(err, ENOMEM, "archive");
    wh_auto_fd fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return wh_fail(err, errno, "create %s", temp);
    s->fd = fd;
    int r = write_archive(s, list, err);
    if (r == 0 && rename(temp, path) < 0)
        r = wh_fail(err, errno, "rename %s", temp);
    if (r < 0)
        (void)unlink(temp);
    return r;
}

int cmd_save(struct request *q, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_vec list = WH_VEC(struct chosen);
    wh_auto_image_hold hold = {0};
    struct save s = {.q = q, .arena = &a, .fd = STDOUT_FILENO};
    s.docker = wh_node_seq(&a, NULL);
    s.oci_list = wh_node_seq(&a, NULL);
    if (!q->output && isatty(STDOUT_FILENO))
        return wh_fail(err, WH_E_USAGE, "cowardly refusing to save to a terminal. Use the -o flag or redirect");
    int r = 0;
    for (size_t i = 0; i < q->n_args && r == 0; i++)
        r = choose(&s, q->args[i], &list, err);
    for (size_t i = 0; i < list.len && r == 0; i++)
        r = wh_image_hold_add(&hold, &wh_vec_at(&list, struct chosen, i).image, err);
    if (r > 0)
        r = wh_fail(err, WH_E_NOT_FOUND, "image was removed meanwhile");
    if (r == 0)
        r = q->output ? write_to_file(&s, &list, q->output, err) : write_archive(&s, &list, err);
    for (size_t i = 0; i < list.len; i++)
        wh_strv_fini(&wh_vec_at(&list, struct chosen, i).tags);
    wh_map_fini(&s.written);
    return r;
}
