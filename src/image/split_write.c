/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes split.zst while a layer is unpacked. Errors are kept and reported at the end: the unpacker must not stop. */
#include "split.h"

#include "split_format.h"
#include "whale/util/file.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define RAW_BYTES ((size_t)64 << 10)
#define OUT_BYTES ((size_t)64 << 10)
#define LEVEL     1

static void compress_some(struct split_writer *w, const void *data, size_t len, ZSTD_EndDirective mode)
{
    ZSTD_inBuffer in = {data, len, 0};
    size_t left = 1;
    while (!w->error && (in.pos < in.size || (mode == ZSTD_e_end && left))) {
        ZSTD_outBuffer out = {w->out, OUT_BYTES, 0};
        left = ZSTD_compressStream2(w->context, &out, &in, mode);
        if (ZSTD_isError(left))
            w->error = ENOMEM;
        else if (out.pos && wh_write_all(w->fd, w->out, out.pos) < 0)
            w->error = errno;
    }
}

int split_write_begin(struct split_writer *w, int fd, struct wh_err *err)
{
    *w = (struct split_writer){.fd = fd, .context = ZSTD_createCCtx(), .out = malloc(OUT_BYTES)};
    if (!w->context || !w->out || wh_str_reserve(&w->raw, RAW_BYTES) < 0) {
        split_write_drop(w);
        return wh_fail(err, ENOMEM, "layer index");
    }
    ZSTD_CCtx_setParameter(w->context, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(w->context, ZSTD_c_checksumFlag, 1);
    compress_some(w, SPLIT_MAGIC, strlen(SPLIT_MAGIC), ZSTD_e_continue);
    return 0;
}

static void flush_raw(struct split_writer *w)
{
    if (!w->raw.len)
        return;
    uint32_t len = htole32((uint32_t)w->raw.len);
    compress_some(w, &(char){SPLIT_RAW}, 1, ZSTD_e_continue);
    compress_some(w, &len, sizeof(len), ZSTD_e_continue);
    compress_some(w, w->raw.data, w->raw.len, ZSTD_e_continue);
    wh_str_clear(&w->raw);
}

void split_write_raw(struct split_writer *w, const void *data, size_t len)
{
    for (const char *p = data; len;) {
        size_t n = RAW_BYTES - w->raw.len < len ? RAW_BYTES - w->raw.len : len;
        if (wh_str_addn(&w->raw, p, n) < 0)
            w->error = ENOMEM;
        p += n;
        len -= n;
        if (w->raw.len == RAW_BYTES)
            flush_raw(w);
    }
}

void split_write_file(struct split_writer *w, const char *path, uint64_t len)
{
    size_t path_len = strlen(path);
    uint64_t le_len = htole64(len);
    uint16_t le_path = htole16((uint16_t)path_len);
    flush_raw(w);
    compress_some(w, &(char){SPLIT_FILE}, 1, ZSTD_e_continue);
    compress_some(w, &le_len, sizeof(le_len), ZSTD_e_continue);
    compress_some(w, &le_path, sizeof(le_path), ZSTD_e_continue);
    compress_some(w, path, path_len, ZSTD_e_continue);
}

int split_write_end(struct split_writer *w, struct wh_err *err)
{
    flush_raw(w);
    compress_some(w, NULL, 0, ZSTD_e_end);
    int error = w->error;
    split_write_drop(w);
    return error ? wh_fail(err, error, "write the layer's index") : 0;
}

void split_write_drop(struct split_writer *w)
{
    ZSTD_freeCCtx(w->context);
    free(w->out);
    wh_str_fini(&w->raw);
    *w = (struct split_writer){0};
}
