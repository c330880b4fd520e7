/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the pipe to the spool to the log; see spool.h for why nothing is lost or repeated. */
#include "logs/entry.h"

#include "whale/util/cleanup.h"
#include "whale/util/log.h"
#include "whale/util/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define PIPE_BYTES     (256 << 10)
#define LAST_TURNS_MAX 256 /* at the end of a container whose pipe somebody else still fills */

/* ---- making ----------------------------------------------------------------------------------------------------- */

static int open_files(struct wh_entry *e, const struct wh_log_config *config, bool tty, struct wh_err *err)
{
    if (wh_spool_open(config->spool, tty, &e->spool, err) < 0)
        return -1;
    struct wh_spool_head *head = &e->spool.head;
    if (wh_logfile_open(config->dir, config->max_size_bytes, config->max_files, head->log_inode, head->log_len, &e->log,
                        err) < 0)
        return -1;
    head->log_inode = e->log.inode;
    head->log_len = e->log.len;
    if (wh_spool_commit(&e->spool) < 0)
        return wh_fail(err, errno, "write %s", config->spool);
    return 0;
}

static void init_stream(struct wh_entry *e, int index, int fd)
{
    e->streams[index] = (struct wh_stream){.watch = {.kind = WH_WATCH_STREAM}, .entry = e, .index = index, .fd = fd};
    if (fd < 0)
        return;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES); /* fails for terminals, which is fine */
}

int wh_entry_new(const char *key, const struct wh_log_config *config, int take_stdout_fd, int take_stderr_fd,
                 struct wh_entry **ret, struct wh_err *err)
{
    struct wh_entry *e = calloc(1, sizeof(*e));
    if (e)
        e->key = strdup(key);
    if (!e || !e->key) {
        free(e);
        wh_close(&take_stdout_fd);
        wh_close(&take_stderr_fd);
        return wh_fail(err, ENOMEM, "log capture");
    }
    e->discard = config->discard;
    e->spool.fd[0] = e->spool.fd[1] = e->log.fd = e->log.dir_fd = -1;
    init_stream(e, 0, take_stdout_fd);
    init_stream(e, 1, take_stderr_fd);
    bool tty = take_stdout_fd >= 0 && isatty(take_stdout_fd);
    if (!e->discard && open_files(e, config, tty, err) < 0) {
        wh_entry_free(e);
        return -1;
    }
    *ret = e;
    return 0;
}

void wh_entry_free(struct wh_entry *e)
{
    wh_close(&e->streams[0].fd);
    wh_close(&e->streams[1].fd);
    wh_spool_close(&e->spool, false);
    wh_logfile_close(&e->log);
    free(e->key);
    free(e);
}

/* ---- watching --------------------------------------------------------------------------------------------------- */

void wh_entry_arm(struct wh_capture_io *io, struct wh_entry *e)
{
    for (int i = 0; i < 2; i++) {
        struct wh_stream *s = &e->streams[i];
        bool want = s->fd >= 0 && !e->held_back && !e->stalled;
        if (want == s->watch.armed || s->fd < 0)
            continue;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &s->watch};
        if (epoll_ctl(io->epoll_fd, want ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->fd, &event) == 0)
            s->watch.armed = want;
    }
}

bool wh_entry_is_at_end(const struct wh_entry *e)
{
    return e->streams[0].fd < 0 && e->streams[1].fd < 0;
}

static void end_stream(struct wh_capture_io *io, struct wh_entry *e, int stream)
{
    struct wh_stream *s = &e->streams[stream];
    if (s->watch.armed)
        epoll_ctl(io->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
    s->watch.armed = false;
    wh_close(&s->fd);
    wh_sinks_end(io, e, stream);
}

/* ---- to the log ------------------------------------------------------------------------------------------------- */

/* Records made and not yet written. */
struct batch {
    size_t out_len;
    size_t text_len; /* bytes of the stream they stand for */
};

static bool commit(struct wh_entry *e, int stream, struct batch *b, const char *out)
{
    if (b->out_len && wh_logfile_write(&e->log, out, b->out_len) < 0)
        return false;
    e->spool.head.consumed[stream] += (int64_t)b->text_len;
    e->spool.head.log_len = e->log.len;
    e->spool.head.log_inode = e->log.inode;
    *b = (struct batch){0};
    return wh_spool_commit(&e->spool) == 0;
}

static bool is_full(const struct wh_entry *e, const struct batch *b, size_t more)
{
    int64_t used = e->log.len + (int64_t)b->out_len;
    return e->log.max_size_bytes > 0 && used > 0 && used + (int64_t)more > e->log.max_size_bytes;
}

static void rotate(struct wh_entry *e, int stream)
{
    struct batch nothing = {0};
    if (wh_logfile_rotate(&e->log) < 0)
        wh_log_warn("container %.12s: log rotation: %s", e->key, strerror(errno));
    commit(e, stream, &nothing, NULL);
}

/* Records of one buffer of text. Returns bytes dealt with, -1 when the log cannot be written. */
static ssize_t log_text(struct wh_capture_io *io, struct wh_entry *e, int stream, size_t len, bool final)
{
    struct batch b = {0};
    size_t pos = 0, piece;
    while (pos < len && (piece = wh_log_next_piece(io->in + pos, len - pos, final))) {
        if (b.out_len + WH_LOG_RECORD_BOUND(piece) > WH_CAPTURE_OUT_BYTES && !commit(e, stream, &b, io->out))
            return -1;
        size_t n = wh_log_encode(io->out + b.out_len, &io->clock, wh_now_real_ns(), stream == 1, io->in + pos, piece);
        if (is_full(e, &b, n)) {
            if (!commit(e, stream, &b, io->out))
                return -1;
            rotate(e, stream);
            n = wh_log_encode(io->out, &io->clock, wh_now_real_ns(), stream == 1, io->in + pos, piece);
        }
        b.out_len += n;
        b.text_len += piece;
        pos += piece;
    }
    if (b.text_len && !commit(e, stream, &b, io->out))
        return -1;
    return (ssize_t)pos;
}

static bool drain_stream(struct wh_capture_io *io, struct wh_entry *e, int stream, bool final)
{
    for (;;) {
        ssize_t n = wh_spool_read(&e->spool, stream, io->in, WH_CAPTURE_IN_BYTES);
        if (n <= 0)
            return n == 0;
        ssize_t done = log_text(io, e, stream, (size_t)n, final && (size_t)n < WH_CAPTURE_IN_BYTES);
        if (done < 0)
            return false;
        if ((size_t)n < WH_CAPTURE_IN_BYTES)
            return true;
    }
}

bool wh_entry_drain(struct wh_capture_io *io, struct wh_entry *e, bool final)
{
    if (e->discard)
        return true;
    bool good = drain_stream(io, e, 0, final) && (e->spool.fd[1] < 0 || drain_stream(io, e, 1, final));
    if (!good && !e->stalled)
        wh_log_warn("container %.12s: its log cannot be written: %s", e->key, strerror(errno));
    e->stalled = !good;
    return good;
}

/* ---- from the pipe ---------------------------------------------------------------------------------------------- */

static ssize_t take_discarded(struct wh_capture_io *io, struct wh_entry *e, int stream)
{
    ssize_t n = read(e->streams[stream].fd, io->in, WH_CAPTURE_IN_BYTES);
    if (n > 0)
        wh_sinks_write(io, e, stream, io->in, (size_t)n);
    return n < 0 && errno == EIO ? 0 : n;
}

static void copy_to_sinks(struct wh_capture_io *io, struct wh_entry *e, int stream, ssize_t taken)
{
    const struct wh_spool *s = &e->spool;
    for (int64_t from = s->taken[stream] - taken; e->sinks && from < s->taken[stream];) {
        ssize_t n = wh_spool_peek(s, stream, from, io->in, WH_CAPTURE_IN_BYTES);
        if (n <= 0)
            return;
        wh_sinks_write(io, e, stream, io->in, (size_t)n);
        from += n;
    }
}

static ssize_t take_logged(struct wh_capture_io *io, struct wh_entry *e, int stream)
{
    ssize_t n = wh_spool_take(&e->spool, stream, e->streams[stream].fd, WH_CAPTURE_TURN_BYTES);
    if (n <= 0)
        return n;
    copy_to_sinks(io, e, stream, n);
    wh_entry_drain(io, e, false);
    return n;
}

/* False when nothing more is to be had now. */
static bool take_once(struct wh_capture_io *io, struct wh_entry *e, int stream)
{
    ssize_t n = e->discard ? take_discarded(io, e, stream) : take_logged(io, e, stream);
    if (n > 0)
        return true;
    if (n == 0 || (errno != EAGAIN && errno != EINTR && errno != ENOSPC))
        end_stream(io, e, stream);
    else if (errno == ENOSPC)
        e->stalled = true;
    return false;
}

void wh_entry_turn(struct wh_capture_io *io, struct wh_entry *e, int stream)
{
    if (e->streams[stream].fd >= 0 && !e->held_back && !e->stalled)
        take_once(io, e, stream);
    wh_entry_arm(io, e);
}

void wh_entry_complete(struct wh_capture_io *io, struct wh_entry *e)
{
    for (int i = 0; i < 2; i++) {
        for (int n = 0; e->streams[i].fd >= 0 && n < LAST_TURNS_MAX && take_once(io, e, i); n++)
            ;
        if (e->streams[i].fd >= 0)
            end_stream(io, e, i);
        wh_sinks_end(io, e, i);
    }
    bool good = wh_entry_drain(io, e, true);
    if (!e->discard)
        wh_spool_close(&e->spool, good);
    e->dead = true;
}
