/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying and removing trees by descriptor, without allocation: both run in a container's child. Symlinks are copied as
 * such and never followed. All return 0 or -1 with errno. */
#ifndef RUNTIME_COPY_TREE_H
#define RUNTIME_COPY_TREE_H

#include <stdbool.h>

/* What lies in from_fd into to_fd (empty): content, owner, mode, times, xattrs, hard links among the files, devices,
 * pipes. The folder to_fd itself is left as it is. */
int wh_tree_copy(int from_fd, int to_fd);
/* Owner, mode, xattrs and times of one open folder or file onto another. */
int wh_tree_copy_attributes(int from_fd, int to_fd);
int wh_tree_remove(int parent_fd, const char *name);
/* Moves every entry of from_fd into to_fd (same file system). */
int wh_tree_move_entries(int from_fd, int to_fd);
/* 1 empty, 0 not, -1. */
int wh_tree_is_empty(int dir_fd);

#endif
