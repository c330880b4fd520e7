/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two flat arrays: a project has at most some thousands of entries, and a scan of them costs less than a clone. */
#include "engine/keeper_table.h"

#include "whale/util/cleanup.h"
#include "whale/util/str.h"

#include <stdlib.h>
#include <string.h>

void wh_keeper_copy_text(char *field, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);
    memcpy(field, text, len);
    memset(field + len, 0, size - len);
}

static void *grow(void *items, size_t len, size_t *cap, size_t item_size)
{
    if (len < *cap)
        return items;
    size_t more = *cap ? *cap * 2 : 16;
    void *bigger = realloc(items, more * item_size);
    if (bigger)
        *cap = more;
    return bigger;
}

struct wh_keeper_proc *wh_keeper_table_add_proc(struct wh_keeper_table *t, const char *key, pid_t pid, int take_pidfd)
{
    struct wh_keeper_proc *items = grow(t->procs, t->n_procs, &t->cap_procs, sizeof(*items));
    if (!items) {
        wh_close(&take_pidfd);
        return NULL;
    }
    t->procs = items;
    struct wh_keeper_proc *p = &items[t->n_procs++];
    *p = (struct wh_keeper_proc){.pid = pid, .pidfd = take_pidfd};
    wh_keeper_copy(p->key, key);
    return p;
}

struct wh_keeper_fd *wh_keeper_table_find_fd(const struct wh_keeper_table *t, const char *key, const char *slot)
{
    for (size_t i = 0; i < t->n_fds; i++)
        if (wh_streq(t->fds[i].key, key) && wh_streq(t->fds[i].slot, slot))
            return &t->fds[i];
    return NULL;
}

struct wh_keeper_fd *wh_keeper_table_set_fd(struct wh_keeper_table *t, const char *key, const char *slot, int take_fd)
{
    struct wh_keeper_fd *f = wh_keeper_table_find_fd(t, key, slot);
    if (f) {
        wh_close(&f->fd);
        f->fd = take_fd;
        f->sent = false;
        return f;
    }
    struct wh_keeper_fd *items = grow(t->fds, t->n_fds, &t->cap_fds, sizeof(*items));
    if (!items) {
        wh_close(&take_fd);
        return NULL;
    }
    t->fds = items;
    f = &items[t->n_fds++];
    *f = (struct wh_keeper_fd){.fd = take_fd};
    wh_keeper_copy(f->key, key);
    wh_keeper_copy(f->slot, slot);
    return f;
}

struct wh_keeper_proc *wh_keeper_table_find_living_pid(const struct wh_keeper_table *t, pid_t pid)
{
    for (size_t i = 0; i < t->n_procs; i++)
        if (!t->procs[i].seq && t->procs[i].pid == pid)
            return &t->procs[i];
    return NULL;
}

struct wh_keeper_proc *wh_keeper_table_put_living(struct wh_keeper_table *t, const char *key, pid_t pid, int take_pidfd)
{
    struct wh_keeper_proc *p = wh_keeper_table_find_living_pid(t, pid);
    if (!p)
        return wh_keeper_table_add_proc(t, key, pid, take_pidfd);
    wh_close(&p->pidfd);
    p->pidfd = take_pidfd;
    wh_keeper_copy(p->key, key);
    return p;
}

struct wh_keeper_proc *wh_keeper_table_find_nameless(const struct wh_keeper_table *t, pid_t pid)
{
    for (size_t i = t->n_procs; i-- > 0;)
        if (t->procs[i].seq && t->procs[i].pid == pid && !t->procs[i].key[0])
            return &t->procs[i];
    return NULL;
}

struct wh_keeper_proc *wh_keeper_table_find_living(const struct wh_keeper_table *t, const char *key)
{
    for (size_t i = 0; i < t->n_procs; i++)
        if (!t->procs[i].seq && wh_streq(t->procs[i].key, key))
            return &t->procs[i];
    return NULL;
}

static void remove_proc(struct wh_keeper_table *t, struct wh_keeper_proc *p)
{
    wh_close(&p->pidfd);
    size_t i = (size_t)(p - t->procs);
    t->n_procs--;
    memmove(p, p + 1, (t->n_procs - i) * sizeof(*p));
}

void wh_keeper_table_ack(struct wh_keeper_table *t, uint64_t seq)
{
    for (size_t i = 0; i < t->n_procs; i++)
        if (seq && t->procs[i].seq == seq) {
            remove_proc(t, &t->procs[i]);
            return;
        }
}

void wh_keeper_table_drop(struct wh_keeper_table *t, const char *key, const char *slot)
{
    size_t left = 0;
    for (size_t i = 0; i < t->n_fds; i++) {
        struct wh_keeper_fd *f = &t->fds[i];
        if (wh_streq(f->key, key) && (!slot[0] || wh_streq(f->slot, slot)))
            wh_close(&f->fd);
        else
            t->fds[left++] = *f;
    }
    t->n_fds = left;
}

bool wh_keeper_table_has_living(const struct wh_keeper_table *t)
{
    for (size_t i = 0; i < t->n_procs; i++)
        if (!t->procs[i].seq)
            return true;
    return false;
}

void wh_keeper_table_fini(struct wh_keeper_table *t)
{
    for (size_t i = 0; i < t->n_procs; i++)
        wh_close(&t->procs[i].pidfd);
    for (size_t i = 0; i < t->n_fds; i++)
        wh_close(&t->fds[i].fd);
    free(t->procs);
    free(t->fds);
    *t = (struct wh_keeper_table){0};
}
