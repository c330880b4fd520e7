/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings of values that are accepted as docker compose accepts them, although they cannot mean what was probably
 * meant: texts that no later step understands, reserved labels, one host port for two services.
 */
#include "passes.h"

#include "whale/util/size.h"
#include "whale/util/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <signal.h>
#include <string.h>

#define RESERVED_LABELS "com.docker.compose."

struct advice {
    struct wh_load *l;
    const char *name; /* of the service at hand */
    const struct wh_node *service;
    struct wh_map ports; /* "address:port/protocol" -> struct taken * */
};

struct taken {
    const char *service;
    struct wh_mark mark;
};

typedef bool valid_fn(const char *text);
typedef void advise_fn(struct advice *d);

/* ---- single texts ---- */

static bool is_word(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

static bool valid_restart(const char *text)
{
    static const char *const words[] = {"no", "always", "on-failure", "unless-stopped"};
    int64_t count;
    if (wh_starts(text, "on-failure:"))
        return wh_int_parse(text + strlen("on-failure:"), 0, INT64_MAX, &count) == 0;
    return is_word(text, words, WH_ARRAY_LEN(words));
}

static bool valid_signal(const char *text)
{
    int64_t number;
    if (wh_int_parse(text, 1, SIGRTMAX, &number) == 0 || wh_starts(text, "SIGRTM") || wh_starts(text, "RTM"))
        return true;
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (int i = 1; i < SIGRTMIN; i++)
        if (sigabbrev_np(i) && strcasecmp(sigabbrev_np(i), name) == 0)
            return true;
    return false;
}

static bool valid_mac(const char *text)
{
    for (int i = 0; i < 6; i++, text += 3)
        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
            (i < 5 ? text[2] != ':' && text[2] != '-' : text[2] != '\0'))
            return false;
    return true;
}

static bool valid_ipv4(const char *text)
{
    struct in_addr address;
    return inet_pton(AF_INET, text, &address) == 1;
}

static bool valid_ipv6(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool valid_hostname(const char *text)
{
    size_t len = strlen(text);
    return len <= 253 && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == len;
}

/* Drivers of Docker that send output elsewhere. */
static bool is_remote_log_driver(const char *text)
{
    static const char *const words[] = {"syslog", "journald", "gelf",       "fluentd", "awslogs",
                                        "splunk", "gcplogs",  "logentries", "etwlogs"};
    return is_word(text, words, WH_ARRAY_LEN(words));
}

static bool valid_log_driver(const char *text)
{
    static const char *const words[] = {"json-file", "local", "none"};
    return is_word(text, words, WH_ARRAY_LEN(words)) || is_remote_log_driver(text);
}

/* Containers are in the host's user namespace, which is what the only word of Docker asks for. */
static bool valid_userns_mode(const char *text)
{
    return strcmp(text, "host") == 0;
}

static void check_text(struct advice *d, const struct wh_node *map, const char *key, valid_fn *valid, const char *hint)
{
    const struct wh_node *n = wh_node_get(map, key);
    if (!n || n->kind != WH_NODE_STR || valid(n->text))
        return;
    struct wh_diag *diag =
        wh_diag_warn(d->l->diags, &n->mark, "services.%s: %s \"%s\" is not valid", d->name, key, n->text);
    wh_diag_hint(d->l->diags, diag, "%s", hint);
}

static void advise_texts(struct advice *d)
{
    static const struct {
        const char *key, *hint;
        valid_fn *valid;
    } rows[] = {
        {"restart", "no, always, on-failure, on-failure:N or unless-stopped", valid_restart},
        {"stop_signal", "a signal's name or number, such as SIGINT", valid_signal},
        {"hostname", "letters, digits, dots and dashes", valid_hostname},
        {"mac_address", "six bytes, such as 02:42:ac:11:00:02", valid_mac},
        {"userns_mode", "host; containers have no user namespace of their own", valid_userns_mode},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++)
        check_text(d, d->service, rows[i].key, rows[i].valid, rows[i].hint);
}

static void advise_logging(struct advice *d)
{
    const struct wh_node *logging = wh_node_get(d->service, "logging"), *driver = wh_node_get(logging, "driver");
    const struct wh_node *compress = wh_node_get(wh_node_get(logging, "options"), "compress");
    check_text(d, logging, "driver", valid_log_driver, "this runtime has json-file, local and none");
    if (driver && driver->kind == WH_NODE_STR && is_remote_log_driver(driver->text))
        wh_diag_warn(d->l->diags, &driver->mark,
                     "services.%s: logging driver \"%s\" is not there: the output is kept as json-file does", d->name,
                     driver->text);
    if (compress && compress->kind == WH_NODE_STR && strcmp(compress->text, "true") == 0)
        wh_diag_warn(d->l->diags, &compress->mark, "services.%s: rotated logs are not compressed", d->name);
}

static void advise_addresses(struct advice *d)
{
    const struct wh_node *networks = wh_node_get(d->service, "networks");
    for (size_t i = 0; networks && networks->kind == WH_NODE_MAP && i < networks->map.len; i++) {
        const struct wh_node *n = networks->map.pairs[i].value;
        check_text(d, n, "ipv4_address", valid_ipv4, "an address, such as 172.20.0.5");
        check_text(d, n, "ipv6_address", valid_ipv6, "an address, such as 2001:db8::5");
        check_text(d, n, "mac_address", valid_mac, "six bytes, such as 02:42:ac:11:00:02");
    }
}

static void advise_labels(struct advice *d)
{
    const struct wh_node *labels = wh_node_get(d->service, "labels");
    for (size_t i = 0; labels && labels->kind == WH_NODE_MAP && i < labels->map.len; i++) {
        const struct wh_pair *p = &labels->map.pairs[i];
        if (wh_starts(p->key, RESERVED_LABELS))
            wh_diag_warn(d->l->diags, &p->key_mark, "services.%s: label %s is reserved and will be replaced", d->name,
                         p->key);
    }
}

static void advise_health(struct advice *d)
{
    const struct wh_node *health = wh_node_get(d->service, "healthcheck");
    const struct wh_node *interval = wh_node_get(health, "start_interval");
    if (interval && !wh_node_get(health, "start_period"))
        wh_diag_warn(d->l->diags, &interval->mark, "services.%s: start_interval has no effect without start_period",
                     d->name);
}

/* ---- host ports ---- */

static void take_port(struct advice *d, const struct wh_node *port, const char *key)
{
    struct taken *other = wh_map_get(&d->ports, key);
    if (other && strcmp(other->service, d->name) != 0) {
        struct wh_diag *diag =
            wh_diag_warn(d->l->diags, &port->mark, "services.%s: host port %s is published by \"%s\" too", d->name, key,
                         other->service);
        wh_diag_place(d->l->diags, diag, &other->mark, "first here");
        return;
    }
    struct taken *mine = other ? NULL : wh_arena_new(d->l->arena, struct taken);
    if (!mine)
        return;
    *mine = (struct taken){.service = d->name, .mark = port->mark};
    wh_map_set(&d->ports, key, mine);
}

static void advise_ports(struct advice *d)
{
    const struct wh_node *ports = wh_node_get(d->service, "ports");
    for (size_t i = 0; ports && ports->kind == WH_NODE_SEQ && i < ports->seq.len; i++) {
        const struct wh_node *port = ports->seq.items[i];
        const char *published = wh_node_get_str(port, "published", "");
        const char *ip = wh_node_get_str(port, "host_ip", "");
        if (!*published || strchr(published, '-') || strcmp(published, "0") == 0)
            continue;
        char key[160];
        snprintf(key, sizeof(key), "%s%s%s/%s", ip, *ip ? ":" : "", published,
                 wh_node_get_str(port, "protocol", "tcp"));
        take_port(d, port, key);
    }
}

void wh_compose_advise(struct wh_load *l, const struct wh_node *root)
{
    static advise_fn *const checks[] = {advise_texts,  advise_logging, advise_addresses,
                                        advise_labels, advise_health,  advise_ports};
    struct advice d = {.l = l};
    const struct wh_node *services = wh_node_get(root, "services");
    for (size_t i = 0; services && services->kind == WH_NODE_MAP && i < services->map.len; i++) {
        d.name = services->map.pairs[i].key;
        d.service = services->map.pairs[i].value;
        for (size_t k = 0; k < WH_ARRAY_LEN(checks); k++)
            checks[k](&d);
    }
    wh_map_fini(&d.ports);
}
