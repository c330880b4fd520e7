/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The project as plain typed data: what engine, plan and state work with. It is decoded from the canonical tree, the
 * form that `config --format json` prints (before `$` is escaped), by a table of fields; so the front end after
 * loading and the supervisor with the JSON that it received or stored run the same code.
 *
 * Ownership: everything lives in the arena that was given to the decoder; strings point into it or into the nodes.
 * Conventions: a string that is absent is NULL; a list that is absent has len 0; a number whose absence matters is a
 * struct wh_opt_*; durations are in ns, sizes in bytes; every struct that can cause a message knows its place.
 */
#ifndef WHALE_MODEL_H
#define WHALE_MODEL_H

#include "whale/model/parts.h"

struct wh_service {
    const char *name; /* key */
    struct wh_mark mark;
    const struct wh_node *node; /* the canonical node it was decoded from; records store this */

    const char *image; /* never NULL unless a provider: `<project>-<name>` when only build is given */
    const char *platform, *pull_policy, *runtime, *isolation;
    struct wh_opt_int pull_refresh_after_ns;
    bool image_is_implicit; /* the file has no `image:` */
    struct wh_build *build; /* NULL when absent */
    struct wh_provider *provider;
    const char *container_name, *hostname, *domainname, *user, *working_dir, *mac_address;
    struct wh_command command, entrypoint;
    struct wh_pairs environment, labels, annotations, sysctls, storage_opt;
    struct wh_texts env_file, label_file; /* label_file: for reading only, its labels are in `labels` already */

    struct {
        struct wh_port *items;
        size_t len;
    } ports;
    struct {
        struct wh_service_mount *items;
        size_t len;
    } mounts;
    struct {
        struct wh_tmpfs *items;
        size_t len;
    } tmpfs;
    struct { /* empty: none (network_mode, or no network at all) */
        struct wh_service_network *items;
        size_t len;
    } networks;
    struct {
        struct wh_dependency *items;
        size_t len;
    } depends_on;
    struct wh_healthcheck *healthcheck; /* NULL when absent: the image's */
    struct wh_deploy *deploy;           /* NULL when absent */
    struct wh_logging *logging;
    struct wh_file_refs configs, secrets;
    struct {
        struct wh_service_device *items;
        size_t len;
    } devices;
    struct {
        struct wh_ulimit *items;
        size_t len;
    } ulimits;
    struct {
        struct wh_watch_rule *items;
        size_t len;
    } watch;
    struct wh_device_requests gpus;
    struct wh_hooks pre_start, post_start, pre_stop;
    struct wh_blkio *blkio;

    struct wh_texts cap_add, cap_drop, security_opt, device_cgroup_rules, dns, dns_opt, dns_search, expose;
    struct wh_texts extra_hosts; /* "name=address" */
    struct wh_texts group_add, links, external_links, profiles, volumes_from;

    const char *restart; /* no, always, on-failure[:N], unless-stopped; NULL = no */
    const char *network_mode, *pid, *ipc, *uts, *userns_mode, *cgroup, *cgroup_parent;
    const char *stop_signal;
    struct wh_opt_int stop_grace_period_ns; /* absent = 10 s */
    struct wh_opt_bool init, attach;        /* attach absent = true */
    bool tty, stdin_open, read_only, privileged, oom_kill_disable, use_api_socket;
    struct wh_opt_int scale; /* use wh_service_replicas */
    int64_t oom_score_adj;
    struct wh_opt_int shm_size_bytes, mem_limit_bytes, mem_reservation_bytes, memswap_limit_bytes, mem_swappiness;
    struct wh_opt_int pids_limit, cpu_shares, cpu_quota, cpu_period, cpu_rt_period, cpu_rt_runtime;
    double cpus; /* 0 = absent */
    const char *cpuset;
};

struct wh_ipam_range {
    const char *subnet, *ip_range, *gateway;
    struct wh_pairs aux_addresses;
    struct wh_mark mark;
};

struct wh_network {
    const char *key;    /* name inside the file */
    const char *name;   /* name on the host, e.g. "proj_default" */
    const char *driver; /* NULL = bridge */
    struct wh_pairs driver_opts, labels;
    bool external, internal, attachable;
    struct wh_opt_bool enable_ipv4, enable_ipv6;
    const char *ipam_driver;
    struct {
        struct wh_ipam_range *items;
        size_t len;
    } ipam;
    const struct wh_node *node;
    struct wh_mark mark;
};

struct wh_volume {
    const char *key, *name, *driver;
    struct wh_pairs driver_opts, labels;
    bool external;
    const struct wh_node *node;
    struct wh_mark mark;
};

/* A config or secret; exactly one of file, environment, content, external (or a driver) is there. */
struct wh_file_source {
    const char *key, *name, *file, *environment, *driver, *template_driver;
    const char *content; /* configs: the text; also filled from `environment` where the loader resolved it */
    struct wh_pairs labels, driver_opts;
    bool external;
    const struct wh_node *node;
    struct wh_mark mark;
};

struct wh_file_sources {
    struct wh_file_source *items;
    size_t len;
};

struct wh_project {
    const char *name;
    const char *working_dir;      /* absolute project folder; NULL when decoded from JSON without it */
    struct wh_texts config_files; /* absolute; ditto */
    struct wh_texts env_files;    /* ditto */
    struct {
        struct wh_service *items; /* sorted by name */
        size_t len;
    } services;
    struct {
        struct wh_network *items;
        size_t len;
    } networks;
    struct {
        struct wh_volume *items;
        size_t len;
    } volumes;
    struct wh_file_sources configs, secrets;
    const struct wh_node *node; /* the canonical tree */
};

/* Decodes the canonical tree. The node must outlive the project. -1 with a mark when a value has the wrong type. */
int wh_project_from_node(struct wh_arena *a, const struct wh_node *canonical, struct wh_project **ret,
                         struct wh_err *err);
/* One service of project `project_name` from its canonical node (a container's record stores it). */
int wh_service_from_node(struct wh_arena *a, const char *project_name, const char *name,
                         const struct wh_node *canonical, struct wh_service **ret, struct wh_err *err);

/* Lookups by key; NULL when absent. */
const struct wh_service *wh_project_service(const struct wh_project *p, const char *name);
const struct wh_network *wh_project_network(const struct wh_project *p, const char *key);
const struct wh_volume *wh_project_volume(const struct wh_project *p, const char *key);
bool wh_service_uses_volume(const struct wh_service *s, const char *key);
const struct wh_file_source *wh_project_config(const struct wh_project *p, const char *key);
const struct wh_file_source *wh_project_secret(const struct wh_project *p, const char *key);

int64_t wh_service_replicas(const struct wh_service *s); /* scale, else deploy.replicas, else 1; global: 1 */
/* The value of a key, NULL when absent or null. */
const char *wh_pairs_get(const struct wh_pairs *pairs, const char *key);
/* "service:web" style modes: the service name after the prefix, or NULL. */
const char *wh_mode_service(const char *mode);

/*
 * Identity of a configuration: 64 hex digits over its JSON, the value that docker compose has for it. A service's is
 * without build, pull_policy, scale, deploy.replicas, depends_on, profiles and name: a change of those recreates
 * nothing. Its identity is that followed by ":" and 64 digits over the contents of its configs and secrets, when it has
 * some: docker compose does not see that they change.
 */
#define WH_HASH_HEX     65
#define WH_IDENTITY_HEX (2 * WH_HASH_HEX)
int wh_service_hash(const struct wh_service *s, char ret_hex[WH_HASH_HEX], struct wh_err *err);
int wh_service_identity(const struct wh_service *s, char ret_hex[WH_IDENTITY_HEX], struct wh_err *err);
int wh_network_hash(const struct wh_network *n, char ret_hex[WH_HASH_HEX], struct wh_err *err);
int wh_volume_hash(const struct wh_volume *v, char ret_hex[WH_HASH_HEX], struct wh_err *err);

#endif
