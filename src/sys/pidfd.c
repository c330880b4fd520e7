/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PIDFD_GET_INFO is in no header of Debian 12: its first version is declared here. */
#include "whale/sys/pidfd.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD ((idtype_t)3)
#endif

struct pidfd_info_v0 {
    uint64_t mask, cgroup_id;
    uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int32_t exit_code;
};
_Static_assert(sizeof(struct pidfd_info_v0) == 64, "PIDFD_GET_INFO's first version has 64 bytes");

#define GET_INFO      _IOWR(0xFF, 11, struct pidfd_info_v0)
#define INFO_CGROUPID 0x4u
#define INFO_EXIT     0x8u

int wh_sys_pidfd_info(int pidfd, struct wh_pidfd_info *ret)
{
    struct pidfd_info_v0 info = {.mask = INFO_CGROUPID | INFO_EXIT};
    if (ioctl(pidfd, GET_INFO, &info) < 0)
        return -1;
    *ret = (struct wh_pidfd_info){
        .cgroup_id = info.mask & INFO_CGROUPID ? info.cgroup_id : 0,
        .has_exit = info.mask & INFO_EXIT,
        .wait_status = info.exit_code,
    };
    return 0;
}

enum wh_pidfd_child wh_sys_pidfd_child(int pidfd)
{
    siginfo_t info = {0};
    int r;
    do
        r = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return WH_PIDFD_NO_CHILD;
    return info.si_pid ? WH_PIDFD_ENDED : WH_PIDFD_RUNNING;
}
