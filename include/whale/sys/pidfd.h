/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a pidfd can tell beyond being readable at the end. Nothing here allocates. */
#ifndef WHALE_SYS_PIDFD_H
#define WHALE_SYS_PIDFD_H

#include <stdbool.h>
#include <stdint.h>

struct wh_pidfd_info {
    uint64_t cgroup_id; /* inode of its cgroup in the unified tree, 0 = not known (before Linux 6.13) */
    bool has_exit;      /* it was reaped and the kernel keeps its status (Linux 6.15) */
    int wait_status;    /* as wait() gives it; valid with has_exit */
};
/* 0 or -1 with errno (ENOTTY on a kernel without PIDFD_GET_INFO). */
int wh_sys_pidfd_info(int pidfd, struct wh_pidfd_info *ret);

/* What waitid knows of the process behind a pidfd, without reaping it. */
enum wh_pidfd_child {
    WH_PIDFD_NO_CHILD, /* not (or no longer) a child of the caller */
    WH_PIDFD_RUNNING,
    WH_PIDFD_ENDED, /* waits to be reaped */
};
enum wh_pidfd_child wh_sys_pidfd_child(int pidfd);

#endif
