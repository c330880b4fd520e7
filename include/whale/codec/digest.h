/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4) for config hashes and names. whale-image hashes content with libcrypto instead. */
#ifndef WHALE_CODEC_DIGEST_H
#define WHALE_CODEC_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define WH_SHA256_HEX 65 /* 64 digits and NUL */

struct wh_sha256 {
    uint32_t state[8];
    uint64_t n_bytes;
    unsigned char block[64];
};

void wh_sha256_init(struct wh_sha256 *h);
void wh_sha256_add(struct wh_sha256 *h, const void *data, size_t len);
void wh_sha256_hex(struct wh_sha256 *h, char ret[WH_SHA256_HEX]); /* ends the computation */
void wh_sha256_of(const void *data, size_t len, char ret[WH_SHA256_HEX]);
/* Of a regular file of any length. 0, or -1: there is none, or it cannot be read. */
int wh_sha256_file(const char *path, char ret[WH_SHA256_HEX]);

#endif
