/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One layer's tar into one folder, alone: what it removes from lower layers becomes overlay's marks. Everything is
 * reached from the folder's descriptor by openat2(RESOLVE_IN_ROOT), so that no link of the archive leads to the host.
 */
#ifndef IMAGE_UNPACK_H
#define IMAGE_UNPACK_H

#include "limits.h"
#include "stream.h"
#include "whale/util/vec.h"

struct unpack_result {
    uint64_t files_bytes; /* contents of regular files */
    uint64_t tar_bytes;
    uint64_t n_entries;
    bool exact;             /* the tar can be written out again byte for byte */
    bool opaque_root;       /* the layer hides everything below it */
    struct wh_strv implied; /* folders that the archive did not mention, outermost first: their attributes come from
                               the layers below (unpack_inherit) */
};
void unpack_result_fini(struct unpack_result *r);

/* Fills <dir_fd>/fs (made here) and <dir_fd>/split.zst. The stream is borrowed and read to its end mark, not
 * finished. dir_fd must be a folder that nobody else can reach. */
int unpack_layer(int dir_fd, struct stream *s, const struct limits *limits, struct unpack_result *ret,
                 struct wh_err *err);

/* Gives implied folders the attributes they have in the layers below, and carries out an opaque root, which overlay
 * itself does not know. lowers: descriptors of fs folders, top-most first. */
int unpack_inherit(int fs_fd, const struct unpack_result *r, const int *lowers, size_t n_lowers, struct wh_err *err);

#endif
