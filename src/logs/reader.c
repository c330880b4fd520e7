/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a log from a place on, over rotations, and following it. */
#include "whale/logs.h"

#include "whale/util/cleanup.h"

#include "logs/decode.h"
#include "logs/encode.h"
#include "logs/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)256 << 10) /* more than the longest record of ours */

struct wh_log_reader {
    struct wh_log_query query;
    struct wh_log_files files;
    struct wh_log_decoder decoder;
    size_t file; /* index into files; with follow the last one is replaced at a rotation */
    int64_t offset;
    bool skip_line; /* offset is in the middle of a record */
    bool past_until;
    int inotify_fd;
    size_t begin, end; /* unread bytes of buf */
    char *buf;
};

static int watch_dir(struct wh_log_reader *r, const char *dir, struct wh_err *err)
{
    r->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (r->inotify_fd < 0 && errno == EMFILE)
        return 0; /* fs.inotify.max_user_instances, 128 by default: the reader looks by time instead */
    if (r->inotify_fd < 0)
        return wh_fail(err, errno, "inotify");
    if (inotify_add_watch(r->inotify_fd, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR) < 0)
        return wh_fail(err, errno, "watch %s", dir);
    return 0;
}

static void seek_start(struct wh_log_reader *r)
{
    struct wh_log_place place = {0};
    if (r->query.tail >= 0) {
        place = wh_log_files_tail(&r->files, r->query.tail);
    } else if (r->query.since_ns > 0) {
        place = wh_log_files_since(&r->files, r->query.since_ns);
        r->skip_line = place.offset > 0;
    }
    r->file = place.file;
    r->offset = place.offset;
}

int wh_log_reader_open(const char *dir, const struct wh_log_query *query, struct wh_log_reader **ret,
                       struct wh_err *err)
{
    struct wh_log_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return wh_fail(err, ENOMEM, "log reader");
    *r = (struct wh_log_reader){.query = *query, .inotify_fd = -1, .buf = malloc(BUFFER_BYTES)};
    r->files.dir_fd = -1;
    int failed = r->buf ? 0 : wh_fail(err, ENOMEM, "log reader");
    if (!failed && query->follow) /* before the files are opened: nothing between is missed */
        failed = watch_dir(r, dir, err);
    if (!failed)
        failed = wh_log_files_open(dir, &r->files, err);
    if (failed) {
        wh_log_reader_free(r);
        return wh_wrap(err, "read log");
    }
    seek_start(r);
    *ret = r;
    return 0;
}

void wh_log_reader_free(struct wh_log_reader *r)
{
    if (!r)
        return;
    wh_log_files_close(&r->files);
    wh_close(&r->inotify_fd);
    free(r->buf);
    free(r);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

/* Reads more of the current file behind what is unread. Bytes, 0 at its end, -1. */
static ssize_t fill(struct wh_log_reader *r)
{
    if (r->begin) {
        memmove(r->buf, r->buf + r->begin, r->end - r->begin);
        r->end -= r->begin;
        r->begin = 0;
    }
    if (r->end == BUFFER_BYTES) { /* a line that no writer of ours makes: dropped */
        r->end = 0;
        r->skip_line = true;
    }
    ssize_t n = pread(r->files.fds[r->file], r->buf + r->end, BUFFER_BYTES - r->end, r->offset);
    if (n > 0) {
        r->end += (size_t)n;
        r->offset += n;
    }
    return n;
}

static void enter_file(struct wh_log_reader *r, size_t file)
{
    r->file = file;
    r->offset = 0;
    r->begin = r->end = 0; /* a record that was cut by a power loss */
    r->skip_line = false;
}

/* True when there is a further file to read. The current one may have grown until it was rotated away, so its end is
 * looked at once more by the caller before this is believed. */
static bool next_file(struct wh_log_reader *r)
{
    if (r->file + 1 < r->files.n) {
        enter_file(r, r->file + 1);
        return true;
    }
    if (!r->query.follow)
        return false;
    bool had_one = r->files.n > 0;
    int fd = wh_log_files_next(&r->files, had_one ? r->files.fds[r->file] : -1);
    if (fd < 0)
        return false;
    if (had_one && fill(r) > 0) { /* it has grown before the rotation */
        close(fd);
        return true;
    }
    if (had_one)
        close(r->files.fds[r->file]);
    else
        r->files.n = 1;
    r->files.fds[r->file] = fd;
    enter_file(r, r->file);
    return true;
}

static bool drain_inotify(struct wh_log_reader *r)
{
    char events[4096];
    bool any = false;
    while (r->inotify_fd >= 0 && read(r->inotify_fd, events, sizeof(events)) > 0)
        any = true;
    return any;
}

/* More bytes or a further file: 0; WH_LOG_END; -1. */
static int more(struct wh_log_reader *r, struct wh_err *err)
{
    do {
        ssize_t n = r->files.n ? fill(r) : 0;
        if (n < 0)
            return wh_fail(err, errno, "read log");
        if (n > 0 || next_file(r))
            return 0;
    } while (drain_inotify(r));
    return WH_LOG_END;
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

static char *next_line(struct wh_log_reader *r, size_t *ret_len)
{
    char *line = r->buf + r->begin;
    char *newline = memchr(line, '\n', r->end - r->begin);
    if (!newline)
        return NULL;
    r->begin += (size_t)(newline - line) + 1;
    *ret_len = (size_t)(newline - line);
    return line;
}

static bool is_wanted(struct wh_log_reader *r, const struct wh_log_record *record)
{
    if (r->query.until_ns && record->time_ns > r->query.until_ns) {
        r->past_until = true;
        return false;
    }
    return record->time_ns >= r->query.since_ns;
}

int wh_log_reader_next(struct wh_log_reader *r, struct wh_log_record *ret, struct wh_err *err)
{
    while (!r->past_until) {
        size_t len;
        char *line = next_line(r, &len);
        if (!line) {
            int outcome = more(r, err);
            if (outcome)
                return outcome;
        } else if (r->skip_line) {
            r->skip_line = false;
        } else if (wh_log_decode(&r->decoder, line, len, ret) && is_wanted(r, ret)) {
            return 0;
        }
    }
    return WH_LOG_END;
}

int wh_log_reader_fd(const struct wh_log_reader *r)
{
    return r->inotify_fd;
}
