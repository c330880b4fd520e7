/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities: Docker's default fourteen and its arithmetic of add, drop and ALL. Inheritable and ambient sets stay
 * empty always (CVE-2022-24769 and its sisters). */
#include "caps.h"

#include "whale/runtime.h"
#include "whale/sys/process.h"
#include "whale/util/cleanup.h"
#include "whale/util/str.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>

#define BIT(cap) (UINT64_C(1) << (cap))
#define ALL_CAPS (BIT(41) - 1)

/* Index = number, capability(7). */
static const char *const names[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};

static const uint64_t default_caps = BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FSETID) | BIT(CAP_FOWNER) |
                                     BIT(CAP_MKNOD) | BIT(CAP_NET_RAW) | BIT(CAP_SETGID) | BIT(CAP_SETUID) |
                                     BIT(CAP_SETFCAP) | BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) |
                                     BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL) | BIT(CAP_AUDIT_WRITE);

int wh_caps_number(const char *name)
{
    if (!strncasecmp(name, "CAP_", 4))
        name += 4;
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++) {
        if (!strcasecmp(name, names[i]))
            return (int)i;
    }
    return -1;
}

static bool is_all(const char *name)
{
    return !strcasecmp(name, "ALL") || !strcasecmp(name, "CAP_ALL");
}

bool wh_runtime_cap_is_known(const char *name)
{
    return is_all(name) || wh_caps_number(name) >= 0;
}

static int parse_list(const char *const *list, const char *what, uint64_t *ret, bool *ret_all, struct wh_err *err)
{
    *ret = 0;
    *ret_all = false;
    for (; list && *list; list++) {
        int cap = wh_caps_number(*list);
        if (is_all(*list))
            *ret_all = true;
        else if (cap >= 0)
            *ret |= BIT(cap);
        else
            return wh_fail(err, WH_E_INVALID, "%s: unknown capability \"%s\"", what, *list);
    }
    return 0;
}

/* Asked for once: nothing of ours ever drops from its own. */
static uint64_t own_bounding(void)
{
    static _Atomic uint64_t known;
    uint64_t set = known;
    for (int cap = 0; !known && cap < (int)WH_ARRAY_LEN(names); cap++)
        set |= wh_sys_cap_in_bounding(cap) ? BIT(cap) : 0;
    known = set;
    return set;
}

int wh_caps_of_process(const struct wh_process_spec *process, uint64_t *ret, struct wh_err *err)
{
    uint64_t add, drop, set;
    bool add_all, drop_all;
    if (parse_list(process->cap_add, "cap_add", &add, &add_all, err) < 0 ||
        parse_list(process->cap_drop, "cap_drop", &drop, &drop_all, err) < 0)
        return -1;
    if (process->privileged)
        set = ALL_CAPS;
    else if (add_all)
        set = ALL_CAPS & ~drop;
    else if (drop_all)
        set = add;
    else
        set = (default_caps & ~drop) | add;
    *ret = set & own_bounding();
    return 0;
}

int wh_caps_drop_bounding(uint64_t keep)
{
    for (int cap = 0; cap < 64; cap++) {
        if (cap < (int)WH_ARRAY_LEN(names) && (keep & BIT(cap)))
            continue;
        if (wh_sys_cap_drop_bounding(cap) < 0)
            return errno == EINVAL ? 0 : -1; /* beyond the last one that the kernel knows */
    }
    return 0;
}

/* A user other than root has none in effect (as after any exec); the bounding set still allows its setuid programs. */
int wh_caps_apply(uint64_t caps, bool is_root)
{
    struct wh_caps c = {.effective = is_root ? caps : 0, .permitted = is_root ? caps : 0};
    if (wh_sys_cap_ambient_clear() < 0)
        return -1;
    return wh_sys_capset(&c);
}
