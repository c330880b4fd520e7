/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thin cover over EVP. */
#include "hash.h"

#include <openssl/evp.h>

int hash_begin(struct hash *h)
{
    h->ctx = EVP_MD_CTX_new();
    if (h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1)
        return 0;
    hash_drop(h);
    return -1;
}

void hash_add(struct hash *h, const void *data, size_t len)
{
    if (h->ctx)
        EVP_DigestUpdate(h->ctx, data, len);
}

void hash_end(struct hash *h, char ret_hex[WH_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char md[EVP_MAX_MD_SIZE] = {0};
    unsigned int len = 0;
    ret_hex[0] = '\0';
    if (!h->ctx || EVP_DigestFinal_ex(h->ctx, md, &len) != 1)
        len = 0;
    for (unsigned int i = 0; i < len; i++) {
        ret_hex[2 * i] = digits[md[i] >> 4];
        ret_hex[2 * i + 1] = digits[md[i] & 15];
        ret_hex[2 * i + 2] = '\0';
    }
    hash_drop(h);
}

void hash_drop(struct hash *h)
{
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
}

int hash_of(const void *data, size_t len, char ret_hex[WH_SHA256_HEX])
{
    struct hash h;
    if (hash_begin(&h) < 0)
        return -1;
    hash_add(&h, data, len);
    hash_end(&h, ret_hex);
    return 0;
}
