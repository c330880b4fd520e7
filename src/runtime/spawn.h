/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How every process of a container is born: what start.c and exec.c share. */
#ifndef RUNTIME_SPAWN_H
#define RUNTIME_SPAWN_H

#include "child.h"

struct wh_spawn {
    struct wh_launch *launch;
    uint64_t clone_flags;     /* CLONE_NEW... */
    int pidns_fd;             /* pid namespace of the child; -1: the caller's */
    void (*child)(void *arg); /* returns only on failure, with the launch's report filled */
    void *arg;
    int *const *fds; /* where arg has descriptors besides the launch's; with take_memory they get other numbers */
    size_t n_fds;
};

/* As wh_runtime_start and wh_runtime_exec; take_memory as the former's, launch and arg live in it. -1 with errno. */
int wh_spawn(const struct wh_spawn *s, const struct wh_runtime_io *io, const struct wh_cgroup *cg, uint32_t flags,
             struct wh_arena *take_memory, struct wh_runtime_proc *ret);

#endif
