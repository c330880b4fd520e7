/* SPDX-License-Identifier: GPL-2.0-or-later */
/* up: create and start what is missing or changed, and show its output unless detached. */
#include "commands.h"

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
    WH_OPT_CHOICE(struct up_options, pull, 0, "pull", "policy", "always|missing|never|policy",
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
};

const struct wh_cmd wh_cmd_up = {
    .name = "up",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Create and start containers",
    WH_CMD_OPTIONS(options, struct up_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
