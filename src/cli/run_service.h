/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `run`'s options applied to the service in the loaded project, through the loader's own short forms. */
#ifndef WHALE_CLI_RUN_SERVICE_H
#define WHALE_CLI_RUN_SERVICE_H

#include "cli/project.h"

struct wh_cli_run_changes {
    struct wh_opt_list env, env_files, labels, publish, volumes, cap_add, cap_drop;
    const char *user, *workdir;
    const char *entrypoint; /* NULL = keep; "" = none */
};

/* Changes the service in p's tree and model; *ret_entrypoint: list of words, or NULL when it is kept. */
int wh_cli_change_service(struct wh_cli *cli, struct wh_cli_project *p, const char *service,
                          const struct wh_cli_run_changes *c, struct wh_node **ret_entrypoint, struct wh_err *err);

#endif
