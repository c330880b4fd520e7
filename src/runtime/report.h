/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a child tells what failed: one packed record over the status socket, which closes by itself at exec.
 * The child's side must not allocate (another thread may have held malloc's lock at the clone) and so has no wh_err;
 * a wh_report on its stack takes that role, with the same convention: filled, then -1 all the way up.
 */
#ifndef RUNTIME_REPORT_H
#define RUNTIME_REPORT_H

#include <stdint.h>

#define REPORT_TEXT_MAX  512
#define REPORT_VALUE_MAX 256

enum report_kind { REPORT_FAILED = 1, REPORT_TTY = 2 };

struct wh_report {
    uint32_t kind;
    int32_t error;                /* errno, 0 = the text says it all */
    int32_t exit_code;            /* 125, 126, 127 */
    char value[REPORT_VALUE_MAX]; /* what of the spec is to blame, as wh_err_in has it; "" = not said */
    char text[REPORT_TEXT_MAX];
};

/* Fills the report with errno and exit code 125; returns -1. */
int wh_report_fail(struct wh_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int wh_report_fail_as(struct wh_report *r, int exit_code, int error, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Puts "context: " before the text; returns -1. */
int wh_report_wrap(struct wh_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Says what of the spec is to blame, unless that is said already; returns -1. */
int wh_report_in(struct wh_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void wh_report_send(int status_fd, const struct wh_report *r);
int wh_report_send_tty(int status_fd, int master_fd);

#endif
