/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers in parallel: each worker takes the next layer, downloads it, and unpacks it when a place is free. */
#include "pull_layers.h"

#include "layout.h"
#include "whale/util/size.h"
#include "whale/util/time.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#define MAX_WORKERS        4
#define REPORT_EVERY_NS    (100 * WH_NS_PER_MS)
#define LAYER_ID_LEN       12
#define UNPACKED_TO_PACKED 2 /* a layer needs at least so much more room than its blob */

struct layers {
    struct pull_job *job;
    struct assembly *assembly;
    const struct manifest *manifest;
    atomic_size_t next;
    atomic_bool cancelled;
    pthread_mutex_t lock;
    struct wh_err err; /* the first failure */
};

struct layer_progress {
    struct layers *l;
    char id[LAYER_ID_LEN + 1];
    uint64_t total;
    int64_t last_ns;
    const char *last_status;
};

static void set_id(const char *digest, char id[LAYER_ID_LEN + 1])
{
    snprintf(id, LAYER_ID_LEN + 1, "%s", layout_hex(digest));
}

static void tell(struct layer_progress *p, const char *status, uint64_t current)
{
    report_layer(&p->l->job->p->q->report, p->l->job->p->name, p->id, status, current, p->total);
}

/* Not more than ten lines a second for a layer, but every change of its status. */
static void on_progress(void *ctx, const char *status, uint64_t current)
{
    struct layer_progress *p = ctx;
    int64_t now = wh_now_mono_ns();
    if (wh_streq(status, p->last_status) && now - p->last_ns < REPORT_EVERY_NS)
        return;
    p->last_ns = now;
    p->last_status = status;
    tell(p, status, current);
}

/* The same blob may stand in a manifest several times: the first one is downloaded, the rest copy it. */
static bool is_repeat(const struct manifest *man, const struct assembly *m, size_t i, size_t *ret_first)
{
    for (size_t k = 0; k < i; k++)
        if (wh_streq(man->items[k].digest, man->items[i].digest) && m->slots[k].draft) {
            *ret_first = k;
            return true;
        }
    return false;
}

static bool is_first(const struct manifest *man, const bool *needed, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (needed[k] && wh_streq(man->items[k].digest, man->items[i].digest))
            return false;
    return true;
}

/* ---- one layer ---- */

static int unpack_blob(struct layers *l, size_t i, int fd, struct layer_progress *p, struct wh_err *err)
{
    struct source_fd input = {fd, "layer"};
    sem_wait(l->job->p->unpacks);
    int r = atomic_load(&l->cancelled) ? wh_fail(err, WH_E_CANCELLED, "cancelled") : 0;
    if (r == 0) {
        tell(p, "extracting", p->total);
        r = assembly_unpack(l->assembly, i, source_of_fd(&input), false, NULL, err);
    }
    sem_post(l->job->p->unpacks);
    return r;
}

static int fetch_layer(struct layers *l, struct http *h, size_t i, struct wh_err *err)
{
    const struct descriptor *d = &l->manifest->items[i];
    struct layer_progress p = {.l = l, .total = (uint64_t)d->size_bytes, .last_status = ""};
    struct download dl = {.store = l->job->p->store,
                          .registry = &l->job->registry,
                          .ref = &l->job->p->ref,
                          .digest = d->digest,
                          .size_bytes = (uint64_t)d->size_bytes,
                          .cancelled = &l->cancelled,
                          .progress = on_progress,
                          .ctx = &p};
    wh_auto_fd fd = -1;
    set_id(d->digest, p.id);
    sem_wait(l->job->p->downloads);
    int r = download_run(&dl, h, &fd, err);
    sem_post(l->job->p->downloads);
    if (r == 0)
        r = unpack_blob(l, i, fd, &p, err);
    if (r < 0)
        return wh_wrap(err, "layer %s", p.id);
    if (!l->job->p->keep_blobs)
        download_forget(dl.store, d->digest); /* before the sync of the commit, which would write it out */
    tell(&p, "complete", p.total);
    return 0;
}

/* ---- workers ---- */

static void keep_failure(struct layers *l, struct wh_err *err)
{
    pthread_mutex_lock(&l->lock);
    if (!atomic_load(&l->cancelled))
        wh_err_move(&l->err, err);
    atomic_store(&l->cancelled, true);
    pthread_mutex_unlock(&l->lock);
    wh_err_fini(err);
}

struct worker {
    struct layers *l;
    const bool *needed;
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct layers *l = w->l;
    struct wh_err err = {0};
    struct http *h = http_open(&err);
    if (h)
        registry_prepare(&l->job->registry, h);
    else
        keep_failure(l, &err);
    while (h && !atomic_load(&l->cancelled)) {
        size_t i = atomic_fetch_add(&l->next, 1);
        if (i >= l->assembly->n)
            break;
        if (w->needed[i] && is_first(l->manifest, w->needed, i) && fetch_layer(l, h, i, &err) < 0)
            keep_failure(l, &err);
    }
    http_close(h);
    return NULL;
}

static int run_workers(struct layers *l, const bool *needed, size_t n, struct wh_err *err)
{
    struct worker workers[MAX_WORKERS];
    size_t started = 0;
    for (; started < n && started < MAX_WORKERS; started++) {
        workers[started] = (struct worker){.l = l, .needed = needed};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            break;
    }
    for (size_t i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    if (n && !started)
        return wh_fail(err, EAGAIN, "start a thread");
    if (!atomic_load(&l->cancelled))
        return 0;
    wh_err_move(err, &l->err);
    return -1;
}

static int copy_repeats(struct layers *l, struct wh_err *err)
{
    for (size_t i = 0; i < l->assembly->n; i++) {
        size_t first;
        if (!assembly_needs(l->assembly, i))
            continue;
        if (!is_repeat(l->manifest, l->assembly, i, &first))
            return wh_fail(err, WH_E_BUG, "layer %zu was forgotten", i);
        if (assembly_copy(l->assembly, i, l->assembly->drafts[first].name, err) < 0)
            return -1;
    }
    return 0;
}

/* Says at once that the disk is too small, instead of filling it first. */
static int check_room(const struct layers *l, uint64_t need_bytes, struct wh_err *err)
{
    struct statvfs v;
    char need[40], free_text[40];
    if (fstatvfs(l->job->p->store->images_fd, &v) < 0)
        return wh_fail(err, errno, "statvfs");
    uint64_t have = (uint64_t)v.f_bavail * v.f_frsize;
    if (have >= need_bytes)
        return 0;
    wh_size_format_si((int64_t)need_bytes, need, sizeof(need));
    wh_size_format_si((int64_t)have, free_text, sizeof(free_text));
    return wh_fail(err, ENOSPC, "the image needs at least %s, but only %s are free on the disk of %s", need, free_text,
                   l->job->p->store->root);
}

int pull_layers(struct pull_job *j, struct assembly *m, const struct manifest *man, struct wh_err *err)
{
    struct layers l = {.job = j, .assembly = m, .manifest = man};
    uint64_t need_bytes = 0;
    size_t n = 0;
    bool *needed = wh_arena_array(j->arena, bool, m->n + 1);
    if (!needed)
        return wh_fail(err, ENOMEM, "layers");
    pthread_mutex_init(&l.lock, NULL);
    for (size_t i = 0; i < m->n; i++) {
        struct layer_progress p = {.l = &l, .total = (uint64_t)man->items[i].size_bytes};
        set_id(man->items[i].digest, p.id);
        needed[i] = assembly_needs(m, i);
        tell(&p, needed[i] ? "waiting" : "exists", 0);
        n += needed[i];
        need_bytes += needed[i] ? p.total * UNPACKED_TO_PACKED : 0;
    }
    int r = check_room(&l, need_bytes, err);
    if (r == 0)
        r = run_workers(&l, needed, n, err);
    if (r == 0)
        r = copy_repeats(&l, err);
    pthread_mutex_destroy(&l.lock);
    wh_err_fini(&l.err);
    return r;
}
