/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attached clients. A client that does not read has its bytes kept up to MAX_PENDING; then the container is not read
 * either until the client has caught up. A client that goes away is dropped.
 */
#include "logs/entry.h"

#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_PENDING ((size_t)1 << 20)

/* An own open description where possible: O_NONBLOCK must not show in the client's. */
static int reopen_nonblocking(int take_fd)
{
    char path[40];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", take_fd);
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_APPEND);
    if (fd < 0) {
        fcntl(take_fd, F_SETFL, fcntl(take_fd, F_GETFL) | O_NONBLOCK);
        return take_fd;
    }
    close(take_fd);
    return fd;
}

void wh_sink_add(struct wh_entry *e, int stream, int take_fd)
{
    struct wh_sink *s = take_fd >= 0 ? calloc(1, sizeof(*s)) : NULL;
    if (!s) {
        wh_close(&take_fd);
        return;
    }
    *s = (struct wh_sink){.watch = {.kind = WH_WATCH_SINK},
                          .next = e->sinks,
                          .entry = e,
                          .stream = stream,
                          .fd = reopen_nonblocking(take_fd)};
    s->pending.max = MAX_PENDING + 2 * WH_CAPTURE_TURN_BYTES;
    e->sinks = s;
}

static void kill_sink(struct wh_capture_io *io, struct wh_sink *s)
{
    if (s->watch.armed)
        epoll_ctl(io->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
    s->watch.armed = false;
    s->watch.dead = true;
    wh_close(&s->fd);
    wh_str_fini(&s->pending);
}

static size_t left(const struct wh_sink *s)
{
    return s->pending.len - s->sent;
}

/* Keeps bytes for later. -1: there are more than can be, which back-pressure prevents. */
static int keep(struct wh_sink *s, const char *data, size_t len)
{
    if (s->sent && s->pending.len + len >= s->pending.max) { /* max itself is too much for wh_str_addn */
        memmove(s->pending.data, s->pending.data + s->sent, left(s));
        wh_str_cut(&s->pending, left(s));
        s->sent = 0;
    }
    return wh_str_addn(&s->pending, data, len);
}

/* Bytes written; -1 when the client is gone. */
static ssize_t write_some(int fd, const char *data, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = write(fd, data + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0)
            return -1;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static void update_back_pressure(struct wh_entry *e)
{
    bool full = false;
    for (const struct wh_sink *s = e->sinks; s; s = s->next)
        full = full || (!s->watch.dead && left(s) > (e->held_back ? MAX_PENDING / 2 : MAX_PENDING));
    e->held_back = full;
}

static void arm_sink(struct wh_capture_io *io, struct wh_sink *s)
{
    bool want = left(s) > 0;
    if (want == s->watch.armed)
        return;
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = &s->watch};
    if (epoll_ctl(io->epoll_fd, want ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->fd, &event) == 0)
        s->watch.armed = want;
}

void wh_sinks_write(struct wh_capture_io *io, struct wh_entry *e, int stream, const char *data, size_t len)
{
    for (struct wh_sink *s = e->sinks; s; s = s->next) {
        if (s->watch.dead || s->stream != stream)
            continue;
        ssize_t n = left(s) ? 0 : write_some(s->fd, data, len);
        if (n < 0 || keep(s, data + n, len - (size_t)n) < 0)
            kill_sink(io, s);
        else
            arm_sink(io, s);
    }
    update_back_pressure(e);
}

void wh_sink_flush(struct wh_capture_io *io, struct wh_sink *s)
{
    ssize_t n = write_some(s->fd, s->pending.data + s->sent, left(s));
    if (n < 0) {
        kill_sink(io, s);
    } else {
        s->sent += (size_t)n;
        if (!left(s)) {
            size_t max = s->pending.max;
            wh_str_fini(&s->pending);
            s->pending = (struct wh_str){.max = max};
            s->sent = 0;
        }
        arm_sink(io, s);
        if (!left(s) && !s->entry)
            kill_sink(io, s);
    }
    if (s->entry)
        update_back_pressure(s->entry);
}

void wh_sinks_end(struct wh_capture_io *io, struct wh_entry *e, int stream)
{
    for (struct wh_sink **at = &e->sinks; *at;) {
        struct wh_sink *s = *at;
        if (s->stream != stream || s->watch.dead) {
            at = &s->next;
        } else if (!left(s)) {
            kill_sink(io, s);
            at = &s->next;
        } else {
            *at = s->next;
            s->entry = NULL;
            s->next = io->orphans;
            io->orphans = s;
        }
    }
}

void wh_sinks_bury(struct wh_capture_io *io, struct wh_entry *e)
{
    for (struct wh_sink **at = e ? &e->sinks : &io->orphans; *at;) {
        struct wh_sink *s = *at;
        if (!s->watch.dead) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        free(s);
    }
}

void wh_sinks_free(struct wh_sink *list)
{
    while (list) {
        struct wh_sink *next = list->next;
        wh_close(&list->fd);
        wh_str_fini(&list->pending);
        free(list);
        list = next;
    }
}
