/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach: standard streams of a running container of a service. */
#include "commands.h"

#include "cli/progress.h"
#include "cli/project.h"
#include "cli/stream.h"

#include <string.h>

struct attach_options {
    const char *detach_keys;
    int64_t index;
    bool no_stdin, sig_proxy;
};

static const struct wh_opt options[] = {
    WH_OPT_TEXT(struct attach_options, detach_keys, 0, "detach-keys", "string", NULL,
                "Keys that leave the container running, as ctrl-p,ctrl-q"),
    WH_OPT_INT(struct attach_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_FLAG(struct attach_options, no_stdin, 0, "no-stdin", "Do not pass on standard input"),
    WH_OPT_FLAG_ON(struct attach_options, sig_proxy, 0, "sig-proxy", "Pass signals on to the process"),
};

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct attach_options *o = values;
    const char *service = cli->parser.args.items[0];
    wh_auto_cli_project p = {0};
    struct wh_cli_containers all;
    struct wh_cli_request r;
    if (wh_cli_load_name(cli, &p, err) < 0 || wh_cli_containers(cli, &p, NULL, 0, &all, err) < 0 ||
        wh_cli_request_new(cli, "attach", &r, err) < 0)
        return -1;
    const struct wh_container *c = wh_cli_pick(&all, service, o->index);
    if (!c)
        return wh_engine_fail_not_running(err, service, o->index);
    wh_node_put_str(r.arena, r.root, "service", service);
    wh_node_put_int(r.arena, r.root, "index", o->index);
    wh_auto_progress *progress = wh_cli_progress_new(cli, "attach", true, err);
    if (!progress)
        return -1;
    const struct wh_cli_stream_options s = {
        .tty = c->rec.tty && wh_ui_is_terminal(STDIN_FILENO),
        .wants_stdin = c->rec.stdin_open && !o->no_stdin,
        .no_input = true,
        .keeps_input = true,
        .forwards = o->sig_proxy,
        .ends_at_signal = true,
        .detach_keys = o->detach_keys,
        .container_id = c->rec.id,
    };
    return wh_cli_stream(cli, &p, &r, &s, progress, NULL, err);
}

const struct wh_cmd wh_cmd_attach = {
    .name = "attach",
    .usage = "[OPTIONS] SERVICE",
    .summary = "Attach to the streams of a running service's container",
    WH_CMD_OPTIONS(options, struct attach_options),
    .min_args = 1,
    .max_args = 1,
    .ignores_more = true,
    .run = run,
};
