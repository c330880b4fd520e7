/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image pull: policies, and several images at a time. */
#include "layout.h"
#include "limits.h"
#include "pull.h"
#include "sandbox.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_PULLS     4
#define MAX_DOWNLOADS 6
#define MAX_UNPACKS   2
#define DAY_NS        (INT64_C(86400) * WH_NS_PER_S)

/* ---- policies ---- */

enum verdict { VERDICT_PULL, VERDICT_KEEP, VERDICT_FAIL };

struct policy {
    enum verdict when_present, when_absent;
    int64_t max_age_ns; /* > 0: a present image is pulled when it was pulled longer ago */
};

static const struct {
    const char *name;
    struct policy policy;
} policies[] = {
    {"always", {VERDICT_PULL, VERDICT_PULL, 0}},         {"missing", {VERDICT_KEEP, VERDICT_PULL, 0}},
    {"if_not_present", {VERDICT_KEEP, VERDICT_PULL, 0}}, {"never", {VERDICT_KEEP, VERDICT_FAIL, 0}},
    {"daily", {VERDICT_KEEP, VERDICT_PULL, DAY_NS}},     {"weekly", {VERDICT_KEEP, VERDICT_PULL, 7 * DAY_NS}},
};

static int parse_policy(const char *name, struct policy *ret, struct wh_err *err)
{
    if (!name)
        name = "always";
    for (size_t i = 0; i < WH_ARRAY_LEN(policies); i++)
        if (wh_streq(policies[i].name, name)) {
            *ret = policies[i].policy;
            return 0;
        }
    *ret = (struct policy){VERDICT_KEEP, VERDICT_PULL, 0};
    if (wh_starts(name, "every_") && wh_duration_parse(name + strlen("every_"), &ret->max_age_ns) == 0 &&
        ret->max_age_ns > 0)
        return 0;
    return wh_fail(err, WH_E_USAGE, "unknown pull policy \"%s\"", name);
}

/* When the name was set last: the time of its symlink. */
static int64_t pulled_ns(struct wh_arena *a, const struct pull *p)
{
    struct stat st;
    char *below = layout_ref_path(a, &p->ref);
    char *path = below ? layout_path(a, p->q->root, "%s", below) : NULL;
    return path && lstat(path, &st) == 0 ? st.st_mtim.tv_sec * WH_NS_PER_S : 0;
}

static int judge(struct wh_arena *a, const struct pull *p, const struct policy *policy, enum verdict *ret,
                 const char **ret_id, struct wh_err *err)
{
    struct wh_image image;
    int r = wh_image_lookup(a, p->q->root, wh_ref_canonical(a, &p->ref), &image, err);
    if (r < 0)
        return -1;
    *ret = r > 0 ? policy->when_absent : policy->when_present;
    if (r > 0)
        return 0;
    *ret_id = image.id;
    if (policy->max_age_ns && wh_now_real_ns() - pulled_ns(a, p) > policy->max_age_ns)
        *ret = VERDICT_PULL;
    return 0;
}

/* ---- several images ---- */

struct batch {
    struct request *q;
    struct store *store;
    struct policy policy;
    struct platform platform;
    sem_t downloads, unpacks;
    atomic_size_t next;
    atomic_size_t n_failed;
};

static int pull_one(struct batch *b, const char *name, struct wh_err *err)
{
    wh_auto_arena a = {0};
    enum verdict verdict;
    const char *id = NULL;
    struct pull p = {.q = b->q,
                     .store = b->store,
                     .name = name,
                     .platform = b->platform,
                     .keep_blobs = b->q->n_args > 1,
                     .downloads = &b->downloads,
                     .unpacks = &b->unpacks};
    if (wh_ref_parse(&a, name, &p.ref, err) < 0 || judge(&a, &p, &b->policy, &verdict, &id, err) < 0)
        return -1;
    if (verdict == VERDICT_PULL)
        return pull_run(&p, err);
    if (verdict == VERDICT_FAIL)
        return wh_fail(err, WH_E_NOT_FOUND, "No such image: %s (and its pull policy is \"never\")", name);
    report_image(&b->q->report, name, "exists", id);
    return 0;
}

static void *work(void *arg)
{
    struct batch *b = arg;
    for (size_t i; (i = atomic_fetch_add(&b->next, 1)) < b->q->n_args;) {
        wh_auto_err err = {0};
        if (pull_one(b, b->q->args[i], &err) == 0)
            continue;
        atomic_fetch_add(&b->n_failed, 1);
        report_error(&b->q->report, b->q->args[i], &err);
    }
    return NULL;
}

static void run_batch(struct batch *b)
{
    pthread_t threads[MAX_PULLS];
    size_t n = 0;
    while (n + 1 < b->q->n_args && n + 1 < MAX_PULLS && pthread_create(&threads[n], NULL, work, b) == 0)
        n++;
    work(b); /* this thread takes part */
    while (n)
        pthread_join(threads[--n], NULL);
}

int cmd_pull(struct request *q, struct wh_err *err)
{
    wh_auto_arena a = {0};
    auto_store s = {.images_fd = -1, .layers_fd = -1, .lock_fd = -1};
    struct batch b = {.q = q, .store = &s};
    if (parse_policy(q->policy, &b.policy, err) < 0)
        return -1;
    if ((q->platform ? platform_parse(&a, q->platform, &b.platform, err) : platform_host(&a, &b.platform, err)) < 0)
        return -1;
    if (store_open(&s, q->root, err) < 0 || sandbox_enter(&s, true, err) < 0)
        return -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return wh_fail(err, ENOMEM, "HTTP client");
    sem_init(&b.downloads, 0, MAX_DOWNLOADS);
    sem_init(&b.unpacks, 0, MAX_UNPACKS);
    run_batch(&b);
    q->reported = true; /* every failure has its own line */
    return b.n_failed ? wh_fail(err, WH_E_GENERIC, "%zu images could not be pulled", (size_t)b.n_failed) : 0;
}
