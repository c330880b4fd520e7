/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostic log of long-lived processes (supervisor, image worker): one line per message to stderr or a file.
 * Commands talk to the user through ui, not through this.
 */
#ifndef WHALE_UTIL_LOG_H
#define WHALE_UTIL_LOG_H

enum wh_log_level { WH_LOG_ERROR, WH_LOG_WARN, WH_LOG_INFO, WH_LOG_DEBUG };

void wh_log_open(int fd, enum wh_log_level max_level); /* fd is borrowed; default: stderr, warnings and errors */
void wh_log_(enum wh_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define wh_log_error(...) wh_log_(WH_LOG_ERROR, __VA_ARGS__)
#define wh_log_warn(...)  wh_log_(WH_LOG_WARN, __VA_ARGS__)
#define wh_log_info(...)  wh_log_(WH_LOG_INFO, __VA_ARGS__)
#define wh_log_debug(...) wh_log_(WH_LOG_DEBUG, __VA_ARGS__)

#endif
