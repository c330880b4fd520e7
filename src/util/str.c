/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing strings and small text helpers. */
#include "whale/util/str.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void wh_str_fini(struct wh_str *s)
{
    free(s->data);
    *s = (struct wh_str){.max = s->max};
}

int wh_str_reserve(struct wh_str *s, size_t more)
{
    size_t max = s->max ? s->max : WH_STR_MAX_DEFAULT;
    if (s->failed || more >= max || s->len + more >= max) {
        s->failed = true;
        return -1;
    }
    size_t need = s->len + more + 1;
    if (need <= s->cap)
        return 0;
    size_t cap = s->cap ? s->cap : 32;
    while (cap < need)
        cap *= 2;
    char *data = realloc(s->data, cap);
    if (!data) {
        s->failed = true;
        return -1;
    }
    s->data = data;
    s->cap = cap;
    s->data[s->len] = 0;
    return 0;
}

int wh_str_addn(struct wh_str *s, const void *bytes, size_t len)
{
    if (wh_str_reserve(s, len) < 0)
        return -1;
    if (len)
        memcpy(s->data + s->len, bytes, len);
    s->len += len;
    s->data[s->len] = 0;
    return 0;
}

int wh_str_add(struct wh_str *s, const char *text)
{
    return wh_str_addn(s, text, strlen(text));
}

int wh_str_addc(struct wh_str *s, char c)
{
    return wh_str_addn(s, &c, 1);
}

int wh_str_vfmt(struct wh_str *s, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    char small[256];
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    int rc = -1;
    if (n < 0) {
        s->failed = true;
    } else if ((size_t)n < sizeof(small)) {
        rc = wh_str_addn(s, small, (size_t)n);
    } else if (wh_str_reserve(s, (size_t)n) == 0) {
        vsnprintf(s->data + s->len, (size_t)n + 1, fmt, again);
        s->len += (size_t)n;
        rc = 0;
    }
    va_end(again);
    return rc;
}

int wh_str_fmt(struct wh_str *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int rc = wh_str_vfmt(s, fmt, ap);
    va_end(ap);
    return rc;
}

void wh_str_clear(struct wh_str *s)
{
    s->len = 0;
    s->failed = false;
    if (s->data)
        s->data[0] = 0;
}

void wh_str_cut(struct wh_str *s, size_t len)
{
    if (len >= s->len)
        return;
    s->len = len;
    s->data[len] = 0;
}

const char *wh_str_c(const struct wh_str *s)
{
    return s->data ? s->data : "";
}

char *wh_str_take(struct wh_str *s)
{
    if (s->failed)
        return NULL;
    if (!s->data)
        return calloc(1, 1);
    char *data = s->data;
    *s = (struct wh_str){.max = s->max};
    return data;
}

char *wh_fmt(const char *fmt, ...)
{
    struct wh_str s = {0};
    va_list ap;
    va_start(ap, fmt);
    wh_str_vfmt(&s, fmt, ap);
    va_end(ap);
    char *text = wh_str_take(&s);
    wh_str_fini(&s);
    return text;
}

bool wh_streq(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool wh_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool wh_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

#define EDIT_MAX 64

/* Levenshtein distance with swaps of neighbours counted as one edit. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > EDIT_MAX || m > EDIT_MAX)
        return SIZE_MAX;
    unsigned char row[3][EDIT_MAX + 1];
    for (size_t j = 0; j <= m; j++)
        row[1][j] = (unsigned char)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned char *cur = row[2], *prev = row[1], *prev2 = row[0];
        cur[0] = (unsigned char)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = prev[j - 1] + (a[i - 1] != b[j - 1] ? 1U : 0U);
            if (prev[j] + 1U < best)
                best = prev[j] + 1U;
            if (cur[j - 1] + 1U < best)
                best = cur[j - 1] + 1U;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && prev2[j - 2] + 1U < best)
                best = prev2[j - 2] + 1U;
            cur[j] = (unsigned char)best;
        }
        memcpy(row[0], row[1], sizeof(row[0]));
        memcpy(row[1], row[2], sizeof(row[1]));
    }
    return row[1][m];
}

const char *wh_did_you_mean(const char *word, const char *const *candidates, size_t n)
{
    size_t limit = strlen(word) / 3;
    if (limit < 1)
        limit = 1;
    const char *best = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t d = edit_distance(word, candidates[i]);
        if (d <= limit && d < strlen(candidates[i])) {
            best = candidates[i];
            if (!d)
                break;
            limit = d - 1;
        }
    }
    return best;
}

size_t wh_utf8_len(const char *text, size_t left)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80)
        return 1;
    size_t n = p[0] >= 0xf5 ? 0 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (!n || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}
