/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One fixed nftables table, written as messages: connections to an address's port of the own namespace go to another
 * port of the same address. Each container with a network has one, and libnftables takes longer to read and translate
 * five lines of text (0.5 ms, and some hundred pages touched) than the kernel to obey.
 */
#ifndef WHALE_SYS_REDIRECT_H
#define WHALE_SYS_REDIRECT_H

#include "whale/util/err.h"

#include <stdbool.h>
#include <stdint.h>

struct wh_redirect {
    const char *table; /* name of the table (family ip) */
    uint8_t addr[4];   /* v4, network order */
    uint16_t port;     /* asked for */
    uint16_t udp, tcp; /* where they are led to */
};

/* In the calling thread's network namespace, as one transaction. replace: a table of that name goes first, which waits
 * for RCU (16 ms), as a failing transaction does; without it such a table is EEXIST. */
int wh_sys_redirect(const struct wh_redirect *r, bool replace, struct wh_err *err);

#endif
