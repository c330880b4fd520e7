/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create: up without starting. */
#include "commands.h"

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
    WH_OPT_CHOICE(struct create_options, pull, 0, "pull", "policy", "always|missing|never|build|policy",
                  "Pull images before running"),
    WH_OPT_FLAG(struct create_options, quiet_pull, 0, "quiet-pull", "Pull without showing progress"),
    WH_OPT_FLAG(struct create_options, remove_orphans, 0, "remove-orphans",
                "Remove containers of services that the file does not define"),
    WH_OPT_LIST(struct create_options, scale, 0, "scale", "scale", "Number of replicas, SERVICE=NUM"),
    WH_OPT_FLAG(struct create_options, yes, 'y', "yes", "Answer yes to all questions"),
};

const struct wh_cmd wh_cmd_create = {
    .name = "create",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Create containers without starting them",
    WH_CMD_OPTIONS(options, struct create_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
