/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of output as records of docker's json-file. */
#ifndef WHALE_LOGS_ENCODE_H
#define WHALE_LOGS_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WH_LOG_MAX_TEXT ((size_t)16 << 10) /* longer lines are split */
/* Upper bound of a record whose text has n bytes: six characters a byte, and the frame around them. */
#define WH_LOG_RECORD_BOUND(n) ((n)*6 + 128)

/* Time of a record as text; the date part is made once a second. */
struct wh_log_clock {
    int64_t second;
    char text[20]; /* "2026-01-02T15:04:05" */
};

/* Writes one record (with its newline) to out, which has WH_LOG_RECORD_BOUND(len) bytes; returns its length. Bytes that
 * are not UTF-8 become U+FFFD. text includes the newline when the line has one. */
size_t wh_log_encode(char *out, struct wh_log_clock *clock, int64_t time_ns, bool is_stderr, const char *text,
                     size_t len);

/* The next piece of a stream: its length with newline; 0 = incomplete, wait for more (unless `final`). A piece of
 * WH_LOG_MAX_TEXT without newline is a part of a longer line; it does not end inside a UTF-8 sequence. */
size_t wh_log_next_piece(const char *text, size_t len, bool final);

#endif
