/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user's profile in Docker's JSON format (`security_opt: seccomp=FILE`) as libseccomp rules. */
#include "seccomp_rules.h"

#include "caps.h"

#include "whale/util/cleanup.h"
#include "whale/util/err.h"
#include "whale/util/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define MAX_ARGS  6
#define MAX_ERRNO 4095

static const struct {
    const char *name;
    uint32_t action;
} actions[] = {
    {"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
    {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
    {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
    {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(EPERM)},
    {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(EPERM)},
    {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
    {"SCMP_ACT_LOG", SCMP_ACT_LOG},
};

static const struct {
    const char *name;
    enum scmp_compare op;
} comparisons[] = {
    {"SCMP_CMP_NE", SCMP_CMP_NE},
    {"SCMP_CMP_LT", SCMP_CMP_LT},
    {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
    {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_GT", SCMP_CMP_GT},
    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

/* Machines by the names of the `arches` condition. */
static const struct {
    const char *name;
    uint32_t native;
} machines[] = {{"amd64", SCMP_ARCH_X86_64}, {"x32", SCMP_ARCH_X86_64},    {"x86", SCMP_ARCH_X86_64},
                {"386", SCMP_ARCH_X86_64},   {"arm64", SCMP_ARCH_AARCH64}, {"arm", SCMP_ARCH_AARCH64}};

static int parse_action(const struct wh_node *from, const char *key, const char *errno_key, uint32_t *ret,
                        struct wh_err *err)
{
    const char *name = wh_node_get_str(from, key, "");
    int64_t code = wh_node_get_int(from, errno_key, -1);
    for (size_t i = 0; i < WH_ARRAY_LEN(actions); i++) {
        if (strcmp(name, actions[i].name) != 0)
            continue;
        if (code > MAX_ERRNO)
            return wh_fail(err, WH_E_INVALID, "%s: %lld is no error number", errno_key, (long long)code);
        *ret = actions[i].action;
        if (code >= 0 && *ret == SCMP_ACT_ERRNO(EPERM))
            *ret = SCMP_ACT_ERRNO((uint32_t)code);
        return 0;
    }
    return wh_fail(err, WH_E_INVALID, "%s: unknown action \"%s\"", key, name);
}

/* Everything below walks these as lists, so a mapping or a word in their place is refused first. keys ends with NULL.
 */
static int check_lists(const struct wh_node *map, const char *const *keys, struct wh_err *err)
{
    for (; *keys; keys++) {
        const struct wh_node *list = wh_node_get(map, *keys);
        if (list && list->kind != WH_NODE_SEQ && list->kind != WH_NODE_NULL)
            return wh_fail(err, WH_E_INVALID, "\"%s\" must be a list", *keys);
    }
    return 0;
}

static int check_group(const struct wh_node *group, struct wh_err *err)
{
    static const char *const own[] = {"names", "args", NULL}, *const conditions[] = {"caps", "arches", NULL};
    if (group->kind != WH_NODE_MAP)
        return wh_fail(err, WH_E_INVALID, "must be an object");
    if (check_lists(group, own, err) < 0)
        return -1;
    if (check_lists(wh_node_get(group, "includes"), conditions, err) < 0)
        return wh_wrap(err, "includes");
    return check_lists(wh_node_get(group, "excludes"), conditions, err) < 0 ? wh_wrap(err, "excludes") : 0;
}

static const struct wh_node *item(const struct wh_node *seq, size_t i)
{
    return seq->seq.items[i];
}

static bool lists_machine(const struct wh_node *arches)
{
    for (size_t i = 0; i < wh_node_len(arches); i++) {
        for (size_t k = 0; k < WH_ARRAY_LEN(machines); k++) {
            if (machines[k].native == seccomp_arch_native() && wh_streq(item(arches, i)->text, machines[k].name))
                return true;
        }
    }
    return false;
}

static size_t count_held(const struct wh_node *caps_list, uint64_t caps)
{
    size_t held = 0;
    for (size_t i = 0; i < wh_node_len(caps_list); i++) {
        int cap = wh_caps_number(item(caps_list, i)->text);
        held += cap >= 0 && (caps >> cap & 1);
    }
    return held;
}

static bool kernel_is_at_least(const char *wanted)
{
    struct utsname u;
    unsigned have_major = 0, have_minor = 0, major = 0, minor = 0;
    if (sscanf(wanted, "%u.%u", &major, &minor) < 1 || uname(&u) < 0)
        return false;
    sscanf(u.release, "%u.%u", &have_major, &have_minor);
    return have_major > major || (have_major == major && have_minor >= minor);
}

/* All of `includes` must hold, none of `excludes`. */
static bool applies(const struct wh_node *group, uint64_t caps)
{
    const struct wh_node *in = wh_node_get(group, "includes"), *out = wh_node_get(group, "excludes");
    const struct wh_node *in_caps = wh_node_get(in, "caps"), *in_arches = wh_node_get(in, "arches");
    const char *min_kernel = wh_node_get_str(in, "minKernel", NULL),
               *not_kernel = wh_node_get_str(out, "minKernel", NULL);
    if (count_held(in_caps, caps) != wh_node_len(in_caps) || (wh_node_len(in_arches) && !lists_machine(in_arches)))
        return false;
    if (min_kernel && !kernel_is_at_least(min_kernel))
        return false;
    return !count_held(wh_node_get(out, "caps"), caps) && !lists_machine(wh_node_get(out, "arches")) &&
           !(not_kernel && kernel_is_at_least(not_kernel));
}

static uint64_t get_number(const struct wh_node *map, const char *key)
{
    const struct wh_node *n = wh_node_get(map, key);
    if (!n || !wh_node_is_scalar(n))
        return 0;
    if (n->kind == WH_NODE_INT)
        return (uint64_t)n->integer;
    return n->kind == WH_NODE_FLOAT && n->real >= 0 && n->real < 1.8e19 ? (uint64_t)n->real : 0;
}

static int parse_args(const struct wh_node *args, struct scmp_arg_cmp *ret, size_t *ret_n, struct wh_err *err)
{
    *ret_n = wh_node_len(args);
    if (*ret_n > MAX_ARGS)
        return wh_fail(err, WH_E_INVALID, "more than %d argument conditions", MAX_ARGS);
    for (size_t i = 0; i < *ret_n; i++) {
        const char *op = wh_node_get_str(item(args, i), "op", "");
        uint64_t index = get_number(item(args, i), "index");
        size_t k = 0;
        while (k < WH_ARRAY_LEN(comparisons) && strcmp(comparisons[k].name, op) != 0)
            k++;
        if (k == WH_ARRAY_LEN(comparisons) || index >= MAX_ARGS)
            return wh_fail(err, WH_E_INVALID, "argument %llu: unknown condition \"%s\"", (unsigned long long)index, op);
        ret[i] = (struct scmp_arg_cmp){.arg = (unsigned)index,
                                       .op = comparisons[k].op,
                                       .datum_a = get_number(item(args, i), "value"),
                                       .datum_b = get_number(item(args, i), "valueTwo")};
    }
    return 0;
}

static bool repeats_an_argument(const struct scmp_arg_cmp *args, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (args[i].arg == args[k].arg)
                return true;
        }
    }
    return false;
}

/* Several conditions on one argument are alternatives, as runc reads them; on different ones all must hold. */
static int add_rule(struct seccomp_rules *rules, uint32_t action, int nr, const struct scmp_arg_cmp *args, size_t n)
{
    if (!repeats_an_argument(args, n))
        return seccomp_rule_add_array(rules->ctx, action, nr, (unsigned)n, args);
    int ret = 0;
    for (size_t i = 0; i < n && (ret == 0 || ret == -EEXIST); i++)
        ret = seccomp_rule_add_array(rules->ctx, action, nr, 1, &args[i]);
    return ret;
}

static int add_name(struct seccomp_rules *rules, uint32_t action, const char *name, const struct scmp_arg_cmp *args,
                    size_t n, struct wh_err *err)
{
    int nr = seccomp_syscall_resolve_name(name);
    if (nr == __NR_SCMP_ERROR)
        return action == SCMP_ACT_ALLOW && n == 0 ? wh_seccomp_allow(rules, name, err) : 0;
    int ret = add_rule(rules, action, nr, args, n);
    return ret < 0 && ret != -EEXIST && ret != -EDOM ? wh_fail(err, -ret, "%s", name) : 0;
}

static int add_group(struct seccomp_rules *rules, const struct wh_node *group, uint32_t default_action, uint64_t caps,
                     struct wh_err *err)
{
    uint32_t action;
    struct scmp_arg_cmp args[MAX_ARGS] = {{0}};
    size_t n;
    const struct wh_node *names = wh_node_get(group, "names");
    const char *single = wh_node_get_str(group, "name", NULL);
    if (check_group(group, err) < 0)
        return -1;
    if (!applies(group, caps))
        return 0;
    if (parse_action(group, "action", "errnoRet", &action, err) < 0 ||
        parse_args(wh_node_get(group, "args"), args, &n, err) < 0)
        return -1;
    if (action == default_action)
        return 0;
    if (single && add_name(rules, action, single, args, n, err) < 0)
        return -1;
    for (size_t i = 0; i < wh_node_len(names); i++) {
        if (add_name(rules, action, item(names, i)->text ? item(names, i)->text : "", args, n, err) < 0)
            return -1;
    }
    return 0;
}

static int add_architecture(scmp_filter_ctx ctx, const char *name, struct wh_err *err)
{
    char lower[32] = "";
    const char *text = wh_starts(name, "SCMP_ARCH_") ? name + 10 : name;
    for (size_t i = 0; text[i] && i + 1 < sizeof(lower); i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    uint32_t arch = seccomp_arch_resolve_name(lower);
    int ret = arch ? seccomp_arch_add(ctx, arch) : -EINVAL;
    return ret < 0 && ret != -EEXIST ? wh_fail(err, WH_E_INVALID, "unknown architecture \"%s\"", name) : 0;
}

static int add_architectures(scmp_filter_ctx ctx, const struct wh_node *list, struct wh_err *err)
{
    for (size_t i = 0; i < wh_node_len(list); i++) {
        if (add_architecture(ctx, item(list, i)->text ? item(list, i)->text : "", err) < 0)
            return -1;
    }
    return 0;
}

/* `archMap` names, for each native architecture, those that belong to it. */
static int add_sub_architectures(scmp_filter_ctx ctx, const struct wh_node *map, struct wh_err *err)
{
    static const struct {
        uint32_t arch;
        const char *name;
    } natives[] = {{SCMP_ARCH_X86_64, "SCMP_ARCH_X86_64"}, {SCMP_ARCH_AARCH64, "SCMP_ARCH_AARCH64"}};
    static const char *const lists[] = {"subArchitectures", NULL};
    for (size_t i = 0; i < wh_node_len(map); i++) {
        const char *name = wh_node_get_str(item(map, i), "architecture", "");
        if (check_lists(item(map, i), lists, err) < 0)
            return wh_wrap(err, "archMap[%zu]", i);
        for (size_t k = 0; k < WH_ARRAY_LEN(natives); k++) {
            if (natives[k].arch == seccomp_arch_native() && !strcmp(natives[k].name, name) &&
                add_architectures(ctx, wh_node_get(item(map, i), "subArchitectures"), err) < 0)
                return -1;
        }
    }
    return 0;
}

int wh_seccomp_build_profile(struct seccomp_rules *rules, const struct wh_node *profile, uint64_t caps,
                             struct wh_err *err)
{
    static const char *const lists[] = {"architectures", "archMap", "syscalls", NULL};
    uint32_t action;
    const struct wh_node *groups = wh_node_get(profile, "syscalls");
    if (check_lists(profile, lists, err) < 0 ||
        parse_action(profile, "defaultAction", "defaultErrnoRet", &action, err) < 0)
        return -1;
    rules->ctx = seccomp_init(action);
    if (!rules->ctx)
        return wh_fail(err, ENOMEM, "seccomp");
    if (add_architectures(rules->ctx, wh_node_get(profile, "architectures"), err) < 0 ||
        add_sub_architectures(rules->ctx, wh_node_get(profile, "archMap"), err) < 0)
        return -1;
    for (size_t i = 0; i < wh_node_len(groups); i++) {
        if (add_group(rules, item(groups, i), action, caps, err) < 0)
            return wh_wrap(err, "syscalls[%zu]", i);
    }
    return 0;
}
