/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to unpack*.c: the state of one unpack. */
#ifndef IMAGE_UNPACK_NODE_H
#define IMAGE_UNPACK_NODE_H

#include "split.h"
#include "tar.h"
#include "unpack.h"

#define OPAQUE_XATTR "trusted.overlay.opaque"

/* The place of an entry: its folder, held open, and its last component. name "" is the root itself. */
struct place {
    int parent; /* borrowed from the unpack */
    const char *name;
};

struct dir_time {
    char *path;
    struct timespec mtime;
};

struct unpack {
    int root;
    const struct limits *limits;
    struct unpack_result *result;
    struct tar tar;
    struct split_writer split;
    struct wh_vec dir_times; /* struct dir_time: set last, because filling a folder changes its time */
    uint64_t checked_bytes;  /* files_bytes at the last look at the free space */
    uint64_t apparent_bytes;
    char path[LIMIT_PATH_BYTES + 1]; /* of the current entry, cleaned */
    char folder[LIMIT_PATH_BYTES + 1];
    int folder_fd; /* of folder, -1 = none: entries come folder by folder */
    bool stale;    /* a folder or link was removed: the held folder may no longer be what its name says */
};

/* Cleans a name of the archive into buf (LIMIT_PATH_BYTES + 1): no leading slash, no "." or empty components; ".." and
 * over-long names are refused. "" is the root. */
int unpack_clean(const char *name, char *buf, struct wh_err *err);
/* Opens the folder of a cleaned path and makes the missing ones. path is borrowed by the result. */
int unpack_locate(struct unpack *u, const char *path, struct place *ret, struct wh_err *err);
void unpack_forget_folder(struct unpack *u);
/* Makes room for an entry: removes what is at the place. *ret_hidden: it was the mark of a whiteout. */
int unpack_clear(struct unpack *u, const struct place *p, bool *ret_hidden, struct wh_err *err);

/* Creates the node of the current tar entry. */
int unpack_create(struct unpack *u, const struct place *p, const struct tar_entry *e, struct wh_err *err);
int unpack_root(struct unpack *u, const struct tar_entry *e, struct wh_err *err);
int unpack_dir_times(struct unpack *u, struct wh_err *err);

/* 1 = the entry was a mark and is done, 0 = an ordinary entry, -1. */
int unpack_whiteout(struct unpack *u, struct wh_err *err);
int unpack_set_opaque(int parent, const char *name, struct wh_err *err);

#endif
