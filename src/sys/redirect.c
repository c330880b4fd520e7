/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages that `nft` would send for: table ip T { chain output { type nat hook output priority -100;
 * ip daddr A udp dport P dnat to A:U; ip daddr A tcp dport P dnat to A:T } } */
#include "whale/sys/redirect.h"

#include "whale/util/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#define CHAIN         "output"
#define MAX_BYTES     2048
#define DADDR_OFFSET  16 /* in the IPv4 header */
#define DPORT_OFFSET  2  /* in the UDP and TCP headers */
#define BEFORE_FILTER (-100)

/* Messages one behind the other; what does not fit sets `overflow`. */
struct batch {
    size_t len;
    uint32_t seq; /* of the last message */
    size_t n_acks;
    bool overflow;
    _Alignas(8) uint8_t bytes[MAX_BYTES];
};

/* ---- building ---- */

static size_t put(struct batch *b, const void *data, size_t len)
{
    size_t at = b->len, padded = (len + 3) & ~(size_t)3;
    if (at + padded > sizeof(b->bytes)) {
        b->overflow = true;
        return at;
    }
    memset(b->bytes + at, 0, padded);
    memcpy(b->bytes + at, data, len);
    b->len += padded;
    return at;
}

static size_t begin(struct batch *b, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource)
{
    struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags), .nlmsg_seq = ++b->seq};
    struct nfgenmsg gen = {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
    size_t at = put(b, &h, sizeof(h));
    put(b, &gen, sizeof(gen));
    b->n_acks += (flags & NLM_F_ACK) != 0;
    return at;
}

/* Of a message; its length is the first member. */
static void end(struct batch *b, size_t at)
{
    uint32_t len = (uint32_t)(b->len - at);
    memcpy(b->bytes + at, &len, sizeof(len));
}

static size_t begin_request(struct batch *b, int type, uint16_t flags)
{
    return begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), (uint16_t)(flags | NLM_F_ACK), NFPROTO_IPV4, 0);
}

/* An edge of the transaction. */
static void mark(struct batch *b, uint16_t type)
{
    end(b, begin(b, type, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

static void put_attr(struct batch *b, uint16_t type, const void *data, size_t len)
{
    struct nlattr head = {.nla_len = (uint16_t)(sizeof(struct nlattr) + len), .nla_type = type};
    put(b, &head, sizeof(head));
    if (len)
        put(b, data, len);
}

static void put_text(struct batch *b, uint16_t type, const char *text)
{
    put_attr(b, type, text, strlen(text) + 1);
}

static void put_u32(struct batch *b, uint16_t type, uint32_t value)
{
    uint32_t wire = htonl(value);
    put_attr(b, type, &wire, sizeof(wire));
}

static size_t nest(struct batch *b, uint16_t type)
{
    size_t at = b->len;
    put_attr(b, (uint16_t)(type | NLA_F_NESTED), NULL, 0);
    return at;
}

static void unnest(struct batch *b, size_t at)
{
    uint16_t len = (uint16_t)(b->len - at);
    memcpy(b->bytes + at, &len, sizeof(len));
}

/* ---- expressions of a rule ---- */

/* Where an open expression begins: the list's element, and the data within. */
struct expr {
    size_t element, data;
};

static struct expr open_expr(struct batch *b, const char *name)
{
    struct expr e = {.element = nest(b, NFTA_LIST_ELEM)};
    put_text(b, NFTA_EXPR_NAME, name);
    e.data = nest(b, NFTA_EXPR_DATA);
    return e;
}

static void close_expr(struct batch *b, struct expr e)
{
    unnest(b, e.data);
    unnest(b, e.element);
}

static void put_value(struct batch *b, uint16_t type, const void *value, size_t len)
{
    size_t at = nest(b, type);
    put_attr(b, NFTA_DATA_VALUE, value, len);
    unnest(b, at);
}

static void compare(struct batch *b, const void *value, size_t len)
{
    struct expr e = open_expr(b, "cmp");
    put_u32(b, NFTA_CMP_SREG, NFT_REG_1);
    put_u32(b, NFTA_CMP_OP, NFT_CMP_EQ);
    put_value(b, NFTA_CMP_DATA, value, len);
    close_expr(b, e);
}

static void match_payload(struct batch *b, uint32_t base, uint32_t offset, const void *value, size_t len)
{
    struct expr e = open_expr(b, "payload");
    put_u32(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_u32(b, NFTA_PAYLOAD_BASE, base);
    put_u32(b, NFTA_PAYLOAD_OFFSET, offset);
    put_u32(b, NFTA_PAYLOAD_LEN, (uint32_t)len);
    close_expr(b, e);
    compare(b, value, len);
}

static void match_protocol(struct batch *b, uint8_t protocol)
{
    struct expr e = open_expr(b, "meta");
    put_u32(b, NFTA_META_DREG, NFT_REG_1);
    put_u32(b, NFTA_META_KEY, NFT_META_L4PROTO);
    close_expr(b, e);
    compare(b, &protocol, 1);
}

static void load(struct batch *b, uint32_t reg, const void *value, size_t len)
{
    struct expr e = open_expr(b, "immediate");
    put_u32(b, NFTA_IMMEDIATE_DREG, reg);
    put_value(b, NFTA_IMMEDIATE_DATA, value, len);
    close_expr(b, e);
}

static void translate(struct batch *b, const uint8_t *addr, uint16_t port)
{
    uint16_t wire = htons(port);
    load(b, NFT_REG_1, addr, 4);
    load(b, NFT_REG_2, &wire, sizeof(wire));
    struct expr e = open_expr(b, "nat");
    put_u32(b, NFTA_NAT_TYPE, NFT_NAT_DNAT);
    put_u32(b, NFTA_NAT_FAMILY, NFPROTO_IPV4);
    put_u32(b, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
    put_u32(b, NFTA_NAT_REG_PROTO_MIN, NFT_REG_2);
    close_expr(b, e);
}

/* ---- the requests ---- */

static void put_table(struct batch *b, int type, uint16_t flags, const char *table)
{
    size_t at = begin_request(b, type, flags);
    put_text(b, NFTA_TABLE_NAME, table);
    end(b, at);
}

static void put_chain(struct batch *b, const char *table)
{
    size_t at = begin_request(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    put_text(b, NFTA_CHAIN_TABLE, table);
    put_text(b, NFTA_CHAIN_NAME, CHAIN);
    size_t hook = nest(b, NFTA_CHAIN_HOOK);
    put_u32(b, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
    put_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)BEFORE_FILTER);
    unnest(b, hook);
    put_u32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
    put_text(b, NFTA_CHAIN_TYPE, "nat");
    end(b, at);
}

static void put_rule(struct batch *b, const struct wh_redirect *r, uint8_t protocol, uint16_t to)
{
    uint16_t port = htons(r->port);
    size_t at = begin_request(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    put_text(b, NFTA_RULE_TABLE, r->table);
    put_text(b, NFTA_RULE_CHAIN, CHAIN);
    size_t list = nest(b, NFTA_RULE_EXPRESSIONS);
    match_payload(b, NFT_PAYLOAD_NETWORK_HEADER, DADDR_OFFSET, r->addr, sizeof(r->addr));
    match_protocol(b, protocol);
    match_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, DPORT_OFFSET, &port, sizeof(port));
    translate(b, r->addr, to);
    unnest(b, list);
    end(b, at);
}

/* ---- sending ---- */

/* The kernel has answered every request before the send returns. */
static int read_answers(int fd, size_t n, struct wh_err *err)
{
    _Alignas(8) uint8_t buf[8192];
    size_t found = 0;
    while (found < n) {
        ssize_t got = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return wh_fail(err, errno, "read nftables' answer");
        size_t left = (size_t)got;
        for (struct nlmsghdr *h = (struct nlmsghdr *)buf; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
            const struct nlmsgerr *e = NLMSG_DATA(h);
            if (h->nlmsg_type == NLMSG_ERROR && e->error)
                return wh_fail(err, -e->error, "redirect a port");
            found += h->nlmsg_type == NLMSG_ERROR;
        }
    }
    return 0;
}

int wh_sys_redirect(const struct wh_redirect *r, bool replace, struct wh_err *err)
{
    struct batch b = {.seq = 0};
    mark(&b, NFNL_MSG_BATCH_BEGIN);
    if (replace) {
        put_table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE, r->table); /* so that there is one to delete */
        put_table(&b, NFT_MSG_DELTABLE, 0, r->table);
    }
    put_table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, r->table);
    put_chain(&b, r->table);
    put_rule(&b, r, IPPROTO_UDP, r->udp);
    put_rule(&b, r, IPPROTO_TCP, r->tcp);
    mark(&b, NFNL_MSG_BATCH_END);
    if (b.overflow)
        return wh_fail(err, WH_E_LIMIT, "redirect a port: the table's name is too long");
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    wh_auto_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (fd < 0)
        return wh_fail(err, errno, "open a netfilter socket");
    if (sendto(fd, b.bytes, b.len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return wh_fail(err, errno, "send to nftables");
    return read_answers(fd, b.n_acks, err);
}
