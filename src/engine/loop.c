/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libev behind loop.h, and the helper threads. A helper is started when work is waiting and none is free (at most
 * MAX_HELPERS) and ends after HELPER_IDLE_S without work, so that an idle supervisor has none.
 */
#include "engine/loop.h"

#include "whale/util/cleanup.h"
#include "whale/util/time.h"

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HELPERS        4
#define HELPER_IDLE_S      2
#define HELPER_STACK_BYTES ((size_t)256 << 10)

_Static_assert(sizeof(ev_timer) <= sizeof(((struct wh_timer *)0)->opaque_), "wh_timer is too small");
_Static_assert(sizeof(ev_io) <= sizeof(((struct wh_io *)0)->opaque_), "wh_io is too small");

struct deferred {
    void (*fn)(void *data);
    void *data;
    struct deferred *next;
};

struct job {
    uint32_t lane;
    wh_work_fn work, done;
    void *data;
    struct job *next;
};

struct queue {
    struct job *head, **tail;
};

struct wh_loop {
    struct ev_loop *ev;
    ev_async wake; /* a job is done */
    ev_prepare prepare;
    ev_idle idle; /* keeps the loop from blocking while calls are deferred */
    struct deferred *defer_head, **defer_tail;
    void (*turn_fn)(void *data);
    void *turn_data;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t has_work, helper_left;
    struct queue waiting, finished;
    uint32_t busy_lanes[MAX_HELPERS + 1]; /* one more for the loop itself, when no thread can be made */
    int n_busy, n_helpers, n_idle, n_waiting;
    bool ending;

    size_t n_open; /* jobs whose done has not run; loop thread only */
};

/* ---- deferred calls --------------------------------------------------------------------------------------------- */

static void run_deferred(struct wh_loop *l)
{
    struct deferred *d = l->defer_head;
    l->defer_head = NULL;
    l->defer_tail = &l->defer_head;
    while (d) {
        struct deferred *next = d->next;
        d->fn(d->data);
        free(d);
        d = next;
    }
}

static void on_prepare(struct ev_loop *ev, ev_prepare *w, int events)
{
    struct wh_loop *l = w->data;
    run_deferred(l);
    if (l->turn_fn)
        l->turn_fn(l->turn_data);
    if (!l->defer_head)
        ev_idle_stop(ev, &l->idle);
}

void wh_loop_each_turn(struct wh_loop *l, void (*fn)(void *data), void *data)
{
    l->turn_fn = fn;
    l->turn_data = data;
}

static void on_idle(struct ev_loop *ev, ev_idle *w, int events)
{
}

void wh_loop_defer(struct wh_loop *l, void (*fn)(void *data), void *data)
{
    struct deferred *d = malloc(sizeof(*d));
    if (!d) {
        fn(data);
        return;
    }
    *d = (struct deferred){.fn = fn, .data = data};
    *l->defer_tail = d;
    l->defer_tail = &d->next;
    ev_idle_start(l->ev, &l->idle);
}

/* ---- timers and descriptors ------------------------------------------------------------------------------------- */

static ev_timer *timer_of(struct wh_timer *t)
{
    return (ev_timer *)(void *)t->opaque_;
}

static ev_io *io_of(struct wh_io *io)
{
    return (ev_io *)(void *)io->opaque_;
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int events)
{
    struct wh_timer *t = w->data;
    t->fn(t);
}

void wh_timer_start(struct wh_loop *l, struct wh_timer *t, int64_t delay_ns)
{
    wh_timer_stop(t);
    t->loop_ = l;
    ev_timer *w = timer_of(t);
    ev_now_update(l->ev);
    ev_timer_init(w, on_timer, delay_ns > 0 ? (double)delay_ns / 1e9 : 0., 0.);
    w->data = t;
    ev_timer_start(l->ev, w);
}

void wh_timer_stop(struct wh_timer *t)
{
    if (t->loop_)
        ev_timer_stop(t->loop_->ev, timer_of(t));
}

bool wh_timer_is_active(const struct wh_timer *t)
{
    return t->loop_ && ev_is_active((const ev_timer *)(const void *)t->opaque_);
}

static void on_io(struct ev_loop *ev, ev_io *w, int events)
{
    struct wh_io *io = w->data;
    io->fn(io, (events & EV_READ ? WH_IO_READ : 0) | (events & EV_WRITE ? WH_IO_WRITE : 0));
}

void wh_io_start(struct wh_loop *l, struct wh_io *io, int fd, int events)
{
    wh_io_stop(io);
    io->loop_ = l;
    ev_io *w = io_of(io);
    ev_io_init(w, on_io, fd, (events & WH_IO_READ ? EV_READ : 0) | (events & WH_IO_WRITE ? EV_WRITE : 0));
    w->data = io;
    ev_io_start(l->ev, w);
}

void wh_io_stop(struct wh_io *io)
{
    if (io->loop_)
        ev_io_stop(io->loop_->ev, io_of(io));
}

/* ---- helper threads --------------------------------------------------------------------------------------------- */

static void queue_init(struct queue *q)
{
    q->head = NULL;
    q->tail = &q->head;
}

static void queue_push(struct queue *q, struct job *j)
{
    j->next = NULL;
    *q->tail = j;
    q->tail = &j->next;
}

static bool lane_is_busy(const struct wh_loop *l, uint32_t lane)
{
    for (int i = 0; lane && i < l->n_busy; i++)
        if (l->busy_lanes[i] == lane)
            return true;
    return false;
}

/* The first waiting job whose lane is free; jobs of one lane stay in order because the first one always wins. */
static struct job *take_job(struct wh_loop *l)
{
    for (struct job **at = &l->waiting.head; *at; at = &(*at)->next) {
        struct job *j = *at;
        if (lane_is_busy(l, j->lane))
            continue;
        *at = j->next;
        l->n_waiting--;
        if (!*at)
            l->waiting.tail = at;
        l->busy_lanes[l->n_busy++] = j->lane;
        return j;
    }
    return NULL;
}

static void free_lane(struct wh_loop *l, uint32_t lane)
{
    int i = 0;
    while (l->busy_lanes[i] != lane)
        i++;
    l->busy_lanes[i] = l->busy_lanes[--l->n_busy];
}

/* False when the helper should end. Called and left with the lock held. */
static bool wait_for_work(struct wh_loop *l)
{
    if (l->ending)
        return false;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += HELPER_IDLE_S;
    l->n_idle++;
    int r = pthread_cond_timedwait(&l->has_work, &l->lock, &until);
    l->n_idle--;
    return r != ETIMEDOUT || l->waiting.head;
}

/* Called and left with the lock held. False when there is nothing that can be done now. */
static bool run_one_job(struct wh_loop *l)
{
    struct job *j = take_job(l);
    if (!j)
        return false;
    pthread_mutex_unlock(&l->lock);
    j->work(j->data);
    pthread_mutex_lock(&l->lock);
    free_lane(l, j->lane);
    queue_push(&l->finished, j);
    ev_async_send(l->ev, &l->wake);
    return true;
}

static void *helper_main(void *data)
{
    struct wh_loop *l = data;
    pthread_mutex_lock(&l->lock);
    while (run_one_job(l) || wait_for_work(l))
        ;
    l->n_helpers--;
    pthread_cond_signal(&l->helper_left);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static int start_helper(struct wh_loop *l)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, HELPER_STACK_BYTES);
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_t thread;
    int r = pthread_create(&thread, &attr, helper_main, l);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return r;
}

int wh_loop_offload(struct wh_loop *l, uint32_t lane, wh_work_fn work, wh_work_fn done, void *data)
{
    struct job *j = malloc(sizeof(*j));
    if (!j)
        return -1;
    *j = (struct job){.lane = lane, .work = work, .done = done, .data = data};
    pthread_mutex_lock(&l->lock);
    queue_push(&l->waiting, j);
    l->n_waiting++;
    l->n_open++;
    pthread_cond_signal(&l->has_work);
    if (l->n_waiting > l->n_idle && l->n_helpers < MAX_HELPERS && start_helper(l) == 0)
        l->n_helpers++;
    while (l->n_helpers == 0 && run_one_job(l))
        ; /* no thread can be made: late is better than never */
    pthread_mutex_unlock(&l->lock);
    return 0;
}

static void run_finished(struct wh_loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct job *j = l->finished.head;
    queue_init(&l->finished);
    pthread_mutex_unlock(&l->lock);
    while (j) {
        struct job *next = j->next;
        l->n_open--;
        if (j->done)
            j->done(j->data);
        free(j);
        j = next;
    }
}

static void on_wake(struct ev_loop *ev, ev_async *w, int events)
{
    run_finished(w->data);
}

bool wh_loop_is_working(const struct wh_loop *l)
{
    return l->n_open > 0;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static void start_own_watchers(struct wh_loop *l)
{
    ev_async_init(&l->wake, on_wake);
    l->wake.data = l;
    ev_async_start(l->ev, &l->wake);
    ev_prepare_init(&l->prepare, on_prepare);
    l->prepare.data = l;
    ev_prepare_start(l->ev, &l->prepare);
    ev_idle_init(&l->idle, on_idle);
    ev_set_priority(&l->idle, EV_MAXPRI);
}

int wh_loop_new(struct wh_loop **ret, struct wh_err *err)
{
    struct wh_loop *l = calloc(1, sizeof(*l));
    if (!l)
        return wh_fail(err, ENOMEM, "event loop");
    l->ev = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
    if (!l->ev) {
        free(l);
        return wh_fail(err, errno ? errno : ENOMEM, "event loop");
    }
    l->defer_tail = &l->defer_head;
    queue_init(&l->waiting);
    queue_init(&l->finished);
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&l->has_work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&l->helper_left, NULL);
    start_own_watchers(l);
    *ret = l;
    return 0;
}

static void end_helpers(struct wh_loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->ending = true;
    pthread_cond_broadcast(&l->has_work);
    while (l->n_helpers > 0)
        pthread_cond_wait(&l->helper_left, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

void wh_loop_finish(struct wh_loop *l)
{
    end_helpers(l);
    while (l->finished.head || l->defer_head) {
        run_finished(l);
        run_deferred(l);
    }
}

void wh_loop_free(struct wh_loop *l)
{
    if (!l)
        return;
    wh_loop_finish(l);
    ev_loop_destroy(l->ev);
    pthread_cond_destroy(&l->has_work);
    pthread_cond_destroy(&l->helper_left);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

void wh_loop_run(struct wh_loop *l)
{
    ev_run(l->ev, 0);
}

void wh_loop_stop(struct wh_loop *l)
{
    ev_break(l->ev, EVBREAK_ALL);
}

void wh_loop_step(struct wh_loop *l, bool block)
{
    ev_run(l->ev, block ? EVRUN_ONCE : EVRUN_NOWAIT);
}
