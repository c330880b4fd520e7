/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bridge of one network: made once, corrected when something changed it, recognised as ours by its alias. Also the
 * host-wide switches that a bridge needs (forwarding) and those that keep containers from steering the host (no router
 * advertisements, CVE-2020-13401).
 */
#include "net_private.h"

#include "whale/sys/mount.h"
#include "whale/sys/rtnl.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#define VISITS 32 /* of sysctls, to one procfs */

/* ---- sysctls ---- */

/* A procfs of our own, made anew after some visits. In one procfs the entries of all network namespaces lie in one
 * chain of its cache, and each look at /proc/sys/net walks it: 0.7 ms with 500 containers. Like all of this folder for
 * one thread. -1: none can be made here, and the host's has to do. */
static int fresh_proc(void)
{
    static int fd = -1;
    static unsigned visits;
    if (visits++ % VISITS == 0) {
        wh_close(&fd);
        fd = wh_sys_mount_new("proc", NULL, 0, WH_MNT_NOSUID | WH_MNT_NODEV | WH_MNT_NOEXEC);
    }
    return fd;
}

int wh_net_sysctl(const char *family, const char *device, const char *key, const char *value, struct wh_err *err)
{
    char path[128];
    int skip = strlen("/proc/"), proc = fresh_proc();
    snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, device, key);
    return proc < 0 ? wh_file_poke(path, value, err) : wh_file_poke_at(proc, path + skip, value, err);
}

static bool sysctl_is(const char *path, char value)
{
    wh_auto_str text = {0};
    return wh_file_read(path, 64, &text, NULL) == 0 && text.len > 0 && text.data[0] == value;
}

bool wh_net_has_ipv6(void)
{
    return sysctl_is("/proc/sys/net/ipv6/conf/all/disable_ipv6", '0');
}

static int enable_forwarding4(struct wh_err *err)
{
    static const char path[] = "/proc/sys/net/ipv4/ip_forward";
    return sysctl_is(path, '1') ? 0 : wh_file_poke(path, "1", err);
}

/* A host that forwards IPv6 stops listening to router advertisements, and so loses its own default route, unless the
 * device says 2. */
static void keep_router_advertisements(void)
{
    wh_auto_dir dir = opendir("/proc/sys/net/ipv6/conf");
    for (struct dirent *d; dir && (d = readdir(dir));) {
        char path[sizeof(d->d_name) + 64];
        snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", d->d_name);
        if (d->d_name[0] != '.' && strcmp(d->d_name, "all") != 0 && strcmp(d->d_name, "default") != 0 &&
            sysctl_is(path, '1'))
            wh_file_poke(path, "2", NULL);
    }
}

static int enable_forwarding6(struct wh_err *err)
{
    static const char path[] = "/proc/sys/net/ipv6/conf/all/forwarding";
    if (sysctl_is(path, '1'))
        return 0;
    keep_router_advertisements();
    return wh_file_poke(path, "1", err);
}

/* ---- driver options ---- */

static int parse_bool(const char *key, const char *value, bool *ret, struct wh_err *err)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true}, {"1", true}, {"t", true}, {"false", false}, {"0", false}, {"f", false}};
    for (size_t i = 0; i < WH_ARRAY_LEN(words); i++) {
        if (strcasecmp(value, words[i].text) == 0) {
            *ret = words[i].value;
            return 0;
        }
    }
    return wh_fail(err, WH_E_INVALID, "failed to parse %s value: %s (neither true nor false)", key, value);
}

static int set_name(struct wh_bridge *b, const char *key, const char *value, struct wh_err *err)
{
    if (!*value || strlen(value) >= sizeof(b->name) || strpbrk(value, "/ \t\n:\"{};#") || !strcmp(value, ".") ||
        !strcmp(value, ".."))
        return wh_fail(err, WH_E_INVALID,
                       "failed to parse %s value: %s (no device name: 1 to 15 characters, no / : or space)", key,
                       value);
    memcpy(b->name, value, strlen(value) + 1);
    return 0;
}

static int set_mtu(struct wh_bridge *b, const char *key, const char *value, struct wh_err *err)
{
    char *end;
    unsigned long mtu = strtoul(value, &end, 10);
    if (!*value || *end || mtu < 68 || mtu > 65535)
        return wh_fail(err, WH_E_INVALID, "failed to parse %s value: %s (no number from 68 to 65535)", key, value);
    b->mtu = (uint32_t)mtu;
    return 0;
}

static int set_masquerade(struct wh_bridge *b, const char *key, const char *value, struct wh_err *err)
{
    bool on = true;
    int ret = parse_bool(key, value, &on, err);
    b->no_masquerade = !on;
    return ret;
}

static int set_icc(struct wh_bridge *b, const char *key, const char *value, struct wh_err *err)
{
    bool on = true;
    int ret = parse_bool(key, value, &on, err);
    b->no_icc = !on;
    return ret;
}

static int set_host_binding(struct wh_bridge *b, const char *key, const char *value, struct wh_err *err)
{
    if (wh_addr_parse(value, &b->host_binding) < 0 || b->host_binding.family != 4)
        return wh_fail(err, WH_E_INVALID, "failed to parse %s value: %s (no IPv4 address)", key, value);
    return 0;
}

static const struct {
    const char *key;
    int (*set)(struct wh_bridge *b, const char *key, const char *value, struct wh_err *err);
} options[] = {
    {WH_OPT_BRIDGE_NAME, set_name},
    {WH_OPT_MTU, set_mtu},
    {"com.docker.network.bridge.enable_ip_masquerade", set_masquerade},
    {"com.docker.network.bridge.enable_icc", set_icc},
    {WH_OPT_HOST_BINDING, set_host_binding},
};

int wh_bridge_option(struct wh_bridge *bridge, const char *key, const char *value, struct wh_err *err)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(options); i++) {
        if (strcmp(key, options[i].key) == 0)
            return options[i].set(bridge, key, value, err);
    }
    return 1;
}

/* ---- making and correcting ---- */

static bool uses_ipv6(const struct wh_bridge *b)
{
    return b->subnet6.addr.family && wh_net_has_ipv6();
}

static int make_bridge(struct wh_rtnl *rt, const struct wh_net_scope *scope, const struct wh_bridge *b,
                       struct wh_err *err)
{
    char alias[WH_ALIAS_MAX];
    uint8_t mac[6];
    wh_net_alias(scope, b->network, alias);
    /* A bridge without an address of its own changes it with its ports, which confuses the neighbours' tables. */
    wh_mac_from_addr(b->gateway4.family ? &b->gateway4 : &b->subnet6.addr, mac);
    wh_rtnl_add_bridge(rt, b->name, mac, b->mtu, wh_net_group(scope), alias);
    return wh_rtnl_flush(rt, err);
}

static int set_sysctls(const struct wh_bridge *b, struct wh_err *err)
{
    if (wh_net_sysctl("ipv4", b->name, "route_localnet", "1", err) < 0 || enable_forwarding4(err) < 0)
        return -1;
    if (!wh_net_has_ipv6())
        return 0;
    if (!uses_ipv6(b))
        return wh_net_sysctl("ipv6", b->name, "disable_ipv6", "1", err);
    if (wh_net_sysctl("ipv6", b->name, "disable_ipv6", "0", err) < 0 ||
        wh_net_sysctl("ipv6", b->name, "accept_dad", "0", err) < 0 ||
        wh_net_sysctl("ipv6", b->name, "accept_ra", "0", err) < 0)
        return -1;
    return enable_forwarding6(err);
}

struct stale {
    struct wh_rtnl *rt;
    const struct wh_bridge *bridge;
    uint32_t index;
    struct wh_rtnl_net found[8];
    size_t n;
};

/* Collects addresses of the bridge that are not the wanted gateways (an earlier subnet). */
static void collect_stale(const struct wh_rtnl_net *net, void *arg)
{
    struct stale *s = arg;
    struct wh_addr a = {.family = (uint8_t)net->family};
    memcpy(a.bytes, net->addr, sizeof(a.bytes));
    bool link_local = net->family == 6 && net->addr[0] == 0xfe && (net->addr[1] & 0xc0) == 0x80;
    bool wanted = (wh_addr_equal(&a, &s->bridge->gateway4) && net->prefix == s->bridge->subnet4.prefix) ||
                  (wh_addr_equal(&a, &s->bridge->gateway6) && net->prefix == s->bridge->subnet6.prefix);
    if (net->index == s->index && !wanted && !link_local && s->n < WH_ARRAY_LEN(s->found))
        s->found[s->n++] = *net;
}

static int drop_stale_addresses(struct wh_rtnl *rt, const struct wh_bridge *b, uint32_t index, struct wh_err *err)
{
    struct stale s = {.rt = rt, .bridge = b, .index = index};
    if (wh_rtnl_each_addr(rt, collect_stale, &s, err) < 0)
        return -1;
    for (size_t i = 0; i < s.n; i++)
        wh_rtnl_del_addr(rt, index, s.found[i].family, s.found[i].addr, s.found[i].prefix);
    return 0;
}

static int configure(struct wh_rtnl *rt, const struct wh_bridge *b, uint32_t index, struct wh_err *err)
{
    if (b->gateway4.family)
        wh_rtnl_add_addr(rt, index, 4, b->gateway4.bytes, b->subnet4.prefix, EEXIST);
    if (b->gateway6.family && uses_ipv6(b))
        wh_rtnl_add_addr(rt, index, 6, b->gateway6.bytes, b->subnet6.prefix, EEXIST);
    if (b->mtu)
        wh_rtnl_set_mtu(rt, index, b->mtu);
    wh_rtnl_set_up(rt, index);
    return wh_rtnl_flush(rt, err);
}

static int ensure(struct wh_rtnl *rt, const struct wh_net_scope *scope, const struct wh_bridge *b, struct wh_err *err)
{
    struct wh_rtnl_link link;
    char alias[WH_ALIAS_MAX];
    int found = wh_rtnl_get_link(rt, b->name, &link, err);
    if (found < 0 || (found == 1 && make_bridge(rt, scope, b, err) < 0))
        return -1;
    wh_net_alias(scope, b->network, alias);
    if (found == 0 && strcmp(link.alias, alias) != 0)
        return wh_fail(err, WH_E_CONFLICT, "device %s exists and does not belong to this network%s%s", b->name,
                       *link.alias ? ": " : "", link.alias);
    uint32_t index = wh_rtnl_index(rt, b->name);
    if (set_sysctls(b, err) < 0 || (found == 0 && drop_stale_addresses(rt, b, index, err) < 0))
        return -1;
    return configure(rt, b, index, err);
}

int wh_bridge_ensure(const struct wh_net_scope *scope, const struct wh_bridge *bridge, struct wh_err *err)
{
    struct wh_rtnl rt;
    if (wh_rtnl_open(&rt, err) < 0)
        return wh_wrap(err, "network %s", bridge->network);
    int ret = ensure(&rt, scope, bridge, err);
    wh_rtnl_close(&rt);
    return ret < 0 ? wh_wrap(err, "network %s: bridge %s", bridge->network, bridge->name) : 0;
}

static int remove_ours(struct wh_rtnl *rt, const struct wh_net_scope *scope, const char *name, struct wh_err *err)
{
    struct wh_rtnl_link link;
    int found = wh_rtnl_get_link(rt, name, &link, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (link.group != wh_net_group(scope) || !wh_starts(link.alias, "whale-compose "))
        return wh_fail(err, WH_E_CONFLICT, "the device does not belong to project %s", scope->project);
    wh_rtnl_del_link(rt, name);
    return wh_rtnl_flush(rt, err);
}

int wh_bridge_remove(const struct wh_net_scope *scope, const char *name, struct wh_err *err)
{
    struct wh_rtnl rt;
    if (wh_rtnl_open(&rt, err) < 0)
        return wh_wrap(err, "remove bridge %s", name);
    int ret = remove_ours(&rt, scope, name, err);
    wh_rtnl_close(&rt);
    return ret < 0 ? wh_wrap(err, "remove bridge %s", name) : 0;
}
