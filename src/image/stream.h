/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A layer's bytes on their way to the unpacker: a thread of its own reads the source, decompresses and hashes, the
 * caller takes the result from a ring of buffers. Two processors work at a time, and the caller never copies.
 */
#ifndef IMAGE_STREAM_H
#define IMAGE_STREAM_H

#include "decoder.h"
#include "limits.h"
#include "source.h"
#include "whale/codec/digest.h"

struct stream;

struct stream_options {
    bool hash_input;  /* digest of the packed bytes; needs hash_output as well */
    bool hash_output; /* digest of the unpacked bytes */
    const struct limits *limits;
};

struct stream_result {
    char input_hex[WH_SHA256_HEX]; /* "" when not asked for */
    char output_hex[WH_SHA256_HEX];
    uint64_t input_bytes;
    uint64_t output_bytes;
    enum decoder_kind kind;
};

/* The source is used by the stream's thread until finish or close. */
int stream_open(struct source source, const struct stream_options *options, struct stream **ret, struct wh_err *err);
/* Borrows the bytes that are ready, at least one; *ret_n 0 at the end. They stay valid until the next peek. */
int stream_peek(struct stream *s, const unsigned char **ret, size_t *ret_n, struct wh_err *err);
void stream_take(struct stream *s, size_t n); /* of the peeked bytes */
/* Exactly len bytes, or -1 (the end counts as "truncated"). */
int stream_read(struct stream *s, void *buf, size_t len, struct wh_err *err);
/* Skips what is left, ends the thread and hands over digests and counts. Releases s in any case. */
int stream_finish(struct stream *take_s, struct stream_result *ret, struct wh_err *err);
/* Gives up: the thread stops at its next buffer. NULL is fine. */
void stream_close(struct stream *take_s);

#endif
