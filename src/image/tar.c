/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader's walk: headers, payload, padding, end. */
#include "tar.h"

#include <errno.h>
#include <string.h>

#define MAX_EXTRA_HEADERS 16 /* in a row, before a real entry */

void tar_begin(struct tar *t, struct stream *stream)
{
    *t = (struct tar){.stream = stream};
    t->entry.pieces = WH_VEC(struct tar_piece);
    t->entry.xattrs = WH_VEC(struct tar_xattr);
    t->extra.pax.max = t->extra.path.max = t->extra.link.max = LIMIT_PAX_BYTES + TAR_BLOCK;
}

void tar_end(struct tar *t)
{
    wh_vec_fini(&t->entry.pieces);
    wh_vec_fini(&t->entry.xattrs);
    wh_str_fini(&t->extra.path);
    wh_str_fini(&t->extra.link);
    wh_str_fini(&t->extra.pax);
    wh_str_fini(&t->name);
    wh_str_fini(&t->target);
}

static void tap(struct tar *t, const void *data, size_t len)
{
    if (t->raw)
        t->raw(t->raw_ctx, data, len);
}

int tar_read_raw(struct tar *t, void *buf, size_t len, struct wh_err *err)
{
    const unsigned char *p;
    size_t n;
    if (stream_peek(t->stream, &p, &n, err) < 0)
        return -1;
    if (!n && len)
        return 1;
    if (n < len && t->position == 0) /* the stream's buffers are full but for the last */
        return wh_fail(err, WH_E_INVALID, "not a tar archive");
    if (stream_read(t->stream, buf, len, err) < 0)
        return -1;
    t->position += len;
    tap(t, buf, len);
    return 0;
}

int tar_peek(struct tar *t, const unsigned char **ret, size_t *ret_n, struct wh_err *err)
{
    *ret_n = 0;
    if (!t->left)
        return 0;
    if (stream_peek(t->stream, ret, ret_n, err) < 0)
        return -1;
    if (!*ret_n)
        return wh_fail(err, WH_E_INVALID, "archive is truncated");
    if (*ret_n > t->left)
        *ret_n = (size_t)t->left;
    return 0;
}

void tar_take(struct tar *t, size_t n)
{
    stream_take(t->stream, n);
    t->left -= n;
    t->position += n;
}

void tar_take_raw(struct tar *t, size_t n)
{
    const unsigned char *p;
    size_t have;
    if (tar_peek(t, &p, &have, NULL) == 0 && have)
        tap(t, p, n < have ? n : have);
    tar_take(t, n);
}

static int skip_payload(struct tar *t, struct wh_err *err)
{
    char padding[TAR_BLOCK];
    while (t->left) {
        const unsigned char *p;
        size_t n;
        if (tar_peek(t, &p, &n, err) < 0)
            return -1;
        tar_take_raw(t, n);
    }
    size_t len = t->padding;
    t->padding = 0;
    int r = len ? tar_read_raw(t, padding, len, err) : 0;
    return r > 0 ? wh_fail(err, WH_E_INVALID, "archive is truncated") : r;
}

static bool is_zero(const unsigned char *block)
{
    return !block[0] && !memcmp(block, block + 1, TAR_BLOCK - 1);
}

/* 0 = a header block, 1 = the end of the archive, -1. A file that just stops counts as ended, as it does for tar. */
static int read_block(struct tar *t, unsigned char *block, struct wh_err *err)
{
    int r = tar_read_raw(t, block, TAR_BLOCK, err);
    if (r != 0 || !is_zero(block))
        return r;
    r = tar_read_raw(t, block, TAR_BLOCK, err);
    if (r == 0 && !is_zero(block))
        return wh_fail(err, WH_E_INVALID, "archive has an empty header in the middle");
    return r < 0 ? -1 : 1;
}

static void reset_entry(struct tar *t)
{
    struct tar_extra *x = &t->extra;
    t->entry.pieces.len = t->entry.xattrs.len = 0;
    t->entry.sparse = false;
    wh_str_clear(&x->path);
    wh_str_clear(&x->link);
    wh_str_clear(&x->pax);
    x->has_size = x->has_uid = x->has_gid = x->has_mtime = x->sparse = false;
    x->sparse_major = x->sparse_minor = x->sparse_size = 0;
}

int tar_next(struct tar *t, const struct tar_entry **ret, struct wh_err *err)
{
    unsigned char block[TAR_BLOCK];
    if (t->ended)
        return 0;
    if (skip_payload(t, err) < 0)
        return -1;
    reset_entry(t);
    for (int i = 0; i < MAX_EXTRA_HEADERS; i++) {
        int r = read_block(t, block, err);
        if (r < 0)
            return -1;
        if (r == 1) {
            t->ended = true;
            return i ? wh_fail(err, WH_E_INVALID, "archive ends after an extended header") : 0;
        }
        r = tar_header_read(t, block, err);
        if (r == 0)
            *ret = &t->entry;
        if (r != TAR_NEXT_HEADER)
            return r < 0 ? -1 : 1;
    }
    return wh_fail(err, WH_E_LIMIT, "archive has too many extended headers in a row");
}

int tar_read_all(struct tar *t, size_t max, struct wh_str *ret, struct wh_err *err)
{
    if (t->left > max)
        return wh_fail(err, WH_E_LIMIT, "%s is larger than %zu bytes", t->entry.path, max);
    while (t->left) {
        const unsigned char *p;
        size_t n;
        if (tar_peek(t, &p, &n, err) < 0)
            return -1;
        if (wh_str_addn(ret, p, n) < 0)
            return wh_fail(err, ENOMEM, "%s", t->entry.path);
        tar_take(t, n);
    }
    return 0;
}

int tar_drain(struct tar *t, struct wh_err *err)
{
    for (;;) {
        const unsigned char *p;
        size_t n;
        if (stream_peek(t->stream, &p, &n, err) < 0)
            return -1;
        if (!n)
            return 0;
        tap(t, p, n);
        stream_take(t->stream, n);
        t->position += n;
    }
}
