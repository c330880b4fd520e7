/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks of a project: addresses, bridges, veth pairs, published ports, name service, and the texts of
 * /etc/hosts and /etc/resolv.conf. Knows nothing of compose files, records or the event loop: the engine translates.
 *
 * Everything is synchronous and fast (microseconds to a few milliseconds); functions called "ensure" may be repeated.
 * The caller's thread is in the host's network namespace; functions that take a netns_fd visit that namespace and come
 * back before they return. Not thread-safe unless said otherwise.
 *
 * Order of one container's life:
 *   wh_port_reserve          each published port, before anything is started
 *   wh_bridge_ensure         each network of the project, once
 *   wh_ipam_address          one free address per network (the caller keeps the used ones)
 *   wh_net_attach            after the runtime has made the network namespace, before the process runs
 *   wh_dns_join              resolver of the container; then wh_dns_put for each of its networks: its names
 *   wh_firewall_apply        the whole desired publishing of the project; only differences reach the kernel
 * and back: wh_firewall_apply without it (drain), stop the process, wh_dns_drop, wh_dns_leave, close the netns: the
 * kernel removes its veths. `down`: wh_net_sweep takes whatever is left of the project.
 */
#ifndef WHALE_NET_H
#define WHALE_NET_H

#include "whale/net/addr.h"
#include "whale/net/dns.h"
#include "whale/util/err.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WH_IFNAME_MAX 16 /* with the NUL, as IFNAMSIZ */

/* ---- names ---------------------------------------------------------------------------------------------------- */

/* Who owns a kernel object. Both strings are borrowed. instance tells installations apart: the run root's path. */
struct wh_net_scope {
    const char *instance;
    const char *project;
};

/* "whb" + 4 hex of the instance + 8 hex of (project, network). network is the full name ("proj_default"). */
void wh_net_bridge_name(const struct wh_net_scope *scope, const char *network, char ret_name[WH_IFNAME_MAX]);
/* "whale-" + 8 hex of the instance + "-" + project. */
void wh_net_table_name(const struct wh_net_scope *scope, char *buf, size_t size);
/* Link group of all devices of the project (bridges and host ends); never 0, high bit set. */
uint32_t wh_net_group(const struct wh_net_scope *scope);

/* ---- address management --------------------------------------------------------------------------------------- */

/* What one network hands out. aux: addresses never handed out. subnet.addr.family 0 = to be picked. */
struct wh_ipam {
    struct wh_cidr subnet;
    struct wh_cidr range;   /* optional: addresses that are not fixed come from here only */
    struct wh_addr gateway; /* optional: first address of the subnet (of the range when there is one) */
    const struct wh_addr *aux;
    size_t n_aux;
};

/* Adds every route and address of the host to ret_nets, a vector of struct wh_cidr (WH_VEC(struct wh_cidr)). */
int wh_ipam_host_nets(struct wh_vec *ret_nets, struct wh_err *err);

/* The v4 subnets to cut from, in order. From `text` ("10.200.0.0/16/24,172.20.0.0/14/24": base/prefix/size) or, when it
 * is NULL or "", the built-in pool. ret_pools: vector of struct wh_ipam_pool. 0 or -1. */
struct wh_ipam_pool {
    struct wh_cidr base;
    uint8_t size; /* prefix length of what is cut; a network that wants more hosts gets a larger piece */
};
int wh_ipam_pools(const char *text, struct wh_vec *ret_pools, struct wh_err *err);

/* Picks a subnet that overlaps none of `taken` (host nets, recorded subnets). `seed` (network's full name) decides
 * where the search starts, so a network usually gets the same subnet again. hosts: addresses wanted at least. -1: pool
 * used up (WH_E_LIMIT). Pure. */
int wh_ipam_pick4(const struct wh_ipam_pool *pools, size_t n_pools, const struct wh_cidr *taken, size_t n_taken,
                  const char *seed, uint32_t hosts, struct wh_cidr *ret_subnet, struct wh_err *err);
/* A /64 below fd00::/8 derived from seed, not overlapping `taken`. Pure. */
int wh_ipam_pick6(const struct wh_cidr *taken, size_t n_taken, const char *seed, struct wh_cidr *ret_subnet,
                  struct wh_err *err);
/* Checks a configured subnet: "subnet 10.1.0.0/24 overlaps with 10.1.0.0/16 (in use by ...)". `owner` of taken[i] may
 * be NULL. WH_E_CONFLICT. Pure. */
int wh_ipam_check(const struct wh_cidr *subnet, const struct wh_cidr *taken, const char *const *owners, size_t n_taken,
                  struct wh_err *err);
/* Fills gateway (first usable address) when it is not set and checks that gateway, range and aux are inside. */
int wh_ipam_complete(struct wh_ipam *ipam, struct wh_err *err);
/* One address. `want` (may be NULL or none): fixed address, checked: inside the subnet, not gateway, not used. Else the
 * first free one after `last` (may be NULL; avoids immediate reuse) in the range or subnet, without network, broadcast,
 * gateway, aux and used. WH_E_CONFLICT / WH_E_LIMIT. Pure. */
int wh_ipam_address(const struct wh_ipam *ipam, const struct wh_addr *want, const struct wh_addr *used, size_t n_used,
                    const struct wh_addr *last, struct wh_addr *ret_addr, struct wh_err *err);

/* ---- bridges -------------------------------------------------------------------------------------------------- */

/* driver_opts that the bridge driver knows are to be translated by wh_bridge_option. */
struct wh_bridge {
    char name[WH_IFNAME_MAX]; /* wh_net_bridge_name or the user's com.docker.network.bridge.name */
    const char *network;      /* full name, for the alias and messages */
    struct wh_cidr subnet4, subnet6;
    struct wh_addr gateway4, gateway6; /* addresses of the bridge; none with gateway_none */
    uint32_t mtu;                      /* 0 = kernel's default */
    bool internal;                     /* no way out; the bridge keeps its address (host reaches containers) */
    bool no_masquerade;                /* com.docker.network.bridge.enable_ip_masquerade: "false" */
    bool no_icc;                       /* com.docker.network.bridge.enable_icc: "false" */
    struct wh_addr host_binding;       /* com.docker.network.bridge.host_binding_ipv4: default host ip of publishes */
};

#define WH_OPT_BRIDGE_NAME  "com.docker.network.bridge.name"
#define WH_OPT_MTU          "com.docker.network.driver.mtu"
#define WH_OPT_HOST_BINDING "com.docker.network.bridge.host_binding_ipv4"

/* Reads one driver option into the bridge. 0; 1 the option is not known (to be ignored with a warning); -1 bad value.
 */
int wh_bridge_option(struct wh_bridge *bridge, const char *key, const char *value, struct wh_err *err);
/* Makes the bridge or corrects the one that is there (address, mtu, up, sysctls); turns on ip_forward. A device of that
 * name which is not ours: WH_E_CONFLICT. v6 addresses are skipped when the host has no IPv6. */
int wh_bridge_ensure(const struct wh_net_scope *scope, const struct wh_bridge *bridge, struct wh_err *err);
/* Removes it; no bridge is no error. */
int wh_bridge_remove(const struct wh_net_scope *scope, const char *name, struct wh_err *err);

/* Whether IPv6 can be used on this host (module present and not disabled for all). */
bool wh_net_has_ipv6(void);

/* ---- containers ----------------------------------------------------------------------------------------------- */

/* One network of one container. */
struct wh_endpoint {
    const char *bridge;         /* device name */
    const char *network;        /* full name; may be NULL */
    char ifname[WH_IFNAME_MAX]; /* "" = eth0, eth1 ... in the order of the array */
    struct wh_addr ip4, ip6;    /* none = not used */
    uint8_t prefix4, prefix6;
    struct wh_addr gateway4, gateway6; /* none = no default route by this network (internal) */
    int gateway_priority;              /* highest wins the default route; equal: first by network name */
    uint8_t mac[6];                    /* all zero = from the address */
    uint32_t mtu;                      /* 0 = 1500 */
    char host_if[WH_IFNAME_MAX];       /* out: name of the host's end; never repeats */
};

/* Gives the namespace its loopback and one interface per endpoint (peer born inside, addresses, routes, MAC). With n =
 * 0 only loopback. On failure nothing is left. Endpoints keep host_if. */
int wh_net_attach(const struct wh_net_scope *scope, int netns_fd, struct wh_endpoint *eps, size_t n,
                  struct wh_err *err);
/* Takes the endpoint off its bridge, by the host's end (~0.05 ms); missing is no error. Before its addresses are given
 * to another: the kernel takes a namespace down some time after its last user has gone, and until then it answers. */
int wh_net_mute(const char *host_if, struct wh_err *err);
/* Runs fn(arg) inside the namespace and returns its result; the thread is back in its own afterwards. -1 also when the
 * namespace cannot be entered. */
int wh_net_inside(int netns_fd, int (*fn)(void *arg, struct wh_err *err), void *arg, struct wh_err *err);

/* Removes all that the kernel still has of the project, without any state: host ends and bridges (by link group),
 * table, accept rules in foreign chains. Idempotent. */
int wh_net_sweep(const struct wh_net_scope *scope, struct wh_err *err);

/* ---- published ports ------------------------------------------------------------------------------------------- */

enum wh_proto { WH_TCP = 6, WH_UDP = 17, WH_SCTP = 132 };

const char *wh_proto_text(enum wh_proto proto);                 /* "tcp" ... */
int wh_proto_parse(const char *text, enum wh_proto *ret_proto); /* NULL or "" = tcp; 0 or -1 */

/* A reservation recorded by a project of this installation; strings are borrowed. */
struct wh_port_claim {
    const char *project;
    const char *container;
    enum wh_proto proto;
    struct wh_addr host_ip;
    uint16_t port;
};

/* first = last = 0: any free port. host_ip none or any: all addresses of the host. */
struct wh_port_want {
    enum wh_proto proto;
    struct wh_addr host_ip;
    uint16_t first, last;
};

/* Reserves the first free port of the range by a bound socket that the caller keeps open while the port is published.
 * The socket refuses connections (the firewall takes them before), so a published port without a backend is closed at
 * once. Failure (WH_E_CONFLICT) names the owner: a claim, or the process that has the socket, or the address that is
 * not there. */
int wh_port_reserve(const struct wh_port_want *want, const struct wh_port_claim *claims, size_t n_claims,
                    uint16_t *ret_port, int *ret_fd, struct wh_err *err);

/* One published port and the containers that serve it; several are balanced in turn. Leave a backend out to drain it:
 * its open connections live on. n_backends 0: closed. */
struct wh_backend {
    struct wh_addr addr;
    uint16_t port;
};
struct wh_publish {
    enum wh_proto proto;
    struct wh_addr host_ip; /* none = every address of the host, 0.0.0.0 = every v4, :: = every v6 address */
    uint16_t port;
    const struct wh_backend *backends; /* of another family than host_ip's: served by the relay only */
    size_t n_backends;
};

/* The desired state of a project: its own networks (not external ones, whose owner has them) and all published ports.
 */
struct wh_firewall_spec {
    const struct wh_bridge *bridges;
    size_t n_bridges;
    const struct wh_publish *publishes;
    size_t n_publishes;
};

/* Keeps what was applied last, so that only differences are sent. */
struct wh_firewall;
int wh_firewall_open(const struct wh_net_scope *scope, struct wh_firewall **ret_fw, struct wh_err *err);
/* One transaction: the table is made when it is missing (also when someone flushed it), networks changed: rebuilt as a
 * whole, else elements are added and removed. UDP flows of changed ports are forgotten. Also keeps the accept rules in
 * a foreign FORWARD chain with policy drop (Docker's DOCKER-USER). */
int wh_firewall_apply(struct wh_firewall *fw, const struct wh_firewall_spec *spec, struct wh_err *err);
/* 0 the table is there; 1 it was missing or foreign rules were lost and has been made again. Cheap: call it on a timer.
 */
int wh_firewall_check(struct wh_firewall *fw, struct wh_err *err);
/* Deletes the table and foreign rules; the object stays usable. */
int wh_firewall_clear(struct wh_firewall *fw, struct wh_err *err);
void wh_firewall_free(struct wh_firewall *fw); /* leaves the rules in the kernel */
/* The full ruleset text for a spec; has_ipv6 as wh_net_has_ipv6. For tests and `doctor`. Pure. */
int wh_firewall_text(const struct wh_net_scope *scope, const struct wh_firewall_spec *spec, bool has_ipv6,
                     struct wh_str *ret_text);
/* One line a finding about the host's firewall that can block containers and that we cannot cure (iptables-legacy with
 * a FORWARD policy of drop, ...); "" when there is none. */
int wh_firewall_doctor(struct wh_str *ret_text, struct wh_err *err);

/* ---- relay for IPv6 clients of a v4 container -------------------------------------------------------------------- */

/* Own thread with splice. Only for tcp. Thread-safe. */
struct wh_relay;
/* NULL is returned in *ret_relay (and 0) when the host has no IPv6. */
int wh_relay_new(struct wh_relay **ret_relay, struct wh_err *err);
/* Listens on [ip]:port (ip none: every IPv6 address) and connects to the backends in turn. Replaces the backends when
 * the port is already listened on; n = 0 stops listening on it. Port in use: -1, the caller may ignore it. */
int wh_relay_set(struct wh_relay *relay, const struct wh_addr *ip, uint16_t port, const struct wh_backend *backends,
                 size_t n, struct wh_err *err);
/* Makes the relay serve exactly the tcp ports of the list that are published on every address (host_ip none) or on an
 * IPv6 one and have backends; a port whose IPv6 side somebody else has is left out. */
void wh_relay_apply(struct wh_relay *relay, const struct wh_publish *list, size_t n);
void wh_relay_free(struct wh_relay *relay); /* ends all connections */

/* ---- texts ------------------------------------------------------------------------------------------------------- */

struct wh_host_line {
    const char *address;
    const char *name;
};
struct wh_hosts_spec {
    const char *hostname;        /* "box" or "beta.example.net" */
    const char *domainname;      /* optional: "box.DOMAIN box" */
    const struct wh_addr *addrs; /* one line per network address, in order; none for network_mode none */
    size_t n_addrs;
    const struct wh_host_line *extra; /* extra_hosts in order; "host-gateway" already replaced */
    size_t n_extra;
};
/* The container's /etc/hosts. */
int wh_net_hosts_text(const struct wh_hosts_spec *spec, struct wh_str *ret_text);
/* The host's file (network_mode: host; path NULL = /etc/hosts) followed by extra_hosts. */
int wh_net_hosts_text_host(const char *path, const struct wh_host_line *extra, size_t n_extra, struct wh_str *ret_text);

/* What a resolv.conf says; strings owned by the vectors. */
struct wh_resolv {
    struct wh_strv servers, search, options;
};
int wh_resolv_parse(const char *text, struct wh_resolv *ret_resolv);
/* path NULL = /etc/resolv.conf; a missing file is an empty result. */
int wh_resolv_read(const char *path, struct wh_resolv *ret_resolv, struct wh_err *err);
void wh_resolv_fini(struct wh_resolv *resolv);

enum wh_resolv_kind {
    WH_RESOLV_PROJECT, /* project network: 127.0.0.11, search, options + ndots:0; `dns:` goes to the asker instead */
    WH_RESOLV_DIRECT,  /* network_mode none: servers written directly; loopback servers of the host are left out */
    WH_RESOLV_HOST,    /* network_mode host: as the host's file unless the user says otherwise */
};
struct wh_resolv_spec {
    enum wh_resolv_kind kind;
    const char *const *servers; /* the user's dns, dns_search, dns_opt; n = 0: the host's */
    size_t n_servers;
    const char *const *search;
    size_t n_search;
    const char *const *options;
    size_t n_options;
    const struct wh_resolv *host; /* what the host's file says; may be NULL */
};
int wh_net_resolv_conf_text(const struct wh_resolv_spec *spec, struct wh_str *ret_text);

#endif
