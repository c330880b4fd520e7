/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The current log file of one container and its rotation. Names: log.json, log.json.1 (newest) ... log.json.<n-1>. */
#ifndef WHALE_LOGS_LOGFILE_H
#define WHALE_LOGS_LOGFILE_H

#include "whale/util/err.h"

#include <stdint.h>

#define WH_LOG_FILE_NAME "log.json"

struct wh_logfile {
    int dir_fd;
    int fd;
    uint64_t inode;
    int64_t len; /* everything behind is not committed */
    int64_t max_size_bytes;
    int max_files;
};

/* Opens or makes it. committed_inode/len as in the spool's head (inode 0: no head): a longer file is cut to the
 * committed length, a new file made by an unfinished rotation is taken as it is. Without a head a torn last line (power
 * loss) is cut off. */
int wh_logfile_open(const char *dir, int64_t max_size_bytes, int max_files, uint64_t committed_inode,
                    int64_t committed_len, struct wh_logfile *ret, struct wh_err *err);
/* Writes behind len and advances it. 0 or -1 with errno, len unchanged. */
int wh_logfile_write(struct wh_logfile *f, const char *data, size_t len);
/* A new, empty current file; the caller commits before and after. 0 or -1 with errno: the old one goes on. */
int wh_logfile_rotate(struct wh_logfile *f);
void wh_logfile_close(struct wh_logfile *f);

#endif
