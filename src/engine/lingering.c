/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel takes a network namespace down some time after its last user has gone (many at once: seconds), and until
 * then it answers for its addresses. So whoever gets such an address next takes the predecessor's port off the bridge
 * first; only then, because a message to the kernel's network configuration waits for any namespace that it is just
 * taking down.
 */
#include "engine/network.h"

#include "whale/util/log.h"

#define MAX_LINGERING 1024 /* a bridge has no more ports */

struct lingering {
    struct wh_addr ip4, ip6;
    char host_if[WH_IFNAME_MAX];
};

void lingering_add(struct net *n, const struct ctr_endpoint *e)
{
    if (!e->host_if[0])
        return;
    if (n->lingering.item_size == 0)
        n->lingering = WH_VEC(struct lingering);
    if (n->lingering.len == MAX_LINGERING)
        wh_vec_remove(&n->lingering, 0);
    struct lingering *l = wh_vec_push(&n->lingering);
    if (!l)
        return;
    *l = (struct lingering){.ip4 = e->ip4, .ip6 = e->ip6};
    memcpy(l->host_if, e->host_if, sizeof(l->host_if));
}

static void mute(const char *host_if)
{
    wh_auto_err err = {0};
    if (wh_net_mute(host_if, &err) == 0)
        return;
    wh_auto_free char *text = wh_err_text(&err);
    wh_log_warn("%s", text ? text : "");
}

static bool has_same(const struct wh_addr *a, const struct wh_addr *b)
{
    return a->family && wh_addr_equal(a, b);
}

void lingering_mute(struct net *n, const struct ctr_endpoint *successor)
{
    for (size_t i = n->lingering.len; i-- > 0;) {
        const struct lingering *l = &wh_vec_at(&n->lingering, struct lingering, i);
        if (!has_same(&l->ip4, &successor->ip4) && !has_same(&l->ip6, &successor->ip6))
            continue;
        mute(l->host_if);
        wh_vec_remove(&n->lingering, i);
    }
}

void lingering_mute_endpoint(const struct ctr_endpoint *e)
{
    if (e->host_if[0])
        mute(e->host_if);
}
