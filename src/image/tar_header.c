/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One header block of tar: checksum, numbers, names, types. */
#include "tar.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Fields of the block: offset and length. */
#define NAME_AT      0
#define NAME_LEN     100
#define MODE_AT      100
#define UID_AT       108
#define GID_AT       116
#define SHORT_LEN    8
#define SIZE_AT      124
#define MTIME_AT     136
#define LONG_LEN     12
#define CHECKSUM_AT  148
#define TYPE_AT      156
#define LINK_AT      157
#define MAGIC_AT     257
#define MAJOR_AT     329
#define MINOR_AT     337
#define PREFIX_AT    345
#define PREFIX_LEN   155
#define USTAR_MAGIC  "ustar" /* with its NUL; GNU tar writes "ustar  " and has no prefix field */
#define GNU_SPARSE   'S'
#define CONTIGUOUS   '7'
#define PAX_NEXT     'x'
#define PAX_GLOBAL   'g'
#define GNU_LONGNAME 'L'
#define GNU_LONGLINK 'K'

static int base256(const unsigned char *f, size_t len, int64_t *ret)
{
    bool negative = f[0] & 0x40;
    uint64_t v = negative ? UINT64_MAX : 0;
    unsigned char sign = negative ? 0xff : 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = i ? f[i] : (unsigned char)(negative ? f[0] | 0x80 : f[0] & 0x7f);
        if (len - i > sizeof(v) && c != sign)
            return -1;
        v = v << 8 | c;
    }
    *ret = (int64_t)v;
    return (*ret < 0) == negative ? 0 : -1;
}

int tar_number(const unsigned char *f, size_t len, int64_t *ret)
{
    size_t i = 0;
    int64_t v = 0;
    if (f[0] & 0x80)
        return base256(f, len, ret);
    while (i < len && (f[i] == ' ' || f[i] == '\0'))
        i++;
    for (; i < len && f[i] >= '0' && f[i] <= '7'; i++)
        v = v * 8 + (f[i] - '0'); /* at most 12 digits: no overflow */
    if (i < len && f[i] != ' ' && f[i] != '\0')
        return -1;
    *ret = v;
    return 0;
}

static bool checksum_fits(const unsigned char *block)
{
    int64_t want, sum = 0, signed_sum = 0;
    if (tar_number(block + CHECKSUM_AT, SHORT_LEN, &want) < 0)
        return false;
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        unsigned char c = i >= CHECKSUM_AT && i < CHECKSUM_AT + SHORT_LEN ? ' ' : block[i];
        sum += c;
        signed_sum += (signed char)c;
    }
    return want == sum || want == signed_sum;
}

static int read_numbers(struct tar *t, const unsigned char *b, int64_t *ret_size, struct wh_err *err)
{
    int64_t mode, uid, gid, mtime, major = 0, minor = 0;
    if (tar_number(b + MODE_AT, SHORT_LEN, &mode) < 0 || tar_number(b + UID_AT, SHORT_LEN, &uid) < 0 ||
        tar_number(b + GID_AT, SHORT_LEN, &gid) < 0 || tar_number(b + SIZE_AT, LONG_LEN, ret_size) < 0 ||
        tar_number(b + MTIME_AT, LONG_LEN, &mtime) < 0)
        return wh_fail(err, WH_E_INVALID, "archive has a malformed number in a header");
    if (*ret_size < 0 || uid < 0 || gid < 0)
        return wh_fail(err, WH_E_INVALID, "archive has a negative size or owner");
    if (b[TYPE_AT] == '3' || b[TYPE_AT] == '4')
        if (tar_number(b + MAJOR_AT, SHORT_LEN, &major) < 0 || tar_number(b + MINOR_AT, SHORT_LEN, &minor) < 0 ||
            major < 0 || minor < 0 || major > UINT32_MAX || minor > UINT32_MAX)
            return wh_fail(err, WH_E_INVALID, "archive has a malformed device number");
    struct tar_entry *e = &t->entry;
    e->mode = (mode_t)mode & 07777;
    e->uid = (uint64_t)uid;
    e->gid = (uint64_t)gid;
    e->mtime = (struct timespec){.tv_sec = mtime};
    e->major = (uint32_t)major;
    e->minor = (uint32_t)minor;
    return 0;
}

static void add_field(struct wh_str *s, const unsigned char *field, size_t len)
{
    wh_str_addn(s, field, strnlen((const char *)field, len));
}

static int read_names(struct tar *t, const unsigned char *b, struct wh_err *err)
{
    wh_str_clear(&t->name);
    wh_str_clear(&t->target);
    if (!memcmp(b + MAGIC_AT, USTAR_MAGIC, sizeof(USTAR_MAGIC)) && b[PREFIX_AT]) {
        add_field(&t->name, b + PREFIX_AT, PREFIX_LEN);
        wh_str_addc(&t->name, '/');
    }
    add_field(&t->name, b + NAME_AT, NAME_LEN);
    add_field(&t->target, b + LINK_AT, NAME_LEN);
    return t->name.failed || t->target.failed ? wh_fail(err, ENOMEM, "archive") : 0;
}

/* The payload of an extended header, with its padding. */
static int read_extra(struct tar *t, struct wh_str *to, int64_t size, struct wh_err *err)
{
    if (size > (int64_t)LIMIT_PAX_BYTES)
        return wh_fail(err, WH_E_LIMIT, "archive has an extended header of more than %zu bytes", LIMIT_PAX_BYTES);
    size_t len = (size_t)size, padded = (len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    wh_str_clear(to);
    if (wh_str_reserve(to, padded + 1) < 0)
        return wh_fail(err, ENOMEM, "archive");
    int r = padded ? tar_read_raw(t, to->data, padded, err) : 0;
    if (r != 0)
        return r < 0 ? -1 : wh_fail(err, WH_E_INVALID, "archive is truncated");
    to->data[len] = '\0';
    to->len = len;
    return TAR_NEXT_HEADER;
}

static int read_long_name(struct tar *t, struct wh_str *to, int64_t size, struct wh_err *err)
{
    if (read_extra(t, to, size, err) < 0)
        return -1;
    while (to->len && !to->data[to->len - 1])
        to->len--;
    if (memchr(wh_str_c(to), '\0', to->len))
        return wh_fail(err, WH_E_INVALID, "archive has a name with a NUL inside");
    return TAR_NEXT_HEADER;
}

static int read_pax(struct tar *t, int64_t size, struct wh_err *err)
{
    t->entry.xattrs.len = t->entry.pieces.len = 0; /* the last of several headers counts */
    if (read_extra(t, &t->extra.pax, size, err) < 0 || tar_pax_read(t, err) < 0)
        return -1;
    return TAR_NEXT_HEADER;
}

/* Global headers (git's commit id, for one) are read over: they would only set defaults. */
static int skip_global(struct tar *t, int64_t size, struct wh_err *err)
{
    wh_auto_str ignored = {.max = LIMIT_PAX_BYTES + TAR_BLOCK};
    return read_extra(t, &ignored, size, err);
}

static const struct {
    char flag;
    enum tar_type type;
} types[] = {
    {'0', TAR_FILE},    {'\0', TAR_FILE}, {CONTIGUOUS, TAR_FILE},  {GNU_SPARSE, TAR_FILE}, {'1', TAR_HARDLINK},
    {'2', TAR_SYMLINK}, {'3', TAR_CHAR},  {'4', TAR_BLOCK_DEVICE}, {'5', TAR_DIR},         {'6', TAR_FIFO},
};

static int set_type(struct tar *t, char flag, struct wh_err *err)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(types); i++)
        if (types[i].flag == flag) {
            t->entry.type = types[i].type;
            return 0;
        }
    return wh_fail(err, WH_E_INVALID, "archive has an entry of unknown type 0x%02x", (unsigned char)flag);
}

/* What the extended headers said wins over the plain header. */
static void apply_extra(struct tar *t, int64_t size)
{
    struct tar_entry *e = &t->entry;
    const struct tar_extra *x = &t->extra;
    e->path = wh_str_c(x->path.len ? &x->path : &t->name);
    e->link = wh_str_c(x->link.len ? &x->link : &t->target);
    e->stored_bytes = x->has_size ? x->size_bytes : (uint64_t)size;
    if (x->has_uid)
        e->uid = x->uid;
    if (x->has_gid)
        e->gid = x->gid;
    if (x->has_mtime)
        e->mtime = x->mtime;
}

static int finish_entry(struct tar *t, const unsigned char *b, struct wh_err *err)
{
    struct tar_entry *e = &t->entry;
    if (e->type != TAR_FILE)
        e->stored_bytes = 0;
    if (b[TYPE_AT] == '\0' && wh_ends(e->path, "/"))
        e->type = TAR_DIR;
    if (!*e->path)
        return wh_fail(err, WH_E_INVALID, "archive has an entry without a name");
    if (e->stored_bytes > INT64_MAX - TAR_BLOCK)
        return wh_fail(err, WH_E_INVALID, "archive has an impossible size: %s", e->path);
    e->size_bytes = e->stored_bytes;
    t->left = e->stored_bytes;
    t->padding = (size_t)(-e->stored_bytes % TAR_BLOCK);
    if (b[TYPE_AT] == GNU_SPARSE && tar_sparse_old(t, b, err) < 0)
        return -1;
    if (t->extra.sparse && tar_sparse_map(t, err) < 0)
        return -1;
    return e->sparse ? tar_sparse_check(t, err) : 0;
}

int tar_header_read(struct tar *t, const unsigned char *b, struct wh_err *err)
{
    int64_t size;
    if (!checksum_fits(b))
        return wh_fail(err, WH_E_INVALID, "not a tar archive, or a header of it is damaged");
    if (read_numbers(t, b, &size, err) < 0)
        return -1;
    switch (b[TYPE_AT]) {
    case PAX_NEXT:
        return read_pax(t, size, err);
    case PAX_GLOBAL:
        return skip_global(t, size, err);
    case GNU_LONGNAME:
        return read_long_name(t, &t->extra.path, size, err);
    case GNU_LONGLINK:
        return read_long_name(t, &t->extra.link, size, err);
    }
    if (set_type(t, (char)b[TYPE_AT], err) < 0 || read_names(t, b, err) < 0)
        return -1;
    apply_extra(t, size);
    return finish_entry(t, b, err);
}
