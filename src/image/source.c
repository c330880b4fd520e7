/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plain sources. */
#include "source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static ssize_t read_fd(void *ctx, void *buf, size_t cap, struct wh_err *err)
{
    struct source_fd *s = ctx;
    for (;;) {
        ssize_t n = read(s->fd, buf, cap);
        if (n >= 0)
            return n;
        if (errno != EINTR)
            return wh_fail(err, errno, "read %s", s->name);
    }
}

struct source source_of_fd(struct source_fd *s)
{
    return (struct source){read_fd, s};
}

static ssize_t read_range(void *ctx, void *buf, size_t cap, struct wh_err *err)
{
    struct source_range *s = ctx;
    size_t want = s->left < cap ? (size_t)s->left : cap;
    if (!want)
        return 0;
    for (;;) {
        ssize_t n = pread(s->fd, buf, want, (off_t)s->offset);
        if (n == 0)
            return wh_fail(err, WH_E_INVALID, "archive became shorter while it was read");
        if (n > 0) {
            s->offset += (uint64_t)n;
            s->left -= (uint64_t)n;
            return n;
        }
        if (errno != EINTR)
            return wh_fail(err, errno, "read archive");
    }
}

struct source source_of_range(struct source_range *s)
{
    return (struct source){read_range, s};
}

static ssize_t read_memory(void *ctx, void *buf, size_t cap, struct wh_err *err)
{
    struct source_memory *s = ctx;
    size_t n = s->left < cap ? s->left : cap;
    if (n)
        memcpy(buf, s->data, n);
    s->data += n;
    s->left -= n;
    return (ssize_t)n;
}

struct source source_of_memory(struct source_memory *s)
{
    return (struct source){read_memory, s};
}
