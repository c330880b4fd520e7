/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WWW-Authenticate headers (RFC 9110 section 11.6.1): several challenges in one header, quoted strings, any case. */
#ifndef IMAGE_CHALLENGE_H
#define IMAGE_CHALLENGE_H

#include "whale/util/arena.h"

#include <stdbool.h>

struct challenge {
    bool bearer, basic; /* which schemes were offered */
    const char *realm;  /* of Bearer, "" when absent */
    const char *service;
    const char *scope;
    const char *error; /* "insufficient_scope", "invalid_token", ... */
};

/* Adds what one header value offers. 0, or -1 when it is malformed (what came before the fault counts). */
int challenge_read(struct wh_arena *a, const char *header, struct challenge *io);

#endif
