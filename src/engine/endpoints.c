/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container's network namespace and its addresses. Both are kept over restarts of the process (the keeper holds the
 * namespace), so that address, MAC and published ports do not flap; a stopped container gives them back.
 */
#include "engine/network.h"

#include "whale/util/log.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

static bool is_mode(const struct ctr *c, const char *mode)
{
    return c->rec.n_networks == 1 && strcmp(c->rec.networks[0], mode) == 0;
}

struct ctr *ctr_net_owner(const struct ctr *c)
{
    const char *service = c->service->network_mode ? wh_mode_service(c->service->network_mode) : NULL;
    if (service)
        return ctr_find_service(c->p, service, 0, false);
    if (c->service->network_mode && wh_starts(c->service->network_mode, "container:")) {
        const char *name = c->service->network_mode + strlen("container:");
        struct ctr *other = ctr_find_name(c->p, name);
        return other ? other : ctr_find(c->p, name);
    }
    return NULL;
}

static const char *host_name(struct wh_arena *a)
{
    struct utsname u;
    return uname(&u) == 0 ? wh_arena_strdup(a, u.nodename) : "localhost";
}

const char *ctr_hostname(struct wh_arena *a, const struct ctr *c)
{
    const struct ctr *owner = ctr_net_owner(c);
    if (owner && owner != c)
        return ctr_hostname(a, owner);
    if (c->service->hostname)
        return c->service->hostname;
    return is_mode(c, "host") ? host_name(a) : wh_arena_strndup(a, c->rec.id, 12);
}

int ctr_foreign_owner(struct wh_arena *a, const struct ctr *c, struct wh_container *ret, struct wh_err *err)
{
    const char *mode = c->service->network_mode;
    if (!mode || !wh_starts(mode, "container:") || ctr_net_owner(c))
        return 1;
    return foreign_find(a, c->p, mode + strlen("container:"), ret, err);
}

/* ---- addresses --------------------------------------------------------------------------------------------------- */

static void add_used(struct wh_vec *used, const struct wh_addr *addr)
{
    struct wh_addr *slot = addr->family ? wh_vec_push(used) : NULL;
    if (slot)
        *slot = *addr;
}

static void find_used(const struct ctr *self, const char *network, bool v6, struct wh_vec *used)
{
    const struct wh_policy *p = self->p;
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        for (size_t j = 0; c != self && j < c->n_endpoints; j++)
            if (strcmp(c->endpoints[j].network, network) == 0)
                add_used(used, v6 ? &c->endpoints[j].ip6 : &c->endpoints[j].ip4);
    }
    for (size_t i = 0; i < p->foreign.len; i++) {
        const struct foreign *f = &wh_vec_at(&p->foreign, struct foreign, i);
        if (strcmp(f->network, network) == 0)
            add_used(used, v6 ? &f->ip6 : &f->ip4);
    }
}

static const struct wh_endpoint_rec *last_endpoint(const struct ctr *c, const char *network)
{
    for (size_t i = 0; i < c->state.n_endpoints; i++)
        if (wh_streq(c->state.endpoints[i].network, network))
            return &c->state.endpoints[i];
    return NULL;
}

static int pick(struct ctr *c, struct net *n, const char *want_text, const char *last_text, bool v6,
                struct wh_addr *ret, struct wh_err *err)
{
    const struct wh_ipam *ipam = v6 ? &n->ipam6 : &n->ipam4;
    wh_auto_vec used = WH_VEC(struct wh_addr);
    struct wh_addr want = {0};
    find_used(c, n->rec.name, v6, &used);
    if (want_text && want_text[0]) {
        if (wh_addr_parse(want_text, &want) < 0)
            return wh_fail(err, WH_E_INVALID, "\"%s\" is no address", want_text);
        return wh_ipam_address(ipam, &want, used.items, used.len, NULL, ret, err);
    }
    if (last_text && wh_addr_parse(last_text, &want) == 0 &&
        wh_ipam_address(ipam, &want, used.items, used.len, NULL, ret, NULL) == 0)
        return 0;
    return wh_ipam_address(ipam, NULL, used.items, used.len, v6 || !n->last4.family ? NULL : &n->last4, ret, err);
}

static int choose_addresses(struct ctr *c, struct net *n, struct ctr_endpoint *e, struct wh_err *err)
{
    const struct wh_service_network *config = e->config;
    const struct wh_endpoint_rec *last = last_endpoint(c, n->rec.name);
    if (n->ipam4.subnet.addr.family) {
        if (pick(c, n, config && !c->rec.oneoff ? config->ipv4_address : NULL, last ? last->ipv4 : NULL, false, &e->ip4,
                 err) < 0)
            return wh_err_in(err, "ipv4_address");
        n->last4 = e->ip4;
    }
    if (n->ipam6.subnet.addr.family && pick(c, n, config && !c->rec.oneoff ? config->ipv6_address : NULL,
                                            last ? last->ipv6 : NULL, true, &e->ip6, err) < 0)
        return wh_err_in(err, "ipv6_address");
    const char *mac = config && config->mac_address ? config->mac_address : c->service->mac_address;
    if (mac && mac[0] && wh_mac_parse(mac, e->mac) < 0)
        return wh_fail(err, WH_E_INVALID, "\"%s\" is no MAC address", mac);
    if (config && config->interface_name)
        snprintf(e->ifname, sizeof(e->ifname), "%s", config->interface_name);
    return 0;
}

/* ---- the namespace ----------------------------------------------------------------------------------------------- */

const struct wh_service_network *ctr_network_config(const struct ctr *c, const char *name)
{
    const char *key = wh_node_get_str(wh_node_get(c->rec.extra, "network_keys"), name, name);
    for (size_t i = 0; i < c->service->networks.len; i++)
        if (strcmp(c->service->networks.items[i].name, key) == 0)
            return &c->service->networks.items[i];
    return NULL;
}

static void describe(const struct ctr *c, const struct net *n, struct ctr_endpoint *e, struct wh_endpoint *out)
{
    *out = (struct wh_endpoint){.bridge = n->bridge.name,
                                .network = n->rec.name,
                                .ip4 = e->ip4,
                                .ip6 = e->ip6,
                                .prefix4 = n->bridge.subnet4.prefix,
                                .prefix6 = n->bridge.subnet6.prefix,
                                .gateway_priority = e->config ? (int)e->config->gw_priority : 0,
                                .mtu = n->bridge.mtu};
    if (!n->bridge.internal) {
        out->gateway4 = n->bridge.gateway4;
        out->gateway6 = n->bridge.gateway6;
    }
    memcpy(out->mac, e->mac, sizeof(out->mac));
    snprintf(out->ifname, sizeof(out->ifname), "%s", e->ifname);
}

static int prepare_endpoints(struct ctr *c, struct wh_endpoint *out, struct wh_err *err)
{
    for (size_t i = 0; i < c->rec.n_networks; i++) {
        struct net *n;
        struct ctr_endpoint *e = &c->endpoints[i];
        *e = (struct ctr_endpoint){.network = c->rec.networks[i], .config = ctr_network_config(c, c->rec.networks[i])};
        c->n_endpoints = i + 1;
        if (net_get(c->p, c->rec.networks[i], &n, err) < 0 || net_ensure_up(c->p, n, err) < 0 ||
            choose_addresses(c, n, e, err) < 0)
            return e->config ? wh_err_in(err, "networks/%s", e->config->name) : wh_err_in(err, "network_mode");
        lingering_mute(n, e);
        describe(c, n, e, &out[i]);
    }
    return 0;
}

static void note_attached(struct ctr *c, const struct wh_endpoint *out)
{
    for (size_t i = 0; i < c->n_endpoints; i++) {
        struct ctr_endpoint *e = &c->endpoints[i];
        if (out[i].ifname[0])
            snprintf(e->ifname, sizeof(e->ifname), "%s", out[i].ifname);
        else
            snprintf(e->ifname, sizeof(e->ifname), "eth%zu", i);
        memcpy(e->mac, out[i].mac, sizeof(e->mac));
        memcpy(e->host_if, out[i].host_if, sizeof(e->host_if));
        static const uint8_t none[6];
        if (memcmp(e->mac, none, sizeof(none)) == 0)
            wh_mac_from_addr(e->ip4.family ? &e->ip4 : &e->ip6, e->mac);
    }
}

static bool is_on_shared_network(const struct ctr *c)
{
    for (size_t i = 0; i < c->rec.n_networks; i++) {
        struct net *n;
        if (foreign_uses(c->p, c->rec.networks[i]) || (net_get(c->p, c->rec.networks[i], &n, NULL) == 0 && !n->is_own))
            return true;
    }
    return false;
}

/* On a network that other projects use, addresses are chosen one at a time and are on disk before the next choice. */
static int prepare_shared(struct ctr *c, struct wh_endpoint *out, struct wh_err *err)
{
    wh_auto_fd lock = -1;
    if (wh_state_lock_global(&lock, err) < 0)
        return -1;
    foreign_refresh(c->p);
    if (prepare_endpoints(c, out, err) < 0)
        return -1;
    ctr_endpoints_to_state(c);
    return ctr_save_state(c, err);
}

static int attach(struct ctr *c, int netns, struct wh_err *err)
{
    wh_auto_arena a = {0};
    bool shared = is_on_shared_network(c);
    struct wh_endpoint *out = wh_arena_array(&a, struct wh_endpoint, c->rec.n_networks + 1);
    c->endpoints = calloc(c->rec.n_networks + 1, sizeof(*c->endpoints));
    if (!out || !c->endpoints)
        return wh_fail(err, ENOMEM, "network");
    if ((shared ? prepare_shared(c, out, err) : prepare_endpoints(c, out, err)) < 0 ||
        wh_net_attach(&c->p->scope, netns, out, c->n_endpoints, err) < 0)
        return -1;
    note_attached(c, out);
    return 0;
}

/* Without a network the child makes its namespace itself, which takes the time off the loop. */
bool ctr_has_endpoints(const struct ctr *c)
{
    return c->rec.n_networks > 0 && !is_mode(c, "none") && !is_mode(c, "host") && !ctr_net_owner(c) &&
           !wh_starts(c->rec.n_networks ? c->rec.networks[0] : "", "container:");
}

int ctr_net_attach(struct ctr *c, struct wh_err *err)
{
    if (c->netns_fd >= 0 || !ctr_has_endpoints(c))
        return 0;
    wh_auto_fd netns = -1;
    if (netpool_take(c->p, &netns, err) < 0)
        return wh_wrap(err, "network namespace of %s", c->rec.name);
    int r = attach(c, netns, err);
    if (r == 0)
        r = wh_keeper_keep(c->p->host->keeper, c->rec.id, WH_SLOT_NETNS, netns, err);
    if (r < 0) {
        ctr_net_release(c);
        return wh_wrap(err, "network of container %s", c->rec.name);
    }
    c->netns_fd = wh_steal_fd(&netns);
    ctr_dns_join(c);
    return 0;
}

/* On a shared network the next one to get the addresses may be another supervisor's. */
static void leave_networks(struct ctr *c)
{
    bool shared = is_on_shared_network(c);
    for (size_t i = 0; i < c->n_endpoints; i++) {
        struct net *n;
        const struct ctr_endpoint *e = &c->endpoints[i];
        if (shared)
            lingering_mute_endpoint(e);
        else if (net_get(c->p, e->network, &n, NULL) == 0)
            lingering_add(n, e);
    }
}

static void forget_endpoints(struct ctr *c)
{
    free(c->endpoints);
    c->endpoints = NULL;
    c->n_endpoints = 0;
}

void ctr_net_release(struct ctr *c)
{
    if (c->netns_fd >= 0) {
        leave_networks(c);
        foreign_announce(c);
        ctr_dns_drop(c);
        wh_keeper_drop(c->p->host->keeper, c->rec.id, WH_SLOT_NETNS);
        wh_close(&c->netns_fd);
    }
    forget_endpoints(c);
}

/* ---- the record -------------------------------------------------------------------------------------------------- */

static const char *keep_text(struct ctr *c, const char *text)
{
    return text[0] ? wh_arena_strdup(&c->state_arena, text) : NULL;
}

void ctr_endpoints_to_state(struct ctr *c)
{
    char buf[WH_ADDR_TEXT_MAX];
    struct wh_endpoint_rec *recs = wh_arena_array(&c->state_arena, struct wh_endpoint_rec, c->n_endpoints + 1);
    if (!recs)
        return;
    for (size_t i = 0; i < c->n_endpoints; i++) {
        const struct ctr_endpoint *e = &c->endpoints[i];
        recs[i].network = e->network;
        recs[i].ipv4 = keep_text(c, wh_addr_text(&e->ip4, buf, sizeof(buf)));
        recs[i].ipv6 = keep_text(c, wh_addr_text(&e->ip6, buf, sizeof(buf)));
        recs[i].mac = keep_text(c, wh_mac_text(e->mac, buf, sizeof(buf)));
        recs[i].ifname = keep_text(c, e->ifname);
        recs[i].host_if = keep_text(c, e->host_if);
    }
    c->state.endpoints = recs;
    c->state.n_endpoints = c->n_endpoints;
}

void ctr_net_take(struct ctr *c)
{
    char path[64];
    c->netns_fd = wh_keeper_take_fd(c->p->host->keeper, c->rec.id, WH_SLOT_NETNS);
    if (c->netns_fd >= 0 || c->state.n_endpoints == 0 || c->pid <= 0)
        return;
    /* The keeper died, too: the process still lives in it. */
    snprintf(path, sizeof(path), "/proc/%d/ns/net", c->pid);
    c->netns_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (c->netns_fd >= 0)
        wh_keeper_keep(c->p->host->keeper, c->rec.id, WH_SLOT_NETNS, c->netns_fd, NULL);
}

void ctr_net_inherit(struct ctr *c, const struct ctr *old)
{
    const struct wh_container_state *from = &old->state;
    struct wh_endpoint_rec *recs = wh_arena_array(&c->state_arena, struct wh_endpoint_rec, from->n_endpoints + 1);
    for (size_t i = 0; recs && i < from->n_endpoints; i++) {
        const struct wh_endpoint_rec *r = &from->endpoints[i];
        recs[i].network = wh_arena_strdup(&c->state_arena, r->network);
        recs[i].ipv4 = r->ipv4 ? wh_arena_strdup(&c->state_arena, r->ipv4) : NULL;
        recs[i].ipv6 = r->ipv6 ? wh_arena_strdup(&c->state_arena, r->ipv6) : NULL;
    }
    c->state.endpoints = recs;
    c->state.n_endpoints = recs ? from->n_endpoints : 0;
}

static void read_endpoint(struct ctr *c, const struct wh_endpoint_rec *r, struct ctr_endpoint *e)
{
    e->network = wh_arena_strdup(&c->arena, r->network);
    e->config = ctr_network_config(c, r->network);
    snprintf(e->ifname, sizeof(e->ifname), "%s", r->ifname ? r->ifname : "");
    snprintf(e->host_if, sizeof(e->host_if), "%s", r->host_if ? r->host_if : "");
    if (r->ipv4)
        wh_addr_parse(r->ipv4, &e->ip4);
    if (r->ipv6)
        wh_addr_parse(r->ipv6, &e->ip6);
    if (r->mac)
        wh_mac_parse(r->mac, e->mac);
}

static void read_endpoints(struct ctr *c)
{
    c->endpoints = calloc(c->state.n_endpoints + 1, sizeof(*c->endpoints));
    for (size_t i = 0; c->endpoints && i < c->state.n_endpoints; i++)
        read_endpoint(c, &c->state.endpoints[i], &c->endpoints[c->n_endpoints++]);
}

/* After a restart of the supervisor: the namespace came from the keeper, the addresses from the record. */
void ctr_net_recover(struct ctr *c)
{
    read_endpoints(c);
    for (size_t i = 0; i < c->n_endpoints; i++) {
        struct net *n;
        if (net_get(c->p, c->endpoints[i].network, &n, NULL) == 0)
            net_ensure_up(c->p, n, NULL);
    }
    ctr_dns_join(c);
}

void ctr_net_lost(struct ctr *c)
{
    read_endpoints(c);
    leave_networks(c);
    forget_endpoints(c);
}
