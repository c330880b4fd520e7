/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach: standard streams of a running container of a service. */
#include "commands.h"

struct attach_options {
    const char *detach_keys;
    int64_t index;
    bool no_stdin, sig_proxy;
};

static const struct wh_opt options[] = {
    WH_OPT_TEXT(struct attach_options, detach_keys, 0, "detach-keys", "string", NULL,
                "Keys that leave the container running, as ctrl-p,ctrl-q"),
    WH_OPT_INT(struct attach_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_FLAG(struct attach_options, no_stdin, 0, "no-stdin", "Do not pass on standard input"),
    WH_OPT_FLAG_ON(struct attach_options, sig_proxy, 0, "sig-proxy", "Pass signals on to the process"),
};

const struct wh_cmd wh_cmd_attach = {
    .name = "attach",
    .usage = "[OPTIONS] SERVICE",
    .summary = "Attach to the streams of a running service's container",
    WH_CMD_OPTIONS(options, struct attach_options),
    .min_args = 1,
    .max_args = 1,
    .run = wh_cli_unsupported,
};
