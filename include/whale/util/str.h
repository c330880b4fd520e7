/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growing byte string with a maximum and a sticky failure flag: builders append freely and check once at the end.
 *
 * Invariants: data is NUL-terminated whenever it is not NULL; len excludes the NUL; a zero-initialised struct is a
 * valid empty string with the default maximum (WH_STR_MAX_DEFAULT).
 */
#ifndef WHALE_UTIL_STR_H
#define WHALE_UTIL_STR_H

#include "whale/util/cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define WH_STR_MAX_DEFAULT ((size_t)256 << 20)

struct wh_str {
    char *data;
    size_t len;
    size_t cap;
    size_t max;  /* 0 = WH_STR_MAX_DEFAULT */
    bool failed; /* an append was dropped: memory or max */
};

void wh_str_fini(struct wh_str *s);
#define wh_auto_str WH_CLEANUP(wh_str_fini) struct wh_str

/* All return 0, or -1 when the string has failed (now or earlier). */
int wh_str_add(struct wh_str *s, const char *text);
int wh_str_addn(struct wh_str *s, const void *bytes, size_t len);
int wh_str_addc(struct wh_str *s, char c);
int wh_str_fmt(struct wh_str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int wh_str_vfmt(struct wh_str *s, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
int wh_str_reserve(struct wh_str *s, size_t more);
void wh_str_clear(struct wh_str *s);           /* keeps the memory, clears failed */
void wh_str_cut(struct wh_str *s, size_t len); /* shortens to len */

/* Borrowed C string, "" when empty. */
const char *wh_str_c(const struct wh_str *s);
/* Gives the buffer away (malloc'ed, "" never NULL); NULL when the string has failed or memory is short. */
char *wh_str_take(struct wh_str *s);

/* malloc'ed formatted string, NULL when memory is short. */
char *wh_fmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

bool wh_streq(const char *a, const char *b); /* NULL equals only NULL */
bool wh_starts(const char *s, const char *prefix);
bool wh_ends(const char *s, const char *suffix);

/* Length of the UTF-8 character that text, of which `left` bytes are there (at least one), begins with: 1..4; 0 when it
 * is none (overlong forms, surrogates, cut short). */
size_t wh_utf8_len(const char *text, size_t left);

/* The candidate closest to word by edit distance (at most a third of its length, at least 1), or NULL. */
const char *wh_did_you_mean(const char *word, const char *const *candidates, size_t n);

#endif
