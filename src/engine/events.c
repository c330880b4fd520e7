/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life-cycle events of containers, as `events` shows them. */
#include "engine/ctr.h"

#include <stdio.h>
#include <string.h>

const struct wh_node *ctr_attributes(struct wh_arena *a, const struct ctr *c)
{
    struct wh_node *map = wh_node_map(a, NULL);
    if (!map)
        return NULL;
    for (size_t i = 0; i < c->rec.n_labels; i++)
        if (strncmp(c->rec.labels[i].key, "com.docker.compose.", 19) != 0)
            wh_node_put_str(a, map, c->rec.labels[i].key, c->rec.labels[i].value);
    wh_node_put_str(a, map, "image", c->rec.image);
    wh_node_put_str(a, map, "name", c->rec.name);
    return map;
}

static void send_event(struct ctr *c, const char *action, int exit_code, const char *key, const char *value)
{
    if (!c->p->host->server || c->rec.oneoff) /* one-offs are no part of what `events` is about */
        return;
    wh_auto_arena a = {0};
    struct wh_node *attributes = (struct wh_node *)ctr_attributes(&a, c);
    if (key && attributes)
        wh_node_put_str(&a, attributes, key, value);
    struct wh_event e = {.kind = WH_EVENT_LIFECYCLE,
                         .action = action,
                         .container_id = c->rec.id,
                         .container = c->rec.name,
                         .service = c->rec.service,
                         .attributes = attributes,
                         .exit_code = exit_code};
    wh_server_broadcast(c->p->host->server, &e);
}

void ctr_event(struct ctr *c, const char *action, int exit_code)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", exit_code);
    send_event(c, action, exit_code, strcmp(action, "die") == 0 ? "exitCode" : NULL, text);
}

void ctr_event_signal(struct ctr *c, int signo)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", signo);
    send_event(c, "kill", 0, "signal", text);
}

void ctr_event_log_exit(struct ctr *c, bool restarting)
{
    if (!c->p->host->server)
        return;
    struct wh_event e = {.kind = WH_EVENT_LOG_EXIT,
                         .container_id = c->rec.id,
                         .container = c->rec.name,
                         .service = c->rec.service,
                         .exit_code = c->state.exit_code,
                         .restarting = restarting};
    wh_server_broadcast(c->p->host->server, &e);
}
