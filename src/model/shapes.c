/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables: which key of the canonical tree goes to which member of the model. */
#include "decode.h"

#include "whale/util/size.h"

#define AT(type, member) offsetof(struct type, member)
#define SHAPE(type, table)                                                                                             \
    {                                                                                                                  \
        .size = sizeof(struct type), .slots = (table), .key_offset = WH_NO_OFFSET, .mark_offset = AT(type, mark),      \
        .node_offset = WH_NO_OFFSET                                                                                    \
    }
#define NAMED_SHAPE(type, table, key)                                                                                  \
    {                                                                                                                  \
        .size = sizeof(struct type), .slots = (table), .key_offset = AT(type, key), .mark_offset = AT(type, mark),     \
        .node_offset = WH_NO_OFFSET                                                                                    \
    }
#define RESOURCE_SHAPE(type, table)                                                                                    \
    {                                                                                                                  \
        .size = sizeof(struct type), .slots = (table), .key_offset = AT(type, key), .mark_offset = AT(type, mark),     \
        .node_offset = AT(type, node)                                                                                  \
    }
#define BARE_SHAPE(type, table)                                                                                        \
    {                                                                                                                  \
        .size = sizeof(struct type), .slots = (table), .key_offset = WH_NO_OFFSET, .mark_offset = WH_NO_OFFSET,        \
        .node_offset = WH_NO_OFFSET                                                                                    \
    }
/* A nested map whose fields live in the struct around it. */
#define INLINE(table)                                                                                                  \
    {                                                                                                                  \
        .slots = (table)                                                                                               \
    }

/* ---- ports, mounts, networks, dependencies ---- */

static const struct wh_slot port_slots[] = {
    {"name", WH_SLOT_TEXT, AT(wh_port, name), NULL},
    {"mode", WH_SLOT_TEXT, AT(wh_port, mode), NULL},
    {"host_ip", WH_SLOT_TEXT, AT(wh_port, host_ip), NULL},
    {"protocol", WH_SLOT_TEXT, AT(wh_port, protocol), NULL},
    {"app_protocol", WH_SLOT_TEXT, AT(wh_port, app_protocol), NULL},
    {"published", WH_SLOT_TEXT, AT(wh_port, published), NULL},
    {"target", WH_SLOT_INT, AT(wh_port, target), NULL},
    {0},
};
static const struct wh_shape port = SHAPE(wh_port, port_slots);

static const struct wh_slot bind_slots[] = {
    {"propagation", WH_SLOT_TEXT, AT(wh_mount_bind, propagation), NULL},
    {"recursive", WH_SLOT_TEXT, AT(wh_mount_bind, recursive), NULL},
    {"selinux", WH_SLOT_TEXT, AT(wh_mount_bind, selinux), NULL},
    {"create_host_path", WH_SLOT_OPT_BOOL, AT(wh_mount_bind, create_host_path), NULL},
    {0},
};
static const struct wh_shape mount_bind = BARE_SHAPE(wh_mount_bind, bind_slots);

static const struct wh_slot volume_mount_slots[] = {
    {"nocopy", WH_SLOT_BOOL, AT(wh_mount_volume, nocopy), NULL},
    {"subpath", WH_SLOT_TEXT, AT(wh_mount_volume, subpath), NULL},
    {"labels", WH_SLOT_PAIRS, AT(wh_mount_volume, labels), NULL},
    {0},
};
static const struct wh_shape mount_volume = BARE_SHAPE(wh_mount_volume, volume_mount_slots);

static const struct wh_slot tmpfs_mount_slots[] = {
    {"size", WH_SLOT_BYTES, AT(wh_mount_tmpfs, size_bytes), NULL},
    {"mode", WH_SLOT_OPT_INT, AT(wh_mount_tmpfs, mode), NULL},
    {0},
};
static const struct wh_shape mount_tmpfs = BARE_SHAPE(wh_mount_tmpfs, tmpfs_mount_slots);

static const struct wh_slot image_mount_slots[] = {
    {"subpath", WH_SLOT_TEXT, AT(wh_mount_image, subpath), NULL},
    {0},
};
static const struct wh_shape mount_image = BARE_SHAPE(wh_mount_image, image_mount_slots);

static const struct wh_slot mount_slots[] = {
    {"type", WH_SLOT_TEXT, AT(wh_service_mount, type), NULL},
    {"source", WH_SLOT_TEXT, AT(wh_service_mount, source), NULL},
    {"target", WH_SLOT_TEXT, AT(wh_service_mount, target), NULL},
    {"consistency", WH_SLOT_TEXT, AT(wh_service_mount, consistency), NULL},
    {"read_only", WH_SLOT_BOOL, AT(wh_service_mount, read_only), NULL},
    {"bind", WH_SLOT_POINTER, AT(wh_service_mount, bind), &mount_bind},
    {"volume", WH_SLOT_POINTER, AT(wh_service_mount, volume), &mount_volume},
    {"tmpfs", WH_SLOT_POINTER, AT(wh_service_mount, tmpfs), &mount_tmpfs},
    {"image", WH_SLOT_POINTER, AT(wh_service_mount, image), &mount_image},
    {0},
};
static const struct wh_shape mount = SHAPE(wh_service_mount, mount_slots);

static int decode_tmpfs(struct wh_arena *a, const struct wh_node *n, void *out, struct wh_err *err)
{
    ((struct wh_tmpfs *)out)->text = n->text ? n->text : "";
    return 0;
}

static const struct wh_slot tmpfs_slots[] = {{0}};
static const struct wh_shape tmpfs = {.size = sizeof(struct wh_tmpfs),
                                      .slots = tmpfs_slots,
                                      .key_offset = WH_NO_OFFSET,
                                      .mark_offset = AT(wh_tmpfs, mark),
                                      .node_offset = WH_NO_OFFSET,
                                      .scalar = decode_tmpfs};

static const struct wh_slot service_network_slots[] = {
    {"ipv4_address", WH_SLOT_TEXT, AT(wh_service_network, ipv4_address), NULL},
    {"ipv6_address", WH_SLOT_TEXT, AT(wh_service_network, ipv6_address), NULL},
    {"mac_address", WH_SLOT_TEXT, AT(wh_service_network, mac_address), NULL},
    {"interface_name", WH_SLOT_TEXT, AT(wh_service_network, interface_name), NULL},
    {"aliases", WH_SLOT_TEXTS, AT(wh_service_network, aliases), NULL},
    {"link_local_ips", WH_SLOT_TEXTS, AT(wh_service_network, link_local_ips), NULL},
    {"priority", WH_SLOT_INT, AT(wh_service_network, priority), NULL},
    {"gw_priority", WH_SLOT_INT, AT(wh_service_network, gw_priority), NULL},
    {"driver_opts", WH_SLOT_PAIRS, AT(wh_service_network, driver_opts), NULL},
    {0},
};
static const struct wh_shape service_network = NAMED_SHAPE(wh_service_network, service_network_slots, name);

static const struct wh_slot dependency_slots[] = {
    {"condition", WH_SLOT_TEXT, AT(wh_dependency, condition_name), NULL},
    {"restart", WH_SLOT_BOOL, AT(wh_dependency, restart), NULL},
    {"required", WH_SLOT_BOOL, AT(wh_dependency, required), NULL},
    {0},
};
static const struct wh_shape dependency = NAMED_SHAPE(wh_dependency, dependency_slots, service);

/* ---- health, deploy, logging ---- */

static const struct wh_slot health_slots[] = {
    {"test", WH_SLOT_COMMAND, AT(wh_healthcheck, test), NULL},
    {"interval", WH_SLOT_DURATION, AT(wh_healthcheck, interval_ns), NULL},
    {"timeout", WH_SLOT_DURATION, AT(wh_healthcheck, timeout_ns), NULL},
    {"start_period", WH_SLOT_DURATION, AT(wh_healthcheck, start_period_ns), NULL},
    {"start_interval", WH_SLOT_DURATION, AT(wh_healthcheck, start_interval_ns), NULL},
    {"retries", WH_SLOT_OPT_INT, AT(wh_healthcheck, retries), NULL},
    {"disable", WH_SLOT_BOOL, AT(wh_healthcheck, disable), NULL},
    {0},
};
static const struct wh_shape health = SHAPE(wh_healthcheck, health_slots);

static const struct wh_slot request_slots[] = {
    {"capabilities", WH_SLOT_TEXTS, AT(wh_device_request, capabilities), NULL},
    {"device_ids", WH_SLOT_TEXTS, AT(wh_device_request, device_ids), NULL},
    {"driver", WH_SLOT_TEXT, AT(wh_device_request, driver), NULL},
    {"count", WH_SLOT_OPT_INT, AT(wh_device_request, count), NULL},
    {"options", WH_SLOT_PAIRS, AT(wh_device_request, options), NULL},
    {0},
};
static const struct wh_shape request = SHAPE(wh_device_request, request_slots);

static const struct wh_slot resource_slots[] = {
    {"cpus", WH_SLOT_REAL, AT(wh_deploy_resources, cpus), NULL},
    {"memory", WH_SLOT_BYTES, AT(wh_deploy_resources, memory_bytes), NULL},
    {"pids", WH_SLOT_OPT_INT, AT(wh_deploy_resources, pids), NULL},
    {"devices", WH_SLOT_LIST, AT(wh_deploy_resources, devices), &request},
    {0},
};
static const struct wh_shape resources = SHAPE(wh_deploy_resources, resource_slots);

static const struct wh_slot resource_sections[] = {
    {"limits", WH_SLOT_POINTER, AT(wh_deploy, limits), &resources},
    {"reservations", WH_SLOT_POINTER, AT(wh_deploy, reservations), &resources},
    {0},
};
static const struct wh_shape resource_parts = INLINE(resource_sections);

static const struct wh_slot restart_slots[] = {
    {"condition", WH_SLOT_TEXT, AT(wh_restart_policy, condition), NULL},
    {"delay", WH_SLOT_DURATION, AT(wh_restart_policy, delay_ns), NULL},
    {"window", WH_SLOT_DURATION, AT(wh_restart_policy, window_ns), NULL},
    {"max_attempts", WH_SLOT_OPT_INT, AT(wh_restart_policy, max_attempts), NULL},
    {0},
};
static const struct wh_shape restart_policy = SHAPE(wh_restart_policy, restart_slots);

static const struct wh_slot update_slots[] = {
    {"parallelism", WH_SLOT_OPT_INT, AT(wh_update_config, parallelism), NULL},
    {"delay", WH_SLOT_DURATION, AT(wh_update_config, delay_ns), NULL},
    {"monitor", WH_SLOT_DURATION, AT(wh_update_config, monitor_ns), NULL},
    {"max_failure_ratio", WH_SLOT_OPT_REAL, AT(wh_update_config, max_failure_ratio), NULL},
    {"order", WH_SLOT_TEXT, AT(wh_update_config, order), NULL},
    {"failure_action", WH_SLOT_TEXT, AT(wh_update_config, failure_action), NULL},
    {0},
};
static const struct wh_shape update = SHAPE(wh_update_config, update_slots);

static const struct wh_slot deploy_slots[] = {
    {"mode", WH_SLOT_TEXT, AT(wh_deploy, mode), NULL},
    {"endpoint_mode", WH_SLOT_TEXT, AT(wh_deploy, endpoint_mode), NULL},
    {"replicas", WH_SLOT_OPT_INT, AT(wh_deploy, replicas), NULL},
    {"labels", WH_SLOT_PAIRS, AT(wh_deploy, labels), NULL},
    {"resources", WH_SLOT_INLINE, 0, &resource_parts},
    {"restart_policy", WH_SLOT_POINTER, AT(wh_deploy, restart_policy), &restart_policy},
    {"update_config", WH_SLOT_POINTER, AT(wh_deploy, update_config), &update},
    {"rollback_config", WH_SLOT_POINTER, AT(wh_deploy, rollback_config), &update},
    {0},
};
static const struct wh_shape deploy = SHAPE(wh_deploy, deploy_slots);

static const struct wh_slot logging_slots[] = {
    {"driver", WH_SLOT_TEXT, AT(wh_logging, driver), NULL},
    {"options", WH_SLOT_PAIRS, AT(wh_logging, options), NULL},
    {0},
};
static const struct wh_shape logging = SHAPE(wh_logging, logging_slots);

/* ---- devices, limits, files, hooks ---- */

static const struct wh_slot device_slots[] = {
    {"source", WH_SLOT_TEXT, AT(wh_service_device, source), NULL},
    {"target", WH_SLOT_TEXT, AT(wh_service_device, target), NULL},
    {"permissions", WH_SLOT_TEXT, AT(wh_service_device, permissions), NULL},
    {0},
};
static const struct wh_shape device = SHAPE(wh_service_device, device_slots);

static int decode_ulimit(struct wh_arena *a, const struct wh_node *n, void *out, struct wh_err *err)
{
    struct wh_ulimit *u = out;
    if (n->kind != WH_NODE_INT &&
        (n->kind != WH_NODE_STR || wh_int_parse(n->text, INT64_MIN, INT64_MAX, &u->soft) < 0)) {
        wh_fail(err, WH_E_INVALID, "found %s, expected a number", wh_node_kind_text(n->kind));
        wh_err_at(err, &n->mark);
        return -1;
    }
    if (n->kind == WH_NODE_INT)
        u->soft = n->integer;
    u->hard = u->soft;
    return 0;
}

static const struct wh_slot ulimit_slots[] = {
    {"soft", WH_SLOT_INT, AT(wh_ulimit, soft), NULL},
    {"hard", WH_SLOT_INT, AT(wh_ulimit, hard), NULL},
    {0},
};
static const struct wh_shape ulimit = {.size = sizeof(struct wh_ulimit),
                                       .slots = ulimit_slots,
                                       .key_offset = AT(wh_ulimit, name),
                                       .mark_offset = AT(wh_ulimit, mark),
                                       .node_offset = WH_NO_OFFSET,
                                       .scalar = decode_ulimit};

static const struct wh_slot file_ref_slots[] = {
    {"source", WH_SLOT_TEXT, AT(wh_file_ref, source), NULL},
    {"target", WH_SLOT_TEXT, AT(wh_file_ref, target), NULL},
    {"uid", WH_SLOT_TEXT, AT(wh_file_ref, uid), NULL},
    {"gid", WH_SLOT_TEXT, AT(wh_file_ref, gid), NULL},
    {"digest", WH_SLOT_TEXT, AT(wh_file_ref, digest), NULL},
    {"mode", WH_SLOT_MODE, AT(wh_file_ref, mode), NULL},
    {0},
};
static const struct wh_shape file_ref = SHAPE(wh_file_ref, file_ref_slots);

static const struct wh_slot hook_slots[] = {
    {"command", WH_SLOT_COMMAND, AT(wh_hook, command), NULL},
    {"image", WH_SLOT_TEXT, AT(wh_hook, image), NULL},
    {"user", WH_SLOT_TEXT, AT(wh_hook, user), NULL},
    {"working_dir", WH_SLOT_TEXT, AT(wh_hook, working_dir), NULL},
    {"privileged", WH_SLOT_BOOL, AT(wh_hook, privileged), NULL},
    {"per_replica", WH_SLOT_BOOL, AT(wh_hook, per_replica), NULL},
    {"environment", WH_SLOT_PAIRS, AT(wh_hook, environment), NULL},
    {0},
};
static const struct wh_shape hook = SHAPE(wh_hook, hook_slots);

static const struct wh_slot weight_slots[] = {
    {"Path", WH_SLOT_TEXT, AT(wh_blkio_weight, path), NULL},
    {"path", WH_SLOT_TEXT, AT(wh_blkio_weight, path), NULL},
    {"Weight", WH_SLOT_INT, AT(wh_blkio_weight, weight), NULL},
    {"weight", WH_SLOT_INT, AT(wh_blkio_weight, weight), NULL},
    {0},
};
static const struct wh_shape weight = BARE_SHAPE(wh_blkio_weight, weight_slots);

static const struct wh_slot rate_slots[] = {
    {"Path", WH_SLOT_TEXT, AT(wh_blkio_rate, path), NULL},
    {"path", WH_SLOT_TEXT, AT(wh_blkio_rate, path), NULL},
    {"Rate", WH_SLOT_RATE, AT(wh_blkio_rate, rate), NULL},
    {"rate", WH_SLOT_RATE, AT(wh_blkio_rate, rate), NULL},
    {0},
};
static const struct wh_shape rate = BARE_SHAPE(wh_blkio_rate, rate_slots);

static const struct wh_slot blkio_slots[] = {
    {"weight", WH_SLOT_INT, AT(wh_blkio, weight), NULL},
    {"weight_device", WH_SLOT_LIST, AT(wh_blkio, weight_device), &weight},
    {"device_read_bps", WH_SLOT_LIST, AT(wh_blkio, device_read_bps), &rate},
    {"device_read_iops", WH_SLOT_LIST, AT(wh_blkio, device_read_iops), &rate},
    {"device_write_bps", WH_SLOT_LIST, AT(wh_blkio, device_write_bps), &rate},
    {"device_write_iops", WH_SLOT_LIST, AT(wh_blkio, device_write_iops), &rate},
    {0},
};
static const struct wh_shape blkio = SHAPE(wh_blkio, blkio_slots);

static const struct wh_slot provider_slots[] = {
    {"type", WH_SLOT_TEXT, AT(wh_provider, type), NULL},
    {0},
};
static const struct wh_shape provider = SHAPE(wh_provider, provider_slots);

static const struct wh_slot watch_slots[] = {
    {"path", WH_SLOT_TEXT, AT(wh_watch_rule, path), NULL},
    {"action", WH_SLOT_TEXT, AT(wh_watch_rule, action), NULL},
    {"target", WH_SLOT_TEXT, AT(wh_watch_rule, target), NULL},
    {"ignore", WH_SLOT_TEXTS, AT(wh_watch_rule, ignore), NULL},
    {"include", WH_SLOT_TEXTS, AT(wh_watch_rule, include), NULL},
    {"exec", WH_SLOT_POINTER, AT(wh_watch_rule, exec), &hook},
    {"initial_sync", WH_SLOT_BOOL, AT(wh_watch_rule, initial_sync), NULL},
    {0},
};
static const struct wh_shape watch_rule = SHAPE(wh_watch_rule, watch_slots);

static const struct wh_slot develop_slots[] = {
    {"watch", WH_SLOT_LIST, AT(wh_service, watch), &watch_rule},
    {0},
};
static const struct wh_shape develop = INLINE(develop_slots);

static const struct wh_slot build_slots[] = {
    {"context", WH_SLOT_TEXT, AT(wh_build, context), NULL},
    {"dockerfile", WH_SLOT_TEXT, AT(wh_build, dockerfile), NULL},
    {"dockerfile_inline", WH_SLOT_TEXT, AT(wh_build, dockerfile_inline), NULL},
    {"target", WH_SLOT_TEXT, AT(wh_build, target), NULL},
    {"network", WH_SLOT_TEXT, AT(wh_build, network), NULL},
    {"isolation", WH_SLOT_TEXT, AT(wh_build, isolation), NULL},
    {"args", WH_SLOT_PAIRS, AT(wh_build, args), NULL},
    {"labels", WH_SLOT_PAIRS, AT(wh_build, labels), NULL},
    {"additional_contexts", WH_SLOT_PAIRS, AT(wh_build, additional_contexts), NULL},
    {"ssh", WH_SLOT_PAIRS, AT(wh_build, ssh), NULL},
    {"tags", WH_SLOT_TEXTS, AT(wh_build, tags), NULL},
    {"cache_from", WH_SLOT_TEXTS, AT(wh_build, cache_from), NULL},
    {"cache_to", WH_SLOT_TEXTS, AT(wh_build, cache_to), NULL},
    {"platforms", WH_SLOT_TEXTS, AT(wh_build, platforms), NULL},
    {"no_cache_filter", WH_SLOT_TEXTS, AT(wh_build, no_cache_filter), NULL},
    {"entitlements", WH_SLOT_TEXTS, AT(wh_build, entitlements), NULL},
    {"extra_hosts", WH_SLOT_TEXTS, AT(wh_build, extra_hosts), NULL},
    {"secrets", WH_SLOT_LIST, AT(wh_build, secrets), &file_ref},
    {"ulimits", WH_SLOT_MAP, AT(wh_build, ulimits), &ulimit},
    {"no_cache", WH_SLOT_BOOL, AT(wh_build, no_cache), NULL},
    {"pull", WH_SLOT_BOOL, AT(wh_build, pull), NULL},
    {"privileged", WH_SLOT_BOOL, AT(wh_build, privileged), NULL},
    {"shm_size", WH_SLOT_BYTES, AT(wh_build, shm_size_bytes), NULL},
    {0},
};
static const struct wh_shape build = SHAPE(wh_build, build_slots);

/* ---- the service ---- */

static const struct wh_slot service_slots[] = {
    {"image", WH_SLOT_TEXT, AT(wh_service, image), NULL},
    {"platform", WH_SLOT_TEXT, AT(wh_service, platform), NULL},
    {"pull_policy", WH_SLOT_TEXT, AT(wh_service, pull_policy), NULL},
    {"runtime", WH_SLOT_TEXT, AT(wh_service, runtime), NULL},
    {"isolation", WH_SLOT_TEXT, AT(wh_service, isolation), NULL},
    {"container_name", WH_SLOT_TEXT, AT(wh_service, container_name), NULL},
    {"hostname", WH_SLOT_TEXT, AT(wh_service, hostname), NULL},
    {"domainname", WH_SLOT_TEXT, AT(wh_service, domainname), NULL},
    {"user", WH_SLOT_TEXT, AT(wh_service, user), NULL},
    {"working_dir", WH_SLOT_TEXT, AT(wh_service, working_dir), NULL},
    {"mac_address", WH_SLOT_TEXT, AT(wh_service, mac_address), NULL},
    {"restart", WH_SLOT_TEXT, AT(wh_service, restart), NULL},
    {"network_mode", WH_SLOT_TEXT, AT(wh_service, network_mode), NULL},
    {"pid", WH_SLOT_TEXT, AT(wh_service, pid), NULL},
    {"ipc", WH_SLOT_TEXT, AT(wh_service, ipc), NULL},
    {"uts", WH_SLOT_TEXT, AT(wh_service, uts), NULL},
    {"userns_mode", WH_SLOT_TEXT, AT(wh_service, userns_mode), NULL},
    {"cgroup", WH_SLOT_TEXT, AT(wh_service, cgroup), NULL},
    {"cgroup_parent", WH_SLOT_TEXT, AT(wh_service, cgroup_parent), NULL},
    {"stop_signal", WH_SLOT_TEXT, AT(wh_service, stop_signal), NULL},
    {"cpuset", WH_SLOT_TEXT, AT(wh_service, cpuset), NULL},
    {"pull_refresh_after", WH_SLOT_DURATION, AT(wh_service, pull_refresh_after_ns), NULL},
    {"build", WH_SLOT_POINTER, AT(wh_service, build), &build},
    {"provider", WH_SLOT_POINTER, AT(wh_service, provider), &provider},
    {"command", WH_SLOT_COMMAND, AT(wh_service, command), NULL},
    {"entrypoint", WH_SLOT_COMMAND, AT(wh_service, entrypoint), NULL},
    {"environment", WH_SLOT_PAIRS, AT(wh_service, environment), NULL},
    {"labels", WH_SLOT_PAIRS, AT(wh_service, labels), NULL},
    {"annotations", WH_SLOT_PAIRS, AT(wh_service, annotations), NULL},
    {"sysctls", WH_SLOT_PAIRS, AT(wh_service, sysctls), NULL},
    {"storage_opt", WH_SLOT_PAIRS, AT(wh_service, storage_opt), NULL},
    {"env_file", WH_SLOT_PATHS, AT(wh_service, env_file), NULL},
    {"label_file", WH_SLOT_TEXTS, AT(wh_service, label_file), NULL},
    {"ports", WH_SLOT_LIST, AT(wh_service, ports), &port},
    {"volumes", WH_SLOT_LIST, AT(wh_service, mounts), &mount},
    {"tmpfs", WH_SLOT_LIST, AT(wh_service, tmpfs), &tmpfs},
    {"networks", WH_SLOT_MAP, AT(wh_service, networks), &service_network},
    {"depends_on", WH_SLOT_MAP, AT(wh_service, depends_on), &dependency},
    {"healthcheck", WH_SLOT_POINTER, AT(wh_service, healthcheck), &health},
    {"deploy", WH_SLOT_POINTER, AT(wh_service, deploy), &deploy},
    {"logging", WH_SLOT_POINTER, AT(wh_service, logging), &logging},
    {"configs", WH_SLOT_LIST, AT(wh_service, configs), &file_ref},
    {"secrets", WH_SLOT_LIST, AT(wh_service, secrets), &file_ref},
    {"devices", WH_SLOT_LIST, AT(wh_service, devices), &device},
    {"ulimits", WH_SLOT_MAP, AT(wh_service, ulimits), &ulimit},
    {"develop", WH_SLOT_INLINE, 0, &develop},
    {"gpus", WH_SLOT_LIST, AT(wh_service, gpus), &request},
    {"pre_start", WH_SLOT_LIST, AT(wh_service, pre_start), &hook},
    {"post_start", WH_SLOT_LIST, AT(wh_service, post_start), &hook},
    {"pre_stop", WH_SLOT_LIST, AT(wh_service, pre_stop), &hook},
    {"blkio_config", WH_SLOT_POINTER, AT(wh_service, blkio), &blkio},
    {"cap_add", WH_SLOT_TEXTS, AT(wh_service, cap_add), NULL},
    {"cap_drop", WH_SLOT_TEXTS, AT(wh_service, cap_drop), NULL},
    {"security_opt", WH_SLOT_TEXTS, AT(wh_service, security_opt), NULL},
    {"device_cgroup_rules", WH_SLOT_TEXTS, AT(wh_service, device_cgroup_rules), NULL},
    {"dns", WH_SLOT_TEXTS, AT(wh_service, dns), NULL},
    {"dns_opt", WH_SLOT_TEXTS, AT(wh_service, dns_opt), NULL},
    {"dns_search", WH_SLOT_TEXTS, AT(wh_service, dns_search), NULL},
    {"expose", WH_SLOT_TEXTS, AT(wh_service, expose), NULL},
    {"extra_hosts", WH_SLOT_TEXTS, AT(wh_service, extra_hosts), NULL},
    {"group_add", WH_SLOT_TEXTS, AT(wh_service, group_add), NULL},
    {"links", WH_SLOT_TEXTS, AT(wh_service, links), NULL},
    {"external_links", WH_SLOT_TEXTS, AT(wh_service, external_links), NULL},
    {"profiles", WH_SLOT_TEXTS, AT(wh_service, profiles), NULL},
    {"volumes_from", WH_SLOT_TEXTS, AT(wh_service, volumes_from), NULL},
    {"stop_grace_period", WH_SLOT_DURATION, AT(wh_service, stop_grace_period_ns), NULL},
    {"init", WH_SLOT_OPT_BOOL, AT(wh_service, init), NULL},
    {"attach", WH_SLOT_OPT_BOOL, AT(wh_service, attach), NULL},
    {"tty", WH_SLOT_BOOL, AT(wh_service, tty), NULL},
    {"stdin_open", WH_SLOT_BOOL, AT(wh_service, stdin_open), NULL},
    {"read_only", WH_SLOT_BOOL, AT(wh_service, read_only), NULL},
    {"privileged", WH_SLOT_BOOL, AT(wh_service, privileged), NULL},
    {"oom_kill_disable", WH_SLOT_BOOL, AT(wh_service, oom_kill_disable), NULL},
    {"use_api_socket", WH_SLOT_BOOL, AT(wh_service, use_api_socket), NULL},
    {"scale", WH_SLOT_OPT_INT, AT(wh_service, scale), NULL},
    {"oom_score_adj", WH_SLOT_INT, AT(wh_service, oom_score_adj), NULL},
    {"shm_size", WH_SLOT_BYTES, AT(wh_service, shm_size_bytes), NULL},
    {"mem_limit", WH_SLOT_BYTES, AT(wh_service, mem_limit_bytes), NULL},
    {"mem_reservation", WH_SLOT_BYTES, AT(wh_service, mem_reservation_bytes), NULL},
    {"memswap_limit", WH_SLOT_BYTES, AT(wh_service, memswap_limit_bytes), NULL},
    {"mem_swappiness", WH_SLOT_BYTES, AT(wh_service, mem_swappiness), NULL},
    {"pids_limit", WH_SLOT_OPT_INT, AT(wh_service, pids_limit), NULL},
    {"cpu_shares", WH_SLOT_OPT_INT, AT(wh_service, cpu_shares), NULL},
    {"cpu_quota", WH_SLOT_OPT_INT, AT(wh_service, cpu_quota), NULL},
    {"cpu_period", WH_SLOT_OPT_INT, AT(wh_service, cpu_period), NULL},
    {"cpu_rt_period", WH_SLOT_OPT_INT, AT(wh_service, cpu_rt_period), NULL},
    {"cpu_rt_runtime", WH_SLOT_OPT_INT, AT(wh_service, cpu_rt_runtime), NULL},
    {"cpus", WH_SLOT_REAL, AT(wh_service, cpus), NULL},
    {0},
};
const struct wh_shape wh_shape_service = {.size = sizeof(struct wh_service),
                                          .slots = service_slots,
                                          .key_offset = AT(wh_service, name),
                                          .mark_offset = AT(wh_service, mark),
                                          .node_offset = AT(wh_service, node)};

/* ---- the project ---- */

static const struct wh_slot range_slots[] = {
    {"subnet", WH_SLOT_TEXT, AT(wh_ipam_range, subnet), NULL},
    {"ip_range", WH_SLOT_TEXT, AT(wh_ipam_range, ip_range), NULL},
    {"gateway", WH_SLOT_TEXT, AT(wh_ipam_range, gateway), NULL},
    {"aux_addresses", WH_SLOT_PAIRS, AT(wh_ipam_range, aux_addresses), NULL},
    {0},
};
static const struct wh_shape range = SHAPE(wh_ipam_range, range_slots);

static const struct wh_slot ipam_slots[] = {
    {"driver", WH_SLOT_TEXT, AT(wh_network, ipam_driver), NULL},
    {"config", WH_SLOT_LIST, AT(wh_network, ipam), &range},
    {0},
};
static const struct wh_shape ipam = INLINE(ipam_slots);

static const struct wh_slot network_slots[] = {
    {"name", WH_SLOT_TEXT, AT(wh_network, name), NULL},
    {"driver", WH_SLOT_TEXT, AT(wh_network, driver), NULL},
    {"driver_opts", WH_SLOT_PAIRS, AT(wh_network, driver_opts), NULL},
    {"labels", WH_SLOT_PAIRS, AT(wh_network, labels), NULL},
    {"external", WH_SLOT_BOOL, AT(wh_network, external), NULL},
    {"internal", WH_SLOT_BOOL, AT(wh_network, internal), NULL},
    {"attachable", WH_SLOT_BOOL, AT(wh_network, attachable), NULL},
    {"enable_ipv4", WH_SLOT_OPT_BOOL, AT(wh_network, enable_ipv4), NULL},
    {"enable_ipv6", WH_SLOT_OPT_BOOL, AT(wh_network, enable_ipv6), NULL},
    {"ipam", WH_SLOT_INLINE, 0, &ipam},
    {0},
};
static const struct wh_shape network = RESOURCE_SHAPE(wh_network, network_slots);

static const struct wh_slot volume_slots[] = {
    {"name", WH_SLOT_TEXT, AT(wh_volume, name), NULL},
    {"driver", WH_SLOT_TEXT, AT(wh_volume, driver), NULL},
    {"driver_opts", WH_SLOT_PAIRS, AT(wh_volume, driver_opts), NULL},
    {"labels", WH_SLOT_PAIRS, AT(wh_volume, labels), NULL},
    {"external", WH_SLOT_BOOL, AT(wh_volume, external), NULL},
    {0},
};
static const struct wh_shape volume = RESOURCE_SHAPE(wh_volume, volume_slots);

static const struct wh_slot source_slots[] = {
    {"name", WH_SLOT_TEXT, AT(wh_file_source, name), NULL},
    {"file", WH_SLOT_TEXT, AT(wh_file_source, file), NULL},
    {"environment", WH_SLOT_TEXT, AT(wh_file_source, environment), NULL},
    {"content", WH_SLOT_TEXT, AT(wh_file_source, content), NULL},
    {"driver", WH_SLOT_TEXT, AT(wh_file_source, driver), NULL},
    {"template_driver", WH_SLOT_TEXT, AT(wh_file_source, template_driver), NULL},
    {"labels", WH_SLOT_PAIRS, AT(wh_file_source, labels), NULL},
    {"driver_opts", WH_SLOT_PAIRS, AT(wh_file_source, driver_opts), NULL},
    {"external", WH_SLOT_BOOL, AT(wh_file_source, external), NULL},
    {0},
};
static const struct wh_shape source = RESOURCE_SHAPE(wh_file_source, source_slots);

static const struct wh_slot project_slots[] = {
    {"name", WH_SLOT_TEXT, AT(wh_project, name), NULL},
    {"services", WH_SLOT_MAP, AT(wh_project, services), &wh_shape_service},
    {"networks", WH_SLOT_MAP, AT(wh_project, networks), &network},
    {"volumes", WH_SLOT_MAP, AT(wh_project, volumes), &volume},
    {"configs", WH_SLOT_MAP, AT(wh_project, configs), &source},
    {"secrets", WH_SLOT_MAP, AT(wh_project, secrets), &source},
    {0},
};
const struct wh_shape wh_shape_project = {.size = sizeof(struct wh_project),
                                          .slots = project_slots,
                                          .key_offset = WH_NO_OFFSET,
                                          .mark_offset = WH_NO_OFFSET,
                                          .node_offset = AT(wh_project, node)};
