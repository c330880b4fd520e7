/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of one log as the reader sees them: opened oldest first, so that a rotation meanwhile takes nothing away.
 */
#ifndef WHALE_LOGS_FILES_H
#define WHALE_LOGS_FILES_H

#include "whale/util/err.h"

#include <stddef.h>
#include <stdint.h>

#define WH_LOG_FILES_MAX 256

struct wh_log_files {
    int dir_fd;
    int fds[WH_LOG_FILES_MAX]; /* oldest first; the last one is log.json */
    size_t n;
};

/* A log that does not exist yet has no files. */
int wh_log_files_open(const char *dir, struct wh_log_files *ret, struct wh_err *err);
void wh_log_files_close(struct wh_log_files *f);
/* The file that follows the one behind fd, after it was rotated away: a descriptor; -1 = it is still the current one
 * (or nothing is there). */
int wh_log_files_next(const struct wh_log_files *f, int fd);

struct wh_log_place {
    size_t file;
    int64_t offset;
};
/* Where the last `lines` lines begin. */
struct wh_log_place wh_log_files_tail(const struct wh_log_files *f, int64_t lines);
/* A place at or before the first record of time_ns or later. */
struct wh_log_place wh_log_files_since(const struct wh_log_files *f, int64_t time_ns);

#endif
