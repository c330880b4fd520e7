/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A private network world for a test: the test's own process enters a fresh network namespace that plays the host, and
 * makes further ones for containers and for a machine outside. Nothing of the real host is touched, everything goes
 * when the process ends. Included by the one test that needs it.
 */
#ifndef WH_TEST_NET_SANDBOX_H
#define WH_TEST_NET_SANDBOX_H

#include "whale/net.h"
#include "whale/sys/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A new namespace as a descriptor; the caller stays where it is. */
static inline int make_netns(void)
{
    int fds[2];
    if (pipe(fds) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        char ready = unshare(CLONE_NEWNET) == 0;
        ready = write(fds[1], &ready, 1) == 1;
        pause();
        _exit(0);
    }
    char ok = 0;
    char path[64];
    int got = read(fds[0], &ok, 1) == 1 && ok;
    snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
    int fd = got ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fds[0]);
    close(fds[1]);
    return fd;
}

/* Enters a fresh namespace as "the host", with loopback up. False when this machine does not allow it. */
static inline bool enter_sandbox(void)
{
    if (unshare(CLONE_NEWNET) < 0)
        return false;
    struct wh_rtnl rt;
    if (wh_rtnl_open(&rt, NULL) < 0)
        return false;
    wh_rtnl_set_up(&rt, 1);
    int ret = wh_rtnl_flush(&rt, NULL);
    wh_rtnl_close(&rt);
    return ret == 0;
}

static inline struct wh_addr addr_of(const char *text)
{
    struct wh_addr a = {0};
    if (*text)
        wh_addr_parse(text, &a);
    return a;
}

static inline struct wh_cidr cidr_of(const char *text)
{
    struct wh_cidr c = {0};
    if (*text)
        wh_cidr_parse(text, &c);
    return c;
}

static inline socklen_t fill_sockaddr(const char *addr, uint16_t port, struct sockaddr_storage *sa)
{
    struct wh_addr a = addr_of(addr);
    memset(sa, 0, sizeof(*sa));
    if (a.family == 6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        memcpy(&in6->sin6_addr, a.bytes, 16);
        return sizeof(*in6);
    }
    struct sockaddr_in *in = (struct sockaddr_in *)sa;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    memcpy(&in->sin_addr, a.bytes, 4);
    return sizeof(*in);
}

/* ---- a server: answers each tcp connection or datagram with its name and the peer's address ---- */

static inline void serve_one(int fd, int type, const char *name)
{
    char text[160], from[64] = "";
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);
    char buf[64];
    int conn = -1;
    if (type == SOCK_STREAM)
        conn = accept(fd, (struct sockaddr *)&sa, &len);
    else if (recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&sa, &len) < 0)
        return;
    if (sa.ss_family == AF_INET)
        inet_ntop(AF_INET, &((struct sockaddr_in *)&sa)->sin_addr, from, sizeof(from));
    else
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&sa)->sin6_addr, from, sizeof(from));
    size_t n = (size_t)snprintf(text, sizeof(text), "%s %s", name, from);
    if (conn >= 0) {
        if (write(conn, text, n) < 0)
            perror("write");
        close(conn);
    } else {
        sendto(fd, text, n, 0, (struct sockaddr *)&sa, len);
    }
}

/* Starts a server process in the namespace (-1 = here); returns its pid once it listens. */
static inline pid_t start_server(int netns, int type, const char *addr, uint16_t port, const char *name)
{
    int fds[2];
    if (pipe(fds) < 0)
        return -1;
    pid_t pid = fork();
    if (pid > 0) {
        char ok;
        close(fds[1]);
        if (read(fds[0], &ok, 1) != 1)
            pid = -1;
        close(fds[0]);
        return pid;
    }
    struct sockaddr_storage sa;
    socklen_t len = fill_sockaddr(addr, port, &sa);
    int one = 1;
    if (netns >= 0 && setns(netns, CLONE_NEWNET) < 0)
        _exit(1);
    int fd = socket(sa.ss_family, type, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&sa, len) < 0 || (type == SOCK_STREAM && listen(fd, 16) < 0))
        _exit(1);
    if (write(fds[1], "y", 1) != 1)
        _exit(1);
    for (;;)
        serve_one(fd, type, name);
}

static inline void stop_server(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* ---- a client ---- */

struct ask {
    int type;
    const char *addr;
    uint16_t port;
    char *ret;
    size_t size;
    int timeout_ms;
};

static inline bool await(int fd, short events, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, timeout_ms) == 1;
}

static inline int ask_here(void *arg, struct wh_err *err)
{
    struct ask *a = arg;
    struct sockaddr_storage sa;
    socklen_t len = fill_sockaddr(a->addr, a->port, &sa);
    wh_auto_fd fd = socket(sa.ss_family, a->type | SOCK_NONBLOCK, 0);
    int error = 0;
    socklen_t elen = sizeof(error);
    snprintf(a->ret, a->size, "nothing");
    if (connect(fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS)
        return 0;
    if (!await(fd, POLLOUT, a->timeout_ms))
        return 0;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &elen);
    if (error) {
        snprintf(a->ret, a->size, "%s", error == ECONNREFUSED ? "refused" : "nothing");
        return 0;
    }
    if (a->type == SOCK_DGRAM && send(fd, "?", 1, 0) < 0)
        return 0;
    if (!await(fd, POLLIN, a->timeout_ms))
        return 0;
    ssize_t n = read(fd, a->ret, a->size - 1);
    if (n > 0)
        a->ret[n] = '\0';
    else if (n < 0 && errno == ECONNREFUSED)
        snprintf(a->ret, a->size, "refused");
    return 0;
}

/* What a client in the namespace (-1 = here) gets from addr:port: "NAME PEER", "refused" or "nothing". */
static inline const char *ask_from(int netns, int type, const char *addr, uint16_t port)
{
    static char answer[256];
    struct ask a = {type, addr, port, answer, sizeof(answer), 400};
    if (netns < 0)
        ask_here(&a, NULL);
    else if (wh_net_inside(netns, ask_here, &a, NULL) < 0)
        return "cannot enter";
    return answer;
}

/* ---- shell in a namespace, for setup that the module has no function for ---- */

static inline int sh_here(void *arg, struct wh_err *err)
{
    return system(arg) == 0 ? 0 : -1;
}

static inline int sh_in(int netns, const char *command)
{
    return netns < 0 ? sh_here((void *)(uintptr_t)command, NULL)
                     : wh_net_inside(netns, sh_here, (void *)(uintptr_t)command, NULL);
}

#endif
