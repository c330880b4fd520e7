/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `run`: the dependencies as an `up`, then a one-off container. Once its program runs, the request leaves the queue:
 * other commands go on while it lasts.
 */
#include "engine/check.h"
#include "engine/op.h"
#include "engine/restart.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#define SLUG_HEX 64 /* of the label; the name has the first 12 */

struct run {
    struct op *op;
    struct ctr *c;
    struct ctr_watch watch;
    int master; /* a duplicate of the terminal's, for the client */
    bool is_detached, is_killed;
};

static void put_bool(struct wh_arena *a, struct wh_node *map, const char *key, bool value)
{
    if (value)
        wh_node_put_bool(a, map, key, true);
    else
        wh_node_del(map, key);
}

/* A one-off has no restart policy, no replicas, no fixed name, and ports only when asked for. */
static int oneoff_service(struct op *op, const struct wh_service *service, struct wh_service **ret, struct wh_err *err)
{
    static const char *const dropped[] = {"restart", "container_name", "scale"};
    struct wh_arena *a = &op->r->arena;
    struct wh_node *node = wh_node_clone(a, service->node), *deploy = wh_node_get(node, "deploy");
    const struct wh_node *command = wh_node_get(op->r->params, "command"),
                         *entrypoint = wh_node_get(op->options, "entrypoint");
    if (!node)
        return wh_fail(err, ENOMEM, "run");
    for (size_t i = 0; i < WH_ARRAY_LEN(dropped); i++)
        wh_node_del(node, dropped[i]);
    if (!wh_node_get_bool(op->options, "service_ports", false))
        wh_node_del(node, "ports");
    if (deploy && deploy->kind == WH_NODE_MAP) {
        wh_node_del(deploy, "replicas");
        wh_node_del(deploy, "restart_policy");
    }
    if (entrypoint) {
        wh_node_put(a, node, "entrypoint", wh_node_clone(a, entrypoint));
        wh_node_del(node, "command");
    }
    if (command)
        wh_node_put(a, node, "command", wh_node_clone(a, command));
    put_bool(a, node, "tty", wh_node_get_bool(op->options, "tty", false));
    put_bool(a, node, "stdin_open", wh_node_get_bool(op->options, "stdin", false));
    return wh_service_from_node(a, op->p->project, service->name, node, ret, err);
}

static int create(struct op *op, struct ctr **ret, struct wh_err *err)
{
    struct wh_arena *a = &op->r->arena;
    const struct wh_service *service = wh_project_service(op->project, op->in.run_service);
    struct wh_service *own;
    struct create_request r;
    char slug[SLUG_HEX + 1], joint = op->in.underscores ? '_' : '-';
    if (!service)
        return wh_fail(err, WH_E_NOT_FOUND, "no such service: %s", op->in.run_service);
    if (oneoff_service(op, service, &own, err) < 0 || wh_random_hex(slug, SLUG_HEX, err) < 0)
        return -1;
    create_request_fill(op, service, &r);
    const char *name = wh_node_get_str(op->options, "name", NULL);
    r.service = own;
    r.name = name && name[0]
                 ? name
                 : wh_arena_fmt(a, "%s%c%s%crun%c%.12s", op->p->project, joint, service->name, joint, joint, slug);
    r.slug = slug;
    r.number = 1;
    r.oneoff = true;
    r.auto_remove = wh_node_get_bool(op->options, "rm", false);
    r.use_aliases = wh_node_get_bool(op->options, "use_aliases", false);
    if (!r.name)
        return wh_fail(err, ENOMEM, "run");
    wh_request_progress(op->r, WH_STATUS_WORKING, "Creating", "Container %s", r.name);
    return ctr_create(op->p, &r, ret, err);
}

static void emit(struct run *run, const char *action, int fd)
{
    struct wh_event e = {.kind = WH_EVENT_LIFECYCLE,
                         .action = action,
                         .container_id = run->c->rec.id,
                         .container = run->c->rec.name,
                         .service = run->c->rec.service};
    wh_request_emit_fds(run->op->r, &e, &fd, fd >= 0 ? 1 : 0);
}

static bool keep_master(struct ctr *c, int master_fd, void *data)
{
    struct run *run = data;
    run->master = fcntl(master_fd, F_DUPFD_CLOEXEC, 3);
    return run->master >= 0;
}

static void finish_failed(struct run *run, struct wh_err *take_err)
{
    struct op *op = run->op;
    if (run->c) {
        run->c->on_tty = NULL;
        ctr_unwatch(run->c, &run->watch);
    }
    if (run->c && !run->c->is_removing && run->c->rec.auto_remove && run->c->phase == CTR_IDLE)
        ctr_remove(run->c, true, NULL);
    wh_close(&run->master);
    blame_service(wh_project_service(op->project, op->in.run_service), take_err);
    op_fail(op, take_err);
    op_done(op, op->is_cancelled ? op->cancel_code : 1);
}

/* Attached: the program goes on, and its `run` ends with what the hook failed with. */
static void keep_hook_failure(void *data, const struct wh_err *err)
{
    struct ctr *c = data;
    if (err && !c->hook_failure)
        c->hook_failure = wh_err_text(err);
}

static void end_detached(void *data, const struct wh_err *err)
{
    struct run *run = data;
    if (err) {
        struct wh_err own = {0};
        wh_auto_free char *text = wh_err_text(err);
        wh_fail(&own, WH_E_GENERIC, "%s", text ? text : "out of memory");
        if (err->hint)
            wh_err_hint(&own, "%s", err->hint);
        op_fail(run->op, &own);
    }
    op_done(run->op, err ? 1 : 0);
}

static void run_post_start(struct run *run)
{
    struct ctr *c = run->c;
    const struct wh_hooks *hooks = &c->service->post_start;
    bool runs_hooks = hooks->len && c->phase == CTR_RUNNING;
    if (runs_hooks)
        ctr_run_hooks(c, hooks, NULL, run->is_detached ? end_detached : keep_hook_failure,
                      run->is_detached ? (void *)run : c);
    else if (run->is_detached)
        end_detached(run, NULL);
}

static void hand_over(struct run *run)
{
    struct op *op = run->op;
    struct wh_policy *p = op->p;
    struct ctr *c = run->c;
    bool detached = run->is_detached;
    c->on_tty = NULL;
    ctr_unwatch(c, &run->watch);
    emit(run, "start", run->master);
    wh_close(&run->master);
    policy_run_deferred_firewall(p);
    run_post_start(run);
    if (detached)
        return;
    struct wh_request *r = op_release(op);
    if (c->phase == CTR_IDLE && (!c->rec.auto_remove || c->is_removing))
        wh_request_done(r, c->state.exit_code, NULL);
    else
        wh_session_wait(p->host->sessions, r, c->rec.id, NULL, NULL);
}

/* Given up before it was handed over: nobody would see what it does, or end it. */
static void end_cancelled(struct run *run)
{
    struct wh_err none = {0};
    if (run->c->phase == CTR_IDLE)
        finish_failed(run, &none);
    else if (run->c->phase == CTR_RUNNING && !run->is_killed)
        run->is_killed = ctr_kill(run->c, SIGKILL, NULL) == 0;
}

static void on_change(struct ctr_watch *w, struct ctr *c)
{
    struct run *run = w->data;
    struct wh_err err = {0};
    if (c->phase == CTR_STARTING)
        return;
    if (run->op->is_cancelled) {
        end_cancelled(run);
        return;
    }
    if (c->phase == CTR_IDLE && c->start_failed) {
        wh_err_move(&err, &c->start_err);
        wh_wrap(&err, "container %s", c->rec.name);
        finish_failed(run, &err);
        return;
    }
    hand_over(run);
}

static void give_streams(struct run *run)
{
    struct wh_request *r = run->op->r;
    struct ctr *c = run->c;
    if (c->rec.tty && !run->is_detached) {
        c->on_tty = keep_master;
        c->on_tty_data = run;
        return;
    }
    if (r->n_fds < 3)
        return;
    c->run_stdin_fd = wh_steal_fd(&r->fds[0]);
    c->run_output_fds[0] = wh_steal_fd(&r->fds[1]);
    c->run_output_fds[1] = wh_steal_fd(&r->fds[2]);
}

static void start_oneoff(struct op *op)
{
    struct wh_err err = {0};
    struct run *run = wh_arena_new(&op->r->arena, struct run);
    if (!run) {
        wh_fail(&err, ENOMEM, "run");
        op_fail(op, &err);
        op_done(op, 1);
        return;
    }
    *run = (struct run){.op = op, .master = -1, .is_detached = wh_node_get_bool(op->options, "detach", false)};
    if (create(op, &run->c, &err) < 0) {
        finish_failed(run, &err);
        return;
    }
    emit(run, "create", -1);
    wh_request_progress(op->r, WH_STATUS_DONE, "Created", "Container %s", run->c->rec.name);
    give_streams(run);
    run->watch = (struct ctr_watch){on_change, run};
    if (ctr_start(run->c, &err) < 0) {
        run->c->start_failed = true;
        finish_failed(run, &err);
        return;
    }
    ctr_watch(run->c, &run->watch);
}

void handle_run(struct wh_request *r, void *policy)
{
    op_start_request(r, policy, WH_PLAN_UP, start_oneoff);
}
