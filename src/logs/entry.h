/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One container's output inside the capture thread: streams, spool, log, attached clients. Everything here runs on that
 * thread only.
 */
#ifndef WHALE_LOGS_ENTRY_H
#define WHALE_LOGS_ENTRY_H

#include "whale/logs.h"
#include "whale/util/err.h"
#include "whale/util/str.h"

#include "logs/encode.h"
#include "logs/logfile.h"
#include "logs/spool.h"

#include <stdbool.h>
#include <stdint.h>

#define WH_CAPTURE_TURN_BYTES ((size_t)256 << 10) /* taken from one stream before the others have their turn */
#define WH_CAPTURE_IN_BYTES   ((size_t)128 << 10)
#define WH_CAPTURE_OUT_BYTES  ((size_t)256 << 10)

/* What an epoll event points to. */
enum wh_watch_kind { WH_WATCH_STREAM, WH_WATCH_SINK };
struct wh_watch {
    enum wh_watch_kind kind;
    bool dead; /* freed at the end of the turn */
    bool armed;
};

struct wh_entry;

struct wh_stream {
    struct wh_watch watch;
    struct wh_entry *entry;
    int index;
    int fd; /* -1: end of file or never there */
};

/* A descriptor of an attached client. */
struct wh_sink {
    struct wh_watch watch;
    struct wh_sink *next;
    struct wh_entry *entry; /* NULL: the container has ended, only the pending bytes are left */
    int stream;
    int fd;
    struct wh_str pending;
    size_t sent; /* of pending */
};

struct wh_entry {
    struct wh_entry *next;
    char *key;
    bool discard;
    bool dead;
    struct wh_stream streams[2];
    struct wh_spool spool;
    struct wh_logfile log;
    struct wh_sink *sinks;
    bool held_back; /* a client is too slow: nothing is taken */
    bool stalled;   /* the log cannot be written: nothing is taken until it can */
    bool finishing;
    int64_t deadline_ns; /* monotonic */
};

/* Shared by all entries; buffers exist while there is work. */
struct wh_capture_io {
    int epoll_fd;
    struct wh_log_clock clock;
    char *in, *out;
    struct wh_sink *orphans; /* sinks without entry */
};

int wh_entry_new(const char *key, const struct wh_log_config *config, int take_stdout_fd, int take_stderr_fd,
                 struct wh_entry **ret, struct wh_err *err);
void wh_entry_free(struct wh_entry *e); /* not its sinks */
/* Streams that should be watched are, others not. */
void wh_entry_arm(struct wh_capture_io *io, struct wh_entry *e);
/* One bounded turn of a readable stream. */
void wh_entry_turn(struct wh_capture_io *io, struct wh_entry *e, int stream);
/* What is in the spool goes to the log; final: an unfinished line too. False when the log cannot be written. */
bool wh_entry_drain(struct wh_capture_io *io, struct wh_entry *e, bool final);
bool wh_entry_is_at_end(const struct wh_entry *e);
/* Last turns and commit; the spool is removed, sinks become orphans or are closed. */
void wh_entry_complete(struct wh_capture_io *io, struct wh_entry *e);

/* sink.c */
void wh_sink_add(struct wh_entry *e, int stream, int take_fd);
void wh_sinks_write(struct wh_capture_io *io, struct wh_entry *e, int stream, const char *data, size_t len);
void wh_sink_flush(struct wh_capture_io *io, struct wh_sink *s); /* writable again */
/* End of a stream: its sinks are closed as soon as they are empty. */
void wh_sinks_end(struct wh_capture_io *io, struct wh_entry *e, int stream);
void wh_sinks_bury(struct wh_capture_io *io, struct wh_entry *e); /* frees dead ones; e may be NULL: the orphans */
void wh_sinks_free(struct wh_sink *list);

#endif
