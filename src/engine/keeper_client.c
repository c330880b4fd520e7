/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * S's side of the keeper protocol. It mirrors what K holds: recovery takes from the mirror, and when K itself is killed
 * a new keeper is made from it (keeper_takeover.c).
 *
 * Exits of processes that were never registered are helpers of the runtime as long as this S lives (it registers what
 * it clones before it returns to the loop); they are acknowledged after a while. Those of an earlier S are handed out.
 */
#include "engine/keeper.h"

#include "whale/sys/fdpass.h"
#include "whale/sys/process.h"
#include "whale/util/cleanup.h"
#include "whale/util/log.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include "engine/keeper_table.h"
#include "engine/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMELESS_GRACE_NS (3 * WH_NS_PER_S)

struct wh_keeper {
    struct wh_loop *loop;
    int sock;
    struct wh_io io;
    struct wh_timer deliver_timer; /* first turn of the loop after recovery */
    struct wh_timer nameless_timer;
    struct wh_keeper_table mirror;
    uint64_t last_token, synced_token;
    uint64_t recovered_seq; /* nameless exits up to here happened under an earlier S */
    int n_loops_before;
    bool lost;
    wh_keeper_exit_fn on_exit;
    void *on_exit_data;
    void (*on_lost)(void *data);
    void *on_lost_data;
};

/* ---- messages --------------------------------------------------------------------------------------------------- */

static int send_to_keeper(struct wh_keeper *k, const struct wh_keeper_msg *m, int fd, struct wh_err *err)
{
    if (!k->lost && wh_sys_send_fd(k->sock, m, sizeof(*m), fd) == 0)
        return 0;
    return wh_fail(err, errno, "send to the keeper");
}

static void take_message(struct wh_keeper *k, const struct wh_keeper_msg *m, int take_fd)
{
    struct wh_keeper_proc *p;
    switch ((enum wh_keeper_op)m->op) {
    case WH_KEEPER_PROCESS:
        p = wh_keeper_table_add_proc(&k->mirror, m->key, m->pid, wh_steal_fd(&take_fd));
        if (p)
            p->cgroup_id = m->cgroup_id;
        break;
    case WH_KEEPER_KEPT:
        wh_keeper_table_set_fd(&k->mirror, m->key, m->name, wh_steal_fd(&take_fd));
        break;
    case WH_KEEPER_EXIT:
        p = wh_keeper_table_find_living_pid(&k->mirror, m->pid);
        if (!p)
            p = wh_keeper_table_find_nameless(&k->mirror, m->pid);
        if (!p)
            p = wh_keeper_table_add_proc(&k->mirror, m->key, m->pid, -1);
        if (!p)
            break;
        wh_close(&p->pidfd);
        p->seq = m->seq;
        p->cgroup_id = m->cgroup_id;
        p->time_ns = m->time_ns;
        p->code = m->code;
        p->status = m->status;
        p->sent = false;
        wh_keeper_copy(p->key, m->key);
        wh_keeper_copy(p->cgroup, m->name);
        break;
    case WH_KEEPER_SYNCED:
        k->synced_token = m->seq;
        k->n_loops_before = m->pid;
        break;
    default:
        break;
    }
    wh_close(&take_fd);
}

/* One message; false when none waits (block == false) or the keeper is gone. */
static bool receive_one(struct wh_keeper *k, bool block)
{
    struct pollfd p = {.fd = k->sock, .events = POLLIN};
    int r;
    do
        r = poll(&p, 1, block ? -1 : 0);
    while (r < 0 && errno == EINTR);
    if (r <= 0)
        return false;
    struct wh_keeper_msg m;
    int fd;
    ssize_t n;
    do
        n = wh_sys_recv_fd(k->sock, &m, sizeof(m), &fd);
    while (n < 0 && errno == ECONNRESET); /* K was killed with unread messages: reported once, before what it sent */
    if (n == sizeof(m)) {
        take_message(k, &m, fd);
        return true;
    }
    wh_close(&fd);
    k->lost = n <= 0;
    return false;
}

/* ---- delivery --------------------------------------------------------------------------------------------------- */

static void fill_exit(struct wh_keeper_exit *e, const struct wh_keeper_proc *p)
{
    bool by_signal = p->code == CLD_KILLED || p->code == CLD_DUMPED;
    *e = (struct wh_keeper_exit){
        .seq = p->seq,
        .key = p->key,
        .cgroup = p->cgroup,
        .pid = p->pid,
        .cgroup_id = p->cgroup_id,
        .exit_code = by_signal ? 128 + p->status
                     : p->code ? p->status & 0xff
                               : 255,
        .signal = by_signal ? p->status : 0,
        .unknown = p->code == 0,
        .time_ns = p->time_ns,
    };
}

static struct wh_keeper_proc *next_undelivered(struct wh_keeper *k, bool nameless)
{
    for (size_t i = 0; i < k->mirror.n_procs; i++) {
        struct wh_keeper_proc *p = &k->mirror.procs[i];
        if (p->seq && !p->sent && nameless == !p->key[0] && (!nameless || p->seq <= k->recovered_seq))
            return p;
    }
    return NULL;
}

/* Named ones first: a nameless exit is judged by what is known of its container. The callback may acknowledge, register
 * and so on, so each round looks anew. */
static void deliver(struct wh_keeper *k)
{
    struct wh_keeper_proc *p;
    while (k->on_exit && ((p = next_undelivered(k, false)) || (p = next_undelivered(k, true)))) {
        p->sent = true;
        struct wh_keeper_proc copy = *p;
        struct wh_keeper_exit e;
        fill_exit(&e, &copy);
        k->on_exit(k->on_exit_data, &e);
    }
}

static const struct wh_keeper_proc *first_helper_exit(const struct wh_keeper *k)
{
    for (size_t i = 0; i < k->mirror.n_procs; i++)
        if (k->mirror.procs[i].seq > k->recovered_seq && !k->mirror.procs[i].key[0])
            return &k->mirror.procs[i];
    return NULL;
}

static void forget_helpers(struct wh_timer *t)
{
    struct wh_keeper *k = t->data;
    int64_t before_ns = wh_now_real_ns() - NAMELESS_GRACE_NS;
    const struct wh_keeper_proc *p;
    while ((p = first_helper_exit(k)) && p->time_ns <= before_ns)
        wh_keeper_ack(k, p->seq);
    if (p)
        wh_timer_start(k->loop, t, NAMELESS_GRACE_NS);
}

static void process_incoming(struct wh_keeper *k)
{
    while (receive_one(k, false))
        ;
    deliver(k);
    if (!wh_timer_is_active(&k->nameless_timer) && first_helper_exit(k))
        wh_timer_start(k->loop, &k->nameless_timer, NAMELESS_GRACE_NS);
    if (k->lost) {
        wh_io_stop(&k->io);
        if (k->on_lost)
            k->on_lost(k->on_lost_data);
    }
}

static void on_readable(struct wh_io *io, int events)
{
    process_incoming(io->data);
}

static void on_first_turn(struct wh_timer *t)
{
    process_incoming(t->data);
}

/* ---- the interface ---------------------------------------------------------------------------------------------- */

static int wait_for_sync(struct wh_keeper *k, struct wh_err *err)
{
    struct wh_keeper_msg m = {.op = WH_KEEPER_SYNC, .seq = ++k->last_token};
    if (send_to_keeper(k, &m, -1, err) < 0)
        return -1;
    while (k->synced_token != k->last_token)
        if (!receive_one(k, true))
            return wh_fail(err, EPIPE, "the keeper has ended");
    return 0;
}

int wh_keeper_open(struct wh_loop *l, int take_fd, struct wh_keeper **ret, struct wh_err *err)
{
    struct wh_keeper *k = calloc(1, sizeof(*k));
    if (!k) {
        wh_close(&take_fd);
        return wh_fail(err, ENOMEM, "keeper");
    }
    k->loop = l;
    k->sock = take_fd;
    k->io = (struct wh_io){.fn = on_readable, .data = k};
    k->deliver_timer = (struct wh_timer){.fn = on_first_turn, .data = k};
    k->nameless_timer = (struct wh_timer){.fn = forget_helpers, .data = k};
    if (wait_for_sync(k, err) < 0) {
        wh_keeper_close(k);
        return -1;
    }
    for (size_t i = 0; i < k->mirror.n_procs; i++)
        if (k->mirror.procs[i].seq > k->recovered_seq)
            k->recovered_seq = k->mirror.procs[i].seq;
    wh_io_start(l, &k->io, k->sock, WH_IO_READ);
    wh_timer_start(l, &k->deliver_timer, 0);
    *ret = k;
    return 0;
}

void wh_keeper_close(struct wh_keeper *k)
{
    if (!k)
        return;
    wh_io_stop(&k->io);
    wh_timer_stop(&k->deliver_timer);
    wh_timer_stop(&k->nameless_timer);
    wh_close(&k->sock);
    wh_keeper_table_fini(&k->mirror);
    free(k);
}

void wh_keeper_on_exit(struct wh_keeper *k, wh_keeper_exit_fn fn, void *data)
{
    k->on_exit = fn;
    k->on_exit_data = data;
}

void wh_keeper_on_lost(struct wh_keeper *k, void (*fn)(void *data), void *data)
{
    k->on_lost = fn;
    k->on_lost_data = data;
}

int wh_keeper_register(struct wh_keeper *k, const char *key, pid_t pid, int pidfd, uint64_t cgroup_id,
                       struct wh_err *err)
{
    struct wh_keeper_msg m = {.op = WH_KEEPER_REGISTER, .pid = pid, .cgroup_id = cgroup_id};
    wh_keeper_copy(m.key, key);
    if (send_to_keeper(k, &m, pidfd, err) < 0)
        return wh_wrap(err, "register process %d", pid);
    if (wh_keeper_table_find_nameless(&k->mirror, pid) && !wh_sys_pidfd_is_alive(pidfd))
        return 0; /* it has ended already: K sends the exit again, now with its name */
    struct wh_keeper_proc *p = wh_keeper_table_put_living(&k->mirror, key, pid, fcntl(pidfd, F_DUPFD_CLOEXEC, 0));
    if (!p)
        return wh_fail(err, ENOMEM, "register process %d", pid);
    p->cgroup_id = cgroup_id;
    p->sent = true;
    return 0;
}

void wh_keeper_ack(struct wh_keeper *k, uint64_t seq)
{
    struct wh_keeper_msg m = {.op = WH_KEEPER_ACK, .seq = seq};
    wh_auto_err err = {0};
    send_to_keeper(k, &m, -1, &err);
    wh_keeper_table_ack(&k->mirror, seq);
}

int wh_keeper_keep(struct wh_keeper *k, const char *key, const char *slot, int fd, struct wh_err *err)
{
    struct wh_keeper_msg m = {.op = WH_KEEPER_KEEP};
    wh_keeper_copy(m.key, key);
    wh_keeper_copy(m.name, slot);
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return wh_fail(err, errno, "keep %s", slot);
    struct wh_keeper_fd *f = wh_keeper_table_set_fd(&k->mirror, key, slot, copy);
    if (!f)
        return wh_fail(err, ENOMEM, "keep %s", slot);
    f->sent = true;
    if (send_to_keeper(k, &m, fd, err) < 0)
        return wh_wrap(err, "keep %s", slot);
    return 0;
}

void wh_keeper_drop(struct wh_keeper *k, const char *key, const char *slot)
{
    struct wh_keeper_msg m = {.op = WH_KEEPER_DROP};
    wh_keeper_copy(m.key, key);
    wh_keeper_copy(m.name, slot ? slot : "");
    wh_auto_err err = {0};
    send_to_keeper(k, &m, -1, &err);
    wh_keeper_table_drop(&k->mirror, key, slot ? slot : "");
}

int wh_keeper_sync(struct wh_keeper *k, struct wh_err *err)
{
    if (wait_for_sync(k, err) < 0)
        return wh_wrap(err, "wait for the keeper");
    deliver(k);
    return 0;
}

bool wh_keeper_take_process(struct wh_keeper *k, const char *key, struct wh_keeper_process *ret)
{
    struct wh_keeper_proc *p = wh_keeper_table_find_living(&k->mirror, key);
    int pidfd = p ? fcntl(p->pidfd, F_DUPFD_CLOEXEC, 0) : -1;
    if (pidfd < 0)
        return false;
    p->sent = true;
    *ret = (struct wh_keeper_process){.pid = p->pid, .pidfd = pidfd, .cgroup_id = p->cgroup_id};
    return true;
}

int wh_keeper_take_fd(struct wh_keeper *k, const char *key, const char *slot)
{
    struct wh_keeper_fd *f = wh_keeper_table_find_fd(&k->mirror, key, slot);
    if (!f)
        return -1;
    f->sent = true;
    return fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
}

const char *wh_keeper_next_key(const struct wh_keeper *k, size_t *cursor)
{
    const struct wh_keeper_table *t = &k->mirror;
    for (; *cursor < t->n_procs + t->n_fds; (*cursor)++) {
        size_t i = *cursor;
        const char *key = i < t->n_procs ? t->procs[i].key : t->fds[i - t->n_procs].key;
        bool taken = i < t->n_procs ? t->procs[i].sent || t->procs[i].seq : t->fds[i - t->n_procs].sent;
        if (!taken) {
            (*cursor)++;
            return key;
        }
    }
    return NULL;
}

bool wh_keeper_is_restart(const struct wh_keeper *k)
{
    return k->n_loops_before > 0;
}

void wh_keeper_quit(struct wh_keeper *k)
{
    struct wh_keeper_msg m = {.op = WH_KEEPER_QUIT};
    wh_auto_err err = {0};
    send_to_keeper(k, &m, -1, &err);
}

int wh_keeper_replace(struct wh_keeper *k, const char *project, int listen_fd, struct wh_err *err)
{
    return wh_keeper_takeover(project, listen_fd, &k->mirror, err);
}
