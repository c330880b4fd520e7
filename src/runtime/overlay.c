/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Overlay options. mount(2) takes one page of text and is the fastest way; a long list of lowers is first shortened by
 * the folder that all have in common (the store keeps layers under short names in one folder), and if it is still too
 * long given one by one to fsconfig (lowerdir+, Linux 6.7).
 */
#include "child.h"

#include "whale/sys/mount.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define PAGE_LIMIT    4095
#define MAX_LOWERS    500
#define FIXED_OPTIONS "index=off,metacopy=off,redirect_dir=nofollow"

/* overlayfs splits lowerdir at ':' and the option text at ','; a backslash keeps both. */
static void add_escaped(struct wh_str *s, const char *path)
{
    for (; *path; path++) {
        if (strchr("\\:,", *path))
            wh_str_addc(s, '\\');
        wh_str_addc(s, *path);
    }
}

static void build_data(const struct wh_rootfs *r, size_t skip, struct wh_str *out)
{
    wh_str_add(out, FIXED_OPTIONS ",lowerdir=");
    for (size_t i = 0; i < r->n_lowers; i++) {
        if (i)
            wh_str_addc(out, ':');
        add_escaped(out, r->lowers[i] + skip);
    }
    if (!r->upper)
        return;
    wh_str_add(out, ",upperdir=");
    add_escaped(out, r->upper + skip);
    wh_str_add(out, ",workdir=");
    add_escaped(out, r->work + skip);
}

/* Length of the common prefix of a and b that ends behind a slash. */
static size_t common_folder(const char *a, const char *b, size_t max)
{
    size_t end = 0;
    for (size_t i = 0; i < max && a[i] && a[i] == b[i]; i++) {
        if (a[i] == '/')
            end = i + 1;
    }
    return end;
}

static size_t common_prefix(const struct wh_rootfs *r)
{
    size_t len = strlen(r->lowers[0]);
    for (size_t i = 1; i < r->n_lowers; i++)
        len = common_folder(r->lowers[0], r->lowers[i], len);
    if (r->upper) {
        len = common_folder(r->lowers[0], r->upper, len);
        len = common_folder(r->lowers[0], r->work, len);
    }
    return r->n_lowers == 1 && !r->upper ? 0 : len;
}

static void build_options(struct wh_arena *a, const struct wh_rootfs *r, struct wh_overlay *ret)
{
    struct wh_fs_option *o = wh_arena_array(a, struct wh_fs_option, r->n_lowers + 5);
    if (!o)
        return;
    size_t n = 0;
    o[n++] = (struct wh_fs_option){"index", "off"};
    o[n++] = (struct wh_fs_option){"metacopy", "off"};
    o[n++] = (struct wh_fs_option){"redirect_dir", "nofollow"};
    for (size_t i = 0; i < r->n_lowers; i++)
        o[n++] = (struct wh_fs_option){"lowerdir+", r->lowers[i]};
    if (r->upper) {
        o[n++] = (struct wh_fs_option){"upperdir", r->upper};
        o[n++] = (struct wh_fs_option){"workdir", r->work};
    }
    ret->options = o;
    ret->n_options = n;
}

static int check_paths(const struct wh_rootfs *r, struct wh_err *err)
{
    if (r->n_lowers == 0 || r->n_lowers > MAX_LOWERS)
        return wh_fail(err, WH_E_LIMIT, "an image of %zu layers; 1 to %d can be mounted", r->n_lowers, MAX_LOWERS);
    for (size_t i = 0; i < r->n_lowers; i++) {
        if (r->lowers[i][0] != '/')
            return wh_fail(err, WH_E_BUG, "layer folder \"%s\" is not absolute", r->lowers[i]);
    }
    if (r->upper && (r->upper[0] != '/' || !r->work || r->work[0] != '/'))
        return wh_fail(err, WH_E_BUG, "upper and work folder must be absolute");
    return 0;
}

int wh_overlay_prepare(struct wh_arena *a, const struct wh_rootfs *rootfs, struct wh_overlay *ret, struct wh_err *err)
{
    if (check_paths(rootfs, err) < 0)
        return -1;
    *ret = (struct wh_overlay){0};
    if (rootfs->n_lowers == 1 && !rootfs->upper) {
        ret->single = wh_arena_strdup(a, rootfs->lowers[0]);
        return 0;
    }
    wh_auto_str data = {0};
    build_data(rootfs, 0, &data);
    if (data.len > PAGE_LIMIT) {
        size_t skip = common_prefix(rootfs);
        wh_str_clear(&data);
        build_data(rootfs, skip, &data);
        ret->dir = wh_arena_strndup(a, rootfs->lowers[0], skip ? skip : 1);
    }
    if (data.failed)
        return wh_fail(err, ENOMEM, "overlay options");
    if (data.len <= PAGE_LIMIT)
        ret->data = wh_arena_strndup(a, data.data, data.len);
    else
        build_options(a, rootfs, ret);
    return a->failed ? wh_fail(err, ENOMEM, "overlay options") : 0;
}

/* The read-only single layer and the long list come as detached mounts. */
static int attach_detached(int mount_fd, const char *target)
{
    wh_auto_fd target_fd = wh_sys_open_path(AT_FDCWD, target);
    return target_fd < 0 ? -1 : wh_sys_mount_attach(mount_fd, target_fd);
}

static int mount_single(const char *lower, const char *target)
{
    wh_auto_fd fd = wh_sys_mount_clone(AT_FDCWD, lower, false);
    if (fd < 0 || wh_sys_mount_set(fd, WH_MNT_RDONLY, MS_PRIVATE, false) < 0)
        return -1;
    return attach_detached(fd, target);
}

static int mount_by_options(const struct wh_overlay *o, const char *target)
{
    wh_auto_fd fd = wh_sys_mount_new("overlay", o->options, o->n_options, 0);
    return fd < 0 ? -1 : attach_detached(fd, target);
}

int wh_overlay_mount(const struct wh_overlay *o, const char *target)
{
    if (o->single)
        return mount_single(o->single, target);
    if (!o->data)
        return mount_by_options(o, target);
    if (o->dir && chdir(o->dir) < 0)
        return -1;
    return mount("overlay", target, "overlay", 0, o->data);
}
