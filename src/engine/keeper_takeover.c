/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A new keeper out of S when K was killed: S executes its own program again, which becomes the keeper with S's mirror
 * of the table and forks a new S. Descriptors stay open across the exec; which is which travels in a memory file of
 * messages as on K's socket, with the descriptor's number added.
 *
 * What is lost: exits that K had reaped and not yet sent (a few microseconds), and on kernels before 6.15 the status of
 * those containers that end later, as their parent is now init: they are reported as unknown.
 */
#include "engine/keeper_table.h"

#include "whale/sys/process.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"
#include "whale/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct handed_over {
    struct wh_keeper_msg msg;
    int fd;
};

static void keep_open(int fd)
{
    fcntl(fd, F_SETFD, 0);
}

static int write_proc(int out, const struct wh_keeper_proc *p)
{
    struct handed_over h = {.msg = {.op = p->seq ? WH_KEEPER_EXIT : WH_KEEPER_PROCESS,
                                    .pid = p->pid,
                                    .seq = p->seq,
                                    .cgroup_id = p->cgroup_id,
                                    .time_ns = p->time_ns,
                                    .code = p->code,
                                    .status = p->status},
                            .fd = p->pidfd};
    wh_keeper_copy(h.msg.key, p->key);
    wh_keeper_copy(h.msg.name, p->cgroup);
    keep_open(h.fd);
    return wh_write_all(out, &h, sizeof(h));
}

static int write_fd(int out, const struct wh_keeper_fd *f)
{
    struct handed_over h = {.msg = {.op = WH_KEEPER_KEPT}, .fd = f->fd};
    wh_keeper_copy(h.msg.key, f->key);
    wh_keeper_copy(h.msg.name, f->slot);
    keep_open(h.fd);
    return wh_write_all(out, &h, sizeof(h));
}

static int write_table(int out, const struct wh_keeper_table *t)
{
    for (size_t i = 0; i < t->n_procs; i++)
        if (write_proc(out, &t->procs[i]) < 0)
            return -1;
    for (size_t i = 0; i < t->n_fds; i++)
        if (write_fd(out, &t->fds[i]) < 0)
            return -1;
    return 0;
}

int wh_keeper_takeover(const char *project, int listen_fd, struct wh_keeper_table *t, struct wh_err *err)
{
    wh_auto_fd out = memfd_create("keeper", MFD_CLOEXEC);
    if (out < 0 || write_table(out, t) < 0 || lseek(out, 0, SEEK_SET) < 0)
        return wh_fail(err, errno, "write the keeper's table");
    char number[16];
    snprintf(number, sizeof(number), "%d", out);
    wh_sys_cloexec_range(3);
    for (size_t i = 0; i < t->n_procs; i++)
        keep_open(t->procs[i].pidfd);
    for (size_t i = 0; i < t->n_fds; i++)
        keep_open(t->fds[i].fd);
    keep_open(listen_fd);
    keep_open(out);
    /* By the environment: the command line stays as it is known by. */
    char *const argv[] = {(char *)"whale-supervisor", (char *)project, NULL};
    if (setenv(WH_KEEPER_TAKEOVER_ENV, number, 1) == 0)
        execv("/proc/self/exe", argv);
    return wh_fail(err, errno, "execute the supervisor again");
}

static void take_one(const struct handed_over *h, struct wh_keeper_table *ret)
{
    if (h->fd >= 0)
        fcntl(h->fd, F_SETFD, FD_CLOEXEC);
    if (h->msg.op == WH_KEEPER_KEPT) {
        wh_keeper_table_set_fd(ret, h->msg.key, h->msg.name, h->fd);
        return;
    }
    struct wh_keeper_proc *p = wh_keeper_table_add_proc(ret, h->msg.key, h->msg.pid, h->fd);
    if (!p)
        return;
    p->cgroup_id = h->msg.cgroup_id;
    p->seq = h->msg.seq;
    p->time_ns = h->msg.time_ns;
    p->code = h->msg.code;
    p->status = h->msg.status;
    wh_keeper_copy(p->cgroup, h->msg.name);
}

int wh_keeper_takeover_read(int take_fd, struct wh_keeper_table *ret)
{
    wh_auto_fd fd = take_fd;
    struct handed_over h;
    ssize_t n;
    while ((n = read(fd, &h, sizeof(h))) == (ssize_t)sizeof(h))
        take_one(&h, ret);
    return n == 0 ? 0 : -1;
}
