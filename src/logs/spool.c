/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files behind spool.h. */
#include "logs/spool.h"

#include "whale/logs.h"
#include "whale/util/cleanup.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC       UINT32_C(0x77686c73)
#define VERSION     1
#define DATA_AT     INT64_C(8192) /* head page, landing page, then the stream's bytes */
#define LANDING_AT  INT64_C(4096)
#define PUNCH_BYTES INT64_C(16384)
#define PAGE        INT64_C(4096)
#define SECOND      ".err" /* the second stream's file */

static int open_stream(struct wh_spool *s, int stream, struct wh_err *err)
{
    struct stat st;
    s->fd[stream] = open(s->path[stream], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->fd[stream] < 0 || fstat(s->fd[stream], &st) < 0)
        return wh_fail(err, errno, "open %s", s->path[stream]);
    s->taken[stream] = st.st_size > DATA_AT ? st.st_size - DATA_AT : 0;
    return 0;
}

static int read_head(struct wh_spool *s, struct wh_err *err)
{
    struct wh_spool_head head;
    ssize_t n = pread(s->fd[0], &head, sizeof(head), 0);
    if (n == sizeof(head) && head.magic == MAGIC && head.version == VERSION) {
        s->head = head;
        return 0;
    }
    s->is_new = true;
    s->head = (struct wh_spool_head){.magic = MAGIC, .version = VERSION};
    for (int i = 0; i < 2; i++)
        if (s->fd[i] >= 0 && ftruncate(s->fd[i], 0) < 0)
            return wh_fail(err, errno, "truncate %s", s->path[i]);
    s->taken[0] = s->taken[1] = 0;
    return 0;
}

/* Appends what an earlier loop had read from the terminal, at the place it had noted. */
static int recover_landing(struct wh_spool *s, struct wh_err *err)
{
    size_t len = WH_SPOOL_LANDING_BYTES;
    while (len && !s->landing[len - 1])
        len--;
    if (!len)
        return 0;
    if (pwrite(s->fd[0], s->landing, len, DATA_AT + s->head.landing_at) != (ssize_t)len)
        return wh_fail(err, errno, "write %s", s->path[0]);
    int64_t end = s->head.landing_at + (int64_t)len;
    if (end > s->taken[0])
        s->taken[0] = end;
    memset(s->landing, 0, len);
    return 0;
}

static int map_landing(struct wh_spool *s, struct wh_err *err)
{
    struct stat st;
    if (fstat(s->fd[0], &st) < 0 || (st.st_size < DATA_AT && ftruncate(s->fd[0], DATA_AT) < 0))
        return wh_fail(err, errno, "extend %s", s->path[0]);
    void *page = mmap(NULL, WH_SPOOL_LANDING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd[0], LANDING_AT);
    if (page == MAP_FAILED)
        return wh_fail(err, errno, "map %s", s->path[0]);
    s->landing = page;
    return recover_landing(s, err);
}

int wh_spool_open(const char *path, bool tty, struct wh_spool *ret, struct wh_err *err)
{
    struct wh_spool s = {.fd = {-1, -1}};
    s.path[0] = strdup(path);
    s.path[1] = tty ? NULL : wh_fmt("%s" SECOND, path);
    int r = !s.path[0] || (!tty && !s.path[1]) ? wh_fail(err, ENOMEM, "spool") : 0;
    if (r == 0)
        r = open_stream(&s, 0, err);
    if (r == 0 && !tty)
        r = open_stream(&s, 1, err);
    if (r == 0)
        r = read_head(&s, err);
    if (r == 0 && tty)
        r = map_landing(&s, err);
    if (r < 0) {
        wh_spool_close(&s, false);
        return -1;
    }
    for (int i = 0; i < 2; i++)
        s.punched[i] = s.head.consumed[i] & ~(PAGE - 1);
    *ret = s;
    return 0;
}

static ssize_t take_from_terminal(struct wh_spool *s, int fd)
{
    s->head.landing_at = s->taken[0];
    if (wh_spool_commit(s) < 0)
        return -1;
    ssize_t n = read(fd, s->landing, WH_SPOOL_LANDING_BYTES);
    if (n <= 0)
        return n < 0 && errno == EIO ? 0 : n; /* EIO: nobody has the other side open any more */
    if (pwrite(s->fd[0], s->landing, (size_t)n, DATA_AT + s->taken[0]) != n)
        return -1;
    s->taken[0] += n;
    memset(s->landing, 0, (size_t)n);
    return n;
}

ssize_t wh_spool_take(struct wh_spool *s, int stream, int fd, size_t max)
{
    if (s->landing)
        return take_from_terminal(s, fd);
    loff_t at = DATA_AT + s->taken[stream];
    ssize_t n = splice(fd, NULL, s->fd[stream], &at, max, SPLICE_F_NONBLOCK);
    if (n > 0)
        s->taken[stream] += n;
    return n;
}

ssize_t wh_spool_peek(const struct wh_spool *s, int stream, int64_t from, char *buf, size_t size)
{
    int64_t left = s->taken[stream] - from;
    size_t want = (size_t)left < size ? (size_t)left : size;
    return want ? pread(s->fd[stream], buf, want, DATA_AT + from) : 0;
}

ssize_t wh_spool_read(const struct wh_spool *s, int stream, char *buf, size_t size)
{
    return wh_spool_peek(s, stream, s->head.consumed[stream], buf, size);
}

int wh_spool_commit(struct wh_spool *s)
{
    if (pwrite(s->fd[0], &s->head, sizeof(s->head), 0) != sizeof(s->head))
        return -1;
    for (int i = 0; i < 2; i++) {
        int64_t done = s->head.consumed[i] & ~(PAGE - 1);
        if (s->fd[i] < 0 || done - s->punched[i] < PUNCH_BYTES)
            continue;
        fallocate(s->fd[i], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, DATA_AT + s->punched[i], done - s->punched[i]);
        s->punched[i] = done;
    }
    return 0;
}

void wh_spool_close(struct wh_spool *s, bool remove)
{
    if (s->landing)
        munmap(s->landing, WH_SPOOL_LANDING_BYTES);
    for (int i = 1; i >= 0; i--) { /* the one with the head last */
        if (remove && s->path[i])
            unlink(s->path[i]);
        wh_close(&s->fd[i]);
        free(s->path[i]);
    }
    *s = (struct wh_spool){.fd = {-1, -1}};
}

void wh_capture_remove_spool(const char *path)
{
    wh_auto_free char *second = wh_fmt("%s" SECOND, path);
    unlink(path);
    if (second)
        unlink(second);
}
