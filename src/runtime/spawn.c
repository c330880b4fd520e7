/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clone of a container's first and further processes, and the socket by which they say what failed. */
#include "spawn.h"

#include "whale/sys/fdpass.h"
#include "whale/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)128 << 10) /* of a child that shares our memory: a line of passwd, some paths */

static int run_child(void *arg)
{
    const struct wh_spawn *s = arg;
    s->child(s->arg);
    wh_report_send(s->launch->status_fd, &s->launch->report);
    wh_sys_exit(s->launch->report.exit_code);
}

/* The caller's frame stays as it is until the child has gone on to its program: only this thread waits for it. */
static pid_t clone_sharing(struct wh_clone *clone, const struct wh_spawn *s)
{
    char stack[STACK_BYTES] __attribute__((aligned(16)));
    clone->flags |= CLONE_VM | CLONE_VFORK;
    return wh_sys_clone_on_stack(clone, stack, sizeof(stack), run_child, (void *)(uintptr_t)s);
}

static pid_t clone_child(struct wh_clone *clone, const struct wh_spawn *s, uint32_t flags)
{
    if (flags & WH_RUNTIME_WAIT)
        return clone_sharing(clone, s);
    pid_t pid = wh_sys_clone(clone);
    if (pid == 0)
        run_child((void *)(uintptr_t)s);
    return pid;
}

/* A process cannot change its own pid namespace, only that of its future children: the calling thread's is switched for
 * the time of the clone. */
static pid_t clone_into_pidns(struct wh_clone *clone, const struct wh_spawn *s, uint32_t flags)
{
    if (s->pidns_fd < 0)
        return clone_child(clone, s, flags);
    wh_auto_fd own = open("/proc/thread-self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (own < 0 || setns(s->pidns_fd, CLONE_NEWPID) < 0)
        return -1;
    pid_t pid = clone_child(clone, s, flags);
    int error = errno;
    if (setns(own, CLONE_NEWPID) < 0)
        abort(); /* every later container would be born into a stranger's namespace */
    errno = error;
    return pid;
}

/* Signals stay blocked until the child resets them: a handler of the supervisor's must not run there. */
int wh_spawn(const struct wh_spawn *s, const struct wh_runtime_io *io, const struct wh_cgroup *cg, uint32_t flags,
             struct wh_runtime_proc *ret)
{
    int status[2];
    if (wh_sys_seqpacket_pair(status) < 0)
        return -1;
    wh_auto_fd mine = status[0], theirs = status[1];
    bool sibling = flags & WH_RUNTIME_SIBLING;
    struct wh_clone clone = {.flags = s->clone_flags | (sibling ? (uint64_t)CLONE_PARENT : 0),
                             .ret_pidfd = &ret->pidfd,
                             .cgroup_fd = cg ? cg->dir_fd : -1,
                             .exit_signal = sibling ? 0 : SIGCHLD};
    struct wh_launch *l = s->launch;
    l->status_fd = theirs;
    l->stdio[0] = io->stdin_fd;
    l->stdio[1] = io->stdout_fd;
    l->stdio[2] = io->stderr_fd;
    uint64_t mask;
    wh_sys_block_signals(&mask);
    ret->pid = clone_into_pidns(&clone, s, flags);
    int error = errno;
    wh_sys_set_signal_mask(mask);
    errno = error;
    if (ret->pid < 0)
        return -1;
    ret->status_fd = wh_steal_fd(&mine);
    return 0;
}
