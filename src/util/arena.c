/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bump allocator over a list of blocks. */
#include "whale/util/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_BYTES_MIN ((size_t)1 << 10)
#define BLOCK_BYTES     ((size_t)16 << 10)
#define BLOCK_BYTES_MAX ((size_t)1 << 20)
#define PAGE_BYTES      ((uintptr_t)4096)

struct wh_arena_block {
    struct wh_arena_block *next;
    size_t used;
    size_t size;
    _Alignas(16) char data[];
};

/* Blocks grow with the arena: doubling while it is small (a supervisor has some for each container), later by a
 * quarter: a large load makes few of them and wastes little. */
static size_t block_size(const struct wh_arena *a, size_t need)
{
    size_t size = a->used_bytes < 4 * BLOCK_BYTES ? a->used_bytes : a->used_bytes / 4;
    if (a->used_bytes < 4 * BLOCK_BYTES && size > BLOCK_BYTES)
        size = BLOCK_BYTES;
    size = size < BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN : size > BLOCK_BYTES_MAX ? BLOCK_BYTES_MAX : size;
    return size < need ? need : size;
}

/* One fault for the whole block instead of one a page: a sixth of the time of loading a large project. */
static void populate(struct wh_arena_block *b)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t start = ((uintptr_t)b + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    uintptr_t end = ((uintptr_t)b->data + b->size) & ~(PAGE_BYTES - 1);
    if (b->size > 8 * BLOCK_BYTES && end > start)
        madvise((char *)b + (start - (uintptr_t)b), end - start, MADV_POPULATE_WRITE);
#endif
}

static struct wh_arena_block *new_block(struct wh_arena *a, size_t need)
{
    bool own = need > BLOCK_BYTES / 4;
    size_t size = own ? need : block_size(a, need);
    struct wh_arena_block *b = malloc(sizeof(*b) + size);
    if (!b) {
        a->failed = true;
        return NULL;
    }
    b->used = 0;
    b->size = size;
    if (!own)
        populate(b);
    /* A block made for one large object goes behind the current one, which still has room. */
    if (a->head && own) {
        b->next = a->head->next;
        a->head->next = b;
    } else {
        b->next = a->head;
        a->head = b;
    }
    return b;
}

void *wh_arena_alloc(struct wh_arena *a, size_t size)
{
    if (size > SIZE_MAX / 2) {
        a->failed = true;
        return NULL;
    }
    size_t need = (size + 15) & ~(size_t)15;
    struct wh_arena_block *b = a->head;
    if (!b || b->size - b->used < need)
        b = new_block(a, need);
    if (!b)
        return NULL;
    void *p = b->data + b->used;
    b->used += need;
    a->used_bytes += need;
    return memset(p, 0, size);
}

char *wh_arena_strndup(struct wh_arena *a, const char *s, size_t len)
{
    char *copy = wh_arena_alloc(a, len + 1);
    if (copy && len)
        memcpy(copy, s, len);
    return copy;
}

char *wh_arena_strdup(struct wh_arena *a, const char *s)
{
    return wh_arena_strndup(a, s, strlen(s));
}

char *wh_arena_fmt(struct wh_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *text = n < 0 ? NULL : wh_arena_alloc(a, (size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return text;
}

void wh_arena_fini(struct wh_arena *a)
{
    while (a->head) {
        struct wh_arena_block *next = a->head->next;
        free(a->head);
        a->head = next;
    }
    *a = (struct wh_arena){0};
}
