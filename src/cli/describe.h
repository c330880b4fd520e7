/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container's record in the words of listings: command, status, ports. */
#ifndef WHALE_CLI_DESCRIBE_H
#define WHALE_CLI_DESCRIBE_H

#include "whale/state.h"
#include "whale/ui.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

/* sh -c 'echo x': words with blanks in single quotes, as docker joins them. */
void wh_cli_describe_command(const struct wh_container_rec *rec, struct wh_str *out);
/* "Up 3 seconds (healthy)", "Exited (0) 1 second ago". */
void wh_cli_describe_status(const struct wh_container *c, int64_t now_ns, struct wh_str *out);
/* struct wh_ui_port of what is published and exposed now: nothing unless it is up; all addresses = one for IPv4 and one
 * for IPv6. */
void wh_cli_collect_ports(const struct wh_container *c, struct wh_vec *out);

#endif
