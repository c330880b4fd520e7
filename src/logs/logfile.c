/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See logfile.h. Positions are explicit, never O_APPEND: what a killed loop wrote without commit is overwritten. */
#include "logs/logfile.h"

#include "whale/util/cleanup.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_BYTES ((size_t)256 << 10) /* a record is at most about 98 KiB */

static int open_current(struct wh_logfile *f, int flags)
{
    struct stat st;
    wh_auto_fd fd = openat(f->dir_fd, WH_LOG_FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0640);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    wh_close(&f->fd);
    f->fd = wh_steal_fd(&fd);
    f->inode = st.st_ino;
    f->len = st.st_size;
    return 0;
}

/* Length up to the last newline. */
static int64_t whole_lines(int fd, int64_t len)
{
    static const size_t chunk = 4096;
    char buf[4096];
    for (int64_t end = len; end > 0 && len - end < (int64_t)TAIL_BYTES;) {
        size_t n = end < (int64_t)chunk ? (size_t)end : chunk;
        if (pread(fd, buf, n, end - (int64_t)n) != (ssize_t)n)
            return len;
        const char *newline = memrchr(buf, '\n', n);
        if (newline)
            return end - (int64_t)n + (newline - buf) + 1;
        end -= (int64_t)n;
    }
    return 0;
}

int wh_logfile_open(const char *dir, int64_t max_size_bytes, int max_files, uint64_t committed_inode,
                    int64_t committed_len, struct wh_logfile *ret, struct wh_err *err)
{
    struct wh_logfile f = {.fd = -1, .max_size_bytes = max_size_bytes, .max_files = max_files > 0 ? max_files : 1};
    f.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f.dir_fd < 0)
        return wh_fail(err, errno, "open %s", dir);
    if (open_current(&f, 0) < 0) {
        wh_fail(err, errno, "open %s/%s", dir, WH_LOG_FILE_NAME);
        wh_logfile_close(&f);
        return -1;
    }
    int64_t keep = f.len;
    if (!committed_inode)
        keep = whole_lines(f.fd, f.len);
    else if (f.inode == committed_inode && f.len >= committed_len)
        keep = committed_len;
    if (keep < f.len && ftruncate(f.fd, keep) < 0) {
        wh_fail(err, errno, "truncate %s/%s", dir, WH_LOG_FILE_NAME);
        wh_logfile_close(&f);
        return -1;
    }
    f.len = keep;
    *ret = f;
    return 0;
}

int wh_logfile_write(struct wh_logfile *f, const char *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(f->fd, data + done, len - done, f->len + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        done += (size_t)n;
    }
    f->len += (int64_t)len;
    return 0;
}

/* The first number that no rotated file has (a killed rotation may have left a gap), or the last one allowed. */
static int first_gap(const struct wh_logfile *f)
{
    char name[32];
    for (int i = 1; i < f->max_files - 1; i++) {
        snprintf(name, sizeof(name), WH_LOG_FILE_NAME ".%d", i);
        if (faccessat(f->dir_fd, name, F_OK, 0) < 0)
            return i;
    }
    return f->max_files - 1;
}

int wh_logfile_rotate(struct wh_logfile *f)
{
    char from[32], to[32];
    for (int i = first_gap(f); i > 0; i--) {
        snprintf(from, sizeof(from), i > 1 ? WH_LOG_FILE_NAME ".%d" : WH_LOG_FILE_NAME, i - 1);
        snprintf(to, sizeof(to), WH_LOG_FILE_NAME ".%d", i);
        if (renameat(f->dir_fd, from, f->dir_fd, to) < 0 && errno != ENOENT)
            return -1;
    }
    if (f->max_files == 1 && unlinkat(f->dir_fd, WH_LOG_FILE_NAME, 0) < 0 && errno != ENOENT)
        return -1;
    return open_current(f, 0);
}

void wh_logfile_close(struct wh_logfile *f)
{
    wh_close(&f->fd);
    wh_close(&f->dir_fd);
}
