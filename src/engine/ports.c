/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Published ports: what a service wants, reservations (bound sockets, held by the keeper too), and the firewall's
 * desired state made of them. A service with deploy.replicas publishes a fixed port once for all its replicas and the
 * kernel balances; without `deploy` each container wants its own port, and the second one of a fixed port cannot start.
 */
#include "engine/network.h"

#include "whale/codec/json.h"
#include "whale/util/file.h"
#include "whale/util/log.h"
#include "whale/util/size.h"
#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

#define PORTS_MAX_BYTES ((size_t)4 << 20)
#define DRIFT_CHECK_NS  (10 * INT64_C(1000000000))

/* ---- what is wanted ---------------------------------------------------------------------------------------------- */

static int parse_range(const char *text, uint16_t *first, uint16_t *last)
{
    int64_t a, b;
    const char *dash = strchr(text, '-');
    char head[8];
    if (!dash)
        dash = text + strlen(text);
    snprintf(head, sizeof(head), "%.*s", (int)(dash - text), text);
    if (wh_int_parse(head, 1, 65535, &a) < 0 || wh_int_parse(*dash ? dash + 1 : head, 1, 65535, &b) < 0 || b < a)
        return -1;
    *first = (uint16_t)a;
    *last = (uint16_t)b;
    return 0;
}

static bool is_balanced(const struct ctr *c, const struct wh_port *port, const struct ctr_port *ret)
{
    const struct wh_deploy *d = c->service->deploy;
    return !c->rec.oneoff && d && d->replicas.is_set && d->replicas.value > 1 && !wh_streq(port->mode, "host") &&
           ret->want.first && ret->want.first == ret->want.last;
}

/* A container without a network of its own publishes nothing: on the host's it binds ports itself. */
static bool publishes(const struct wh_service *s)
{
    const char *mode = s->network_mode;
    return !mode || !(strcmp(mode, "host") == 0 || strcmp(mode, "none") == 0 || wh_starts(mode, "service:") ||
                      wh_starts(mode, "container:"));
}

static int parse_port(const struct wh_port *port, struct ctr_port *ret, struct wh_err *err)
{
    *ret = (struct ctr_port){.fd = -1, .container_port = (uint16_t)port->target};
    if (wh_proto_parse(port->protocol, &ret->want.proto) < 0)
        return wh_fail(err, WH_E_INVALID, "port protocol \"%s\" is not known", port->protocol);
    if (port->host_ip && port->host_ip[0] && wh_addr_parse(port->host_ip, &ret->want.host_ip) < 0)
        return wh_fail(err, WH_E_INVALID, "\"%s\" is no address", port->host_ip);
    if (port->published && port->published[0] && strcmp(port->published, "0") != 0 &&
        parse_range(port->published, &ret->want.first, &ret->want.last) < 0)
        return wh_fail(err, WH_E_INVALID, "published port \"%s\" is no port", port->published);
    return 0;
}

/* Whether a network of a container is before another in the order in which one of them gets the default route, and
 * thereby the published ports. */
static bool is_preferred(const struct ctr *c, const char *network, const char *other)
{
    const struct wh_service_network *a = ctr_network_config(c, network), *b = ctr_network_config(c, other);
    int64_t x = a ? a->gw_priority : 0, y = b ? b->gw_priority : 0;
    return x != y ? x > y : strcmp(network, other) < 0;
}

/* The network that the container's ports are published through, or NULL: internal ones publish nothing. */
static const struct net *publishing_net(const struct ctr *c, bool *ret_only_internal)
{
    const struct net *best = NULL;
    size_t n_internal = 0;
    for (size_t i = 0; i < c->rec.n_networks; i++) {
        struct net *n;
        if (net_get(c->p, c->rec.networks[i], &n, NULL) < 0)
            continue;
        n_internal += n->bridge.internal;
        if (!n->bridge.internal && (!best || is_preferred(c, n->rec.name, best->rec.name)))
            best = n;
    }
    *ret_only_internal = n_internal > 0 && n_internal == c->rec.n_networks;
    return best;
}

static int want_port(const struct ctr *c, const struct wh_port *port, struct ctr_port *ret, struct wh_err *err)
{
    if (parse_port(port, ret, err) < 0)
        return -1;
    ret->shared = is_balanced(c, port, ret);
    return 0;
}

int ctr_ports_prepare(struct ctr *c, struct wh_err *err)
{
    size_t n = c->service->ports.len;
    bool only_internal = false;
    const struct net *net = n && publishes(c->service) ? publishing_net(c, &only_internal) : NULL;
    c->ports = calloc(n + 1, sizeof(*c->ports));
    if (!c->ports)
        return wh_fail(err, ENOMEM, "ports");
    for (size_t i = 0; i < n && publishes(c->service) && !only_internal; i++) {
        const struct wh_port *port = &c->service->ports.items[i];
        struct ctr_port *want = &c->ports[c->n_ports];
        if (port->target == 0)
            continue;
        if (want_port(c, port, want, err) < 0)
            return wh_err_in(err, "ports/%zu", i);
        if (net && !want->want.host_ip.family)
            want->want.host_ip = net->bridge.host_binding;
        c->n_ports++;
    }
    return 0;
}

/* ---- reserving --------------------------------------------------------------------------------------------------- */

struct claims {
    struct wh_arena arena;
    struct wh_vec items; /* struct wh_port_claim */
};

static void claims_fini(struct claims *c)
{
    wh_vec_fini(&c->items);
    wh_arena_fini(&c->arena);
}

static void add_claim(struct claims *claims, const char *project, const char *container, const struct ctr_port *port)
{
    struct wh_port_claim *claim = wh_vec_push(&claims->items);
    if (claim)
        *claim = (struct wh_port_claim){project, container, port->want.proto, port->want.host_ip, port->port};
}

static void read_claim(struct claims *claims, const char *project, const struct wh_node *n)
{
    struct ctr_port port = {.port = (uint16_t)wh_node_get_int(n, "port", 0)};
    const char *ip = wh_node_get_str(n, "ip", "");
    if (wh_proto_parse(wh_node_get_str(n, "protocol", "tcp"), &port.want.proto) < 0 ||
        (ip[0] && wh_addr_parse(ip, &port.want.host_ip) < 0))
        return;
    add_claim(claims, project, wh_node_get_str(n, "container", ""), &port);
}

static char *ports_file(const char *project)
{
    wh_auto_free char *dir = wh_state_project_run_dir(project);
    return dir ? wh_fmt("%s/ports.json", dir) : NULL;
}

static void read_claims(struct claims *claims, const char *project)
{
    struct wh_node *doc;
    wh_auto_free char *path = ports_file(project);
    if (!path || wh_json_load(&claims->arena, path, PORTS_MAX_BYTES, &doc, NULL) < 0)
        return;
    const struct wh_node *list = wh_node_get(doc, "ports");
    for (size_t i = 0; i < wh_node_len(list); i++)
        read_claim(claims, project, list->seq.items[i]);
}

/* Of all other projects. */
static void gather_foreign_claims(const struct wh_policy *p, struct claims *claims)
{
    wh_auto_strv names = {0};
    claims->items = WH_VEC(struct wh_port_claim);
    wh_state_project_names(&names, NULL);
    for (size_t i = 0; i < names.len; i++) {
        char *name = wh_arena_strdup(&claims->arena, names.items[i]);
        if (name && strcmp(name, p->project) != 0)
            read_claims(claims, name);
    }
}

static void gather_claims(const struct wh_policy *p, struct claims *claims)
{
    gather_foreign_claims(p, claims);
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        for (size_t j = 0; j < c->n_ports; j++)
            if (c->ports[j].port)
                add_claim(claims, p->project, c->rec.name, &c->ports[j]);
    }
}

/* Another replica of the service that has the same fixed port reserved. */
static struct ctr_port *shared_port(const struct ctr *c, const struct ctr_port *port, struct ctr **ret_owner)
{
    for (size_t i = 0; port->shared && i < c->p->ctrs.len; i++) {
        struct ctr *other = c->p->ctrs.entries[i].value;
        for (size_t j = 0; other != c && strcmp(other->rec.service, c->rec.service) == 0 && j < other->n_ports; j++) {
            struct ctr_port *o = &other->ports[j];
            if (o->shared && o->port && o->want.proto == port->want.proto && o->want.first == port->want.first &&
                wh_addr_equal(&o->want.host_ip, &port->want.host_ip)) {
                *ret_owner = other;
                return o;
            }
        }
    }
    return NULL;
}

static char *slot_name(const struct ctr_port *port, char *buf, size_t size)
{
    char ip[WH_ADDR_TEXT_MAX];
    snprintf(buf, size, "p%d:%s:%u", (int)port->want.proto, wh_addr_text(&port->want.host_ip, ip, sizeof(ip)),
             port->port);
    return buf;
}

/* The keeper may still hold the socket of a port that was given back a moment ago: it is asked to have done with that
 * before anybody is blamed. */
static int reserve_port(struct ctr *c, struct ctr_port *port, const struct claims *claims, struct wh_err *err)
{
    const struct wh_port_claim *items = claims->items.items;
    size_t n = claims->items.len;
    return wh_port_reserve(&port->want, items, n, &port->port, &port->fd, NULL) == 0 ||
                   (wh_keeper_sync(c->p->host->keeper, err) == 0 &&
                    wh_port_reserve(&port->want, items, n, &port->port, &port->fd, err) == 0)
               ? 0
               : -1;
}

static int reserve_one(struct ctr *c, struct ctr_port *port, const struct claims *claims, struct wh_err *err)
{
    struct ctr *owner;
    const struct ctr_port *other = shared_port(c, port, &owner);
    if (other) {
        port->port = other->port;
        return 0;
    }
    if (reserve_port(c, port, claims, err) < 0) {
        port->port = 0;
        return -1;
    }
    char slot[WH_KEEPER_SLOT_MAX];
    wh_keeper_keep(c->p->host->keeper, c->rec.id, slot_name(port, slot, sizeof(slot)), port->fd, NULL);
    return 0;
}

int ctr_ports_reserve(struct ctr *c, struct wh_err *err)
{
    WH_CLEANUP(claims_fini) struct claims claims = {0};
    wh_auto_fd lock = -1;
    bool missing = false;
    for (size_t i = 0; i < c->n_ports; i++)
        missing |= c->ports[i].port == 0;
    if (!missing)
        return 0;
    if (wh_state_lock_global(&lock, err) < 0)
        return -1;
    gather_claims(c->p, &claims);
    for (size_t i = 0; i < c->n_ports; i++) {
        if (c->ports[i].port == 0 && reserve_one(c, &c->ports[i], &claims, err) < 0) {
            ctr_ports_release(c);
            wh_err_in(err, "ports");
            return wh_wrap(err, "publish port of container %s", c->rec.name);
        }
    }
    ctr_ports_to_state(c);
    ports_save(c->p);
    return 0;
}

/* ---- before anything is started ---------------------------------------------------------------------------------- */

/* One of the project's own containers has a port of the range: whether it will be free then is for the start to find
 * out. */
static bool is_own(const struct wh_policy *p, const struct wh_port_want *want)
{
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        for (size_t j = 0; j < c->n_ports; j++)
            if (c->ports[j].port >= want->first && c->ports[j].port <= want->last && c->ports[j].port &&
                c->ports[j].want.proto == want->proto)
                return true;
    }
    return false;
}

/* The host address that a service's networks give to ports that name none. */
static struct wh_addr default_binding(const struct wh_project *project, const struct wh_service *s)
{
    struct wh_addr ip = {0};
    for (size_t i = 0; project && i < s->networks.len; i++) {
        const struct wh_network *n = wh_project_network(project, s->networks.items[i].name);
        const char *text = n && !n->internal ? wh_pairs_get(&n->driver_opts, WH_OPT_HOST_BINDING) : NULL;
        if (text && wh_addr_parse(text, &ip) == 0)
            return ip;
    }
    return (struct wh_addr){0};
}

static int check_port(const struct wh_policy *p, const struct claims *claims, const struct wh_port *port,
                      const struct wh_addr *binding, struct wh_err *err)
{
    struct ctr_port parsed;
    wh_auto_fd fd = -1;
    uint16_t number;
    if (parse_port(port, &parsed, err) < 0)
        return -1;
    if (!parsed.want.host_ip.family)
        parsed.want.host_ip = *binding;
    if (parsed.want.first == 0 || is_own(p, &parsed.want))
        return 0;
    return wh_port_reserve(&parsed.want, claims->items.items, claims->items.len, &number, &fd, err);
}

int ports_check(const struct wh_policy *p, const struct wh_project *project, const struct wh_service *const *services,
                size_t n, struct wh_err *err)
{
    WH_CLEANUP(claims_fini) struct claims claims = {0};
    gather_foreign_claims(p, &claims);
    for (size_t i = 0; i < n; i++) {
        struct wh_addr binding = default_binding(project, services[i]);
        for (size_t j = 0; j < services[i]->ports.len; j++) {
            const struct wh_port *port = &services[i]->ports.items[j];
            if (port->target == 0 || !publishes(services[i]) || check_port(p, &claims, port, &binding, err) == 0)
                continue;
            wh_err_in(err, "services/%s/ports/%zu", services[i]->name, j);
            return wh_wrap(err, "service \"%s\"", services[i]->name);
        }
    }
    return 0;
}

/* A shared reservation goes to another replica that uses it. */
static bool hand_over(struct ctr *c, struct ctr_port *port)
{
    uint16_t number = port->port;
    port->port = 0;
    struct ctr *heir = NULL;
    struct ctr_port *other = shared_port(c, port, &heir);
    port->port = number;
    if (!other)
        return false;
    char slot[WH_KEEPER_SLOT_MAX];
    struct wh_keeper *k = c->p->host->keeper;
    other->fd = port->fd;
    port->fd = -1;
    slot_name(other, slot, sizeof(slot));
    wh_keeper_keep(k, heir->rec.id, slot, other->fd, NULL);
    wh_keeper_drop(k, c->rec.id, slot);
    return true;
}

void ctr_ports_release(struct ctr *c)
{
    bool any = false;
    for (size_t i = 0; i < c->n_ports; i++) {
        struct ctr_port *port = &c->ports[i];
        if (port->fd >= 0 && !(port->shared && hand_over(c, port))) {
            char slot[WH_KEEPER_SLOT_MAX];
            wh_keeper_drop(c->p->host->keeper, c->rec.id, slot_name(port, slot, sizeof(slot)));
            wh_close(&port->fd);
        }
        any |= port->port != 0;
        port->port = 0;
    }
    if (any)
        firewall_mark(c->p);
}

/* ---- records ----------------------------------------------------------------------------------------------------- */

static size_t exposed_recs(struct ctr *c, struct wh_port_rec *out)
{
    size_t n = 0;
    for (size_t i = 0; i < c->service->expose.len + c->image->config.n_exposed_ports; i++) {
        const char *text = i < c->service->expose.len ? c->service->expose.items[i]
                                                      : c->image->config.exposed_ports[i - c->service->expose.len];
        uint16_t first, last;
        size_t len = strcspn(text, "/");
        char range[16];
        snprintf(range, sizeof(range), "%.*s", (int)len, text);
        if (parse_range(range, &first, &last) < 0 || last - first > 64)
            continue;
        for (uint32_t port = first; port <= last; port++)
            out[n++] = (struct wh_port_rec){
                .host_ip = "", .container_port = (uint16_t)port, .protocol = text[len] ? text + len + 1 : "tcp"};
    }
    return n;
}

static bool is_published(const struct ctr *c, const struct wh_port_rec *rec)
{
    for (size_t i = 0; i < c->n_ports; i++)
        if (c->ports[i].port && c->ports[i].container_port == rec->container_port &&
            wh_streq(wh_proto_text(c->ports[i].want.proto), rec->protocol))
            return true;
    return false;
}

/* Docker's order, which decides what `port` answers: of TCP ports the later first, of others the greatest wanted one.
 */
static size_t published_recs(struct ctr *c, struct wh_port_rec *out)
{
    const struct ctr_port **from = wh_arena_array(&c->state_arena, const struct ctr_port *, c->n_ports + 1);
    size_t n = 0;
    for (size_t i = 0; from && i < c->n_ports; i++) {
        const struct ctr_port *port = &c->ports[i];
        size_t at = n;
        if (!port->port)
            continue;
        bool is_tcp = port->want.proto == WH_TCP;
        for (; at > 0 && (is_tcp || from[at - 1]->want.first < port->want.first); at--)
            from[at] = from[at - 1];
        from[at] = port;
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        char ip[WH_ADDR_TEXT_MAX];
        const char *text = wh_addr_text(&from[i]->want.host_ip, ip, sizeof(ip));
        out[i] = (struct wh_port_rec){wh_arena_strdup(&c->state_arena, text), from[i]->port, from[i]->container_port,
                                      wh_proto_text(from[i]->want.proto)};
    }
    return n;
}

void ctr_ports_to_state(struct ctr *c)
{
    size_t max = c->n_ports + (c->service->expose.len + c->image->config.n_exposed_ports) * 65 + 1;
    struct wh_port_rec *recs = wh_arena_array(&c->state_arena, struct wh_port_rec, max);
    struct wh_port_rec *exposed = wh_arena_array(&c->state_arena, struct wh_port_rec, max);
    if (!recs || !exposed)
        return;
    size_t n = published_recs(c, recs), n_exposed = exposed_recs(c, exposed);
    for (size_t i = 0; i < n_exposed; i++)
        if (!is_published(c, &exposed[i]))
            recs[n++] = exposed[i];
    c->state.ports = recs;
    c->state.n_ports = n;
}

void ports_save(struct wh_policy *p)
{
    wh_auto_arena a = {0};
    wh_auto_str text = {0};
    wh_auto_free char *path = ports_file(p->project);
    struct wh_node *doc = wh_node_map(&a, NULL), *list = wh_node_seq(&a, NULL);
    if (!path || !doc || !list)
        return;
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        for (size_t j = 0; j < c->n_ports; j++) {
            char ip[WH_ADDR_TEXT_MAX];
            const struct ctr_port *port = &c->ports[j];
            struct wh_node *n = port->port ? wh_node_map(&a, NULL) : NULL;
            if (!n)
                continue;
            wh_node_put_str(&a, n, "container", c->rec.name);
            wh_node_put_str(&a, n, "protocol", wh_proto_text(port->want.proto));
            wh_node_put_str(&a, n, "ip", wh_addr_text(&port->want.host_ip, ip, sizeof(ip)));
            wh_node_put_int(&a, n, "port", port->port);
            wh_node_push(&a, list, n);
        }
    }
    wh_node_put(&a, doc, "ports", list);
    if (wh_json_write(doc, WH_JSON_COMPACT, &text) == 0)
        wh_file_replace(path, text.data, text.len, 0600, WH_SYNC_NONE, NULL);
}

/* The keeper died, too, and the reservation with it. */
static void reserve_again(struct ctr *c, struct ctr_port *port, const char *slot)
{
    struct wh_port_want want = port->want;
    uint16_t number;
    want.first = want.last = port->port;
    if (wh_port_reserve(&want, NULL, 0, &number, &port->fd, NULL) == 0)
        wh_keeper_keep(c->p->host->keeper, c->rec.id, slot, port->fd, NULL);
}

void ports_recover(struct ctr *c)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        struct ctr_port *port = &c->ports[i];
        for (size_t j = 0; port->port == 0 && j < c->state.n_ports; j++) {
            const struct wh_port_rec *r = &c->state.ports[j];
            struct wh_addr ip = {0};
            if (r->host_port == 0 || r->container_port != port->container_port ||
                !wh_streq(r->protocol, wh_proto_text(port->want.proto)))
                continue;
            if (r->host_ip[0])
                wh_addr_parse(r->host_ip, &ip);
            bool fits =
                wh_addr_equal(&ip, &port->want.host_ip) &&
                (port->want.first == 0 || (r->host_port >= port->want.first && r->host_port <= port->want.last));
            if (!fits)
                continue;
            struct ctr *owner;
            char slot[WH_KEEPER_SLOT_MAX];
            port->port = r->host_port;
            port->fd = wh_keeper_take_fd(c->p->host->keeper, c->rec.id, slot_name(port, slot, sizeof(slot)));
            if (port->fd < 0 && !shared_port(c, port, &owner))
                reserve_again(c, port, slot);
        }
    }
}

/* ---- firewall ---------------------------------------------------------------------------------------------------- */

struct publishes {
    struct wh_arena arena;
    struct wh_vec items; /* struct wh_publish */
};

static bool is_same_publish(const struct wh_publish *a, const struct ctr_port *port)
{
    return a->proto == port->want.proto && a->port == port->port && wh_addr_equal(&a->host_ip, &port->want.host_ip);
}

static struct wh_publish *publish_of(struct publishes *pub, const struct ctr_port *port)
{
    for (size_t i = 0; port->shared && i < pub->items.len; i++)
        if (is_same_publish(&wh_vec_at(&pub->items, struct wh_publish, i), port))
            return &wh_vec_at(&pub->items, struct wh_publish, i);
    struct wh_publish *item = wh_vec_push(&pub->items);
    if (item)
        *item = (struct wh_publish){.proto = port->want.proto, .host_ip = port->want.host_ip, .port = port->port};
    return item;
}

/* The address that published ports lead to: on the network of the default route, because answers leave by it. An
 * internal network publishes nothing. */
static const struct wh_addr *backend_addr(const struct ctr *c, bool v6)
{
    const struct ctr_endpoint *best = NULL;
    for (size_t i = 0; i < c->n_endpoints; i++) {
        const struct ctr_endpoint *e = &c->endpoints[i];
        struct net *n;
        if (!(v6 ? e->ip6 : e->ip4).family || (best && !is_preferred(c, e->network, best->network)) ||
            net_get(c->p, e->network, &n, NULL) < 0 || n->bridge.internal)
            continue;
        best = e;
    }
    return best ? v6 ? &best->ip6 : &best->ip4 : NULL;
}

static void add_backend(struct publishes *pub, struct wh_publish *item, const struct wh_addr *addr, uint16_t port)
{
    struct wh_backend *backends = wh_arena_array(&pub->arena, struct wh_backend, item->n_backends + 1);
    if (!backends)
        return;
    if (item->n_backends)
        memcpy(backends, item->backends, item->n_backends * sizeof(*backends));
    backends[item->n_backends] = (struct wh_backend){*addr, port};
    item->backends = backends;
    item->n_backends++;
}

static bool may_serve(const struct ctr *c, const struct ctr_port *port)
{
    return port->shared ? ctr_is_ready(c) : c->phase != CTR_IDLE || wh_timer_is_active(&c->restart_timer);
}

static void collect_port(struct publishes *pub, const struct ctr *c, const struct ctr_port *port)
{
    uint8_t family = port->want.host_ip.family;
    const struct wh_addr *v6 = family != 4 ? backend_addr(c, true) : NULL;
    const struct wh_addr *v4 = family != 6 || !v6 ? backend_addr(c, false) : NULL;
    struct wh_publish *item = v4 || v6 ? publish_of(pub, port) : NULL;
    if (!item || !may_serve(c, port))
        return;
    if (v4)
        add_backend(pub, item, v4, port->container_port);
    if (v6)
        add_backend(pub, item, v6, port->container_port);
}

static void collect_publishes(const struct wh_policy *p, struct publishes *pub)
{
    pub->items = WH_VEC(struct wh_publish);
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        for (size_t j = 0; j < c->n_ports; j++)
            if (c->ports[j].port)
                collect_port(pub, c, &c->ports[j]);
    }
}

static void update_relay(struct wh_policy *p, const struct publishes *pub)
{
    if (!p->relay && (pub->items.len == 0 || wh_relay_new(&p->relay, NULL) < 0))
        return;
    if (p->relay)
        wh_relay_apply(p->relay, pub->items.items, pub->items.len);
}

static int open_firewall(struct wh_policy *p, struct wh_err *err)
{
    wh_auto_str findings = {0};
    if (wh_firewall_open(&p->scope, &p->firewall, err) < 0)
        return -1;
    if (wh_firewall_doctor(&findings, NULL) == 0 && findings.len > 0)
        wh_log_warn("firewall: %s", wh_str_c(&findings));
    return 0;
}

static void firewall_apply(struct wh_policy *p)
{
    wh_auto_err err = {0};
    struct publishes pub = {0};
    wh_auto_vec bridges = WH_VEC(struct wh_bridge);
    p->firewall_dirty = false;
    for (size_t i = 0; i < p->networks.len; i++) {
        const struct net *n = p->networks.entries[i].value;
        struct wh_bridge *slot = n->is_own && n->is_up ? wh_vec_push(&bridges) : NULL;
        if (slot)
            *slot = n->bridge;
    }
    collect_publishes(p, &pub);
    struct wh_firewall_spec spec = {bridges.items, bridges.len, pub.items.items, pub.items.len};
    bool empty = bridges.len == 0 && pub.items.len == 0;
    int r = 0;
    if (!p->firewall && !empty)
        r = open_firewall(p, &err);
    if (r == 0 && p->firewall)
        r = empty ? wh_firewall_clear(p->firewall, &err) : wh_firewall_apply(p->firewall, &spec, &err);
    if (r < 0) {
        wh_auto_free char *text = wh_err_text(&err);
        wh_log_error("firewall: %s", text);
    }
    update_relay(p, &pub);
    wh_vec_fini(&pub.items);
    wh_arena_fini(&pub.arena);
}

static void on_drift(struct wh_timer *t)
{
    struct wh_policy *p = t->data;
    wh_auto_err err = {0};
    if (p->firewall && wh_firewall_check(p->firewall, &err) == 1)
        wh_log_warn("the firewall rules of project \"%s\" were changed by someone else and have been made again",
                    p->project);
    if (p->firewall && policy_has_live(p))
        wh_timer_start(p->host->loop, &p->drift_timer, DRIFT_CHECK_NS);
}

void policy_run_deferred_firewall(struct wh_policy *p)
{
    if (!p->firewall_dirty)
        return;
    firewall_apply(p);
    p->drift_timer.fn = on_drift;
    p->drift_timer.data = p;
    if (p->firewall && !wh_timer_is_active(&p->drift_timer))
        wh_timer_start(p->host->loop, &p->drift_timer, DRIFT_CHECK_NS);
}

static void run_scheduled(void *data)
{
    struct wh_policy *p = data;
    p->firewall_scheduled = false;
    policy_run_deferred_firewall(p);
}

void firewall_mark(struct wh_policy *p)
{
    p->firewall_dirty = true;
    if (p->firewall_scheduled)
        return;
    p->firewall_scheduled = true;
    wh_loop_defer(p->host->loop, run_scheduled, p);
}
