/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bump allocator: everything is released at once. One arena per compose load, per request, per record.
 * Allocation failure sets `failed` and returns NULL.
 */
#ifndef WHALE_UTIL_ARENA_H
#define WHALE_UTIL_ARENA_H

#include "whale/util/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

struct wh_arena_block;

struct wh_arena {
    struct wh_arena_block *head;
    size_t used_bytes;
    bool failed;
};

void *wh_arena_alloc(struct wh_arena *a, size_t size); /* zeroed, 16-byte aligned */
char *wh_arena_strdup(struct wh_arena *a, const char *s);
char *wh_arena_strndup(struct wh_arena *a, const char *s, size_t len);
char *wh_arena_fmt(struct wh_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void wh_arena_fini(struct wh_arena *a);
#define wh_auto_arena              WH_CLEANUP(wh_arena_fini) struct wh_arena
#define wh_arena_new(a, type)      ((type *)wh_arena_alloc((a), sizeof(type)))
#define wh_arena_array(a, type, n) ((type *)wh_arena_alloc((a), sizeof(type) * (n)))

#endif
