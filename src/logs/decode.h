/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of docker's json-file as text and time. */
#ifndef WHALE_LOGS_DECODE_H
#define WHALE_LOGS_DECODE_H

#include "whale/logs.h"

#include <stdbool.h>
#include <stddef.h>

struct wh_log_decoder {
    char second[20]; /* the last date and time seen, to the second ... */
    int64_t second_ns;
};

/* Decodes one line (without its newline) in place; ret->text points into it. False when it is no record. */
bool wh_log_decode(struct wh_log_decoder *d, char *line, size_t len, struct wh_log_record *ret);
/* Whether the record that ends at `end` (exclusive, without newline; `have` bytes before it may be looked at) ends a
 * line of output. Cheap: only its last bytes are looked at. */
bool wh_log_ends_line(const char *end, size_t have);

#endif
