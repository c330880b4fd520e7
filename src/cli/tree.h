/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File trees on their way between the host, a container and a tar stream. A source hands entries, parents before
 * children, to a sink. Both ends are held as descriptors: names inside a container are resolved as the container would,
 * names on the host never follow a link that the other side could have planted.
 */
#ifndef WHALE_CLI_TREE_H
#define WHALE_CLI_TREE_H

#include "whale/util/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct wh_tree_entry {
    const char *path; /* relative to the top, "" = the top itself */
    struct stat st;
    const char *link; /* target of a symbolic link */
    bool hard;        /* a hard link to the earlier entry `link` */
    bool hollow;      /* contents are left out: a mount point in `export` */
    /* Contents of a regular file, st.st_size bytes; as read(2). */
    ssize_t (*read)(void *ctx, void *buf, size_t size);
    void *ctx;
};

struct wh_tree_sink {
    int (*add)(void *ctx, const struct wh_tree_entry *e, struct wh_err *err);
    void *ctx;
};

/* ---- sources ---- */

struct wh_tree_walk {
    int dir_fd;       /* holds `name` */
    const char *name; /* one component, or "." */
    bool one_mount;   /* other mounts are handed over as empty */
};
int wh_tree_walk(const struct wh_tree_walk *w, const struct wh_tree_sink *sink, struct wh_err *err);
/* A tar stream (ustar, pax, GNU names) from fd. Names that lead out of the top are refused. */
int wh_tar_read(int fd, const struct wh_tree_sink *sink, struct wh_err *err);

/* ---- sinks ---- */

struct wh_tree_writer {
    int root_fd;      /* the base is resolved below it; links inside it count as in a container */
    const char *base; /* where the top goes: its parent exists */
    bool keep_owner;  /* else files belong to the caller */
};
struct wh_tree_sink wh_tree_writer_sink(struct wh_tree_writer *w);

struct wh_tar_writer {
    int fd;
    const char *name; /* of the top; "" = entries are named relative to it */
};
struct wh_tree_sink wh_tar_writer_sink(struct wh_tar_writer *w);
int wh_tar_finish(struct wh_tar_writer *w, struct wh_err *err);

#endif
