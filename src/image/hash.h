/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 of content by libcrypto, which uses the processor's instructions; codec/digest.h serves the other programs.
 */
#ifndef IMAGE_HASH_H
#define IMAGE_HASH_H

#include "whale/codec/digest.h"

#include <stddef.h>

struct hash {
    void *ctx; /* EVP_MD_CTX; NULL = not started */
};

int hash_begin(struct hash *h); /* 0 or -1 */
void hash_add(struct hash *h, const void *data, size_t len);
void hash_end(struct hash *h, char ret_hex[WH_SHA256_HEX]); /* also releases */
void hash_drop(struct hash *h);
int hash_of(const void *data, size_t len, char ret_hex[WH_SHA256_HEX]);

#endif
