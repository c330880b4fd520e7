/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks of the project: bridges, addresses, namespaces, what other projects have there, names, published ports. */
#ifndef ENGINE_NETWORK_H
#define ENGINE_NETWORK_H

#include "engine/ctr.h"

#include <string.h>

/* network.c */
struct net {
    struct wh_arena arena;
    struct wh_network_rec rec;
    struct wh_bridge bridge;
    struct wh_ipam ipam4, ipam6;
    struct wh_addr last4;
    struct wh_vec lingering; /* struct lingering */
    bool is_own;
    bool is_up; /* the bridge was made or seen by this supervisor */
};
int net_get(struct wh_policy *p, const char *name, struct net **ret, struct wh_err *err);
void net_free_all(struct wh_policy *p);
int net_create(struct wh_policy *p, const struct wh_network *n, const char *hash, struct wh_err *err);
/* 1 = in use by a running container: left alone. */
int net_remove(struct wh_policy *p, const char *name, struct wh_err *err);
/* The project's network of network_mode bridge, which resolves no names: its name; whether a name is such a one; made
 * when it is missing. */
const char *net_bridge_name(const struct wh_policy *p, struct wh_arena *a);
static inline bool net_is_bridge(const char *name)
{
    return strchr(name, WH_NETWORK_OWN) != NULL;
}
int net_create_bridge(struct wh_policy *p, const char *name, struct wh_err *err);
int net_ensure_up(struct wh_policy *p, struct net *n, struct wh_err *err);

/* foreign.c: what other projects have, read from their records when an operation begins */
struct foreign {
    const char *container_id, *container, *project, *service, *network;
    const struct wh_service *decoded; /* for its aliases, or NULL */
    struct wh_addr ip4, ip6;
};
/* Reads them and tells the name service; drops what it knew before. */
void foreign_refresh(struct wh_policy *p);
void foreign_free(struct wh_policy *p);
/* A running container of another project by name or id. */
int foreign_find(struct wh_arena *a, const struct wh_policy *p, const char *name, struct wh_container *ret,
                 struct wh_err *err);
bool foreign_uses(const struct wh_policy *p, const char *network);
/* Starts to listen for changes that other projects announce on networks of this one. */
void foreign_watch(struct wh_policy *p);
/* Tells the other projects on the container's networks that it came, changed or went; its state must be saved. */
void foreign_announce(const struct ctr *c);

/* netpool.c: namespaces made ahead; count = how many containers will start */
void netpool_want(struct wh_policy *p, size_t count);
int netpool_take(struct wh_policy *p, int *ret_fd, struct wh_err *err);
void netpool_empty(struct wh_policy *p);
void netpool_free(struct wh_policy *p);

/* lingering.c: endpoints that were given back, until their addresses have another owner */
void lingering_add(struct net *n, const struct ctr_endpoint *e);
void lingering_mute(struct net *n, const struct ctr_endpoint *successor); /* those that had one of its addresses */
void lingering_mute_endpoint(const struct ctr_endpoint *e);

/* endpoints.c */
bool ctr_has_endpoints(const struct ctr *c);           /* on networks of its own, not on none, host or another's */
int ctr_net_attach(struct ctr *c, struct wh_err *err); /* namespace with addresses, DNS; kept over restarts */
void ctr_net_release(struct ctr *c);
void ctr_net_take(struct ctr *c); /* recovery: netns_fd from the keeper, or from the live process */
/* A recreated container gets the addresses of the one it replaces, where they are free: who remembers them (nginx, a
 * connection pool) still finds it. */
void ctr_net_inherit(struct ctr *c, const struct ctr *old);
void ctr_net_recover(struct ctr *c); /* namespace taken from the keeper, addresses from the state */
void ctr_net_lost(struct ctr *c);    /* recovery: its namespace went with keeper and process, perhaps just now */
void ctr_endpoints_to_state(struct ctr *c);
/* The container of this project whose network namespace it shares (network_mode: service:x), or NULL. */
struct ctr *ctr_net_owner(const struct ctr *c);
/* What `hostname` says inside: the service's, the network owner's, the host's (network_mode: host), or the short id. */
const char *ctr_hostname(struct wh_arena *a, const struct ctr *c);
/* network_mode container:NAME with a container of another project: its record. 0, 1 = it is not such, -1 = not there or
 * not running. */
int ctr_foreign_owner(struct wh_arena *a, const struct ctr *c, struct wh_container *ret, struct wh_err *err);

/* What the service says of a network (full name), or NULL. */
const struct wh_service_network *ctr_network_config(const struct ctr *c, const char *network);

/* names.c: name service */
void names_put_foreign(struct wh_policy *p);
void names_drop_foreign(struct wh_policy *p);
bool ctr_asks_names(const struct ctr *c); /* it has the project's resolver */
void ctr_dns_join(struct ctr *c);
void ctr_dns_update(struct ctr *c);
void ctr_dns_drop(struct ctr *c);

/* ports.c */
int ctr_ports_prepare(struct ctr *c, struct wh_err *err); /* c->ports from the service */
int ctr_ports_reserve(struct ctr *c, struct wh_err *err);
/* Whether the services' ports are free of other projects and programs; reserves nothing. */
int ports_check(const struct wh_policy *p, const struct wh_project *project, const struct wh_service *const *services,
                size_t n, struct wh_err *err);
void ctr_ports_release(struct ctr *c);
void ctr_ports_to_state(struct ctr *c);
void ports_save(struct wh_policy *p);
void ports_recover(struct ctr *c); /* from the state and the keeper */
void firewall_mark(struct wh_policy *p);

#endif
