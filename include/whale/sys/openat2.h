/* SPDX-License-Identifier: GPL-2.0-or-later */
/* openat2(2), Linux 5.6: a path walked under rules, from a held folder, without the host's symlinks in between. */
#ifndef WHALE_SYS_OPENAT2_H
#define WHALE_SYS_OPENAT2_H

#include <linux/openat2.h>
#include <stdint.h>
#include <sys/types.h>

/* resolve: RESOLVE_IN_ROOT, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_XDEV. O_CLOEXEC is
 * always added; mode counts only with O_CREAT or O_TMPFILE. Repeats when the kernel asks for it (EAGAIN after a rename
 * race). A descriptor, or -1 with errno. */
int wh_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve);

#endif
