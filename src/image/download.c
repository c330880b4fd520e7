/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See the header. A broken-off file stays for a later command; a wrong one, or one on a full disk, does not. */
#include "download.h"

#include "hash.h"
#include "layout.h"
#include "report.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define MAX_TRIES      5
#define PROGRESS_BYTES (UINT64_C(1) << 20) /* so much more counts as a fresh start for the tries */
#define REHASH_CHUNK   ((size_t)256 << 10)

struct transfer {
    const struct download *d;
    int fd;
    uint64_t offset;
    struct hash hash; /* of the first offset bytes */
};

static void ingest_path(const char *digest, char *buf, size_t size)
{
    snprintf(buf, size, LAYOUT_INGEST "/%s", layout_hex(digest));
}

void download_forget(struct store *s, const char *digest)
{
    char path[sizeof(LAYOUT_INGEST) + WH_SHA256_HEX];
    ingest_path(digest, path, sizeof(path));
    (void)unlinkat(s->images_fd, path, 0);
}

/* Opens and locks the file; it may have been removed while we waited for the lock. */
static int open_ingest(const struct download *d, struct wh_err *err)
{
    char path[sizeof(LAYOUT_INGEST) + WH_SHA256_HEX];
    struct stat st;
    ingest_path(d->digest, path, sizeof(path));
    for (;;) {
        wh_auto_fd fd = openat(d->store->images_fd, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return wh_fail(err, errno, "open %s", path);
        while (flock(fd, LOCK_EX) < 0)
            if (errno != EINTR)
                return wh_fail(err, errno, "lock %s", path);
        if (fstat(fd, &st) < 0)
            return wh_fail(err, errno, "%s", path);
        if (st.st_nlink > 0)
            return wh_steal_fd(&fd);
    }
}

static int start_over(struct transfer *t, struct wh_err *err)
{
    hash_drop(&t->hash);
    t->offset = 0;
    if (ftruncate(t->fd, 0) < 0 || lseek(t->fd, 0, SEEK_SET) < 0)
        return wh_fail(err, errno, "download");
    return hash_begin(&t->hash) < 0 ? wh_fail(err, ENOMEM, "download") : 0;
}

/* Takes what an earlier command has left into the hash. */
static int rehash(struct transfer *t, struct wh_err *err)
{
    struct stat st;
    char chunk[REHASH_CHUNK];
    if (hash_begin(&t->hash) < 0)
        return wh_fail(err, ENOMEM, "download");
    if (fstat(t->fd, &st) < 0)
        return wh_fail(err, errno, "download");
    if ((uint64_t)st.st_size > t->d->size_bytes)
        return start_over(t, err);
    for (;;) {
        ssize_t n = pread(t->fd, chunk, REHASH_CHUNK, (off_t)t->offset);
        if (n < 0)
            return wh_fail(err, errno, "read an earlier download");
        if (n == 0)
            break;
        hash_add(&t->hash, chunk, (size_t)n);
        t->offset += (uint64_t)n;
    }
    return lseek(t->fd, (off_t)t->offset, SEEK_SET) < 0 ? wh_fail(err, errno, "download") : 0;
}

/* ---- one request ---- */

static int on_begin(void *ctx, long status, uint64_t range_start, struct wh_err *err)
{
    struct transfer *t = ctx;
    if (status == 200)
        return t->offset ? start_over(t, err) : 0;
    if (range_start != t->offset)
        return wh_fail(err, WH_E_PROTOCOL, "registry answers with another range than was asked for");
    return 0;
}

static int on_data(void *ctx, const void *data, size_t len, struct wh_err *err)
{
    struct transfer *t = ctx;
    if (atomic_load(t->d->cancelled))
        return wh_fail(err, WH_E_CANCELLED, "cancelled");
    if (len > t->d->size_bytes - t->offset)
        return wh_fail(err, IMAGE_E_DIGEST, "blob %.19s is larger than announced", t->d->digest);
    if (wh_write_all(t->fd, data, len) < 0)
        return wh_fail(err, errno, "write to the image store");
    hash_add(&t->hash, data, len);
    t->offset += len;
    t->d->progress(t->d->ctx, "downloading", t->offset);
    return 0;
}

static bool is_final(const struct wh_err *err)
{
    return err->code == ENOSPC || err->code == EDQUOT || err->code == WH_E_CANCELLED || err->code == IMAGE_E_DIGEST ||
           err->code == WH_E_NOT_FOUND || err->code == IMAGE_E_UNAUTHORIZED || err->code == IMAGE_E_TLS ||
           err->code == ECONNREFUSED;
}

static int request_rest(struct transfer *t, struct http *h, bool *ret_again, int64_t *ret_after_s, struct wh_err *err)
{
    auto_http_response answer = {0};
    wh_auto_free char *what = wh_fmt("blobs/%s", t->d->digest);
    struct http_request q = {.range_from = t->offset,
                             .max_bytes = 0,
                             .accept = "application/octet-stream, */*",
                             .sink = on_data,
                             .begin = on_begin,
                             .ctx = t};
    if (!what)
        return wh_fail(err, ENOMEM, "download");
    int r = registry_run(t->d->registry, h, t->d->ref, what, &q, 1, &answer, err);
    if (r < 0 && answer.status == 416) /* what is on the disk is not a beginning of the blob */
        *ret_again = start_over(t, NULL) == 0;
    else
        *ret_again = r < 0 && !is_final(err) && (answer.may_retry || registry_is_passing(answer.status));
    *ret_after_s = answer.retry_after_s;
    return r;
}

/* Requests until all bytes are there. Tries count anew after real progress. */
static int fetch(struct transfer *t, struct http *h, struct wh_err *err)
{
    uint64_t last = t->offset;
    for (int i = 0; t->offset < t->d->size_bytes;) {
        bool again = false;
        int64_t after_s = -1;
        if (request_rest(t, h, &again, &after_s, err) == 0) {
            if (t->offset == t->d->size_bytes)
                break;
            wh_fail(err, WH_E_PROTOCOL, "registry ends the blob early");
            again = true;
        }
        if (t->offset > last + PROGRESS_BYTES)
            i = 0;
        last = t->offset;
        if (!again || ++i >= MAX_TRIES)
            return -1;
        wh_err_fini(err);
        t->d->progress(t->d->ctx, "retrying", t->offset);
        registry_back_off(i - 1, after_s);
    }
    return 0;
}

static int verify(struct transfer *t, struct wh_err *err)
{
    char hex[WH_SHA256_HEX];
    t->d->progress(t->d->ctx, "verifying", t->offset);
    hash_end(&t->hash, hex);
    if (wh_streq(hex, layout_hex(t->d->digest)))
        return 0;
    return wh_fail(err, IMAGE_E_DIGEST, "blob %.19s: the registry sent other bytes (sha256:%.12s)", t->d->digest, hex);
}

static int run(struct transfer *t, struct http *h, struct wh_err *err)
{
    if (rehash(t, err) < 0)
        return -1;
    bool resumed = t->offset > 0;
    if (fetch(t, h, err) < 0)
        return -1;
    int r = verify(t, err);
    if (r == 0 || !resumed)
        return r;
    wh_err_fini(err); /* the old beginning may have been the wrong part */
    if (start_over(t, err) < 0 || fetch(t, h, err) < 0)
        return -1;
    return verify(t, err);
}

int download_run(const struct download *d, struct http *h, int *ret_fd, struct wh_err *err)
{
    wh_auto_err own = {0};
    struct transfer t = {.d = d};
    wh_auto_fd fd = open_ingest(d, &own);
    t.fd = fd;
    int r = fd < 0 ? -1 : run(&t, h, &own);
    hash_drop(&t.hash);
    if (r == 0) {
        (void)lseek(fd, 0, SEEK_SET);
        *ret_fd = wh_steal_fd(&fd);
        return 0;
    }
    if (own.code == ENOSPC || own.code == EDQUOT || own.code == IMAGE_E_DIGEST)
        download_forget(d->store, d->digest);
    wh_err_move(err, &own);
    return -1;
}
