/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request `containers`: what the supervisor knows, so that a command need not read two records of each container
 * and ask for each process whether it lives. An end that the keeper is about to tell is waited for.
 */
#include "engine/op.h"

#include "whale/util/file.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>

#define SETTLE_STEP_NS (2 * WH_NS_PER_MS)
#define SETTLE_TRIES   100

struct listing {
    struct wh_request *r;
    struct wh_policy *p;
    struct wh_timer timer;
    struct pollfd *pidfds; /* of all processes: one look at them is one system call */
    size_t cap;
    int tries_left;
};

/* A process has ended, and its end is not in the container's state yet; or a job is just ending. */
static bool is_changing(struct listing *l)
{
    nfds_t n = 0;
    int64_t now_ns = wh_now_real_ns();
    for (size_t i = 0; i < l->p->ctrs.len && n < l->cap; i++) {
        const struct ctr *c = l->p->ctrs.entries[i].value;
        if (c->phase == CTR_ENDING || !wh_state_is_settled(&c->state, now_ns))
            return true;
        if (c->phase == CTR_RUNNING)
            l->pidfds[n++] = (struct pollfd){.fd = c->pidfd, .events = POLLIN};
    }
    return n && poll(l->pidfds, n, 0) > 0;
}

static int write_listing(const struct wh_policy *p, int fd, struct wh_err *err)
{
    wh_auto_str out = {0};
    wh_state_listing_begin(&out);
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        wh_state_listing_add(&out, &c->rec, &c->state);
    }
    if (out.failed)
        return wh_fail(err, ENOMEM, "list of containers");
    return wh_write_all(fd, out.data, out.len) < 0 ? wh_fail(err, errno, "list of containers") : 0;
}

static void answer(struct listing *l)
{
    struct wh_err err = {0};
    wh_auto_fd fd = memfd_create("containers", MFD_CLOEXEC);
    struct wh_event e = {.kind = WH_EVENT_PROGRESS, .status = WH_STATUS_DONE, .id = "Containers"};
    int r = fd < 0 ? wh_fail(&err, errno, "list of containers") : write_listing(l->p, fd, &err);
    if (r == 0)
        wh_request_emit_fds(l->r, &e, &fd, 1);
    wh_request_done(l->r, 0, &err);
}

static void try_answer(struct wh_timer *t)
{
    struct listing *l = t->data;
    if (!is_changing(l)) {
        answer(l);
    } else if (l->tries_left-- > 0) {
        wh_timer_start(l->p->host->loop, t, SETTLE_STEP_NS);
    } else {
        struct wh_err err = {0};
        wh_fail(&err, WH_E_GENERIC, "a container's end is still being recorded");
        wh_request_done(l->r, 1, &err);
    }
}

static void on_cancel(struct wh_request *r)
{
    struct listing *l = r->data;
    wh_timer_stop(&l->timer);
    wh_request_done(r, 130, NULL);
}

void handle_containers(struct wh_request *r, void *policy)
{
    struct wh_policy *p = policy;
    struct listing *l = wh_arena_new(&r->arena, struct listing);
    struct pollfd *pidfds = wh_arena_array(&r->arena, struct pollfd, p->ctrs.len + 1);
    if (!l || !pidfds) {
        struct wh_err err = {0};
        wh_fail(&err, ENOMEM, "list of containers");
        wh_request_done(r, 1, &err);
        return;
    }
    *l = (struct listing){.r = r, .p = p, .pidfds = pidfds, .cap = p->ctrs.len, .tries_left = SETTLE_TRIES};
    l->timer = (struct wh_timer){.fn = try_answer, .data = l};
    r->data = l;
    r->on_cancel = on_cancel;
    try_answer(&l->timer);
}
