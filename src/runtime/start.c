/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container's first process. */
#include "spawn.h"

#include <errno.h>
#include <sched.h>

static uint64_t clone_flags(const struct wh_container_spec *s)
{
    uint64_t f = CLONE_NEWNS;
    f |= s->pid.kind == WH_NS_PRIVATE ? CLONE_NEWPID : 0;
    f |= s->ipc.kind == WH_NS_PRIVATE ? CLONE_NEWIPC : 0;
    f |= s->uts.kind == WH_NS_PRIVATE ? CLONE_NEWUTS : 0;
    return f;
}

static void run_child(void *arg)
{
    wh_child_main(arg);
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
    child.cgroup = cg;
    child.gate_fd = io->gate_fd;
    struct wh_spawn spawn = {.launch = &child.launch,
                             .clone_flags = clone_flags(spec),
                             .pidns_fd = spec->pid.kind == WH_NS_JOIN ? spec->pid.fd : -1,
                             .child = run_child,
                             .arg = &child};
    return wh_spawn(&spawn, io, cg, flags, ret) < 0 ? wh_fail(err, errno, "start the first process") : 0;
}
