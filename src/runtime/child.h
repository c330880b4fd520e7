/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parent prepares for a child and what the child knows: the seam between "may allocate" (prepare.c, before the
 * clone) and "must not" (everything that takes a struct wh_child or wh_launch, after it).
 */
#ifndef RUNTIME_CHILD_H
#define RUNTIME_CHILD_H

#include "report.h"

#include "whale/runtime.h"
#include "whale/util/arena.h"

#include <limits.h>

/* A compiled seccomp filter; owned by the cache of seccomp_cache.c, lives as long as the program. */
struct wh_bpf {
    const void *filters; /* struct sock_filter[n] */
    size_t n;            /* 0 = unconfined */
};

/* The part of a start that `exec` shares: from "inside the container as root" to execve. */
struct wh_launch {
    const struct wh_process_spec *process;
    uint64_t caps; /* bounding = permitted = effective */
    const struct wh_bpf *bpf;
    const struct wh_rlimit *rlimits;
    size_t n_rlimits;
    int64_t oom_score_adj;
    const char *apparmor; /* NULL: nothing to do */
    char **env;           /* with room for two more */
    size_t n_env;
    int status_fd;
    int stdio[3]; /* -1: the null device */
    int root_fd;  /* the container's / */
    int proc_fd;  /* a procfs that nobody else has touched */
    int null_fd;  /* the container's null device */
    int pts_fd;   /* root of its devpts; -1 without tty */
    int init_fd;  /* program of `init: true`, -1 without */
    bool make_cwd;
    struct wh_user user; /* resolved by the child */
    char home[300];      /* "HOME=..." */
    struct wh_report report;
};

struct wh_prepared_mount {
    const struct wh_mount *mount;
    const char *target; /* clean */
    int early_fd;       /* child: the source, cloned before / became a slave (shared propagation); or -1 */
};

/* An overlay mount as text: data for mount(2), relative to dir if that is not NULL; or, when it does not fit into a
 * page, options for fsconfig. */
struct wh_overlay {
    const char *dir;
    const char *data;
    const struct wh_fs_option *options;
    size_t n_options;
    const char *single; /* one lower and no upper: a bind will do */
};

struct wh_child {
    struct wh_launch launch;
    const struct wh_container_spec *spec;
    const struct wh_cgroup *cgroup; /* may be NULL */
    int gate_fd;
    struct wh_overlay root;
    const char *root_mount_point; /* host folder that the overlay covers in the child's namespace */
    struct wh_prepared_mount *mounts;
    size_t n_mounts;
    struct wh_overlay *images; /* for mounts[i] of type IMAGE, else unused */
    int dev_fd;                /* root of the container's /dev */
    bool no_seed;              /* the tree is only looked at: volumes stay as they are */
    int shm_fd;                /* another container's /dev/shm (ipc joined), or -1 */
};

/* prepare.c: parent side. a owns everything that c points to. */
int wh_child_prepare(struct wh_arena *a, const struct wh_container_spec *spec, struct wh_child *ret,
                     struct wh_err *err);
int wh_launch_prepare(struct wh_arena *a, const struct wh_process_spec *process, struct wh_launch *ret,
                      struct wh_err *err);
int wh_launch_prepare_security(struct wh_launch *l, enum wh_seccomp_kind kind, const char *profile,
                               const char *apparmor, const char *cache_dir, struct wh_err *err);
int wh_overlay_prepare(struct wh_arena *a, const struct wh_rootfs *rootfs, struct wh_overlay *ret, struct wh_err *err);

/* first.c: the first process, in order; returns only on failure, with the report filled. */
int wh_child_main(struct wh_child *c);
/* first.c: only the file tree, as open_stopped_root shows it: c->launch.root_fd is then its root. */
int wh_child_make_tree(struct wh_child *c);

/* rootfs.c */
int wh_child_mount_root(struct wh_child *c);
int wh_child_add_marks(struct wh_child *c);                           /* /.dockerenv, /etc/mtab */
int wh_overlay_mount(const struct wh_overlay *o, const char *target); /* errno */

/* mounts_default.c, devices.c */
int wh_child_mount_defaults(struct wh_child *c);
int wh_child_fill_dev(struct wh_child *c);
int wh_child_add_devices(struct wh_child *c); /* those of the spec, in the attached /dev */

/* mounts.c, content.c, seed.c */
int wh_child_clone_shared_sources(struct wh_child *c);
int wh_child_mount_all(struct wh_child *c);
/* Refuses what lies in a procfs. */
int wh_child_check_target(struct wh_report *r, const char *label, const char *target, int target_fd);
int wh_child_mount_content(struct wh_child *c);
int wh_child_seed_volume(struct wh_report *r, int source_fd, const char *volume_path);

/* masks.c, sysctl.c */
int wh_child_mask_paths(struct wh_child *c);
int wh_child_set_sysctls(struct wh_child *c);

/* spec.c: with all texts copied into the arena; the pidfd is the same. -1: memory is short. */
int wh_exec_spec_copy(struct wh_arena *a, const struct wh_exec_spec *spec, struct wh_exec_spec *ret);

/* launch.c */
int wh_launch_open_terminal(struct wh_launch *l);
int wh_launch_run(struct wh_launch *l); /* never returns but on failure */

#endif
