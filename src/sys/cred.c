/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identity, capabilities and signals of the calling task. The raw calls: glibc's act on all threads it knows of, and in
 * a child of a raw clone that list is a copy of somebody else's. */
#include "whale/sys/process.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int wh_sys_setgroups(size_t n, const gid_t *groups)
{
    return (int)syscall(SYS_setgroups, n, groups);
}

int wh_sys_setgid(gid_t gid)
{
    return (int)syscall(SYS_setresgid, gid, gid, gid);
}

int wh_sys_setuid(uid_t uid)
{
    return (int)syscall(SYS_setresuid, uid, uid, uid);
}

int wh_sys_capset(const struct wh_caps *caps)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        data[i].effective = (uint32_t)(caps->effective >> (32 * i));
        data[i].permitted = (uint32_t)(caps->permitted >> (32 * i));
        data[i].inheritable = (uint32_t)(caps->inheritable >> (32 * i));
    }
    return (int)syscall(SYS_capset, &head, data);
}

bool wh_sys_cap_in_bounding(int cap)
{
    return prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1;
}

int wh_sys_cap_drop_bounding(int cap)
{
    return prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

int wh_sys_cap_ambient_clear(void)
{
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int wh_sys_seccomp_load(const void *filters, size_t n)
{
    struct sock_fprog prog = {.len = (unsigned short)n, .filter = (struct sock_filter *)filters};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* The kernel's layout; glibc's struct sigaction is another and its function refuses signals 32 and 33. */
struct kernel_sigaction {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

void wh_sys_reset_signals(void)
{
    struct kernel_sigaction dfl = {0};
    for (int signo = 1; signo <= 64; signo++) {
        if (signo != SIGKILL && signo != SIGSTOP)
            syscall(SYS_rt_sigaction, signo, &dfl, NULL, sizeof(dfl.mask));
    }
    wh_sys_set_signal_mask(0);
}

void wh_sys_block_signals(uint64_t *ret_old)
{
    uint64_t all = ~UINT64_C(0);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, ret_old, sizeof(all));
}

void wh_sys_set_signal_mask(uint64_t mask)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}
