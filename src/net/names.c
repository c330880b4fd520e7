/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of everything that this module leaves in the kernel. They are computed, never remembered, so that a sweep finds
 * leftovers when every record is lost, and two installations on one machine never take each other's for their own.
 */
#include "net_private.h"

#include "whale/codec/digest.h"

#include <stdio.h>
#include <string.h>

/* First `digits` hex digits of the SHA-256 of a, or of "a\nb" when there is a b. */
static void hash_text(const char *a, const char *b, size_t digits, char *ret)
{
    struct wh_sha256 h;
    char hex[WH_SHA256_HEX];
    wh_sha256_init(&h);
    wh_sha256_add(&h, a, strlen(a));
    if (b) {
        wh_sha256_add(&h, "\n", 1);
        wh_sha256_add(&h, b, strlen(b));
    }
    wh_sha256_hex(&h, hex);
    memcpy(ret, hex, digits);
    ret[digits] = '\0';
}

void wh_net_bridge_name(const struct wh_net_scope *scope, const char *network, char ret_name[WH_IFNAME_MAX])
{
    char inst[5], rest[9];
    hash_text(scope->instance, NULL, 4, inst);
    hash_text(scope->project, network, 8, rest);
    snprintf(ret_name, WH_IFNAME_MAX, "whb%s%s", inst, rest);
}

void wh_net_instance_tag(const struct wh_net_scope *scope, char ret[WH_INSTANCE_TAG])
{
    hash_text(scope->instance, NULL, WH_INSTANCE_TAG - 1, ret);
}

void wh_net_table_name(const struct wh_net_scope *scope, char *buf, size_t size)
{
    char inst[WH_INSTANCE_TAG];
    wh_net_instance_tag(scope, inst);
    snprintf(buf, size, "whale-%s-%s", inst, scope->project);
}

uint32_t wh_net_group(const struct wh_net_scope *scope)
{
    char hex[9];
    hash_text(scope->instance, scope->project, 8, hex);
    return (uint32_t)strtoul(hex, NULL, 16) | 0x80000000u;
}

int wh_net_veth_name(const struct wh_net_scope *scope, char ret_name[WH_IFNAME_MAX], struct wh_err *err)
{
    char inst[5], random[9];
    hash_text(scope->instance, NULL, 4, inst);
    if (wh_random_hex(random, 8, err) < 0)
        return -1;
    snprintf(ret_name, WH_IFNAME_MAX, "whv%s%s", inst, random);
    return 0;
}

void wh_net_alias(const struct wh_net_scope *scope, const char *network, char ret[WH_ALIAS_MAX])
{
    char inst[WH_INSTANCE_TAG];
    wh_net_instance_tag(scope, inst);
    snprintf(ret, WH_ALIAS_MAX, "whale-compose %s %s %s", inst, scope->project, network);
}
