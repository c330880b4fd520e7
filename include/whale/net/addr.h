/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, subnets and MACs as plain values. Part of whale/net.h, which includes it. */
#ifndef WHALE_NET_ADDR_H
#define WHALE_NET_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* family 0 = no address; 4 or 6. bytes in network order; a v4 address is in bytes[0..3]. */
struct wh_addr {
    uint8_t family;
    uint8_t bytes[16];
};

/* addr is the base (host bits zero) unless a comment says otherwise. addr.family 0 = none. */
struct wh_cidr {
    struct wh_addr addr;
    uint8_t prefix;
};

#define WH_ADDR_TEXT_MAX 64

int wh_addr_parse(const char *text, struct wh_addr *ret_addr);          /* "10.0.0.1", "fd00::1", "[::1]"; 0 or -1 */
char *wh_addr_text(const struct wh_addr *addr, char *buf, size_t size); /* "" for none; returns buf */
bool wh_addr_equal(const struct wh_addr *a, const struct wh_addr *b);
bool wh_addr_is_any(const struct wh_addr *a);                            /* none, 0.0.0.0 or :: */
int wh_cidr_parse(const char *text, struct wh_cidr *ret_cidr);           /* host bits are cleared; 0 or -1 */
char *wh_cidr_text(const struct wh_cidr *cidr, char *buf, size_t size);  /* returns buf */
bool wh_cidr_has(const struct wh_cidr *cidr, const struct wh_addr *a);   /* same family and inside */
bool wh_cidr_overlaps(const struct wh_cidr *a, const struct wh_cidr *b); /* also for 0.0.0.0/0 */
int wh_mac_parse(const char *text, uint8_t ret_mac[6]);                  /* 0 or -1 */
void wh_mac_from_addr(const struct wh_addr *a, uint8_t ret_mac[6]);      /* locally administered, 02:42:... */
char *wh_mac_text(const uint8_t mac[6], char *buf, size_t size);         /* returns buf */

#endif
