/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One container as plain data: what the runtime needs to start it, with the fields of the OCI runtime
 * specification and no compose types.
 *
 * All pointers are borrowed from the caller (usually an arena) and only read during the call that gets the spec.
 * A zeroed struct means Docker's defaults wherever a comment gives no other meaning; wh_container_spec_init sets the
 * few fields whose "unset" is not zero. The spec is trusted (it was checked by the loader) except for what comes from
 * an image: user, cwd, env, argv, mounts' targets. Those are checked again here.
 */
#ifndef WHALE_SPEC_H
#define WHALE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WH_UNSET INT64_MIN /* of 64-bit limits whose 0 and -1 mean something */

struct wh_kv {
    const char *key;
    const char *value;
};

/* ---- namespaces ---- */

enum wh_ns_kind {
    WH_NS_PRIVATE, /* a new one */
    WH_NS_HOST,    /* the supervisor's own */
    WH_NS_JOIN,    /* the one behind fd */
};

/* fd: a namespace file (/proc/PID/ns/x, wh_netns_new) or the pidfd of a process that lives in it; borrowed.
 * The network of a container that shall survive restarts is WH_NS_JOIN of the namespace that the engine keeps;
 * `owned` then says that it is the container's own (net.* sysctls may be set), not another container's. */
struct wh_ns {
    enum wh_ns_kind kind;
    int fd;
    bool owned;
};

/* ---- root and mounts ---- */

/* An overlay of lowers (lower[0] is the top one) under upper and work. upper == NULL: a read-only view of the lowers.
 * upper and work must exist (made by the caller, 0755 root) and lie in one file system. */
struct wh_rootfs {
    const char *const *lowers; /* absolute folders */
    size_t n_lowers;
    const char *upper;
    const char *work;
    bool readonly; /* `read_only: true`: / is read-only for the container, mounts are not */
};

enum wh_mount_type {
    WH_MOUNT_BIND,   /* source: host path (file, folder, socket) that exists */
    WH_MOUNT_VOLUME, /* source: the volume's folder; gets the image's content when empty, see no_copy */
    WH_MOUNT_TMPFS,
    WH_MOUNT_IMAGE, /* layers: read-only view of an image (compose `type: image`) */
    WH_MOUNT_FS,    /* volume driver options: fs_type on device `source` with the comma list `fs_options` */
};

enum wh_propagation {
    WH_PROPAGATION_RPRIVATE,
    WH_PROPAGATION_PRIVATE,
    WH_PROPAGATION_RSLAVE,
    WH_PROPAGATION_SLAVE,
    WH_PROPAGATION_RSHARED,
    WH_PROPAGATION_SHARED,
};

/* Mounts are made in order of target (parents first); equal targets: the later one wins. A missing target is created
 * inside the root (folder or file, as the source is). Targets in /proc are refused but for lxcfs's file names.
 * /etc/hosts, /etc/hostname and /etc/resolv.conf are ordinary binds of files in the container's own folder. A mount
 * on /dev/shm, /dev/mqueue, /sys/fs/cgroup or /dev/pts replaces the default one. */
struct wh_mount {
    enum wh_mount_type type;
    const char *label;   /* how messages call it: "./data", "volume db"; NULL: source or type */
    const char *source;  /* absolute path or device */
    const char *target;  /* absolute path in the container */
    const char *subpath; /* of a volume or image: relative, resolved inside it; NULL = all of it */
    bool readonly;
    bool nosuid, nodev, noexec, noatime;
    bool no_recursive; /* BIND: without the mounts below the source */
    bool recursive_rw; /* BIND: readonly only for the topmost mount (default: for all below too) */
    /* VOLUME: leave an empty volume empty. The engine sets it when the container only restarts, as Docker copies when
     * a container is made. Otherwise the child copies the image's content at target (owner, mode, xattrs, links) into
     * an empty volume before it mounts it, safe against interruption and against two containers doing so at once. */
    bool no_copy;
    enum wh_propagation propagation;
    int64_t tmpfs_size_bytes; /* 0: no limit */
    int64_t tmpfs_inodes;     /* 0: no limit */
    int64_t tmpfs_mode;       /* -1: the mode of the folder below, 1777 if there is none. 0 is a mode */
    int64_t tmpfs_uid, tmpfs_gid;
    bool suid_ok, dev_ok, exec_ok; /* TMPFS: lift the default nosuid, nodev, noexec */
    struct wh_rootfs layers;       /* IMAGE: only lowers are used */
    const char *fs_type;           /* FS */
    const char *fs_options;        /* FS, may be NULL */
};

/* A file whose content is given: configs and secrets from `content:` or `environment:`. Shown read-only. */
struct wh_content_file {
    const char *label; /* "secret token" */
    const char *target;
    const void *data;
    size_t len;
    uid_t uid;
    gid_t gid;
    mode_t mode;
};

struct wh_device {
    const char *host_path;
    const char *path;        /* in the container; NULL = host_path */
    const char *permissions; /* of "rwm"; NULL = all */
};

/* ---- resources ---- */

enum wh_blkio_kind {
    WH_BLKIO_WEIGHT,
    WH_BLKIO_READ_BPS,
    WH_BLKIO_WRITE_BPS,
    WH_BLKIO_READ_IOPS,
    WH_BLKIO_WRITE_IOPS,
};

struct wh_blkio_limit {
    enum wh_blkio_kind kind;
    const char *path; /* the block device's node on the host */
    uint64_t value;
};

/* 0 = no limit unless said otherwise. What the host's cgroups cannot do is an error of wh_cgroup_create. */
struct wh_resources {
    int64_t memory_bytes;
    int64_t memory_swap_bytes; /* memory plus swap; 0 with memory set: twice the memory; -1: unlimited */
    int64_t memory_reservation_bytes;
    int64_t swappiness; /* WH_UNSET or 0..100 */
    bool oom_kill_disable;
    int64_t nano_cpus;
    int64_t cpu_quota_us; /* with cpu_period_us; nano_cpus wins */
    int64_t cpu_period_us;
    int64_t cpu_shares;
    int64_t cpu_rt_runtime_us, cpu_rt_period_us;
    const char *cpuset_cpus;
    const char *cpuset_mems;
    int64_t pids_limit; /* 0: the runtime's default (4096 with cgroup v2, else none); -1: none */
    int64_t blkio_weight;
    const struct wh_blkio_limit *blkio;
    size_t n_blkio;
    /* Device access: Docker's default list plus these. Rules are "c 10:229 rwm" texts. */
    const struct wh_device *devices;
    size_t n_devices;
    const char *const *device_rules;
    size_t n_device_rules;
    bool all_devices; /* privileged */
};

struct wh_rlimit {
    const char *name;   /* "nofile" */
    int64_t soft, hard; /* -1 = unlimited */
};

/* ---- security ---- */

enum wh_seccomp_kind { WH_SECCOMP_DEFAULT, WH_SECCOMP_UNCONFINED, WH_SECCOMP_PROFILE };

/* ---- the process ---- */

/* What both the first process and `exec` have. */
struct wh_process_spec {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in the container's PATH */
    const char *const *env;  /* NULL-terminated "K=V"; entries without '=' are dropped. Nothing is inherited; the
                              * runtime adds only HOME (from passwd) when it is absent, and PATH likewise */
    const char *cwd;         /* NULL or "" = "/"; made when missing (first process only) */
    const char *user;        /* "name", "uid", "name:group", "uid:gid"; NULL or "" = 0:0 */
    const char *const *extra_groups; /* NULL-terminated names or numbers; may be NULL */
    const char *const *cap_add;      /* NULL-terminated, "NET_ADMIN", "cap_net_admin", "ALL"; may be NULL */
    const char *const *cap_drop;
    bool privileged;
    bool no_new_privs;
    bool tty;                    /* a pseudo terminal of the container's own devpts becomes stdin, stdout, stderr */
    uint16_t tty_rows, tty_cols; /* 0: leave */
    int64_t umask;               /* -1: 022 */
};

struct wh_container_spec {
    const char *id; /* for messages, keyring name; [0-9a-f]{64} usually */
    struct wh_process_spec process;
    const char *hostname;   /* NULL: leave (host's UTS namespace) */
    const char *domainname; /* NULL: leave */

    struct wh_ns net, pid, ipc, uts;
    bool cgroupns_host;

    struct wh_rootfs rootfs;
    const struct wh_mount *mounts;
    size_t n_mounts;
    const struct wh_content_file *content_files;
    size_t n_content_files;
    int64_t shm_bytes; /* 0: 64 MiB; without effect unless ipc is private */

    struct wh_resources resources; /* devices are also made as nodes */

    enum wh_seccomp_kind seccomp;
    const char *seccomp_path;    /* PROFILE: a JSON file in Docker's format */
    const char *apparmor;        /* profile name or NULL; ignored when the host has no AppArmor */
    bool systempaths_unconfined; /* no masked and read-only paths */

    const struct wh_rlimit *rlimits;
    size_t n_rlimits;
    const struct wh_kv *sysctls;
    size_t n_sysctls;
    int64_t oom_score_adj; /* 0 is set too: the supervisor's own value is never inherited */
    bool init;             /* a small pid 1 that forwards signals and reaps */
    const char *cache_dir; /* where compiled seccomp programs are kept; NULL: only in memory */
};

/* Zeroes and sets the fields whose "unset" is not 0 (umask, swappiness, fds of namespaces). */
void wh_container_spec_init(struct wh_container_spec *spec);
void wh_process_spec_init(struct wh_process_spec *process);
void wh_resources_init(struct wh_resources *resources);
void wh_mount_init(struct wh_mount *mount, enum wh_mount_type type);

#endif
