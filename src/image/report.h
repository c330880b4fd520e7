/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What whale-image tells its caller: JSON lines (described in whale/image.h), docker-like text, or nothing but errors.
 * Safe to call from several threads. */
#ifndef IMAGE_REPORT_H
#define IMAGE_REPORT_H

#include "whale/util/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum report_mode { REPORT_PLAIN, REPORT_JSON, REPORT_QUIET };

struct report {
    enum report_mode mode;
    pthread_mutex_t lock;
    bool lost; /* nobody reads any more */
};

/* Error codes of this folder beside those of whale/util/err.h, for the "reason" of error lines. */
enum image_error {
    IMAGE_E_UNAUTHORIZED = 2048,
    IMAGE_E_TLS,
    IMAGE_E_DIGEST,
    IMAGE_E_IN_USE,
};

void report_begin(struct report *r, enum report_mode mode);
/* status as in whale/image.h; id may be NULL; ref may be NULL. */
void report_image(struct report *r, const char *ref, const char *status, const char *id);
void report_layer(struct report *r, const char *ref, const char *layer, const char *status, uint64_t current,
                  uint64_t total);
void report_warning(struct report *r, const char *ref, const char *text);
void report_error(struct report *r, const char *ref, const struct wh_err *err);

#endif
