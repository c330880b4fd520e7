/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the name service knows of the project's containers: who asks, and what each of them is called where. */
#include "engine/network.h"

#include "whale/util/log.h"
#include "whale/util/str.h"

#include <string.h>

static void log_failure(const struct ctr *c, struct wh_err *err)
{
    wh_auto_free char *text = wh_err_text(err);
    wh_log_warn("name service of %s: %s", c->rec.name, text);
}

static void on_dns(struct wh_io *io, int events)
{
    struct wh_policy *p = io->data;
    wh_dns_handle(p->dns);
}

static int ensure_dns(struct wh_policy *p, struct wh_err *err)
{
    if (p->dns)
        return 0;
    if (wh_dns_new(&p->dns, err) < 0)
        return -1;
    p->dns_io = (struct wh_io){.fn = on_dns, .data = p};
    wh_io_start(p->host->loop, &p->dns_io, wh_dns_fd(p->dns), WH_IO_READ);
    return 0;
}

/* ---- the asker --------------------------------------------------------------------------------------------------- */

static void parse_link(struct wh_arena *a, const char *text, struct wh_dns_link *ret)
{
    size_t len = strcspn(text, ":");
    const char *target = wh_arena_strndup(a, text, len);
    ret->target = target;
    ret->alias = text[len] ? text + len + 1 : target;
}

/* A link to db is also known as db-N to replica N. */
static size_t make_links(struct wh_arena *a, const struct ctr *c, struct wh_dns_link **ret)
{
    const struct wh_service *s = c->service;
    struct wh_dns_link *links = wh_arena_array(a, struct wh_dns_link, 2 * s->links.len + s->external_links.len + 1);
    size_t n = 0;
    *ret = links;
    for (size_t i = 0; links && i < s->links.len; i++, n += 2) {
        parse_link(a, s->links.items[i], &links[n]);
        links[n + 1].target = links[n].target;
        links[n + 1].alias = wh_arena_fmt(a, "%s-%d", links[n].target, c->rec.number);
    }
    for (size_t i = 0; links && i < s->external_links.len; i++)
        parse_link(a, s->external_links.items[i], &links[n++]);
    return n;
}

static bool is_closed_in(const struct ctr *c)
{
    for (size_t i = 0; i < c->n_endpoints; i++) {
        struct net *n;
        if (net_get(c->p, c->endpoints[i].network, &n, NULL) < 0 || !n->bridge.internal)
            return false;
    }
    return true;
}

static size_t make_servers(struct wh_arena *a, const struct ctr *c, struct wh_addr **ret)
{
    struct wh_addr *servers = wh_arena_array(a, struct wh_addr, c->service->dns.len + 1);
    size_t n = 0;
    for (size_t i = 0; servers && i < c->service->dns.len; i++)
        if (wh_addr_parse(c->service->dns.items[i], &servers[n]) == 0)
            n++;
    *ret = servers;
    return n;
}

static void put_foreign(struct wh_policy *p, const struct foreign *f)
{
    wh_auto_arena a = {0};
    size_t n = 0, n_aliases = 0;
    const struct wh_service *s = f->decoded;
    for (size_t i = 0; s && i < s->networks.len; i++)
        n_aliases += s->networks.items[i].aliases.len;
    const char **names = wh_arena_array(&a, const char *, n_aliases + 2);
    if (!names)
        return;
    if (f->service)
        names[n++] = f->service;
    for (size_t i = 0; s && f->service && i < s->networks.len; i++)
        for (size_t j = 0; j < s->networks.items[i].aliases.len; j++)
            names[n++] = s->networks.items[i].aliases.items[j];
    struct wh_dns_record r = {.container_id = f->container_id,
                              .container = f->container,
                              .network = f->network,
                              .ip4 = f->ip4,
                              .ip6 = f->ip6,
                              .names = names,
                              .n_names = n,
                              .ready = true};
    wh_dns_put(p->dns, &r, NULL);
}

static void put_foreigners(struct wh_policy *p, const char *network)
{
    for (size_t i = 0; i < p->foreign.len; i++)
        if (wh_streq(wh_vec_at(&p->foreign, struct foreign, i).network, network))
            put_foreign(p, &wh_vec_at(&p->foreign, struct foreign, i));
}

void names_put_foreign(struct wh_policy *p)
{
    for (size_t i = 0; p->dns && i < p->networks.len; i++)
        put_foreigners(p, p->networks.entries[i].key);
}

void names_drop_foreign(struct wh_policy *p)
{
    for (size_t i = 0; p->dns && i < p->foreign.len; i++) {
        const struct foreign *f = &wh_vec_at(&p->foreign, struct foreign, i);
        wh_dns_drop(p->dns, f->container_id, f->network);
    }
}

#define SLOT_DNS_UDP "dns-udp"
#define SLOT_DNS_TCP "dns-tcp"

/* The keeper has the resolver's sockets too: a question asked while no loop runs waits for the next one. */
static int join_with_kept_sockets(struct ctr *c, const struct wh_dns_asker *asker, struct wh_err *err)
{
    struct wh_keeper *k = c->p->host->keeper;
    struct wh_dns_listener on = {.udp = wh_keeper_take_fd(k, c->rec.id, SLOT_DNS_UDP),
                                 .tcp = wh_keeper_take_fd(k, c->rec.id, SLOT_DNS_TCP)};
    if (on.udp >= 0 && on.tcp >= 0)
        return wh_dns_adopt(c->p->dns, c->rec.id, on, err) < 0 ? -1 : wh_dns_join(c->p->dns, c->netns_fd, asker, err);
    wh_close(&on.udp);
    wh_close(&on.tcp);
    if (wh_dns_join(c->p->dns, c->netns_fd, asker, err) < 0)
        return -1;
    on = wh_dns_sockets(c->p->dns, c->rec.id);
    return wh_keeper_keep(k, c->rec.id, SLOT_DNS_UDP, on.udp, err) < 0 ||
                   wh_keeper_keep(k, c->rec.id, SLOT_DNS_TCP, on.tcp, err) < 0
               ? -1
               : 0;
}

bool ctr_asks_names(const struct ctr *c)
{
    return c->n_endpoints > 0 && !net_is_bridge(c->endpoints[0].network);
}

void ctr_dns_join(struct ctr *c)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    if (!ctr_asks_names(c) || c->netns_fd < 0)
        return;
    const char **networks = wh_arena_array(&a, const char *, c->n_endpoints);
    struct wh_dns_link *links;
    struct wh_addr *servers;
    size_t n_links = make_links(&a, c, &links), n_servers = make_servers(&a, c, &servers);
    for (size_t i = 0; networks && i < c->n_endpoints; i++)
        networks[i] = c->endpoints[i].network;
    struct wh_dns_asker asker = {.container_id = c->rec.id,
                                 .networks = networks,
                                 .n_networks = c->n_endpoints,
                                 .links = links,
                                 .n_links = n_links,
                                 .servers = servers,
                                 .n_servers = n_servers,
                                 .no_forward = is_closed_in(c),
                                 .is_taken_over = c->p->is_recovering};
    if (a.failed || ensure_dns(c->p, &err) < 0 || join_with_kept_sockets(c, &asker, &err) < 0)
        log_failure(c, &err);
    for (size_t i = 0; c->p->dns && i < c->n_endpoints; i++)
        put_foreigners(c->p, c->endpoints[i].network);
    foreign_watch(c->p);
}

/* ---- its names --------------------------------------------------------------------------------------------------- */

static bool answers_for_service(const struct ctr *c)
{
    return !c->rec.oneoff || wh_node_get_bool(c->rec.extra, "use_aliases", false);
}

static void put_record(struct ctr *c, const struct ctr_endpoint *e, struct wh_err *err)
{
    wh_auto_arena a = {0};
    size_t n = 0, n_own = 0;
    const struct wh_texts *aliases = e->config ? &e->config->aliases : NULL;
    const char **names = wh_arena_array(&a, const char *, (aliases ? aliases->len : 0) + 2);
    const char *own[3];
    own[n_own++] = wh_arena_strndup(&a, c->rec.id, 12);
    if (c->service->hostname)
        own[n_own++] = c->service->hostname;
    if (!names || !own[0])
        return;
    if (answers_for_service(c) && !c->service->network_mode)
        names[n++] = c->rec.service;
    for (size_t i = 0; aliases && answers_for_service(c) && i < aliases->len; i++)
        names[n++] = aliases->items[i];
    struct wh_dns_record r = {.container_id = c->rec.id,
                              .container = c->rec.name,
                              .network = e->network,
                              .ip4 = e->ip4,
                              .ip6 = e->ip6,
                              .names = names,
                              .n_names = n,
                              .own_names = own,
                              .n_own_names = n_own,
                              .ready = ctr_is_ready(c)};
    if (wh_dns_put(c->p->dns, &r, err) < 0)
        log_failure(c, err);
}

void ctr_dns_update(struct ctr *c)
{
    if (!c->p->dns || !ctr_asks_names(c))
        return;
    /* A container that does not run has no names, also while its restart is waited for (docker's rule). */
    bool listed = c->phase == CTR_RUNNING || c->phase == CTR_STARTING;
    for (size_t i = 0; i < c->n_endpoints; i++) {
        wh_auto_err err = {0};
        if (listed)
            put_record(c, &c->endpoints[i], &err);
        else
            wh_dns_drop(c->p->dns, c->rec.id, c->endpoints[i].network);
    }
    foreign_announce(c);
}

void ctr_dns_drop(struct ctr *c)
{
    if (!c->p->dns)
        return;
    wh_dns_drop(c->p->dns, c->rec.id, NULL);
    wh_dns_leave(c->p->dns, c->rec.id);
    wh_keeper_drop(c->p->host->keeper, c->rec.id, SLOT_DNS_UDP);
    wh_keeper_drop(c->p->host->keeper, c->rec.id, SLOT_DNS_TCP);
}
