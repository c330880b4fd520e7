/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mount API by descriptor, with the older remount where mount_setattr is missing (before 5.12). */
#include "whale/sys/mount.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

int wh_sys_mount_new(const char *fs_type, const struct wh_fs_option *options, size_t n, unsigned attrs)
{
    wh_auto_fd fs = fsopen(fs_type, FSOPEN_CLOEXEC);
    if (fs < 0)
        return -1;
    bool has_source = false;
    for (size_t i = 0; i < n; i++) {
        has_source |= strcmp(options[i].key, "source") == 0;
        unsigned command = options[i].value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
        if (fsconfig(fs, command, options[i].key, options[i].value, 0) < 0)
            return -1;
    }
    if (!has_source && fsconfig(fs, FSCONFIG_SET_STRING, "source", fs_type, 0) < 0)
        return -1;
    if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return fsmount(fs, FSMOUNT_CLOEXEC, attrs);
}

int wh_sys_mount_clone(int dirfd, const char *path, bool recursive)
{
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
    return open_tree(dirfd, path, flags);
}

static unsigned long old_flags(unsigned attrs)
{
    static const struct {
        unsigned attr;
        unsigned long flag;
    } table[] = {{WH_MNT_RDONLY, MS_RDONLY}, {WH_MNT_NOSUID, MS_NOSUID},   {WH_MNT_NODEV, MS_NODEV},
                 {WH_MNT_NOEXEC, MS_NOEXEC}, {WH_MNT_NOATIME, MS_NOATIME}, {WH_MNT_STRICTATIME, MS_STRICTATIME}};
    unsigned long flags = 0;
    for (size_t i = 0; i < WH_ARRAY_LEN(table); i++)
        flags |= attrs & table[i].attr ? table[i].flag : 0;
    return flags;
}

/* statvfs says which flags are on already (ST_* equal MS_* for these); a remount must repeat them. */
static int set_by_remount(int fd, unsigned attrs, unsigned long propagation, bool recursive)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct statvfs st;
    if (statvfs(path, &st) < 0)
        return -1;
    unsigned long kept = st.f_flag & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
    if (attrs && mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | kept | old_flags(attrs), NULL) < 0)
        return -1;
    if (propagation)
        return mount(NULL, path, NULL, propagation | (recursive ? MS_REC : 0), NULL);
    return 0;
}

int wh_sys_mount_set(int mount_fd, unsigned attrs, unsigned long propagation, bool recursive)
{
    if (!attrs && !propagation)
        return 0;
    struct mount_attr attr = {.attr_set = attrs, .propagation = propagation};
    if (attrs & (WH_MNT_STRICTATIME | WH_MNT_NOATIME))
        attr.attr_clr = MOUNT_ATTR__ATIME;
    unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
    if (mount_setattr(mount_fd, "", flags, &attr, sizeof(attr)) == 0)
        return 0;
    return errno == ENOSYS ? set_by_remount(mount_fd, attrs, propagation, recursive) : -1;
}

int wh_sys_mount_attach(int mount_fd, int target_fd)
{
    return move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* Both roots are stacked on one folder: the old one ends on top of the new and is taken away from there, so that the
 * image needs no folder for it. Slave first: a detach must not travel to the host. */
int wh_sys_pivot_root_here(void)
{
    if (syscall(SYS_pivot_root, ".", ".") < 0 || mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
        umount2(".", MNT_DETACH) < 0)
        return -1;
    return chdir("/");
}

int wh_sys_open_path(int dirfd, const char *path)
{
    return openat(dirfd, path, O_PATH | O_CLOEXEC);
}
