/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Name service of a project: who asks is known by the socket, names are scoped by network, foreign names go to the
 * host's resolvers. Part of whale/net.h, which includes it.
 */
#ifndef WHALE_NET_DNS_H
#define WHALE_NET_DNS_H

#include "whale/net/addr.h"
#include "whale/util/err.h"

#define WH_RESOLVER_ADDR "127.0.0.11"

/* One container on one network. Strings are copied. The project's own and, on shared networks, other projects'
 * containers. */
struct wh_dns_record {
    const char *container_id;
    const char *container; /* name: resolves, and is the PTR answer "container.network" */
    const char *network;   /* full name */
    struct wh_addr ip4, ip6;
    const char *const *names; /* shared names: service name, aliases: all ready containers answer, in rotation */
    size_t n_names;
    const char *const *own_names; /* names of this container only: short id, hostname */
    size_t n_own_names;
    bool ready; /* false (unhealthy, stopping): shared names give it only when nobody is ready */
};

/* A private name of the asker (links): asks for `target` instead. */
struct wh_dns_link {
    const char *alias;
    const char *target;
};

/* Who asks. Strings are copied. networks in order of preference. */
struct wh_dns_asker {
    const char *container_id;
    const char *const *networks;
    size_t n_networks;
    const struct wh_dns_link *links;
    size_t n_links;
    const struct wh_addr *servers; /* the user's `dns:`: asked from inside the container's namespace */
    size_t n_servers;
    bool no_forward;    /* only internal networks: foreign names are unknown */
    bool is_taken_over; /* by a restarted supervisor: the redirect of the one before may be there */
};

struct wh_dns;
int wh_dns_new(struct wh_dns **ret_dns, struct wh_err *err);
void wh_dns_free(struct wh_dns *dns);
/* One fd for the event loop: when readable, call wh_dns_handle, which never blocks. Stable for the object's life. */
int wh_dns_fd(const struct wh_dns *dns);
void wh_dns_handle(struct wh_dns *dns);
/* Sets or replaces the record of (container_id, network). */
int wh_dns_put(struct wh_dns *dns, const struct wh_dns_record *record, struct wh_err *err);
/* network NULL = all of the container. */
void wh_dns_drop(struct wh_dns *dns, const char *container_id, const char *network);
/* The resolver's sockets inside a container's namespace; -1 = none. Whoever keeps duplicates of them beyond the life of
 * this process loses no question while no name service runs: it waits in the socket. */
struct wh_dns_listener {
    int udp, tcp;
};
/* Makes the resolver sockets inside the namespace (127.0.0.11, high port, port 53 redirected to it) or, when the
 * container is already known, only replaces who it is. netns_fd is duplicated (needed for `servers`); wh_dns_leave lets
 * go of the namespace. */
int wh_dns_join(struct wh_dns *dns, int netns_fd, const struct wh_dns_asker *asker, struct wh_err *err);
/* Before the first join: sockets of an earlier life, with their redirect still in place. Consumed. */
int wh_dns_adopt(struct wh_dns *dns, const char *container_id, struct wh_dns_listener take_sockets, struct wh_err *err);
/* The sockets of a container that has joined, borrowed. */
struct wh_dns_listener wh_dns_sockets(const struct wh_dns *dns, const char *container_id);
void wh_dns_leave(struct wh_dns *dns, const char *container_id);
/* The host's resolvers for foreign names; read from /etc/resolv.conf by wh_dns_new, again by this (path NULL = that).
 */
int wh_dns_load_servers(struct wh_dns *dns, const char *path, struct wh_err *err);

#endif
