/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a service of the model (whale/model.h) is made of; the conventions are described there. */
#ifndef WHALE_MODEL_PARTS_H
#define WHALE_MODEL_PARTS_H

#include "whale/codec/node.h"
#include "whale/util/arena.h"
#include "whale/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wh_opt_int {
    bool is_set;
    int64_t value;
};

struct wh_opt_real {
    bool is_set;
    double value;
};

struct wh_opt_bool {
    bool is_set;
    bool value;
};

struct wh_opt_text { /* a scalar that may be written as a number or as text */
    bool is_set;
    const char *value;
};

struct wh_texts {
    const char **items;
    size_t len;
};

/* value NULL: the key is there without a value (environment: the variable is removed even from the image's). */
struct wh_pair_text {
    const char *key;
    const char *value;
    struct wh_mark mark;
};

struct wh_pairs {
    struct wh_pair_text *items;
    size_t len;
};

/* Absent or null keeps the image's (is_set false); `[]` and `""` clear it (is_set, len 0). */
struct wh_command {
    bool is_set;
    const char **argv; /* NULL-terminated when is_set */
    size_t len;
    struct wh_mark mark;
};

struct wh_port {
    const char *name, *mode, *host_ip, *protocol, *app_protocol; /* mode: ingress, host */
    const char *published; /* "8080", a range "8000-8010" (first free port), or NULL: any free port */
    int64_t target;        /* 0 = left out */
    struct wh_mark mark;
};

struct wh_mount_bind {
    const char *propagation, *recursive, *selinux; /* recursive: disabled, enabled, writable, readonly */
    struct wh_opt_bool create_host_path;           /* absent = true */
};

struct wh_mount_volume {
    bool nocopy;
    const char *subpath;
    struct wh_pairs labels;
};

struct wh_mount_tmpfs {
    struct wh_opt_int size_bytes, mode;
};

struct wh_mount_image {
    const char *subpath;
};

struct wh_service_mount {
    const char *type;   /* bind volume tmpfs image npipe cluster */
    const char *source; /* bind: absolute path; volume: key of the project's volumes, NULL = anonymous; image: image */
    const char *target; /* cleaned */
    const char *consistency;
    bool read_only;
    struct wh_mount_bind *bind; /* these four: NULL when the section is absent */
    struct wh_mount_volume *volume;
    struct wh_mount_tmpfs *tmpfs;
    struct wh_mount_image *image;
    struct wh_mark mark;
};

/* `tmpfs:` of a service: "/run:size=64m,mode=1777". */
struct wh_tmpfs {
    const char *text;
    struct wh_mark mark;
};

struct wh_service_network {
    const char *name; /* key of the project's networks */
    struct wh_texts aliases, link_local_ips;
    const char *ipv4_address, *ipv6_address, *mac_address, *interface_name;
    int64_t priority, gw_priority;
    struct wh_pairs driver_opts;
    struct wh_mark mark;
};

enum wh_condition { WH_CONDITION_STARTED, WH_CONDITION_HEALTHY, WH_CONDITION_COMPLETED, WH_CONDITION_MAX_ };
extern const char *const wh_condition_text[WH_CONDITION_MAX_]; /* "service_started" ... */

struct wh_dependency {
    const char *service;
    const char *condition_name;
    enum wh_condition condition;
    bool restart;
    bool required;
    struct wh_mark mark;
};

struct wh_healthcheck {
    struct wh_command test; /* with its leading CMD, CMD-SHELL or NONE; not set: the image's */
    struct wh_opt_int interval_ns, timeout_ns, start_period_ns, start_interval_ns, retries;
    bool disable;
    struct wh_mark mark;
};

struct wh_device_request { /* gpus, deploy.resources.reservations.devices */
    struct wh_texts capabilities, device_ids;
    const char *driver;
    struct wh_opt_int count; /* -1 = all */
    struct wh_pairs options;
    struct wh_mark mark;
};

struct wh_device_requests {
    struct wh_device_request *items;
    size_t len;
};

struct wh_deploy_resources {
    double cpus; /* 0 = absent */
    struct wh_opt_int memory_bytes, pids;
    struct wh_device_requests devices;
    struct wh_mark mark;
};

struct wh_restart_policy {
    const char *condition; /* none, on-failure, any; NULL = any */
    struct wh_opt_int delay_ns, window_ns, max_attempts;
    struct wh_mark mark;
};

struct wh_update_config {
    struct wh_opt_int parallelism, delay_ns, monitor_ns;
    struct wh_opt_real max_failure_ratio;
    const char *order, *failure_action; /* order: start-first, stop-first */
    struct wh_mark mark;
};

struct wh_deploy {
    const char *mode; /* replicated, global; NULL = replicated */
    const char *endpoint_mode;
    struct wh_opt_int replicas;
    struct wh_pairs labels;
    struct wh_deploy_resources *limits, *reservations; /* NULL when absent, as the next three */
    struct wh_restart_policy *restart_policy;
    struct wh_update_config *update_config, *rollback_config;
    struct wh_mark mark;
};

struct wh_logging {
    const char *driver;
    struct wh_pairs options;
    struct wh_mark mark;
};

struct wh_service_device {
    const char *source, *target, *permissions;
    struct wh_mark mark;
};

struct wh_ulimit {
    const char *name;
    int64_t soft, hard; /* -1 = unlimited */
    struct wh_mark mark;
};

/* A config or secret that a service uses. */
struct wh_file_ref {
    const char *source; /* key of the project's configs or secrets */
    const char *target; /* absolute, or relative to /run/secrets (secrets) or / (configs) */
    const char *uid, *gid;
    const char *digest; /* of the content, hex; NULL when the loader did not know it. A part of wh_service_hash */
    struct wh_opt_int mode;
    struct wh_mark mark;
};

struct wh_file_refs {
    struct wh_file_ref *items;
    size_t len;
};

struct wh_hook {
    struct wh_command command;
    const char *image; /* pre_start only */
    const char *user, *working_dir;
    bool privileged, per_replica;
    struct wh_pairs environment;
    struct wh_mark mark;
};

struct wh_hooks {
    struct wh_hook *items;
    size_t len;
};

struct wh_blkio_weight {
    const char *path;
    int64_t weight;
};

struct wh_blkio_rate {
    const char *path;
    int64_t rate; /* bytes or operations per second */
};

struct wh_blkio_rates {
    struct wh_blkio_rate *items;
    size_t len;
};

struct wh_blkio {
    int64_t weight; /* 0 = absent */
    struct {
        struct wh_blkio_weight *items;
        size_t len;
    } weight_device;
    struct wh_blkio_rates device_read_bps, device_read_iops, device_write_bps, device_write_iops;
    struct wh_mark mark;
};

struct wh_provider {
    const char *type;
    struct wh_mark mark;
};

struct wh_watch_rule {
    const char *path, *action, *target;
    struct wh_texts ignore, include;
    struct wh_hook *exec;
    bool initial_sync;
    struct wh_mark mark;
};

struct wh_build {
    const char *context, *dockerfile, *dockerfile_inline, *target, *network, *isolation;
    struct wh_pairs args, labels, additional_contexts, ssh;
    struct wh_texts tags, cache_from, cache_to, platforms, no_cache_filter, entitlements, extra_hosts;
    struct wh_file_refs secrets;
    struct {
        struct wh_ulimit *items;
        size_t len;
    } ulimits;
    bool no_cache, pull, privileged;
    struct wh_opt_int shm_size_bytes;
    struct wh_mark mark;
};

#endif
