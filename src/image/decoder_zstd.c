/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zstd: any number of frames, skippable ones included. */
#include "decoder.h"
#include "limits.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

struct zstd {
    ZSTD_DStream *stream;
    bool in_frame;
};

static int begin_zstd(struct decoder *d, struct wh_err *err)
{
    struct zstd *z = calloc(1, sizeof(*z));
    if (!z || !(z->stream = ZSTD_createDStream())) {
        free(z);
        return wh_fail(err, ENOMEM, "zstd");
    }
    d->state = z;
    if (ZSTD_isError(ZSTD_DCtx_setParameter(z->stream, ZSTD_d_windowLogMax, LIMIT_ZSTD_WINDOW_LOG)))
        return wh_fail(err, WH_E_BUG, "zstd window limit");
    return 0;
}

/* 1 when something moved, 0 when nothing is left to do, -1. */
static int decode_some(struct decoder *d, struct zstd *z, ZSTD_outBuffer *out, struct wh_err *err)
{
    if (decoder_fill(d, err) < 0)
        return -1;
    ZSTD_inBuffer in = {d->input, d->start + d->len, d->start};
    size_t before = out->pos;
    size_t r = ZSTD_decompressStream(z->stream, out, &in);
    if (ZSTD_isError(r))
        return wh_fail(err, WH_E_INVALID, "zstd data is corrupt (%s)", ZSTD_getErrorName(r));
    if (in.pos == d->start && out->pos == before)
        return 0;
    z->in_frame = r != 0; /* 0 is returned exactly when a frame is complete and flushed */
    d->start = in.pos;
    d->len = in.size - in.pos;
    return 1;
}

static ssize_t read_zstd(struct decoder *d, void *buf, size_t cap, struct wh_err *err)
{
    struct zstd *z = d->state;
    ZSTD_outBuffer out = {buf, cap, 0};
    int r = 1;
    while (out.pos < out.size && r > 0)
        r = decode_some(d, z, &out, err);
    if (r < 0)
        return -1;
    if (!out.pos && z->in_frame)
        return wh_fail(err, WH_E_INVALID, "zstd data is truncated");
    return (ssize_t)out.pos;
}

static void end_zstd(struct decoder *d)
{
    struct zstd *z = d->state;
    if (z)
        ZSTD_freeDStream(z->stream);
    free(z);
}

const struct decoder_ops decoder_zstd = {begin_zstd, read_zstd, end_zstd};
