/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of other programs on this host. An accept of ours ends only our own chain; a foreign forward chain whose policy
 * is drop (Docker, ufw) still drops our packets, with br_netfilter even those between two containers of one bridge. So
 * accept rules for our bridges are put into that chain, or into DOCKER-USER where Docker keeps a place for them.
 */
#ifndef WH_NET_FOREIGN_H
#define WH_NET_FOREIGN_H

#include "net_private.h"

/* Makes our accept rules in foreign chains exactly those of `bridges` (empty: none). No such chain: nothing to do. */
int wh_foreign_set(const struct wh_net_scope *scope, const struct wh_strv *bridges, struct wh_err *err);
/* The nft commands that remove all of ours. */
int wh_foreign_removal(const struct wh_net_scope *scope, struct wh_str *ret_text, struct wh_err *err);
/* 0 all are there; 1 some are missing; -1. */
int wh_foreign_check(const struct wh_net_scope *scope, const struct wh_strv *bridges, struct wh_err *err);

#endif
