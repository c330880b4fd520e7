/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a container's record (service and image as they were at create) to the container spec of the runtime: process,
 * environment, security, resources. Mounts are in spec_mounts.c, namespaces are decided at start.
 */
#include "engine/spec.h"
#include "engine/check.h"
#include "engine/network.h"

#include "whale/util/size.h"
#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

static const char *const *null_terminated(struct wh_arena *a, const struct wh_texts *texts)
{
    const char **list = wh_arena_array(a, const char *, texts->len + 1);
    for (size_t i = 0; list && i < texts->len; i++)
        list[i] = texts->items[i];
    return list;
}

/* ---- process ----------------------------------------------------------------------------------------------------- */

/* Docker's rule: an entrypoint in the file drops the image's command; an empty command keeps the image's unless the
 * entrypoint was replaced by another one. [""] is none at all. */
const char *const *spec_argv(struct wh_arena *a, const struct wh_service *s, const struct wh_image *image)
{
    const struct wh_image_config *c = &image->config;
    bool own_entry = s->entrypoint.is_set;
    const char *const *entry = own_entry ? s->entrypoint.argv : c->entrypoint;
    size_t n_entry = own_entry ? s->entrypoint.len : c->n_entrypoint;
    bool own_command = s->command.is_set && s->command.len, drops_command = own_entry && n_entry > 0;
    const char *const *command = own_command ? s->command.argv : drops_command ? NULL : c->cmd;
    size_t n_command = own_command ? s->command.len : drops_command ? 0 : c->n_cmd;
    if (own_entry && n_entry == 1 && !entry[0][0])
        n_entry = 0;
    const char **argv = wh_arena_array(a, const char *, n_entry + n_command + 1);
    if (!argv)
        return NULL;
    for (size_t i = 0; i < n_entry; i++)
        argv[i] = entry[i];
    for (size_t i = 0; i < n_command; i++)
        argv[n_entry + i] = command[i];
    return argv;
}

static void set_env(struct wh_map *env, const char *key, const char *value)
{
    if (value)
        wh_map_set(env, key, (void *)value);
    else
        wh_map_del(env, key);
}

static void set_pairs(struct wh_map *env, const struct wh_pairs *pairs)
{
    for (size_t i = 0; pairs && i < pairs->len; i++)
        set_env(env, pairs->items[i].key, pairs->items[i].value);
}

static bool has_key(const struct wh_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->len; i++)
        if (strcmp(pairs->items[i].key, key) == 0)
            return true;
    return false;
}

/* What the service does not set or take away itself. */
static void set_image_env(struct wh_arena *a, struct wh_map *env, const struct wh_image_config *c,
                          const struct wh_pairs *own)
{
    for (size_t i = 0; i < c->n_env; i++) {
        const char *eq = strchr(c->env[i], '=');
        const char *key = eq ? wh_arena_strndup(a, c->env[i], (size_t)(eq - c->env[i])) : NULL;
        if (key && key[0] && !has_key(own, key))
            set_env(env, key, eq + 1);
    }
}

const char *const *spec_env(struct wh_arena *a, const struct ctr *c, const struct wh_pairs *more, bool tty)
{
    wh_auto_map env = {0};
    set_env(&env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    if (!wh_streq(c->service->uts, "host"))
        set_env(&env, "HOSTNAME", ctr_hostname(a, c));
    if (tty)
        set_env(&env, "TERM", "xterm");
    set_pairs(&env, &c->service->environment);
    set_image_env(a, &env, &c->image->config, &c->service->environment);
    set_pairs(&env, more);
    const char **list = wh_arena_array(a, const char *, env.len + 1);
    for (size_t i = 0; list && i < env.len; i++)
        list[i] = wh_arena_fmt(a, "%s=%s", env.entries[i].key, (const char *)env.entries[i].value);
    return list;
}

static bool is_no_new_privs(const struct wh_service *s)
{
    bool on = false;
    for (size_t i = 0; i < s->security_opt.len; i++) {
        const char *opt = s->security_opt.items[i];
        if (wh_starts(opt, "no-new-privileges"))
            on = !wh_ends(opt, ":false") && !wh_ends(opt, "=false");
    }
    return on;
}

static void build_process(struct wh_arena *a, const struct ctr *c, struct wh_process_spec *ret)
{
    const struct wh_service *s = c->service;
    const struct wh_image_config *image = &c->image->config;
    wh_process_spec_init(ret);
    ret->argv = spec_argv(a, s, c->image);
    ret->env = spec_env(a, c, NULL, c->rec.tty);
    ret->cwd = s->working_dir && s->working_dir[0] ? s->working_dir : image->working_dir;
    ret->user = s->user && s->user[0] ? s->user : image->user;
    ret->extra_groups = null_terminated(a, &s->group_add);
    ret->cap_add = null_terminated(a, &s->cap_add);
    ret->cap_drop = null_terminated(a, &s->cap_drop);
    ret->privileged = s->privileged;
    ret->no_new_privs = is_no_new_privs(s);
    ret->tty = c->rec.tty;
}

/* ---- security ---------------------------------------------------------------------------------------------------- */

/* "seccomp=x", "seccomp:x" -> "x" */
static const char *option_value(const char *opt, const char *key)
{
    size_t len = strlen(key);
    return strncmp(opt, key, len) == 0 && (opt[len] == '=' || opt[len] == ':') ? opt + len + 1 : NULL;
}

static const char *profile_path(struct wh_arena *a, const struct ctr *c, const char *path)
{
    const char *dir = wh_container_label(&c->rec, "com.docker.compose.project.working_dir");
    return path[0] == '/' || !dir ? path : wh_arena_fmt(a, "%s/%s", dir, path);
}

static int security_option(struct wh_arena *a, const struct ctr *c, const char *opt, struct wh_container_spec *ret,
                           struct wh_err *err)
{
    const char *seccomp = option_value(opt, "seccomp"), *apparmor = option_value(opt, "apparmor");
    if (seccomp && strcmp(seccomp, "unconfined") == 0) {
        ret->seccomp = WH_SECCOMP_UNCONFINED;
    } else if (seccomp) {
        ret->seccomp = WH_SECCOMP_PROFILE;
        ret->seccomp_path = profile_path(a, c, seccomp);
    } else if (apparmor) {
        ret->apparmor = apparmor;
    } else if (strcmp(opt, "systempaths=unconfined") == 0) {
        ret->systempaths_unconfined = true;
    } else if (!wh_starts(opt, "no-new-privileges") && !wh_starts(opt, "label")) {
        return fail_item(err, "security_opt", opt, "invalid --security-opt: \"%s\"", opt);
    }
    return 0;
}

static int build_security(struct wh_arena *a, const struct ctr *c, struct wh_container_spec *ret, struct wh_err *err)
{
    const struct wh_service *s = c->service;
    ret->cache_dir = c->p ? c->p->seccomp_cache : NULL;
    if (s->privileged)
        ret->seccomp = WH_SECCOMP_UNCONFINED;
    ret->systempaths_unconfined = s->privileged;
    for (size_t i = 0; i < s->security_opt.len; i++)
        if (security_option(a, c, s->security_opt.items[i], ret, err) < 0)
            return -1;
    return 0;
}

/* ---- resources --------------------------------------------------------------------------------------------------- */

static int64_t opt_or(const struct wh_opt_int *first, const struct wh_opt_int *second, int64_t fallback)
{
    if (first && first->is_set)
        return first->value;
    return second && second->is_set ? second->value : fallback;
}

static void build_memory_cpu(const struct wh_service *s, struct wh_resources *r)
{
    const struct wh_deploy_resources *limits = s->deploy ? s->deploy->limits : NULL;
    const struct wh_deploy_resources *reserved = s->deploy ? s->deploy->reservations : NULL;
    r->memory_bytes = opt_or(limits ? &limits->memory_bytes : NULL, &s->mem_limit_bytes, 0);
    r->memory_reservation_bytes = opt_or(reserved ? &reserved->memory_bytes : NULL, &s->mem_reservation_bytes, 0);
    r->memory_swap_bytes = opt_or(&s->memswap_limit_bytes, NULL, 0);
    if (s->mem_swappiness.is_set)
        r->swappiness = s->mem_swappiness.value;
    r->oom_kill_disable = s->oom_kill_disable;
    double cpus = limits && limits->cpus > 0 ? limits->cpus : s->cpus;
    r->nano_cpus = (int64_t)(cpus * 1e9);
    r->cpu_quota_us = opt_or(&s->cpu_quota, NULL, 0);
    r->cpu_period_us = opt_or(&s->cpu_period, NULL, 0);
    r->cpu_shares = opt_or(&s->cpu_shares, NULL, 0);
    r->cpu_rt_runtime_us = opt_or(&s->cpu_rt_runtime, NULL, 0);
    r->cpu_rt_period_us = opt_or(&s->cpu_rt_period, NULL, 0);
    r->cpuset_cpus = s->cpuset;
    int64_t pids = opt_or(limits ? &limits->pids : NULL, &s->pids_limit, INT64_MIN);
    r->pids_limit = pids == INT64_MIN ? 0 : pids > 0 ? pids : -1;
}

static size_t add_rates(struct wh_blkio_limit *out, const struct wh_blkio_rates *rates, enum wh_blkio_kind kind)
{
    for (size_t i = 0; i < rates->len; i++)
        out[i] = (struct wh_blkio_limit){kind, rates->items[i].path, (uint64_t)rates->items[i].rate};
    return rates->len;
}

static int build_blkio(struct wh_arena *a, const struct wh_blkio *b, struct wh_resources *r)
{
    size_t n = b->weight_device.len + b->device_read_bps.len + b->device_write_bps.len + b->device_read_iops.len +
               b->device_write_iops.len;
    struct wh_blkio_limit *out = wh_arena_array(a, struct wh_blkio_limit, n + 1);
    if (!out)
        return -1;
    r->blkio_weight = b->weight;
    r->blkio = out;
    for (size_t i = 0; i < b->weight_device.len; i++)
        *out++ = (struct wh_blkio_limit){WH_BLKIO_WEIGHT, b->weight_device.items[i].path,
                                         (uint64_t)b->weight_device.items[i].weight};
    out += add_rates(out, &b->device_read_bps, WH_BLKIO_READ_BPS);
    out += add_rates(out, &b->device_write_bps, WH_BLKIO_WRITE_BPS);
    out += add_rates(out, &b->device_read_iops, WH_BLKIO_READ_IOPS);
    add_rates(out, &b->device_write_iops, WH_BLKIO_WRITE_IOPS);
    r->n_blkio = n;
    return 0;
}

static int build_devices(struct wh_arena *a, const struct wh_service *s, struct wh_resources *r)
{
    struct wh_device *devices = wh_arena_array(a, struct wh_device, s->devices.len + 1);
    if (!devices)
        return -1;
    for (size_t i = 0; i < s->devices.len; i++) {
        const struct wh_service_device *d = &s->devices.items[i];
        const char *target = d->target && d->target[0] != '/' ? wh_arena_fmt(a, "/%s", d->target) : d->target;
        devices[i] = (struct wh_device){d->source, target, d->permissions};
    }
    r->devices = devices;
    r->n_devices = s->devices.len;
    r->device_rules = null_terminated(a, &s->device_cgroup_rules);
    r->n_device_rules = s->device_cgroup_rules.len;
    r->all_devices = s->privileged;
    return 0;
}

int spec_resources(struct wh_arena *a, const struct wh_service *s, struct wh_resources *ret, struct wh_err *err)
{
    wh_resources_init(ret);
    build_memory_cpu(s, ret);
    if ((s->blkio && build_blkio(a, s->blkio, ret) < 0) || build_devices(a, s, ret) < 0)
        return wh_fail(err, ENOMEM, "resources");
    return 0;
}

static int build_limits(struct wh_arena *a, const struct wh_service *s, struct wh_container_spec *ret)
{
    struct wh_rlimit *limits = wh_arena_array(a, struct wh_rlimit, s->ulimits.len + 1);
    struct wh_kv *sysctls = wh_arena_array(a, struct wh_kv, s->sysctls.len + 1);
    if (!limits || !sysctls)
        return -1;
    for (size_t i = 0; i < s->ulimits.len; i++)
        limits[i] = (struct wh_rlimit){s->ulimits.items[i].name, s->ulimits.items[i].soft, s->ulimits.items[i].hard};
    for (size_t i = 0; i < s->sysctls.len; i++)
        sysctls[i] =
            (struct wh_kv){s->sysctls.items[i].key, s->sysctls.items[i].value ? s->sysctls.items[i].value : ""};
    ret->rlimits = limits;
    ret->n_rlimits = s->ulimits.len;
    ret->sysctls = sysctls;
    ret->n_sysctls = s->sysctls.len;
    return 0;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static int build_rootfs(struct wh_arena *a, const struct ctr *c, struct wh_rootfs *ret)
{
    const struct wh_image *image = c->image;
    const char **lowers = wh_arena_array(a, const char *, image->n_layers + 1);
    wh_auto_free char *upper = ctr_file(c, "upper");
    wh_auto_free char *work = ctr_file(c, "work");
    if (!lowers || !upper || !work)
        return -1;
    for (size_t i = 0; i < image->n_layers; i++)
        lowers[i] = wh_arena_fmt(a, "%s/%s/fs", image->layers_dir, image->layers[i].name);
    *ret = (struct wh_rootfs){.lowers = lowers,
                              .n_lowers = image->n_layers,
                              .upper = wh_arena_strdup(a, upper),
                              .work = wh_arena_strdup(a, work),
                              .readonly = c->service->read_only};
    return 0;
}

int spec_build(struct wh_arena *a, const struct ctr *c, struct wh_container_spec *ret, struct wh_err *err)
{
    const struct wh_service *s = c->service;
    wh_container_spec_init(ret);
    ret->id = c->rec.id;
    build_process(a, c, &ret->process);
    if (!ret->process.argv || !ret->process.argv[0])
        return fail_attribute(err, "command",
                              "no command specified: neither the image nor the service says what to run");
    ret->hostname = ctr_hostname(a, c);
    ret->domainname = s->domainname;
    ret->shm_bytes = s->shm_size_bytes.is_set ? s->shm_size_bytes.value : 0;
    ret->oom_score_adj = s->oom_score_adj;
    /* Docker: only a pid namespace of its own has an init program. */
    ret->init = s->init.is_set && s->init.value && (!s->pid || !s->pid[0] || wh_streq(s->pid, "private"));
    ret->cgroupns_host = wh_streq(s->cgroup, "host");
    if (build_rootfs(a, c, &ret->rootfs) < 0 || build_limits(a, s, ret) < 0 || a->failed)
        return wh_fail(err, ENOMEM, "container spec");
    if (spec_resources(a, s, &ret->resources, err) < 0 || build_security(a, c, ret, err) < 0)
        return -1;
    return spec_mounts(a, c, ret, err);
}

/* ---- exec -------------------------------------------------------------------------------------------------------- */

int spec_exec(struct wh_arena *a, const struct ctr *c, const struct exec_wish *wish, struct wh_exec_spec *ret,
              struct wh_err *err)
{
    struct wh_container_spec *whole = wh_arena_new(a, struct wh_container_spec);
    if (!whole)
        return wh_fail(err, ENOMEM, "exec");
    wh_container_spec_init(whole);
    if (build_security(a, c, whole, err) < 0)
        return -1;
    memset(ret, 0, sizeof(*ret));
    build_process(a, c, &ret->process);
    ret->process.argv = wish->argv;
    ret->process.env = spec_env(a, c, wish->env, wish->tty);
    ret->process.user = wish->user && wish->user[0] ? wish->user : ret->process.user;
    ret->process.cwd = wish->workdir && wish->workdir[0] ? wish->workdir : ret->process.cwd;
    ret->process.privileged |= wish->privileged;
    ret->process.tty = wish->tty;
    if (build_limits(a, c->service, whole) < 0 || a->failed)
        return wh_fail(err, ENOMEM, "exec");
    ret->container_pidfd = c->pidfd;
    ret->seccomp = wish->privileged ? WH_SECCOMP_UNCONFINED : whole->seccomp;
    ret->seccomp_path = whole->seccomp_path;
    ret->apparmor = whole->apparmor;
    ret->cache_dir = whole->cache_dir;
    ret->rlimits = whole->rlimits;
    ret->n_rlimits = whole->n_rlimits;
    ret->oom_score_adj = c->service->oom_score_adj;
    ret->in_host_pidns = wh_streq(c->service->pid, "host");
    return 0;
}
