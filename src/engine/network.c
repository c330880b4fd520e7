/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks: records, subnets, bridges. A network is loaded from its record once and kept until it is removed. */
#include "engine/network.h"
#include "engine/check.h"

#include "whale/util/file.h"
#include "whale/util/log.h"
#include "whale/util/size.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <string.h>

/* A bridge of Linux has at most 1023 ports: a /22, so that no project outgrows the subnet that was picked for it. */
#define HOSTS_WANTED 800

/* ---- from the record --------------------------------------------------------------------------------------------- */

static void parse_addr(const char *text, struct wh_addr *ret)
{
    if (!text || wh_addr_parse(text, ret) < 0)
        *ret = (struct wh_addr){0};
}

static void parse_cidr(const char *text, struct wh_cidr *ret)
{
    if (!text || wh_cidr_parse(text, ret) < 0)
        *ret = (struct wh_cidr){0};
}

static void parse_aux(struct net *n)
{
    const struct wh_node *config = wh_node_get(wh_node_get(n->rec.network_node, "ipam"), "config");
    for (size_t i = 0; i < wh_node_len(config); i++) {
        const struct wh_node *aux = wh_node_get(config->seq.items[i], "aux_addresses");
        struct wh_addr *addrs = wh_arena_array(&n->arena, struct wh_addr, wh_node_len(aux) + 1);
        size_t len = 0;
        for (size_t j = 0; addrs && j < wh_node_len(aux); j++)
            if (aux->map.pairs[j].value->text && wh_addr_parse(aux->map.pairs[j].value->text, &addrs[len]) == 0)
                len++;
        struct wh_ipam *ipam = len && addrs[0].family == 6 ? &n->ipam6 : &n->ipam4;
        if (len) {
            ipam->aux = addrs;
            ipam->n_aux = len;
        }
    }
}

static void read_options(struct net *n)
{
    const struct wh_node *options = wh_node_get(n->rec.network_node, "driver_opts");
    for (size_t i = 0; i < wh_node_len(options); i++) {
        wh_auto_err err = {0};
        const char *value = options->map.pairs[i].value->text;
        if (wh_bridge_option(&n->bridge, options->map.pairs[i].key, value ? value : "", &err) == 0)
            continue;
        wh_log_warn("network %s: option %s has no effect", n->rec.name, options->map.pairs[i].key);
    }
}

static void fill_net(struct wh_policy *p, struct net *n)
{
    struct wh_bridge *b = &n->bridge;
    snprintf(b->name, sizeof(b->name), "%s", n->rec.bridge);
    b->network = n->rec.name;
    parse_cidr(n->rec.subnet4, &b->subnet4);
    parse_cidr(n->rec.subnet6, &b->subnet6);
    parse_addr(n->rec.gateway4, &b->gateway4);
    parse_addr(n->rec.gateway6, &b->gateway6);
    b->mtu = (uint32_t)n->rec.mtu;
    b->internal = n->rec.internal;
    read_options(n);
    n->ipam4 = (struct wh_ipam){.subnet = b->subnet4, .gateway = b->gateway4};
    n->ipam6 = (struct wh_ipam){.subnet = b->subnet6, .gateway = b->gateway6};
    parse_cidr(n->rec.ip_range, &n->ipam4.range);
    parse_aux(n);
    n->is_own = wh_streq(n->rec.project, p->project);
}

static void net_free(struct net *n)
{
    wh_arena_fini(&n->arena);
    wh_vec_fini(&n->lingering);
    free(n);
}

int net_get(struct wh_policy *p, const char *name, struct net **ret, struct wh_err *err)
{
    struct net *n = wh_map_get(&p->networks, name);
    if (n) {
        *ret = n;
        return 0;
    }
    n = calloc(1, sizeof(*n));
    if (!n)
        return wh_fail(err, ENOMEM, "network");
    int r = wh_state_network_load(&n->arena, name, &n->rec, err);
    if (r == WH_STATE_ABSENT)
        wh_fail(err, WH_E_NOT_FOUND, "network %s not found", name);
    if (r != 0 || wh_map_set(&p->networks, n->rec.name, n) < 0) {
        net_free(n);
        return -1;
    }
    fill_net(p, n);
    *ret = n;
    return 0;
}

static void forget(struct wh_policy *p, const char *name)
{
    struct net *n = wh_map_del(&p->networks, name);
    if (n)
        net_free(n);
}

void net_free_all(struct wh_policy *p)
{
    for (size_t i = 0; i < p->networks.len; i++)
        net_free(p->networks.entries[i].value);
    wh_map_fini(&p->networks);
}

int net_ensure_up(struct wh_policy *p, struct net *n, struct wh_err *err)
{
    if (n->is_up)
        return 0;
    struct wh_net_scope owner = {p->scope.instance, n->rec.project};
    if (wh_bridge_ensure(&owner, &n->bridge, err) < 0)
        return wh_wrap(err, "network %s", n->rec.name);
    n->is_up = true;
    if (n->is_own)
        firewall_mark(p);
    return 0;
}

/* ---- making one -------------------------------------------------------------------------------------------------- */

struct taken {
    struct wh_vec nets; /* struct wh_cidr */
    struct wh_vec owners;
};

static void taken_fini(struct taken *t)
{
    wh_vec_fini(&t->nets);
    wh_vec_fini(&t->owners);
}

static void add_taken(struct taken *t, const char *text, const char *owner)
{
    struct wh_cidr c;
    if (!text || wh_cidr_parse(text, &c) < 0)
        return;
    struct wh_cidr *slot = wh_vec_push(&t->nets);
    if (slot)
        *slot = c;
    wh_vec_push_ptr(&t->owners, owner);
}

static int find_taken(struct wh_arena *a, struct taken *t, struct wh_err *err)
{
    struct wh_network_rec *recs;
    size_t n;
    t->nets = WH_VEC(struct wh_cidr);
    t->owners = WH_VEC(const char *);
    if (wh_state_networks(a, &recs, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        add_taken(t, recs[i].subnet4, wh_arena_fmt(a, "network %s", recs[i].name));
        add_taken(t, recs[i].subnet6, wh_arena_fmt(a, "network %s", recs[i].name));
    }
    if (wh_ipam_host_nets(&t->nets, err) < 0)
        return -1;
    while (t->owners.len < t->nets.len)
        if (wh_vec_push_ptr(&t->owners, "the host") < 0)
            return wh_fail(err, ENOMEM, "network");
    return 0;
}

static int check_aux(const struct wh_ipam_range *r, const struct wh_cidr *subnet, struct wh_err *err)
{
    for (size_t i = 0; i < r->aux_addresses.len; i++) {
        const struct wh_pair_text *aux = &r->aux_addresses.items[i];
        struct wh_addr addr;
        if (!aux->value || wh_addr_parse(aux->value, &addr) < 0 || !wh_cidr_has(subnet, &addr))
            return wh_fail(err, WH_E_INVALID, "auxiliary address: (%s:%s) must belong to the master pool: %s", aux->key,
                           aux->value ? aux->value : "", r->subnet);
    }
    return 0;
}

/* The configured range of one family, or a family of 0. */
static int configured(const struct wh_network *n, uint8_t family, struct wh_ipam *ret, struct wh_err *err)
{
    *ret = (struct wh_ipam){0};
    for (size_t i = 0; i < n->ipam.len; i++) {
        const struct wh_ipam_range *r = &n->ipam.items[i];
        struct wh_cidr subnet;
        if (!r->subnet && !r->gateway && !r->ip_range && r->aux_addresses.len == 0)
            continue;
        if (!r->subnet)
            return wh_fail(err, WH_E_INVALID, "invalid subnet: there is none for the other addresses of ipam.config");
        if (wh_cidr_parse(r->subnet, &subnet) < 0)
            return wh_fail(err, WH_E_INVALID, "invalid subnet: \"%s\" is none", r->subnet);
        if (subnet.addr.family != family)
            continue;
        if (ret->subnet.addr.family)
            return wh_fail(err, WH_E_INVALID, "bridge driver doesn't support multiple subnets of one family");
        ret->subnet = subnet;
        if (check_aux(r, &subnet, err) < 0)
            return -1;
        if (r->gateway && wh_addr_parse(r->gateway, &ret->gateway) < 0)
            return wh_fail(err, WH_E_INVALID, "invalid gateway address: \"%s\"", r->gateway);
        if (r->ip_range && wh_cidr_parse(r->ip_range, &ret->range) < 0)
            return wh_fail(err, WH_E_INVALID, "invalid ip_range: \"%s\"", r->ip_range);
    }
    return 0;
}

static int choose4(const struct wh_network *n, const struct taken *t, struct wh_ipam *ipam, struct wh_err *err)
{
    const struct wh_cidr *nets = t->nets.items;
    if (configured(n, 4, ipam, err) < 0)
        return -1;
    if (n->enable_ipv4.is_set && !n->enable_ipv4.value)
        return 0;
    if (ipam->subnet.addr.family) {
        if (wh_ipam_check(&ipam->subnet, nets, t->owners.items, t->nets.len, err) < 0)
            return -1;
        return wh_ipam_complete(ipam, err);
    }
    wh_auto_vec pools = WH_VEC(struct wh_ipam_pool);
    if (wh_ipam_pools(getenv("WHALE_COMPOSE_SUBNETS"), &pools, err) < 0 ||
        wh_ipam_pick4(pools.items, pools.len, nets, t->nets.len, n->name, HOSTS_WANTED, &ipam->subnet, err) < 0)
        return -1;
    return wh_ipam_complete(ipam, err);
}

static int choose6(const struct wh_network *n, const struct taken *t, struct wh_ipam *ipam, struct wh_err *err)
{
    if (configured(n, 6, ipam, err) < 0)
        return -1;
    bool wanted = n->enable_ipv6.is_set ? n->enable_ipv6.value : ipam->subnet.addr.family != 0;
    if (!wanted || !wh_net_has_ipv6()) {
        *ipam = (struct wh_ipam){0};
        return 0;
    }
    if (!ipam->subnet.addr.family && wh_ipam_pick6(t->nets.items, t->nets.len, n->name, &ipam->subnet, err) < 0)
        return -1;
    return wh_ipam_complete(ipam, err);
}

static const char *cidr_or_null(struct wh_arena *a, const struct wh_cidr *c)
{
    char buf[WH_ADDR_TEXT_MAX];
    return c->addr.family ? wh_arena_strdup(a, wh_cidr_text(c, buf, sizeof(buf))) : NULL;
}

static const char *addr_or_null(struct wh_arena *a, const struct wh_addr *addr)
{
    char buf[WH_ADDR_TEXT_MAX];
    return addr->family ? wh_arena_strdup(a, wh_addr_text(addr, buf, sizeof(buf))) : NULL;
}

static int network_labels(struct wh_arena *a, const struct wh_policy *p, const struct wh_network *n,
                          struct wh_network_rec *rec)
{
    struct wh_label *labels = wh_arena_array(a, struct wh_label, n->labels.len + 3);
    if (!labels)
        return -1;
    size_t len = 0;
    for (size_t i = 0; i < n->labels.len; i++)
        labels[len++] =
            (struct wh_label){n->labels.items[i].key, n->labels.items[i].value ? n->labels.items[i].value : ""};
    labels[len++] = (struct wh_label){"com.docker.compose.config-hash", rec->config_hash};
    labels[len++] = (struct wh_label){"com.docker.compose.network", n->key};
    labels[len++] = (struct wh_label){"com.docker.compose.project", p->project};
    rec->labels = labels;
    rec->n_labels = len;
    return 0;
}

static int64_t mtu_option(const struct wh_network *n)
{
    int64_t mtu;
    const char *text = wh_pairs_get(&n->driver_opts, WH_OPT_MTU);
    return text && wh_int_parse(text, 68, 65535, &mtu) == 0 ? mtu : 0;
}

static int fill_record(struct wh_policy *p, struct wh_arena *a, const struct wh_network *n, const char *hash,
                       const struct wh_ipam *v4, const struct wh_ipam *v6, struct wh_network_rec *rec,
                       struct wh_err *err)
{
    char *id = wh_arena_alloc(a, WH_ID_LEN + 1), *bridge = wh_arena_alloc(a, WH_IFNAME_MAX);
    if (!id || !bridge || wh_random_hex(id, WH_ID_LEN, err) < 0)
        return -1;
    wh_net_bridge_name(&p->scope, n->name, bridge);
    const char *own_name = wh_pairs_get(&n->driver_opts, WH_OPT_BRIDGE_NAME);
    *rec = (struct wh_network_rec){.name = n->name,
                                   .id = id,
                                   .project = p->project,
                                   .key = n->key,
                                   .driver = "bridge",
                                   .bridge = own_name ? own_name : bridge,
                                   .subnet4 = cidr_or_null(a, &v4->subnet),
                                   .gateway4 = addr_or_null(a, &v4->gateway),
                                   .subnet6 = cidr_or_null(a, &v6->subnet),
                                   .gateway6 = addr_or_null(a, &v6->gateway),
                                   .ip_range = cidr_or_null(a, &v4->range),
                                   .mtu = (int)mtu_option(n),
                                   .internal = n->internal,
                                   .config_hash = hash ? hash : "",
                                   .created_ns = wh_now_real_ns(),
                                   .network_node = n->node};
    return network_labels(a, p, n, rec) < 0 ? wh_fail(err, ENOMEM, "network") : 0;
}

static int create_locked(struct wh_policy *p, const struct wh_network *n, const char *hash, struct wh_err *err)
{
    wh_auto_arena a = {0};
    WH_CLEANUP(taken_fini) struct taken taken = {0};
    struct wh_ipam v4, v6;
    struct wh_network_rec rec;
    if (find_taken(&a, &taken, err) < 0 || choose4(n, &taken, &v4, err) < 0 || choose6(n, &taken, &v6, err) < 0 ||
        fill_record(p, &a, n, hash, &v4, &v6, &rec, err) < 0)
        return -1;
    return wh_state_network_save(&rec, err);
}

static int check_drivers(const struct wh_network *n, struct wh_err *err)
{
    if (n->driver && n->driver[0] && strcmp(n->driver, "bridge") != 0)
        return fail_attribute(err, "driver", "plugin \"%s\" not found: only the driver \"bridge\" is there", n->driver);
    if (n->ipam_driver && n->ipam_driver[0] && strcmp(n->ipam_driver, "default") != 0)
        return fail_attribute(err, "ipam/driver", "plugin \"%s\" not found: only the ipam driver \"default\" is there",
                              n->ipam_driver);
    return 0;
}

static int check_options(const struct wh_network *n, struct wh_err *err)
{
    struct wh_bridge scratch = {0};
    for (size_t i = 0; i < n->driver_opts.len; i++) {
        const struct wh_pair_text *opt = &n->driver_opts.items[i];
        if (wh_bridge_option(&scratch, opt->key, opt->value ? opt->value : "", err) < 0)
            return wh_err_in(err, "driver_opts/%s", opt->key);
    }
    return 0;
}

static int create_record(struct wh_policy *p, const struct wh_network *n, const char *hash, struct wh_err *err)
{
    wh_auto_fd lock = -1;
    if (check_drivers(n, err) < 0 || check_options(n, err) < 0 || wh_state_lock_global(&lock, err) < 0 ||
        create_locked(p, n, hash, err) < 0)
        return wh_wrap(err, "failed to create network %s", n->name);
    return 0;
}

int net_create(struct wh_policy *p, const struct wh_network *n, const char *hash, struct wh_err *err)
{
    struct net *net;
    if (create_record(p, n, hash, err) < 0 || net_get(p, n->name, &net, err) < 0)
        return -1;
    if (net_ensure_up(p, net, err) < 0) {
        forget(p, n->name);
        wh_state_network_remove(n->name, NULL);
        return -1;
    }
    return 0;
}

/* ---- network_mode bridge ----------------------------------------------------------------------------------------- */

const char *net_bridge_name(const struct wh_policy *p, struct wh_arena *a)
{
    return wh_arena_fmt(a, "%s%c%s", WH_DEFAULT_BRIDGE, WH_NETWORK_OWN, p->project);
}

int net_create_bridge(struct wh_policy *p, const char *name, struct wh_err *err)
{
    struct net *there;
    const struct wh_network n = {.key = WH_DEFAULT_BRIDGE, .name = name};
    return net_get(p, name, &there, NULL) == 0 ? 0 : net_create(p, &n, NULL, err);
}

/* ---- removing ---------------------------------------------------------------------------------------------------- */

static bool is_attached(const struct wh_policy *p, const char *name)
{
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        for (size_t j = 0; ctr_is_live(c) && j < c->n_endpoints; j++)
            if (strcmp(c->endpoints[j].network, name) == 0)
                return true;
    }
    for (size_t i = 0; i < p->foreign.len; i++)
        if (wh_streq(wh_vec_at(&p->foreign, struct foreign, i).network, name))
            return true;
    return false;
}

/* Containers that are stopped keep no interface on a network that goes. */
static void release_stopped(struct wh_policy *p, const char *name)
{
    for (size_t i = 0; i < p->ctrs.len; i++) {
        struct ctr *c = p->ctrs.entries[i].value;
        for (size_t j = 0; j < c->n_endpoints; j++) {
            if (strcmp(c->endpoints[j].network, name) != 0)
                continue;
            ctr_net_release(c);
            break;
        }
    }
}

int net_remove(struct wh_policy *p, const char *name, struct wh_err *err)
{
    struct net *n;
    if (is_attached(p, name))
        return 1;
    if (net_get(p, name, &n, err) < 0)
        return -1;
    release_stopped(p, name);
    struct wh_net_scope owner = {p->scope.instance, n->rec.project};
    if (wh_bridge_remove(&owner, n->bridge.name, err) < 0 || wh_state_network_remove(name, err) < 0)
        return wh_wrap(err, "network %s", name);
    forget(p, name);
    firewall_mark(p);
    return 0;
}
