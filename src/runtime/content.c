/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configs and secrets whose content is in the spec: files of one small tmpfs that has no place in the tree, each
 * bound read-only onto its target. They never touch a disk. */
#include "child.h"
#include "inroot.h"

#include "whale/sys/mount.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_file(int dir_fd, const char *name, const struct wh_content_file *f)
{
    wh_auto_fd fd = openat(dir_fd, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 || wh_write_all(fd, f->data, f->len) < 0 || fchown(fd, f->uid, f->gid) < 0)
        return -1;
    return fchmod(fd, f->mode);
}

static const char *label_of(const struct wh_content_file *f)
{
    return f->label ? f->label : f->target;
}

static int bind_file(struct wh_child *c, int dir_fd, const char *name, const struct wh_content_file *f)
{
    struct wh_report *r = &c->launch.report;
    wh_auto_fd mount_fd = wh_sys_mount_clone(dir_fd, name, false);
    wh_auto_fd target_fd = wh_inroot_ensure_file(c->launch.root_fd, f->target);
    if (mount_fd < 0 || target_fd < 0)
        return wh_report_fail(r, "mount %s on %s", label_of(f), f->target);
    if (wh_child_check_target(r, label_of(f), f->target, target_fd) < 0)
        return -1;
    if (wh_sys_mount_attach(mount_fd, target_fd) < 0)
        return wh_report_fail(r, "mount %s on %s", label_of(f), f->target);
    return 0;
}

/* Parked on the child's copy of the host's /dev, which nobody needs by then and which goes with the old root: before
 * Linux 6.15 nothing can be cloned off a mount that has no place. */
static int park(int mount_fd)
{
    wh_auto_fd place = wh_sys_open_path(AT_FDCWD, "/dev");
    if (place < 0 || wh_sys_mount_attach(mount_fd, place) < 0)
        return -1;
    return wh_sys_mount_set(mount_fd, WH_MNT_RDONLY, MS_PRIVATE, false);
}

static int write_all(struct wh_child *c, int dir_fd)
{
    char name[32];
    for (size_t i = 0; i < c->spec->n_content_files; i++) {
        snprintf(name, sizeof(name), "%zu", i);
        if (write_file(dir_fd, name, &c->spec->content_files[i]) < 0)
            return wh_report_fail(&c->launch.report, "write %s", label_of(&c->spec->content_files[i]));
    }
    return 0;
}

static int bind_all(struct wh_child *c, int dir_fd)
{
    char name[32];
    for (size_t i = 0; i < c->spec->n_content_files; i++) {
        snprintf(name, sizeof(name), "%zu", i);
        if (bind_file(c, dir_fd, name, &c->spec->content_files[i]) < 0)
            return -1;
    }
    return 0;
}

int wh_child_mount_content(struct wh_child *c)
{
    static const struct wh_fs_option mode[] = {{"mode", "700"}};
    if (c->spec->n_content_files == 0)
        return 0;
    wh_auto_fd dir = wh_sys_mount_new("tmpfs", mode, WH_ARRAY_LEN(mode), WH_MNT_NOSUID | WH_MNT_NODEV | WH_MNT_NOEXEC);
    if (dir < 0)
        return wh_report_fail(&c->launch.report, "make a file system for secrets and configs");
    if (write_all(c, dir) < 0)
        return -1;
    if (park(dir) < 0)
        return wh_report_fail(&c->launch.report, "make secrets and configs read-only");
    return bind_all(c, dir);
}
