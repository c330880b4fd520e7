/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the way in rotated log files: order, what follows a rotated one, tail backwards, since by bisection. */
#include "logs/files.h"

#include "whale/util/cleanup.h"

#include "logs/decode.h"
#include "logs/encode.h"
#include "logs/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_BYTES  ((size_t)256 << 10)
#define OVERLAP_BYTES ((size_t)256) /* what wh_log_ends_line looks at */
#define MAX_GAPS      2             /* one is there in the middle of a rotation, or after one that was killed */
#define PROBE_BYTES   (2 * WH_LOG_RECORD_BOUND(WH_LOG_MAX_TEXT))

static int open_number(int dir_fd, int number)
{
    char name[32];
    snprintf(name, sizeof(name), number ? WH_LOG_FILE_NAME ".%d" : WH_LOG_FILE_NAME, number);
    return openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
}

int wh_log_files_open(const char *dir, struct wh_log_files *ret, struct wh_err *err)
{
    struct wh_log_files f = {.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (f.dir_fd < 0)
        return wh_fail(err, errno, "open %s", dir);
    int newest_first[WH_LOG_FILES_MAX];
    size_t n = 0;
    for (int number = 0, gaps = 0; number < WH_LOG_FILES_MAX && gaps < MAX_GAPS; number++) {
        int fd = open_number(f.dir_fd, number);
        if (fd >= 0)
            newest_first[n++] = fd;
        else
            gaps++;
    }
    while (n)
        f.fds[f.n++] = newest_first[--n];
    *ret = f;
    return 0;
}

void wh_log_files_close(struct wh_log_files *f)
{
    for (size_t i = 0; i < f->n; i++)
        wh_close(&f->fds[i]);
    wh_close(&f->dir_fd);
    f->n = 0;
}

static bool same_file(int a, int b)
{
    struct stat sa, sb;
    return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_ino == sb.st_ino && sa.st_dev == sb.st_dev;
}

int wh_log_files_next(const struct wh_log_files *f, int fd)
{
    int newer = -1;
    for (int number = 0, gaps = 0; number < WH_LOG_FILES_MAX && gaps < MAX_GAPS; number++) {
        wh_auto_fd candidate = open_number(f->dir_fd, number);
        if (candidate < 0) {
            gaps++;
            continue;
        }
        if (fd >= 0 && same_file(candidate, fd))
            return newer;
        wh_close(&newer);
        newer = wh_steal_fd(&candidate);
    }
    return newer; /* ours is gone: the oldest that is left */
}

/* ---- tail ------------------------------------------------------------------------------------------------------- */

struct tail_search {
    int64_t left; /* ends of lines still to pass */
    bool at_end;  /* no record was seen yet: the last one counts even if it does not end its line */
};

/* Looks at the records that end in window[overlap..len), last first. Returns the offset in the window behind the record
 * at which the search is over, or -1. */
static ssize_t search_window(struct tail_search *t, const char *window, size_t overlap, size_t len)
{
    const char *end = window + len;
    while (end > window + overlap) {
        const char *newline = memrchr(window + overlap, '\n', (size_t)(end - window) - overlap);
        if (!newline)
            break;
        bool counts = t->at_end || wh_log_ends_line(newline, (size_t)(newline - window));
        t->at_end = false;
        if (counts && t->left-- == 0)
            return newline + 1 - window;
        end = newline;
    }
    return -1;
}

/* Offset where the tail begins in this file, or -1 when it needs all of it. */
static int64_t search_file(struct tail_search *t, int fd, char *window)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    for (int64_t end = st.st_size; end > 0;) {
        int64_t begin = end > (int64_t)WINDOW_BYTES ? end - (int64_t)WINDOW_BYTES : 0;
        int64_t from = begin > (int64_t)OVERLAP_BYTES ? begin - (int64_t)OVERLAP_BYTES : 0;
        ssize_t n = pread(fd, window, (size_t)(end - from), from);
        if (n != end - from)
            return -1;
        ssize_t found = search_window(t, window, (size_t)(begin - from), (size_t)n);
        if (found >= 0)
            return from + found;
        end = begin;
    }
    return -1;
}

struct wh_log_place wh_log_files_tail(const struct wh_log_files *f, int64_t lines)
{
    struct wh_log_place place = {0};
    wh_auto_free char *window = malloc(WINDOW_BYTES + OVERLAP_BYTES);
    struct tail_search t = {.left = lines, .at_end = true};
    for (size_t i = f->n; window && i-- > 0;) {
        int64_t found = search_file(&t, f->fds[i], window);
        if (found >= 0)
            return (struct wh_log_place){.file = i, .offset = found};
    }
    return place;
}

/* ---- since ------------------------------------------------------------------------------------------------------ */

/* Time of the first whole record at or behind offset; -1 when there is none. */
static int64_t time_behind(int fd, int64_t offset, char *buf)
{
    ssize_t n = pread(fd, buf, PROBE_BYTES, offset);
    char *line = buf;
    if (n > 0 && offset > 0) {
        line = memchr(buf, '\n', (size_t)n);
        line = line ? line + 1 : buf + n;
    }
    char *end = n > 0 ? memchr(line, '\n', (size_t)(buf + n - line)) : NULL;
    struct wh_log_decoder d = {0};
    struct wh_log_record r;
    return end && wh_log_decode(&d, line, (size_t)(end - line), &r) ? r.time_ns : -1;
}

struct wh_log_place wh_log_files_since(const struct wh_log_files *f, int64_t time_ns)
{
    wh_auto_free char *buf = malloc(PROBE_BYTES);
    struct wh_log_place place = {0};
    if (!buf || !f->n)
        return place;
    while (place.file + 1 < f->n) {
        int64_t first_of_next = time_behind(f->fds[place.file + 1], 0, buf);
        if (first_of_next < 0 || first_of_next >= time_ns)
            break;
        place.file++;
    }
    struct stat st;
    if (fstat(f->fds[place.file], &st) < 0)
        return place;
    int64_t low = 0, high = st.st_size; /* the record behind low is too old */
    while (high - low > (int64_t)WINDOW_BYTES) {
        int64_t middle = low + (high - low) / 2;
        int64_t t = time_behind(f->fds[place.file], middle, buf);
        if (t >= 0 && t < time_ns)
            low = middle;
        else
            high = middle;
    }
    place.offset = low;
    return place;
}
