/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip by zlib: any number of members, then nothing but zeros. */
#include "decoder.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* largest window, gzip header and trailer expected */

struct gzip {
    z_stream z;
    bool in_member;
    bool any_member;
};

static int begin_gzip(struct decoder *d, struct wh_err *err)
{
    struct gzip *g = calloc(1, sizeof(*g));
    if (!g || inflateInit2(&g->z, GZIP_WINDOW) != Z_OK) {
        free(g);
        return wh_fail(err, ENOMEM, "gzip");
    }
    d->state = g;
    return 0;
}

/* Between members: 1 = another member starts, 0 = the end, -1. */
static int next_member(struct decoder *d, struct gzip *g, struct wh_err *err)
{
    for (;;) {
        if (decoder_fill(d, err) < 0)
            return -1;
        if (!d->len)
            return 0;
        unsigned char c = d->input[d->start];
        if (c == 0x1f)
            break;
        if (c || !g->any_member)
            return wh_fail(err, WH_E_INVALID, "garbage after the end of the gzip data");
        d->start++;
        d->len--;
    }
    if (inflateReset(&g->z) != Z_OK)
        return wh_fail(err, WH_E_BUG, "gzip reset");
    g->in_member = true;
    return 1;
}

static int inflate_some(struct decoder *d, struct gzip *g, struct wh_err *err)
{
    if (decoder_fill(d, err) < 0)
        return -1;
    if (!d->len)
        return wh_fail(err, WH_E_INVALID, "gzip data is truncated");
    g->z.next_in = d->input + d->start;
    g->z.avail_in = (uInt)d->len;
    int r = inflate(&g->z, Z_NO_FLUSH);
    d->start += d->len - g->z.avail_in;
    d->len = g->z.avail_in;
    if (r == Z_STREAM_END) {
        g->in_member = false;
        g->any_member = true;
    } else if (r != Z_OK && r != Z_BUF_ERROR) {
        return wh_fail(err, r == Z_MEM_ERROR ? ENOMEM : WH_E_INVALID, "gzip data is corrupt (%s)",
                       g->z.msg ? g->z.msg : "bad header");
    }
    return 0;
}

static ssize_t read_gzip(struct decoder *d, void *buf, size_t cap, struct wh_err *err)
{
    struct gzip *g = d->state;
    g->z.next_out = buf;
    g->z.avail_out = (uInt)cap;
    while (g->z.avail_out) {
        if (!g->in_member) {
            int r = next_member(d, g, err);
            if (r < 0)
                return -1;
            if (r == 0)
                break;
        }
        if (inflate_some(d, g, err) < 0)
            return -1;
    }
    return (ssize_t)(cap - g->z.avail_out);
}

static void end_gzip(struct decoder *d)
{
    struct gzip *g = d->state;
    if (g)
        inflateEnd(&g->z);
    free(g);
}

const struct decoder_ops decoder_gzip = {begin_gzip, read_gzip, end_gzip};
