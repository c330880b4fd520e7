/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, subnets and MACs as plain values: parsing, printing, containment. */
#include "whale/net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static size_t addr_bytes(uint8_t family)
{
    return family == 6 ? 16 : 4;
}

int wh_addr_parse(const char *text, struct wh_addr *ret_addr)
{
    char bare[WH_ADDR_TEXT_MAX];
    size_t len = strlen(text);
    if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len >= sizeof(bare))
        return -1;
    memcpy(bare, text, len);
    bare[len] = '\0';
    struct wh_addr a = {.family = strchr(bare, ':') ? 6 : 4};
    if (inet_pton(a.family == 6 ? AF_INET6 : AF_INET, bare, a.bytes) != 1)
        return -1;
    *ret_addr = a;
    return 0;
}

char *wh_addr_text(const struct wh_addr *addr, char *buf, size_t size)
{
    buf[0] = '\0';
    if (addr->family)
        inet_ntop(addr->family == 6 ? AF_INET6 : AF_INET, addr->bytes, buf, (socklen_t)size);
    return buf;
}

bool wh_addr_equal(const struct wh_addr *a, const struct wh_addr *b)
{
    return a->family == b->family && (!a->family || memcmp(a->bytes, b->bytes, addr_bytes(a->family)) == 0);
}

bool wh_addr_is_any(const struct wh_addr *a)
{
    static const uint8_t zero[16];
    return !a->family || memcmp(a->bytes, zero, addr_bytes(a->family)) == 0;
}

static void clear_host_bits(struct wh_cidr *c)
{
    for (size_t i = 0; i < addr_bytes(c->addr.family); i++) {
        int bits = c->prefix - (int)i * 8;
        if (bits < 8)
            c->addr.bytes[i] &= (uint8_t)(bits <= 0 ? 0 : 0xff << (8 - bits));
    }
}

int wh_cidr_parse(const char *text, struct wh_cidr *ret_cidr)
{
    char host[WH_ADDR_TEXT_MAX];
    const char *slash = strchr(text, '/');
    if (!slash || (size_t)(slash - text) >= sizeof(host))
        return -1;
    memcpy(host, text, (size_t)(slash - text));
    host[slash - text] = '\0';
    struct wh_cidr c = {0};
    char *end;
    unsigned long prefix = strtoul(slash + 1, &end, 10);
    if (wh_addr_parse(host, &c.addr) < 0 || end == slash + 1 || *end || slash[1] < '0' || slash[1] > '9' ||
        prefix > addr_bytes(c.addr.family) * 8)
        return -1;
    c.prefix = (uint8_t)prefix;
    clear_host_bits(&c);
    *ret_cidr = c;
    return 0;
}

char *wh_cidr_text(const struct wh_cidr *cidr, char *buf, size_t size)
{
    char host[WH_ADDR_TEXT_MAX];
    snprintf(buf, size, "%s/%u", wh_addr_text(&cidr->addr, host, sizeof(host)), cidr->prefix);
    return buf;
}

bool wh_cidr_has(const struct wh_cidr *cidr, const struct wh_addr *a)
{
    if (!a->family || a->family != cidr->addr.family)
        return false;
    struct wh_cidr masked = {.addr = *a, .prefix = cidr->prefix};
    clear_host_bits(&masked);
    return wh_addr_equal(&masked.addr, &cidr->addr);
}

bool wh_cidr_overlaps(const struct wh_cidr *a, const struct wh_cidr *b)
{
    return a->prefix <= b->prefix ? wh_cidr_has(a, &b->addr) : wh_cidr_has(b, &a->addr);
}

int wh_mac_parse(const char *text, uint8_t ret_mac[6])
{
    unsigned v[6];
    char end;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &end) != 6 &&
        sscanf(text, "%2x-%2x-%2x-%2x-%2x-%2x%c", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &end) != 6)
        return -1;
    for (int i = 0; i < 6; i++)
        ret_mac[i] = (uint8_t)v[i];
    return ret_mac[0] & 1 ? -1 : 0; /* a group address cannot belong to a device */
}

void wh_mac_from_addr(const struct wh_addr *a, uint8_t ret_mac[6])
{
    ret_mac[0] = 0x02;
    ret_mac[1] = 0x42;
    memcpy(ret_mac + 2, a->family == 6 ? a->bytes + 12 : a->bytes, 4);
}

char *wh_mac_text(const uint8_t mac[6], char *buf, size_t size)
{
    snprintf(buf, size, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    return buf;
}
