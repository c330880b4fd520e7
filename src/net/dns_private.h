/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The name service in four parts: zone (who is where, pure data), answer (one message in, one out, pure), server
 * (sockets of the containers), forward (questions to the host's resolvers).
 */
#ifndef WH_NET_DNS_PRIVATE_H
#define WH_NET_DNS_PRIVATE_H

#include "net_private.h"

#include "whale/util/map.h"

#include <netinet/in.h>

#define WH_DNS_NAME_MAX    256  /* presentation form, lower case, without the last dot */
#define WH_DNS_QUERY_MAX   1232 /* a larger question is refused */
#define WH_DNS_REPLY_MAX   65535
#define WH_DNS_ANSWERS_MAX 1024

/* ---- zone ---- */

enum wh_dns_kind { WH_DNS_SHARED, WH_DNS_OWN, WH_DNS_PTR };

struct wh_dns_entry {
    char *container_id;
    char *container;
    uint32_t network;
    struct wh_addr ip4, ip6;
    bool ready;
    struct wh_dns_name *names;
    size_t n_names;
};

/* One name of one entry, in the hash table. */
struct wh_dns_name {
    struct wh_dns_name *next;
    struct wh_dns_entry *entry;
    char *text;
    uint32_t hash;
    enum wh_dns_kind kind;
};

struct wh_dns_zone {
    struct wh_strv networks; /* number = index; never shrinks */
    struct wh_map entries;   /* "id network" -> struct wh_dns_entry */
    struct wh_map known;     /* single-label names that have ever been in use: never asked elsewhere */
    struct wh_dns_name **buckets;
    size_t n_buckets; /* power of two */
    size_t n_names;
};

int wh_dns_zone_put(struct wh_dns_zone *zone, const struct wh_dns_record *record, struct wh_err *err);
void wh_dns_zone_drop(struct wh_dns_zone *zone, const char *container_id, const char *network);
void wh_dns_zone_fini(struct wh_dns_zone *zone);
/* Number of a network, made when it is new; -1 without memory. */
int wh_dns_zone_network(struct wh_dns_zone *zone, const char *network);

/* ---- askers ---- */

struct wh_dns_client {
    char *id;
    uint32_t *networks;
    size_t n_networks;
    struct wh_strv link_aliases, link_targets; /* lower case, in pairs */
    struct wh_addr *servers;
    size_t n_servers;
    bool no_forward;
    bool is_taken_over;
    int netns;
    struct wh_dns_listener on;
    uint32_t generation; /* tells a late answer that the client is gone */
};

/* The matching entries for a name in the order of the answer. */
struct wh_dns_found {
    bool known;     /* the name is in the asker's scope, perhaps without an address of the wanted kind */
    bool elsewhere; /* it is ours but out of scope: unknown, and not to be asked upstream */
    size_t n;
    const struct wh_dns_entry *entries[WH_DNS_ANSWERS_MAX];
};
void wh_dns_zone_find(const struct wh_dns_zone *zone, const struct wh_dns_client *client, const char *name, bool ptr,
                      uint32_t rotation, struct wh_dns_found *ret);

/* ---- answer ---- */

struct wh_dns_asked {
    char name[WH_DNS_NAME_MAX * 4 + 4]; /* presentation form, escapes included, lower case */
    uint16_t type;
    uint16_t class;
    size_t question_end; /* offset behind the question */
    size_t udp_max;      /* what the asker takes in a datagram */
    bool has_edns;
};

/* What the message asks. false: rcode for the reply, or -1 = do not answer at all. */
bool wh_dns_parse(const uint8_t *query, size_t len, struct wh_dns_asked *ret_asked, int *ret_rcode);
/* A reply without records. The question is copied when asked != NULL. Returns its length, 0 when cap is too small. */
size_t wh_dns_empty_reply(const uint8_t *query, size_t len, const struct wh_dns_asked *asked, int rcode, uint8_t *reply,
                          size_t cap);
enum wh_dns_verdict { WH_DNS_ANSWERED, WH_DNS_FORWARD, WH_DNS_IGNORE };
/* The answer to one message, without any I/O and without allocation. rotation: where lists of addresses begin. tcp: no
 * size limit but cap. Never reads past len, never writes past cap. */
enum wh_dns_verdict wh_dns_answer_client(const struct wh_dns_zone *zone, const struct wh_dns_client *client,
                                         uint32_t rotation, const uint8_t *query, size_t len, bool tcp, uint8_t *reply,
                                         size_t cap, size_t *ret_len);

/* ---- forward ---- */

/* Where a reply goes: a datagram to `to` from the client's udp socket, or the connection `conn`. */
struct wh_dns_return {
    struct wh_dns_client *client; /* valid while wh_dns_client_alive says so */
    uint32_t number;              /* of the client */
    uint32_t client_generation;
    struct sockaddr_in to;
    int conn; /* slot, -1 = datagram */
    uint32_t conn_generation;
};

/* What an epoll event is about: kind in the upper half of data.u64, slot or client number in the lower. */
enum wh_dns_watch { WH_DNS_W_TIMER, WH_DNS_W_UDP, WH_DNS_W_LISTEN, WH_DNS_W_CONN, WH_DNS_W_UPSTREAM };
int wh_dns_watch(struct wh_dns *dns, int fd, uint32_t events, enum wh_dns_watch kind, uint32_t number);

struct wh_dns_forward;
int wh_dns_forward_new(struct wh_dns *dns, struct wh_dns_forward **ret, struct wh_err *err);
void wh_dns_forward_free(struct wh_dns_forward *fwd);
int wh_dns_forward_load(struct wh_dns_forward *fwd, const char *path, struct wh_err *err);
/* Sends the question on. false: there is nobody to ask (the caller answers NXDOMAIN) or no room (SERVFAIL): *ret_rcode.
 */
bool wh_dns_forward_start(struct wh_dns_forward *fwd, const struct wh_dns_return *ret_to, const uint8_t *query,
                          size_t len, bool tcp, int *ret_rcode);
void wh_dns_forward_event(struct wh_dns_forward *fwd, uint32_t slot);
/* Deadlines. Returns whether questions are still open. */
bool wh_dns_forward_tick(struct wh_dns_forward *fwd, int64_t now_ns);

/* Whether the asker of a question is still the one that asked. Updates to->client, which a new join replaces. */
bool wh_dns_client_alive(const struct wh_dns *dns, struct wh_dns_return *to);
/* Delivers a reply of the forwarder when the asker is still there. */
void wh_dns_deliver(struct wh_dns *dns, struct wh_dns_return *to, const uint8_t *reply, size_t len);
/* Makes the timer run; it stops by itself when nothing waits. */
void wh_dns_start_timer(struct wh_dns *dns);

#endif
