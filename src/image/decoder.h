/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decompression by magic number, never by media type: gzip (several members, trailing zeros), zstd (several frames,
 * skippable frames, window of at most 128 MiB), xz and bzip2, or plain. Counts and hashes what goes in.
 */
#ifndef IMAGE_DECODER_H
#define IMAGE_DECODER_H

#include "hash.h"
#include "source.h"

#include <stdbool.h>

#define DECODER_INPUT_BYTES ((size_t)256 << 10)

enum decoder_kind { DECODER_PLAIN, DECODER_GZIP, DECODER_ZSTD, DECODER_OTHER };

struct decoder;

struct decoder_ops {
    int (*begin)(struct decoder *d, struct wh_err *err);
    ssize_t (*read)(struct decoder *d, void *buf, size_t cap, struct wh_err *err); /* as source.read */
    void (*end)(struct decoder *d);
};

struct decoder {
    struct source source;
    const struct decoder_ops *ops;
    enum decoder_kind kind;
    unsigned char *input; /* DECODER_INPUT_BYTES */
    size_t start, len;    /* unread input */
    bool at_end;          /* the source has ended */
    bool hashing;         /* plain input is not hashed here */
    struct hash hash;     /* of all input, when hashing */
    uint64_t in_bytes;
    void *state; /* of the kind */
};

/* Looks at the first bytes. hash_input: compute the digest of the packed bytes as well. */
int decoder_begin(struct decoder *d, struct source source, bool hash_input, struct wh_err *err);
ssize_t decoder_read(struct decoder *d, void *buf, size_t cap, struct wh_err *err);
/* Reads the source to its end, so that hash and count cover all of it. */
int decoder_drain(struct decoder *d, struct wh_err *err);
void decoder_end(struct decoder *d);

/* For the kinds: makes sure that there is unread input or at_end. 0 or -1. */
int decoder_fill(struct decoder *d, struct wh_err *err);

extern const struct decoder_ops decoder_gzip, decoder_zstd, decoder_other;

#endif
