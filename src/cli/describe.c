/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of listings made from records. */
#include "cli/describe.h"

#include "cli/project.h"

#include <string.h>

void wh_cli_describe_command(const struct wh_container_rec *rec, struct wh_str *out)
{
    for (size_t i = 0; i < rec->n_argv; i++) {
        bool quoted = i && strchr(rec->argv[i], ' ');
        wh_str_fmt(out, quoted ? "%s'%s'" : "%s%s", i ? " " : "", rec->argv[i]);
    }
}

static const char *note_of(const struct wh_container_state *s)
{
    static const char *const health[] = {
        [WH_HEALTH_NONE] = "",
        [WH_HEALTH_STARTING] = " (health: starting)",
        [WH_HEALTH_HEALTHY] = " (healthy)",
        [WH_HEALTH_UNHEALTHY] = " (unhealthy)",
    };
    return s->status == WH_CONTAINER_PAUSED ? " (Paused)" : health[s->health];
}

void wh_cli_describe_status(const struct wh_container *c, int64_t now_ns, struct wh_str *out)
{
    const struct wh_container_state *s = &c->state;
    char up[40], ended[40];
    wh_ui_duration(now_ns - s->started_ns, up, sizeof(up));
    /* 0: its end is not recorded yet */
    wh_ui_duration(s->finished_ns ? now_ns - s->finished_ns : 0, ended, sizeof(ended));
    switch (s->status) {
    case WH_CONTAINER_RUNNING:
    case WH_CONTAINER_PAUSED:
        wh_str_fmt(out, "Up %s%s", up, note_of(s));
        break;
    case WH_CONTAINER_RESTARTING:
        wh_str_fmt(out, "Restarting (%d) %s ago", s->exit_code, ended);
        break;
    case WH_CONTAINER_EXITED:
        wh_str_fmt(out, "Exited (%d) %s ago", s->exit_code, ended);
        break;
    case WH_CONTAINER_REMOVING:
        wh_str_add(out, "Removal In Progress");
        break;
    case WH_CONTAINER_DEAD:
        wh_str_add(out, "Dead");
        break;
    default:
        wh_str_add(out, "Created");
    }
}

static void add_port(struct wh_vec *out, const struct wh_port_rec *p, const char *host_ip)
{
    struct wh_ui_port *to = wh_vec_push(out);
    if (to)
        *to = (struct wh_ui_port){host_ip, p->host_port, p->container_port, p->protocol};
}

static bool is_published(const struct wh_container_state *s, const struct wh_port_rec *exposed)
{
    for (size_t i = 0; i < s->n_ports; i++)
        if (s->ports[i].host_port && s->ports[i].container_port == exposed->container_port &&
            strcmp(s->ports[i].protocol, exposed->protocol) == 0)
            return true;
    return false;
}

void wh_cli_collect_ports(const struct wh_container *c, struct wh_vec *out)
{
    for (size_t i = 0; wh_cli_is_up(c) && i < c->state.n_ports; i++) {
        const struct wh_port_rec *p = &c->state.ports[i];
        bool everywhere = p->host_port && (!p->host_ip || !*p->host_ip);
        if (everywhere) {
            add_port(out, p, "0.0.0.0");
            add_port(out, p, "::");
        } else if (p->host_port) {
            add_port(out, p, p->host_ip);
        } else if (!is_published(&c->state, p)) {
            add_port(out, p, "");
        }
    }
}
