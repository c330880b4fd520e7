/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One container: its cgroup, its first process, further processes in it, its files. The caller (the supervisor)
 * decides when and why; this module never waits for a child, never keeps state but a cache of seccomp programs, and
 * never logs.
 *
 *   wh_cgroup_layout_detect(NULL, &layout, err)                          once
 *   wh_cgroup_create(&layout, "whale/ab12-proj/<id>", &res, &cg, err)    directory = write-ahead record of the start
 *   wh_runtime_start(&spec, &io, &cg, WH_RUNTIME_SIBLING, &proc, err)    returns at once
 *     ... proc.status_fd readable -> wh_runtime_read_status until it says STARTED or fails
 *     ... proc.pidfd readable    -> the first process has ended; its status is the parent's (keeper's) to reap
 *   wh_cgroup_kill / wh_cgroup_remove
 *
 * Thread safety: all functions may be called from any thread; a wh_cgroup from one at a time.
 */
#ifndef WHALE_RUNTIME_H
#define WHALE_RUNTIME_H

#include "whale/spec.h"
#include "whale/util/arena.h"
#include "whale/util/cleanup.h"
#include "whale/util/err.h"
#include "whale/util/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- cgroups ---- */

enum wh_cgroup_mode {
    WH_CGROUP_NONE,   /* nothing usable (rootless without delegation) */
    WH_CGROUP_V1,     /* no unified tree: freezer and kill loop instead */
    WH_CGROUP_HYBRID, /* unified tree for life cycle, v1 trees for limits */
    WH_CGROUP_V2,
};

enum wh_cgroup_ctl {
    WH_CTL_CPU,
    WH_CTL_CPUACCT,
    WH_CTL_CPUSET,
    WH_CTL_MEMORY,
    WH_CTL_PIDS,
    WH_CTL_BLKIO, /* "io" on v2 */
    WH_CTL_DEVICES,
    WH_CTL_FREEZER,
    WH_CTL_MAX_,
};

struct wh_cgroup_layout {
    enum wh_cgroup_mode mode;
    char *unified;              /* mount point of cgroup2, or NULL */
    char *v1[WH_CTL_MAX_];      /* mount point of each v1 controller, or NULL */
    char *v1_root[WH_CTL_MAX_]; /* our own place below it when we do not own its root ("" usually) */
    char *unified_root;
    uint32_t v2_controllers; /* bit per wh_cgroup_ctl available in the unified tree */
};

/* Reads root + "/proc/self/mountinfo" (root NULL = ""); mount points are prefixed with root, so that tests can point
 * it at plain folders. Always succeeds with mode NONE when there is no cgroup file system. */
int wh_cgroup_layout_detect(const char *root, struct wh_cgroup_layout *ret, struct wh_err *err);
void wh_cgroup_layout_fini(struct wh_cgroup_layout *layout);

/* One container's cgroup, opened. dir_fd is its folder in the unified tree (-1 on pure v1); v1_fd the cgroup.procs
 * files of those v1 trees in which it has a folder (made only where a limit is set: a first attach costs 10 ms). */
struct wh_cgroup {
    const struct wh_cgroup_layout *layout; /* borrowed */
    char *name;
    int dir_fd;
    int v1_fd[WH_CTL_MAX_];
};

/* Makes the folders (and their parents, with the controllers enabled on v2) and sets all limits, with no process in
 * it yet. name is relative: "whale/<instance>-<project>/<container id>". A folder that exists already is taken over.
 * On failure nothing is left behind. */
int wh_cgroup_create(const struct wh_cgroup_layout *layout, const char *name, const struct wh_resources *res,
                     struct wh_cgroup *ret, struct wh_err *err);
/* Opens an existing one (after a restart of the supervisor). 0, or -1 with code WH_E_NOT_FOUND. */
int wh_cgroup_open(const struct wh_cgroup_layout *layout, const char *name, struct wh_cgroup *ret, struct wh_err *err);
void wh_cgroup_close(struct wh_cgroup *cg);        /* closes the fds only */
uint64_t wh_cgroup_id(const struct wh_cgroup *cg); /* inode of the unified folder: PIDFD_GET_INFO's cgroupid */

int wh_cgroup_kill(const struct wh_cgroup *cg, struct wh_err *err); /* SIGKILL to all, also when frozen */
int wh_cgroup_freeze(const struct wh_cgroup *cg, bool frozen, struct wh_err *err);
int wh_cgroup_is_populated(const struct wh_cgroup *cg); /* 1, 0; -1 when it is gone */
/* Pids in it, host numbering: struct wh_vec of pid_t (initialised by the callee). */
int wh_cgroup_pids(const struct wh_cgroup *cg, struct wh_vec *ret, struct wh_err *err);
/* Sends a signal to every process in it (not atomic). */
int wh_cgroup_signal(const struct wh_cgroup *cg, int signo, struct wh_err *err);

enum { WH_CGROUP_BUSY = 1 };
/* Removes the folders with those that the container made below. 0, WH_CGROUP_BUSY while something lives there, -1. */
int wh_cgroup_remove(const struct wh_cgroup_layout *layout, const char *name, struct wh_err *err);
/* Names of the folders directly below a prefix ("whale/ab12-proj"), in the unified tree (freezer on v1). A missing
 * prefix gives none. */
int wh_cgroup_list(const struct wh_cgroup_layout *layout, const char *prefix, struct wh_strv *ret, struct wh_err *err);

struct wh_cgroup_stats {
    uint64_t cpu_usage_ns, cpu_user_ns, cpu_system_ns;
    uint64_t throttled_periods, throttled_ns;
    uint64_t memory_bytes;       /* usage without inactive page cache, as `docker stats` */
    uint64_t memory_limit_bytes; /* UINT64_MAX: none */
    uint64_t memory_cache_bytes;
    uint64_t pids, pids_limit; /* limit 0: none */
    uint64_t io_read_bytes, io_write_bytes, io_read_ops, io_write_ops;
    uint64_t oom_kills;
};
/* What has no controller is summed up from /proc (memory: rss of its processes). */
int wh_cgroup_stats(const struct wh_cgroup *cg, struct wh_cgroup_stats *ret, struct wh_err *err);
/* Processes killed for memory so far: to say "OOM killed" after exit code 137. 0 when not known. */
uint64_t wh_cgroup_oom_kills(const struct wh_cgroup *cg);

/* ---- processes ---- */

/* To be called early, while the program has few descriptors: keeps some low numbers free, by which children that share
 * memory need no copy of a large table. */
void wh_runtime_reserve(void);

enum wh_runtime_flag {
    WH_RUNTIME_SIBLING = 1 << 0, /* CLONE_PARENT: the child of the caller's parent (the keeper), with its exit signal */
    /* wh_runtime_exec: the child shares the caller's memory and descriptors until its exec, as wh_runtime_start's with
     * take_memory. */
    WH_RUNTIME_APART = 1 << 1,
};

/* All borrowed; dup'ed onto 0, 1, 2 in the child. -1 = /dev/null. With spec.tty they are not used. */
struct wh_runtime_io {
    int stdin_fd;
    int stdout_fd;
    int stderr_fd;
    /* -1, or the read end of a pipe (borrowed): after all mounts the child waits for one byte before it goes on to
     * exec, so that network set-up and mounting overlap. End of file without a byte = give up (exit code 125). */
    int gate_fd;
};
#define WH_RUNTIME_IO_NULL ((struct wh_runtime_io){-1, -1, -1, -1})

/* All fds are the caller's to close. */
struct wh_runtime_proc {
    pid_t pid; /* as the caller's pid namespace sees it */
    int pidfd;
    int status_fd; /* non-blocking; for wh_runtime_read_status */
};

/*
 * Clones the first process into cg and returns at once; all that can fail in the child is reported by status_fd.
 * cg may be NULL (no cgroup: tests, builds without limits).
 *
 * take_memory: the arena in which spec is. The child then shares the caller's memory until its exec, with a thread of
 * its own that waits for that and then releases the arena: no page is copied, neither when the child is made nor when
 * the caller goes on writing, which is half of a start's price. On success the arena is empty; whatever else spec
 * points to must stay until the child has reported or ended. NULL: the child gets a copy of the memory, as by fork.
 */
int wh_runtime_start(const struct wh_container_spec *spec, const struct wh_runtime_io *io, const struct wh_cgroup *cg,
                     uint32_t flags, struct wh_arena *take_memory, struct wh_runtime_proc *ret, struct wh_err *err);

enum wh_runtime_status {
    WH_RUNTIME_STARTED = 0, /* exec succeeded: the program runs */
    WH_RUNTIME_AGAIN = 1,   /* nothing to read yet */
    WH_RUNTIME_TTY = 2,     /* *ret_tty_fd is the terminal's master (the caller's now); comes before STARTED */
};
/*
 * Reads the next report of a child. -1: the start failed; err says which step ("mount ./data on /var/lib/data: No such
 * file or directory"), *ret_exit_code is Docker's: 125 our failure, 126 found but not executable, 127 not found.
 * A child that was killed before exec cannot report: that reads as STARTED, and its exit status (signal) follows.
 */
int wh_runtime_read_status(int status_fd, int *ret_tty_fd, int *ret_exit_code, struct wh_err *err);

/*
 * Starts another process in a running container: pidfd is its first process (checked to be alive after its namespaces
 * were entered). Capabilities are those of `process`; seccomp as the container's: pass the same values as at its start.
 * Same asynchronous protocol.
 * cwd: NULL = "/"; a missing one is an error (exit code 126 as Docker).
 */
struct wh_exec_spec {
    struct wh_process_spec process;
    int container_pidfd;
    enum wh_seccomp_kind seccomp;
    const char *seccomp_path;
    const char *apparmor;
    const char *cache_dir;
    const struct wh_rlimit *rlimits; /* the container's */
    size_t n_rlimits;
    int64_t oom_score_adj;
    bool in_host_pidns; /* the container has `pid: host` */
};
int wh_runtime_exec(const struct wh_exec_spec *spec, const struct wh_runtime_io *io, const struct wh_cgroup *cg,
                    uint32_t flags, struct wh_runtime_proc *ret, struct wh_err *err);

/* ---- files of a container ---- */

/* An O_PATH fd of the root of a running container, as its first process sees it (volumes included). All paths below
 * it are to be resolved with wh_openat2 and RESOLVE_IN_ROOT. */
int wh_runtime_open_root(pid_t pid, int pidfd, int *ret_fd, struct wh_err *err);
/* The same for one that does not run: overlay and mounts of the spec, made by a helper in a mount namespace of its own;
 * everything is gone when the fd is closed. Waits for the helper (a few ms). */
int wh_runtime_open_stopped_root(const struct wh_container_spec *spec, int *ret_fd, struct wh_err *err);

/* ---- users ---- */

struct wh_user {
    uid_t uid;
    gid_t gid;
    gid_t groups[256]; /* supplementary, with gid */
    size_t n_groups;
    char home[256];
};
/* Docker's rules (see user.c) on the passwd and group files below root_fd. Strict: numbers are plain decimal, at most
 * 4294967294, and never names. -1 with WH_E_INVALID. */
int wh_runtime_resolve_user(int root_fd, const char *user, const char *const *extra_groups, struct wh_user *ret,
                            struct wh_err *err);

/* ---- helpers ---- */

/* A new network namespace with lo down, as an fd; lives as long as an fd or a process holds it. About 0.3 ms. */
int wh_netns_new(int *ret_fd, struct wh_err *err);

/* Checks one sysctl name against the namespaced ones that may be set: net.* (own network), kernel.{msg*,sem,shm*},
 * fs.mqueue.*, kernel.domainname. 0 or -1. */
int wh_runtime_check_sysctl(const char *name, bool net_is_own, bool ipc_is_own, struct wh_err *err);
/* "CAP_NET_ADMIN", "net_admin", "ALL" known? For validation by the engine before anything starts. */
bool wh_runtime_cap_is_known(const char *name);
bool wh_runtime_rlimit_is_known(const char *name);
/* "c 10:229 rwm", "b *:* m" */
bool wh_runtime_device_rule_is_valid(const char *rule);

#endif
