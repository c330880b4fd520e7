/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Route netlink, written out because one RTM_NEWLINK must carry the pair, its master, its group and the peer's
 * namespace. Requests are built into one buffer; attributes that do not fit set `overflow`, which the flush reports.
 */
#include "whale/sys/rtnl.h"

#include "whale/util/cleanup.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define RECEIVE_BYTES 32768

/* ---- socket ---- */

int wh_rtnl_open(struct wh_rtnl *rt, struct wh_err *err)
{
    *rt = (struct wh_rtnl){.seq = 1};
    rt->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (rt->fd < 0)
        return wh_fail(err, errno, "open a netlink socket");
    int one = 1;
    /* Only texts get worse without these two. */
    setsockopt(rt->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
    setsockopt(rt->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
    return 0;
}

void wh_rtnl_close(struct wh_rtnl *rt)
{
    wh_close(&rt->fd);
}

uint32_t wh_rtnl_index(const struct wh_rtnl *rt, const char *name)
{
    struct ifreq req = {0};
    if (strlen(name) >= sizeof(req.ifr_name))
        return 0;
    memcpy(req.ifr_name, name, strlen(name) + 1);
    /* A netlink socket answers the device ioctls of its own namespace, so no second socket is needed. */
    return ioctl(rt->fd, SIOCGIFINDEX, &req) < 0 ? 0 : (uint32_t)req.ifr_ifindex;
}

/* ---- message building ---- */

static struct nlmsghdr *begin_request(struct wh_rtnl *rt, const char *what, uint16_t type, uint16_t flags, int ignore)
{
    size_t at = NLMSG_ALIGN(rt->len);
    if (rt->n == WH_RTNL_QUEUE || at + 256 > sizeof(rt->bytes)) {
        rt->overflow = true;
        at = 0; /* the flush will refuse the buffer: overwriting it is harmless */
        rt->n = 0;
    }
    struct nlmsghdr *h = (struct nlmsghdr *)(rt->bytes + at);
    memset(h, 0, NLMSG_HDRLEN);
    h->nlmsg_type = type;
    h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    h->nlmsg_seq = rt->seq + (uint32_t)rt->n;
    rt->queue[rt->n++] = (struct wh_rtnl_request){.what = what, .ignore_errno = ignore};
    rt->len = at + NLMSG_HDRLEN;
    return h;
}

static void end_request(struct wh_rtnl *rt, struct nlmsghdr *h)
{
    h->nlmsg_len = (uint32_t)(rt->bytes + rt->len - (uint8_t *)h);
}

static void *put_raw(struct wh_rtnl *rt, const void *data, size_t len)
{
    size_t padded = NLMSG_ALIGN(len);
    if (rt->len + padded > sizeof(rt->bytes)) {
        rt->overflow = true;
        rt->len = 0;
    }
    uint8_t *at = rt->bytes + rt->len;
    memset(at, 0, padded);
    if (data)
        memcpy(at, data, len);
    rt->len += padded;
    return at;
}

static void put_attr(struct wh_rtnl *rt, uint16_t type, const void *data, size_t len)
{
    struct rtattr head = {.rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = type};
    put_raw(rt, &head, sizeof(head));
    put_raw(rt, data, len);
}

static void put_u32(struct wh_rtnl *rt, uint16_t type, uint32_t value)
{
    put_attr(rt, type, &value, sizeof(value));
}

static void put_text(struct wh_rtnl *rt, uint16_t type, const char *text)
{
    put_attr(rt, type, text, strlen(text) + 1);
}

static size_t begin_nest(struct wh_rtnl *rt, uint16_t type)
{
    put_attr(rt, type, NULL, 0);
    return rt->len - RTA_LENGTH(0);
}

static void end_nest(struct wh_rtnl *rt, size_t at)
{
    if (!rt->overflow)
        ((struct rtattr *)(rt->bytes + at))->rta_len = (uint16_t)(rt->len - at);
}

/* ---- sending and answers ---- */

/* The kernel's own sentence about the failure, when it sent one. */
static const char *find_ext_ack(const struct nlmsghdr *h)
{
    const struct nlmsgerr *e = NLMSG_DATA(h);
    if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
        return NULL;
    size_t skip = NLMSG_ALIGN(sizeof(*e));
    if (!(h->nlmsg_flags & NLM_F_CAPPED))
        skip += NLMSG_ALIGN(e->msg.nlmsg_len - NLMSG_HDRLEN);
    size_t total = h->nlmsg_len - NLMSG_HDRLEN;
    while (skip + RTA_LENGTH(0) <= total) {
        const struct rtattr *a = (const struct rtattr *)((const char *)e + skip);
        if (a->rta_len < RTA_LENGTH(0) || skip + a->rta_len > total)
            return NULL;
        if ((a->rta_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
            return RTA_DATA(a);
        skip += RTA_ALIGN(a->rta_len);
    }
    return NULL;
}

/* One acknowledgement: 0 or -1. */
static int judge_ack(const struct wh_rtnl *rt, const struct nlmsghdr *h, struct wh_err *err)
{
    const struct nlmsgerr *e = NLMSG_DATA(h);
    size_t i = h->nlmsg_seq - rt->seq;
    const struct wh_rtnl_request *req = &rt->queue[i < rt->n ? i : 0];
    if (e->error == 0 || -e->error == req->ignore_errno)
        return 0;
    const char *more = find_ext_ack(h);
    if (!more)
        return wh_fail(err, -e->error, "%s", req->what);
    return wh_fail(err, -e->error, "%s (%s)", req->what, more);
}

static ssize_t receive(const struct wh_rtnl *rt, void *buf, size_t size, struct wh_err *err)
{
    for (;;) {
        ssize_t n = recv(rt->fd, buf, size, 0);
        if (n >= 0)
            return n;
        if (errno != EINTR)
            return wh_fail(err, errno, "read a netlink answer");
    }
}

static int send_queue(struct wh_rtnl *rt, struct wh_err *err)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (rt->overflow)
        return wh_fail(err, WH_E_LIMIT, "netlink request is too large");
    if (sendto(rt->fd, rt->bytes, rt->len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return wh_fail(err, errno, "send a netlink request");
    return 0;
}

static void clear_queue(struct wh_rtnl *rt)
{
    rt->seq += (uint32_t)rt->n + 1;
    rt->n = 0;
    rt->len = 0;
    rt->overflow = false;
}

static int await_acks(struct wh_rtnl *rt, struct wh_err *err)
{
    _Alignas(8) uint8_t buf[RECEIVE_BYTES];
    int ret = 0;
    for (size_t waiting = rt->n; waiting > 0;) {
        ssize_t n = receive(rt, buf, sizeof(buf), ret < 0 ? NULL : err);
        if (n < 0)
            return -1;
        struct nlmsghdr *h = (struct nlmsghdr *)buf;
        for (; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
            if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq < rt->seq || waiting == 0)
                continue;
            waiting--;
            if (ret == 0)
                ret = judge_ack(rt, h, err);
        }
    }
    return ret;
}

int wh_rtnl_flush(struct wh_rtnl *rt, struct wh_err *err)
{
    int ret = 0;
    if (rt->n > 0 || rt->overflow) {
        ret = send_queue(rt, err);
        if (ret == 0)
            ret = await_acks(rt, err);
    }
    clear_queue(rt);
    return ret;
}

/* ---- requests ---- */

static struct nlmsghdr *begin_link(struct wh_rtnl *rt, const char *what, uint16_t type, uint16_t flags, int ignore,
                                   const struct ifinfomsg *info)
{
    struct nlmsghdr *h = begin_request(rt, what, type, flags, ignore);
    put_raw(rt, info, sizeof(*info));
    return h;
}

void wh_rtnl_add_bridge(struct wh_rtnl *rt, const char *name, const uint8_t *mac, uint32_t mtu, uint32_t group,
                        const char *alias)
{
    struct nlmsghdr *h =
        begin_link(rt, "make a bridge", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, &(struct ifinfomsg){0});
    put_text(rt, IFLA_IFNAME, name);
    if (mac)
        put_attr(rt, IFLA_ADDRESS, mac, 6);
    if (mtu)
        put_u32(rt, IFLA_MTU, mtu);
    if (group)
        put_u32(rt, IFLA_GROUP, group);
    size_t info = begin_nest(rt, IFLA_LINKINFO);
    put_text(rt, IFLA_INFO_KIND, "bridge");
    end_nest(rt, info);
    end_request(rt, h);
    if (!alias)
        return;
    /* The kernel takes an alias only for a device that is there. */
    h = begin_link(rt, "name a bridge's owner", RTM_NEWLINK, 0, 0, &(struct ifinfomsg){0});
    put_text(rt, IFLA_IFNAME, name);
    put_attr(rt, IFLA_IFALIAS, alias, strlen(alias));
    end_request(rt, h);
}

static void put_veth_peer(struct wh_rtnl *rt, const struct wh_rtnl_veth *veth)
{
    struct ifinfomsg peer_info = {0};
    size_t peer = begin_nest(rt, VETH_INFO_PEER);
    put_raw(rt, &peer_info, sizeof(peer_info));
    put_text(rt, IFLA_IFNAME, veth->peer_name);
    put_u32(rt, IFLA_NET_NS_FD, (uint32_t)veth->netns_fd);
    if (veth->peer_mac)
        put_attr(rt, IFLA_ADDRESS, veth->peer_mac, 6);
    if (veth->mtu)
        put_u32(rt, IFLA_MTU, veth->mtu);
    end_nest(rt, peer);
}

void wh_rtnl_add_veth(struct wh_rtnl *rt, const struct wh_rtnl_veth *veth)
{
    struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct nlmsghdr *h = begin_link(rt, "make a veth pair", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, &up);
    put_text(rt, IFLA_IFNAME, veth->host_name);
    put_u32(rt, IFLA_MASTER, veth->master);
    if (veth->group)
        put_u32(rt, IFLA_GROUP, veth->group);
    if (veth->mtu)
        put_u32(rt, IFLA_MTU, veth->mtu);
    size_t info = begin_nest(rt, IFLA_LINKINFO);
    put_text(rt, IFLA_INFO_KIND, "veth");
    size_t data = begin_nest(rt, IFLA_INFO_DATA);
    put_veth_peer(rt, veth);
    end_nest(rt, data);
    end_nest(rt, info);
    end_request(rt, h);
}

void wh_rtnl_set_up(struct wh_rtnl *rt, uint32_t index)
{
    struct ifinfomsg up = {.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    end_request(rt, begin_link(rt, "bring a device up", RTM_NEWLINK, 0, 0, &up));
}

void wh_rtnl_set_mtu(struct wh_rtnl *rt, uint32_t index, uint32_t mtu)
{
    struct nlmsghdr *h = begin_link(rt, "set an MTU", RTM_NEWLINK, 0, 0, &(struct ifinfomsg){.ifi_index = (int)index});
    put_u32(rt, IFLA_MTU, mtu);
    end_request(rt, h);
}

void wh_rtnl_set_hairpin(struct wh_rtnl *rt, const char *port_name)
{
    uint8_t on = 1;
    struct nlmsghdr *h = begin_link(rt, "set hairpin mode", RTM_NEWLINK, 0, 0, &(struct ifinfomsg){0});
    put_text(rt, IFLA_IFNAME, port_name);
    size_t info = begin_nest(rt, IFLA_LINKINFO);
    put_text(rt, IFLA_INFO_SLAVE_KIND, "bridge");
    size_t data = begin_nest(rt, IFLA_INFO_SLAVE_DATA);
    put_attr(rt, IFLA_BRPORT_MODE, &on, sizeof(on));
    end_nest(rt, data);
    end_nest(rt, info);
    end_request(rt, h);
}

/* By the bridge's own request: the general one ends with a look at the carrier, which enables the port again. */
void wh_rtnl_mute_port(struct wh_rtnl *rt, uint32_t index)
{
    uint8_t state = BR_STATE_DISABLED;
    struct ifinfomsg port = {.ifi_family = AF_BRIDGE, .ifi_index = (int)index};
    struct nlmsghdr *h = begin_link(rt, "disable a bridge port", RTM_SETLINK, 0, ENODEV, &port);
    size_t info = begin_nest(rt, IFLA_PROTINFO | NLA_F_NESTED);
    put_attr(rt, IFLA_BRPORT_STATE, &state, sizeof(state));
    put_attr(rt, IFLA_BRPORT_FLUSH, NULL, 0);
    end_nest(rt, info);
    end_request(rt, h);
}

static int kernel_family(int family)
{
    return family == 6 ? AF_INET6 : AF_INET;
}

static size_t addr_size(int family)
{
    return family == 6 ? 16 : 4;
}

static struct nlmsghdr *begin_addr(struct wh_rtnl *rt, const char *what, uint16_t type, uint16_t flags, int ignore,
                                   uint32_t index, int family, uint8_t prefix)
{
    struct ifaddrmsg m = {.ifa_family = (uint8_t)kernel_family(family), .ifa_prefixlen = prefix, .ifa_index = index};
    if (family == 6)
        m.ifa_flags = IFA_F_NODAD;
    struct nlmsghdr *h = begin_request(rt, what, type, flags, ignore);
    put_raw(rt, &m, sizeof(m));
    return h;
}

static void put_broadcast(struct wh_rtnl *rt, const uint8_t *addr, uint8_t prefix)
{
    uint8_t all[4];
    for (int i = 0; i < 4; i++) {
        int bits = prefix - i * 8;
        int mask = bits >= 8 ? 0 : bits <= 0 ? 0xff : 0xff >> bits;
        all[i] = (uint8_t)(addr[i] | mask);
    }
    put_attr(rt, IFA_BROADCAST, all, sizeof(all));
}

void wh_rtnl_add_addr(struct wh_rtnl *rt, uint32_t index, int family, const uint8_t *addr, uint8_t prefix, int ignore)
{
    struct nlmsghdr *h =
        begin_addr(rt, "add an address", RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ignore, index, family, prefix);
    put_attr(rt, IFA_LOCAL, addr, addr_size(family));
    put_attr(rt, IFA_ADDRESS, addr, addr_size(family));
    if (family == 4 && prefix < 31)
        put_broadcast(rt, addr, prefix);
    end_request(rt, h);
}

void wh_rtnl_del_addr(struct wh_rtnl *rt, uint32_t index, int family, const uint8_t *addr, uint8_t prefix)
{
    struct nlmsghdr *h = begin_addr(rt, "remove an address", RTM_DELADDR, 0, EADDRNOTAVAIL, index, family, prefix);
    put_attr(rt, IFA_LOCAL, addr, addr_size(family));
    put_attr(rt, IFA_ADDRESS, addr, addr_size(family));
    end_request(rt, h);
}

void wh_rtnl_add_default(struct wh_rtnl *rt, uint32_t index, int family, const uint8_t *gateway, bool onlink)
{
    struct rtmsg m = {.rtm_family = (uint8_t)kernel_family(family),
                      .rtm_table = RT_TABLE_MAIN,
                      .rtm_protocol = RTPROT_BOOT,
                      .rtm_scope = RT_SCOPE_UNIVERSE,
                      .rtm_type = RTN_UNICAST,
                      .rtm_flags = onlink ? RTNH_F_ONLINK : 0};
    struct nlmsghdr *h = begin_request(rt, "add a default route", RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, 0);
    put_raw(rt, &m, sizeof(m));
    put_attr(rt, RTA_GATEWAY, gateway, addr_size(family));
    put_u32(rt, RTA_OIF, index);
    end_request(rt, h);
}

void wh_rtnl_del_link(struct wh_rtnl *rt, const char *name)
{
    struct nlmsghdr *h = begin_link(rt, "remove a device", RTM_DELLINK, 0, ENODEV, &(struct ifinfomsg){0});
    put_text(rt, IFLA_IFNAME, name);
    end_request(rt, h);
}

void wh_rtnl_del_group(struct wh_rtnl *rt, uint32_t group)
{
    struct nlmsghdr *h = begin_link(rt, "remove a group of devices", RTM_DELLINK, 0, ENODEV, &(struct ifinfomsg){0});
    put_u32(rt, IFLA_GROUP, group);
    end_request(rt, h);
}

/* ---- questions ---- */

/* Iterates attributes: a whole one at `a`, or NULL; *left counts the bytes from a on. */
static const struct rtattr *check_attr(const void *at, size_t left)
{
    const struct rtattr *a = at;
    return left >= sizeof(*a) && a->rta_len >= sizeof(*a) && a->rta_len <= left ? a : NULL;
}

static const struct rtattr *next_attr(const struct rtattr *a, size_t *left)
{
    size_t step = RTA_ALIGN(a->rta_len);
    *left = *left > step ? *left - step : 0;
    return check_attr((const char *)a + step, *left);
}

static void copy_text(char *to, size_t size, const struct rtattr *a)
{
    size_t len = RTA_PAYLOAD(a) < size - 1 ? RTA_PAYLOAD(a) : size - 1;
    memcpy(to, RTA_DATA(a), len);
    to[len] = '\0';
}

static void read_kind(struct wh_rtnl_link *link, const struct rtattr *info)
{
    size_t left = RTA_PAYLOAD(info);
    for (const struct rtattr *a = check_attr(RTA_DATA(info), left); a; a = next_attr(a, &left)) {
        if (a->rta_type == IFLA_INFO_KIND)
            copy_text(link->kind, sizeof(link->kind), a);
    }
}

static uint32_t attr_u32(const struct rtattr *a)
{
    uint32_t value = 0;
    if (RTA_PAYLOAD(a) >= sizeof(value))
        memcpy(&value, RTA_DATA(a), sizeof(value));
    return value;
}

static void read_link_attr(struct wh_rtnl_link *link, const struct rtattr *a)
{
    switch (a->rta_type) {
    case IFLA_IFNAME:
        copy_text(link->name, sizeof(link->name), a);
        break;
    case IFLA_IFALIAS:
        copy_text(link->alias, sizeof(link->alias), a);
        break;
    case IFLA_MASTER:
        link->master = attr_u32(a);
        break;
    case IFLA_GROUP:
        link->group = attr_u32(a);
        break;
    case IFLA_MTU:
        link->mtu = attr_u32(a);
        break;
    case IFLA_LINKINFO:
        read_kind(link, a);
        break;
    default:
        break;
    }
}

static void read_link(const struct nlmsghdr *h, struct wh_rtnl_link *ret_link)
{
    const struct ifinfomsg *info = NLMSG_DATA(h);
    *ret_link = (struct wh_rtnl_link){.index = (uint32_t)info->ifi_index, .up = (info->ifi_flags & IFF_UP) != 0};
    size_t left = IFLA_PAYLOAD(h);
    for (const struct rtattr *a = check_attr(IFLA_RTA(info), left); a; a = next_attr(a, &left))
        read_link_attr(ret_link, a);
}

int wh_rtnl_get_link(struct wh_rtnl *rt, const char *name, struct wh_rtnl_link *ret_link, struct wh_err *err)
{
    _Alignas(8) uint8_t buf[RECEIVE_BYTES];
    struct nlmsghdr *h = begin_link(rt, "look up a device", RTM_GETLINK, 0, 0, &(struct ifinfomsg){0});
    h->nlmsg_flags = NLM_F_REQUEST;
    put_text(rt, IFLA_IFNAME, name);
    end_request(rt, h);
    int ret = send_queue(rt, err);
    clear_queue(rt);
    ssize_t n = ret < 0 ? -1 : receive(rt, buf, sizeof(buf), err);
    if (n < 0)
        return -1;
    h = (struct nlmsghdr *)buf;
    if (!NLMSG_OK(h, (size_t)n))
        return wh_fail(err, WH_E_PROTOCOL, "look up a device: short answer");
    if (h->nlmsg_type == NLMSG_ERROR) {
        int code = -((struct nlmsgerr *)NLMSG_DATA(h))->error;
        return code == ENODEV ? 1 : wh_fail(err, code, "look up device %s", name);
    }
    read_link(h, ret_link);
    return 0;
}

typedef void dump_fn(const struct nlmsghdr *h, void *arg);

/* Asks for everything of a kind and calls fn for each message. */
static int dump(struct wh_rtnl *rt, uint16_t type, struct wh_err *err, dump_fn *fn, void *arg)
{
    _Alignas(8) uint8_t buf[RECEIVE_BYTES];
    struct rtgenmsg all = {.rtgen_family = AF_UNSPEC};
    struct nlmsghdr *h = begin_request(rt, "list", type, NLM_F_DUMP, 0);
    h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    put_raw(rt, &all, sizeof(all));
    put_raw(rt, NULL, 16); /* older kernels want the full header of the kind; zero means "any" */
    end_request(rt, h);
    int ret = send_queue(rt, err);
    clear_queue(rt);
    while (ret == 0) {
        ssize_t n = receive(rt, buf, sizeof(buf), err);
        if (n < 0)
            return -1;
        for (h = (struct nlmsghdr *)buf; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
            if (h->nlmsg_type == NLMSG_DONE)
                return 0;
            if (h->nlmsg_type == NLMSG_ERROR)
                return wh_fail(err, -((struct nlmsgerr *)NLMSG_DATA(h))->error, "list network objects");
            fn(h, arg);
        }
    }
    return ret;
}

struct net_visit {
    void (*fn)(const struct wh_rtnl_net *net, void *arg);
    void *arg;
};

static bool set_family(struct wh_rtnl_net *net, uint8_t family)
{
    net->family = family == AF_INET ? 4 : family == AF_INET6 ? 6 : 0;
    return net->family != 0;
}

static void visit_addr(const struct nlmsghdr *h, void *arg)
{
    struct net_visit *v = arg;
    const struct ifaddrmsg *m = NLMSG_DATA(h);
    struct wh_rtnl_net net = {.index = m->ifa_index, .prefix = m->ifa_prefixlen};
    if (!set_family(&net, m->ifa_family))
        return;
    size_t left = IFA_PAYLOAD(h);
    for (const struct rtattr *a = check_attr(IFA_RTA(m), left); a; a = next_attr(a, &left)) {
        bool wanted = a->rta_type == (net.family == 4 ? IFA_LOCAL : IFA_ADDRESS);
        if (wanted && RTA_PAYLOAD(a) == addr_size(net.family))
            memcpy(net.addr, RTA_DATA(a), RTA_PAYLOAD(a));
    }
    v->fn(&net, v->arg);
}

static void visit_route(const struct nlmsghdr *h, void *arg)
{
    struct net_visit *v = arg;
    const struct rtmsg *m = NLMSG_DATA(h);
    struct wh_rtnl_net net = {.prefix = m->rtm_dst_len};
    if (m->rtm_type != RTN_UNICAST || m->rtm_table != RT_TABLE_MAIN || m->rtm_dst_len == 0 ||
        !set_family(&net, m->rtm_family))
        return;
    size_t left = RTM_PAYLOAD(h);
    for (const struct rtattr *a = check_attr(RTM_RTA(m), left); a; a = next_attr(a, &left)) {
        if (a->rta_type == RTA_DST && RTA_PAYLOAD(a) == addr_size(net.family))
            memcpy(net.addr, RTA_DATA(a), RTA_PAYLOAD(a));
        else if (a->rta_type == RTA_OIF)
            net.index = attr_u32(a);
    }
    v->fn(&net, v->arg);
}

int wh_rtnl_each_addr(struct wh_rtnl *rt, void (*fn)(const struct wh_rtnl_net *net, void *arg), void *arg,
                      struct wh_err *err)
{
    struct net_visit v = {fn, arg};
    return dump(rt, RTM_GETADDR, err, visit_addr, &v);
}

int wh_rtnl_each_route(struct wh_rtnl *rt, void (*fn)(const struct wh_rtnl_net *net, void *arg), void *arg,
                       struct wh_err *err)
{
    struct net_visit v = {fn, arg};
    return dump(rt, RTM_GETROUTE, err, visit_route, &v);
}
