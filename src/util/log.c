/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line per message, one write per line, so that processes may share the file. */
#include "whale/util/log.h"

#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>

static int log_fd = 2;
static enum wh_log_level log_max = WH_LOG_WARN;
static const char *const level_text[] = {"error", "warn", "info", "debug"};

void wh_log_open(int fd, enum wh_log_level max_level)
{
    log_fd = fd;
    log_max = max_level;
}

void wh_log_(enum wh_log_level level, const char *fmt, ...)
{
    if (level > log_max)
        return;
    int saved = errno;
    char when[40];
    struct wh_str line = {0};
    wh_str_fmt(&line, "%s %s ", wh_time_format(wh_now_real_ns(), when, sizeof(when)), level_text[level]);
    va_list ap;
    va_start(ap, fmt);
    wh_str_vfmt(&line, fmt, ap);
    va_end(ap);
    wh_str_addc(&line, '\n');
    /* A log that cannot be written must not stop the work it reports on. */
    ssize_t ignored = write(log_fd, wh_str_c(&line), line.len);
    (void)ignored;
    wh_str_fini(&line);
    errno = saved;
}
