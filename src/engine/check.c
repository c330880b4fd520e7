/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What would make a container impossible is found before anything is changed: names, and settings that the loader
 * accepts because docker compose does, but that no engine can carry out.
 */
#include "engine/check.h"
#include "engine/restart.h"

#include "whale/util/str.h"

#include <string.h>

static bool name_is_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    return name[0] && strchr(first, name[0]) && name[strspn(name, rest)] == '\0' && strlen(name) <= 200;
}

static int check_caps(const struct wh_texts *caps, const char *what, struct wh_err *err)
{
    for (size_t i = 0; i < caps->len; i++)
        if (!wh_runtime_cap_is_known(caps->items[i]))
            return fail_item(err, what, caps->items[i], "invalid %s: unknown capability: \"%s\"", what, caps->items[i]);
    return 0;
}

static int check_privileges(const struct wh_service *s, struct wh_err *err)
{
    return check_caps(&s->cap_add, "cap_add", err) < 0 ? -1 : check_caps(&s->cap_drop, "cap_drop", err);
}

static bool is_security_option(const char *opt)
{
    static const char *const keys[] = {"apparmor", "label", "no-new-privileges", "seccomp", "systempaths"};
    for (size_t i = 0; i < WH_ARRAY_LEN(keys); i++)
        if (wh_starts(opt, keys[i]) && strchr(":=", opt[strlen(keys[i])]))
            return true;
    return false;
}

/* Those that need files are checked when they are read. */
static int check_security(const struct wh_service *s, struct wh_err *err)
{
    static const char *const words[] = {"true", "false", "1", "0", "t", "f"};
    static const char key[] = "no-new-privileges";
    for (size_t i = 0; i < s->security_opt.len; i++) {
        const char *opt = s->security_opt.items[i];
        bool good = !wh_starts(opt, key) || !opt[strlen(key)];
        for (size_t j = 0; j < WH_ARRAY_LEN(words) && !good; j++)
            good = strchr(":=", opt[strlen(key)]) && strcasecmp(opt + strlen(key) + 1, words[j]) == 0;
        if (!good || !is_security_option(opt))
            return fail_item(err, "security_opt", opt, "invalid --security-opt: \"%s\"", opt);
    }
    return 0;
}

static int check_signal(const struct wh_service *s, struct wh_err *err)
{
    int number;
    if (s->stop_signal && s->stop_signal[0] && (signal_parse(s->stop_signal, &number) < 0 || number < 1))
        return wh_fail(err, WH_E_INVALID, "stop_signal: invalid signal: %s", s->stop_signal);
    return 0;
}

/* What other engines have and this one has not. */
static int check_runtime(const struct wh_service *s, struct wh_err *err)
{
    static const char *const runtimes[] = {"", "runc", "crun", "io.containerd.runc.v2"};
    bool known = !s->runtime;
    for (size_t i = 0; i < WH_ARRAY_LEN(runtimes) && !known; i++)
        known = strcmp(s->runtime, runtimes[i]) == 0;
    return known ? 0 : wh_fail(err, WH_E_INVALID, "unknown runtime specified %s", s->runtime);
}

static int check_gpus(const struct wh_service *s, struct wh_err *err)
{
    const struct wh_deploy_resources *reserved = s->deploy ? s->deploy->reservations : NULL;
    if (s->gpus.len == 0 && (!reserved || reserved->devices.len == 0))
        return 0;
    return wh_fail(err, WH_E_INVALID, "could not select device driver for gpus and reserved devices: there are none");
}

static int check_isolation(const struct wh_service *s, struct wh_err *err)
{
    if (s->isolation && s->isolation[0] && strcasecmp(s->isolation, "default") != 0)
        return wh_fail(err, WH_E_INVALID, "invalid isolation: \"%s\" - linux only supports 'default'", s->isolation);
    return 0;
}

static int check_restart(const struct wh_service *s, struct wh_err *err)
{
    struct restart_policy policy;
    return restart_policy_parse(s, &policy, err);
}

static int check_ulimits(const struct wh_service *s, struct wh_err *err)
{
    for (size_t i = 0; i < s->ulimits.len; i++)
        if (!wh_runtime_rlimit_is_known(s->ulimits.items[i].name))
            return fail_item(err, "ulimits", s->ulimits.items[i].name, "ulimit \"%s\" is not known",
                             s->ulimits.items[i].name);
    return 0;
}

static int check_sysctls(const struct wh_service *s, struct wh_err *err)
{
    bool own_net = !wh_streq(s->network_mode, "host"), own_ipc = !wh_streq(s->ipc, "host");
    for (size_t i = 0; i < s->sysctls.len; i++)
        if (wh_runtime_check_sysctl(s->sysctls.items[i].key, own_net, own_ipc, err) < 0)
            return wh_err_in(err, "sysctls/%s", s->sysctls.items[i].key);
    return 0;
}

static int check_device_rules(const struct wh_service *s, struct wh_err *err)
{
    for (size_t i = 0; i < s->device_cgroup_rules.len; i++) {
        const char *rule = s->device_cgroup_rules.items[i];
        if (!wh_runtime_device_rule_is_valid(rule))
            return fail_item(err, "device_cgroup_rules", rule, "invalid device cgroup rule format: '%s'", rule);
    }
    return 0;
}

/* The attribute is to blame unless the check itself says which. */
static const struct {
    int (*check)(const struct wh_service *, struct wh_err *);
    const char *attribute;
} checks[] = {
    {check_restart, "restart"},     {check_privileges, NULL},   {check_security, NULL},
    {check_signal, "stop_signal"},  {check_runtime, "runtime"}, {check_gpus, "gpus"},
    {check_isolation, "isolation"}, {check_ulimits, NULL},      {check_sysctls, NULL},
    {check_device_rules, NULL},     {check_limits, NULL},       {check_network, "network_mode"},
    {check_mounts, NULL},           {logging_check, NULL},
};

static int check_name(const struct wh_policy *p, const struct create_request *r, struct wh_err *err)
{
    if (!name_is_valid(r->name))
        return wh_fail(err, WH_E_INVALID, "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
                       r->name);
    const struct ctr *same = ctr_find_name(p, r->name);
    const char *owner = same && same != r->replaces ? p->project : wh_map_get(&p->foreign_names, r->name);
    return owner ? wh_fail(err, WH_E_CONFLICT,
                           "the container name \"%s\" is already in use by container \"%s\" of project \"%s\"", r->name,
                           same ? same->rec.id : r->name, owner)
                 : 0;
}

int ctr_check(struct wh_policy *p, const struct create_request *r, struct wh_err *err)
{
    if (check_name(p, r, err) < 0)
        return wh_err_in(err, "container_name");
    for (size_t i = 0; i < WH_ARRAY_LEN(checks); i++) {
        if (checks[i].check(r->service, err) == 0)
            continue;
        if (checks[i].attribute && !err->value)
            wh_err_in(err, "%s", checks[i].attribute);
        return wh_wrap(err, "service \"%s\"", r->service->name);
    }
    return 0;
}
