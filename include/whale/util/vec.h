/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growing array of pointers or of equal items.
 *
 *   struct wh_vec v = WH_VEC(struct port);
 *   struct port *p = wh_vec_push(&v);          NULL when memory is short; v.failed stays set
 *   for (size_t i = 0; i < v.len; i++) use(&wh_vec_at(&v, struct port, i));
 *
 * Pointers into the vector are valid until the next push.
 */
#ifndef WHALE_UTIL_VEC_H
#define WHALE_UTIL_VEC_H

#include "whale/util/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

struct wh_vec {
    void *items;
    size_t len;
    size_t cap;
    size_t item_size;
    bool failed;
};

#define WH_VEC(type)          ((struct wh_vec){.item_size = sizeof(type)})
#define wh_vec_at(v, type, i) (((type *)(v)->items)[i])

void *wh_vec_push(struct wh_vec *v);                  /* zeroed new last item */
int wh_vec_push_ptr(struct wh_vec *v, const void *p); /* for vectors of pointers */
void wh_vec_remove(struct wh_vec *v, size_t i);       /* keeps the order */
void wh_vec_fini(struct wh_vec *v);
#define wh_auto_vec WH_CLEANUP(wh_vec_fini) struct wh_vec

/* A vector of malloc'ed strings, NULL-terminated on demand. */
struct wh_strv {
    char **items;
    size_t len;
    size_t cap;
    bool failed;
};
int wh_strv_add(struct wh_strv *v, const char *s); /* copies */
int wh_strv_take(struct wh_strv *v, char *take_s);
int wh_strv_fmt(struct wh_strv *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char **wh_strv_argv(struct wh_strv *v); /* NULL-terminated view, valid until the next change; NULL on failure */
bool wh_strv_has(const struct wh_strv *v, const char *s);
void wh_strv_sort(struct wh_strv *v);
void wh_strv_fini(struct wh_strv *v);
#define wh_auto_strv WH_CLEANUP(wh_strv_fini) struct wh_strv

#endif
