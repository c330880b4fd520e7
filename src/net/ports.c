/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reserving host ports by bound sockets, so that the kernel decides who was first, and naming the owner when it was
 * somebody else.
 *
 * A TCP reservation listens for a moment, which proves that no other listener has the port (SO_REUSEADDR alone would
 * let two bind it), and is then shut down to the bound state: the port stays taken, and a connection that no firewall
 * rule takes is refused at once instead of hanging in a backlog that nobody empties.
 */
#include "port_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static socklen_t fill_address(const struct wh_addr *a, uint16_t port, struct sockaddr_storage *sa)
{
    memset(sa, 0, sizeof(*sa));
    if (a->family == 6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        memcpy(&in6->sin6_addr, a->bytes, 16);
        return sizeof(*in6);
    }
    struct sockaddr_in *in = (struct sockaddr_in *)sa;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    memcpy(&in->sin_addr, a->bytes, a->family ? 4 : 0);
    return sizeof(*in);
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof(sa);
    getsockname(fd, (struct sockaddr *)&sa, &len);
    /* Both families keep the port in the same place. */
    return ntohs(((struct sockaddr_in *)&sa)->sin_port);
}

static int socket_type(enum wh_proto proto)
{
    return proto == WH_UDP ? SOCK_DGRAM : SOCK_STREAM;
}

static int open_socket(const struct wh_port_want *want)
{
    int on = 1;
    int family = want->host_ip.family == 6 ? AF_INET6 : AF_INET;
    wh_auto_fd fd = socket(family, socket_type(want->proto) | SOCK_CLOEXEC, want->proto == WH_SCTP ? IPPROTO_SCTP : 0);
    if (fd < 0 || (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0))
        return -1;
    /* Old connections of a server that ended (TIME_WAIT) are no owner. */
    if (want->proto != WH_UDP && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -1;
    return wh_steal_fd(&fd);
}

/* Leaves the listening state but keeps the port; from now on nobody shares it. Beside an IPv6 one the relay listens:
 * SO_REUSEPORT lets in only who asks for the same. */
static int settle_stream(int fd, bool is_relayed)
{
    int off = 0, on = 1;
    if (listen(fd, 1) < 0)
        return -1;
    shutdown(fd, SHUT_RDWR);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
    if (is_relayed)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    return 0;
}

/* A kernel without a protocol (sctp) cannot reserve its ports; publishing works without. */
static bool is_unsupported(enum wh_proto proto, int error)
{
    return proto == WH_SCTP && (error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT);
}

/* 0 and *ret_fd (-1 when the protocol has no sockets here), or an errno. */
static int bind_one(const struct wh_port_want *want, uint16_t port, int *ret_fd)
{
    struct sockaddr_storage sa;
    socklen_t len = fill_address(&want->host_ip, port, &sa);
    wh_auto_fd fd = open_socket(want);
    *ret_fd = -1;
    if (fd < 0)
        return is_unsupported(want->proto, errno) && port ? 0 : errno;
    if (bind(fd, (struct sockaddr *)&sa, len) < 0)
        return errno;
    /* An ephemeral port is bound again by number, or the shutdown would give it back. */
    if (!port) {
        port = port_of(fd);
        close(wh_steal_fd(&fd));
        return bind_one(want, port, ret_fd);
    }
    if (want->proto != WH_UDP && settle_stream(fd, want->host_ip.family == 6) < 0)
        return errno;
    *ret_fd = wh_steal_fd(&fd);
    return 0;
}

/* ---- who has it ---- */

static bool conflicts(const struct wh_port_want *want, uint16_t port, const struct wh_port_claim *c)
{
    uint8_t a = want->host_ip.family == 6 ? 6 : 4, b = c->host_ip.family == 6 ? 6 : 4;
    if (c->proto != want->proto || c->port != port || a != b)
        return false;
    return wh_addr_is_any(&want->host_ip) || wh_addr_is_any(&c->host_ip) || wh_addr_equal(&want->host_ip, &c->host_ip);
}

static const struct wh_port_claim *find_claim(const struct wh_port_want *want, uint16_t port,
                                              const struct wh_port_claim *claims, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (conflicts(want, port, &claims[i]))
            return &claims[i];
    }
    return NULL;
}

static void host_text(const struct wh_port_want *want, char *buf, size_t size)
{
    if (want->host_ip.family)
        wh_addr_text(&want->host_ip, buf, size);
    else
        snprintf(buf, size, "0.0.0.0");
}

static int fail_in_use(const struct wh_port_want *want, uint16_t port, const struct wh_port_claim *claim,
                       struct wh_err *err)
{
    char host[WH_ADDR_TEXT_MAX], owner[WH_PORT_OWNER_MAX];
    host_text(want, host, sizeof(host));
    const char *proto = wh_proto_text(want->proto);
    if (claim)
        return wh_fail(err, WH_E_CONFLICT,
                       "port %s:%u/%s is already in use by container %s of project %s: port is already allocated", host,
                       port, proto, claim->container, claim->project);
    if (wh_port_find_owner(want->proto, &want->host_ip, port, owner))
        return wh_fail(err, WH_E_CONFLICT, "port %s:%u/%s is already in use by %s: address already in use", host, port,
                       proto, owner);
    return wh_fail(err, WH_E_CONFLICT, "port %s:%u/%s is already in use by another program: address already in use",
                   host, port, proto);
}

static int fail_other(const struct wh_port_want *want, uint16_t port, int error, struct wh_err *err)
{
    char host[WH_ADDR_TEXT_MAX];
    host_text(want, host, sizeof(host));
    if (error == EADDRNOTAVAIL)
        return wh_fail(err, WH_E_CONFLICT, "cannot publish on %s:%u: this host has no address %s", host, port, host);
    return wh_fail(err, error, "reserve port %s:%u/%s", host, port, wh_proto_text(want->proto));
}

int wh_port_reserve(const struct wh_port_want *want, const struct wh_port_claim *claims, size_t n_claims,
                    uint16_t *ret_port, int *ret_fd, struct wh_err *err)
{
    unsigned last = want->last > want->first ? want->last : want->first;
    int error = 0;
    for (unsigned port = want->first; port <= last; port++) {
        const struct wh_port_claim *claim = find_claim(want, (uint16_t)port, claims, n_claims);
        error = claim && port ? EADDRINUSE : bind_one(want, (uint16_t)port, ret_fd);
        if (error == 0) {
            *ret_port = port ? (uint16_t)port : port_of(*ret_fd);
            return 0;
        }
        if (error != EADDRINUSE)
            return fail_other(want, (uint16_t)port, error, err);
    }
    if (last > want->first) {
        char host[WH_ADDR_TEXT_MAX];
        host_text(want, host, sizeof(host));
        return wh_fail(err, WH_E_CONFLICT, "every port of %s:%u-%u/%s is already in use", host, want->first, last,
                       wh_proto_text(want->proto));
    }
    return fail_in_use(want, want->first, find_claim(want, want->first, claims, n_claims), err);
}
