/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start, stop, restart, kill, rm, pause, unpause: commands that move existing containers from one state to another. */
#include "commands.h"

#include "cli/progress.h"
#include "cli/request.h"
#include "cli/terminal.h"

#include <stdio.h>
#include <string.h>

struct state_options {
    bool force, no_deps, remove_orphans, stop, volumes, wait;
    const char *signal;
    int64_t timeout, wait_timeout;
};

static const struct wh_opt start_options[] = {
    WH_OPT_FLAG(struct state_options, wait, 0, "wait", "Wait until services run and are healthy"),
    WH_OPT_INT(struct state_options, wait_timeout, 0, "wait-timeout", NULL, "Most seconds to wait"),
};

static const struct wh_opt stop_options[] = {
    WH_OPT_INT(struct state_options, timeout, 't', "timeout", NULL,
               "Seconds to wait for a container to stop before it is killed"),
};

static const struct wh_opt restart_options[] = {
    WH_OPT_FLAG(struct state_options, no_deps, 0, "no-deps", "Do not restart services that depend on them"),
    WH_OPT_INT(struct state_options, timeout, 't', "timeout", NULL,
               "Seconds to wait for a container to stop before it is killed"),
};

static const struct wh_opt kill_options[] = {
    WH_OPT_FLAG(struct state_options, remove_orphans, 0, "remove-orphans",
                "Also kill containers of services that the file does not define"),
    WH_OPT_TEXT(struct state_options, signal, 's', "signal", "string", "SIGKILL", "Signal to send"),
};

static const struct wh_opt rm_options[] = {
    WH_OPT_FLAG(struct state_options, force, 'f', "force", "Do not ask"),
    WH_OPT_FLAG(struct state_options, stop, 's', "stop", "Stop the containers first"),
    WH_OPT_FLAG(struct state_options, volumes, 'v', "volumes", "Remove their anonymous volumes too"),
    WH_OPT_FLAG_HIDDEN(struct state_options, wait, 'a', "all"),
};

/* ---- what they share ------------------------------------------------------------------------------------------- */

/* Services of a project whose files were not read must have a container. */
static int check_named(const struct wh_cli_project *p, const struct wh_opt_list *services,
                       const struct wh_cli_containers *all, struct wh_err *err)
{
    for (size_t i = 0; !p->model && i < services->len; i++)
        if (!wh_cli_pick(all, services->items[i], 0))
            return wh_fail(err, WH_E_NOT_FOUND, "no such service: %s", services->items[i]);
    return 0;
}

static int load_state(struct wh_cli *cli, struct wh_cli_project *p, struct wh_cli_containers *all, struct wh_err *err)
{
    const struct wh_opt_list *services = &cli->parser.args;
    if (wh_cli_load_or_name(cli, services, p, err) < 0 ||
        wh_cli_containers(cli, p, NULL, WH_CLI_STOPPED | WH_CLI_ONEOFF, all, err) < 0)
        return -1;
    return check_named(p, services, all, err);
}

static void put_timeout(struct wh_cli *cli, struct wh_cli_request *r, int64_t timeout)
{
    wh_node_put_int(r->arena, r->options, "timeout_s", wh_opt_given(&cli->parser, "timeout") ? timeout : -1);
}

static int make_request(struct wh_cli *cli, const struct wh_cli_project *p, const char *verb,
                        const struct state_options *o, struct wh_cli_request *r, struct wh_err *err)
{
    if (wh_cli_request_new(cli, verb, r, err) < 0 || wh_cli_request_project(r, p, NULL, err) < 0)
        return -1;
    wh_cli_request_services(r, &cli->parser.args);
    put_timeout(cli, r, o->timeout);
    wh_cli_put_bool(r, "no_deps", o->no_deps);
    wh_cli_put_bool(r, "remove_orphans", o->remove_orphans);
    wh_cli_put_bool(r, "volumes", o->volumes);
    wh_cli_put_bool(r, "force", o->force);
    wh_cli_put_bool(r, "stop", o->stop);
    wh_cli_put_bool(r, "wait", o->wait);
    if (o->wait_timeout > 0)
        wh_node_put_int(r->arena, r->options, "wait_timeout_s", o->wait_timeout);
    if (o->signal)
        wh_node_put_str(r->arena, r->options, "signal", o->signal);
    return 0;
}

static int perform(struct wh_cli *cli, const struct wh_cli_project *p, const char *verb, const struct state_options *o,
                   struct wh_err *err)
{
    struct wh_cli_request r;
    wh_auto_progress *progress = wh_cli_progress_new(cli, verb, false, err);
    if (!progress || make_request(cli, p, verb, o, &r, err) < 0)
        return -1;
    return wh_cli_perform(cli, p, &r, progress, err);
}

/* start needs containers and says so; the others have nothing to do without any. */
static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    wh_auto_cli_project p = {0};
    struct wh_cli_containers all;
    if (load_state(cli, &p, &all, err) < 0)
        return -1;
    if (all.len == 0 && strcmp(cli->cmd->name, "start") != 0)
        return 0;
    return perform(cli, &p, cli->cmd->name, values, err);
}

static int run_kill(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    wh_auto_cli_project p = {0};
    struct wh_cli_containers all;
    if (load_state(cli, &p, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < all.len; i++)
        if (wh_cli_is_up(&all.items[i]))
            return perform(cli, &p, "kill", values, err);
    fprintf(stderr, "No container to kill\n");
    return 0;
}

/* ---- rm -------------------------------------------------------------------------------------------------------- */

static size_t name_candidates(struct wh_cli *cli, const struct wh_cli_containers *all, bool running_too,
                              struct wh_str *names)
{
    size_t n = 0;
    for (size_t i = 0; i < all->len; i++) {
        const struct wh_container *c = &all->items[i];
        bool is_named = !cli->parser.args.len || wh_cli_list_has(&cli->parser.args, c->rec.service);
        if (c->rec.oneoff || !is_named || (!running_too && wh_cli_is_up(c)))
            continue;
        wh_str_fmt(names, "%s%s", n++ ? ", " : "", c->rec.name);
    }
    return n;
}

/* Whatever the answer to the question afterwards. */
static int stop_first(struct wh_cli *cli, struct wh_cli_project *p, struct wh_cli_containers *all, struct wh_err *err)
{
    const struct state_options plain = {0};
    int status = all->len ? perform(cli, p, "stop", &plain, err) : 0;
    if (status)
        return status;
    return wh_cli_containers(cli, p, NULL, WH_CLI_STOPPED | WH_CLI_ONEOFF, all, err);
}

static int run_rm(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct state_options *o = values;
    wh_auto_cli_project p = {0};
    wh_auto_str names = {0};
    struct wh_cli_containers all;
    if (load_state(cli, &p, &all, err) < 0)
        return -1;
    int status = o->stop && !cli->common.dry_run ? stop_first(cli, &p, &all, err) : 0;
    if (status)
        return status;
    if (name_candidates(cli, &all, o->stop, &names) == 0) {
        fprintf(stderr, "No stopped containers\n");
        return 0;
    }
    bool asks = !o->force && !cli->common.dry_run;
    wh_auto_free char *question = wh_fmt("Going to remove %s", wh_str_c(&names));
    if (!asks)
        printf("%s\n", question ? question : "");
    else if (!wh_cli_ask(question ? question : "", "\nAre you sure? [yN] "))
        return 0;
    struct state_options then = *o;
    then.stop = o->stop && cli->common.dry_run;
    return perform(cli, &p, "rm", &then, err);
}

#define STATE_COMMAND(n, u, s) .name = (n), .usage = (u), .summary = (s), .max_args = WH_CMD_ANY_ARGS, .run = run

const struct wh_cmd wh_cmd_start = {
    STATE_COMMAND("start", "[SERVICE...]", "Start services"),
    WH_CMD_OPTIONS(start_options, struct state_options),
};
const struct wh_cmd wh_cmd_stop = {
    STATE_COMMAND("stop", "[OPTIONS] [SERVICE...]", "Stop services"),
    WH_CMD_OPTIONS(stop_options, struct state_options),
};
const struct wh_cmd wh_cmd_restart = {
    STATE_COMMAND("restart", "[OPTIONS] [SERVICE...]", "Restart service containers"),
    WH_CMD_OPTIONS(restart_options, struct state_options),
};
const struct wh_cmd wh_cmd_kill = {
    .name = "kill",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Send a signal to service containers",
    WH_CMD_OPTIONS(kill_options, struct state_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run_kill,
};
const struct wh_cmd wh_cmd_rm = {
    .name = "rm",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Remove service containers that do not run",
    WH_CMD_OPTIONS(rm_options, struct state_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run_rm,
};
const struct wh_cmd wh_cmd_pause = {
    STATE_COMMAND("pause", "[SERVICE...]", "Pause services"),
    .options_size = sizeof(struct state_options),
};
const struct wh_cmd wh_cmd_unpause = {
    STATE_COMMAND("unpause", "[SERVICE...]", "Unpause services"),
    .options_size = sizeof(struct state_options),
};
