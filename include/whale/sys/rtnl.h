/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Route netlink: devices, addresses, routes. Requests are queued and sent as one message batch, because a system call
 * per request is half of the cost; the kernel runs each of the batch even when an earlier one failed.
 *
 *   struct wh_rtnl rt;
 *   if (wh_rtnl_open(&rt, err) < 0) ...
 *   wh_rtnl_add_addr(&rt, index, 4, bytes, 24, 0);
 *   wh_rtnl_set_up(&rt, index);
 *   r = wh_rtnl_flush(&rt, err);      first failure, named by what was asked
 *   wh_rtnl_close(&rt);
 *
 * A socket belongs to the network namespace in which it was opened.
 */
#ifndef WHALE_SYS_RTNL_H
#define WHALE_SYS_RTNL_H

#include "whale/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WH_RTNL_QUEUE 64
#define WH_RTNL_BYTES 16384

struct wh_rtnl_request {
    const char *what; /* literal, for messages */
    int ignore_errno; /* this failure is success (EEXIST, ENODEV ...), 0 = none */
};

struct wh_rtnl {
    int fd;
    uint32_t seq; /* of the first queued request */
    size_t n;
    size_t len;
    bool overflow;
    struct wh_rtnl_request queue[WH_RTNL_QUEUE];
    _Alignas(8) uint8_t bytes[WH_RTNL_BYTES];
};

int wh_rtnl_open(struct wh_rtnl *rt, struct wh_err *err);
void wh_rtnl_close(struct wh_rtnl *rt);
/* Sends what is queued and waits for every answer. -1 with the first failure (its errno is the code). */
int wh_rtnl_flush(struct wh_rtnl *rt, struct wh_err *err);

/* Index of a device in the socket's namespace, 0 = none. */
uint32_t wh_rtnl_index(const struct wh_rtnl *rt, const char *name);

/* ---- queued requests; ignore: an errno that counts as success, 0 = none ---- */

/* mac NULL = the kernel's choice; mtu 0 = default; alias NULL = none. The bridge is made down. */
void wh_rtnl_add_bridge(struct wh_rtnl *rt, const char *name, const uint8_t *mac, uint32_t mtu, uint32_t group,
                        const char *alias);

/* A pair whose host end is up and a port of the bridge, and whose peer is born in the namespace netns_fd. Moving it
 * there later costs 19 ms of RCU waits. The peer must not be born up: the kernel opens it before it has a peer
 * (ENOTCONN). */
struct wh_rtnl_veth {
    const char *host_name;
    uint32_t master; /* index of the bridge */
    uint32_t group;
    uint32_t mtu; /* 0 = default */
    int netns_fd;
    const char *peer_name;
    const uint8_t *peer_mac; /* 6 bytes or NULL */
};
void wh_rtnl_add_veth(struct wh_rtnl *rt, const struct wh_rtnl_veth *veth);

void wh_rtnl_set_up(struct wh_rtnl *rt, uint32_t index);
void wh_rtnl_set_mtu(struct wh_rtnl *rt, uint32_t index, uint32_t mtu);
/* Frames may leave by the port they came from: a container that talks to its own published port under br_netfilter. */
void wh_rtnl_set_hairpin(struct wh_rtnl *rt, const char *port_name);
/* Nothing comes in by the port nor goes out any more, and what the bridge has learnt of it is forgotten; a missing one
 * is success. Without the RCU waits of bringing it down or taking it out of the bridge. */
void wh_rtnl_mute_port(struct wh_rtnl *rt, uint32_t index);
/* family 4 or 6. No duplicate address detection for v6: addresses are ours. */
void wh_rtnl_add_addr(struct wh_rtnl *rt, uint32_t index, int family, const uint8_t *addr, uint8_t prefix, int ignore);
void wh_rtnl_del_addr(struct wh_rtnl *rt, uint32_t index, int family, const uint8_t *addr, uint8_t prefix);
/* Default route; onlink: the gateway need not be in the device's subnet. */
void wh_rtnl_add_default(struct wh_rtnl *rt, uint32_t index, int family, const uint8_t *gateway, bool onlink);
void wh_rtnl_del_link(struct wh_rtnl *rt, const char *name); /* a missing one is success */
/* Every device of the group at once: one grace period for all instead of 16 ms for each. None is success. */
void wh_rtnl_del_group(struct wh_rtnl *rt, uint32_t group);

/* ---- questions; nothing may be queued ---- */

struct wh_rtnl_link {
    uint32_t index;
    uint32_t master;
    uint32_t group;
    uint32_t mtu;
    bool up;
    char name[16];
    char kind[16];   /* "bridge", "veth", "" */
    char alias[256]; /* "" = none */
};
/* 0; 1 no such device; -1. */
int wh_rtnl_get_link(struct wh_rtnl *rt, const char *name, struct wh_rtnl_link *ret_link, struct wh_err *err);

/* One address of a device or one destination of a route. */
struct wh_rtnl_net {
    uint32_t index; /* of the device; 0 = none */
    int family;     /* 4 or 6 */
    uint8_t addr[16];
    uint8_t prefix;
};
int wh_rtnl_each_addr(struct wh_rtnl *rt, void (*fn)(const struct wh_rtnl_net *net, void *arg), void *arg,
                      struct wh_err *err);
/* Unicast routes of the main table, without default routes. */
int wh_rtnl_each_route(struct wh_rtnl *rt, void (*fn)(const struct wh_rtnl_net *net, void *arg), void *arg,
                       struct wh_err *err);

#endif
