/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port: where a container's port is published. */
#include "commands.h"

struct port_options {
    int64_t index;
    const char *protocol;
};

static const struct wh_opt options[] = {
    WH_OPT_INT(struct port_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_CHOICE(struct port_options, protocol, 0, "protocol", "tcp", "tcp|udp|sctp", "Kind of port"),
};

const struct wh_cmd wh_cmd_port = {
    .name = "port",
    .usage = "[OPTIONS] SERVICE PRIVATE_PORT",
    .summary = "Print the address that a port is published on",
    WH_CMD_OPTIONS(options, struct port_options),
    .min_args = 2,
    .max_args = 2,
    .run = wh_cli_unsupported,
};
