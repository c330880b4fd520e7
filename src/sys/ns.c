/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a namespace without entering it: a short-lived thread of ours does, and leaves a descriptor behind. A thread,
 * not a process: no memory is copied and nobody has to wait for it. */
#include "whale/sys/ns.h"
#include "whale/sys/process.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct netns_request {
    int fd;
    int error;
};

static int make_netns(void *arg)
{
    struct netns_request *req = arg;
    if (unshare(CLONE_NEWNET) == 0)
        req->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    req->error = errno;
    return 0;
}

int wh_sys_netns_new(void)
{
    struct netns_request req = {.fd = -1};
    char stack[16384] __attribute__((aligned(16)));
    struct wh_clone c = {.flags = CLONE_VM | CLONE_VFORK | CLONE_THREAD | CLONE_SIGHAND | CLONE_FILES | CLONE_FS,
                         .cgroup_fd = -1};
    uint64_t mask;
    wh_sys_block_signals(&mask);
    pid_t tid = wh_sys_clone_on_stack(&c, stack, sizeof(stack), make_netns, &req);
    int error = tid < 0 ? errno : req.error;
    wh_sys_set_signal_mask(mask);
    errno = error;
    return tid < 0 ? -1 : req.fd;
}

int wh_sys_loopback_up(void)
{
    struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    wh_auto_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &req);
}
