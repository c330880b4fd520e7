/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces of the calling thread. */
#ifndef WHALE_SYS_NS_H
#define WHALE_SYS_NS_H

/* A new network namespace, made without leaving the caller's: a descriptor, or -1 with errno. */
int wh_sys_netns_new(void);
/* Takes lo up in the caller's network namespace. 0 or -1 with errno. */
int wh_sys_loopback_up(void);

#endif
