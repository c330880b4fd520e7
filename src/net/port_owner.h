/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process has a port: for messages only. */
#ifndef WH_NET_PORT_OWNER_H
#define WH_NET_PORT_OWNER_H

#include "net_private.h"

#define WH_PORT_OWNER_MAX 128

/* "nginx (pid 123)" of the process whose socket conflicts; false when it cannot be told. */
bool wh_port_find_owner(enum wh_proto proto, const struct wh_addr *host_ip, uint16_t port, char ret[WH_PORT_OWNER_MAX]);

#endif
