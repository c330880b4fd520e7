/* SPDX-License-Identifier: GPL-2.0-or-later */
/* up: create and start what is missing or changed, and show its output unless detached. */
#include "commands.h"

#include "cli/attached.h"
#include "cli/launch.h"
#include "cli/progress.h"

#include <stdio.h>

struct up_options {
    bool abort_on_exit, abort_on_failure, always_recreate_deps, attach_dependencies, build, detach, force_recreate,
        menu, no_build, no_color, no_deps, no_log_prefix, no_recreate, no_start, quiet_build, quiet_pull,
        remove_orphans, renew_anon_volumes, timestamps, wait, watch, yes;
    struct wh_opt_list attach, no_attach, scale;
    const char *exit_code_from, *pull;
    int64_t timeout, wait_timeout;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct up_options, abort_on_exit, 0, "abort-on-container-exit",
                "Stop everything as soon as a container ends; not with -d"),
    WH_OPT_FLAG(struct up_options, abort_on_failure, 0, "abort-on-container-failure",
                "Stop everything as soon as a container fails; not with -d"),
    WH_OPT_FLAG(struct up_options, always_recreate_deps, 0, "always-recreate-deps",
                "Recreate the dependencies too; not with --no-recreate"),
    WH_OPT_LIST(struct up_options, attach, 0, "attach", "stringArray",
                "Show the output of these services only; not with --attach-dependencies"),
    WH_OPT_FLAG(struct up_options, attach_dependencies, 0, "attach-dependencies",
                "Show the output of dependencies too"),
    WH_OPT_FLAG(struct up_options, build, 0, "build", "Build images before starting"),
    WH_OPT_FLAG(struct up_options, detach, 'd', "detach", "Leave the containers running in the background"),
    WH_OPT_TEXT(struct up_options, exit_code_from, 0, "exit-code-from", "string", NULL,
                "End with this service's status; implies --abort-on-container-exit"),
    WH_OPT_FLAG(struct up_options, force_recreate, 0, "force-recreate",
                "Recreate containers even when nothing changed"),
    WH_OPT_FLAG(struct up_options, menu, 0, "menu",
                "Offer keyboard shortcuts; not with --detach (COMPOSE_MENU sets the default)"),
    WH_OPT_LIST(struct up_options, no_attach, 0, "no-attach", "stringArray",
                "Do not show the output of these services"),
    WH_OPT_FLAG(struct up_options, no_build, 0, "no-build", "Build no image, even when it is missing"),
    WH_OPT_FLAG(struct up_options, no_color, 0, "no-color", "Plain prefixes"),
    WH_OPT_FLAG(struct up_options, no_deps, 0, "no-deps", "Do not start services they depend on"),
    WH_OPT_FLAG(struct up_options, no_log_prefix, 0, "no-log-prefix", "Output without prefixes"),
    WH_OPT_FLAG(struct up_options, no_recreate, 0, "no-recreate",
                "Keep existing containers as they are; not with --force-recreate"),
    WH_OPT_FLAG(struct up_options, no_start, 0, "no-start", "Create containers without starting them"),
    WH_OPT_CHOICE_OR(struct up_options, pull, 0, "pull", "policy", "always|missing|never", "invalid --pull option %s",
                     "Pull images before running"),
    WH_OPT_FLAG(struct up_options, quiet_build, 0, "quiet-build", "Hide the build's output"),
    WH_OPT_FLAG(struct up_options, quiet_pull, 0, "quiet-pull", "Pull without showing progress"),
    WH_OPT_FLAG(struct up_options, remove_orphans, 0, "remove-orphans",
                "Remove containers of services that the file does not define"),
    WH_OPT_FLAG(struct up_options, renew_anon_volumes, 'V', "renew-anon-volumes",
                "Start with fresh anonymous volumes instead of the previous ones"),
    WH_OPT_LIST(struct up_options, scale, 0, "scale", "scale", "Number of replicas, SERVICE=NUM"),
    WH_OPT_INT(struct up_options, timeout, 't', "timeout", NULL,
               "Seconds to wait for a container to stop before it is killed"),
    WH_OPT_FLAG(struct up_options, timestamps, 0, "timestamps", "Show times in the output"),
    WH_OPT_FLAG(struct up_options, wait, 0, "wait", "Wait until services run and are healthy; implies -d"),
    WH_OPT_INT(struct up_options, wait_timeout, 0, "wait-timeout", NULL, "Most seconds to wait"),
    WH_OPT_FLAG(struct up_options, watch, 'w', "watch",
                "Watch the sources and update containers on changes; not with -d"),
    WH_OPT_FLAG(struct up_options, yes, 'y', "yes", "Answer yes to all questions"),
    WH_OPT_ALIAS(struct up_options, yes, WH_OPT_TYPE_FLAG, "y", "--y is deprecated, please use --yes instead"),
};

static int check_options(const struct up_options *o, struct wh_err *err)
{
    bool aborts = o->abort_on_exit || o->abort_on_failure || o->exit_code_from;
    bool attaches = aborts || o->attach.len || o->attach_dependencies || o->watch;
    const struct wh_cli_conflict rows[] = {
        {o->wait_timeout < 0, "--wait-timeout must be a non-negative integer"},
        {o->abort_on_failure && o->abort_on_exit,
         "--abort-on-container-failure cannot be combined with --abort-on-container-exit"},
        {o->wait && attaches, "--wait cannot be combined with --abort-on-container-exit, --abort-on-container-failure, "
                              "--attach, --attach-dependencies or --watch"},
        {o->detach && attaches, "--detach cannot be combined with --abort-on-container-exit, "
                                "--abort-on-container-failure, --attach, --attach-dependencies or --watch"},
        {o->build && o->no_build, "--build and --no-build are incompatible"},
        {o->force_recreate && o->no_recreate, "--force-recreate and --no-recreate are incompatible"},
        {o->always_recreate_deps && o->no_recreate, "--always-recreate-deps and --no-recreate are incompatible"},
        {o->renew_anon_volumes && o->no_recreate, "--no-recreate and --renew-anon-volumes are incompatible"},
        {o->attach_dependencies && o->attach.len, "cannot combine --attach and --attach-dependencies"},
        {o->wait_timeout < 0, "--wait-timeout must be a non-negative integer"},
        {o->watch, "--watch is not supported yet"},
    };
    return wh_cli_check_conflicts(rows, WH_ARRAY_LEN(rows), err);
}

static void put_options(struct wh_cli *cli, const struct up_options *o, struct wh_cli_request *r)
{
    wh_cli_put_bool(r, "no_start", o->no_start);
    wh_cli_put_bool(r, "no_deps", o->no_deps);
    wh_cli_put_bool(r, "force_recreate", o->force_recreate || o->renew_anon_volumes);
    wh_cli_put_bool(r, "no_recreate", o->no_recreate);
    wh_cli_put_bool(r, "always_recreate_deps", o->always_recreate_deps);
    wh_cli_put_bool(r, "renew_anon_volumes", o->renew_anon_volumes);
    wh_cli_put_orphans(cli, r, o->remove_orphans);
    wh_cli_put_bool(r, "wait", o->wait);
    wh_node_put_int(r->arena, r->options, "timeout_s", wh_opt_given(&cli->parser, "timeout") ? o->timeout : -1);
    if (o->wait_timeout > 0)
        wh_node_put_int(r->arena, r->options, "wait_timeout_s", o->wait_timeout);
}

/* --attach, --no-attach, --attach-dependencies and `attach: false`. */
static int choose_shown(struct wh_cli *cli, const struct wh_project *m, const struct up_options *o,
                        struct wh_opt_list *ret, struct wh_err *err)
{
    struct wh_opt_list candidates;
    const struct wh_opt_list *named = o->attach.len ? &o->attach : &cli->parser.args;
    if (wh_cli_closure(cli, m, named, !o->attach_dependencies, &candidates, err) < 0)
        return -1;
    for (size_t i = 0; i < candidates.len; i++) {
        const struct wh_service *s = wh_project_service(m, candidates.items[i]);
        bool quiet = s->attach.is_set && !s->attach.value && !wh_cli_list_has(&o->attach, s->name);
        if (!quiet && !wh_cli_list_has(&o->no_attach, s->name))
            wh_opt_list_add(&cli->arena, ret, s->name);
    }
    return 0;
}

/* --exit-code-from and --attach name services that take part. */
static int check_names(struct wh_cli *cli, const struct wh_project *m, const struct up_options *o, struct wh_err *err)
{
    struct wh_opt_list selected;
    if (wh_cli_closure(cli, m, &cli->parser.args, o->no_deps, &selected, err) < 0)
        return -1;
    if (o->exit_code_from && !wh_cli_list_has(&selected, o->exit_code_from))
        return wh_fail(err, WH_E_NOT_FOUND, "no such service: %s", o->exit_code_from);
    for (size_t i = 0; i < o->attach.len; i++)
        if (!wh_cli_list_has(&selected, o->attach.items[i]))
            return wh_fail(err, WH_E_NOT_FOUND, "cannot attach to services not included in up: %s", o->attach.items[i]);
    for (size_t i = 0; i < o->no_attach.len; i++)
        if (!wh_project_service(m, o->no_attach.items[i]))
            fprintf(stderr, "warning: --no-attach %s: no such service\n", o->no_attach.items[i]);
    return 0;
}

static int run_attached(struct wh_cli *cli, const struct wh_cli_project *p, const struct up_options *o,
                        const struct wh_cli_request *r, struct wh_progress *progress, struct wh_err *err)
{
    struct wh_cli_attached_options a = {
        .services = cli->parser.args,
        .prefix = !o->no_log_prefix,
        .color = !o->no_color,
        .timestamps = o->timestamps,
        .abort_on_exit = o->abort_on_exit || (o->exit_code_from && !o->abort_on_failure),
        .abort_on_failure = o->abort_on_failure,
        .exit_code_from = o->exit_code_from,
        .timeout_s = wh_opt_given(&cli->parser, "timeout") ? o->timeout : -1,
    };
    if (choose_shown(cli, p->model, o, &a.shown, err) < 0)
        return -1;
    return wh_cli_run_attached(cli, p, r, &a, progress, err);
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct up_options *o = values;
    wh_auto_cli_project p = {0};
    struct wh_cli_request r;
    if (check_options(o, err) < 0 || wh_cli_load(cli, &cli->parser.args, &p, err) < 0 ||
        wh_cli_check_orphans(cli, o->remove_orphans, err) < 0 ||
        wh_cli_apply_scale(cli, &p, &o->scale, true, err) < 0 || check_names(cli, p.model, o, err) < 0)
        return -1;
    const struct wh_cli_launch launch = {
        .services = cli->parser.args,
        .images = {.policy = o->pull, .quiet_pull = o->quiet_pull, .no_deps = o->no_deps},
        .build = o->build,
    };
    wh_auto_progress *progress = wh_cli_progress_new(cli, "up", false, err);
    if (!progress || wh_cli_make_launch(cli, &p, &launch, "up", progress, &r, err) < 0 ||
        wh_cli_put_remade_volumes(cli, &p, &launch, o->yes, &r, err) < 0)
        return -1;
    put_options(cli, o, &r);
    bool attaches = !o->detach && !o->wait && !o->no_start;
    if (attaches && cli->common.dry_run)
        wh_cli_put_bool(&r, "no_start", true);
    if (!attaches || cli->common.dry_run) {
        int status = wh_cli_perform(cli, &p, &r, progress, err);
        if (attaches && status == 0)
            printf("end of 'compose up' output, interactive run is not supported in dry-run mode\n");
        return status;
    }
    return run_attached(cli, &p, o, &r, progress, err);
}

const struct wh_cmd wh_cmd_up = {
    .name = "up",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Create and start containers",
    WH_CMD_OPTIONS(options, struct up_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
