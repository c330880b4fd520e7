/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection tracking over nfnetlink: forgetting flows that a change of address translation does not reach. */
#ifndef WHALE_SYS_CONNTRACK_H
#define WHALE_SYS_CONNTRACK_H

#include "whale/util/err.h"

#include <stddef.h>
#include <stdint.h>

/* Deletes every UDP flow whose original destination port is one of ports. */
int wh_conntrack_forget_udp(const uint16_t *ports, size_t n, struct wh_err *err);

#endif
