/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run: a new one-off container of a service. */
#include "commands.h"

#include "cli/launch.h"
#include "cli/progress.h"
#include "cli/run_service.h"
#include "cli/stream.h"
#include "whale/util/file.h"

#include <stdio.h>
#include <string.h>

#define NAME_HEX 12

struct run_options {
    bool build, detach, interactive, no_deps, no_tty, quiet, quiet_build, quiet_pull, remove_orphans, rm, service_ports,
        tty, use_aliases;
    struct wh_opt_list cap_add, cap_drop, env, env_from_file, labels, publish, volumes;
    const char *entrypoint, *name, *pull, *user, *workdir;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct run_options, build, 0, "build", "Build the image before"),
    WH_OPT_LIST(struct run_options, cap_add, 0, "cap-add", "list", "Add a capability"),
    WH_OPT_LIST(struct run_options, cap_drop, 0, "cap-drop", "list", "Drop a capability"),
    WH_OPT_FLAG(struct run_options, detach, 'd', "detach", "Run in the background and print the container's id"),
    WH_OPT_TEXT(struct run_options, entrypoint, 0, "entrypoint", "string", NULL, "Replace the image's entrypoint"),
    WH_OPT_LIST(struct run_options, env, 'e', "env", "stringArray", "Set an environment variable"),
    WH_OPT_LIST(struct run_options, env_from_file, 0, "env-from-file", "stringArray",
                "Set environment variables from a file"),
    WH_OPT_FLAG_ON(struct run_options, interactive, 'i', "interactive", "Keep standard input open"),
    WH_OPT_LIST(struct run_options, labels, 'l', "label", "stringArray", "Add or replace a label"),
    WH_OPT_TEXT(struct run_options, name, 0, "name", "string", NULL, "Name of the container"),
    WH_OPT_FLAG(struct run_options, no_deps, 0, "no-deps", "Do not start services it depends on"),
    WH_OPT_FLAG(struct run_options, no_tty, 'T', "no-tty",
                "Do not allocate a terminal (default: when standard output is none)"),
    WH_OPT_ALIAS(struct run_options, no_tty, WH_OPT_TYPE_FLAG, "no-TTY", NULL),
    WH_OPT_LIST(struct run_options, publish, 'p', "publish", "stringArray",
                "Publish a port of the container on the host"),
    WH_OPT_CHOICE_OR(struct run_options, pull, 0, "pull", "policy", "always|missing|never", "invalid --pull option %s",
                     "Pull the image before running"),
    WH_OPT_FLAG(struct run_options, quiet, 'q', "quiet", "Print nothing but what the container prints"),
    WH_OPT_FLAG(struct run_options, quiet_build, 0, "quiet-build", "Hide the build's output"),
    WH_OPT_FLAG(struct run_options, quiet_pull, 0, "quiet-pull", "Pull without showing progress"),
    WH_OPT_FLAG(struct run_options, remove_orphans, 0, "remove-orphans",
                "Remove containers of services that the file does not define"),
    WH_OPT_FLAG(struct run_options, rm, 0, "rm", "Remove the container when it ends"),
    WH_OPT_FLAG(struct run_options, service_ports, 'P', "service-ports", "Publish the ports of the service"),
    WH_OPT_FLAG_HIDDEN(struct run_options, tty, 't', "tty"),
    WH_OPT_FLAG(struct run_options, use_aliases, 0, "use-aliases", "Answer to the service's names on its networks"),
    WH_OPT_TEXT(struct run_options, user, 'u', "user", "string", NULL, "User to run as"),
    WH_OPT_LIST(struct run_options, volumes, 'v', "volume", "stringArray", "Add a bind mount or volume"),
    WH_OPT_TEXT(struct run_options, workdir, 'w', "workdir", "string", NULL, "Folder to run in"),
    WH_OPT_ALIAS(struct run_options, labels, WH_OPT_TYPE_LIST, "labels", NULL),
    WH_OPT_ALIAS(struct run_options, volumes, WH_OPT_TYPE_LIST, "volumes", NULL),
};

/* A terminal unless told otherwise; without one on our side only when it is asked for in so many words. */
static bool wants_tty(const struct wh_cli *cli, const struct run_options *o)
{
    if (wh_opt_given(&cli->parser, "tty"))
        return o->tty;
    if (wh_opt_given(&cli->parser, "no-tty") || wh_opt_given(&cli->parser, "no-TTY"))
        return !o->no_tty;
    return wh_ui_is_terminal(STDOUT_FILENO) &&
           (wh_ui_is_terminal(STDIN_FILENO) || wh_opt_given(&cli->parser, "interactive"));
}

static int check_options(const struct run_options *o, bool tty, struct wh_err *err)
{
    const struct wh_cli_conflict conflicts[] = {
        {o->service_ports && o->publish.len, "--service-ports and --publish are incompatible"},
        {o->tty && o->no_tty, "--tty and --no-tty can't be used together"},
    };
    if (wh_cli_check_conflicts(conflicts, WH_ARRAY_LEN(conflicts), err) < 0)
        return -1;
    if (tty && o->interactive && !wh_ui_is_terminal(STDIN_FILENO))
        return wh_fail(err, WH_E_INVALID,
                       "cannot attach stdin to a TTY-enabled container because stdin is not a terminal");
    return 0;
}

static void put_command(struct wh_cli *cli, struct wh_cli_request *r, const struct wh_node *entrypoint)
{
    const struct wh_opt_list *args = &cli->parser.args;
    struct wh_node *command = wh_node_seq(r->arena, NULL);
    for (size_t i = 1; i < args->len; i++)
        wh_node_push_str(r->arena, command, args->items[i]);
    if (args->len > 1)
        wh_node_put(r->arena, r->root, "command", command);
    if (entrypoint)
        wh_node_put(r->arena, r->options, "entrypoint", wh_node_clone(r->arena, entrypoint));
}

/* With --dry-run nobody else makes one up. */
static const char *container_name(struct wh_cli *cli, const struct wh_cli_project *p, const struct run_options *o)
{
    char hex[NAME_HEX + 1], joint = wh_cli_is_compatible(cli) ? '_' : '-';
    if ((o->name && *o->name) || !cli->common.dry_run || wh_random_hex(hex, NAME_HEX, NULL) < 0)
        return o->name;
    return wh_arena_fmt(&cli->arena, "%s%c%s%crun%c%s", p->name, joint, cli->parser.args.items[0], joint, joint, hex);
}

static void put_options(struct wh_cli *cli, const struct run_options *o, bool tty, struct wh_cli_request *r)
{
    wh_node_put_str(r->arena, r->root, "service", cli->parser.args.items[0]);
    wh_cli_put_bool(r, "detach", o->detach);
    wh_cli_put_bool(r, "rm", o->rm);
    wh_cli_put_bool(r, "tty", tty);
    wh_cli_put_bool(r, "stdin", o->interactive);
    wh_cli_put_bool(r, "no_deps", o->no_deps);
    wh_cli_put_bool(r, "use_aliases", o->use_aliases);
    wh_cli_put_bool(r, "service_ports", o->service_ports || o->publish.len);
    wh_cli_put_orphans(cli, r, o->remove_orphans);
    wh_node_put_int(r->arena, r->options, "timeout_s", -1);
}

static int change_service(struct wh_cli *cli, struct wh_cli_project *p, const struct run_options *o,
                          struct wh_node **ret_entrypoint, struct wh_err *err)
{
    const struct wh_cli_run_changes changes = {
        .env = o->env,
        .env_files = o->env_from_file,
        .labels = o->labels,
        .publish = o->publish,
        .volumes = o->volumes,
        .cap_add = o->cap_add,
        .cap_drop = o->cap_drop,
        .user = o->user,
        .workdir = o->workdir,
        .entrypoint = o->entrypoint,
    };
    return wh_cli_change_service(cli, p, cli->parser.args.items[0], &changes, ret_entrypoint, err);
}

static int stream(struct wh_cli *cli, const struct wh_cli_project *p, const struct run_options *o, bool tty,
                  const struct wh_cli_request *r, struct wh_progress *progress, struct wh_err *err)
{
    struct wh_cli_stream_result result = {0};
    const struct wh_cli_stream_options s = {
        .tty = tty && !o->detach,
        .detach_is_success = true,
        .wants_stdin = o->interactive && !o->detach,
        .detached = o->detach,
        .forwards = true,
    };
    if (cli->common.dry_run) {
        int shown = wh_cli_perform(cli, p, r, progress, err);
        if (shown == 0 && !o->detach)
            return wh_fail(err, WH_E_INVALID, "interactive run is not supported in dry-run mode");
        if (shown == 0)
            printf("%s\n", wh_node_get_str(r->options, "name", ""));
        return shown;
    }
    int status = wh_cli_stream(cli, p, r, &s, progress, &result, err);
    if (result.started && o->detach)
        printf("%s\n", result.container_id);
    return status;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct run_options *o = values;
    const struct wh_opt_list named = {.items = cli->parser.args.items, .len = 1};
    bool tty = wants_tty(cli, o);
    struct wh_node *entrypoint = NULL;
    wh_auto_cli_project p = {0};
    struct wh_cli_request r;
    if (check_options(o, tty, err) < 0 || wh_cli_load(cli, &named, &p, err) < 0 ||
        change_service(cli, &p, o, &entrypoint, err) < 0)
        return -1;
    const struct wh_cli_launch launch = {
        .services = named,
        .images = {.policy = o->pull, .quiet_pull = o->quiet_pull, .no_deps = o->no_deps},
        .build = o->build,
    };
    wh_auto_progress *progress = wh_cli_progress_new(cli, "run", o->quiet, err);
    if (!progress || wh_cli_make_launch(cli, &p, &launch, "run", progress, &r, err) < 0)
        return -1;
    put_command(cli, &r, entrypoint);
    put_options(cli, o, tty, &r);
    wh_node_put_str(r.arena, r.options, "name", container_name(cli, &p, o));
    return stream(cli, &p, o, tty, &r, progress, err);
}

const struct wh_cmd wh_cmd_run = {
    .name = "run",
    .usage = "[OPTIONS] SERVICE [COMMAND] [ARGS...]",
    .summary = "Run a one-off command on a service",
    WH_CMD_OPTIONS(options, struct run_options),
    .min_args = 1,
    .max_args = WH_CMD_ANY_ARGS,
    .stop_at_argument = true,
    .run = run,
};
