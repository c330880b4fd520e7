/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hash map from string to pointer that keeps insertion order: iteration is over entries[0..len).
 * Keys are copied and owned; values are borrowed. Zero-initialised = empty.
 */
#ifndef WHALE_UTIL_MAP_H
#define WHALE_UTIL_MAP_H

#include "whale/util/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wh_map_entry {
    char *key;
    void *value;
    uint32_t hash;
};

struct wh_map {
    struct wh_map_entry *entries; /* insertion order */
    size_t len;
    size_t cap;
    uint32_t *slots; /* index + 1 into entries, 0 = free */
    size_t n_slots;
};

/* Sets or replaces (at the old position). 0, or -1 when memory is short. */
int wh_map_set(struct wh_map *m, const char *key, void *value);
void *wh_map_get(const struct wh_map *m, const char *key); /* NULL when absent */
bool wh_map_has(const struct wh_map *m, const char *key);
void *wh_map_del(struct wh_map *m, const char *key); /* returns the value; keeps the order of the rest */
void wh_map_fini(struct wh_map *m);
#define wh_auto_map WH_CLEANUP(wh_map_fini) struct wh_map

uint32_t wh_hash_bytes(const void *data, size_t len); /* FNV-1a; for tables, not for security */

#endif
