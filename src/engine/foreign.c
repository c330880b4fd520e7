/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other projects as far as they matter here: the names of their containers, and their addresses on networks (which this
 * project may share). Read from their records when an operation begins and when one of them announces a change of a
 * shared network: it writes to a file of the network in the run folder, which every supervisor watches.
 */
#include "engine/network.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>

void foreign_free(struct wh_policy *p)
{
    wh_vec_fini(&p->foreign);
    wh_map_fini(&p->foreign_names);
    wh_arena_fini(&p->foreign_arena);
    p->foreign = WH_VEC(struct foreign);
    p->foreign_names = (struct wh_map){0};
    p->foreign_arena = (struct wh_arena){0};
}

static void add_endpoint(struct wh_policy *p, const struct wh_container *c, const struct wh_service *service,
                         const struct wh_endpoint_rec *e)
{
    struct foreign *f = wh_vec_push(&p->foreign);
    if (!f)
        return;
    *f = (struct foreign){.container_id = c->rec.id,
                          .container = c->rec.name,
                          .project = c->rec.project,
                          .service = c->rec.oneoff ? NULL : c->rec.service,
                          .network = e->network,
                          .decoded = service};
    if (e->ipv4)
        wh_addr_parse(e->ipv4, &f->ip4);
    if (e->ipv6)
        wh_addr_parse(e->ipv6, &f->ip6);
}

/* A created one has addresses only while it starts. */
static bool holds_addresses(const struct wh_container_state *s)
{
    return s->status == WH_CONTAINER_RUNNING || s->status == WH_CONTAINER_PAUSED ||
           s->status == WH_CONTAINER_RESTARTING || s->status == WH_CONTAINER_CREATED;
}

static void add_container(struct wh_policy *p, const struct wh_container *c)
{
    struct wh_service *service = NULL;
    wh_map_set(&p->foreign_names, c->rec.name, (void *)c->rec.project);
    if (!holds_addresses(&c->state))
        return;
    wh_service_from_node(&p->foreign_arena, c->rec.project, c->rec.service, c->rec.service_node, &service, NULL);
    for (size_t i = 0; i < c->state.n_endpoints; i++)
        add_endpoint(p, c, service, &c->state.endpoints[i]);
}

static void load(struct wh_policy *p)
{
    wh_auto_strv names = {0};
    foreign_free(p);
    if (wh_state_project_names(&names, NULL) < 0)
        return;
    for (size_t i = 0; i < names.len; i++) {
        struct wh_container *items;
        size_t n;
        if (strcmp(names.items[i], p->project) == 0 ||
            wh_state_containers(&p->foreign_arena, names.items[i], &items, &n, NULL) < 0)
            continue;
        for (size_t j = 0; j < n; j++)
            add_container(p, &items[j]);
    }
}

void foreign_refresh(struct wh_policy *p)
{
    names_drop_foreign(p);
    load(p);
    names_put_foreign(p);
}

bool foreign_uses(const struct wh_policy *p, const char *network)
{
    for (size_t i = 0; i < p->foreign.len; i++)
        if (strcmp(wh_vec_at(&p->foreign, struct foreign, i).network, network) == 0)
            return true;
    return false;
}

int foreign_find(struct wh_arena *a, const struct wh_policy *p, const char *name, struct wh_container *ret,
                 struct wh_err *err)
{
    wh_auto_strv names = {0};
    if (wh_state_project_names(&names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.len; i++) {
        struct wh_container *items;
        size_t n;
        if (strcmp(names.items[i], p->project) == 0 || wh_state_containers(a, names.items[i], &items, &n, NULL) < 0)
            continue;
        for (size_t j = 0; j < n; j++) {
            bool fits = wh_streq(items[j].rec.name, name) || (strlen(name) >= 12 && wh_starts(items[j].rec.id, name));
            if (fits && items[j].state.status == WH_CONTAINER_RUNNING) {
                *ret = items[j];
                return 0;
            }
        }
    }
    return wh_fail(err, WH_E_NOT_FOUND, "No such container: %s, or it does not run", name);
}

/* ---- announcements ----------------------------------------------------------------------------------------------- */

/* A network's name may hold any character; its hash is a file name. Two of one hash cost a look too many. */
static void mark_name(const char *network, char *buf, size_t size)
{
    snprintf(buf, size, "%08x", wh_hash_bytes(network, strlen(network)));
}

static char *marks_dir(const struct wh_policy *p)
{
    return wh_fmt("%s/networks", p->scope.instance);
}

void foreign_announce(const struct ctr *c)
{
    wh_auto_free char *dir = marks_dir(c->p);
    for (size_t i = 0; dir && i < c->n_endpoints; i++) {
        struct net *n;
        char mark[16];
        const char *network = c->endpoints[i].network;
        if (net_get(c->p, network, &n, NULL) < 0 || (n->is_own && !foreign_uses(c->p, network)))
            continue;
        mark_name(network, mark, sizeof(mark));
        wh_auto_free char *path = wh_fmt("%s/%s", dir, mark);
        wh_auto_fd fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
        (void)fd; /* closing it is the message */
    }
}

static bool concerns(const struct wh_policy *p, const struct inotify_event *e)
{
    for (size_t i = 0; i < p->networks.len; i++) {
        char mark[16];
        mark_name(p->networks.entries[i].key, mark, sizeof(mark));
        if (e->len && strcmp(e->name, mark) == 0)
            return true;
    }
    return (e->mask & IN_Q_OVERFLOW) != 0;
}

static void on_announcement(struct wh_io *io, int events)
{
    struct wh_policy *p = io->data;
    _Alignas(struct inotify_event) char buf[4096];
    bool concerned = false;
    ssize_t n;
    while ((n = read(p->foreign_fd, buf, sizeof(buf))) > 0) {
        for (char *at = buf; at < buf + n;) {
            const struct inotify_event *e = (const struct inotify_event *)at;
            concerned |= concerns(p, e);
            at += sizeof(*e) + e->len;
        }
    }
    if (concerned)
        foreign_refresh(p);
}

void foreign_watch(struct wh_policy *p)
{
    wh_auto_free char *dir = marks_dir(p);
    if (p->foreign_fd >= 0 || !dir || wh_mkdir_p(dir, 0700, NULL) < 0)
        return;
    p->foreign_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (p->foreign_fd < 0 || inotify_add_watch(p->foreign_fd, dir, IN_CLOSE_WRITE) < 0) {
        wh_close(&p->foreign_fd);
        return;
    }
    p->foreign_io = (struct wh_io){.fn = on_announcement, .data = p};
    wh_io_start(p->host->loop, &p->foreign_io, p->foreign_fd, WH_IO_READ);
}
