/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel parameters of the container's own namespaces: an allow list of names, one value written to one file below the
 * child's private procfs (CVE-2022-0811, CVE-2025-52881). */
#include "child.h"

#include "whale/sys/openat2.h"
#include "whale/util/cleanup.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const ipc_names[] = {
    "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
    "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
};

static bool is_ipc_name(const char *name)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(ipc_names); i++) {
        if (!strcmp(name, ipc_names[i]))
            return true;
    }
    return wh_starts(name, "fs.mqueue.");
}

/* Parts between dots; a slash stands for a dot inside an interface name ("net.ipv4.conf.eth0/1.mtu" in sysctl's own
 * spelling), so it is refused where it could climb. */
static bool is_well_formed(const char *name)
{
    if (!*name || *name == '.' || strstr(name, "..") || strchr(name, '/'))
        return false;
    for (; *name; name++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *name))
            return false;
    }
    return name[-1] != '.';
}

int wh_runtime_check_sysctl(const char *name, bool net_is_own, bool ipc_is_own, struct wh_err *err)
{
    if (!is_well_formed(name))
        return wh_fail(err, WH_E_INVALID, "sysctl \"%s\": not a kernel parameter's name", name);
    if (wh_starts(name, "net.")) {
        if (net_is_own)
            return 0;
        return wh_fail(err, WH_E_INVALID, "sysctl \"%s\": not allowed in the host's network namespace", name);
    }
    if (is_ipc_name(name)) {
        if (ipc_is_own)
            return 0;
        return wh_fail(err, WH_E_INVALID, "sysctl \"%s\": not allowed in the host's ipc namespace", name);
    }
    if (!strcmp(name, "kernel.domainname"))
        return 0;
    return wh_fail(err, WH_E_INVALID, "sysctl \"%s\": not in a namespace of the container", name);
}

static int write_value(struct wh_child *c, const char *name, const char *value)
{
    char path[256];
    int len = snprintf(path, sizeof(path), "sys/%s", name);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (char *p = path + 4; *p; p++)
        *p = *p == '.' ? '/' : *p;
    wh_auto_fd fd = wh_openat2(c->launch.proc_fd, path, O_WRONLY, 0,
                               RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
    size_t n = strlen(value);
    return fd < 0 || write(fd, value, n) != (ssize_t)n ? -1 : 0;
}

/* Docker's: services as any user may bind low ports and ping, in a network of their own. Kernels without them go on. */
static void set_network_defaults(struct wh_child *c)
{
    const struct wh_ns *net = &c->spec->net;
    if (net->kind == WH_NS_HOST || (net->kind == WH_NS_JOIN && !net->owned))
        return;
    write_value(c, "net.ipv4.ip_unprivileged_port_start", "0");
    write_value(c, "net.ipv4.ping_group_range", "0 2147483647");
}

int wh_child_set_sysctls(struct wh_child *c)
{
    set_network_defaults(c);
    for (size_t i = 0; i < c->spec->n_sysctls; i++) {
        const struct wh_kv *s = &c->spec->sysctls[i];
        if (write_value(c, s->key, s->value) < 0) {
            wh_report_fail(&c->launch.report, "sysctl %s=%s", s->key, s->value);
            return wh_report_in(&c->launch.report, "sysctls/%s", s->key);
        }
    }
    return 0;
}
