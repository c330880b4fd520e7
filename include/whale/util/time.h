/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks, durations (Go syntax plus d and w) and RFC 3339 times. */
#ifndef WHALE_UTIL_TIME_H
#define WHALE_UTIL_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define WH_NS_PER_S  INT64_C(1000000000)
#define WH_NS_PER_MS INT64_C(1000000)

int64_t wh_now_mono_ns(void); /* CLOCK_MONOTONIC */
int64_t wh_now_real_ns(void);
/* Since a real time that was recorded: 0 when the clock was set back behind it. */
int64_t wh_real_elapsed_ns(int64_t since_ns); /* CLOCK_REALTIME, since the epoch */

/* "1m30s", "500ms", "1.5h", "2d", "-5s", "0"; a bare number other than 0 is refused. 0 or -1. */
int wh_duration_parse(const char *text, int64_t *ret_ns);
/* Go style: "1m30s", "1h0m0s", "500ms", "0s". buf of at least 40 bytes; returns buf. */
char *wh_duration_format(int64_t ns, char *buf, size_t size);

/* "2026-01-02T15:04:05.000000000Z" (always nine digits, UTC); buf of at least 36 bytes; returns buf. */
char *wh_time_format(int64_t real_ns, char *buf, size_t size);
/* RFC 3339 with or without fraction and zone, date only, or seconds[.fraction] since the epoch. 0 or -1. */
int wh_time_parse(const char *text, int64_t *ret_real_ns);

#endif
