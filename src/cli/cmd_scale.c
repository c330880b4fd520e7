/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scale: number of replicas of services. */
#include "commands.h"

#include "cli/launch.h"
#include "cli/progress.h"

struct scale_options {
    bool no_deps;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct scale_options, no_deps, 0, "no-deps", "Do not start services they depend on"),
};

/* An up of the named services; what it recreates starts with fresh anonymous volumes, as with docker compose. */
static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct scale_options *o = values;
    const struct wh_opt_list *scale = &cli->parser.args;
    struct wh_cli_launch launch = {.images = {.no_deps = o->no_deps}};
    wh_auto_cli_project p = {0};
    struct wh_cli_request r;
    if (wh_cli_scaled_services(&cli->arena, scale, &launch.services, err) < 0 ||
        wh_cli_load(cli, &launch.services, &p, err) < 0 || wh_cli_apply_scale(cli, &p, scale, false, err) < 0)
        return -1;
    wh_auto_progress *progress = wh_cli_progress_new(cli, "scale", false, err);
    if (!progress || wh_cli_make_launch(cli, &p, &launch, "up", progress, &r, err) < 0 ||
        wh_cli_put_remade_volumes(cli, &p, &launch, false, &r, err) < 0)
        return -1;
    wh_cli_put_bool(&r, "no_deps", o->no_deps);
    wh_cli_put_bool(&r, "renew_anon_volumes", true);
    wh_cli_put_bool(&r, "ignore_orphans", wh_cli_env_is_true(cli, "COMPOSE_IGNORE_ORPHANS"));
    wh_node_put_int(r.arena, r.options, "timeout_s", -1);
    return wh_cli_perform(cli, &p, &r, progress, err);
}

const struct wh_cmd wh_cmd_scale = {
    .name = "scale",
    .usage = "[SERVICE=REPLICAS...]",
    .summary = "Set the number of replicas of services",
    WH_CMD_OPTIONS(options, struct scale_options),
    .min_args = 1,
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
