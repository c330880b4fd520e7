/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port: where a container's port is published. */
#include "commands.h"

#include "cli/describe.h"
#include "cli/project.h"
#include "whale/engine.h"
#include "whale/util/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct port_options {
    int64_t index;
    const char *protocol;
};

static const struct wh_opt options[] = {
    WH_OPT_INT(struct port_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_TEXT(struct port_options, protocol, 0, "protocol", "string", "tcp", "Kind of port: tcp, udp or sctp"),
};

/* The address for `port`: the first published one, IPv4 before IPv6. */
static const struct wh_ui_port *find_port(const struct wh_vec *ports, int64_t target, const char *protocol)
{
    const struct wh_ui_port *found = NULL;
    for (size_t i = 0; i < ports->len; i++) {
        const struct wh_ui_port *p = &wh_vec_at(ports, struct wh_ui_port, i);
        bool fits = p->published && p->target == target && strcasecmp(p->protocol, protocol) == 0;
        if (fits && (!found || (strchr(found->host_ip, ':') && !strchr(p->host_ip, ':'))))
            found = p;
    }
    return found;
}

static int compare_targets(const void *x, const void *y)
{
    const struct wh_ui_port *a = x, *b = y;
    return a->target - b->target;
}

/* "53/udp, 80/tcp" */
static void list_targets(struct wh_vec *ports, struct wh_str *out)
{
    qsort(ports->items, ports->len, sizeof(struct wh_ui_port), compare_targets);
    for (size_t i = 0; i < ports->len; i++) {
        const struct wh_ui_port *p = &wh_vec_at(ports, struct wh_ui_port, i);
        wh_str_fmt(out, "%s%u/%s", i ? ", " : "", p->target, p->protocol);
    }
}

static int print_port(const struct wh_container *c, int64_t target, const char *protocol, struct wh_err *err)
{
    wh_auto_vec ports = WH_VEC(struct wh_ui_port);
    wh_auto_str others = {0};
    wh_cli_collect_ports(c, &ports);
    const struct wh_ui_port *p = find_port(&ports, target, protocol);
    if (!p) {
        list_targets(&ports, &others);
        return wh_fail(err, WH_E_NOT_FOUND, "no port %lld/%s for container %s: %s", (long long)target, protocol,
                       c->rec.name, wh_str_c(&others));
    }
    printf(strchr(p->host_ip, ':') ? "[%s]:%u\n" : "%s:%u\n", p->host_ip, p->published);
    return 0;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct port_options *o = values;
    const char *service = cli->parser.args.items[0], *text = cli->parser.args.items[1];
    wh_auto_cli_project project = {0};
    struct wh_cli_containers all;
    int64_t target;
    if (wh_int_parse(text, 1, 65535, &target) < 0)
        return wh_fail(err, WH_E_INVALID, "invalid port: strconv.ParseUint: parsing \"%s\": %s", text,
                       text[strspn(text, "0123456789")] ? "invalid syntax" : "value out of range");
    if (wh_cli_load_name(cli, &project, err) < 0 || wh_cli_containers(cli, &project, NULL, 0, &all, err) < 0)
        return -1;
    const struct wh_container *c = wh_cli_pick(&all, service, o->index);
    if (!c)
        return wh_engine_fail_not_running(err, service, o->index);
    return print_port(c, target, o->protocol, err);
}

const struct wh_cmd wh_cmd_port = {
    .name = "port",
    .usage = "[OPTIONS] SERVICE PRIVATE_PORT",
    .summary = "Print the address that a port is published on",
    WH_CMD_OPTIONS(options, struct port_options),
    .min_args = 2,
    .max_args = 2,
    .ignores_more = true,
    .run = run,
};
