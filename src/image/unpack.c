/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk over one layer's entries, its budgets, and what is done after the last entry. */
#include "unpack.h"

#include "layout.h"
#include "unpack_node.h"
#include "whale/sys/openat2.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define SPACE_CHECK_BYTES (UINT64_C(64) << 20)

static void tap_raw(void *ctx, const void *data, size_t len)
{
    split_write_raw(ctx, data, len);
}

static int check_space(struct unpack *u, struct wh_err *err)
{
    struct statvfs v;
    if (fstatvfs(u->root, &v) < 0)
        return wh_fail(err, errno, "statvfs");
    if ((uint64_t)v.f_bavail * v.f_frsize < u->limits->reserve_bytes)
        return wh_fail(err, ENOSPC, "the disk of the image store is full");
    u->checked_bytes = u->result->files_bytes;
    return 0;
}

static int check_budget(struct unpack *u, const struct tar_entry *e, struct wh_err *err)
{
    const struct limits *l = u->limits;
    struct unpack_result *r = u->result;
    if (++r->n_entries > l->entries)
        return wh_fail(err, WH_E_LIMIT, "layer has more than %" PRIu64 " entries", l->entries);
    if (e->type != TAR_FILE)
        return 0;
    if (e->size_bytes > l->file_bytes)
        return wh_fail(err, WH_E_LIMIT, "layer has a file of more than %" PRIu64 " bytes", l->file_bytes);
    r->files_bytes += e->stored_bytes;
    u->apparent_bytes += e->size_bytes;
    if (r->files_bytes > l->total_bytes || u->apparent_bytes > l->total_bytes * 4)
        return wh_fail(err, WH_E_LIMIT, "layer has more than %" PRIu64 " bytes", l->total_bytes);
    return r->files_bytes - u->checked_bytes >= SPACE_CHECK_BYTES ? check_space(u, err) : 0;
}

static int apply_entry(struct unpack *u, const struct tar_entry *e, struct wh_err *err)
{
    struct place p;
    if (check_budget(u, e, err) < 0 || unpack_clean(e->path, u->path, err) < 0)
        return -1;
    if (!*u->path)
        return unpack_root(u, e, err);
    int r = unpack_whiteout(u, err);
    if (r != 0)
        return r < 0 ? -1 : 0;
    if (unpack_locate(u, u->path, &p, err) < 0)
        return -1;
    return unpack_create(u, &p, e, err);
}

static int walk(struct unpack *u, struct wh_err *err)
{
    const struct tar_entry *e;
    int r;
    while ((r = tar_next(&u->tar, &e, err)) > 0)
        if (apply_entry(u, e, err) < 0)
            return wh_wrap(err, "entry %.200s", e->path);
    if (r < 0 || tar_drain(&u->tar, err) < 0)
        return -1;
    u->result->tar_bytes = u->tar.position;
    return unpack_dir_times(u, err);
}

static int open_outputs(struct unpack *u, int dir_fd, int *ret_split, struct wh_err *err)
{
    if (mkdirat(dir_fd, LAYER_TREE, 0755) < 0)
        return wh_fail(err, errno, "make the layer's folder");
    u->root = openat(dir_fd, LAYER_TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    *ret_split = openat(dir_fd, LAYER_SPLIT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (u->root < 0 || *ret_split < 0 || fchmod(u->root, 0755) < 0)
        return wh_fail(err, errno, "open the layer's folder");
    return check_space(u, err);
}

static void release(struct unpack *u)
{
    tar_end(&u->tar);
    split_write_drop(&u->split);
    unpack_forget_folder(u);
    for (size_t i = 0; i < u->dir_times.len; i++)
        free(wh_vec_at(&u->dir_times, struct dir_time, i).path);
    wh_vec_fini(&u->dir_times);
    wh_close(&u->root);
}

int unpack_layer(int dir_fd, struct stream *s, const struct limits *limits, struct unpack_result *ret,
                 struct wh_err *err)
{
    wh_auto_fd split_fd = -1;
    struct unpack u = {.root = -1, .folder_fd = -1, .limits = limits, .result = ret};
    u.dir_times = WH_VEC(struct dir_time);
    *ret = (struct unpack_result){.exact = true};
    tar_begin(&u.tar, s);
    int r = open_outputs(&u, dir_fd, &split_fd, err);
    if (r == 0)
        r = split_write_begin(&u.split, split_fd, err);
    if (r == 0) {
        u.tar.raw = tap_raw;
        u.tar.raw_ctx = &u.split;
        r = walk(&u, err);
    }
    if (r == 0)
        r = split_write_end(&u.split, err);
    release(&u);
    return r;
}

void unpack_result_fini(struct unpack_result *r)
{
    wh_strv_fini(&r->implied);
}
