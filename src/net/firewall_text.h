/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nft text of a project: a fixed part, rules for each network, and one item per published port. Pure. */
#ifndef WH_NET_FIREWALL_TEXT_H
#define WH_NET_FIREWALL_TEXT_H

#include "net_private.h"

#include "whale/util/map.h"

/* One published port as nft sees it: "map key" is its identity, the rest what the key leads to. */
struct wh_fw_item {
    const char *map;  /* literal: a4, w4, va4 ... */
    char key[96];     /* "tcp . 127.0.0.1 . 8080" */
    char chain[96];   /* chain of a balanced port, "" for a single backend */
    struct wh_str to; /* single: "10.0.0.2 . 80"; balanced: the chain's only rule */
    enum wh_proto proto;
    uint16_t port;
};

/* Table, maps and base chains: the same for every project. */
int wh_fw_base_text(const char *table, bool has_ipv6, struct wh_str *ret_text);
/* The rules of one network. No rule depends on the order of networks. */
int wh_fw_bridge_text(const char *table, const struct wh_bridge *bridge, bool has_ipv6, struct wh_str *ret_text);

/* The items of spec, by "map key"; values are owned: wh_fw_items_fini. */
int wh_fw_items(const struct wh_firewall_spec *spec, bool has_ipv6, struct wh_map *ret_items, struct wh_err *err);
void wh_fw_items_fini(struct wh_map *items);

/* Commands that turn the items `from` into `to` in the table. "" when they are equal. */
int wh_fw_diff_text(const char *table, const struct wh_map *from, const struct wh_map *to, struct wh_str *ret_text);

#endif
