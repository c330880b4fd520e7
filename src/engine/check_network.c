/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network settings of a service that contradict each other or are no addresses. */
#include "engine/check.h"

#include "whale/util/str.h"

#include <string.h>

/* Who shares another container's network has its names and ports: what would change them is refused. */
static int check_shared(const struct wh_service *s, struct wh_err *err)
{
    const struct {
        bool is_set;
        const char *text;
    } conflicts[] = {
        {s->hostname && s->hostname[0], "hostname and the network mode"},
        {s->links.len > 0, "container type network can't be used with links. This would result in undefined behavior"},
        {s->dns.len > 0, "dns and the network mode"},
        {s->extra_hosts.len > 0, "custom host-to-IP mapping and the network mode"},
        {s->ports.len > 0, "port publishing and the container type network mode"},
        {s->expose.len > 0, "port exposing and the container type network mode"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(conflicts); i++)
        if (conflicts[i].is_set)
            return wh_fail(err, WH_E_CONFLICT, "conflicting options: %s", conflicts[i].text);
    return 0;
}

static int check_mode(const struct wh_service *s, struct wh_err *err)
{
    const char *mode = s->network_mode ? s->network_mode : "";
    if (wh_streq(s->uts, "host") && s->hostname && s->hostname[0])
        return wh_fail(err, WH_E_CONFLICT, "conflicting options: hostname and the UTS mode");
    if (strcmp(mode, "host") == 0 && s->links.len > 0)
        return wh_fail(err, WH_E_CONFLICT,
                       "conflicting options: host type networking can't be used with links. This "
                       "would result in undefined behavior");
    return wh_starts(mode, "service:") || wh_starts(mode, "container:") ? check_shared(s, err) : 0;
}

static int check_extra_hosts(const struct wh_service *s, struct wh_err *err)
{
    for (size_t i = 0; i < s->extra_hosts.len; i++) {
        const char *text = s->extra_hosts.items[i];
        size_t len = strcspn(text, "=");
        if (!text[len])
            len = strcspn(text, ":");
        const char *address = text[len] ? text + len + 1 : "";
        struct wh_addr addr;
        if (strcmp(address, "host-gateway") != 0 && wh_addr_parse(address, &addr) < 0)
            return fail_item(err, "extra_hosts", text, "extra_hosts: invalid IP address in add-host: \"%s\"", address);
    }
    return 0;
}

static int check_dns(const struct wh_service *s, struct wh_err *err)
{
    struct wh_addr addr;
    for (size_t i = 0; i < s->dns.len; i++)
        if (wh_addr_parse(s->dns.items[i], &addr) < 0)
            return fail_item(err, "dns", s->dns.items[i], "dns: invalid DNS address: \"%s\"", s->dns.items[i]);
    return 0;
}

static int check_mac(const char *text, struct wh_err *err)
{
    uint8_t mac[6];
    return !text || !text[0] || wh_mac_parse(text, mac) == 0
               ? 0
               : fail_attribute(err, "mac_address", "mac_address: invalid MAC address: \"%s\"", text);
}

static int check_addresses(const struct wh_service *s, struct wh_err *err)
{
    for (size_t i = 0; i < s->networks.len; i++)
        if (check_mac(s->networks.items[i].mac_address, err) < 0)
            return wh_err_in(err, "networks/%s", s->networks.items[i].name);
    return check_mac(s->mac_address, err);
}

int check_network(const struct wh_service *s, struct wh_err *err)
{
    static int (*const checks[])(const struct wh_service *, struct wh_err *) = {check_mode, check_extra_hosts,
                                                                                check_dns, check_addresses};
    for (size_t i = 0; i < WH_ARRAY_LEN(checks); i++)
        if (checks[i](s, err) < 0)
            return -1;
    return 0;
}
