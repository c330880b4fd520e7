/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See the header. Names are cleaned like those of a layer, so no member is called "../x". */
#include "archive.h"

#include "hash.h"
#include "layout.h"
#include "report.h"
#include "tar.h"
#include "unpack_node.h"
#include "whale/sys/openat2.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_TEXT_TOTAL ((size_t)64 << 20)
#define MAX_LINKS      8

/* ---- reading an archive ---- */

static struct member *add_member(struct archive *x, const char *name, struct wh_err *err)
{
    struct member *m = wh_map_get(&x->members, name);
    if (m)
        return m;
    if (x->members.len >= LIMIT_ARCHIVE_BLOBS) {
        wh_fail(err, WH_E_LIMIT, "archive has more than %d members", LIMIT_ARCHIVE_BLOBS);
        return NULL;
    }
    m = calloc(1, sizeof(*m));
    if (!m || wh_map_set(&x->members, name, m) < 0) {
        free(m);
        wh_fail(err, ENOMEM, "archive");
        return NULL;
    }
    m->draft.dir_fd = -1;
    return m;
}

static void free_member(struct archive *x, struct member *m)
{
    draft_drop(x->store, &m->draft);
    wh_err_fini(&m->failure);
    free(m->text);
    free(m->alias);
    free(m);
}

static bool all_zero(const unsigned char *p, size_t n)
{
    return n && !p[0] && !memcmp(p, p + 1, n - 1);
}

/* By its first bytes: a compressed stream, a tar header, or the end mark of an empty tar. */
static bool looks_like_layer(const unsigned char *p, size_t n)
{
    static const struct {
        const char *magic;
        size_t len, at;
    } magics[] = {{"\x1f\x8b", 2, 0},
                  {"\x28\xb5\x2f\xfd", 4, 0},
                  {"\xfd"
                   "7zXZ",
                   5, 0},
                  {"BZh", 3, 0},
                  {"ustar", 5, 257}};
    for (size_t i = 0; i < WH_ARRAY_LEN(magics); i++)
        if (n >= magics[i].at + magics[i].len && !memcmp(p + magics[i].at, magics[i].magic, magics[i].len))
            return true;
    return n >= TAR_BLOCK && all_zero(p, TAR_BLOCK);
}

/* The payload of the current member as a source; used by the layer's own thread while the caller waits. */
static ssize_t read_payload(void *ctx, void *buf, size_t cap, struct wh_err *err)
{
    const unsigned char *p;
    size_t n;
    if (tar_peek(ctx, &p, &n, err) < 0)
        return -1;
    if (n > cap)
        n = cap;
    if (n)
        memcpy(buf, p, n);
    tar_take(ctx, n);
    return (ssize_t)n;
}

static void note_layer(struct member *m, const struct stream_result *r)
{
    memcpy(m->input_hex, r->input_hex, sizeof(m->input_hex));
    memcpy(m->diff_hex, r->output_hex, sizeof(m->diff_hex));
    memcpy(m->home, m->draft.name, sizeof(m->home));
    m->input_bytes = (int64_t)r->input_bytes;
}

/* A failure counts only when an image wants the member, except one that would hit every other layer as well. */
static int unpack_member(struct archive *x, struct tar *t, struct member *m, struct wh_err *err)
{
    struct stream_result result;
    struct wh_err failure = {0};
    if (m->home[0] ||
        draft_unpack(x->store, &m->draft, (struct source){read_payload, t}, true, &result, &failure) == 0) {
        if (!m->home[0])
            note_layer(m, &result);
        return 0;
    }
    draft_drop(x->store, &m->draft);
    if (failure.code == ENOSPC || failure.code == ENOMEM) {
        wh_err_move(err, &failure);
        return -1;
    }
    wh_err_move(&m->failure, &failure);
    return 0;
}

static int keep_text(struct archive *x, struct tar *t, struct member *m, struct wh_err *err)
{
    wh_auto_str text = {.max = LIMIT_MANIFEST_BYTES + 1};
    if (t->left > LIMIT_MANIFEST_BYTES)
        return 0; /* nothing that an image refers to by name can be so large */
    if (tar_read_all(t, LIMIT_MANIFEST_BYTES, &text, err) < 0)
        return -1;
    x->text_bytes += text.len;
    if (x->text_bytes > MAX_TEXT_TOTAL)
        return wh_fail(err, WH_E_LIMIT, "archive has too many documents");
    free(m->text);
    m->text_len = text.len;
    m->text = wh_str_take(&text);
    return m->text ? 0 : wh_fail(err, ENOMEM, "archive");
}

/* Old docker archives hold the same layer several times as links. */
static int keep_link(struct archive *x, const struct tar_entry *e, const char *name, struct wh_err *err)
{
    struct member *m = add_member(x, name, err);
    wh_auto_free char *folder = e->type == TAR_SYMLINK ? wh_path_dir(name) : strdup("");
    wh_auto_free char *joined = folder ? wh_path_join(folder, e->link) : NULL;
    if (!m)
        return -1;
    free(m->alias);
    m->alias = joined ? wh_path_clean(joined) : NULL;
    return m->alias ? 0 : wh_fail(err, ENOMEM, "archive");
}

static int keep_entry(struct archive *x, struct tar *t, const struct tar_entry *e, struct wh_err *err)
{
    char name[LIMIT_PATH_BYTES + 1];
    const unsigned char *p;
    size_t n;
    if (unpack_clean(e->path, name, err) < 0)
        return -1;
    if (e->type == TAR_SYMLINK || e->type == TAR_HARDLINK)
        return keep_link(x, e, name, err);
    if (e->type != TAR_FILE || e->sparse)
        return 0;
    struct member *m = add_member(x, name, err);
    if (!m || tar_peek(t, &p, &n, err) < 0)
        return -1;
    return looks_like_layer(p, n) ? unpack_member(x, t, m, err) : keep_text(x, t, m, err);
}

static int read_members(struct archive *x, struct stream *stream, struct wh_err *err)
{
    struct tar t;
    const struct tar_entry *e;
    int r;
    tar_begin(&t, stream);
    while ((r = tar_next(&t, &e, err)) > 0)
        if (keep_entry(x, &t, e, err) < 0) {
            r = wh_wrap(err, "archive member %.200s", e->path);
            break;
        }
    tar_end(&t);
    return r;
}

int archive_open_stream(struct archive *x, struct store *s, struct source source, struct wh_err *err)
{
    const struct limits limits = LIMITS_DEFAULT;
    const struct stream_options options = {.limits = &limits};
    struct stream *stream;
    *x = (struct archive){.store = s, .folder_fd = -1};
    if (stream_open(source, &options, &stream, err) < 0)
        return -1;
    int r = read_members(x, stream, err);
    stream_close(stream);
    if (r < 0)
        archive_close(x);
    return r;
}

int archive_open_folder(struct archive *x, struct store *s, const char *path, struct wh_err *err)
{
    *x = (struct archive){.store = s, .folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return x->folder_fd < 0 ? wh_fail(err, errno, "open %s", path) : 0;
}

void archive_close(struct archive *x)
{
    for (size_t i = 0; i < x->members.len; i++)
        free_member(x, x->members.entries[i].value);
    wh_map_fini(&x->members);
    wh_close(&x->folder_fd);
}

/* ---- answers ---- */

static struct member *find_member(struct archive *x, const char *name)
{
    char clean[LIMIT_PATH_BYTES + 1];
    if (unpack_clean(name, clean, NULL) < 0)
        return NULL;
    struct member *m = wh_map_get(&x->members, clean);
    for (int i = 0; m && m->alias && i < MAX_LINKS; i++)
        m = wh_map_get(&x->members, m->alias);
    return m && !m->alias ? m : NULL;
}

static int open_in_folder(struct archive *x, const char *name)
{
    return wh_openat2(x->folder_fd, name, O_RDONLY | O_NONBLOCK, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

static int load_text(struct archive *x, const char *name, struct wh_err *err)
{
    wh_auto_str text = {0};
    struct stat st;
    wh_auto_fd fd = open_in_folder(x, name);
    if (fd < 0)
        return errno == ENOENT ? 1 : wh_fail(err, errno, "open %s", name);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return wh_fail(err, WH_E_INVALID, "%s is not a file", name);
    if (wh_fd_read_all(fd, LIMIT_MANIFEST_BYTES, &text, err) < 0)
        return wh_wrap(err, "read %s", name);
    struct member *m = add_member(x, name, err);
    if (!m)
        return -1;
    m->text_len = text.len;
    m->text = wh_str_take(&text);
    return m->text ? 0 : wh_fail(err, ENOMEM, "%s", name);
}

int archive_text(struct archive *x, const char *name, const char **ret, size_t *ret_len, struct wh_err *err)
{
    struct member *m = find_member(x, name);
    if (!m && x->folder_fd >= 0) {
        int r = load_text(x, name, err);
        if (r != 0)
            return r;
        m = find_member(x, name);
    }
    if (!m || !m->text)
        return 1;
    *ret = m->text;
    *ret_len = m->text_len;
    return 0;
}

int archive_blob(struct archive *x, const char *digest, int64_t size_bytes, const char **ret, size_t *ret_len,
                 struct wh_err *err)
{
    char name[sizeof(LAYOUT_BLOBS) + WH_SHA256_HEX], hex[WH_SHA256_HEX];
    snprintf(name, sizeof(name), LAYOUT_BLOBS "/%s", layout_hex(digest));
    int r = archive_text(x, name, ret, ret_len, err);
    if (r != 0)
        return r < 0 ? -1 : wh_fail(err, WH_E_NOT_FOUND, "archive has no blob %s", digest);
    if (hash_of(*ret, *ret_len, hex) < 0)
        return wh_fail(err, ENOMEM, "digest");
    if (!wh_streq(hex, layout_hex(digest)) || (size_bytes >= 0 && (size_t)size_bytes != *ret_len))
        return wh_fail(err, IMAGE_E_DIGEST, "blob %s has another content than its digest and size say", digest);
    return 0;
}

static int unpack_from_folder(struct archive *x, struct assembly *m, size_t i, const char *name, const char *digest,
                              struct wh_err *err)
{
    struct stream_result result;
    wh_auto_fd fd = open_in_folder(x, name);
    if (fd < 0)
        return wh_fail(err, errno, "open %s", name);
    struct source_fd input = {fd, name};
    if (assembly_unpack(m, i, source_of_fd(&input), true, &result, err) < 0)
        return -1;
    if (digest && !wh_streq(result.input_hex, layout_hex(digest)))
        return wh_fail(err, IMAGE_E_DIGEST, "blob %s has the digest sha256:%s", digest, result.input_hex);
    return 0;
}

static int check_member(const struct member *f, const struct assembly *m, size_t i, const char *digest,
                        struct wh_err *err)
{
    if (digest && !wh_streq(f->input_hex, layout_hex(digest)))
        return wh_fail(err, IMAGE_E_DIGEST, "blob %s has the digest sha256:%s", digest, f->input_hex);
    if (!wh_streq(f->diff_hex, m->slots[i].diff_hex))
        return wh_fail(err, IMAGE_E_DIGEST, "layer %zu has the digest sha256:%s, but the image config says sha256:%s",
                       i, f->diff_hex, m->slots[i].diff_hex);
    return 0;
}

int archive_layer(struct archive *x, struct assembly *m, size_t i, const char *name, const char *digest,
                  struct wh_err *err)
{
    if (!assembly_needs(m, i))
        return 0;
    if (x->folder_fd >= 0)
        return unpack_from_folder(x, m, i, name, digest, err);
    struct member *f = find_member(x, name);
    if (f && f->failure.depth) {
        wh_err_move(err, &f->failure);
        return wh_wrap(err, "layer %s", name);
    }
    if (!f || !f->home[0])
        return wh_fail(err, WH_E_INVALID, "archive has no layer %s", name);
    if (check_member(f, m, i, digest, err) < 0)
        return -1;
    if (!f->draft.name[0])
        return assembly_copy(m, i, f->home, err);
    assembly_take(m, i, &f->draft);
    return 0;
}

void archive_settle(struct archive *x, const struct assembly *m)
{
    for (size_t i = 0; i < x->members.len; i++) {
        struct member *f = x->members.entries[i].value;
        for (size_t j = 0; f->home[0] && j < m->n; j++)
            if (wh_streq(f->diff_hex, m->slots[j].diff_hex))
                memcpy(f->home, m->slots[j].name, sizeof(f->home));
    }
}
