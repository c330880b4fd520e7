/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run: a new one-off container of a service. */
#include "commands.h"

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
    WH_OPT_FLAG_HIDDEN(struct run_options, no_tty, 0, "no-TTY"),
    WH_OPT_LIST(struct run_options, publish, 'p', "publish", "stringArray",
                "Publish a port of the container on the host"),
    WH_OPT_CHOICE(struct run_options, pull, 0, "pull", "policy", "always|missing|never|policy",
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
};

const struct wh_cmd wh_cmd_run = {
    .name = "run",
    .usage = "[OPTIONS] SERVICE [COMMAND] [ARGS...]",
    .summary = "Run a one-off command on a service",
    WH_CMD_OPTIONS(options, struct run_options),
    .min_args = 1,
    .max_args = WH_CMD_ANY_ARGS,
    .stop_at_argument = true,
    .run = wh_cli_unsupported,
};
