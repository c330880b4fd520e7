/* SPDX-License-Identifier: GPL-2.0-or-later */
/* down: stop and remove containers and networks. */
#include "commands.h"

struct down_options {
    bool remove_orphans, volumes;
    const char *rmi;
    int64_t timeout;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct down_options, remove_orphans, 0, "remove-orphans",
                "Remove containers of services that the file does not define"),
    WH_OPT_CHOICE(struct down_options, rmi, 0, "rmi", NULL, "local|all",
                  "Remove the images of services too; local: only those without a name of their own"),
    WH_OPT_INT(struct down_options, timeout, 't', "timeout", NULL,
               "Seconds to wait for a container to stop before it is killed"),
    WH_OPT_FLAG(struct down_options, volumes, 'v', "volumes",
                "Remove named volumes of the file and anonymous volumes too"),
};

const struct wh_cmd wh_cmd_down = {
    .name = "down",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Stop and remove containers and networks",
    WH_CMD_OPTIONS(options, struct down_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
