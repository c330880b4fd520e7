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
