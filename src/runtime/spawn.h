/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How every process of a container is born: what start.c and exec.c share. */
#ifndef RUNTIME_SPAWN_H
#define RUNTIME_SPAWN_H

#include "child.h"

struct wh_spawn {
    struct wh_launch *launch;
    uint64_t clone_flags; /* CLONE_NEW... */
    int pidns_fd;         /* pid namespace of the child; -1: the caller's */
    void (*child)(void *arg); /* returns only on failure, with the launch's report filled */
    void *arg;
};

/* As wh_runtime_start and wh_runtime_exec. -1 with errno. */
int wh_spawn(const struct wh_spawn *s, const struct wh_runtime_io *io, const struct wh_cgroup *cg, uint32_t flags,
             struct wh_runtime_proc *ret);

#endif
