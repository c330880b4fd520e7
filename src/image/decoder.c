/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input buffering, the choice of the kind, and the kind "plain". The other kinds are in decoder_*.c. */
#include "decoder.h"

#include "whale/util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *magic;
    size_t len;
    enum decoder_kind kind;
    const struct decoder_ops *ops;
} kinds[] = {
    {"\x1f\x8b\x08", 3, DECODER_GZIP, &decoder_gzip},
    {"\x28\xb5\x2f\xfd", 4, DECODER_ZSTD, &decoder_zstd},
    {"\xfd"
     "7zXZ",
     6, DECODER_OTHER, &decoder_other},
    {"BZh", 3, DECODER_OTHER, &decoder_other},
};

/* A zstd stream may start with a skippable frame: 0x184d2a50 to 0x184d2a5f, little endian. */
static bool is_skippable_frame(const unsigned char *p, size_t len)
{
    return len >= 4 && (p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18;
}

int decoder_fill(struct decoder *d, struct wh_err *err)
{
    if (d->len || d->at_end)
        return 0;
    ssize_t n = d->source.read(d->source.ctx, d->input, DECODER_INPUT_BYTES, err);
    if (n < 0)
        return -1;
    d->start = 0;
    d->len = (size_t)n;
    d->at_end = n == 0;
    d->in_bytes += (uint64_t)n;
    if (d->hashing)
        hash_add(&d->hash, d->input, (size_t)n);
    return 0;
}

/* The source may hand over single bytes; the magic number needs six. */
static int fill_magic(struct decoder *d, struct wh_err *err)
{
    while (d->len < 6 && !d->at_end) {
        ssize_t n = d->source.read(d->source.ctx, d->input + d->len, DECODER_INPUT_BYTES - d->len, err);
        if (n < 0)
            return -1;
        if (d->hashing)
            hash_add(&d->hash, d->input + d->len, (size_t)n);
        d->at_end = n == 0;
        d->len += (size_t)n;
        d->in_bytes += (uint64_t)n;
    }
    return 0;
}

static ssize_t read_plain(struct decoder *d, void *buf, size_t cap, struct wh_err *err)
{
    if (!d->len && !d->at_end) { /* straight into the caller's buffer */
        ssize_t n = d->source.read(d->source.ctx, buf, cap, err);
        if (n < 0)
            return -1;
        d->at_end = n == 0;
        d->in_bytes += (uint64_t)n;
        if (d->hashing)
            hash_add(&d->hash, buf, (size_t)n);
        return n;
    }
    size_t n = d->len < cap ? d->len : cap;
    if (n)
        memcpy(buf, d->input + d->start, n);
    d->start += n;
    d->len -= n;
    return (ssize_t)n;
}

static const struct decoder_ops decoder_plain = {.read = read_plain};

static void choose(struct decoder *d)
{
    d->ops = &decoder_plain;
    d->kind = DECODER_PLAIN;
    for (size_t i = 0; i < WH_ARRAY_LEN(kinds); i++)
        if (d->len >= kinds[i].len && !memcmp(d->input, kinds[i].magic, kinds[i].len)) {
            d->ops = kinds[i].ops;
            d->kind = kinds[i].kind;
            return;
        }
    if (is_skippable_frame(d->input, d->len)) {
        d->ops = &decoder_zstd;
        d->kind = DECODER_ZSTD;
    }
}

int decoder_begin(struct decoder *d, struct source source, bool hash_input, struct wh_err *err)
{
    *d = (struct decoder){.source = source, .hashing = hash_input};
    d->input = malloc(DECODER_INPUT_BYTES);
    if (!d->input || (hash_input && hash_begin(&d->hash) < 0))
        return wh_fail(err, ENOMEM, "decompression");
    if (fill_magic(d, err) < 0)
        return -1;
    choose(d);
    if (d->kind == DECODER_PLAIN) /* what comes out is what went in: one digest is enough */
        d->hashing = false;
    return d->ops->begin ? d->ops->begin(d, err) : 0;
}

ssize_t decoder_read(struct decoder *d, void *buf, size_t cap, struct wh_err *err)
{
    return d->ops->read(d, buf, cap, err);
}

int decoder_drain(struct decoder *d, struct wh_err *err)
{
    while (!d->at_end) {
        d->len = 0;
        if (decoder_fill(d, err) < 0)
            return -1;
    }
    return 0;
}

void decoder_end(struct decoder *d)
{
    if (d->ops && d->ops->end)
        d->ops->end(d);
    free(d->input);
    hash_drop(&d->hash);
    *d = (struct decoder){0};
}
