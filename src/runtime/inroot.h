/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths inside a tree that an image controls: always walked from a held root by openat2 with RESOLVE_IN_ROOT, and made
 * component by component on held parents, so that no symlink leads out. All return a CLOEXEC fd or -1 with errno. */
#ifndef RUNTIME_INROOT_H
#define RUNTIME_INROOT_H

#include <stdint.h>
#include <sys/types.h>

/* The root of a process as that has it, which need not be that of its mount namespace (a system in its initramfs, a
 * chroot). ESRCH: it has ended. */
int wh_inroot_of(int pidfd);
/* flags as for open; O_PATH alone for a handle. */
int wh_inroot_open(int root_fd, const char *path, int flags);
/* The same, but any symlink on the way is ELOOP. */
int wh_inroot_open_plain(int root_fd, const char *path, int flags);
/* O_PATH handle of a folder that is made with its parents (0755) when missing. Dangling symlinks are followed in-root.
 */
int wh_inroot_ensure_dir(int root_fd, const char *path);
/* O_PATH handle of a file (empty, 0644, when it was missing). */
int wh_inroot_ensure_file(int root_fd, const char *path);

#endif
