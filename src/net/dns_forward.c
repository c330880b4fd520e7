/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions about foreign names: to the host's resolvers from the host's namespace, or to the user's `dns:` from inside
 * the container's. Each question has a socket of its own, connected, so its port is random and only the asked server's
 * answers arrive; the id is random, too. A question that came by TCP is asked by TCP, which is how a cut answer is
 * fetched whole.
 */
#include "dns_private.h"

#include "whale/util/time.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/stat.h>

#define SLOTS        256
#define SERVERS_MAX  8
#define TRIES_MAX    4
#define TRY_NS       (2 * WH_NS_PER_S)
#define TRY_QUICK_NS (WH_NS_PER_S / 2) /* while no server has answered lately */
#define SILENCE_NS   (30 * WH_NS_PER_S)
#define LOOK_NS      (2 * WH_NS_PER_S)

struct question {
    int fd; /* -1 = free */
    bool tcp;
    uint8_t tries;
    int64_t deadline_ns;
    struct wh_dns_return back;
    uint16_t id; /* as sent; the asker's own is in query */
    size_t len;
    uint8_t *query; /* while open: idle slots cost no memory */
    uint8_t *in;    /* tcp: the framed answer, allocated */
    size_t have;
};

struct wh_dns_forward {
    struct wh_dns *dns;
    struct wh_addr servers[SERVERS_MAX];
    size_t n_servers;
    char path[256]; /* of the host's resolv.conf */
    struct timespec changed;
    int64_t looked_ns;
    int64_t silent_since_ns; /* a server let a question time out; 0 = the last one answered */
    size_t n_open;
    struct question slots[SLOTS];
    uint8_t reply[WH_DNS_REPLY_MAX];
};

int wh_dns_forward_new(struct wh_dns *dns, struct wh_dns_forward **ret, struct wh_err *err)
{
    struct wh_dns_forward *fwd = calloc(1, sizeof(*fwd));
    if (!fwd)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    fwd->dns = dns;
    for (size_t i = 0; i < SLOTS; i++)
        fwd->slots[i].fd = -1;
    *ret = fwd;
    return 0;
}

static void close_question(struct wh_dns_forward *fwd, struct question *q)
{
    wh_close(&q->fd);
    free(q->in);
    free(q->query);
    q->in = q->query = NULL;
    q->have = 0;
    fwd->n_open--;
}

void wh_dns_forward_free(struct wh_dns_forward *fwd)
{
    if (!fwd)
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        if (fwd->slots[i].fd >= 0)
            close_question(fwd, &fwd->slots[i]);
    }
    free(fwd);
}

int wh_dns_forward_load(struct wh_dns_forward *fwd, const char *path, struct wh_err *err)
{
    struct wh_resolv host = {0};
    struct stat st;
    snprintf(fwd->path, sizeof(fwd->path), "%s", path ? path : "/etc/resolv.conf");
    fwd->changed = stat(fwd->path, &st) == 0 ? st.st_mtim : (struct timespec){0};
    if (wh_resolv_read(fwd->path, &host, err) < 0)
        return -1;
    fwd->n_servers = 0;
    for (size_t i = 0; i < host.servers.len && fwd->n_servers < SERVERS_MAX; i++) {
        if (wh_addr_parse(host.servers.items[i], &fwd->servers[fwd->n_servers]) == 0)
            fwd->n_servers++;
    }
    wh_resolv_fini(&host);
    return 0;
}

/* A laptop changes its network while a project runs. */
static void look_for_change(struct wh_dns_forward *fwd)
{
    int64_t now = wh_now_mono_ns();
    struct stat st;
    if (now - fwd->looked_ns < LOOK_NS)
        return;
    fwd->looked_ns = now;
    if (stat(fwd->path, &st) == 0 &&
        (st.st_mtim.tv_sec != fwd->changed.tv_sec || st.st_mtim.tv_nsec != fwd->changed.tv_nsec)) {
        char path[sizeof(fwd->path)];
        memcpy(path, fwd->path, sizeof(path));
        wh_dns_forward_load(fwd, path, NULL);
    }
}

/* ---- sending ---- */

static socklen_t server_address(const struct wh_addr *a, struct sockaddr_storage *sa)
{
    memset(sa, 0, sizeof(*sa));
    if (a->family == 6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(NS_DEFAULTPORT);
        memcpy(&in6->sin6_addr, a->bytes, 16);
        return sizeof(*in6);
    }
    struct sockaddr_in *in = (struct sockaddr_in *)sa;
    in->sin_family = AF_INET;
    in->sin_port = htons(NS_DEFAULTPORT);
    memcpy(&in->sin_addr, a->bytes, 4);
    return sizeof(*in);
}

struct dial {
    const struct wh_addr *server;
    bool tcp;
    int fd;
};

static int dial_here(void *arg, struct wh_err *err)
{
    struct dial *d = arg;
    struct sockaddr_storage sa;
    socklen_t len = server_address(d->server, &sa);
    wh_auto_fd fd = socket(sa.ss_family, (d->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || (connect(fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS))
        return -1;
    d->fd = wh_steal_fd(&fd);
    return 0;
}

/* A connected socket to the server of this try, or -1. */
static int dial(const struct wh_dns_forward *fwd, const struct question *q)
{
    const struct wh_dns_client *c = q->back.client;
    const struct wh_addr *list = c->n_servers ? c->servers : fwd->servers;
    size_t n = c->n_servers ? c->n_servers : fwd->n_servers;
    struct dial d = {.server = &list[q->tries % n], .tcp = q->tcp, .fd = -1};
    if (c->n_servers)
        wh_net_inside(c->netns, dial_here, &d, NULL);
    else
        dial_here(&d, NULL);
    return d.fd;
}

static int send_question(struct question *q)
{
    uint8_t framed[2 + WH_DNS_QUERY_MAX];
    framed[0] = (uint8_t)(q->len >> 8);
    framed[1] = (uint8_t)q->len;
    memcpy(framed + 2, q->query, q->len);
    framed[2] = (uint8_t)(q->id >> 8);
    framed[3] = (uint8_t)q->id;
    size_t skip = q->tcp ? 0 : 2;
    size_t len = q->len + 2 - skip;
    return send(q->fd, framed + skip, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

static size_t server_count(const struct wh_dns_forward *fwd, const struct wh_dns_client *c)
{
    return c->n_servers ? c->n_servers : fwd->n_servers;
}

/* One attempt with the next server; false when it failed at once. */
static bool try_server(struct wh_dns_forward *fwd, struct question *q)
{
    wh_close(&q->fd);
    q->fd = dial(fwd, q);
    q->tries++;
    if (q->fd < 0)
        return false;
    uint32_t events = q->tcp ? EPOLLOUT : EPOLLIN;
    if ((!q->tcp && send_question(q) < 0) ||
        wh_dns_watch(fwd->dns, q->fd, events, WH_DNS_W_UPSTREAM, (uint32_t)(q - fwd->slots)) < 0) {
        wh_close(&q->fd);
        return false;
    }
    int64_t now = wh_now_mono_ns();
    bool silent = fwd->silent_since_ns && now - fwd->silent_since_ns < SILENCE_NS;
    q->deadline_ns = now + (silent ? TRY_QUICK_NS : TRY_NS);
    return true;
}

/* The next attempts until one is under way. false: no more to try. */
static bool advance(struct wh_dns_forward *fwd, struct question *q)
{
    size_t n = server_count(fwd, q->back.client);
    size_t limit = n < 2 ? 2 : n > TRIES_MAX ? TRIES_MAX : n;
    free(q->in);
    q->in = NULL;
    q->have = 0;
    while (q->tries < limit) {
        if (try_server(fwd, q))
            return true;
    }
    return false;
}

bool wh_dns_forward_start(struct wh_dns_forward *fwd, const struct wh_dns_return *ret_to, const uint8_t *query,
                          size_t len, bool tcp, int *ret_rcode)
{
    struct question *q = fwd->slots;
    look_for_change(fwd);
    *ret_rcode = ns_r_nxdomain;
    if (server_count(fwd, ret_to->client) == 0)
        return false;
    *ret_rcode = ns_r_servfail;
    while (q < fwd->slots + SLOTS && q->fd >= 0)
        q++;
    if (q == fwd->slots + SLOTS || len > WH_DNS_QUERY_MAX)
        return false;
    *q = (struct question){.fd = -1, .tcp = tcp, .back = *ret_to, .len = len, .query = malloc(len)};
    if (!q->query)
        return false;
    memcpy(q->query, query, len);
    fwd->n_open++;
    if (getrandom(&q->id, sizeof(q->id), GRND_NONBLOCK) != sizeof(q->id) || !advance(fwd, q)) {
        close_question(fwd, q);
        return false;
    }
    wh_dns_start_timer(fwd->dns);
    return true;
}

/* ---- answers ---- */

static void give_up(struct wh_dns_forward *fwd, struct question *q)
{
    struct wh_dns_asked asked;
    int rcode;
    size_t len = wh_dns_parse(q->query, q->len, &asked, &rcode)
                     ? wh_dns_empty_reply(q->query, q->len, &asked, ns_r_servfail, fwd->reply, sizeof(fwd->reply))
                     : 0;
    if (len > 0)
        wh_dns_deliver(fwd->dns, &q->back, fwd->reply, len);
}

/* Retries elsewhere or ends the question. A question whose asker left must not be retried: its client is gone. */
static void fail_question(struct wh_dns_forward *fwd, struct question *q)
{
    bool alive = wh_dns_client_alive(fwd->dns, &q->back);
    if (alive && advance(fwd, q))
        return;
    if (alive)
        give_up(fwd, q);
    close_question(fwd, q);
}

/* Is it the answer to what was sent: id, response bit, same question. */
static bool is_answer(const struct question *q, const uint8_t *reply, size_t len)
{
    struct wh_dns_asked asked;
    int rcode;
    if (len < NS_HFIXEDSZ || reply[0] != q->id >> 8 || reply[1] != (q->id & 255) || !(reply[2] & 0x80))
        return false;
    if (!wh_dns_parse(q->query, q->len, &asked, &rcode))
        return false;
    size_t name = asked.question_end - NS_HFIXEDSZ;
    bool has_question = reply[4] == 0 && reply[5] == 1 && len >= asked.question_end;
    return has_question
               ? strncasecmp((const char *)reply + NS_HFIXEDSZ, (const char *)q->query + NS_HFIXEDSZ, name) == 0
               : (reply[3] & 15) != ns_r_noerror;
}

static void finish(struct wh_dns_forward *fwd, struct question *q, uint8_t *reply, size_t len)
{
    fwd->silent_since_ns = 0;
    reply[0] = q->query[0];
    reply[1] = q->query[1];
    wh_dns_deliver(fwd->dns, &q->back, reply, len);
    close_question(fwd, q);
}

static void read_datagram(struct wh_dns_forward *fwd, struct question *q)
{
    ssize_t n = recv(q->fd, fwd->reply, sizeof(fwd->reply), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0)
        fail_question(fwd, q);
    else if (is_answer(q, fwd->reply, (size_t)n))
        finish(fwd, q, fwd->reply, (size_t)n);
}

static bool start_stream(struct wh_dns_forward *fwd, struct question *q)
{
    q->in = malloc(2 + WH_DNS_REPLY_MAX);
    return q->in && send_question(q) == 0 &&
           wh_dns_watch(fwd->dns, q->fd, EPOLLIN, WH_DNS_W_UPSTREAM, (uint32_t)(q - fwd->slots)) == 0;
}

static void read_stream(struct wh_dns_forward *fwd, struct question *q)
{
    if (!q->in) {
        if (!start_stream(fwd, q))
            fail_question(fwd, q);
        return;
    }
    ssize_t n = recv(q->fd, q->in + q->have, 2 + WH_DNS_REPLY_MAX - q->have, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    q->have += n > 0 ? (size_t)n : 0;
    size_t want = q->have >= 2 ? (size_t)q->in[0] << 8 | q->in[1] : WH_DNS_REPLY_MAX;
    if (q->have >= want + 2 && is_answer(q, q->in + 2, want))
        finish(fwd, q, q->in + 2, want);
    else if (n <= 0 || q->have >= want + 2)
        fail_question(fwd, q);
}

void wh_dns_forward_event(struct wh_dns_forward *fwd, uint32_t slot)
{
    struct question *q = &fwd->slots[slot];
    if (slot >= SLOTS || q->fd < 0)
        return;
    if (q->tcp)
        read_stream(fwd, q);
    else
        read_datagram(fwd, q);
}

bool wh_dns_forward_tick(struct wh_dns_forward *fwd, int64_t now_ns)
{
    for (size_t i = 0; i < SLOTS && fwd->n_open > 0; i++) {
        struct question *q = &fwd->slots[i];
        if (q->fd < 0 || q->deadline_ns > now_ns)
            continue;
        fwd->silent_since_ns = now_ns;
        fail_question(fwd, q);
    }
    return fwd->n_open > 0;
}
