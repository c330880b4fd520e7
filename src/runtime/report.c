/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends of the status socket: the child's report and what the supervisor makes of it. */
#include "report.h"

#include "whale/runtime.h"
#include "whale/sys/fdpass.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void set_text(struct wh_report *r, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void set_text(struct wh_report *r, const char *fmt, va_list ap)
{
    vsnprintf(r->text, sizeof(r->text), fmt, ap);
}

int wh_report_fail(struct wh_report *r, const char *fmt, ...)
{
    r->kind = REPORT_FAILED;
    r->error = errno;
    r->exit_code = 125;
    va_list ap;
    va_start(ap, fmt);
    set_text(r, fmt, ap);
    va_end(ap);
    return -1;
}

int wh_report_fail_as(struct wh_report *r, int exit_code, int error, const char *fmt, ...)
{
    r->kind = REPORT_FAILED;
    r->error = error;
    r->exit_code = exit_code;
    va_list ap;
    va_start(ap, fmt);
    set_text(r, fmt, ap);
    va_end(ap);
    return -1;
}

int wh_report_wrap(struct wh_report *r, const char *fmt, ...)
{
    char inner[REPORT_TEXT_MAX];
    memcpy(inner, r->text, sizeof(inner));
    va_list ap;
    va_start(ap, fmt);
    set_text(r, fmt, ap);
    va_end(ap);
    size_t len = strlen(r->text);
    snprintf(r->text + len, sizeof(r->text) - len, ": %s", inner);
    return -1;
}

int wh_report_in(struct wh_report *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!r->value[0])
        vsnprintf(r->value, sizeof(r->value), fmt, ap);
    va_end(ap);
    return -1;
}

void wh_report_send(int status_fd, const struct wh_report *r)
{
    wh_sys_send_fd(status_fd, r, offsetof(struct wh_report, text) + strlen(r->text) + 1, -1);
}

int wh_report_send_tty(int status_fd, int master_fd)
{
    struct wh_report r = {.kind = REPORT_TTY};
    return wh_sys_send_fd(status_fd, &r, offsetof(struct wh_report, text) + 1, master_fd);
}

static int take_failure(struct wh_report *r, size_t len, int *ret_exit_code, struct wh_err *err)
{
    if (len <= offsetof(struct wh_report, text))
        return wh_fail(err, WH_E_PROTOCOL, "a report of %zu bytes from the container's first process", len);
    r->text[len - offsetof(struct wh_report, text) - 1] = '\0';
    r->value[sizeof(r->value) - 1] = '\0';
    *ret_exit_code = r->exit_code;
    wh_fail(err, r->error > 0 ? r->error : WH_E_GENERIC, "%s", r->text);
    return r->value[0] ? wh_err_in(err, "%s", r->value) : -1;
}

/* The end of the stream is "exec has closed it"; also "killed before", which the exit status then says. */
int wh_runtime_read_status(int status_fd, int *ret_tty_fd, int *ret_exit_code, struct wh_err *err)
{
    struct wh_report r = {0};
    int fd = -1;
    *ret_tty_fd = -1;
    *ret_exit_code = 125;
    ssize_t n = wh_sys_recv_fd(status_fd, &r, sizeof(r), &fd);
    if (n == 0)
        return WH_RUNTIME_STARTED;
    if (n < 0 && errno == EAGAIN)
        return WH_RUNTIME_AGAIN;
    if (n < 0)
        return wh_fail(err, errno, "read the start's status");
    if (r.kind == REPORT_TTY && fd >= 0) {
        *ret_tty_fd = fd;
        return WH_RUNTIME_TTY;
    }
    wh_close(&fd);
    return take_failure(&r, (size_t)n, ret_exit_code, err);
}
