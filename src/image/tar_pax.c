/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of a pax extended header: "LENGTH KEY=VALUE\n". */
#include "tar.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define XATTR_PREFIX  "SCHILY.xattr."
#define SPARSE_PREFIX "GNU.sparse."

int tar_decimal(const char *text, uint64_t *ret)
{
    uint64_t v = 0;
    if (!isdigit((unsigned char)*text))
        return -1;
    for (; isdigit((unsigned char)*text); text++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
            return -1;
    *ret = v;
    return *text ? -1 : 0;
}

/* "-1.5", "1600000000.123456789123": the fraction always adds. */
static int parse_time(const char *text, struct timespec *ret)
{
    char whole[24];
    bool negative = *text == '-';
    size_t len = strcspn(text + negative, ".");
    uint64_t seconds;
    long nanoseconds = 0, scale = 100000000;
    if (len >= sizeof(whole))
        return -1;
    memcpy(whole, text + negative, len);
    whole[len] = '\0';
    if (tar_decimal(whole, &seconds) < 0 || seconds > INT64_MAX)
        return -1;
    text += len + negative;
    if (*text == '.')
        text++;
    for (; isdigit((unsigned char)*text); text++, scale /= 10)
        nanoseconds += (*text - '0') * scale;
    if (*text)
        return -1;
    *ret = (struct timespec){.tv_sec = negative ? -(int64_t)seconds : (int64_t)seconds, .tv_nsec = nanoseconds};
    if (negative && nanoseconds) {
        ret->tv_sec--;
        ret->tv_nsec = 1000000000 - nanoseconds;
    }
    return 0;
}

/* ---- one setter a key ---- */

static int set_text(struct wh_str *to, const char *value, size_t len)
{
    wh_str_clear(to);
    return memchr(value, '\0', len) ? -1 : wh_str_addn(to, value, len);
}

static int set_path(struct tar_extra *x, const char *value, size_t len)
{
    return set_text(&x->path, value, len);
}

static int set_linkpath(struct tar_extra *x, const char *value, size_t len)
{
    return set_text(&x->link, value, len);
}

static int set_size(struct tar_extra *x, const char *value, size_t len)
{
    x->has_size = true;
    return tar_decimal(value, &x->size_bytes);
}

static int set_uid(struct tar_extra *x, const char *value, size_t len)
{
    x->has_uid = true;
    return tar_decimal(value, &x->uid);
}

static int set_gid(struct tar_extra *x, const char *value, size_t len)
{
    x->has_gid = true;
    return tar_decimal(value, &x->gid);
}

static int set_mtime(struct tar_extra *x, const char *value, size_t len)
{
    x->has_mtime = true;
    return parse_time(value, &x->mtime);
}

static const struct {
    const char *key;
    int (*set)(struct tar_extra *x, const char *value, size_t len);
} setters[] = {
    {"path", set_path}, {"linkpath", set_linkpath}, {"size", set_size},
    {"uid", set_uid},   {"gid", set_gid},           {"mtime", set_mtime},
};

static int add_xattr(struct tar *t, const char *name, const char *value, size_t len, struct wh_err *err)
{
    if (t->entry.xattrs.len >= LIMIT_XATTRS)
        return wh_fail(err, WH_E_LIMIT, "archive has an entry with more than %d extended attributes", LIMIT_XATTRS);
    struct tar_xattr *x = wh_vec_push(&t->entry.xattrs);
    if (!x)
        return wh_fail(err, ENOMEM, "archive");
    *x = (struct tar_xattr){name, value, len};
    return 0;
}

static int apply(struct tar *t, const char *key, const char *value, size_t len, struct wh_err *err)
{
    if (wh_starts(key, XATTR_PREFIX))
        return add_xattr(t, key + strlen(XATTR_PREFIX), value, len, err);
    if (wh_starts(key, SPARSE_PREFIX))
        return tar_sparse_pax(t, key + strlen(SPARSE_PREFIX), value, err);
    for (size_t i = 0; i < WH_ARRAY_LEN(setters); i++)
        if (wh_streq(setters[i].key, key))
            return setters[i].set(&t->extra, value, len) < 0
                       ? wh_fail(err, WH_E_INVALID, "archive has a malformed value of %s in a header", key)
                       : 0;
    return 0; /* comments, vendors' keys, times that are not kept */
}

/* Splits one record in place; *at moves behind it. */
static int read_record(struct tar *t, size_t *at, struct wh_err *err)
{
    char *start = t->extra.pax.data + *at, *space = NULL;
    size_t left = t->extra.pax.len - *at;
    unsigned long len = strtoul(start, &space, 10);
    if (!isdigit((unsigned char)*start) || *space != ' ' || len > left || len < (size_t)(space - start) + 4 ||
        start[len - 1] != '\n')
        return wh_fail(err, WH_E_INVALID, "archive has a malformed extended header");
    char *key = space + 1, *end = start + len - 1;
    char *eq = memchr(key, '=', (size_t)(end - key));
    if (!eq || eq == key || memchr(key, '\0', (size_t)(eq - key)))
        return wh_fail(err, WH_E_INVALID, "archive has a malformed extended header");
    *eq = *end = '\0';
    *at += len;
    return apply(t, key, eq + 1, (size_t)(end - eq - 1), err);
}

int tar_pax_read(struct tar *t, struct wh_err *err)
{
    for (size_t at = 0; at < t->extra.pax.len;)
        if (read_record(t, &at, err) < 0)
            return -1;
    return 0;
}
