/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decompression of honest, cut, corrupt and expanding streams, through the thread that whale-image uses. */
#include "../test.h"

#include "image/stream.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

static const struct limits limits = {.ratio = 1000, .ratio_after_bytes = 1 << 20};

static void add_gzip(struct wh_str *out, const void *data, size_t len)
{
    z_stream z = {0};
    unsigned char *buf = malloc(len + 1000);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)data;
    z.avail_in = (uInt)len;
    z.next_out = buf;
    z.avail_out = (uInt)(len + 1000);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    wh_str_addn(out, buf, z.total_out);
    deflateEnd(&z);
    free(buf);
}

static void add_zstd(struct wh_str *out, const void *data, size_t len, int window_log)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    size_t cap = ZSTD_compressBound(len) + 1000;
    char *buf = malloc(cap);
    ZSTD_outBuffer o = {buf, cap, 0};
    ZSTD_inBuffer in = {data, len, 0};
    if (window_log)
        ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    in.size = len / 2; /* in two parts, or the window would shrink to the known size */
    ZSTD_compressStream2(c, &o, &in, ZSTD_e_flush);
    in.size = len;
    while (ZSTD_compressStream2(c, &o, &in, ZSTD_e_end))
        ;
    wh_str_addn(out, buf, o.pos);
    ZSTD_freeCCtx(c);
    free(buf);
}

enum packing {
    GZIP,
    GZIP_TWICE,
    GZIP_ZEROS,
    GZIP_GARBAGE,
    GZIP_CUT,
    GZIP_FLIPPED,
    GZIP_BOMB,
    ZSTD,
    ZSTD_TWICE,
    ZSTD_SKIP,
    ZSTD_CUT,
    ZSTD_FLIPPED,
    ZSTD_WINDOW,
    ZSTD_BOMB,
    PLAIN,
    EMPTY
};

static const char skippable[] = "\x52\x2a\x4d\x18\x04\0\0\0junk";

static void pack(enum packing how, struct wh_str *out)
{
    const char *text = "some text that is long enough to be worth packing, some text, some text";
    size_t len = strlen(text), big = 8 << 20;
    char *zeros = calloc(1, big);
    switch (how) {
    case GZIP_TWICE:
        add_gzip(out, text, len);
        /* fall through */
    case GZIP:
    case GZIP_ZEROS:
    case GZIP_GARBAGE:
    case GZIP_CUT:
    case GZIP_FLIPPED:
        add_gzip(out, text, len);
        break;
    case GZIP_BOMB:
        add_gzip(out, zeros, big);
        break;
    case ZSTD_TWICE:
        add_zstd(out, text, len, 0);
        /* fall through */
    case ZSTD:
    case ZSTD_CUT:
    case ZSTD_FLIPPED:
        add_zstd(out, text, len, 0);
        break;
    case ZSTD_SKIP:
        wh_str_addn(out, skippable, sizeof(skippable) - 1);
        add_zstd(out, text, len, 0);
        wh_str_addn(out, skippable, sizeof(skippable) - 1);
        break;
    case ZSTD_WINDOW:
        add_zstd(out, text, len, 28);
        break;
    case ZSTD_BOMB:
        add_zstd(out, zeros, big, 0);
        break;
    case PLAIN:
        wh_str_add(out, text);
        break;
    case EMPTY:
        break;
    }
    free(zeros);
    if (how == GZIP_ZEROS)
        wh_str_addn(out, "\0\0\0\0\0\0", 6);
    if (how == GZIP_GARBAGE)
        wh_str_add(out, "garbage");
    if (how == GZIP_CUT || how == ZSTD_CUT)
        wh_str_cut(out, out->len - 10);
    if (how == GZIP_FLIPPED || how == ZSTD_FLIPPED)
        out->data[out->len / 2] ^= 0x55;
}

static const struct {
    const char *name;
    enum packing how;
    size_t want_len;
    const char *error; /* "" = some error */
} rows[] = {
    {"gzip", GZIP, 71, NULL},
    {"gzip of two members", GZIP_TWICE, 142, NULL},
    {"gzip with zeros behind it", GZIP_ZEROS, 71, NULL},
    {"gzip with garbage behind it", GZIP_GARBAGE, 0, "garbage after"},
    {"gzip, cut", GZIP_CUT, 0, "truncated"},
    {"gzip, damaged", GZIP_FLIPPED, 0, "corrupt"},
    {"gzip bomb", GZIP_BOMB, 0, "expands more than"},
    {"zstd", ZSTD, 71, NULL},
    {"zstd of two frames", ZSTD_TWICE, 142, NULL},
    {"zstd between skippable frames", ZSTD_SKIP, 71, NULL},
    {"zstd, cut", ZSTD_CUT, 0, "truncated"},
    {"zstd, damaged", ZSTD_FLIPPED, 0, "corrupt"},
    {"zstd with a window of 256 MiB", ZSTD_WINDOW, 0, "corrupt"},
    {"zstd bomb", ZSTD_BOMB, 0, "expands more than"},
    {"plain", PLAIN, 71, NULL},
    {"empty", EMPTY, 0, NULL},
};

static void test_streams(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        const struct stream_options options = {.hash_output = true, .hash_input = true, .limits = &limits};
        wh_auto_str packed = {0};
        wh_auto_err err = {0};
        struct stream_result result;
        struct stream *s;
        pack(rows[i].how, &packed);
        struct source_memory memory = {(const unsigned char *)wh_str_c(&packed), packed.len};
        int r = stream_open(source_of_memory(&memory), &options, &s, &err);
        if (r == 0)
            r = stream_finish(s, &result, &err);
        expect_int(rows[i].name, r, rows[i].error ? -1 : 0);
        if (rows[i].error) {
            expect_err(rows[i].name, &err, rows[i].error);
            continue;
        }
        expect_int(rows[i].name, result.output_bytes, rows[i].want_len);
        expect_int(rows[i].name, result.input_bytes, packed.len);
        expect_int(rows[i].name, strlen(result.input_hex), 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_streams)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
