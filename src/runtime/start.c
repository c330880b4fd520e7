/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container's first process. */
#include "spawn.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define MAX_FDS (4 + 1 + WH_CTL_MAX_)

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

static int prepare(struct wh_arena *a, const struct wh_container_spec *spec, struct wh_child *ret, struct wh_err *err)
{
    if (!ret)
        return wh_fail(err, ENOMEM, "start");
    if (wh_child_prepare(a, spec, ret, err) < 0)
        return -1;
    return wh_launch_prepare_security(&ret->launch, spec->seccomp, spec->seccomp_path, spec->apparmor, spec->cache_dir,
                                      err);
}

/* The child's own copies of what has descriptors in it, because those get other numbers. */
static size_t copy_fds(struct wh_arena *a, struct wh_child *c, int *ret[MAX_FDS])
{
    struct wh_container_spec *spec = wh_arena_new(a, struct wh_container_spec);
    struct wh_cgroup *cg = wh_arena_new(a, struct wh_cgroup);
    if (!spec || !cg)
        return 0;
    *spec = *c->spec;
    c->spec = spec;
    int *const own[] = {&c->gate_fd, &spec->net.fd, &spec->ipc.fd, &spec->uts.fd};
    size_t n = WH_ARRAY_LEN(own);
    memcpy(ret, own, sizeof(own));
    if (!c->cgroup)
        return n;
    *cg = *c->cgroup;
    c->cgroup = cg;
    ret[n++] = &cg->dir_fd;
    for (int i = 0; i < WH_CTL_MAX_; i++)
        ret[n++] = &cg->v1_fd[i];
    return n;
}

int wh_runtime_start(const struct wh_container_spec *spec, const struct wh_runtime_io *io, const struct wh_cgroup *cg,
                     uint32_t flags, struct wh_arena *take_memory, struct wh_runtime_proc *ret, struct wh_err *err)
{
    wh_auto_arena own = {0};
    struct wh_arena *a = take_memory ? take_memory : &own;
    struct wh_child *child = wh_arena_new(a, struct wh_child);
    int **fds = wh_arena_array(a, int *, MAX_FDS);
    if (prepare(a, spec, child, err) < 0)
        return -1;
    child->cgroup = cg;
    child->gate_fd = io->gate_fd;
    struct wh_spawn spawn = {.launch = &child->launch,
                             .clone_flags = clone_flags(spec),
                             .pidns_fd = spec->pid.kind == WH_NS_JOIN ? spec->pid.fd : -1,
                             .child = run_child,
                             .arg = child,
                             .fds = fds,
                             .n_fds = take_memory ? copy_fds(a, child, fds) : 0};
    if (a->failed)
        return wh_fail(err, ENOMEM, "start the first process");
    return wh_spawn(&spawn, io, cg, flags, take_memory, ret) < 0 ? wh_fail(err, errno, "start the first process") : 0;
}
