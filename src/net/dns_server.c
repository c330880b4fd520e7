/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of the name service. Each container has two inside its own namespace, so who asks is known by the socket and
 * needs no address. All descriptors are in one epoll set, whose own descriptor the event loop watches.
 *
 * A connection belongs to a slot; an idle one is closed after CONN_IDLE_NS, and when all slots are taken the one that
 * has waited longest goes: a container can starve itself only (CVE-2024-8418).
 */
#include "dns_private.h"

#include "whale/sys/redirect.h"
#include "whale/util/time.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#define PREFERRED_PORT 45353
#define BATCH          16
#define CONN_SLOTS     256
#define CONN_BYTES     (2 + WH_DNS_QUERY_MAX)
#define CONN_IDLE_NS   (10 * WH_NS_PER_S)
#define TICK_MS        200
#define EVENTS         64
#define TABLE          "whale-dns"

struct conn {
    int fd; /* -1 = free */
    uint32_t client;
    uint32_t generation;
    int64_t last_ns;
    size_t have;
    uint8_t *in; /* CONN_BYTES, while open: idle slots cost no memory */
};

struct wh_dns {
    struct wh_dns_zone zone;
    struct wh_dns_forward *forward;
    int epoll, timer;
    bool ticking;
    uint32_t rotation, generation;
    struct wh_dns_client **clients; /* by number; NULL = free */
    size_t n_clients;
    struct wh_map numbers; /* container id -> number + 1 */
    struct conn conns[CONN_SLOTS];
    uint8_t in[BATCH][WH_DNS_QUERY_MAX + 1]; /* one more, to see what is too long */
    uint8_t out[BATCH][WH_DNS_QUERY_MAX];
    uint8_t big[2 + WH_DNS_REPLY_MAX];
};

/* ---- object ---- */

int wh_dns_watch(struct wh_dns *dns, int fd, uint32_t events, enum wh_dns_watch kind, uint32_t number)
{
    struct epoll_event ev = {.events = events, .data.u64 = (uint64_t)kind << 32 | number};
    if (epoll_ctl(dns->epoll, EPOLL_CTL_ADD, fd, &ev) == 0)
        return 0;
    return errno == EEXIST ? epoll_ctl(dns->epoll, EPOLL_CTL_MOD, fd, &ev) : -1;
}

int wh_dns_new(struct wh_dns **ret_dns, struct wh_err *err)
{
    struct wh_dns *dns = calloc(1, sizeof(*dns));
    if (!dns)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    dns->epoll = epoll_create1(EPOLL_CLOEXEC);
    dns->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    for (size_t i = 0; i < CONN_SLOTS; i++)
        dns->conns[i].fd = -1;
    if (dns->epoll < 0 || dns->timer < 0 || wh_dns_watch(dns, dns->timer, EPOLLIN, WH_DNS_W_TIMER, 0) < 0) {
        wh_fail(err, errno, "name service");
        wh_dns_free(dns);
        return -1;
    }
    if (wh_dns_forward_new(dns, &dns->forward, err) < 0 || wh_dns_forward_load(dns->forward, NULL, err) < 0) {
        wh_dns_free(dns);
        return wh_wrap(err, "name service");
    }
    *ret_dns = dns;
    return 0;
}

static void close_conn(struct conn *c)
{
    wh_close(&c->fd);
    free(c->in);
    c->in = NULL;
    c->generation++;
    c->have = 0;
}

static void free_client(struct wh_dns_client *c)
{
    if (!c)
        return;
    wh_close(&c->on.udp);
    wh_close(&c->on.tcp);
    wh_close(&c->netns);
    wh_strv_fini(&c->link_aliases);
    wh_strv_fini(&c->link_targets);
    free(c->networks);
    free(c->servers);
    free(c->id);
    free(c);
}

void wh_dns_free(struct wh_dns *dns)
{
    if (!dns)
        return;
    for (size_t i = 0; i < CONN_SLOTS; i++)
        close_conn(&dns->conns[i]);
    for (size_t i = 0; i < dns->n_clients; i++)
        free_client(dns->clients[i]);
    wh_dns_forward_free(dns->forward);
    free(dns->clients);
    wh_map_fini(&dns->numbers);
    wh_dns_zone_fini(&dns->zone);
    wh_close(&dns->timer);
    wh_close(&dns->epoll);
    free(dns);
}

int wh_dns_fd(const struct wh_dns *dns)
{
    return dns->epoll;
}

int wh_dns_put(struct wh_dns *dns, const struct wh_dns_record *record, struct wh_err *err)
{
    return wh_dns_zone_put(&dns->zone, record, err);
}

void wh_dns_drop(struct wh_dns *dns, const char *container_id, const char *network)
{
    wh_dns_zone_drop(&dns->zone, container_id, network);
}

int wh_dns_load_servers(struct wh_dns *dns, const char *path, struct wh_err *err)
{
    return wh_dns_forward_load(dns->forward, path, err);
}

static struct wh_dns_client *find_client(const struct wh_dns *dns, const char *container_id)
{
    uintptr_t number = (uintptr_t)wh_map_get(&dns->numbers, container_id);
    return number ? dns->clients[number - 1] : NULL;
}

/* ---- sockets inside a namespace ---- */

struct opening {
    bool is_taken_over;
    struct wh_dns_listener on;
};

static int open_at(int type, uint16_t port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    inet_pton(AF_INET, WH_RESOLVER_ADDR, &sa.sin_addr);
    wh_auto_fd fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || (type == SOCK_STREAM && listen(fd, 64) < 0))
        return -1;
    return wh_steal_fd(&fd);
}

/* A fixed port when it is free, so that a restarted supervisor finds its own redirect right. */
static int open_any(int type)
{
    int fd = open_at(type, PREFERRED_PORT);
    return fd >= 0 ? fd : open_at(type, 0);
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in sa = {0};
    socklen_t len = sizeof(sa);
    getsockname(fd, (struct sockaddr *)&sa, &len);
    return ntohs(sa.sin_port);
}

/* Whether the table of the supervisor before us leads to the ports that we have again, tried with a datagram: loopback
 * delivers it at once. Then nothing is to be changed: both a deletion and a failing transaction wait for RCU (16 ms).
 */
static bool is_redirected(const struct wh_dns_listener *on)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(NS_DEFAULTPORT)};
    char byte = 0;
    inet_pton(AF_INET, WH_RESOLVER_ADDR, &sa.sin_addr);
    if (port_of(on->udp) != PREFERRED_PORT || port_of(on->tcp) != PREFERRED_PORT)
        return false;
    wh_auto_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd >= 0 && sendto(fd, "?", 1, 0, (struct sockaddr *)&sa, sizeof(sa)) == 1 &&
           recv(on->udp, &byte, 1, MSG_DONTWAIT) == 1 && byte == '?';
}

/* Only a restarted supervisor finds a table; deleting one waits for RCU (16 ms), so it is not done for nothing. */
static int redirect(const struct wh_dns_listener *on)
{
    struct wh_redirect r = {.table = TABLE, .port = NS_DEFAULTPORT, .udp = port_of(on->udp), .tcp = port_of(on->tcp)};
    inet_pton(AF_INET, WH_RESOLVER_ADDR, r.addr);
    return wh_sys_redirect(&r, false, NULL) < 0 ? wh_sys_redirect(&r, true, NULL) : 0;
}

/* Without nftables port 53 itself, which an application that binds every address cannot have then. */
static int open_plain(struct wh_dns_listener *on, struct wh_err *err)
{
    wh_close(&on->udp);
    wh_close(&on->tcp);
    on->udp = open_at(SOCK_DGRAM, NS_DEFAULTPORT);
    on->tcp = open_at(SOCK_STREAM, NS_DEFAULTPORT);
    return on->udp < 0 || on->tcp < 0 ? wh_fail(err, errno, "bind " WH_RESOLVER_ADDR ":53") : 0;
}

static int open_inside(void *arg, struct wh_err *err)
{
    struct opening *o = arg;
    o->on.udp = open_any(SOCK_DGRAM);
    o->on.tcp = open_any(SOCK_STREAM);
    if (o->on.udp < 0 || o->on.tcp < 0)
        return wh_fail(err, errno, "bind " WH_RESOLVER_ADDR);
    if (o->is_taken_over && is_redirected(&o->on))
        return 0;
    return redirect(&o->on) < 0 ? open_plain(&o->on, err) : 0;
}

/* ---- joining ---- */

static int copy_lower(struct wh_strv *to, const char *text)
{
    wh_auto_free char *copy = strdup(text);
    for (char *c = copy; c && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    return copy ? wh_strv_add(to, copy) : -1;
}

static int copy_networks(struct wh_dns *dns, struct wh_dns_client *c, const struct wh_dns_asker *asker)
{
    c->networks = calloc(asker->n_networks + 1, sizeof(*c->networks));
    if (!c->networks)
        return -1;
    for (size_t i = 0; i < asker->n_networks; i++) {
        int number = wh_dns_zone_network(&dns->zone, asker->networks[i]);
        if (number < 0)
            return -1;
        c->networks[c->n_networks++] = (uint32_t)number;
    }
    return 0;
}

static int copy_asker(struct wh_dns *dns, struct wh_dns_client *c, const struct wh_dns_asker *asker)
{
    c->id = strdup(asker->container_id);
    c->servers = calloc(asker->n_servers + 1, sizeof(*c->servers));
    if (!c->id || !c->servers || copy_networks(dns, c, asker) < 0)
        return -1;
    for (size_t i = 0; i < asker->n_servers; i++)
        c->servers[c->n_servers++] = asker->servers[i];
    for (size_t i = 0; i < asker->n_links; i++) {
        if (copy_lower(&c->link_aliases, asker->links[i].alias) < 0 ||
            copy_lower(&c->link_targets, asker->links[i].target) < 0)
            return -1;
    }
    c->no_forward = asker->no_forward;
    return 0;
}

/* The number for a container id: the one it has, a free one, a new one; -1 without memory. */
static int number_for(struct wh_dns *dns, const char *container_id)
{
    uintptr_t known = (uintptr_t)wh_map_get(&dns->numbers, container_id);
    if (known)
        return (int)known - 1;
    size_t i = 0;
    while (i < dns->n_clients && dns->clients[i])
        i++;
    if (i == dns->n_clients) {
        struct wh_dns_client **more = realloc(dns->clients, (i + 16) * sizeof(struct wh_dns_client *));
        if (!more)
            return -1;
        memset(more + i, 0, 16 * sizeof(struct wh_dns_client *));
        dns->clients = more;
        dns->n_clients = i + 16;
    }
    return wh_map_set(&dns->numbers, container_id, (void *)(uintptr_t)(i + 1)) < 0 ? -1 : (int)i;
}

/* Takes sockets and namespace over from the client's earlier self, or makes them. */
static int give_sockets(struct wh_dns *dns, struct wh_dns_client *c, struct wh_dns_client *before, int netns_fd,
                        uint32_t number, struct wh_err *err)
{
    if (before) {
        c->on = before->on;
        before->on = (struct wh_dns_listener){-1, -1};
    }
    if (before && before->netns >= 0) {
        c->netns = before->netns;
        c->generation = before->generation;
        before->netns = -1;
        return 0;
    }
    struct opening o = {.is_taken_over = c->is_taken_over, .on = c->on};
    c->generation = ++dns->generation;
    c->netns = fcntl(netns_fd, F_DUPFD_CLOEXEC, 3);
    if (c->netns < 0)
        return wh_fail(err, errno, "keep the namespace");
    int ret = c->on.udp >= 0 && c->on.tcp >= 0 ? 0 : wh_net_inside(netns_fd, open_inside, &o, err);
    c->on = o.on;
    if (ret < 0)
        return -1;
    if (wh_dns_watch(dns, c->on.udp, EPOLLIN, WH_DNS_W_UDP, number) < 0 ||
        wh_dns_watch(dns, c->on.tcp, EPOLLIN, WH_DNS_W_LISTEN, number) < 0)
        return wh_fail(err, errno, "watch the resolver's sockets");
    return 0;
}

int wh_dns_join(struct wh_dns *dns, int netns_fd, const struct wh_dns_asker *asker, struct wh_err *err)
{
    struct wh_dns_client *c = calloc(1, sizeof(*c));
    int number = c ? number_for(dns, asker->container_id) : -1;
    if (number < 0) {
        free(c);
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    }
    struct wh_dns_client *before = dns->clients[number];
    c->netns = c->on.udp = c->on.tcp = -1;
    c->is_taken_over = asker->is_taken_over;
    if (copy_asker(dns, c, asker) < 0)
        wh_fail(err, WH_E_LIMIT, "out of memory");
    else if (give_sockets(dns, c, before, netns_fd, (uint32_t)number, err) == 0) {
        dns->clients[number] = c;
        free_client(before);
        return 0;
    }
    free_client(c);
    if (!before)
        wh_map_del(&dns->numbers, asker->container_id);
    return wh_wrap(err, "resolver of container %.12s", asker->container_id);
}

int wh_dns_adopt(struct wh_dns *dns, const char *container_id, struct wh_dns_listener take_sockets, struct wh_err *err)
{
    struct wh_dns_client *c = calloc(1, sizeof(*c));
    int number = c && !find_client(dns, container_id) ? number_for(dns, container_id) : -1;
    if (number < 0) {
        free(c);
        wh_close(&take_sockets.udp);
        wh_close(&take_sockets.tcp);
        return wh_fail(err, WH_E_LIMIT, "resolver of container %.12s: known already or out of memory", container_id);
    }
    c->on = take_sockets;
    c->netns = -1;
    dns->clients[number] = c;
    return 0;
}

struct wh_dns_listener wh_dns_sockets(const struct wh_dns *dns, const char *container_id)
{
    const struct wh_dns_client *c = find_client(dns, container_id);
    return c ? c->on : (struct wh_dns_listener){-1, -1};
}

void wh_dns_leave(struct wh_dns *dns, const char *container_id)
{
    uintptr_t number = (uintptr_t)wh_map_del(&dns->numbers, container_id);
    if (!number)
        return;
    for (size_t i = 0; i < CONN_SLOTS; i++) {
        if (dns->conns[i].fd >= 0 && dns->conns[i].client == number - 1)
            close_conn(&dns->conns[i]);
    }
    free_client(dns->clients[number - 1]);
    dns->clients[number - 1] = NULL;
}

/* ---- answering ---- */

/* One question; *ret_len 0 = nothing to send now (forwarded or ignored). */
static void answer_one(struct wh_dns *dns, struct wh_dns_client *client, const struct wh_dns_return *to,
                       const uint8_t *query, size_t len, uint8_t *reply, size_t cap, size_t *ret_len)
{
    bool tcp = to->conn >= 0;
    struct wh_dns_asked asked;
    int rcode;
    *ret_len = 0;
    if (len > WH_DNS_QUERY_MAX) {
        *ret_len = wh_dns_empty_reply(query, len, NULL, ns_r_formerr, reply, cap);
        return;
    }
    if (wh_dns_answer_client(&dns->zone, client, dns->rotation++, query, len, tcp, reply, cap, ret_len) !=
        WH_DNS_FORWARD)
        return;
    if (!wh_dns_forward_start(dns->forward, to, query, len, tcp, &rcode) && wh_dns_parse(query, len, &asked, &(int){0}))
        *ret_len = wh_dns_empty_reply(query, len, &asked, rcode, reply, cap);
}

static void handle_udp(struct wh_dns *dns, uint32_t number)
{
    struct wh_dns_client *client = number < dns->n_clients ? dns->clients[number] : NULL;
    struct mmsghdr in[BATCH] = {0}, out[BATCH] = {0};
    struct iovec iov[BATCH], oiov[BATCH];
    struct sockaddr_in from[BATCH];
    if (!client)
        return;
    for (size_t i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){dns->in[i], sizeof(dns->in[i])};
        in[i].msg_hdr =
            (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &iov[i], .msg_iovlen = 1};
    }
    int n = recvmmsg(client->on.udp, in, BATCH, MSG_DONTWAIT, NULL);
    unsigned replies = 0;
    for (int i = 0; i < n; i++) {
        struct wh_dns_return to = {client, number, client->generation, from[i], -1, 0};
        size_t len;
        answer_one(dns, client, &to, dns->in[i], in[i].msg_len, dns->out[replies], sizeof(dns->out[0]), &len);
        if (len == 0)
            continue;
        oiov[replies] = (struct iovec){dns->out[replies], len};
        out[replies].msg_hdr = in[i].msg_hdr;
        out[replies].msg_hdr.msg_iov = &oiov[replies];
        replies++;
    }
    /* A reply that does not fit into the socket is lost, as datagrams may be. */
    if (replies > 0)
        sendmmsg(client->on.udp, out, replies, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- connections ---- */

static struct conn *take_slot(struct wh_dns *dns)
{
    struct conn *oldest = &dns->conns[0];
    for (size_t i = 0; i < CONN_SLOTS; i++) {
        struct conn *c = &dns->conns[i];
        if (c->fd < 0)
            return c;
        if (c->last_ns < oldest->last_ns)
            oldest = c;
    }
    close_conn(oldest);
    return oldest;
}

static void handle_listen(struct wh_dns *dns, uint32_t number)
{
    struct wh_dns_client *client = number < dns->n_clients ? dns->clients[number] : NULL;
    for (int i = 0; client && i < BATCH; i++) {
        int fd = accept4(client->on.tcp, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        struct conn *c = take_slot(dns);
        c->fd = fd;
        c->client = number;
        c->have = 0;
        c->in = malloc(CONN_BYTES);
        c->last_ns = wh_now_mono_ns();
        if (!c->in || wh_dns_watch(dns, fd, EPOLLIN | EPOLLRDHUP, WH_DNS_W_CONN, (uint32_t)(c - dns->conns)) < 0)
            close_conn(c);
        wh_dns_start_timer(dns);
    }
}

static void send_on_conn(struct conn *c, uint8_t *framed, size_t len)
{
    framed[0] = (uint8_t)(len >> 8);
    framed[1] = (uint8_t)len;
    /* A local reader that lets the socket's buffer fill up is not waited for. */
    if (send(c->fd, framed, len + 2, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len + 2)
        close_conn(c);
}

/* Answers the complete messages in the buffer. */
static void drain_conn(struct wh_dns *dns, struct conn *c)
{
    struct wh_dns_client *client = dns->clients[c->client];
    while (client && c->fd >= 0 && c->have >= 2) {
        size_t len = (size_t)c->in[0] << 8 | c->in[1], reply;
        if (len < NS_HFIXEDSZ || len > WH_DNS_QUERY_MAX) {
            close_conn(c);
            return;
        }
        if (c->have < len + 2)
            return;
        struct wh_dns_return to = {client, c->client, client->generation, {0}, (int)(c - dns->conns), c->generation};
        answer_one(dns, client, &to, c->in + 2, len, dns->big + 2, WH_DNS_REPLY_MAX, &reply);
        memmove(c->in, c->in + len + 2, c->have - len - 2);
        c->have -= len + 2;
        if (reply)
            send_on_conn(c, dns->big, reply);
    }
}

static void handle_conn(struct wh_dns *dns, uint32_t slot)
{
    struct conn *c = &dns->conns[slot];
    if (c->fd < 0)
        return;
    ssize_t n = recv(c->fd, c->in + c->have, CONN_BYTES - c->have, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_conn(c);
        return;
    }
    c->have += (size_t)n;
    c->last_ns = wh_now_mono_ns();
    drain_conn(dns, c);
}

bool wh_dns_client_alive(const struct wh_dns *dns, struct wh_dns_return *to)
{
    to->client = to->number < dns->n_clients ? dns->clients[to->number] : NULL;
    return to->client && to->client->generation == to->client_generation;
}

void wh_dns_deliver(struct wh_dns *dns, struct wh_dns_return *to, const uint8_t *reply, size_t len)
{
    if (!wh_dns_client_alive(dns, to) || len > WH_DNS_REPLY_MAX)
        return;
    if (to->conn < 0) {
        sendto(to->client->on.udp, reply, len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to->to,
               sizeof(to->to));
        return;
    }
    struct conn *c = &dns->conns[to->conn];
    if (c->fd < 0 || c->generation != to->conn_generation)
        return;
    memcpy(dns->big + 2, reply, len);
    send_on_conn(c, dns->big, len);
}

/* ---- events ---- */

void wh_dns_start_timer(struct wh_dns *dns)
{
    static const struct timespec tick = {.tv_nsec = TICK_MS * WH_NS_PER_MS};
    struct itimerspec its = {.it_interval = tick, .it_value = tick};
    if (dns->ticking)
        return;
    dns->ticking = true;
    timerfd_settime(dns->timer, 0, &its, NULL);
}

static void handle_timer(struct wh_dns *dns)
{
    uint64_t ticks;
    int64_t now = wh_now_mono_ns();
    if (read(dns->timer, &ticks, sizeof(ticks)) != sizeof(ticks))
        return;
    bool busy = wh_dns_forward_tick(dns->forward, now);
    for (size_t i = 0; i < CONN_SLOTS; i++) {
        struct conn *c = &dns->conns[i];
        if (c->fd >= 0 && now - c->last_ns > CONN_IDLE_NS)
            close_conn(c);
        busy |= c->fd >= 0;
    }
    if (!busy) {
        timerfd_settime(dns->timer, 0, &(struct itimerspec){0}, NULL);
        dns->ticking = false;
    }
}

void wh_dns_handle(struct wh_dns *dns)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(dns->epoll, events, EVENTS, 0);
    for (int i = 0; i < n; i++) {
        uint32_t number = (uint32_t)events[i].data.u64;
        switch ((enum wh_dns_watch)(events[i].data.u64 >> 32)) {
        case WH_DNS_W_TIMER:
            handle_timer(dns);
            break;
        case WH_DNS_W_UDP:
            handle_udp(dns, number);
            break;
        case WH_DNS_W_LISTEN:
            handle_listen(dns, number);
            break;
        case WH_DNS_W_CONN:
            handle_conn(dns, number);
            break;
        case WH_DNS_W_UPSTREAM:
            wh_dns_forward_event(dns->forward, number);
            break;
        }
    }
}
