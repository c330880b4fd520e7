/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See the header. */
#include "assembly.h"

#include "config.h"
#include "layout.h"
#include "report.h"
#include "split.h"
#include "whale/codec/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int draft_unpack(struct store *s, struct draft *d, struct source source, bool hash_input, struct stream_result *ret,
                 struct wh_err *err)
{
    const struct limits limits = LIMITS_DEFAULT;
    const struct stream_options options = {.hash_input = hash_input, .hash_output = true, .limits = &limits};
    struct stream *stream;
    if (draft_begin(s, d, err) < 0 || stream_open(source, &options, &stream, err) < 0)
        return -1;
    if (unpack_layer(d->dir_fd, stream, &limits, &d->unpacked, err) < 0) {
        stream_close(stream);
        return -1;
    }
    if (stream_finish(stream, ret, err) < 0)
        return -1;
    memcpy(d->diff_hex, ret->output_hex, sizeof(d->diff_hex));
    return 0;
}

static int make_slots(struct assembly *m, struct wh_arena *a, const char **diff_ids, size_t n, struct wh_err *err)
{
    m->slots = wh_arena_array(a, struct slot, n + 1);
    m->drafts = wh_arena_array(a, struct draft, n + 1);
    if (!m->slots || !m->drafts)
        return wh_fail(err, ENOMEM, "image");
    for (size_t i = 0; i < n; i++) {
        m->slots[i].diff_hex = layout_hex(diff_ids[i]);
        m->slots[i].lock_fd = -1;
        m->drafts[i].dir_fd = -1;
    }
    m->n = n;
    store_chain(m->slots, n);
    for (size_t i = 0; i < n; i++)
        if (store_find_layer(m->store, &m->slots[i], err) < 0)
            return -1;
    return 0;
}

int assembly_begin(struct assembly *m, struct wh_arena *a, struct store *s, const char *config, size_t config_len,
                   size_t n_layers, struct wh_err *err)
{
    struct wh_node *doc;
    const char **diff_ids;
    size_t n;
    *m = (struct assembly){.store = s, .config = config, .config_len = config_len};
    if (wh_json_parse(a, config, config_len, "image config", &doc, err) < 0 ||
        config_read(a, doc, &m->image, err) < 0 || config_diff_ids(a, doc, &diff_ids, &n, err) < 0)
        return -1;
    if (n != n_layers)
        return wh_fail(err, WH_E_INVALID, "image has %zu layers, but its config names %zu", n_layers, n);
    if (!wh_streq(m->image.os, "linux"))
        return wh_fail(err, WH_E_INVALID, "image operating system \"%.40s\" cannot be used on this platform",
                       m->image.os);
    return make_slots(m, a, diff_ids, n, err);
}

bool assembly_needs(const struct assembly *m, size_t i)
{
    return !m->slots[i].name[0] && !m->slots[i].draft;
}

static int check_diff(const struct assembly *m, size_t i, const struct draft *d, struct wh_err *err)
{
    if (wh_streq(m->slots[i].diff_hex, d->diff_hex))
        return 0;
    return wh_fail(err, IMAGE_E_DIGEST, "layer %zu has the digest sha256:%s, but the image config says sha256:%s", i,
                   d->diff_hex, m->slots[i].diff_hex);
}

int assembly_unpack(struct assembly *m, size_t i, struct source source, bool hash_input, struct stream_result *ret,
                    struct wh_err *err)
{
    struct stream_result result;
    struct draft *d = &m->drafts[i];
    if (draft_unpack(m->store, d, source, hash_input, ret ? ret : &result, err) < 0 || check_diff(m, i, d, err) < 0) {
        draft_drop(m->store, d);
        return -1;
    }
    m->slots[i].draft = d;
    return 0;
}

void assembly_take(struct assembly *m, size_t i, struct draft *take_d)
{
    m->drafts[i] = *take_d;
    *take_d = (struct draft){.dir_fd = -1};
    m->slots[i].draft = &m->drafts[i];
}

int assembly_copy(struct assembly *m, size_t i, const char *home, struct wh_err *err)
{
    char path[2 * STORE_NAME_BYTES];
    struct split_reader *reader;
    snprintf(path, sizeof(path), "%s/" LAYER_TREE, home);
    wh_auto_fd tree = openat(m->store->layers_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, sizeof(path), "%s/" LAYER_SPLIT, home);
    wh_auto_fd split = openat(m->store->layers_fd, path, O_RDONLY | O_CLOEXEC);
    if (tree < 0 || split < 0)
        return wh_fail(err, errno, "copy layer %s", home);
    if (split_read_begin(tree, split, &reader, err) < 0)
        return -1;
    int r = assembly_unpack(m, i, split_source(reader), false, NULL, err);
    split_read_end(reader);
    return r;
}

int assembly_commit(struct assembly *m, const struct wh_ref *const *refs, size_t n_refs, char ret_id[WH_SHA256_HEX],
                    struct wh_err *err)
{
    return store_commit(m->store, m->config, m->config_len, m->slots, m->n, refs, n_refs, ret_id, err);
}

void assembly_end(struct assembly *m)
{
    for (size_t i = 0; i < m->n; i++)
        draft_drop(m->store, &m->drafts[i]);
    store_release(m->slots, m->n);
    m->n = 0;
}
