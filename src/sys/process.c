/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pidfds, names, descriptors and the program's own file. */
#include "whale/sys/process.h"
#include "whale/sys/mount.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int wh_sys_pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int wh_sys_pidfd_signal(int pidfd, int signo)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signo, NULL, 0);
}

bool wh_sys_pidfd_is_alive(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    return poll(&p, 1, 0) == 0;
}

pid_t wh_sys_pidfd_pid(int pidfd)
{
    char path[48], text[512];
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    wh_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n < 0)
        return -1;
    text[n] = '\0';
    const char *line = strstr(text, "\nPid:\t");
    int pid = line ? atoi(line + 6) : -1;
    errno = ESRCH;
    return pid > 0 ? pid : -1;
}

int wh_sys_join_new_session_keyring(const char *name)
{
    return (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
}

int wh_sys_set_dumpable(bool on)
{
    return prctl(PR_SET_DUMPABLE, on ? 1 : 0, 0, 0, 0);
}

int wh_sys_set_no_new_privs(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int wh_sys_set_name(const char *name)
{
    return prctl(PR_SET_NAME, name, 0, 0, 0);
}

int wh_sys_getcwd(char *buf, size_t size)
{
    return (int)syscall(SYS_getcwd, buf, size);
}

void wh_sys_exit(int code)
{
    for (;;)
        syscall(SYS_exit_group, code);
}

int wh_sys_execveat(int fd, char *const argv[], char *const envp[])
{
    return (int)syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
}

/* Before 5.9 (and 5.11 for the flag) there is no such call: every number up to the limit is then visited. */
static int walk_range(unsigned first, unsigned last, unsigned flags)
{
    if (syscall(SYS_close_range, first, last, flags) == 0)
        return 0;
    if (errno != ENOSYS && errno != EINVAL)
        return -1;
    long max = sysconf(_SC_OPEN_MAX);
    for (long fd = (long)first; fd < max && (unsigned)fd <= last; fd++) {
        if (flags)
            fcntl((int)fd, F_SETFD, FD_CLOEXEC);
        else
            close((int)fd);
    }
    return 0;
}

int wh_sys_close_range(unsigned first, unsigned last)
{
    return walk_range(first, last, 0);
}

int wh_sys_unshare_files(unsigned end)
{
    if (syscall(SYS_close_range, end, ~0u, CLOSE_RANGE_UNSHARE) == 0)
        return 0;
    return unshare(CLONE_FILES) < 0 ? -1 : walk_range(end, ~0u, 0);
}

int wh_sys_cloexec_range(unsigned first)
{
    return walk_range(first, ~0u, CLOSE_RANGE_CLOEXEC);
}

int wh_sys_open_sealed(const char *path)
{
    wh_auto_fd fd = wh_sys_mount_clone(AT_FDCWD, path, false);
    if (fd < 0 || wh_sys_mount_set(fd, WH_MNT_RDONLY | WH_MNT_NODEV, 0, false) < 0)
        return -1;
    return wh_steal_fd(&fd);
}

int wh_sys_memfd_program(const char *name, const void *bytes, size_t len)
{
    wh_auto_fd fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, (const char *)bytes + done, len - done);
        if (n < 0)
            return -1;
        done += (size_t)n;
    }
    if (fchmod(fd, 0555) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return -1;
    return wh_steal_fd(&fd);
}
