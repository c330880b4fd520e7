/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec: a further process inside a running container of a service. */
#include "commands.h"

#include "cli/progress.h"
#include "cli/project.h"
#include "cli/stream.h"

#include <string.h>

struct exec_options {
    bool detach, no_tty, privileged, interactive, tty;
    struct wh_opt_list env;
    int64_t index;
    const char *user, *workdir;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct exec_options, detach, 'd', "detach", "Run the command in the background"),
    WH_OPT_LIST(struct exec_options, env, 'e', "env", "stringArray", "Set an environment variable"),
    WH_OPT_INT(struct exec_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_FLAG(struct exec_options, no_tty, 'T', "no-tty",
                "Do not allocate a terminal (default: when standard output is none)"),
    WH_OPT_ALIAS(struct exec_options, no_tty, WH_OPT_TYPE_FLAG, "no-TTY", NULL),
    WH_OPT_FLAG(struct exec_options, privileged, 0, "privileged", "Give the process all privileges"),
    WH_OPT_TEXT(struct exec_options, user, 'u', "user", "string", NULL, "User to run as"),
    WH_OPT_TEXT(struct exec_options, workdir, 'w', "workdir", "string", NULL, "Folder to run in"),
    {.name = "interactive",
     .letter = 'i',
     .type = WH_OPT_TYPE_FLAG,
     .offset = offsetof(struct exec_options, interactive),
     .bare = "true",
     .value = "true",
     .text = "",
     .hidden = true},
    WH_OPT_FLAG_HIDDEN(struct exec_options, tty, 't', "tty"),
};

/* NAME alone takes our own value; a variable that we do not have is left out. */
static int put_env(struct wh_cli *cli, struct wh_node *request, const struct wh_opt_list *env, struct wh_err *err)
{
    struct wh_node *list = wh_node_seq(&cli->arena, NULL);
    for (size_t i = 0; i < env->len; i++) {
        const char *text = env->items[i];
        const char *own = strchr(text, '=') ? NULL : wh_cli_env(cli, text);
        if (*text == '=' || !*text)
            return wh_fail(err, WH_E_INVALID, "invalid environment variable: %s", text);
        if (strchr(text, '='))
            wh_node_push_str(&cli->arena, list, text);
        else if (own)
            wh_node_push_str(&cli->arena, list, wh_arena_fmt(&cli->arena, "%s=%s", text, own));
    }
    if (env->len)
        wh_node_put(&cli->arena, request, "env", list);
    return 0;
}

/* Without a supervisor nothing runs, unless it was killed: the records tell. A supervisor checks by itself, without
 * reading the records of a large project. */
static int check_container(struct wh_cli *cli, const struct wh_cli_project *p, const char *service, int64_t index,
                           struct wh_err *err)
{
    struct wh_cli_containers all;
    struct wh_cli_project copy = *p;
    wh_auto_client *probe = NULL;
    int opened = wh_client_open(p->name, false, &probe, err);
    if (opened != WH_ENGINE_ABSENT)
        return opened;
    if (wh_cli_containers(cli, &copy, NULL, WH_CLI_ONEOFF, &all, err) < 0)
        return -1;
    const struct wh_container *c = wh_cli_pick(&all, service, index);
    if (!c || c->state.status == WH_CONTAINER_RESTARTING)
        return wh_engine_fail_not_running(err, service, index);
    if (c->state.status == WH_CONTAINER_PAUSED)
        return wh_fail(err, WH_E_CONFLICT, "container %s is paused, unpause it before exec", c->rec.name);
    return 0;
}

static int make_request(struct wh_cli *cli, const struct exec_options *o, bool tty, struct wh_cli_request *r,
                        struct wh_err *err)
{
    const struct wh_opt_list *args = &cli->parser.args;
    struct wh_node *argv = wh_node_seq(&cli->arena, NULL);
    if (wh_cli_request_new(cli, "exec", r, err) < 0)
        return -1;
    for (size_t i = 1; i < args->len; i++)
        wh_node_push_str(r->arena, argv, args->items[i]);
    wh_node_put_str(r->arena, r->root, "service", args->items[0]);
    wh_node_put_int(r->arena, r->root, "index", o->index);
    wh_node_put(r->arena, r->root, "argv", argv);
    wh_node_put_str(r->arena, r->root, "user", o->user);
    wh_node_put_str(r->arena, r->root, "workdir", o->workdir);
    wh_node_put_bool(r->arena, r->root, "privileged", o->privileged);
    wh_node_put_bool(r->arena, r->root, "tty", tty);
    wh_node_put_bool(r->arena, r->root, "detach", o->detach);
    return put_env(cli, r->root, &o->env, err);
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct exec_options *o = values;
    bool terminal = wh_ui_is_terminal(STDIN_FILENO) && wh_ui_is_terminal(STDOUT_FILENO);
    bool tty = !o->detach &&
               (wh_opt_given(&cli->parser, "no-tty") || wh_opt_given(&cli->parser, "no-TTY") ? !o->no_tty : terminal);
    wh_auto_cli_project p = {0};
    struct wh_cli_request r;
    if (wh_cli_load_name(cli, &p, err) < 0 || check_container(cli, &p, cli->parser.args.items[0], o->index, err) < 0 ||
        make_request(cli, o, tty, &r, err) < 0)
        return -1;
    if (tty && o->interactive && !wh_ui_is_terminal(STDIN_FILENO))
        return wh_fail(err, WH_E_INVALID, "the input device is not a TTY");
    if (cli->common.dry_run)
        return o->detach ? 0 : wh_fail(err, WH_E_INVALID, "interactive exec is not supported in dry-run mode");
    wh_auto_progress *progress = wh_cli_progress_new(cli, "exec", true, err);
    if (!progress)
        return -1;
    const struct wh_cli_stream_options s = {.tty = tty,
                                            .wants_stdin = o->interactive && !o->detach,
                                            .detached = o->detach,
                                            .code_of_failure = !o->detach,
                                            .waits_for_output = true};
    return wh_cli_stream(cli, &p, &r, &s, progress, NULL, err);
}

const struct wh_cmd wh_cmd_exec = {
    .name = "exec",
    .usage = "[OPTIONS] SERVICE COMMAND [ARGS...]",
    .summary = "Run a command in a running container",
    WH_CMD_OPTIONS(options, struct exec_options),
    .min_args = 2,
    .max_args = WH_CMD_ANY_ARGS,
    .stop_at_argument = true,
    .run = run,
};
