/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wait: until containers of services end. */
#include "commands.h"

#include "cli/progress.h"
#include "cli/request.h"

#include <stdio.h>
#include <string.h>

struct wait_options {
    bool down_project;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct wait_options, down_project, 0, "down-project",
                "Take the project down when the first container ends"),
};

static int print_ends(struct wh_client *client, const struct wh_cli_request *r, struct wh_err *err)
{
    for (;;) {
        wh_auto_arena a = {0};
        struct wh_event e;
        int next = wh_client_next(client, -1, &a, &e, NULL, err);
        if (next == WH_ENGINE_CLOSED)
            return wh_fail(err, WH_E_GENERIC, "the supervisor of this project ended unexpectedly");
        if (next < 0)
            return -1;
        if (e.kind == WH_EVENT_LIFECYCLE && wh_streq(e.action, "die"))
            printf("container \"%s\" exited with status code %d\n", e.container_id, e.exit_code);
        fflush(stdout);
        if (e.kind == WH_EVENT_DONE)
            return wh_cli_take_done(r, &e, err);
    }
}

static int take_down(struct wh_cli *cli, const struct wh_cli_project *p, struct wh_err *err)
{
    struct wh_cli_request r;
    wh_auto_progress *progress = wh_cli_progress_new(cli, "down", false, err);
    if (!progress || wh_cli_request_new(cli, "down", &r, err) < 0 || wh_cli_request_project(&r, p, NULL, err) < 0)
        return -1;
    wh_node_put_int(r.arena, r.options, "timeout_s", -1);
    return wh_cli_perform(cli, p, &r, progress, err);
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct wait_options *o = values;
    wh_auto_cli_project p = {0};
    wh_auto_client *client = NULL;
    struct wh_cli_containers all;
    struct wh_cli_request r;
    if (wh_cli_load_or_name(cli, NULL, &p, err) < 0 || wh_cli_containers(cli, &p, NULL, 0, &all, err) < 0)
        return -1;
    bool found = false;
    for (size_t i = 0; i < all.len; i++)
        found |= wh_cli_list_has(&cli->parser.args, all.items[i].rec.service);
    int opened = found ? wh_client_open(p.name, false, &client, err) : WH_ENGINE_ABSENT;
    if (opened < 0)
        return -1;
    if (opened == WH_ENGINE_ABSENT)
        return wh_fail(err, WH_E_NOT_FOUND, "no containers for project \"%s\"", p.name);
    if (wh_cli_request_new(cli, "wait", &r, err) < 0)
        return -1;
    wh_cli_request_services(&r, &cli->parser.args);
    if (wh_client_send(client, r.root, NULL, 0, err) < 0)
        return -1;
    int status = print_ends(client, &r, err);
    if (status < 0 || !o->down_project)
        return status;
    return take_down(cli, &p, err) < 0 ? -1 : status;
}

const struct wh_cmd wh_cmd_wait = {
    .name = "wait",
    .usage = "SERVICE [SERVICE...] [OPTIONS]",
    .summary = "Wait until the containers of services end",
    WH_CMD_OPTIONS(options, struct wait_options),
    .min_args = 1,
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
