/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dump of the flows, and a delete for each that matches. The delete carries the original tuple exactly as the dump gave
 * it and the flow's id, so a new flow with the same tuple is not hit.
 */
#include "whale/sys/conntrack.h"

#include "whale/util/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define ATTR_HEAD     sizeof(struct nlattr)
#define ATTR_ALIGN(n) (((size_t)(n) + 3) & ~(size_t)3)
#define RECEIVE_BYTES 32768
#define MAX_FLOWS     1024 /* per call; more are left to time out */

struct flow {
    uint8_t family;
    uint16_t tuple_len;
    uint8_t tuple[160]; /* the whole CTA_TUPLE_ORIG attribute */
    uint32_t id;        /* network order, 0 = not told */
};

/* An attribute inside [at, at + left), or NULL. */
static const struct nlattr *check_attr(const void *at, size_t left)
{
    const struct nlattr *a = at;
    return left >= sizeof(*a) && a->nla_len >= sizeof(*a) && a->nla_len <= left ? a : NULL;
}

static const struct nlattr *find_attr(const void *at, size_t left, uint16_t type)
{
    for (const struct nlattr *a = check_attr(at, left); a;) {
        if ((a->nla_type & NLA_TYPE_MASK) == type)
            return a;
        size_t step = ATTR_ALIGN(a->nla_len);
        if (step >= left)
            return NULL;
        left -= step;
        a = check_attr((const char *)a + step, left);
    }
    return NULL;
}

static const struct nlattr *find_inside(const struct nlattr *nest, uint16_t type)
{
    return nest ? find_attr((const char *)nest + ATTR_HEAD, nest->nla_len - ATTR_HEAD, type) : NULL;
}

static uint32_t attr_bytes(const struct nlattr *a, size_t size)
{
    uint32_t value = 0;
    if (a && a->nla_len >= ATTR_HEAD + size)
        memcpy(&value, (const char *)a + ATTR_HEAD, size);
    return value;
}

static bool matches(const struct nlattr *tuple, const uint16_t *ports, size_t n)
{
    const struct nlattr *proto = find_inside(tuple, CTA_TUPLE_PROTO);
    if (attr_bytes(find_inside(proto, CTA_PROTO_NUM), 1) != IPPROTO_UDP)
        return false;
    uint16_t port = ntohs((uint16_t)attr_bytes(find_inside(proto, CTA_PROTO_DST_PORT), 2));
    for (size_t i = 0; i < n; i++) {
        if (ports[i] == port)
            return true;
    }
    return false;
}

/* One message of the dump; true when it was taken into *ret. */
static bool read_flow(const struct nlmsghdr *h, const uint16_t *ports, size_t n, struct flow *ret)
{
    size_t head = (size_t)NLMSG_HDRLEN + sizeof(struct nfgenmsg);
    if (h->nlmsg_len <= head)
        return false;
    const struct nfgenmsg *gen = NLMSG_DATA(h);
    const void *attrs = (const char *)h + head;
    const struct nlattr *tuple = find_attr(attrs, h->nlmsg_len - head, CTA_TUPLE_ORIG);
    if (!tuple || tuple->nla_len > sizeof(ret->tuple) || !matches(tuple, ports, n))
        return false;
    ret->family = gen->nfgen_family;
    ret->tuple_len = tuple->nla_len;
    memcpy(ret->tuple, tuple, tuple->nla_len);
    ret->id = attr_bytes(find_attr(attrs, h->nlmsg_len - head, CTA_ID), 4);
    return true;
}

static int send_request(int fd, uint8_t family, uint16_t type, uint16_t flags, const struct flow *flow)
{
    _Alignas(8) uint8_t buf[512] = {0};
    struct nlmsghdr *h = (struct nlmsghdr *)buf;
    struct nfgenmsg gen = {.nfgen_family = family, .version = NFNETLINK_V0};
    size_t len = NLMSG_HDRLEN;
    memcpy(buf + len, &gen, sizeof(gen));
    len += sizeof(gen);
    if (flow) {
        memcpy(buf + len, flow->tuple, flow->tuple_len);
        len += ATTR_ALIGN(flow->tuple_len);
        struct nlattr id = {.nla_len = ATTR_HEAD + 4, .nla_type = CTA_ID};
        if (flow->id) {
            memcpy(buf + len, &id, sizeof(id));
            memcpy(buf + len + ATTR_HEAD, &flow->id, 4);
            len += ATTR_HEAD + 4;
        }
    }
    h->nlmsg_len = (uint32_t)len;
    h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
    h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    return send(fd, buf, len, 0) < 0 ? -1 : 0;
}

/* Collects matching flows. Count, or -1 with errno. */
static ssize_t collect(int fd, const uint16_t *ports, size_t n, struct flow *flows)
{
    _Alignas(8) uint8_t buf[RECEIVE_BYTES];
    size_t found = 0;
    if (send_request(fd, AF_UNSPEC, IPCTNL_MSG_CT_GET, NLM_F_DUMP, NULL) < 0)
        return -1;
    for (;;) {
        ssize_t got = recv(fd, buf, sizeof(buf), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        size_t left = (size_t)got;
        for (struct nlmsghdr *h = (struct nlmsghdr *)buf; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
            if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
                return (ssize_t)found;
            if (found < MAX_FLOWS && read_flow(h, ports, n, &flows[found]))
                found++;
        }
    }
}

int wh_conntrack_forget_udp(const uint16_t *ports, size_t n, struct wh_err *err)
{
    wh_auto_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    struct flow *flows WH_CLEANUP(wh_cleanup_free) = calloc(MAX_FLOWS, sizeof(*flows));
    if (fd < 0 || !flows)
        return wh_fail(err, errno, "open a netfilter socket");
    ssize_t found = collect(fd, ports, n, flows);
    if (found < 0)
        return wh_fail(err, errno, "list connections");
    for (ssize_t i = 0; i < found; i++) {
        if (send_request(fd, flows[i].family, IPCTNL_MSG_CT_DELETE, 0, &flows[i]) < 0)
            return wh_fail(err, errno, "forget a connection");
    }
    return 0;
}
