/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container's interfaces: the pairs are made from the host's side with the peer born in the container's namespace,
 * then everything inside is set by one batch from a visit to it.
 */
#include "net_private.h"

#include "whale/sys/rtnl.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#define LOOPBACK_INDEX 1 /* the kernel makes lo first in every namespace */

/* ---- visits ---- */

int wh_net_inside(int netns_fd, int (*fn)(void *arg, struct wh_err *err), void *arg, struct wh_err *err)
{
    wh_auto_fd home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0)
        return wh_fail(err, errno, "open the own network namespace");
    if (setns(netns_fd, CLONE_NEWNET) < 0)
        return wh_fail(err, errno, "enter the network namespace");
    int ret = fn(arg, err);
    if (setns(home, CLONE_NEWNET) < 0)
        raise(SIGKILL); /* going on here would apply the host's rules to a container; the keeper starts anew */
    return ret;
}

/* ---- host's side ---- */

static int name_endpoints(const struct wh_net_scope *scope, struct wh_endpoint *eps, size_t n, struct wh_err *err)
{
    static const uint8_t no_mac[6];
    for (size_t i = 0; i < n; i++) {
        struct wh_endpoint *ep = &eps[i];
        if (!ep->ifname[0])
            snprintf(ep->ifname, sizeof(ep->ifname), "eth%zu", i);
        if (memcmp(ep->mac, no_mac, sizeof(no_mac)) == 0 && (ep->ip4.family || ep->ip6.family))
            wh_mac_from_addr(ep->ip4.family ? &ep->ip4 : &ep->ip6, ep->mac);
        if (wh_net_veth_name(scope, ep->host_if, err) < 0)
            return -1;
    }
    return 0;
}

static int queue_pair(struct wh_rtnl *rt, const struct wh_net_scope *scope, int netns_fd, const struct wh_endpoint *ep,
                      struct wh_err *err)
{
    struct wh_rtnl_veth veth = {.host_name = ep->host_if,
                                .master = wh_rtnl_index(rt, ep->bridge),
                                .group = wh_net_group(scope),
                                .mtu = ep->mtu,
                                .netns_fd = netns_fd,
                                .peer_name = ep->ifname,
                                .peer_mac = ep->mac};
    if (!veth.master)
        return wh_fail(err, WH_E_NOT_FOUND, "bridge %s does not exist", ep->bridge);
    wh_rtnl_add_veth(rt, &veth);
    wh_rtnl_set_hairpin(rt, ep->host_if);
    return 0;
}

static int make_pairs(const struct wh_net_scope *scope, int netns_fd, const struct wh_endpoint *eps, size_t n,
                      struct wh_err *err)
{
    struct wh_rtnl rt;
    if (wh_rtnl_open(&rt, err) < 0)
        return -1;
    int ret = 0;
    for (size_t i = 0; i < n && ret == 0; i++) {
        ret = queue_pair(&rt, scope, netns_fd, &eps[i], err);
        if (ret == 0 && (i % 16 == 15 || i + 1 == n))
            ret = wh_rtnl_flush(&rt, err);
    }
    wh_rtnl_close(&rt);
    return ret;
}

static void remove_pairs(const struct wh_endpoint *eps, size_t n)
{
    struct wh_rtnl rt;
    if (wh_rtnl_open(&rt, NULL) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        wh_rtnl_del_link(&rt, eps[i].host_if);
        wh_rtnl_flush(&rt, NULL);
    }
    wh_rtnl_close(&rt);
}

/* ---- container's side ---- */

struct inside {
    const struct wh_endpoint *eps;
    size_t n;
};

static bool is_preferred(const struct wh_endpoint *ep, const struct wh_endpoint *best)
{
    if (ep->gateway_priority != best->gateway_priority)
        return ep->gateway_priority > best->gateway_priority;
    return ep->network && best->network && strcmp(ep->network, best->network) < 0;
}

/* The endpoint whose gateway gets the default route, or NULL. */
static const struct wh_endpoint *choose_default(const struct inside *in, int family)
{
    const struct wh_endpoint *best = NULL;
    for (size_t i = 0; i < in->n; i++) {
        const struct wh_endpoint *ep = &in->eps[i];
        const struct wh_addr *gateway = family == 6 ? &ep->gateway6 : &ep->gateway4;
        if (gateway->family && (!best || is_preferred(ep, best)))
            best = ep;
    }
    return best;
}

/* No duplicate address detection: for its second the interface could not even ask for a neighbour. */
static int set_ipv6(const char *ifname, bool use, struct wh_err *err)
{
    if (!use)
        return wh_net_sysctl("ipv6", ifname, "disable_ipv6", "1", err);
    if (wh_net_sysctl("ipv6", ifname, "accept_dad", "0", err) < 0)
        return -1;
    return wh_net_sysctl("ipv6", ifname, "accept_ra", "0", err);
}

static int queue_interface(struct wh_rtnl *rt, const struct wh_endpoint *ep, bool has_ipv6, struct wh_err *err)
{
    uint32_t index = wh_rtnl_index(rt, ep->ifname);
    bool use6 = has_ipv6 && ep->ip6.family;
    if (!index)
        return wh_fail(err, ENODEV, "find %s in the container", ep->ifname);
    if (has_ipv6 && set_ipv6(ep->ifname, use6, err) < 0)
        return -1;
    if (ep->ip4.family)
        wh_rtnl_add_addr(rt, index, 4, ep->ip4.bytes, ep->prefix4, EEXIST);
    if (use6)
        wh_rtnl_add_addr(rt, index, 6, ep->ip6.bytes, ep->prefix6, EEXIST);
    wh_rtnl_set_up(rt, index);
    return 0;
}

/* Whether the gateway is outside of the device's own subnet, and so needs telling where it is. */
static bool is_outside(const struct wh_addr *gateway, const struct wh_addr *own, uint8_t prefix)
{
    char text[WH_ADDR_TEXT_MAX], net[WH_ADDR_TEXT_MAX + 8];
    struct wh_cidr subnet;
    snprintf(net, sizeof(net), "%s/%u", wh_addr_text(own, text, sizeof(text)), prefix);
    return wh_cidr_parse(net, &subnet) < 0 || !wh_cidr_has(&subnet, gateway);
}

static void queue_default(struct wh_rtnl *rt, const struct inside *in, int family)
{
    const struct wh_endpoint *ep = choose_default(in, family);
    if (!ep)
        return;
    const struct wh_addr *gateway = family == 6 ? &ep->gateway6 : &ep->gateway4;
    bool onlink = family == 6 ? is_outside(gateway, &ep->ip6, ep->prefix6) : is_outside(gateway, &ep->ip4, ep->prefix4);
    wh_rtnl_add_default(rt, wh_rtnl_index(rt, ep->ifname), family, gateway->bytes, onlink);
}

/* What a new namespace has of IPv6 is what the kernel has, which does not change: asked once, because a look at
 * /proc/sys/net passes the entries of every namespace there is. */
static bool kernel_has_ipv6(void)
{
    static int known = -1;
    if (known < 0)
        known = wh_path_exists("/proc/sys/net/ipv6");
    return known;
}

static int configure_with(struct wh_rtnl *rt, const struct inside *in, struct wh_err *err)
{
    bool has_ipv6 = kernel_has_ipv6();
    wh_rtnl_set_up(rt, LOOPBACK_INDEX);
    for (size_t i = 0; i < in->n; i++) {
        if (queue_interface(rt, &in->eps[i], has_ipv6, err) < 0)
            return -1;
        if (i % 16 == 15 && wh_rtnl_flush(rt, err) < 0)
            return -1;
    }
    queue_default(rt, in, 4);
    if (has_ipv6)
        queue_default(rt, in, 6);
    return wh_rtnl_flush(rt, err);
}

static int configure_inside(void *arg, struct wh_err *err)
{
    struct wh_rtnl rt;
    if (wh_rtnl_open(&rt, err) < 0)
        return -1;
    int ret = configure_with(&rt, arg, err);
    wh_rtnl_close(&rt);
    return ret;
}

int wh_net_attach(const struct wh_net_scope *scope, int netns_fd, struct wh_endpoint *eps, size_t n, struct wh_err *err)
{
    struct inside in = {.eps = eps, .n = n};
    if (name_endpoints(scope, eps, n, err) < 0 || make_pairs(scope, netns_fd, eps, n, err) < 0 ||
        wh_net_inside(netns_fd, configure_inside, &in, err) < 0) {
        remove_pairs(eps, n);
        return wh_wrap(err, "attach to the network");
    }
    return 0;
}

int wh_net_mute(const char *host_if, struct wh_err *err)
{
    struct wh_rtnl rt;
    if (wh_rtnl_open(&rt, err) < 0)
        return wh_wrap(err, "mute %s", host_if);
    uint32_t index = wh_rtnl_index(&rt, host_if);
    if (index)
        wh_rtnl_mute_port(&rt, index);
    int ret = wh_rtnl_flush(&rt, err);
    wh_rtnl_close(&rt);
    return ret < 0 ? wh_wrap(err, "mute %s", host_if) : 0;
}
