/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tar reader for hostile archives: ustar, pax (path, linkpath, size, uid, gid, mtime, SCHILY.xattr, GNU.sparse), GNU
 * long names, base-256 numbers and old GNU sparse files. Written here, rather than taken from libarchive, because it
 * must tell exactly which bytes are payload (so that a layer can be written out again byte for byte, and members of an
 * archive can be read in place) and because payload must reach the file system without a copy.
 *
 * It says what the archive says: paths are neither cleaned nor judged here.
 */
#ifndef IMAGE_TAR_H
#define IMAGE_TAR_H

#include "stream.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

#include <sys/types.h>
#include <time.h>

#define TAR_BLOCK 512

enum tar_type { TAR_FILE, TAR_HARDLINK, TAR_SYMLINK, TAR_CHAR, TAR_BLOCK_DEVICE, TAR_DIR, TAR_FIFO };

struct tar_xattr {
    const char *name; /* "user.x", "security.capability" */
    const char *value;
    size_t len;
};

struct tar_piece { /* of a sparse file */
    uint64_t offset;
    uint64_t len;
};

struct tar_entry {
    enum tar_type type;
    const char *path; /* no NUL inside, not empty */
    const char *link; /* target of links, "" otherwise */
    mode_t mode;      /* 07777 bits */
    uint64_t uid, gid;
    struct timespec mtime;
    uint64_t size_bytes;   /* apparent */
    uint64_t stored_bytes; /* payload in the archive */
    uint32_t major, minor;
    bool sparse;
    struct wh_vec pieces; /* struct tar_piece, ascending, sums up to stored_bytes */
    struct wh_vec xattrs; /* struct tar_xattr */
};

/* What extended headers said about the next entry. */
struct tar_extra {
    struct wh_str path, link; /* len 0 = not given */
    struct wh_str pax;        /* the records; xattr values point into it */
    bool has_size, has_uid, has_gid, has_mtime;
    uint64_t size_bytes, uid, gid;
    struct timespec mtime;
    bool sparse; /* any GNU.sparse record */
    uint64_t sparse_major, sparse_minor, sparse_size;
};

struct tar {
    struct stream *stream;
    /* Gets every byte that is not payload taken by the caller (NULL = nobody wants them). */
    void (*raw)(void *ctx, const void *data, size_t len);
    void *raw_ctx;
    uint64_t position; /* of the next unread byte */
    uint64_t left;     /* payload of the current entry still unread */
    size_t padding;    /* after it */
    struct tar_entry entry;
    struct tar_extra extra;
    struct wh_str name, target; /* from the plain header */
    bool ended;
};

/* stream is borrowed. */
void tar_begin(struct tar *t, struct stream *stream);
/* 1 = an entry, valid until the next call; 0 = the end; -1. Skips payload that was not taken. */
int tar_next(struct tar *t, const struct tar_entry **ret, struct wh_err *err);
/* Borrows payload bytes; *ret_n 0 at the end of the payload. */
int tar_peek(struct tar *t, const unsigned char **ret, size_t *ret_n, struct wh_err *err);
void tar_take(struct tar *t, size_t n);     /* the caller has stored them */
void tar_take_raw(struct tar *t, size_t n); /* nobody stores them: they go to raw */
/* The whole payload, at most max bytes. */
int tar_read_all(struct tar *t, size_t max, struct wh_str *ret, struct wh_err *err);
/* Passes on what stands after the end mark. */
int tar_drain(struct tar *t, struct wh_err *err);
void tar_end(struct tar *t);

/* ---- for the files of the reader ---- */

#define TAR_NEXT_HEADER 2 /* the header only said something about the one that follows */

/* Exactly len bytes that are not payload. 0, 1 = nothing at all was left, -1. */
int tar_read_raw(struct tar *t, void *buf, size_t len, struct wh_err *err);
/* One header block into entry and extra: 0, TAR_NEXT_HEADER, or -1. */
int tar_header_read(struct tar *t, const unsigned char *block, struct wh_err *err);
int tar_pax_read(struct tar *t, struct wh_err *err); /* extra.pax into extra and entry */
int tar_sparse_old(struct tar *t, const unsigned char *block, struct wh_err *err);
int tar_sparse_pax(struct tar *t, const char *key, const char *value, struct wh_err *err);
int tar_sparse_map(struct tar *t, struct wh_err *err);   /* the map that stands in front of the payload (1.0) */
int tar_sparse_check(struct tar *t, struct wh_err *err); /* order and sum of the pieces */
int tar_number(const unsigned char *field, size_t len, int64_t *ret); /* octal or base-256; -1 when malformed */
int tar_decimal(const char *text, uint64_t *ret);

#endif
