/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to the supervisor: built from options and the project, sent, drawn until they are done. */
#ifndef WHALE_CLI_REQUEST_H
#define WHALE_CLI_REQUEST_H

#include "cli/project.h"
#include "whale/engine.h"
#include "whale/ui.h"

struct wh_cli_request {
    struct wh_arena *arena;
    struct wh_node *root, *options;
};

int wh_cli_request_new(struct wh_cli *cli, const char *op, struct wh_cli_request *ret, struct wh_err *err);
/* --remove-orphans, COMPOSE_REMOVE_ORPHANS and COMPOSE_IGNORE_ORPHANS: checked once the environment is loaded. */
int wh_cli_check_orphans(const struct wh_cli *cli, bool remove, struct wh_err *err);
void wh_cli_put_orphans(const struct wh_cli *cli, struct wh_cli_request *r, bool remove);
void wh_cli_request_services(struct wh_cli_request *r, const struct wh_opt_list *services); /* none: left out */
/* The project with hashes, meta and disabled services; nothing when only the name is known. images: service -> id. */
int wh_cli_request_project(struct wh_cli_request *r, const struct wh_cli_project *p, const struct wh_node *images,
                           struct wh_err *err);
void wh_cli_put_bool(struct wh_cli_request *r, const char *option, bool value); /* false is left out */

/* Connects (spawning a supervisor when there is none), sends, shows events in progress and finishes it. SIGINT and
 * SIGTERM cancel the request. Returns the exit status, or -1: WH_E_CANCELLED after a signal. */
int wh_cli_perform(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_request *r,
                   struct wh_progress *progress, struct wh_err *err);
/* The result of a DONE event: its exit code, or -1 with its error and, when the request has a project, its place. */
int wh_cli_take_done(const struct wh_cli_request *r, const struct wh_event *e, struct wh_err *err);
int wh_cli_send_cancel(struct wh_client *c);

static inline void wh_cli_cleanup_client(struct wh_client **c)
{
    if (*c)
        wh_client_close(*c);
}
#define wh_auto_client WH_CLEANUP(wh_cli_cleanup_client) struct wh_client

#endif
