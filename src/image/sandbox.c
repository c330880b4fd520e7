/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CAP_SYS_ADMIN has to stay, because overlay's mark of an opaque folder is an xattr in "trusted."; the seccomp filter
 * takes away what else it would allow. The filter lists what is refused, not what is allowed: TLS, DNS and compression
 * libraries make calls that nobody can list for the next version of them.
 */
#include "sandbox.h"

#include "whale/sys/landlock.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

static const cap_value_t kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER,   CAP_FSETID,
                                   CAP_MKNOD, CAP_SETFCAP,      CAP_SYS_ADMIN};

static const int refused[] = {
    /* mounts */
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(open_tree),
    SCMP_SYS(move_mount), SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr), SCMP_SYS(open_by_handle_at), SCMP_SYS(quotactl), SCMP_SYS(swapon), SCMP_SYS(swapoff),
    SCMP_SYS(fanotify_init),
    /* namespaces and other processes */
    SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd),
    /* the kernel */
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(init_module), SCMP_SYS(finit_module),
    SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(syslog),
    SCMP_SYS(acct), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(sethostname), SCMP_SYS(setdomainname),
    SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(add_key),
    SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(io_uring_setup), SCMP_SYS(personality)};

/* The leak checker of sanitizer builds traces its own process at the end. */
#ifdef __SANITIZE_ADDRESS__
static const bool is_checked_build = true;
#else
static const bool is_checked_build = false;
#endif

static const int refused_without_exec[] = {SCMP_SYS(execve), SCMP_SYS(execveat)};

/* What a registry client may open; netlink is for getaddrinfo, which asks which addresses the host has. */
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static int refuse_list(scmp_filter_ctx f, const int *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), list[i], 0) < 0)
            return -1;
    return 0;
}

/* Refuses a call when its first argument compares so. */
static int refuse_if(scmp_filter_ctx f, int e, int call, enum scmp_compare op, scmp_datum_t a, scmp_datum_t b)
{
    const struct scmp_arg_cmp cmp = {.arg = 0, .op = op, .datum_a = a, .datum_b = b};
    return seccomp_rule_add_array(f, SCMP_ACT_ERRNO((uint32_t)e), call, 1, &cmp);
}

/* Families from 3 on but IPv6 and netlink: one rule for each number below, one for all above. */
static int refuse_families(scmp_filter_ctx f)
{
    int max = 0;
    for (size_t i = 0; i < WH_ARRAY_LEN(families); i++)
        max = families[i] > max ? families[i] : max;
    for (int family = 0; family < max; family++) {
        bool keep = false;
        for (size_t i = 0; i < WH_ARRAY_LEN(families); i++)
            keep = keep || families[i] == family;
        if (!keep && refuse_if(f, EAFNOSUPPORT, SCMP_SYS(socket), SCMP_CMP_EQ, (scmp_datum_t)family, 0) < 0)
            return -1;
    }
    return refuse_if(f, EAFNOSUPPORT, SCMP_SYS(socket), SCMP_CMP_GT, (scmp_datum_t)max, 0);
}

/* Threads and helpers are made by clone without a namespace; clone3's flags cannot be looked at, so it does not exist.
 */
static int refuse_new_namespaces(scmp_filter_ctx f)
{
    static const unsigned int flags[] = {CLONE_NEWNS,  CLONE_NEWUSER, CLONE_NEWPID,   CLONE_NEWNET,
                                         CLONE_NEWIPC, CLONE_NEWUTS,  CLONE_NEWCGROUP};
    for (size_t i = 0; i < WH_ARRAY_LEN(flags); i++)
        if (refuse_if(f, EPERM, SCMP_SYS(clone), SCMP_CMP_MASKED_EQ, flags[i], flags[i]) < 0)
            return -1;
    return seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int load_filter(bool may_exec, struct wh_err *err)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    int r = f ? 0 : -1;
    if (r == 0)
        r = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: every write of the unpack passes it */
    if (r == 0)
        r = refuse_list(f, refused, WH_ARRAY_LEN(refused));
    if (r == 0 && !is_checked_build)
        r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ptrace), 0);
    if (r == 0 && !may_exec)
        r = refuse_list(f, refused_without_exec, WH_ARRAY_LEN(refused_without_exec));
    if (r == 0)
        r = refuse_families(f);
    if (r == 0)
        r = refuse_new_namespaces(f);
    if (r == 0)
        r = seccomp_load(f);
    seccomp_release(f);
    return r < 0 ? wh_fail(err, WH_E_GENERIC, "cannot load the filter of system calls") : 0;
}

static int drop_capabilities(struct wh_err *err)
{
    cap_t have = cap_get_proc(), want = cap_init();
    int r = have && want ? 0 : -1;
    for (cap_value_t c = 0; r == 0 && CAP_IS_SUPPORTED(c); c++) {
        cap_flag_value_t set = CAP_CLEAR;
        bool keep = false;
        for (size_t i = 0; i < WH_ARRAY_LEN(kept); i++)
            keep = keep || kept[i] == c;
        (void)cap_get_flag(have, c, CAP_PERMITTED, &set);
        if (!keep)
            (void)cap_drop_bound(c); /* fails without CAP_SETPCAP: then there is nothing to be gained from the set */
        else if (set == CAP_SET)
            r = cap_set_flag(want, CAP_PERMITTED, 1, &c, CAP_SET) | cap_set_flag(want, CAP_EFFECTIVE, 1, &c, CAP_SET);
    }
    if (r == 0)
        r = cap_set_proc(want);
    int e = errno;
    cap_free(have);
    cap_free(want);
    return r < 0 ? wh_fail(err, e, "drop capabilities") : 0;
}

int sandbox_enter(const struct store *s, bool may_exec, struct wh_err *err)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) < 0 || (!is_checked_build && prctl(PR_SET_DUMPABLE, 0) < 0))
        return wh_fail(err, errno, "switch off core dumps");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return wh_fail(err, errno, "no_new_privs");
    if (wh_landlock_confine_writes(s->images_fd) < 0)
        return wh_fail(err, errno, "Landlock");
    return drop_capabilities(err) < 0 ? -1 : load_filter(may_exec, err);
}
