/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing arrays and string lists. */
#include "whale/util/vec.h"

#include "whale/util/str.h"

#include <string.h>

void *wh_vec_push(struct wh_vec *v)
{
    if (v->len == v->cap) {
        size_t cap = v->cap ? v->cap * 2 : 8;
        void *items = v->failed ? NULL : reallocarray(v->items, cap, v->item_size);
        if (!items) {
            v->failed = true;
            return NULL;
        }
        v->items = items;
        v->cap = cap;
    }
    void *item = (char *)v->items + v->len++ * v->item_size;
    memset(item, 0, v->item_size);
    return item;
}

int wh_vec_push_ptr(struct wh_vec *v, const void *p)
{
    const void **item = wh_vec_push(v);
    if (!item)
        return -1;
    *item = p;
    return 0;
}

void wh_vec_remove(struct wh_vec *v, size_t i)
{
    char *base = v->items;
    memmove(base + i * v->item_size, base + (i + 1) * v->item_size, (v->len - i - 1) * v->item_size);
    v->len--;
}

void wh_vec_fini(struct wh_vec *v)
{
    free(v->items);
    *v = (struct wh_vec){.item_size = v->item_size};
}

/* Keeps room for the terminating NULL of wh_strv_argv. */
static int strv_grow(struct wh_strv *v)
{
    if (v->failed)
        return -1;
    if (v->len + 1 < v->cap)
        return 0;
    size_t cap = v->cap ? v->cap * 2 : 8;
    char **items = reallocarray(v->items, cap, sizeof(*items));
    if (!items) {
        v->failed = true;
        return -1;
    }
    v->items = items;
    v->cap = cap;
    return 0;
}

int wh_strv_take(struct wh_strv *v, char *take_s)
{
    if (!take_s || strv_grow(v) < 0) {
        free(take_s);
        v->failed = true;
        return -1;
    }
    v->items[v->len++] = take_s;
    return 0;
}

int wh_strv_add(struct wh_strv *v, const char *s)
{
    return wh_strv_take(v, strdup(s));
}

int wh_strv_fmt(struct wh_strv *v, const char *fmt, ...)
{
    struct wh_str s = {0};
    va_list ap;
    va_start(ap, fmt);
    wh_str_vfmt(&s, fmt, ap);
    va_end(ap);
    int rc = wh_strv_take(v, wh_str_take(&s));
    wh_str_fini(&s);
    return rc;
}

char **wh_strv_argv(struct wh_strv *v)
{
    if (strv_grow(v) < 0)
        return NULL;
    v->items[v->len] = NULL;
    return v->items;
}

bool wh_strv_has(const struct wh_strv *v, const char *s)
{
    for (size_t i = 0; i < v->len; i++)
        if (strcmp(v->items[i], s) == 0)
            return true;
    return false;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void wh_strv_sort(struct wh_strv *v)
{
    if (v->len > 1)
        qsort(v->items, v->len, sizeof(*v->items), compare_strings);
}

void wh_strv_fini(struct wh_strv *v)
{
    for (size_t i = 0; i < v->len; i++)
        free(v->items[i]);
    free(v->items);
    *v = (struct wh_strv){0};
}
