/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of containers to the name service: never reads or writes out of bounds, every reply can be parsed. */
#include "net/dns_private.h"

#include <arpa/nameser.h>
#include <string.h>

static struct wh_dns_zone zone;
static uint32_t networks[] = {0};
static struct wh_dns_client client = {.networks = networks, .n_networks = 1};

static void fill_zone(void)
{
    static const char *const names[] = {"web", "www.example.org"};
    for (int i = 0; i < 40; i++) {
        char id[32], name[32];
        snprintf(id, sizeof(id), "id%d", i);
        snprintf(name, sizeof(name), "p-web-%d", i);
        struct wh_dns_record r = {.container_id = id,
                                  .container = name,
                                  .network = "p_default",
                                  .ip4 = {4, {10, 0, 0, (uint8_t)i}},
                                  .ip6 = {6, {0xfd, [15] = (uint8_t)i}},
                                  .names = names,
                                  .n_names = 2,
                                  .ready = i % 3 != 0};
        if (wh_dns_zone_put(&zone, &r, NULL) < 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t reply[WH_DNS_QUERY_MAX];
    size_t n;
    ns_msg msg;
    if (zone.n_buckets == 0)
        fill_zone();
    if (size > WH_DNS_QUERY_MAX)
        return 0;
    for (int tcp = 0; tcp < 2; tcp++) {
        size_t cap = size && data[0] & 1 ? sizeof(reply) : 100;
        client.no_forward = size && (data[size - 1] & 1);
        if (wh_dns_answer_client(&zone, &client, 3, data, size, tcp, reply, cap, &n) != WH_DNS_ANSWERED)
            continue;
        if (n < NS_HFIXEDSZ || n > cap || ns_initparse(reply, (int)n, &msg) < 0)
            abort();
    }
    return 0;
}
