/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sparse files in their four spellings: old GNU blocks, pax 0.0, 0.1 and 1.0. */
#include "tar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OLD_MAP_AT      386
#define OLD_MAP_LEN     4
#define OLD_EXTENDED_AT 482
#define OLD_SIZE_AT     483
#define EXT_MAP_LEN     21
#define EXT_EXTENDED_AT 504
#define NUMBER_LEN      12

static int add_piece(struct tar *t, uint64_t offset, uint64_t len, struct wh_err *err)
{
    if (t->entry.pieces.len >= LIMIT_SPARSE_PIECES)
        return wh_fail(err, WH_E_LIMIT, "archive has a sparse file in too many pieces");
    struct tar_piece *p = wh_vec_push(&t->entry.pieces);
    if (!p)
        return wh_fail(err, ENOMEM, "archive");
    *p = (struct tar_piece){offset, len};
    return 0;
}

static int fail_map(struct wh_err *err)
{
    return wh_fail(err, WH_E_INVALID, "archive has a malformed map of a sparse file");
}

/* ---- old GNU ---- */

static int add_old_pieces(struct tar *t, const unsigned char *map, int n, struct wh_err *err)
{
    for (int i = 0; i < n; i++, map += 2 * NUMBER_LEN) {
        int64_t offset, len;
        if (!map[0])
            break;
        if (tar_number(map, NUMBER_LEN, &offset) < 0 || tar_number(map + NUMBER_LEN, NUMBER_LEN, &len) < 0 ||
            offset < 0 || len < 0)
            return fail_map(err);
        if (add_piece(t, (uint64_t)offset, (uint64_t)len, err) < 0)
            return -1;
    }
    return 0;
}

int tar_sparse_old(struct tar *t, const unsigned char *block, struct wh_err *err)
{
    unsigned char more[TAR_BLOCK];
    int64_t size;
    bool extended = block[OLD_EXTENDED_AT];
    if (tar_number(block + OLD_SIZE_AT, NUMBER_LEN, &size) < 0 || size < 0)
        return fail_map(err);
    if (add_old_pieces(t, block + OLD_MAP_AT, OLD_MAP_LEN, err) < 0)
        return -1;
    while (extended) {
        int r = tar_read_raw(t, more, sizeof(more), err);
        if (r != 0)
            return r < 0 ? -1 : fail_map(err);
        if (add_old_pieces(t, more, EXT_MAP_LEN, err) < 0)
            return -1;
        extended = more[EXT_EXTENDED_AT];
    }
    t->entry.sparse = true;
    t->entry.size_bytes = (uint64_t)size;
    return 0;
}

/* ---- pax ---- */

static int read_list(struct tar *t, const char *value, struct wh_err *err)
{
    for (char *end; *value; value = end + (*end == ',')) {
        uint64_t offset = strtoull(value, &end, 10);
        if (end == value || *end != ',')
            return fail_map(err);
        value = end + 1;
        uint64_t len = strtoull(value, &end, 10);
        if (end == value || (*end && *end != ','))
            return fail_map(err);
        if (add_piece(t, offset, len, err) < 0)
            return -1;
    }
    return 0;
}

static int set_last_len(struct tar *t, uint64_t len, struct wh_err *err)
{
    if (!t->entry.pieces.len)
        return fail_map(err);
    wh_vec_at(&t->entry.pieces, struct tar_piece, t->entry.pieces.len - 1).len = len;
    return 0;
}

int tar_sparse_pax(struct tar *t, const char *key, const char *value, struct wh_err *err)
{
    struct tar_extra *x = &t->extra;
    uint64_t number = 0;
    x->sparse = true;
    if (wh_streq(key, "name")) {
        wh_str_clear(&x->path);
        return wh_str_add(&x->path, value) < 0 ? wh_fail(err, ENOMEM, "archive") : 0;
    }
    if (wh_streq(key, "map"))
        return read_list(t, value, err);
    if (tar_decimal(value, &number) < 0)
        return fail_map(err);
    if (wh_streq(key, "offset"))
        return add_piece(t, number, 0, err);
    if (wh_streq(key, "numbytes"))
        return set_last_len(t, number, err);
    if (wh_streq(key, "major"))
        x->sparse_major = number;
    else if (wh_streq(key, "minor"))
        x->sparse_minor = number;
    else if (wh_streq(key, "size") || wh_streq(key, "realsize"))
        x->sparse_size = number;
    return 0;
}

/* One decimal number and its newline from the map blocks. */
struct map_reader {
    unsigned char block[TAR_BLOCK];
    size_t at; /* TAR_BLOCK = a new block is needed */
};

static int map_number(struct tar *t, struct map_reader *m, uint64_t *ret, struct wh_err *err)
{
    char text[24];
    size_t len = 0;
    for (;;) {
        if (m->at == TAR_BLOCK) {
            if (t->left < TAR_BLOCK || tar_read_raw(t, m->block, TAR_BLOCK, err) != 0)
                return fail_map(err);
            t->left -= TAR_BLOCK;
            m->at = 0;
        }
        unsigned char c = m->block[m->at++];
        if (c == '\n')
            break;
        if (len + 1 >= sizeof(text))
            return fail_map(err);
        text[len++] = (char)c;
    }
    text[len] = '\0';
    return tar_decimal(text, ret) < 0 ? fail_map(err) : 0;
}

int tar_sparse_map(struct tar *t, struct wh_err *err)
{
    struct map_reader m = {.at = TAR_BLOCK};
    uint64_t n = 0, offset, len;
    t->entry.sparse = true;
    t->entry.size_bytes = t->extra.sparse_size;
    if (t->extra.sparse_major != 1)
        return 0;
    if (map_number(t, &m, &n, err) < 0)
        return -1;
    if (n > LIMIT_SPARSE_PIECES)
        return wh_fail(err, WH_E_LIMIT, "archive has a sparse file in too many pieces");
    for (uint64_t i = 0; i < n; i++)
        if (map_number(t, &m, &offset, err) < 0 || map_number(t, &m, &len, err) < 0 ||
            add_piece(t, offset, len, err) < 0)
            return -1;
    t->entry.stored_bytes = t->left;
    return 0;
}

int tar_sparse_check(struct tar *t, struct wh_err *err)
{
    uint64_t sum = 0, end = 0;
    for (size_t i = 0; i < t->entry.pieces.len; i++) {
        const struct tar_piece *p = &wh_vec_at(&t->entry.pieces, struct tar_piece, i);
        if (p->offset < end || p->len > INT64_MAX || p->offset > INT64_MAX - p->len)
            return fail_map(err);
        end = p->offset + p->len;
        sum += p->len;
    }
    return sum == t->entry.stored_bytes && end <= t->entry.size_bytes ? 0 : fail_map(err);
}
