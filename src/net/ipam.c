/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which subnet a network gets and which address a container gets. Pure except for reading the host's routes: the caller
 * keeps what is in use. v4 is computed on 32-bit numbers; v6 addresses count in the low 64 bits of a subnet.
 */
#include "whale/net.h"

#include "whale/sys/rtnl.h"
#include "whale/util/map.h"

#include <string.h>

/* Docker takes 172.17-31/16 and 192.168/16 in large pieces; small pieces from the same ranges and a part of 10/8 that
 * is seldom routed leave room for hundreds of projects beside it. */
static const char default_pools[] = "172.18.0.0/15/24,172.20.0.0/14/24,172.24.0.0/13/24,10.192.0.0/11/24";

static uint32_t v4_number(const struct wh_addr *a)
{
    return (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 | (uint32_t)a->bytes[2] << 8 | a->bytes[3];
}

static struct wh_addr v4_addr(uint32_t n)
{
    return (struct wh_addr){.family = 4,
                            .bytes = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

/* ---- what the host has ---- */

static void add_net(const struct wh_rtnl_net *net, void *arg)
{
    struct wh_vec *nets = arg;
    struct wh_cidr *c = wh_vec_push(nets);
    if (!c)
        return;
    char text[WH_ADDR_TEXT_MAX], with_prefix[WH_ADDR_TEXT_MAX + 8];
    struct wh_addr a = {.family = (uint8_t)net->family};
    memcpy(a.bytes, net->addr, sizeof(a.bytes));
    snprintf(with_prefix, sizeof(with_prefix), "%s/%u", wh_addr_text(&a, text, sizeof(text)), net->prefix);
    if (wh_cidr_parse(with_prefix, c) < 0)
        nets->len--;
}

int wh_ipam_host_nets(struct wh_vec *ret_nets, struct wh_err *err)
{
    struct wh_rtnl rt;
    if (wh_rtnl_open(&rt, err) < 0)
        return wh_wrap(err, "read the host's routes");
    int ret = wh_rtnl_each_addr(&rt, add_net, ret_nets, err);
    if (ret == 0)
        ret = wh_rtnl_each_route(&rt, add_net, ret_nets, err);
    wh_rtnl_close(&rt);
    if (ret == 0 && ret_nets->failed)
        ret = wh_fail(err, WH_E_LIMIT, "out of memory");
    return ret < 0 ? wh_wrap(err, "read the host's routes") : 0;
}

/* ---- subnets ---- */

static int parse_pool(const char *text, struct wh_ipam_pool *ret_pool)
{
    char base[WH_ADDR_TEXT_MAX], end;
    unsigned size;
    const char *last = strrchr(text, '/');
    if (!last || (size_t)(last - text) >= sizeof(base) || sscanf(last + 1, "%2u%c", &size, &end) != 1)
        return -1;
    memcpy(base, text, (size_t)(last - text));
    base[last - text] = '\0';
    if (wh_cidr_parse(base, &ret_pool->base) < 0 || ret_pool->base.addr.family != 4 || size < ret_pool->base.prefix ||
        size > 30)
        return -1;
    ret_pool->size = (uint8_t)size;
    return 0;
}

int wh_ipam_pools(const char *text, struct wh_vec *ret_pools, struct wh_err *err)
{
    char copy[1024];
    const char *from = text && *text ? text : default_pools;
    if (strlen(from) >= sizeof(copy))
        return wh_fail(err, WH_E_INVALID, "list of address pools is too long");
    memcpy(copy, from, strlen(from) + 1);
    char *save = NULL;
    for (char *one = strtok_r(copy, ", ", &save); one; one = strtok_r(NULL, ", ", &save)) {
        struct wh_ipam_pool *pool = wh_vec_push(ret_pools);
        if (!pool)
            return wh_fail(err, WH_E_LIMIT, "out of memory");
        if (parse_pool(one, pool) < 0)
            return wh_fail(err, WH_E_INVALID, "address pool \"%s\" is not BASE/PREFIX/SIZE with IPv4 addresses", one);
    }
    return 0;
}

static const struct wh_cidr *find_overlap(const struct wh_cidr *c, const struct wh_cidr *taken, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (wh_cidr_overlaps(c, &taken[i]))
            return &taken[i];
    }
    return NULL;
}

/* Prefix of the smallest piece with room for the hosts and a quarter more, network, broadcast and gateway. */
static uint8_t prefix_for(uint32_t hosts, uint8_t at_most)
{
    uint8_t prefix = at_most;
    while (prefix > 8 && (UINT64_C(1) << (32 - prefix)) < (uint64_t)hosts * 5 / 4 + 3)
        prefix--;
    return prefix;
}

static int pick_from_pool(const struct wh_ipam_pool *pool, const struct wh_cidr *taken, size_t n_taken, uint32_t hash,
                          uint32_t hosts, struct wh_cidr *ret_subnet)
{
    uint8_t prefix = prefix_for(hosts, pool->size);
    if (prefix < pool->base.prefix)
        return 1;
    uint32_t pieces = UINT32_C(1) << (prefix - pool->base.prefix);
    uint32_t base = v4_number(&pool->base.addr);
    for (uint32_t i = 0; i < pieces; i++) {
        uint32_t piece = (hash + i) % pieces;
        struct wh_cidr c = {.addr = v4_addr(base + (piece << (32 - prefix))), .prefix = prefix};
        if (!find_overlap(&c, taken, n_taken)) {
            *ret_subnet = c;
            return 0;
        }
    }
    return 1;
}

int wh_ipam_pick4(const struct wh_ipam_pool *pools, size_t n_pools, const struct wh_cidr *taken, size_t n_taken,
                  const char *seed, uint32_t hosts, struct wh_cidr *ret_subnet, struct wh_err *err)
{
    uint32_t hash = wh_hash_bytes(seed, strlen(seed));
    for (size_t i = 0; i < n_pools; i++) {
        size_t at = (hash + i) % n_pools;
        if (pick_from_pool(&pools[at], taken, n_taken, hash >> 4, hosts, ret_subnet) == 0)
            return 0;
    }
    wh_err_hint(err, "remove unused networks, or give this one a subnet under ipam");
    return wh_fail(err, WH_E_LIMIT, "no free subnet for network %s: every one of the address pools is in use", seed);
}

int wh_ipam_pick6(const struct wh_cidr *taken, size_t n_taken, const char *seed, struct wh_cidr *ret_subnet,
                  struct wh_err *err)
{
    uint32_t low = wh_hash_bytes(seed, strlen(seed));
    uint32_t high = wh_hash_bytes(&low, sizeof(low));
    for (uint32_t i = 0; i < 1024; i++) {
        struct wh_cidr c = {.addr = {.family = 6, .bytes = {0xfd}}, .prefix = 64};
        uint32_t number = low + i;
        memcpy(c.addr.bytes + 1, &high, 3);
        memcpy(c.addr.bytes + 4, &number, 4);
        if (!find_overlap(&c, taken, n_taken)) {
            *ret_subnet = c;
            return 0;
        }
    }
    return wh_fail(err, WH_E_LIMIT, "no free IPv6 subnet for network %s", seed);
}

int wh_ipam_check(const struct wh_cidr *subnet, const struct wh_cidr *taken, const char *const *owners, size_t n_taken,
                  struct wh_err *err)
{
    const struct wh_cidr *hit = find_overlap(subnet, taken, n_taken);
    if (!hit)
        return 0;
    char a[WH_ADDR_TEXT_MAX], b[WH_ADDR_TEXT_MAX];
    const char *owner = owners ? owners[hit - taken] : NULL;
    return wh_fail(err, WH_E_CONFLICT, "subnet %s overlaps with %s (%s)", wh_cidr_text(subnet, a, sizeof(a)),
                   wh_cidr_text(hit, b, sizeof(b)), owner ? owner : "in use on this host");
}

/* ---- addresses ---- */

/* Adds n to the low 64 bits (v6) or 32 bits (v4). */
static struct wh_addr add_to(const struct wh_addr *base, uint64_t n)
{
    if (base->family == 4)
        return v4_addr(v4_number(base) + (uint32_t)n);
    struct wh_addr a = *base;
    for (int i = 15; i >= 8 && n; i--) {
        n += a.bytes[i];
        a.bytes[i] = (uint8_t)n;
        n >>= 8;
    }
    return a;
}

static uint64_t offset_in(const struct wh_cidr *net, const struct wh_addr *a)
{
    if (a->family == 4)
        return v4_number(a) - v4_number(&net->addr);
    uint64_t diff = 0;
    for (int i = 8; i < 16; i++)
        diff = diff << 8 | a->bytes[i];
    uint64_t base = 0;
    for (int i = 8; i < 16; i++)
        base = base << 8 | net->addr.bytes[i];
    return diff - base;
}

/* How many addresses a subnet has, at most 2^32. */
static uint64_t size_of(const struct wh_cidr *net)
{
    int bits = (net->addr.family == 6 ? 128 : 32) - net->prefix;
    return UINT64_C(1) << (bits > 32 ? 32 : bits);
}

static bool is_among(const struct wh_addr *a, const struct wh_addr *set, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (wh_addr_equal(a, &set[i]))
            return true;
    }
    return false;
}

static bool is_reserved(const struct wh_ipam *ipam, const struct wh_addr *a)
{
    const struct wh_cidr *net = &ipam->subnet;
    uint64_t at = offset_in(net, a);
    bool edges = net->addr.family == 4 ? net->prefix < 31 : net->prefix < 127;
    if (edges && (at == 0 || (net->addr.family == 4 && at == size_of(net) - 1)))
        return true;
    return wh_addr_equal(a, &ipam->gateway) || is_among(a, ipam->aux, ipam->n_aux);
}

static int check_inside(const struct wh_ipam *ipam, const char *what, const struct wh_addr *a, struct wh_err *err)
{
    char at[WH_ADDR_TEXT_MAX], net[WH_ADDR_TEXT_MAX];
    if (!a->family || wh_cidr_has(&ipam->subnet, a))
        return 0;
    return wh_fail(err, WH_E_INVALID, "%s %s is not inside subnet %s", what, wh_addr_text(a, at, sizeof(at)),
                   wh_cidr_text(&ipam->subnet, net, sizeof(net)));
}

static int check_gateway(const struct wh_ipam *ipam, struct wh_err *err)
{
    char text[WH_ADDR_TEXT_MAX];
    struct wh_ipam without = *ipam;
    without.gateway = (struct wh_addr){0};
    return is_reserved(&without, &ipam->gateway)
               ? wh_fail(err, WH_E_INVALID, "failed to allocate gateway (%s): address already in use",
                         wh_addr_text(&ipam->gateway, text, sizeof(text)))
               : 0;
}

int wh_ipam_complete(struct wh_ipam *ipam, struct wh_err *err)
{
    if (check_inside(ipam, "ip_range", &ipam->range.addr, err) < 0 ||
        check_inside(ipam, "gateway", &ipam->gateway, err) < 0)
        return -1;
    for (size_t i = 0; i < ipam->n_aux; i++) {
        if (check_inside(ipam, "aux_address", &ipam->aux[i], err) < 0)
            return -1;
    }
    if (ipam->gateway.family)
        return check_gateway(ipam, err);
    const struct wh_cidr *from = ipam->range.addr.family ? &ipam->range : &ipam->subnet;
    for (uint64_t i = 0; i < size_of(from); i++) {
        struct wh_addr a = add_to(&from->addr, i);
        if (!is_reserved(ipam, &a)) {
            ipam->gateway = a;
            return 0;
        }
    }
    return wh_fail(err, WH_E_LIMIT, "subnet has no room for a gateway");
}

static int check_fixed(const struct wh_ipam *ipam, const struct wh_addr *want, const struct wh_addr *used,
                       size_t n_used, struct wh_err *err)
{
    char text[WH_ADDR_TEXT_MAX], net[WH_ADDR_TEXT_MAX];
    wh_addr_text(want, text, sizeof(text));
    if (!wh_cidr_has(&ipam->subnet, want))
        return wh_fail(err, WH_E_INVALID,
                       "invalid address %s: it does not belong to any of this network's subnets (%s)", text,
                       wh_cidr_text(&ipam->subnet, net, sizeof(net)));
    if (wh_addr_equal(want, &ipam->gateway))
        return wh_fail(err, WH_E_CONFLICT, "address %s is already in use: it is the network's gateway", text);
    if (is_reserved(ipam, want))
        return wh_fail(err, WH_E_CONFLICT, "address %s is already in use: the network keeps it to itself", text);
    if (is_among(want, used, n_used))
        return wh_fail(err, WH_E_CONFLICT, "address %s is already in use", text);
    return 0;
}

int wh_ipam_address(const struct wh_ipam *ipam, const struct wh_addr *want, const struct wh_addr *used, size_t n_used,
                    const struct wh_addr *last, struct wh_addr *ret_addr, struct wh_err *err)
{
    if (want && want->family) {
        *ret_addr = *want;
        return check_fixed(ipam, want, used, n_used, err);
    }
    const struct wh_cidr *from = ipam->range.addr.family ? &ipam->range : &ipam->subnet;
    uint64_t size = size_of(from);
    uint64_t start = last && wh_cidr_has(from, last) ? offset_in(from, last) + 1 : 0;
    for (uint64_t i = 0; i < size; i++) {
        struct wh_addr a = add_to(&from->addr, (start + i) % size);
        if (!is_reserved(ipam, &a) && !is_among(&a, used, n_used)) {
            *ret_addr = a;
            return 0;
        }
    }
    char text[WH_ADDR_TEXT_MAX];
    return wh_fail(err, WH_E_LIMIT,
                   "no available IPv%d addresses on this network's address pools: all of %s are in use",
                   from->addr.family, wh_cidr_text(from, text, sizeof(text)));
}
