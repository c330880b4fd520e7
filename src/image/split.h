/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a layer's tar held besides the contents of its files, so that the same bytes can be written out again from the
 * unpacked tree (`image save` keeps every digest): a zstd stream of items
 *   'R' length:u32 bytes            headers, padding, end marks
 *   'F' length:u64 length:u16 path  the content of a file of the tree
 * with little-endian numbers, after an 8-byte magic.
 */
#ifndef IMAGE_SPLIT_H
#define IMAGE_SPLIT_H

#include "source.h"
#include "whale/util/str.h"

#include <stdbool.h>

struct split_writer {
    void *context; /* ZSTD_CCtx */
    struct wh_str raw;
    unsigned char *out;
    int fd;    /* borrowed */
    int error; /* errno of the first failure */
};
int split_write_begin(struct split_writer *w, int fd, struct wh_err *err);
void split_write_raw(struct split_writer *w, const void *data, size_t len);
void split_write_file(struct split_writer *w, const char *path, uint64_t len);
int split_write_end(struct split_writer *w, struct wh_err *err);
void split_write_drop(struct split_writer *w);

/* The layer's tar as a source: tree_fd is the layer's fs folder, split_fd its split.zst (both borrowed). */
struct split_reader;
int split_read_begin(int tree_fd, int split_fd, struct split_reader **ret, struct wh_err *err);
struct source split_source(struct split_reader *r);
void split_read_end(struct split_reader *r);

#endif
