/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's event loop. loop.c is the only file that knows libev; here a watcher is a small struct that its
 * owner embeds, zero-initialises and starts. Everything runs on the loop's thread; only wh_loop_offload leaves it.
 *
 * Ownership: an object stops its watchers before it is freed. A callback may stop or restart its own watcher; it frees
 * the object around it through wh_loop_defer.
 */
#ifndef WHALE_ENGINE_LOOP_H
#define WHALE_ENGINE_LOOP_H

#include "whale/util/err.h"

#include <stdbool.h>
#include <stdint.h>

struct wh_loop;

int wh_loop_new(struct wh_loop **ret, struct wh_err *err);
void wh_loop_free(struct wh_loop *l);
void wh_loop_run(struct wh_loop *l); /* until wh_loop_stop */
/* After that: waits for offloaded work and makes all calls that are still due, while those who get them exist. */
void wh_loop_finish(struct wh_loop *l);
void wh_loop_stop(struct wh_loop *l);
/* Runs what is ready now and returns; block waits for at least one event. For tests and for waits at start. */
void wh_loop_step(struct wh_loop *l, bool block);

#define WH_LOOP_OPAQUE_WORDS 8

/* One-shot timer. */
struct wh_timer {
    void (*fn)(struct wh_timer *t);
    void *data; /* the owner's */
    struct wh_loop *loop_;
    uint64_t opaque_[WH_LOOP_OPAQUE_WORDS];
};
/* Fires delay_ns from now (<= 0: in the next turn); a running timer is set anew. fn and data are set by the owner. */
void wh_timer_start(struct wh_loop *l, struct wh_timer *t, int64_t delay_ns);
void wh_timer_stop(struct wh_timer *t); /* safe on a zeroed or stopped one */
bool wh_timer_is_active(const struct wh_timer *t);

#define WH_IO_READ  1
#define WH_IO_WRITE 2

/* Level-triggered readiness of a descriptor (pidfds, eventfds, inotify and sockets alike; not regular files). */
struct wh_io {
    void (*fn)(struct wh_io *io, int events);
    void *data;
    struct wh_loop *loop_;
    uint64_t opaque_[WH_LOOP_OPAQUE_WORDS];
};
void wh_io_start(struct wh_loop *l, struct wh_io *io, int fd, int events); /* a running watcher is set anew */
void wh_io_stop(struct wh_io *io);                                         /* before the fd is closed */

/* Calls fn(data) at the end of every turn, before the loop waits for events; it must be cheap. One function at most;
 * NULL = none any more. */
void wh_loop_each_turn(struct wh_loop *l, void (*fn)(void *data), void *data);

/* Calls fn(data) once from the loop, after the callbacks that are running now; order of calls is kept. */
void wh_loop_defer(struct wh_loop *l, void (*fn)(void *data), void *data);

/*
 * Work that may block (attach to v1 cgroups, seeding of volumes, removal of trees) on a helper thread; done runs on the
 * loop afterwards. work must touch nothing that the loop touches meanwhile. Calls with the same lane run one after the
 * other in order; lane 0 = no order. The loop does not end while work is under way (wh_loop_free waits).
 */
typedef void (*wh_work_fn)(void *data);
int wh_loop_offload(struct wh_loop *l, uint32_t lane, wh_work_fn work, wh_work_fn done, void *data);
bool wh_loop_is_working(const struct wh_loop *l); /* offloaded work whose done has not run yet */

#endif
