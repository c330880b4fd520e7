/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What would make a container impossible is found before anything is changed: names, and settings that the loader
 * accepts because docker compose does, but that no engine can carry out.
 */
#include "engine/policy.h"

#include "whale/util/str.h"

#include <string.h>
#include <sys/sysinfo.h>

#define MIN_MEMORY_BYTES (INT64_C(6) << 20) /* Docker's: below that not even the first process would come up */

static bool name_is_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    return name[0] && strchr(first, name[0]) && name[strspn(name, rest)] == '\0' && strlen(name) <= 200;
}

static int check_caps(const struct wh_texts *caps, struct wh_err *err)
{
    for (size_t i = 0; i < caps->len; i++)
        if (!wh_runtime_cap_is_known(caps->items[i]))
            return wh_fail(err, WH_E_INVALID, "capability \"%s\" is not known", caps->items[i]);
    return 0;
}

static int check_privileges(const struct wh_service *s, struct wh_err *err)
{
    return check_caps(&s->cap_add, err) < 0 ? -1 : check_caps(&s->cap_drop, err);
}

static int check_restart(const struct wh_service *s, struct wh_err *err)
{
    struct restart_policy policy;
    return restart_policy_parse(s, &policy, err);
}

static int check_kernel(const struct wh_service *s, struct wh_err *err)
{
    for (size_t i = 0; i < s->ulimits.len; i++)
        if (!wh_runtime_rlimit_is_known(s->ulimits.items[i].name))
            return wh_fail(err, WH_E_INVALID, "ulimit \"%s\" is not known", s->ulimits.items[i].name);
    bool own_net = !wh_streq(s->network_mode, "host"), own_ipc = !wh_streq(s->ipc, "host");
    for (size_t i = 0; i < s->sysctls.len; i++)
        if (wh_runtime_check_sysctl(s->sysctls.items[i].key, own_net, own_ipc, err) < 0)
            return -1;
    for (size_t i = 0; i < s->device_cgroup_rules.len; i++)
        if (!wh_runtime_device_rule_is_valid(s->device_cgroup_rules.items[i]))
            return wh_fail(err, WH_E_INVALID, "device rule \"%s\" is no rule", s->device_cgroup_rules.items[i]);
    return 0;
}

static int check_limits(const struct wh_service *s, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_resources r;
    if (spec_resources(&a, s, &r, err) < 0)
        return -1;
    if (r.memory_bytes > 0 && r.memory_bytes < MIN_MEMORY_BYTES)
        return wh_fail(err, WH_E_INVALID, "memory limit of %lld bytes is too low: at least 6 MiB are needed",
                       (long long)r.memory_bytes);
    if (r.nano_cpus > (int64_t)get_nprocs() * 1000000000)
        return wh_fail(err, WH_E_INVALID, "%.2f CPUs are more than the %d that are there", (double)r.nano_cpus / 1e9,
                       get_nprocs());
    return 0;
}

static int check_mounts(const struct wh_service *s, struct wh_err *err)
{
    for (size_t i = 0; i < s->mounts.len; i++) {
        const struct wh_service_mount *m = &s->mounts.items[i];
        if (m->target && m->target[0] == '/')
            continue;
        wh_fail(err, WH_E_INVALID, "mount target \"%s\" is not absolute", m->target ? m->target : "");
        wh_err_at(err, &m->mark);
        return -1;
    }
    return 0;
}

static int check_logging(const struct wh_service *s, struct wh_err *err)
{
    static const char *const drivers[] = {"json-file", "local", "none"};
    if (!s->logging || !s->logging->driver || !s->logging->driver[0])
        return 0;
    for (size_t i = 0; i < WH_ARRAY_LEN(drivers); i++)
        if (strcmp(drivers[i], s->logging->driver) == 0)
            return 0;
    wh_fail(err, WH_E_INVALID, "logging driver \"%s\" is not supported", s->logging->driver);
    wh_err_at(err, &s->logging->mark);
    wh_err_hint(err, "json-file, local and none are");
    return -1;
}

int ctr_check(struct wh_policy *p, const struct create_request *r, struct wh_err *err)
{
    static int (*const checks[])(const struct wh_service *, struct wh_err *) = {
        check_restart, check_privileges, check_kernel, check_limits, check_mounts, check_logging};
    if (!name_is_valid(r->name))
        return wh_fail(err, WH_E_INVALID, "\"%s\" cannot be the name of a container", r->name);
    const struct ctr *same = ctr_find_name(p, r->name);
    const char *owner = same && same != r->replaces ? p->project : wh_map_get(&p->foreign_names, r->name);
    if (owner)
        return wh_fail(err, WH_E_CONFLICT, "the container name \"%s\" is already in use by project \"%s\"", r->name,
                       owner);
    for (size_t i = 0; i < WH_ARRAY_LEN(checks); i++) {
        if (checks[i](r->service, err) == 0)
            continue;
        wh_err_at(err, &r->service->mark);
        return wh_wrap(err, "service \"%s\"", r->service->name);
    }
    return 0;
}
