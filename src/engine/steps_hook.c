/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pre_start hooks: containers of their own with the service's settings and volumes, which run to their end one after
 * the other before any replica starts.
 */
#include "engine/op.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

static struct wh_node *texts_node(struct wh_arena *a, const struct wh_command *c)
{
    struct wh_node *seq = wh_node_seq(a, NULL);
    for (size_t i = 0; seq && i < c->len; i++)
        wh_node_push_str(a, seq, c->argv[i]);
    return seq;
}

static void put_environment(struct wh_arena *a, struct wh_node *service, const struct wh_pairs *pairs)
{
    struct wh_node *env = wh_node_get(service, "environment");
    if (pairs->len == 0)
        return;
    if (!env || env->kind != WH_NODE_MAP) {
        env = wh_node_map(a, NULL);
        wh_node_put(a, service, "environment", env);
    }
    for (size_t i = 0; i < pairs->len; i++)
        if (pairs->items[i].value)
            wh_node_put_str(a, env, pairs->items[i].key, pairs->items[i].value);
}

/* The service's definition with what a one-shot does not have taken out. */
static int hook_service(struct run_step *s, const struct wh_service *service, const struct wh_hook *h,
                        struct wh_service **ret, struct wh_err *err)
{
    static const char *const dropped[] = {"ports",     "healthcheck", "restart",  "deploy", "container_name",
                                          "pre_start", "post_start",  "pre_stop", "tty",    "stdin_open"};
    struct wh_arena *a = &s->op->r->arena;
    struct wh_node *node = wh_node_clone(a, service->node);
    if (!node)
        return wh_fail(err, ENOMEM, "hook");
    for (size_t i = 0; i < WH_ARRAY_LEN(dropped); i++)
        wh_node_del(node, dropped[i]);
    wh_node_put(a, node, "command", texts_node(a, &h->command));
    wh_node_put(a, node, "entrypoint", wh_node_seq(a, NULL));
    wh_node_put_str(a, node, "image", h->image ? h->image : service->image);
    wh_node_put_str(a, node, "user", h->user);
    wh_node_put_str(a, node, "working_dir", h->working_dir);
    if (h->privileged)
        wh_node_put_bool(a, node, "privileged", true);
    put_environment(a, node, &h->environment);
    return wh_service_from_node(a, s->op->p->project, service->name, node, ret, err);
}

static int create_hook(struct run_step *s, const struct wh_service *service, size_t i, struct ctr **ret,
                       struct wh_err *err)
{
    const struct wh_hook *h = &service->pre_start.items[i];
    struct wh_arena *a = &s->op->r->arena;
    struct wh_service *own;
    char tag[13];
    struct create_request r;
    if (hook_service(s, service, h, &own, err) < 0 || wh_random_hex(tag, 12, err) < 0)
        return -1;
    create_request_fill(s->op, service, &r);
    r.service = own;
    r.image_id = h->image && !wh_streq(h->image, service->image) ? h->image : r.image_id;
    r.name = wh_arena_fmt(a, "%s-%s-pre-start-%s", s->op->p->project, service->name, tag);
    r.oneoff = true;
    r.hook = wh_arena_fmt(a, "pre_start[%zu]", i);
    return r.name && r.hook ? ctr_create(s->op->p, &r, ret, err) : wh_fail(err, ENOMEM, "hook");
}

static void run_next_hook(struct run_step *s);

/* One that failed is kept, so that its output and files can be looked at, until the next run or the service's end. */
static void fail_kept(const struct ctr *c, struct wh_err *err)
{
    wh_auto_free char *dir = wh_state_container_dir(c->rec.project, c->rec.id);
    wh_fail(err, WH_E_GENERIC, "service \"%s\" %s exited with code %d (hook container %.12s retained for inspection)",
            c->rec.service, c->rec.hook, c->state.exit_code, c->rec.id);
    wh_err_hint(err, "its files and output are in %s", dir ? dir : "");
}

static bool has_container(const struct wh_policy *p, const char *service)
{
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        if (!c->rec.hook && wh_streq(c->rec.service, service))
            return true;
    }
    return false;
}

void hooks_tidy(struct wh_policy *p, const char *again)
{
    for (size_t i = 0; i < p->ctrs.len; i++) {
        struct ctr *c = p->ctrs.entries[i].value;
        bool is_spent = c->rec.hook && c->phase == CTR_IDLE && !c->is_removing;
        if (!is_spent || (!wh_streq(c->rec.service, again) && has_container(p, c->rec.service)))
            continue;
        if (ctr_remove(c, true, NULL) == 0)
            i = (size_t)-1; /* the table has changed */
    }
}

static void on_hook_end(struct ctr_watch *w, struct ctr *c)
{
    struct run_step *s = w->data;
    struct wh_err err = {0};
    if (c->phase != CTR_IDLE)
        return;
    if (c->start_failed) {
        wh_err_move(&err, &c->start_err);
        wh_err_in(&err, "pre_start");
    } else if (c->state.exit_code != 0)
        fail_kept(c, &err);
    ctr_unwatch(c, &s->watch);
    s->is_watching = false;
    s->c = NULL;
    if (!err.depth || c->start_failed)
        ctr_remove(c, true, NULL);
    if (err.depth)
        step_failed(s, &err);
    else
        run_next_hook(s);
}

static void run_next_hook(struct run_step *s)
{
    const struct wh_service *service = wh_project_service(s->op->project, s->plan->service);
    struct wh_err err = {0};
    struct ctr *c;
    if (!service || s->next_hook == service->pre_start.len) {
        step_done(s);
        return;
    }
    if (create_hook(s, service, s->next_hook++, &c, &err) < 0) {
        step_failed(s, &err);
        return;
    }
    if (ctr_start(c, &err) < 0) {
        ctr_remove(c, true, NULL);
        step_failed(s, &err);
        return;
    }
    step_watch(s, c, on_hook_end);
}

void run_pre_start(struct run_step *s)
{
    hooks_tidy(s->op->p, s->plan->service);
    run_next_hook(s);
}
