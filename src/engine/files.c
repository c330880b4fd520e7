/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/hosts, /etc/hostname and /etc/resolv.conf of a container, written into its folder before each start. A container
 * that shares another one's network namespace has that one's files.
 */
#include "engine/network.h"
#include "engine/spec.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)

static int write_file(const struct ctr *c, const char *name, const struct wh_str *text, struct wh_err *err)
{
    wh_auto_free char *relative = wh_fmt("files/%s", name);
    wh_auto_free char *path = relative ? ctr_file(c, relative) : NULL;
    if (!path || text->failed)
        return wh_fail(err, ENOMEM, "file %s", name);
    return wh_file_replace(path, wh_str_c(text), text->len, 0644, WH_SYNC_NONE, err);
}

/* "name=address", "name:address", "name=host-gateway" */
static size_t parse_extra(struct wh_arena *a, const struct ctr *c, const char *gateway, struct wh_host_line *lines)
{
    size_t n = 0;
    for (size_t i = 0; i < c->service->extra_hosts.len; i++) {
        const char *text = c->service->extra_hosts.items[i];
        size_t len = strcspn(text, "=");
        if (!text[len])
            len = strcspn(text, ":");
        if (!text[len])
            continue;
        const char *address = text + len + 1;
        lines[n++] = (struct wh_host_line){strcmp(address, "host-gateway") == 0 ? gateway : address,
                                           wh_arena_strndup(a, text, len)};
    }
    return n;
}

static const char *gateway_text(struct wh_arena *a, const struct ctr *c)
{
    char buf[WH_ADDR_TEXT_MAX];
    for (size_t i = 0; i < c->n_endpoints; i++) {
        struct net *n;
        if (net_get(c->p, c->endpoints[i].network, &n, NULL) == 0 && n->bridge.gateway4.family)
            return wh_arena_strdup(a, wh_addr_text(&n->bridge.gateway4, buf, sizeof(buf)));
    }
    return "127.0.0.1";
}

/* Where no names are resolved, links are lines: "database db proj-db-1". */
static size_t add_links(struct wh_arena *a, const struct ctr *c, struct wh_host_line *lines)
{
    size_t n = 0;
    for (size_t i = 0; c->n_endpoints && net_is_bridge(c->endpoints[0].network) && i < c->service->links.len; i++) {
        const char *text = c->service->links.items[i];
        size_t len = strcspn(text, ":");
        const char *service = wh_arena_strndup(a, text, len), *alias = text[len] ? text + len + 1 : service;
        const struct ctr *other = service ? ctr_find_service(c->p, service, 0, true) : NULL;
        char buf[WH_ADDR_TEXT_MAX];
        if (other && other->n_endpoints && wh_streq(other->endpoints[0].network, c->endpoints[0].network))
            lines[n++] =
                (struct wh_host_line){wh_arena_strdup(a, wh_addr_text(&other->endpoints[0].ip4, buf, sizeof(buf))),
                                      wh_arena_fmt(a, "%s %s %s", alias, service, other->rec.name)};
    }
    return n;
}

static int write_hosts(const struct ctr *c, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_str text = {0};
    struct wh_host_line *extra =
        wh_arena_array(&a, struct wh_host_line, c->service->extra_hosts.len + c->service->links.len + 1);
    struct wh_addr *addrs = wh_arena_array(&a, struct wh_addr, c->n_endpoints * 2 + 1);
    if (!extra || !addrs)
        return wh_fail(err, ENOMEM, "hosts");
    size_t n_extra = parse_extra(&a, c, gateway_text(&a, c), extra), n_addrs = 0;
    n_extra += add_links(&a, c, extra + n_extra);
    for (size_t i = 0; i < c->n_endpoints; i++)
        if (c->endpoints[i].ip4.family)
            addrs[n_addrs++] = c->endpoints[i].ip4;
    for (size_t i = 0; i < c->n_endpoints; i++)
        if (c->endpoints[i].ip6.family)
            addrs[n_addrs++] = c->endpoints[i].ip6;
    struct wh_hosts_spec spec = {.hostname = ctr_hostname(&a, c),
                                 .domainname = c->service->domainname,
                                 .addrs = addrs,
                                 .n_addrs = n_addrs,
                                 .extra = extra,
                                 .n_extra = n_extra};
    int r = wh_streq(c->service->network_mode, "host") ? wh_net_hosts_text_host(NULL, extra, n_extra, &text)
                                                       : wh_net_hosts_text(&spec, &text);
    return r < 0 ? wh_fail(err, ENOMEM, "hosts") : write_file(c, "hosts", &text, err);
}

static int write_hostname(const struct ctr *c, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_str text = {0};
    wh_str_fmt(&text, "%s\n", ctr_hostname(&a, c));
    return write_file(c, "hostname", &text, err);
}

static int write_resolv(const struct ctr *c, struct wh_err *err)
{
    const struct wh_service *s = c->service;
    wh_auto_str text = {0};
    struct wh_resolv host = {0};
    wh_resolv_read(NULL, &host, NULL);
    enum wh_resolv_kind kind = wh_streq(s->network_mode, "host") ? WH_RESOLV_HOST
                               : ctr_asks_names(c)               ? WH_RESOLV_PROJECT
                                                                 : WH_RESOLV_DIRECT;
    struct wh_resolv_spec spec = {.kind = kind,
                                  .servers = s->dns.items,
                                  .n_servers = s->dns.len,
                                  .search = s->dns_search.items,
                                  .n_search = s->dns_search.len,
                                  .options = s->dns_opt.items,
                                  .n_options = s->dns_opt.len,
                                  .host = &host};
    int r = wh_net_resolv_conf_text(&spec, &text);
    wh_resolv_fini(&host);
    return r < 0 ? wh_fail(err, ENOMEM, "resolv.conf") : write_file(c, "resolv.conf", &text, err);
}

/* Those of the container whose network it shares. */
static int copy_files(const struct ctr *c, const char *from, struct wh_err *err)
{
    static const char *const names[] = {"hosts", "hostname", "resolv.conf"};
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++) {
        wh_auto_free char *path = from ? wh_fmt("%s/files/%s", from, names[i]) : NULL;
        wh_auto_str text = {0};
        if (!path || wh_file_read(path, FILE_MAX_BYTES, &text, err) < 0 || write_file(c, names[i], &text, err) < 0)
            return -1;
    }
    return 0;
}

int ctr_write_files(struct ctr *c, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_container other;
    const struct ctr *owner = ctr_net_owner(c);
    if (owner) {
        wh_auto_free char *dir = wh_state_container_dir(owner->rec.project, owner->rec.id);
        return copy_files(c, dir, err);
    }
    int r = ctr_foreign_owner(&a, c, &other, err);
    if (r == 0) {
        wh_auto_free char *dir = wh_state_container_dir(other.rec.project, other.rec.id);
        return copy_files(c, dir, err);
    }
    if (r < 0)
        wh_err_in(err, "network_mode");
    if (r < 0 || write_hosts(c, err) < 0 || write_hostname(c, err) < 0 || write_resolv(c, err) < 0)
        return wh_wrap(err, "files of container %s", c->rec.name);
    return 0;
}
