/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xz and bzip2 by libarchive's filters; rare, so they need not be fast. */
#include "decoder.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

struct other {
    struct archive *archive;
    struct decoder *decoder;
    struct wh_err err; /* of the source, which libarchive would hide */
};

static ssize_t pull(struct archive *a, void *ctx, const void **ret)
{
    struct other *o = ctx;
    struct decoder *d = o->decoder;
    if (decoder_fill(d, &o->err) < 0)
        return -1;
    ssize_t n = (ssize_t)d->len;
    *ret = d->input + d->start;
    d->len = 0;
    return n;
}

static int fail(struct other *o, struct wh_err *err)
{
    if (o->err.depth) {
        wh_err_move(err, &o->err);
        return -1;
    }
    const char *text = archive_error_string(o->archive);
    return wh_fail(err, WH_E_INVALID, "compressed data is corrupt (%s)", text ? text : "unknown reason");
}

static int begin_other(struct decoder *d, struct wh_err *err)
{
    struct archive_entry *entry;
    struct other *o = calloc(1, sizeof(*o));
    if (!o || !(o->archive = archive_read_new())) {
        free(o);
        return wh_fail(err, ENOMEM, "decompression");
    }
    d->state = o;
    o->decoder = d;
    archive_read_support_filter_xz(o->archive);
    archive_read_support_filter_bzip2(o->archive);
    archive_read_support_format_raw(o->archive);
    if (archive_read_open(o->archive, o, NULL, pull, NULL) != ARCHIVE_OK ||
        archive_read_next_header(o->archive, &entry) != ARCHIVE_OK)
        return fail(o, err);
    return 0;
}

static ssize_t read_other(struct decoder *d, void *buf, size_t cap, struct wh_err *err)
{
    struct other *o = d->state;
    ssize_t n = archive_read_data(o->archive, buf, cap);
    return n < 0 ? fail(o, err) : n;
}

static void end_other(struct decoder *d)
{
    struct other *o = d->state;
    if (!o)
        return;
    archive_read_free(o->archive);
    wh_err_fini(&o->err);
    free(o);
}

const struct decoder_ops decoder_other = {begin_other, read_other, end_other};
