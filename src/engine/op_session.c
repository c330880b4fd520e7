/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests about a container that runs, served beside the queue: exec, attach, wait. */
#include "engine/op.h"
#include "engine/spec.h"

#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

#define EXIT_NOT_STARTED 126 /* of exec: the container runs, the command could not be started in it */

static void refuse(struct wh_request *r, struct wh_err *take_err)
{
    wh_request_done(r, 1, take_err);
}

static struct ctr *find_target(struct wh_policy *p, const struct wh_request *r, struct wh_err *err)
{
    const char *service = wh_node_get_str(r->params, "service", "");
    int64_t wanted = wh_node_get_int(r->params, "index", 0);
    int index = wanted > 0 ? (int)wanted : 0;
    struct ctr *c = ctr_find_service(p, service, index, true);
    if (!c) {
        wh_engine_fail_not_running(err, service, index);
        return NULL;
    }
    if (c->state.status == WH_CONTAINER_PAUSED) {
        wh_fail(err, WH_E_CONFLICT, "container %s is paused, unpause it before exec", c->rec.name);
        return NULL;
    }
    return c;
}

static void fill_target(struct wh_request *r, const struct ctr *c, struct wh_session_target *ret)
{
    *ret = (struct wh_session_target){.id = c->rec.id,
                                      .name = c->rec.name,
                                      .service = c->rec.service,
                                      .attributes = ctr_attributes(&r->arena, c),
                                      .cgroup = &c->cgroup,
                                      .stdin_fd = c->stdin_fd,
                                      .tty = c->rec.tty,
                                      .oneoff = c->rec.oneoff};
}

static struct wh_pairs read_env(struct wh_request *r)
{
    const struct wh_node *list = wh_node_get(r->params, "env");
    struct wh_pair_text *items = wh_arena_array(&r->arena, struct wh_pair_text, wh_node_len(list) + 1);
    size_t n = 0;
    for (size_t i = 0; items && i < wh_node_len(list); i++) {
        const char *text = list->seq.items[i]->text, *eq = text ? strchr(text, '=') : NULL;
        if (eq)
            items[n++] =
                (struct wh_pair_text){.key = wh_arena_strndup(&r->arena, text, (size_t)(eq - text)), .value = eq + 1};
    }
    return (struct wh_pairs){items, n};
}

static const char *const *read_argv(struct wh_request *r)
{
    const struct wh_node *list = wh_node_get(r->params, "argv");
    const char **argv = wh_arena_array(&r->arena, const char *, wh_node_len(list) + 1);
    for (size_t i = 0; argv && i < wh_node_len(list); i++)
        argv[i] = list->seq.items[i]->text ? list->seq.items[i]->text : "";
    return argv;
}

void handle_exec(struct wh_request *r, void *policy)
{
    struct wh_policy *p = policy;
    struct wh_err err = {0};
    struct ctr *c = find_target(p, r, &err);
    struct wh_pairs env = read_env(r);
    struct exec_wish wish = {.argv = read_argv(r),
                             .env = &env,
                             .user = wh_node_get_str(r->params, "user", NULL),
                             .workdir = wh_node_get_str(r->params, "workdir", NULL),
                             .privileged = wh_node_get_bool(r->params, "privileged", false),
                             .tty = wh_node_get_bool(r->params, "tty", false)};
    struct wh_exec_spec *spec = wh_arena_new(&r->arena, struct wh_exec_spec);
    if (c && (!spec || !wish.argv || !wish.argv[0]))
        wh_fail(&err, WH_E_INVALID, "exec without a command");
    if (err.depth || spec_exec(&r->arena, c, &wish, spec, &err) < 0) {
        wh_request_done(r, c ? EXIT_NOT_STARTED : 1, &err);
        return;
    }
    struct wh_session_target target;
    fill_target(r, c, &target);
    wh_session_exec(p->host->sessions, r, &target, spec);
}

void handle_attach(struct wh_request *r, void *policy)
{
    struct wh_policy *p = policy;
    struct wh_err err = {0};
    struct ctr *c = find_target(p, r, &err);
    if (!c) {
        refuse(r, &err);
        return;
    }
    struct wh_session_target target;
    fill_target(r, c, &target);
    wh_session_attach(p->host->sessions, r, &target);
}

/* ---- wait -------------------------------------------------------------------------------------------------------- */

struct waiting {
    struct wh_request *r;
    struct wh_policy *p;
    struct wait_one {
        struct waiting *all;
        struct ctr *c;
        struct ctr_watch watch;
    } * items;
    size_t n, n_left;
    int exit_code;
};

static void end_waiting(struct waiting *w, int exit_code)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->items[i].c)
            ctr_unwatch(w->items[i].c, &w->items[i].watch);
    w->r->on_cancel = NULL;
    wh_request_done(w->r, exit_code, NULL);
}

static void on_end(struct ctr_watch *watch, struct ctr *c)
{
    struct wait_one *one = watch->data;
    struct waiting *w = one->all;
    if (ctr_is_live(c))
        return;
    struct wh_event e = {.kind = WH_EVENT_LIFECYCLE,
                         .action = "die",
                         .container_id = c->rec.id,
                         .container = c->rec.name,
                         .service = c->rec.service,
                         .exit_code = c->state.exit_code};
    wh_request_emit(w->r, &e);
    w->exit_code = c->state.exit_code;
    ctr_unwatch(c, watch);
    one->c = NULL;
    if (--w->n_left == 0)
        end_waiting(w, w->exit_code);
}

static void on_cancel(struct wh_request *r)
{
    end_waiting(r->data, 130);
}

static bool is_named(const struct wh_node *services, const char *name)
{
    if (wh_node_len(services) == 0)
        return true;
    for (size_t i = 0; i < wh_node_len(services); i++)
        if (wh_streq(services->seq.items[i]->text, name))
            return true;
    return false;
}

void handle_wait(struct wh_request *r, void *policy)
{
    struct wh_policy *p = policy;
    struct wh_err err = {0};
    const struct wh_node *services = wh_node_get(r->params, "services");
    struct waiting *w = wh_arena_new(&r->arena, struct waiting);
    struct wait_one *items = wh_arena_array(&r->arena, struct wait_one, p->ctrs.len + 1);
    if (!w || !items) {
        wh_fail(&err, ENOMEM, "wait");
        refuse(r, &err);
        return;
    }
    *w = (struct waiting){.r = r, .p = p, .items = items};
    for (size_t i = 0; i < p->ctrs.len; i++) {
        struct ctr *c = p->ctrs.entries[i].value;
        if (!ctr_is_live(c) || c->rec.oneoff || !is_named(services, c->rec.service))
            continue;
        struct wait_one *one = &items[w->n++];
        *one = (struct wait_one){.all = w, .c = c, .watch = {on_end, one}};
        ctr_watch(c, &one->watch);
    }
    w->n_left = w->n;
    if (w->n == 0) {
        wh_fail(&err, WH_E_NOT_FOUND, "no containers for project \"%s\"", p->project);
        refuse(r, &err);
        return;
    }
    r->data = w;
    r->on_cancel = on_cancel;
}
