/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole-file reading and crash-safe writing on the host; paths made of text. */
#ifndef WHALE_UTIL_FILE_H
#define WHALE_UTIL_FILE_H

#include "whale/util/err.h"
#include "whale/util/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads a whole regular file of at most max bytes. FIFOs, devices and folders are refused (O_NONBLOCK open). */
int wh_file_read(const char *path, size_t max, struct wh_str *ret, struct wh_err *err);
int wh_file_read_at(int dirfd, const char *path, size_t max, struct wh_str *ret, struct wh_err *err);
int wh_fd_read_all(int fd, size_t max, struct wh_str *ret, struct wh_err *err);

enum wh_sync { WH_SYNC_NONE, WH_SYNC_FILE }; /* FILE: fsync of the file before and of the folder after the rename */
/* Writes path by temp file + rename, so that a reader sees the old or the new content, never half. */
int wh_file_replace(const char *path, const void *data, size_t len, mode_t mode, enum wh_sync sync, struct wh_err *err);

int wh_write_all(int fd, const void *data, size_t len); /* retries EINTR and short writes; 0 or -1 with errno */
/* Writes one short value to a kernel file (cgroup, proc, sys). */
int wh_file_poke(const char *path, const char *value, struct wh_err *err);
int wh_file_poke_at(int dirfd, const char *path, const char *value, struct wh_err *err);

int wh_mkdir_p(const char *path, mode_t mode, struct wh_err *err);
/* Removes a tree without following symlinks; a missing one is success. Never crosses into another file system. */
int wh_remove_tree(const char *path, struct wh_err *err);
int wh_remove_tree_at(int dirfd, const char *name, struct wh_err *err);
bool wh_path_exists(const char *path);

/* "a/b" + "../c" style joining without touching the disk; malloc'ed. An absolute name replaces dir. */
char *wh_path_join(const char *dir, const char *name);
/* Lexical clean: "//", "/./", "x/.." folded, no trailing slash (except "/"); "" gives ".". malloc'ed. */
char *wh_path_clean(const char *path);
const char *wh_path_base(const char *path); /* borrowed: after the last slash */
char *wh_path_dir(const char *path);        /* malloc'ed: before the last slash, "." or "/" */

/* Random lower-case hex digits, n of them plus NUL into buf (n + 1 bytes). */
int wh_random_hex(char *buf, size_t n, struct wh_err *err);

#endif
