/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tar streams: written as ustar with pax records where a name, link or number does not fit; read as ustar, pax and GNU.
 * Layout of the header: POSIX.1-2017, pax.
 */
#include "cli/tree.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BLOCK        512
#define META_MAX     ((size_t)1 << 20) /* of one pax header or long name */
#define OCTAL_MAX_8  07777777
#define OCTAL_MAX_12 077777777777

struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2];
    char user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

/* ---- writing --------------------------------------------------------------------------------------------------- */

static const struct {
    mode_t kind;
    char type;
} kinds[] = {{S_IFREG, '0'}, {S_IFLNK, '2'}, {S_IFCHR, '3'}, {S_IFBLK, '4'}, {S_IFDIR, '5'}, {S_IFIFO, '6'}};

static void put_octal(char *field, size_t size, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%0*llo", (int)size - 1, (unsigned long long)value);
    memcpy(field, text, size);
}

static void seal(struct header *h)
{
    unsigned sum = 0;
    memset(h->checksum, ' ', sizeof(h->checksum));
    for (size_t i = 0; i < BLOCK; i++)
        sum += ((unsigned char *)h)[i];
    snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

static int write_padded(int fd, const void *data, size_t len, struct wh_err *err)
{
    static const char zeros[BLOCK];
    if (wh_write_all(fd, data, len) < 0 || (len % BLOCK && wh_write_all(fd, zeros, BLOCK - len % BLOCK) < 0))
        return wh_fail(err, errno, "write tar");
    return 0;
}

/* "27 path=some/long/name\n": the length counts itself. */
static void add_record(struct wh_str *out, const char *key, const char *value)
{
    size_t len = strlen(key) + strlen(value) + 3, total = len;
    for (size_t digits = 1; digits < 8; digits++) {
        char text[16];
        total = len + digits;
        if ((size_t)snprintf(text, sizeof(text), "%zu", total) == digits)
            break;
    }
    wh_str_fmt(out, "%zu %s=%s\n", total, key, value);
}

static void add_number_record(struct wh_str *out, const char *key, uint64_t value, uint64_t max)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    if (value > max)
        add_record(out, key, text);
}

static int write_pax(int fd, const struct wh_str *records, struct wh_err *err)
{
    struct header h = {.type = 'x', .magic = "ustar", .version = {'0', '0'}, .name = "pax"};
    put_octal(h.size, sizeof(h.size), records->len);
    put_octal(h.mode, sizeof(h.mode), 0644);
    put_octal(h.uid, sizeof(h.uid), 0);
    put_octal(h.gid, sizeof(h.gid), 0);
    put_octal(h.mtime, sizeof(h.mtime), 0);
    seal(&h);
    return write_padded(fd, &h, sizeof(h), err) < 0 ? -1 : write_padded(fd, records->data, records->len, err);
}

static void fill_header(struct header *h, const struct wh_tree_entry *e, const char *name, uint64_t size)
{
    memcpy(h->magic, "ustar", 6);
    memcpy(h->version, "00", 2);
    memcpy(h->name, name, strnlen(name, sizeof(h->name)));
    if (e->link)
        memcpy(h->link, e->link, strnlen(e->link, sizeof(h->link)));
    for (size_t i = 0; i < WH_ARRAY_LEN(kinds); i++)
        if ((e->st.st_mode & S_IFMT) == kinds[i].kind)
            h->type = kinds[i].type;
    put_octal(h->mode, sizeof(h->mode), e->st.st_mode & 07777);
    put_octal(h->uid, sizeof(h->uid), e->st.st_uid > OCTAL_MAX_8 ? 0 : e->st.st_uid);
    put_octal(h->gid, sizeof(h->gid), e->st.st_gid > OCTAL_MAX_8 ? 0 : e->st.st_gid);
    put_octal(h->size, sizeof(h->size), size > OCTAL_MAX_12 ? 0 : size);
    put_octal(h->mtime, sizeof(h->mtime), e->st.st_mtime < 0 ? 0 : (uint64_t)e->st.st_mtime);
    put_octal(h->major, sizeof(h->major), major(e->st.st_rdev));
    put_octal(h->minor, sizeof(h->minor), minor(e->st.st_rdev));
    seal(h);
}

/* A file that changes while it is read: cut, or filled up with zeros. */
static int write_contents(int fd, const struct wh_tree_entry *e, uint64_t size, struct wh_err *err)
{
    char buf[BLOCK * 64];
    for (uint64_t left = size; left > 0;) {
        size_t want = left < sizeof(buf) ? (size_t)left : sizeof(buf);
        ssize_t n = e->read(e->ctx, buf, want);
        if (n < 0)
            return wh_fail(err, errno, "read %s", e->path);
        if (n == 0) {
            memset(buf, 0, want);
            n = (ssize_t)want;
        }
        if (wh_write_all(fd, buf, (size_t)n) < 0)
            return wh_fail(err, errno, "write tar");
        left -= (uint64_t)n;
    }
    return 0;
}

static int pad_contents(int fd, uint64_t size, struct wh_err *err)
{
    static const char zeros[BLOCK];
    size_t rest = size % BLOCK;
    if (rest && wh_write_all(fd, zeros, BLOCK - rest) < 0)
        return wh_fail(err, errno, "write tar");
    return 0;
}

static int write_entry(void *ctx, const struct wh_tree_entry *e, struct wh_err *err)
{
    struct wh_tar_writer *w = ctx;
    bool is_dir = S_ISDIR(e->st.st_mode), is_file = S_ISREG(e->st.st_mode);
    uint64_t size = is_file && !e->hollow ? (uint64_t)e->st.st_size : 0;
    wh_auto_str records = {0};
    wh_auto_free char *name = wh_fmt("%s%s%s%s", w->name, *w->name && *e->path ? "/" : "", e->path, is_dir ? "/" : "");
    struct header h = {.type = '0'};
    if (!name)
        return wh_fail(err, ENOMEM, "write tar");
    if (strcmp(name, "/") == 0)
        return 0; /* the root itself */
    if (strlen(name) > sizeof(h.name))
        add_record(&records, "path", name);
    if (e->link && strlen(e->link) > sizeof(h.link))
        add_record(&records, "linkpath", e->link);
    add_number_record(&records, "uid", e->st.st_uid, OCTAL_MAX_8);
    add_number_record(&records, "gid", e->st.st_gid, OCTAL_MAX_8);
    add_number_record(&records, "size", size, OCTAL_MAX_12);
    if (records.len && write_pax(w->fd, &records, err) < 0)
        return -1;
    fill_header(&h, e, name, size);
    if (write_padded(w->fd, &h, sizeof(h), err) < 0)
        return -1;
    return write_contents(w->fd, e, size, err) < 0 ? -1 : pad_contents(w->fd, size, err);
}

struct wh_tree_sink wh_tar_writer_sink(struct wh_tar_writer *w)
{
    return (struct wh_tree_sink){.add = write_entry, .ctx = w};
}

int wh_tar_finish(struct wh_tar_writer *w, struct wh_err *err)
{
    static const char zeros[BLOCK * 2];
    return wh_write_all(w->fd, zeros, sizeof(zeros)) == 0 ? 0 : wh_fail(err, errno, "write tar");
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

struct reader {
    int fd;
    uint64_t left;            /* bytes of the current contents */
    struct wh_str path, link; /* from pax or GNU headers, for the next entry */
    int64_t size, uid, gid;   /* from pax; -1 = not given */
    struct wh_err *err;
};

static int read_full(int fd, void *buf, size_t len)
{
    size_t have = 0;
    while (have < len) {
        ssize_t n = read(fd, (char *)buf + have, len - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -1 : have ? -1 : 1;
        have += (size_t)n;
    }
    return 0;
}

static ssize_t read_contents(void *ctx, void *buf, size_t size)
{
    struct reader *r = ctx;
    size_t want = r->left < size ? (size_t)r->left : size;
    ssize_t n = want ? read(r->fd, buf, want) : 0;
    if (want && n == 0) {
        errno = EPIPE; /* the stream ends inside a file */
        return -1;
    }
    if (n > 0)
        r->left -= (uint64_t)n;
    return n;
}

static int skip(struct reader *r, uint64_t len)
{
    char buf[BLOCK * 16];
    while (len > 0) {
        size_t n = len < sizeof(buf) ? (size_t)len : sizeof(buf);
        if (read_full(r->fd, buf, n) != 0)
            return wh_fail(r->err, WH_E_INVALID, "tar stream ends early");
        len -= n;
    }
    return 0;
}

/* Octal text, or a binary number marked by the top bit (GNU). */
static int64_t get_number(const char *field, size_t size)
{
    int64_t value = 0;
    if ((unsigned char)field[0] & 0x80) {
        for (size_t i = size > 8 ? size - 8 : 1; i < size; i++)
            value = (int64_t)((uint64_t)value << 8 | (unsigned char)field[i]);
        return value < 0 ? -1 : value;
    }
    for (size_t i = 0; i < size; i++)
        if (field[i] >= '0' && field[i] <= '7')
            value = value * 8 + (field[i] - '0');
    return value;
}

static bool is_sealed(const struct header *h)
{
    struct header copy = *h;
    seal(&copy);
    return get_number(copy.checksum, sizeof(copy.checksum)) == get_number(h->checksum, sizeof(h->checksum));
}

static int read_meta(struct reader *r, uint64_t size, struct wh_str *out)
{
    if (size > META_MAX || wh_str_reserve(out, size + 1) < 0)
        return wh_fail(r->err, WH_E_LIMIT, "header of a tar entry is too long");
    wh_auto_free char *buf = malloc(size + 1);
    if (!buf || read_full(r->fd, buf, size) < 0)
        return wh_fail(r->err, WH_E_INVALID, "tar stream ends early");
    wh_str_clear(out);
    wh_str_addn(out, buf, size);
    return skip(r, (BLOCK - size % BLOCK) % BLOCK);
}

static void take_record(struct reader *r, const char *key, size_t key_len, const char *value, size_t len)
{
    const struct {
        const char *key;
        struct wh_str *text;
        int64_t *number;
    } known[] = {
        {"path", &r->path, NULL}, {"linkpath", &r->link, NULL}, {"size", NULL, &r->size},
        {"uid", NULL, &r->uid},   {"gid", NULL, &r->gid},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(known); i++) {
        if (strlen(known[i].key) != key_len || memcmp(known[i].key, key, key_len) != 0)
            continue;
        if (known[i].text) {
            wh_str_clear(known[i].text);
            wh_str_addn(known[i].text, value, len);
        } else {
            *known[i].number = strtoll(value, NULL, 10);
        }
    }
}

static int take_pax(struct reader *r, uint64_t size)
{
    wh_auto_str text = {0};
    if (read_meta(r, size, &text) < 0)
        return -1;
    const char *at = wh_str_c(&text), *end = at + text.len;
    while (at < end) {
        char *behind;
        unsigned long len = strtoul(at, &behind, 10);
        const char *equals = *behind == ' ' ? memchr(behind, '=', (size_t)(end - behind)) : NULL;
        if (!equals || len < 5 || len > (size_t)(end - at) || equals >= at + len)
            return wh_fail(r->err, WH_E_INVALID, "tar stream has a broken pax header");
        take_record(r, behind + 1, (size_t)(equals - behind - 1), equals + 1, (size_t)(at + len - 1 - equals - 1));
        at += len;
    }
    return 0;
}

/* Names below the top only; a leading "./" or "/" is dropped. */
static const char *clean_name(struct reader *r, const char *name)
{
    while (*name == '/' || (name[0] == '.' && (name[1] == '/' || name[1] == '\0')))
        name++;
    for (const char *at = name; *at; at += strcspn(at, "/"), at += *at == '/')
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0')) {
            wh_fail(r->err, WH_E_INVALID, "tar entry %s leads out of the target", name);
            return NULL;
        }
    return name;
}

static mode_t kind_of(char type)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(kinds); i++)
        if (kinds[i].type == type)
            return kinds[i].kind;
    return type == '\0' || type == '1' || type == '7' ? S_IFREG : 0;
}

static void read_name(const struct header *h, struct wh_str *out)
{
    if (out->len)
        return;
    size_t n = strnlen(h->prefix, sizeof(h->prefix));
    if (memcmp(h->magic, "ustar\0", 6) == 0 && n)
        wh_str_fmt(out, "%.*s/", (int)n, h->prefix);
    wh_str_addn(out, h->name, strnlen(h->name, sizeof(h->name)));
}

static int hand_over(struct reader *r, const struct header *h, const struct wh_tree_sink *sink)
{
    uint64_t size = r->left;
    if (r->link.len == 0)
        wh_str_addn(&r->link, h->link, strnlen(h->link, sizeof(h->link)));
    read_name(h, &r->path);
    while (r->path.len > 1 && r->path.data[r->path.len - 1] == '/')
        wh_str_cut(&r->path, r->path.len - 1);
    const char *name = clean_name(r, wh_str_c(&r->path));
    struct wh_tree_entry e = {.path = name, .link = wh_str_c(&r->link), .read = read_contents, .ctx = r};
    e.hard = h->type == '1';
    if (e.hard && !(e.link = clean_name(r, wh_str_c(&r->link))))
        return -1;
    e.st.st_mode = kind_of(h->type) | (mode_t)(get_number(h->mode, sizeof(h->mode)) & 07777);
    e.st.st_uid = (uid_t)(r->uid >= 0 ? r->uid : get_number(h->uid, sizeof(h->uid)));
    e.st.st_gid = (gid_t)(r->gid >= 0 ? r->gid : get_number(h->gid, sizeof(h->gid)));
    e.st.st_size = (off_t)size;
    e.st.st_mtim.tv_sec = e.st.st_atim.tv_sec = get_number(h->mtime, sizeof(h->mtime));
    e.st.st_rdev = makedev((unsigned)get_number(h->major, 8), (unsigned)get_number(h->minor, 8));
    if (!name)
        return -1;
    if (!(e.st.st_mode & S_IFMT))
        return wh_fail(r->err, WH_E_INVALID, "tar entry %s has a type that cannot be copied", name);
    if (*name && sink->add(sink->ctx, &e, r->err) < 0)
        return -1;
    return skip(r, r->left + (BLOCK - size % BLOCK) % BLOCK);
}

static void forget_meta(struct reader *r)
{
    wh_str_clear(&r->path);
    wh_str_clear(&r->link);
    r->size = r->uid = r->gid = -1;
}

static int take_header(struct reader *r, const struct header *h, const struct wh_tree_sink *sink)
{
    int64_t size = get_number(h->size, sizeof(h->size));
    if (size < 0 || !is_sealed(h))
        return wh_fail(r->err, WH_E_INVALID, "not a tar stream");
    if (h->type == 'x')
        return take_pax(r, (uint64_t)size);
    if (h->type == 'g')
        return skip(r, (uint64_t)size + (BLOCK - (uint64_t)size % BLOCK) % BLOCK);
    if (h->type == 'L' || h->type == 'K') {
        struct wh_str *to = h->type == 'L' ? &r->path : &r->link;
        if (read_meta(r, (uint64_t)size, to) < 0)
            return -1;
        wh_str_cut(to, strlen(wh_str_c(to))); /* ends with a zero byte */
        return 0;
    }
    r->left = h->type == '1' ? 0 : r->size >= 0 ? (uint64_t)r->size : (uint64_t)size;
    int status = hand_over(r, h, sink);
    forget_meta(r);
    return status;
}

int wh_tar_read(int fd, const struct wh_tree_sink *sink, struct wh_err *err)
{
    static const struct header zeros;
    struct reader r = {.fd = fd, .err = err};
    struct header h;
    int status = 0;
    forget_meta(&r);
    while (status == 0) {
        status = read_full(fd, &h, sizeof(h));
        if (status < 0)
            wh_fail(err, WH_E_INVALID, "tar stream ends early");
        if (status != 0 || memcmp(&h, &zeros, sizeof(h)) == 0)
            break;
        status = take_header(&r, &h, sink);
    }
    wh_str_fini(&r.path);
    wh_str_fini(&r.link);
    return status < 0 ? -1 : 0;
}
