/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts a layer's tar together again from split.zst and the tree. */
#include "decoder.h"
#include "limits.h"
#include "split.h"
#include "split_format.h"
#include "whale/sys/openat2.h"
#include "whale/util/cleanup.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct split_reader {
    int tree_fd;
    struct source_fd split;
    struct decoder decoder;
    uint64_t raw_left;
    uint64_t file_left;
    int file_fd;
    char path[LIMIT_PATH_BYTES + 1];
};

static int fail_format(struct wh_err *err)
{
    return wh_fail(err, WH_E_INVALID, "the layer's index is damaged");
}

/* 0, 1 = the end before the first byte, -1. */
static int read_exactly(struct split_reader *r, void *buf, size_t len, struct wh_err *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = decoder_read(&r->decoder, (char *)buf + done, len - done, err);
        if (n < 0)
            return -1;
        if (n == 0)
            return done ? fail_format(err) : 1;
        done += (size_t)n;
    }
    return 0;
}

int split_read_begin(int tree_fd, int split_fd, struct split_reader **ret, struct wh_err *err)
{
    char magic[sizeof(SPLIT_MAGIC) - 1];
    struct split_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return wh_fail(err, ENOMEM, "layer");
    r->tree_fd = tree_fd;
    r->file_fd = -1;
    r->split = (struct source_fd){split_fd, "the layer's index"};
    int rc = decoder_begin(&r->decoder, source_of_fd(&r->split), false, err);
    if (rc == 0)
        rc = read_exactly(r, magic, sizeof(magic), err);
    if (rc == 0 && !memcmp(magic, SPLIT_MAGIC, sizeof(magic))) {
        *ret = r;
        return 0;
    }
    split_read_end(r);
    return rc < 0 ? -1 : fail_format(err);
}

void split_read_end(struct split_reader *r)
{
    decoder_end(&r->decoder);
    wh_close(&r->file_fd);
    free(r);
}

static int begin_raw(struct split_reader *r, struct wh_err *err)
{
    uint32_t len;
    if (read_exactly(r, &len, sizeof(len), err) != 0)
        return fail_format(err);
    r->raw_left = le32toh(len);
    return 0;
}

static int begin_file(struct split_reader *r, struct wh_err *err)
{
    uint64_t len;
    uint16_t path_len;
    if (read_exactly(r, &len, sizeof(len), err) != 0 || read_exactly(r, &path_len, sizeof(path_len), err) != 0)
        return fail_format(err);
    path_len = le16toh(path_len);
    if (path_len > LIMIT_PATH_BYTES || read_exactly(r, r->path, path_len, err) != 0)
        return fail_format(err);
    r->path[path_len] = '\0';
    r->file_left = le64toh(len);
    r->file_fd =
        wh_openat2(r->tree_fd, r->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    return r->file_fd < 0 ? wh_fail(err, errno, "open %s in the layer", r->path) : 0;
}

/* 0 = raw bytes or a file's bytes are next; 1 = the end; -1. */
static int begin_item(struct split_reader *r, struct wh_err *err)
{
    char mark;
    int rc = read_exactly(r, &mark, 1, err);
    if (rc != 0)
        return rc;
    if (mark == SPLIT_RAW)
        return begin_raw(r, err);
    return mark == SPLIT_FILE ? begin_file(r, err) : fail_format(err);
}

static ssize_t read_file(struct split_reader *r, void *buf, size_t cap, struct wh_err *err)
{
    size_t want = r->file_left < cap ? (size_t)r->file_left : cap;
    ssize_t n = read(r->file_fd, buf, want);
    if (n <= 0)
        return n < 0 ? wh_fail(err, errno, "read %s", r->path)
                     : wh_fail(err, WH_E_INVALID, "%s in the layer is shorter than it was", r->path);
    r->file_left -= (uint64_t)n;
    if (!r->file_left)
        wh_close(&r->file_fd);
    return n;
}

static ssize_t read_tar(void *ctx, void *buf, size_t cap, struct wh_err *err)
{
    struct split_reader *r = ctx;
    while (!r->raw_left && !r->file_left) {
        wh_close(&r->file_fd);
        int rc = begin_item(r, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    if (r->file_left)
        return read_file(r, buf, cap, err);
    size_t want = r->raw_left < cap ? (size_t)r->raw_left : cap;
    if (read_exactly(r, buf, want, err) != 0)
        return fail_format(err);
    r->raw_left -= want;
    return (ssize_t)want;
}

struct source split_source(struct split_reader *r)
{
    return (struct source){read_tar, r};
}
