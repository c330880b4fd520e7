/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256. Mostly small inputs: speed hardly matters here. */
#include "whale/codec/digest.h"

#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr(uint32_t x, unsigned n)
{
    return (x >> n) | (x << (32 - n));
}

static void compress(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
        uint32_t s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    memcpy(v, state, sizeof(v));
    for (int i = 0; i < 64; i++) {
        uint32_t s1 = rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25);
        uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constants[i] + w[i];
        uint32_t s0 = rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22);
        uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(&v[1], &v[0], 7 * sizeof(v[0]));
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

void wh_sha256_init(struct wh_sha256 *h)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memset(h, 0, sizeof(*h));
    memcpy(h->state, initial, sizeof(initial));
}

void wh_sha256_add(struct wh_sha256 *h, const void *data, size_t len)
{
    const unsigned char *p = data;
    while (len) {
        size_t at = h->n_bytes % 64, n = 64 - at < len ? 64 - at : len;
        memcpy(h->block + at, p, n);
        h->n_bytes += n;
        p += n;
        len -= n;
        if (h->n_bytes % 64 == 0)
            compress(h->state, h->block);
    }
}

void wh_sha256_hex(struct wh_sha256 *h, char ret[WH_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t n_bits = h->n_bytes * 8;
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(n_bits >> (56 - 8 * i));
    wh_sha256_add(h, "\x80", 1);
    while (h->n_bytes % 64 != 56)
        wh_sha256_add(h, "", 1);
    wh_sha256_add(h, length, 8);
    for (int i = 0; i < 64; i++)
        ret[i] = digits[(h->state[i / 8] >> (28 - 4 * (i % 8))) & 15];
    ret[64] = 0;
}

void wh_sha256_of(const void *data, size_t len, char ret[WH_SHA256_HEX])
{
    struct wh_sha256 h;
    wh_sha256_init(&h);
    wh_sha256_add(&h, data, len);
    wh_sha256_hex(&h, ret);
}

/* The bytes read, 0 at the end. */
static ssize_t read_some(int fd, void *buf, size_t size)
{
    ssize_t n;
    do {
        n = read(fd, buf, size);
    } while (n < 0 && errno == EINTR);
    return n;
}

int wh_sha256_file(const char *path, char ret[WH_SHA256_HEX])
{
    unsigned char buf[16384];
    struct wh_sha256 h;
    struct stat st;
    ssize_t n;
    wh_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return -1;
    wh_sha256_init(&h);
    while ((n = read_some(fd, buf, sizeof(buf))) > 0)
        wh_sha256_add(&h, buf, (size_t)n);
    wh_sha256_hex(&h, ret);
    return n < 0 ? -1 : 0;
}
