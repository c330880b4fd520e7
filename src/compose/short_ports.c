/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The short form of ports, cut and checked as docker compose does (its messages are kept word for word). */
#include "canonical.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "whale/util/str.h"

/* More entries than there are ports in one mapping cannot come from one text; lists are bounded by the file's size. */
struct spec {
    const char *host_ip, *host, *container, *proto; /* "" when absent */
    unsigned int host_first, host_last, first, last;
};

static int fail(struct wh_err *err, const char *what, const char *text)
{
    return wh_fail(err, WH_E_INVALID, "%s%s", what, text);
}

static int parse_port(const char *text, size_t len, unsigned int *ret)
{
    unsigned long value = 0;
    if (len == 0 || len > 5)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (unsigned long)(text[i] - '0');
    }
    *ret = (unsigned int)value;
    return value > 65535 ? -1 : 0;
}

static int parse_range(const char *text, unsigned int *ret_first, unsigned int *ret_last)
{
    const char *dash = strchr(text, '-');
    size_t len = dash ? (size_t)(dash - text) : strlen(text);
    if (parse_port(text, len, ret_first) < 0)
        return -1;
    *ret_last = *ret_first;
    if (dash && parse_port(dash + 1, strlen(dash + 1), ret_last) < 0)
        return -1;
    return *ret_last < *ret_first ? -1 : 0;
}

/* "[ip:][host:]container/proto": cuts from the right, so that an IPv6 address keeps its colons. */
static int cut(struct wh_arena *a, const char *text, struct spec *s)
{
    char *copy = wh_arena_strdup(a, text);
    if (!copy)
        return -1;
    *s = (struct spec){.host_ip = "", .host = "", .proto = "tcp"};
    char *colon = strrchr(copy, ':');
    char *container = colon ? colon + 1 : copy;
    if (colon) {
        *colon = '\0';
        char *before = strrchr(copy, ':');
        s->host = before ? before + 1 : copy;
        if (before) {
            *before = '\0';
            s->host_ip = copy;
        }
    }
    char *slash = strchr(container, '/');
    if (slash) {
        *slash = '\0';
        if (slash[1])
            s->proto = slash + 1;
    }
    s->container = container;
    return 0;
}

static int check_host_ip(struct wh_arena *a, struct spec *s, struct wh_err *err)
{
    unsigned char address[sizeof(struct in6_addr)];
    size_t len = strlen(s->host_ip);
    if (len && s->host_ip[0] == '[') {
        if (s->host_ip[len - 1] != ']')
            return wh_fail(err, WH_E_INVALID, "invalid IP address %s: missing ']' in address", s->host_ip);
        s->host_ip = wh_arena_strndup(a, s->host_ip + 1, len - 2);
        if (!s->host_ip)
            return -1;
    }
    if (*s->host_ip && inet_pton(AF_INET, s->host_ip, address) != 1 && inet_pton(AF_INET6, s->host_ip, address) != 1)
        return fail(err, "invalid IP address: ", s->host_ip);
    return 0;
}

static int check_proto(struct spec *s, struct wh_err *err)
{
    static const char *const protos[] = {"tcp", "udp", "sctp"};
    for (size_t i = 0; i < WH_ARRAY_LEN(protos); i++) {
        if (strcasecmp(s->proto, protos[i]) == 0) {
            s->proto = protos[i];
            return 0;
        }
    }
    return fail(err, "invalid proto: ", s->proto);
}

static int check_spec(struct wh_arena *a, const char *text, struct spec *s, struct wh_err *err)
{
    if (!*s->container)
        return wh_fail(err, WH_E_INVALID, "no port specified: %s<empty>", text);
    if (check_proto(s, err) < 0 || check_host_ip(a, s, err) < 0)
        return -1;
    if (parse_range(s->container, &s->first, &s->last) < 0)
        return fail(err, "invalid containerPort: ", s->container);
    if (*s->host && parse_range(s->host, &s->host_first, &s->host_last) < 0)
        return fail(err, "invalid hostPort: ", s->host);
    if (*s->host && s->last != s->first && s->last - s->first != s->host_last - s->host_first)
        return wh_fail(err, WH_E_INVALID, "invalid ranges specified for container and host Ports: %s and %s",
                       s->container, s->host);
    return 0;
}

static struct wh_node *one_port(struct wh_arena *a, const struct spec *s, unsigned int i, const struct wh_mark *mark)
{
    struct wh_node *port = wh_node_map(a, mark);
    if (!port)
        return NULL;
    wh_node_put_str(a, port, "mode", "ingress");
    if (*s->host_ip)
        wh_node_put_str(a, port, "host_ip", s->host_ip);
    if (s->first + i) /* 0 stays away, and is then reported as a missing target */
        wh_node_put_int(a, port, "target", s->first + i);
    if (*s->host && s->first == s->last && s->host_first != s->host_last)
        wh_node_put_str(a, port, "published", wh_arena_fmt(a, "%u-%u", s->host_first, s->host_last));
    else if (*s->host)
        wh_node_put_str(a, port, "published", wh_arena_fmt(a, "%u", s->host_first + i));
    wh_node_put_str(a, port, "protocol", s->proto);
    for (size_t k = 0; k < port->map.len; k++) {
        port->map.pairs[k].value->mark = *mark;
        port->map.pairs[k].key_mark = *mark;
    }
    return port;
}

static int compare_as_text(const void *x, const void *y)
{
    char a[16], b[16];
    snprintf(a, sizeof(a), "%u/", *(const unsigned int *)x);
    snprintf(b, sizeof(b), "%u/", *(const unsigned int *)y);
    return strcmp(a, b);
}

int wh_short_ports(struct wh_arena *a, const char *text, const struct wh_mark *mark, struct wh_node *list,
                   struct wh_err *err)
{
    struct spec s;
    if (cut(a, text, &s) < 0)
        return wh_fail(err, ENOMEM, "ports");
    if (check_spec(a, text, &s, err) < 0)
        return -1;
    /* docker compose sorts the entries of a range as text: 9999-10000 gives 10000 first */
    unsigned int n = s.last - s.first + 1;
    unsigned int *order = wh_arena_array(a, unsigned int, n);
    if (!order)
        return wh_fail(err, ENOMEM, "ports");
    for (unsigned int i = 0; i < n; i++)
        order[i] = s.first + i;
    qsort(order, n, sizeof(*order), compare_as_text);
    for (unsigned int i = 0; i < n; i++) {
        struct wh_node *port = one_port(a, &s, order[i] - s.first, mark);
        if (!port || wh_node_push(a, list, port) < 0)
            return wh_fail(err, ENOMEM, "ports");
    }
    return 0;
}
