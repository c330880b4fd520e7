/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's default profile as libseccomp rules: what is not allowed is EPERM; some calls depend on capabilities, some
 * on their arguments. */
#include "seccomp_rules.h"

#include "whale/util/err.h"

#include <errno.h>
#include <linux/capability.h>

#define NEW_NAMESPACES 0x7E020000u /* CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET */

/* The machine's own 32-bit form and x32 belong to the same filter: left out, they would be a way around it. */
static int add_architectures(scmp_filter_ctx ctx, struct wh_err *err)
{
    static const struct {
        uint32_t native, also;
    } table[] = {
        {SCMP_ARCH_X86_64, SCMP_ARCH_X86}, {SCMP_ARCH_X86_64, SCMP_ARCH_X32}, {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].native != seccomp_arch_native())
            continue;
        int ret = seccomp_arch_add(ctx, table[i].also);
        if (ret < 0 && ret != -EEXIST)
            return wh_fail(err, -ret, "seccomp: add an architecture");
    }
    return 0;
}

int wh_seccomp_allow(struct seccomp_rules *rules, const char *name, struct wh_err *err)
{
    int nr = seccomp_syscall_resolve_name(name);
    if (nr == __NR_SCMP_ERROR) {
        int young = wh_seccomp_young_number(name);
        if (young >= 0 && rules->n_young < SECCOMP_MAX_YOUNG)
            rules->young[rules->n_young++] = young;
        return 0;
    }
    if (rules->has_numbers) {
        wh_seccomp_add_numbers(rules, name);
        return 0;
    }
    int ret = seccomp_rule_add(rules->ctx, SCMP_ACT_ALLOW, nr, 0);
    return ret < 0 && ret != -EEXIST && ret != -EDOM ? wh_fail(err, -ret, "seccomp: allow %s", name) : 0;
}

static int allow_list(struct seccomp_rules *rules, const char *const *names, struct wh_err *err)
{
    for (; *names; names++) {
        if (wh_seccomp_allow(rules, *names, err) < 0)
            return -1;
    }
    return 0;
}

static int allow_personalities(scmp_filter_ctx ctx, struct wh_err *err)
{
    static const uint64_t values[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        int ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(personality), 1, SCMP_A0(SCMP_CMP_EQ, values[i]));
        if (ret < 0)
            return wh_fail(err, -ret, "seccomp: personality");
    }
    return 0;
}

/* clone3 hides its flags behind a pointer: ENOSYS makes libraries fall back to clone. */
static int restrict_clone(scmp_filter_ctx ctx, struct wh_err *err)
{
    int ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, NEW_NAMESPACES, 0));
    if (ret == 0)
        ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    return ret < 0 ? wh_fail(err, -ret, "seccomp: clone") : 0;
}

/* The families are refused in front of the program (seccomp.c), on the 32 bits that the kernel looks at: libseccomp
 * compares 64, and 38 with a bit above them passes its "greater than 40". */
static int allow_sockets(struct seccomp_rules *rules, struct wh_err *err)
{
    rules->deny_alg_and_vsock = true;
    return wh_seccomp_allow(rules, "socket", err);
}

int wh_seccomp_build_default(struct seccomp_rules *rules, uint64_t caps, struct wh_err *err)
{
    rules->has_numbers = true;
    rules->ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!rules->ctx)
        return wh_fail(err, ENOMEM, "seccomp");
    if (add_architectures(rules->ctx, err) < 0 || allow_list(rules, wh_seccomp_allowed, err) < 0 ||
        allow_personalities(rules->ctx, err) < 0 || allow_sockets(rules, err) < 0)
        return -1;
    for (size_t i = 0; i < wh_seccomp_n_cap_groups; i++) {
        if ((caps >> wh_seccomp_cap_groups[i].cap & 1) && allow_list(rules, wh_seccomp_cap_groups[i].names, err) < 0)
            return -1;
    }
    return caps >> CAP_SYS_ADMIN & 1 ? 0 : restrict_clone(rules->ctx, err);
}
