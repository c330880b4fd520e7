/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Insertion-ordered hash map: an entry array plus an open-addressed index. */
#include "whale/util/map.h"

#include <string.h>

uint32_t wh_hash_bytes(const void *data, size_t len)
{
    const unsigned char *p = data;
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 16777619U;
    return h ^ (h >> 15);
}

/* The slot that holds key, or the free slot where it belongs. */
static size_t find_slot(const struct wh_map *m, const char *key, uint32_t hash)
{
    size_t mask = m->n_slots - 1, i = hash & mask;
    while (m->slots[i]) {
        const struct wh_map_entry *e = &m->entries[m->slots[i] - 1];
        if (e->hash == hash && strcmp(e->key, key) == 0)
            break;
        i = (i + 1) & mask;
    }
    return i;
}

static int rebuild_index(struct wh_map *m, size_t n_slots)
{
    uint32_t *slots = calloc(n_slots, sizeof(*slots));
    if (!slots)
        return -1;
    free(m->slots);
    m->slots = slots;
    m->n_slots = n_slots;
    for (size_t i = 0; i < m->len; i++)
        m->slots[find_slot(m, m->entries[i].key, m->entries[i].hash)] = (uint32_t)i + 1;
    return 0;
}

static int reserve_one(struct wh_map *m)
{
    if (m->len == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 8;
        struct wh_map_entry *entries = reallocarray(m->entries, cap, sizeof(*entries));
        if (!entries)
            return -1;
        m->entries = entries;
        m->cap = cap;
    }
    if ((m->len + 1) * 2 > m->n_slots)
        return rebuild_index(m, m->n_slots ? m->n_slots * 2 : 16);
    return 0;
}

int wh_map_set(struct wh_map *m, const char *key, void *value)
{
    if (reserve_one(m) < 0)
        return -1;
    uint32_t hash = wh_hash_bytes(key, strlen(key));
    size_t slot = find_slot(m, key, hash);
    if (m->slots[slot]) {
        m->entries[m->slots[slot] - 1].value = value;
        return 0;
    }
    char *copy = strdup(key);
    if (!copy)
        return -1;
    m->entries[m->len] = (struct wh_map_entry){.key = copy, .value = value, .hash = hash};
    m->slots[slot] = (uint32_t)++m->len;
    return 0;
}

static const struct wh_map_entry *lookup(const struct wh_map *m, const char *key)
{
    if (!m->len)
        return NULL;
    uint32_t slot = m->slots[find_slot(m, key, wh_hash_bytes(key, strlen(key)))];
    return slot ? &m->entries[slot - 1] : NULL;
}

void *wh_map_get(const struct wh_map *m, const char *key)
{
    const struct wh_map_entry *e = lookup(m, key);
    return e ? e->value : NULL;
}

bool wh_map_has(const struct wh_map *m, const char *key)
{
    return lookup(m, key) != NULL;
}

void *wh_map_del(struct wh_map *m, const char *key)
{
    const struct wh_map_entry *e = lookup(m, key);
    if (!e)
        return NULL;
    size_t i = (size_t)(e - m->entries);
    void *value = e->value;
    free(e->key);
    memmove(&m->entries[i], &m->entries[i + 1], (m->len - i - 1) * sizeof(*m->entries));
    m->len--;
    /* Positions moved; the index is rebuilt in place, which needs no memory. */
    memset(m->slots, 0, m->n_slots * sizeof(*m->slots));
    for (size_t k = 0; k < m->len; k++)
        m->slots[find_slot(m, m->entries[k].key, m->entries[k].hash)] = (uint32_t)k + 1;
    return value;
}

void wh_map_fini(struct wh_map *m)
{
    for (size_t i = 0; i < m->len; i++)
        free(m->entries[i].key);
    free(m->entries);
    free(m->slots);
    *m = (struct wh_map){0};
}
