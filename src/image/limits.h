/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every cap on foreign bytes, in one place. Tests shrink the budget of an unpack; the rest are constants. */
#ifndef IMAGE_LIMITS_H
#define IMAGE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define LIMIT_MANIFEST_BYTES  ((size_t)4 << 20) /* manifests, indexes, configs */
#define LIMIT_TOKEN_BYTES     ((size_t)1 << 20)
#define LIMIT_ERROR_BYTES     ((size_t)1 << 20)
#define LIMIT_PAX_BYTES       ((size_t)1 << 20) /* one extended header */
#define LIMIT_PATH_BYTES      4096
#define LIMIT_COMPONENT_BYTES 255
#define LIMIT_DEPTH           256
#define LIMIT_XATTRS          64 /* of one entry */
#define LIMIT_SPARSE_PIECES   65536
#define LIMIT_ARCHIVE_BLOBS   4096 /* members of an image archive */
#define LIMIT_ZSTD_WINDOW_LOG 27   /* 128 MiB */

struct limits {
    uint64_t total_bytes;       /* of one layer, unpacked */
    uint64_t entries;           /* of one layer */
    uint64_t file_bytes;        /* of one file, apparent */
    uint64_t ratio;             /* unpacked to packed ... */
    uint64_t ratio_after_bytes; /* ... once so much was unpacked */
    uint64_t reserve_bytes;     /* of free space to leave on the disk */
};

#define LIMITS_DEFAULT                                                                                                 \
    ((struct limits){                                                                                                  \
        .total_bytes = UINT64_C(64) << 30,                                                                             \
        .entries = 4000000,                                                                                            \
        .file_bytes = UINT64_C(32) << 30,                                                                              \
        .ratio = 1000,                                                                                                 \
        .ratio_after_bytes = UINT64_C(100) << 20,                                                                      \
        .reserve_bytes = UINT64_C(1) << 20,                                                                            \
    })

#endif
