/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mount API by descriptor (Linux 5.2; mount_setattr 5.12 with a fallback). A mount is made detached, filled, and
 * attached to a folder held by O_PATH, so that no path is looked up twice. Descriptors are CLOEXEC.
 * All return 0 or a descriptor, or -1 with errno. Nothing here allocates.
 */
#ifndef WHALE_SYS_MOUNT_H
#define WHALE_SYS_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bits of wh_sys_mount_set and wh_sys_mount_new; the values are MOUNT_ATTR_*. */
#define WH_MNT_RDONLY      0x01u
#define WH_MNT_NOSUID      0x02u
#define WH_MNT_NODEV       0x04u
#define WH_MNT_NOEXEC      0x08u
#define WH_MNT_NOATIME     0x10u
#define WH_MNT_STRICTATIME 0x20u

struct wh_fs_option {
    const char *key;
    const char *value; /* NULL: a flag */
};
/* A new, detached instance of a file system. */
int wh_sys_mount_new(const char *fs_type, const struct wh_fs_option *options, size_t n, unsigned attrs);
/* A detached copy of the mount at (dirfd, path) ("" = dirfd itself), with all below it if recursive. */
int wh_sys_mount_clone(int dirfd, const char *path, bool recursive);
/* Sets attribute bits and, if propagation is not 0 (MS_SHARED, MS_SLAVE, MS_PRIVATE), that, on a mount by descriptor.
 */
int wh_sys_mount_set(int mount_fd, unsigned attrs, unsigned long propagation, bool recursive);
/* Attaches a detached mount on a held file or folder. */
int wh_sys_mount_attach(int mount_fd, int target_fd);

int wh_sys_pivot_root_here(void); /* the current folder, a mount point, becomes /; the old root is detached */
int wh_sys_open_path(int dirfd, const char *path); /* O_PATH, nothing resolved specially */

#endif
