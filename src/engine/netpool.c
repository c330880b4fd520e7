/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces made ahead on a helper thread while an operation still makes records: a namespace costs the kernel
 * most of a millisecond, which would otherwise be spent on the loop, container after container.
 */
#include "engine/network.h"

#include <pthread.h>

#define MIN_WANTED 3 /* fewer are made on the spot */
#define MAX_READY  256

struct netpool {
    struct wh_policy *p;
    pthread_mutex_t lock;
    int fds[MAX_READY];
    size_t n, left; /* ready; still to be made */
    bool is_working;
};

static struct netpool *pool_of(struct wh_policy *p)
{
    if (p->netpool)
        return p->netpool;
    struct netpool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return NULL;
    pool->p = p;
    pthread_mutex_init(&pool->lock, NULL);
    p->netpool = pool;
    return pool;
}

/* One more is wanted: takes it off the count. */
static bool next_wanted(struct netpool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool wanted = pool->left > 0 && pool->n < MAX_READY;
    pool->left -= wanted;
    pthread_mutex_unlock(&pool->lock);
    return wanted;
}

static void put_ready(struct netpool *pool, int fd)
{
    pthread_mutex_lock(&pool->lock);
    if (pool->n < MAX_READY) {
        pool->fds[pool->n++] = fd;
        fd = -1;
    }
    pthread_mutex_unlock(&pool->lock);
    wh_close(&fd);
}

static void work(void *data)
{
    struct netpool *pool = data;
    while (next_wanted(pool)) {
        int fd;
        if (wh_netns_new(&fd, NULL) < 0)
            return; /* whoever needs one makes it and says why it failed */
        put_ready(pool, fd);
    }
}

static void done(void *data)
{
    struct netpool *pool = data;
    pool->is_working = false;
}

void netpool_want(struct wh_policy *p, size_t count)
{
    struct netpool *pool = count < MIN_WANTED ? NULL : pool_of(p);
    if (!pool || pool->is_working)
        return;
    pool->left = count;
    pool->is_working = wh_loop_offload(p->host->loop, 0, work, done, pool) == 0;
}

int netpool_take(struct wh_policy *p, int *ret_fd, struct wh_err *err)
{
    struct netpool *pool = p->netpool;
    *ret_fd = -1;
    if (pool) {
        pthread_mutex_lock(&pool->lock);
        if (pool->n)
            *ret_fd = pool->fds[--pool->n];
        pool->left -= *ret_fd < 0 && pool->left;
        pthread_mutex_unlock(&pool->lock);
    }
    return *ret_fd >= 0 ? 0 : wh_netns_new(ret_fd, err);
}

void netpool_empty(struct wh_policy *p)
{
    struct netpool *pool = p->netpool;
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->left = 0;
    while (pool->n)
        wh_close(&pool->fds[--pool->n]);
    pthread_mutex_unlock(&pool->lock);
}

void netpool_free(struct wh_policy *p)
{
    netpool_empty(p);
    if (p->netpool)
        pthread_mutex_destroy(&p->netpool->lock);
    free(p->netpool);
    p->netpool = NULL;
}
