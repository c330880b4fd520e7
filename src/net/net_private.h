/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share: derived names, sysctls, the nft session. */
#ifndef WH_NET_PRIVATE_H
#define WH_NET_PRIVATE_H

#include "whale/net.h"
#include "whale/util/file.h"

#define WH_INSTANCE_TAG 9 /* hex digits and NUL */
#define WH_ALIAS_MAX    250
#define WH_TABLE_MAX    200

void wh_net_instance_tag(const struct wh_net_scope *scope, char ret[WH_INSTANCE_TAG]);
/* A host-side name that has never been used: the kernel frees old names late (up to seconds). */
int wh_net_veth_name(const struct wh_net_scope *scope, char ret_name[WH_IFNAME_MAX], struct wh_err *err);
/* The alias that marks a bridge as ours, also under a name of the user's choice. */
void wh_net_alias(const struct wh_net_scope *scope, const char *network, char ret[WH_ALIAS_MAX]);

/* Writes /proc/sys/net/<family>/conf/<device>/<key> in the caller's namespace. family "ipv4" or "ipv6". */
int wh_net_sysctl(const char *family, const char *device, const char *key, const char *value, struct wh_err *err);

/* Runs one buffer of nft commands as one transaction in the caller's namespace. A failure carries nft's message. */
int wh_nft_run(const char *commands, struct wh_err *err);
/* The same, giving what nft printed (list ...). */
int wh_nft_ask(const char *commands, struct wh_str *ret_text, struct wh_err *err);
/* 0 the table (family inet) is there, 1 it is not, -1. Without loading rules. */
int wh_nft_has_table(const char *name, struct wh_err *err);

/* Deletes the project's table and its rules in foreign chains, in one transaction; nothing there is success. */
int wh_net_delete_rules(const struct wh_net_scope *scope, struct wh_err *err);

#endif
