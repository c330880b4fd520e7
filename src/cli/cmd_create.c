/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create: up without starting. */
#include "commands.h"

#include "cli/launch.h"
#include "cli/progress.h"

#include <string.h>

struct create_options {
    bool build, force_recreate, no_build, no_recreate, quiet_pull, remove_orphans, yes;
    struct wh_opt_list scale;
    const char *pull;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct create_options, build, 0, "build", "Build images before creating"),
    WH_OPT_FLAG(struct create_options, force_recreate, 0, "force-recreate",
                "Recreate containers even when nothing changed"),
    WH_OPT_FLAG(struct create_options, no_build, 0, "no-build", "Build no image, even when it is missing"),
    WH_OPT_FLAG(struct create_options, no_recreate, 0, "no-recreate",
                "Keep existing containers as they are; not with --force-recreate"),
    WH_OPT_CHOICE_OR(struct create_options, pull, 0, "pull", "policy", "always|missing|never|build",
                     "invalid --pull option %s", "Pull images before running"),
    WH_OPT_FLAG(struct create_options, quiet_pull, 0, "quiet-pull", "Pull without showing progress"),
    WH_OPT_FLAG(struct create_options, remove_orphans, 0, "remove-orphans",
                "Remove containers of services that the file does not define"),
    WH_OPT_LIST(struct create_options, scale, 0, "scale", "scale", "Number of replicas, SERVICE=NUM"),
    WH_OPT_FLAG(struct create_options, yes, 'y', "yes", "Answer yes to all questions"),
    WH_OPT_ALIAS(struct create_options, yes, WH_OPT_TYPE_FLAG, "y", "--y is deprecated, please use --yes instead"),
};

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct create_options *o = values;
    const struct wh_cli_conflict conflicts[] = {
        {o->build && o->no_build, "--build and --no-build are incompatible"},
        {o->force_recreate && o->no_recreate, "--force-recreate and --no-recreate are incompatible"},
    };
    wh_auto_cli_project p = {0};
    struct wh_cli_request r;
    if (wh_cli_check_conflicts(conflicts, WH_ARRAY_LEN(conflicts), err) < 0 ||
        wh_cli_load(cli, &cli->parser.args, &p, err) < 0 || wh_cli_check_orphans(cli, o->remove_orphans, err) < 0 ||
        wh_cli_apply_scale(cli, &p, &o->scale, true, err) < 0)
        return -1;
    const struct wh_cli_launch launch = {
        .services = cli->parser.args,
        .images = {.policy = o->pull, .quiet_pull = o->quiet_pull},
        .build = o->build || wh_streq(o->pull, "build"),
    };
    if (p.model->services.len == 0)
        return 0;
    wh_auto_progress *progress = wh_cli_progress_new(cli, "create", false, err);
    if (!progress || wh_cli_make_launch(cli, &p, &launch, "up", progress, &r, err) < 0 ||
        wh_cli_put_remade_volumes(cli, &p, &launch, o->yes, &r, err) < 0)
        return -1;
    wh_cli_put_bool(&r, "no_start", true);
    wh_cli_put_bool(&r, "force_recreate", o->force_recreate);
    wh_cli_put_bool(&r, "no_recreate", o->no_recreate);
    wh_cli_put_orphans(cli, &r, o->remove_orphans);
    wh_node_put_int(r.arena, r.options, "timeout_s", -1);
    return wh_cli_perform(cli, &p, &r, progress, err);
}

const struct wh_cmd wh_cmd_create = {
    .name = "create",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Create containers without starting them",
    WH_CMD_OPTIONS(options, struct create_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
