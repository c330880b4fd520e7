/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clone of a container's first process. */
#include "child.h"

#include "whale/sys/fdpass.h"
#include "whale/sys/ns.h"
#include "whale/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t clone_flags(const struct wh_container_spec *s, uint32_t flags)
{
    uint64_t f = CLONE_NEWNS | (flags & WH_RUNTIME_SIBLING ? (uint64_t)CLONE_PARENT : 0);
    f |= s->pid.kind == WH_NS_PRIVATE ? CLONE_NEWPID : 0;
    f |= s->ipc.kind == WH_NS_PRIVATE ? CLONE_NEWIPC : 0;
    f |= s->uts.kind == WH_NS_PRIVATE ? CLONE_NEWUTS : 0;
    return f;
}

static __attribute__((noreturn)) void run_child(struct wh_child *c)
{
    wh_child_main(c);
    wh_report_send(c->launch.status_fd, &c->launch.report);
    wh_sys_exit(c->launch.report.exit_code);
}

pid_t wh_clone_into_pidns(const struct wh_clone *clone, int pidns_fd)
{
    if (pidns_fd < 0)
        return wh_sys_clone(clone);
    wh_auto_fd own = open("/proc/thread-self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (own < 0 || setns(pidns_fd, CLONE_NEWPID) < 0)
        return -1;
    pid_t child = wh_sys_clone(clone);
    int error = errno;
    if (child != 0 && setns(own, CLONE_NEWPID) < 0)
        abort(); /* every later container would be born into a stranger's namespace */
    errno = error;
    return child;
}

/* Signals stay blocked until the child resets them: a handler of the supervisor's must not run there. */
static int clone_child(struct wh_child *c, uint32_t flags, struct wh_runtime_proc *ret)
{
    int pidfd = -1;
    struct wh_clone clone = {.flags = clone_flags(c->spec, flags),
                             .ret_pidfd = &pidfd,
                             .cgroup_fd = c->cgroup ? c->cgroup->dir_fd : -1,
                             .exit_signal = flags & WH_RUNTIME_SIBLING ? 0 : SIGCHLD};
    uint64_t mask;
    wh_sys_block_signals(&mask);
    pid_t pid = wh_clone_into_pidns(&clone, c->spec->pid.kind == WH_NS_JOIN ? c->spec->pid.fd : -1);
    if (pid == 0)
        run_child(c);
    int error = errno;
    wh_sys_set_signal_mask(mask);
    errno = error;
    ret->pid = pid;
    ret->pidfd = pidfd;
    return pid < 0 ? -1 : 0;
}

static void set_io(struct wh_launch *l, const struct wh_runtime_io *io, int status_fd)
{
    l->stdio[0] = io->stdin_fd;
    l->stdio[1] = io->stdout_fd;
    l->stdio[2] = io->stderr_fd;
    l->status_fd = status_fd;
}

int wh_runtime_start(const struct wh_container_spec *spec, const struct wh_runtime_io *io, const struct wh_cgroup *cg,
                     uint32_t flags, struct wh_runtime_proc *ret, struct wh_err *err)
{
    wh_auto_arena arena = {0};
    struct wh_child child;
    if (wh_child_prepare(&arena, spec, &child, err) < 0 ||
        wh_launch_prepare_security(&child.launch, spec->seccomp, spec->seccomp_path, spec->apparmor, spec->cache_dir,
                                   err) < 0)
        return -1;
    int status[2];
    if (wh_sys_seqpacket_pair(status) < 0)
        return wh_fail(err, errno, "make the status channel");
    wh_auto_fd mine = status[0], theirs = status[1];
    child.cgroup = cg;
    child.gate_fd = io->gate_fd;
    set_io(&child.launch, io, theirs);
    if (clone_child(&child, flags, ret) < 0)
        return wh_fail(err, errno, "start the first process");
    ret->status_fd = wh_steal_fd(&mine);
    return 0;
}
