/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A published port is an element of a map, so that hundreds cost one look-up: a4/a6 by protocol, address and port,
 * w4/w6
 * ("wildcard") by protocol and port. A port with several backends is a verdict in va4, vw4 ... that leads to a chain of
 * its own with numgen, because the number of backends is part of that rule's type and cannot change in a map.
 *
 * Two drops are at raw priority, before conntrack and NAT, or they would not see the packet as it came: direct access
 * to a container's address from outside of its bridge, and packets for 127/8 that did not come by lo (route_localnet
 * and the DNAT would otherwise open loopback publishing to the neighbours, CVE-2020-8558).
 */
#include "firewall_text.h"

#include <string.h>

/* ---- the fixed part ---- */

static void add_maps(struct wh_str *out, const char *suffix, const char *addr_type)
{
    wh_str_fmt(out, "\tmap a%s { type inet_proto . %s . inet_service : %s . inet_service; }\n", suffix, addr_type,
               addr_type);
    wh_str_fmt(out, "\tmap w%s { type inet_proto . inet_service : %s . inet_service; }\n", suffix, addr_type);
    wh_str_fmt(out, "\tmap va%s { type inet_proto . %s . inet_service : verdict; }\n", suffix, addr_type);
    wh_str_fmt(out, "\tmap vw%s { type inet_proto . inet_service : verdict; }\n", suffix);
}

/* family: "ip" or "ip6"; suffix: "4" or "6". Exact addresses go before wildcards. */
static void add_publish_chain(struct wh_str *out, const char *suffix, const char *family)
{
    static const char protos[] = "meta l4proto { tcp, udp, sctp }";
    wh_str_fmt(out, "\tchain publish%s {\n", suffix);
    wh_str_fmt(out, "\t\tmeta l4proto . %s daddr . th dport vmap @va%s\n", family, suffix);
    wh_str_fmt(out, "\t\t%s dnat %s addr . port to meta l4proto . %s daddr . th dport map @a%s\n", protos, family,
               family, suffix);
    wh_str_fmt(out, "\t\tmeta l4proto . th dport vmap @vw%s\n", suffix);
    wh_str_fmt(out, "\t\t%s dnat %s addr . port to meta l4proto . th dport map @w%s\n", protos, family, suffix);
    wh_str_add(out, "\t}\n");
}

static void add_jumps(struct wh_str *out, const char *chain, const char *hook, bool has_ipv6)
{
    wh_str_fmt(out, "\tchain %s {\n\t\ttype nat hook %s; policy accept;\n", chain, hook);
    wh_str_add(out, "\t\tmeta nfproto ipv4 fib daddr type local jump publish4\n");
    if (has_ipv6)
        wh_str_add(out, "\t\tmeta nfproto ipv6 ip6 daddr != ::1 fib daddr type local jump publish6\n");
    wh_str_add(out, "\t}\n");
}

static void add_filter_chains(struct wh_str *out)
{
    wh_str_add(out, "\tchain raw {\n\t\ttype filter hook prerouting priority raw; policy accept;\n"
                    "\t\tiifname != \"lo\" ip daddr 127.0.0.0/8 drop\n"
                    "\t\tiifname != \"lo\" ip saddr 127.0.0.0/8 drop\n\t}\n"
                    "\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n"
                    "\t\tct state established,related accept\n\t}\n"
                    "\tchain postrouting {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t}\n");
}

int wh_fw_base_text(const char *table, bool has_ipv6, struct wh_str *ret_text)
{
    wh_str_fmt(ret_text, "table inet %s {\n", table);
    add_maps(ret_text, "4", "ipv4_addr");
    if (has_ipv6)
        add_maps(ret_text, "6", "ipv6_addr");
    add_publish_chain(ret_text, "4", "ip");
    if (has_ipv6)
        add_publish_chain(ret_text, "6", "ip6");
    add_jumps(ret_text, "prerouting", "prerouting priority dstnat", has_ipv6);
    add_jumps(ret_text, "output", "output priority -100", has_ipv6);
    add_filter_chains(ret_text);
    wh_str_add(ret_text, "}\n");
    return ret_text->failed ? -1 : 0;
}

/* ---- one network ---- */

struct rules {
    struct wh_str *out;
    const char *table;
    const struct wh_bridge *bridge;
};

static void add_rule(const struct rules *r, const char *chain, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void add_rule(const struct rules *r, const char *chain, const char *fmt, ...)
{
    va_list ap;
    wh_str_fmt(r->out, "add rule inet %s %s ", r->table, chain);
    va_start(ap, fmt);
    wh_str_vfmt(r->out, fmt, ap);
    va_end(ap);
    wh_str_addc(r->out, '\n');
}

static void add_forward_rules(const struct rules *r)
{
    const char *name = r->bridge->name;
    if (r->bridge->internal) {
        add_rule(r, "forward", "iifname \"%s\" oifname != \"%s\" drop", name, name);
        add_rule(r, "forward", "iifname != \"%s\" oifname \"%s\" drop", name, name);
    }
    if (r->bridge->no_icc)
        add_rule(r, "forward", "iifname \"%s\" oifname \"%s\" ct status & dnat != dnat drop", name, name);
    add_rule(r, "forward", "iifname != \"%s\" oifname \"%s\" ct status & dnat != dnat drop", name, name);
}

/* A container that reaches itself or a neighbour by a published port must see the answer come back the same way, hence
 * the masquerade inside of the bridge. */
static void add_subnet_rules(const struct rules *r, const char *family, const struct wh_cidr *subnet,
                             const struct wh_addr *gateway)
{
    char net[WH_ADDR_TEXT_MAX], gw[WH_ADDR_TEXT_MAX], but[WH_ADDR_TEXT_MAX + 32] = "";
    const char *name = r->bridge->name;
    wh_cidr_text(subnet, net, sizeof(net));
    if (gateway->family)
        snprintf(but, sizeof(but), "%s daddr != %s ", family, wh_addr_text(gateway, gw, sizeof(gw)));
    add_rule(r, "raw", "iifname != \"%s\" %s daddr %s %sdrop", name, family, net, but);
    add_rule(r, "postrouting", "oifname \"%s\" %s saddr %s ct status dnat masquerade", name, family, net);
    if (!r->bridge->internal && !r->bridge->no_masquerade)
        add_rule(r, "postrouting", "oifname != \"%s\" %s saddr %s masquerade", name, family, net);
}

int wh_fw_bridge_text(const char *table, const struct wh_bridge *bridge, bool has_ipv6, struct wh_str *ret_text)
{
    struct rules r = {ret_text, table, bridge};
    if (has_ipv6)
        add_rule(&r, "raw", "iifname \"%s\" icmpv6 type nd-router-advert drop", bridge->name);
    add_rule(&r, "postrouting", "oifname \"%s\" ip saddr 127.0.0.0/8 masquerade", bridge->name);
    if (bridge->subnet4.addr.family)
        add_subnet_rules(&r, "ip", &bridge->subnet4, &bridge->gateway4);
    if (bridge->subnet6.addr.family && has_ipv6)
        add_subnet_rules(&r, "ip6", &bridge->subnet6, &bridge->gateway6);
    add_forward_rules(&r);
    return ret_text->failed ? -1 : 0;
}

/* ---- items ---- */

/* One family of a published port. */
struct side {
    const struct wh_publish *publish;
    uint8_t family;
    size_t n; /* backends of the family */
};

/* The literal name of the map for [balanced][wildcard][v6]. */
static const char *choose_map(bool balanced, bool wildcard, bool v6)
{
    static const char *const names[2][2][2] = {{{"a4", "a6"}, {"w4", "w6"}}, {{"va4", "va6"}, {"vw4", "vw6"}}};
    return names[balanced][wildcard][v6];
}

static void set_names(struct wh_fw_item *item, const struct side *s)
{
    const struct wh_publish *p = s->publish;
    char addr[WH_ADDR_TEXT_MAX] = "any";
    bool wildcard = wh_addr_is_any(&p->host_ip);
    const char *proto = wh_proto_text(p->proto);
    item->map = choose_map(s->n > 1, wildcard, s->family == 6);
    item->proto = p->proto;
    item->port = p->port;
    if (wildcard) {
        snprintf(item->key, sizeof(item->key), "%s . %u", proto, p->port);
    } else {
        wh_addr_text(&p->host_ip, addr, sizeof(addr));
        snprintf(item->key, sizeof(item->key), "%s . %s . %u", proto, addr, p->port);
    }
    if (s->n < 2)
        return;
    snprintf(item->chain, sizeof(item->chain), "b%u_%s_%s_%u", s->family, addr, proto, p->port);
    for (char *c = item->chain; (c = strchr(c, ':'));)
        *c = '_'; /* no colons in a chain's name */
}

static size_t count_backends(const struct wh_publish *p, uint8_t family)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_backends; i++)
        n += p->backends[i].addr.family == family;
    return n;
}

static void add_backend(struct wh_str *out, const struct wh_backend *b)
{
    char addr[WH_ADDR_TEXT_MAX];
    wh_str_fmt(out, "%s . %u", wh_addr_text(&b->addr, addr, sizeof(addr)), b->port);
}

static void set_target(struct wh_fw_item *item, const struct side *s)
{
    const struct wh_publish *p = s->publish;
    bool balanced = s->n > 1;
    if (balanced)
        wh_str_fmt(&item->to, "meta l4proto %s dnat %s addr . port to numgen inc mod %zu map { ",
                   wh_proto_text(p->proto), s->family == 6 ? "ip6" : "ip", s->n);
    size_t at = 0;
    for (size_t i = 0; i < p->n_backends; i++) {
        if (p->backends[i].addr.family != s->family)
            continue;
        if (balanced)
            wh_str_fmt(&item->to, "%s%zu : ", at ? ", " : "", at);
        add_backend(&item->to, &p->backends[i]);
        at++;
    }
    if (balanced)
        wh_str_add(&item->to, " }");
}

static void free_item(struct wh_fw_item *item)
{
    if (item) {
        wh_str_fini(&item->to);
        free(item);
    }
}

static int add_item(struct wh_map *items, const struct side *s)
{
    char id[128];
    struct wh_fw_item *item = calloc(1, sizeof(*item));
    if (!item)
        return -1;
    set_names(item, s);
    set_target(item, s);
    snprintf(id, sizeof(id), "%s %s", item->map, item->key);
    free_item(wh_map_get(items, id));
    if (item->to.failed || wh_map_set(items, id, item) < 0) {
        free_item(item);
        return -1;
    }
    return 0;
}

int wh_fw_items(const struct wh_firewall_spec *spec, bool has_ipv6, struct wh_map *ret_items, struct wh_err *err)
{
    for (size_t i = 0; i < spec->n_publishes * 2; i++) {
        struct side s = {.publish = &spec->publishes[i / 2], .family = i % 2 ? 6 : 4};
        s.n = count_backends(s.publish, s.family);
        bool is_asked = !s.publish->host_ip.family || s.publish->host_ip.family == s.family;
        if (s.n == 0 || !is_asked || (s.family == 6 && !has_ipv6))
            continue;
        if (add_item(ret_items, &s) < 0)
            return wh_fail(err, WH_E_LIMIT, "out of memory");
    }
    return 0;
}

void wh_fw_items_fini(struct wh_map *items)
{
    for (size_t i = 0; i < items->len; i++)
        free_item(items->entries[i].value);
    wh_map_fini(items);
}

/* ---- differences ---- */

static void add_element(struct wh_str *out, const char *table, const struct wh_fw_item *item, const char *to)
{
    wh_str_fmt(out, "add element inet %s %s { %s : %s%s }\n", table, item->map, item->key,
               item->chain[0] ? "jump " : "", to);
}

static void write_new(struct wh_str *out, const char *table, const struct wh_fw_item *item)
{
    if (!item->chain[0]) {
        add_element(out, table, item, wh_str_c(&item->to));
        return;
    }
    wh_str_fmt(out, "add chain inet %s %s\n", table, item->chain);
    wh_str_fmt(out, "add rule inet %s %s %s\n", table, item->chain, wh_str_c(&item->to));
    add_element(out, table, item, item->chain);
}

static void write_gone(struct wh_str *out, const char *table, const struct wh_fw_item *item)
{
    wh_str_fmt(out, "delete element inet %s %s { %s }\n", table, item->map, item->key);
    if (item->chain[0])
        wh_str_fmt(out, "delete chain inet %s %s\n", table, item->chain);
}

static void write_changed(struct wh_str *out, const char *table, const struct wh_fw_item *was,
                          const struct wh_fw_item *item)
{
    if (strcmp(wh_str_c(&was->to), wh_str_c(&item->to)) == 0)
        return;
    if (!item->chain[0]) {
        write_gone(out, table, was);
        write_new(out, table, item);
        return;
    }
    wh_str_fmt(out, "flush chain inet %s %s\n", table, item->chain);
    wh_str_fmt(out, "add rule inet %s %s %s\n", table, item->chain, wh_str_c(&item->to));
}

int wh_fw_diff_text(const char *table, const struct wh_map *from, const struct wh_map *to, struct wh_str *ret_text)
{
    for (size_t i = 0; i < from->len; i++) {
        if (!wh_map_has(to, from->entries[i].key))
            write_gone(ret_text, table, from->entries[i].value);
    }
    for (size_t i = 0; i < to->len; i++) {
        const struct wh_fw_item *was = wh_map_get(from, to->entries[i].key);
        if (was)
            write_changed(ret_text, table, was, to->entries[i].value);
        else
            write_new(ret_text, table, to->entries[i].value);
    }
    return ret_text->failed ? -1 : 0;
}
