/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Relay for IPv6 clients of containers that have IPv4 only. The kernel has no route_localnet for IPv6, so a connection
 * to [::1] cannot be translated: it is accepted here and spliced. One thread, edge-triggered; the bytes never enter
 * this process.
 *
 * The mutex guards listeners and backends, which the caller changes; connections belong to the thread alone. A
 * listener's slot is never freed before the relay, so an event that is late finds a closed slot, not freed memory.
 */
#include "net_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define BACKENDS_MAX 64
#define CONNS_MAX    512 /* six descriptors each; further clients are closed */
#define CHUNK        65536
#define EVENTS       64

enum watch_kind { W_WAKE, W_LISTEN, W_CONN };

struct watch {
    enum watch_kind kind;
};

struct listener {
    struct watch watch; /* first: epoll's pointer is a pointer to it */
    struct listener *next;
    int fd;            /* -1 = off */
    struct wh_addr ip; /* none = :: */
    uint16_t port;
    struct wh_backend backends[BACKENDS_MAX];
    size_t n, turn;
};

struct half {
    int pipe[2];
    size_t pending; /* bytes in the pipe */
    bool ended;     /* source has ended */
    bool closed;    /* and the other side was told */
};

struct conn {
    struct watch watch;
    struct conn *next;
    int fd[2]; /* client, server */
    struct half way[2];
    bool dead;
};

struct wh_relay {
    pthread_mutex_t lock;
    struct listener *listeners;
    struct conn *conns;
    size_t n_conns;
    struct watch wake;
    int epoll, wake_fd;
    pthread_t thread;
    bool started, stop;
};

/* ---- connections (relay's thread) ---- */

static void end_conn(struct conn *c)
{
    for (int i = 0; i < 2; i++) {
        wh_close(&c->fd[i]);
        wh_close(&c->way[i].pipe[0]);
        wh_close(&c->way[i].pipe[1]);
    }
    c->dead = true;
}

/* Freed only between two rounds: an event of this round may still point to it. */
static void reap_conns(struct wh_relay *r)
{
    for (struct conn **at = &r->conns; *at;) {
        struct conn *c = *at;
        if (!c->dead) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        r->n_conns--;
        free(c);
    }
}

static ssize_t move_bytes(int from, int to, size_t len)
{
    ssize_t n;
    do
        n = splice(from, NULL, to, NULL, len, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Moves what can be moved in one direction. -1: the connection is broken. */
static int pump(struct half *h, int from, int to)
{
    for (bool moved = true; moved;) {
        moved = false;
        ssize_t in = h->ended ? -2 : move_bytes(from, h->pipe[1], CHUNK);
        if (in == -1 && errno != EAGAIN)
            return -1;
        h->ended |= in == 0;
        h->pending += in > 0 ? (size_t)in : 0;
        ssize_t out = h->pending ? move_bytes(h->pipe[0], to, h->pending) : 0;
        if (out < 0 && errno != EAGAIN)
            return -1;
        h->pending -= out > 0 ? (size_t)out : 0;
        moved = in > 0 || out > 0;
    }
    if (h->ended && h->pending == 0 && !h->closed) {
        shutdown(to, SHUT_WR);
        h->closed = true;
    }
    return 0;
}

static void handle_conn(struct conn *c)
{
    if (c->dead)
        return;
    if (pump(&c->way[0], c->fd[0], c->fd[1]) < 0 || pump(&c->way[1], c->fd[1], c->fd[0]) < 0 ||
        (c->way[0].closed && c->way[1].closed))
        end_conn(c);
}

static int connect_backend(const struct wh_backend *b)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(b->port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(b->port)};
    bool six = b->addr.family == 6;
    memcpy(&in.sin_addr, b->addr.bytes, 4);
    memcpy(&in6.sin6_addr, b->addr.bytes, 16);
    wh_auto_fd fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int ret = six ? connect(fd, (struct sockaddr *)&in6, sizeof(in6)) : connect(fd, (struct sockaddr *)&in, sizeof(in));
    return fd < 0 || (ret < 0 && errno != EINPROGRESS) ? -1 : wh_steal_fd(&fd);
}

/* Takes the client over and connects it; closes it when that fails. */
static void start_conn(struct wh_relay *r, int take_client, const struct wh_backend *b)
{
    struct conn *c = calloc(1, sizeof(*c));
    if (!c) {
        close(take_client);
        return;
    }
    *c = (struct conn){.watch = {W_CONN}, .next = r->conns, .fd = {take_client, connect_backend(b)}};
    c->way[0].pipe[0] = c->way[0].pipe[1] = c->way[1].pipe[0] = c->way[1].pipe[1] = -1;
    r->conns = c;
    r->n_conns++;
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    if (c->fd[1] < 0 || pipe2(c->way[0].pipe, O_CLOEXEC | O_NONBLOCK) < 0 ||
        pipe2(c->way[1].pipe, O_CLOEXEC | O_NONBLOCK) < 0 || epoll_ctl(r->epoll, EPOLL_CTL_ADD, c->fd[0], &ev) < 0 ||
        epoll_ctl(r->epoll, EPOLL_CTL_ADD, c->fd[1], &ev) < 0)
        end_conn(c);
}

static void handle_listener(struct wh_relay *r, struct listener *l)
{
    struct wh_backend backend;
    pthread_mutex_lock(&r->lock);
    int client = l->fd >= 0 && l->n > 0 ? accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    if (client >= 0)
        backend = l->backends[l->turn++ % l->n];
    pthread_mutex_unlock(&r->lock);
    if (client >= 0 && r->n_conns >= CONNS_MAX)
        close(client);
    else if (client >= 0)
        start_conn(r, client, &backend);
}

static bool should_stop(struct wh_relay *r)
{
    pthread_mutex_lock(&r->lock);
    bool stop = r->stop;
    pthread_mutex_unlock(&r->lock);
    return stop;
}

static void *run(void *arg)
{
    struct wh_relay *r = arg;
    struct epoll_event events[EVENTS];
    while (!should_stop(r)) {
        int n = epoll_wait(r->epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct watch *w = events[i].data.ptr;
            if (w->kind == W_LISTEN)
                handle_listener(r, (struct listener *)w);
            else if (w->kind == W_CONN)
                handle_conn((struct conn *)w);
        }
        reap_conns(r);
    }
    return NULL;
}

/* ---- caller's side ---- */

int wh_relay_new(struct wh_relay **ret_relay, struct wh_err *err)
{
    *ret_relay = NULL;
    if (!wh_net_has_ipv6())
        return 0;
    struct wh_relay *r = calloc(1, sizeof(*r));
    if (!r)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    pthread_mutex_init(&r->lock, NULL);
    r->wake.kind = W_WAKE;
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &r->wake};
    if (r->epoll < 0 || r->wake_fd < 0 || epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->wake_fd, &ev) < 0) {
        wh_fail(err, errno, "relay for IPv6 clients");
        wh_relay_free(r);
        return -1;
    }
    *ret_relay = r;
    return 0;
}

/* Signals are the event loop's business. */
static int start_thread(struct wh_relay *r)
{
    sigset_t all, before;
    if (r->started)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&r->thread, NULL, run, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    r->started = error == 0;
    return error;
}

static int listen_on(const struct wh_addr *ip, uint16_t port)
{
    struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int on = 1;
    if (ip->family == 6)
        memcpy(&sa.sin6_addr, ip->bytes, sizeof(sa.sin6_addr));
    wh_auto_fd fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 128) < 0)
        return -1;
    return wh_steal_fd(&fd);
}

static bool is_same_ip(const struct wh_addr *a, const struct wh_addr *b)
{
    return wh_addr_is_any(a) ? wh_addr_is_any(b) : wh_addr_equal(a, b);
}

/* The slot for the port: the one that has it, one that is off, a new one. */
static struct listener *find_slot(struct wh_relay *r, const struct wh_addr *ip, uint16_t port)
{
    struct listener *off = NULL;
    for (struct listener *l = r->listeners; l; l = l->next) {
        if (l->fd >= 0 && l->port == port && is_same_ip(&l->ip, ip))
            return l;
        if (l->fd < 0)
            off = l;
    }
    if (off)
        return off;
    struct listener *l = calloc(1, sizeof(*l));
    if (l) {
        *l = (struct listener){.watch = {W_LISTEN}, .next = r->listeners, .fd = -1};
        r->listeners = l;
    }
    return l;
}

static int set_locked(struct wh_relay *r, const struct wh_addr *ip, uint16_t port, const struct wh_backend *backends,
                      size_t n, struct wh_err *err)
{
    struct listener *l = find_slot(r, ip, port);
    if (!l)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    l->n = n > BACKENDS_MAX ? BACKENDS_MAX : n;
    if (n == 0) {
        wh_close(&l->fd);
        return 0;
    }
    memcpy(l->backends, backends, l->n * sizeof(*backends));
    if (l->fd >= 0)
        return 0;
    l->port = port;
    l->ip = *ip;
    l->fd = listen_on(ip, port);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = l};
    if (l->fd < 0 || epoll_ctl(r->epoll, EPOLL_CTL_ADD, l->fd, &ev) < 0) {
        char text[WH_ADDR_TEXT_MAX] = "::";
        int error = errno;
        if (ip->family)
            wh_addr_text(ip, text, sizeof(text));
        wh_fail(err, error, "listen on [%s]:%u", text, port);
        wh_close(&l->fd);
        return -1;
    }
    return 0;
}

int wh_relay_set(struct wh_relay *relay, const struct wh_addr *ip, uint16_t port, const struct wh_backend *backends,
                 size_t n, struct wh_err *err)
{
    pthread_mutex_lock(&relay->lock);
    int ret = set_locked(relay, ip, port, backends, n, err);
    pthread_mutex_unlock(&relay->lock);
    if (ret == 0 && n > 0) {
        int error = start_thread(relay);
        if (error)
            return wh_fail(err, error, "start the relay for IPv6 clients");
    }
    return ret;
}

/* Ports of which IPv6 clients are served here: those published on every address, or on IPv6 ones. */
static bool is_relayed(const struct wh_publish *p)
{
    return p->proto == WH_TCP && p->host_ip.family != 4 && p->n_backends > 0;
}

static bool is_wanted(const struct listener *l, const struct wh_publish *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_relayed(&list[i]) && list[i].port == l->port && is_same_ip(&list[i].host_ip, &l->ip))
            return true;
    }
    return false;
}

void wh_relay_apply(struct wh_relay *relay, const struct wh_publish *list, size_t n)
{
    pthread_mutex_lock(&relay->lock);
    for (struct listener *l = relay->listeners; l; l = l->next) {
        if (l->fd >= 0 && !is_wanted(l, list, n))
            wh_close(&l->fd);
    }
    pthread_mutex_unlock(&relay->lock);
    for (size_t i = 0; i < n; i++) {
        if (is_relayed(&list[i]))
            wh_relay_set(relay, &list[i].host_ip, list[i].port, list[i].backends, list[i].n_backends, NULL);
    }
}

static void stop_thread(struct wh_relay *r)
{
    uint64_t one = 1;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_mutex_unlock(&r->lock);
    if (r->started && write(r->wake_fd, &one, sizeof(one)) == sizeof(one))
        pthread_join(r->thread, NULL);
}

void wh_relay_free(struct wh_relay *relay)
{
    if (!relay)
        return;
    stop_thread(relay);
    for (struct conn *c = relay->conns; c; c = c->next)
        end_conn(c);
    reap_conns(relay);
    for (struct listener *l = relay->listeners, *next; l; l = next) {
        next = l->next;
        wh_close(&l->fd);
        free(l);
    }
    wh_close(&relay->epoll);
    wh_close(&relay->wake_fd);
    pthread_mutex_destroy(&relay->lock);
    free(relay);
}
