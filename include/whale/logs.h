/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Container output: capture (supervisor side) and reading (command side).
 *
 * Capture runs in a thread of its own inside the loop process, because a container that writes at full speed takes a
 * core and must not delay health checks or DNS. Bytes move by splice from the container's pipe into a spool file on
 * tmpfs (the kernel advances its size together with the pipe), and from there as JSON lines into the log. A kill -9
 * between any two instructions loses nothing and repeats nothing: the next loop finds in the spool what was taken but
 * not yet logged, and the log's length at the last commit beside it. The keeper holds a duplicate of every read end.
 *
 * File format: docker's json-file: {"log":"text\n","stream":"stdout","time":"RFC 3339 with nanoseconds"} a line; lines
 * over 16 KiB are split into records whose "log" lacks the newline except the last.
 */
#ifndef WHALE_LOGS_H
#define WHALE_LOGS_H

#include "whale/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- capture (supervisor) -------------------------------------------------------------------------------------- */

struct wh_log_config {
    const char *dir;        /* container's folder: log.json, log.json.1 ... */
    const char *spool;      /* path of the spool file on tmpfs */
    bool discard;           /* driver none: nothing is kept, attachments still get the bytes */
    int64_t max_size_bytes; /* rotate above; 0 = never */
    int max_files;          /* including the current one, >= 1 */
    bool compress;          /* rotated files; ignored where no compressor is linked */
};

struct wh_capture; /* the thread */

int wh_capture_new(struct wh_capture **ret, struct wh_err *err);
void wh_capture_free(struct wh_capture *c); /* drains what is readable now, then ends the thread */
/* Deletes what a capture that nobody has completed has left behind. */
void wh_capture_remove_spool(const char *path);
/* Starts capturing; fds are consumed (stderr_fd = -1 with a tty, whose master is stdout_fd). An existing spool is
 * finished first (recovery). key identifies the container in the calls below (its id). */
int wh_capture_add(struct wh_capture *c, const char *key, const struct wh_log_config *config, int take_stdout_fd,
                   int take_stderr_fd, struct wh_err *err);
/* Copies raw bytes to these descriptors from now on (consumed; -1 = not wanted); a slow reader delays only itself up
 * to a bounded buffer, then the container's output (back-pressure, as docker attach). Closed at end of output. */
int wh_capture_attach(struct wh_capture *c, const char *key, int take_stdout_fd, int take_stderr_fd,
                      struct wh_err *err);
/* Reads to end of file (every writer of the container is gone) or at most timeout_ms, commits, closes. Returns after
 * the log is complete; called on exit before the exit is announced, so no line comes after its exit event. The
 * asynchronous form reports through the eventfd of wh_capture_eventfd. */
int wh_capture_finish(struct wh_capture *c, const char *key, int timeout_ms);
int wh_capture_finish_async(struct wh_capture *c, const char *key, int timeout_ms);
int wh_capture_eventfd(const struct wh_capture *c);
/* Next finished key (malloc'ed) or NULL. */
char *wh_capture_next_finished(struct wh_capture *c);

/* ---- reading (commands) ---------------------------------------------------------------------------------------- */

struct wh_log_record {
    int64_t time_ns;
    bool is_stderr;
    bool partial;     /* text does not end a line: the next record of the stream goes on */
    const char *text; /* decoded, with its newline; NOT NUL-terminated, valid until the next call */
    size_t len;
};

struct wh_log_query {
    int64_t since_ns, until_ns; /* 0 = unbounded */
    int64_t tail;               /* lines from the end, -1 = all */
    bool follow;
};

struct wh_log_reader;
/* dir = the container's folder. Reads rotated files in order, then the current one; follow survives rotation. */
int wh_log_reader_open(const char *dir, const struct wh_log_query *query, struct wh_log_reader **ret,
                       struct wh_err *err);
/* 0 = a record; WH_LOG_END = nothing more now (with follow: wait on wh_log_reader_fd, an inotify descriptor; it is -1
 * when the host has none left: then try again after a moment). */
#define WH_LOG_END 1
int wh_log_reader_next(struct wh_log_reader *r, struct wh_log_record *ret, struct wh_err *err);
int wh_log_reader_fd(const struct wh_log_reader *r);
void wh_log_reader_free(struct wh_log_reader *r);

#endif
