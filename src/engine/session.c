/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests around one running container: exec, attach, waiting for its end. */
#include "engine/session.h"

#include "whale/logs.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"
#include "whale/util/str.h"

#include "engine/keeper.h"
#include "engine/sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct wh_waiter {
    struct wh_sessions *sessions;
    struct wh_waiter *prev, *next;
    struct wh_request *request;
    char *container_id;
    void (*gone)(void *data);
    void *data;
};

int wh_sessions_new(struct wh_loop *l, struct wh_keeper *k, struct wh_capture *c, struct wh_sessions **ret,
                    struct wh_err *err)
{
    struct wh_sessions *s = calloc(1, sizeof(*s));
    if (!s)
        return wh_fail(err, ENOMEM, "sessions");
    *s = (struct wh_sessions){.loop = l, .keeper = k, .capture = c};
    *ret = s;
    return 0;
}

static void free_waiter(struct wh_waiter *w)
{
    *(w->prev ? &w->prev->next : &w->sessions->waiters) = w->next;
    if (w->next)
        w->next->prev = w->prev;
    free(w->container_id);
    free(w);
}

void wh_sessions_free(struct wh_sessions *s)
{
    if (!s)
        return;
    while (s->waiters)
        free_waiter(s->waiters);
    wh_sessions_free_execs(s);
    free(s);
}

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

static void on_wait_cancelled(struct wh_request *r)
{
    struct wh_waiter *w = r->data;
    void (*gone)(void *) = w->gone;
    void *data = w->data;
    free_waiter(w);
    wh_request_done(r, 130, NULL);
    if (gone)
        gone(data);
}

void wh_session_wait(struct wh_sessions *s, struct wh_request *r, const char *container_id, void (*gone)(void *data),
                     void *data)
{
    struct wh_waiter *w = calloc(1, sizeof(*w));
    char *id = strdup(container_id);
    if (!w || !id) {
        struct wh_err err = {0};
        free(w);
        free(id);
        wh_fail(&err, ENOMEM, "wait for container");
        wh_request_done(r, 1, &err);
        return;
    }
    *w = (struct wh_waiter){
        .sessions = s, .next = s->waiters, .request = r, .container_id = id, .gone = gone, .data = data};
    if (s->waiters)
        s->waiters->prev = w;
    s->waiters = w;
    r->data = w;
    r->on_cancel = on_wait_cancelled;
}

void wh_sessions_ended(struct wh_sessions *s, const char *container_id, int exit_code, const char *failure)
{
    wh_sessions_container_gone(s, container_id);
    for (struct wh_waiter *w = s->waiters, *next; w; w = next) {
        next = w->next;
        if (!wh_streq(w->container_id, container_id))
            continue;
        struct wh_request *r = w->request;
        struct wh_err err = {0};
        free_waiter(w);
        if (failure)
            wh_fail(&err, WH_E_GENERIC, "%s", failure);
        wh_request_done(r, failure ? 1 : exit_code, &err);
    }
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static struct wh_event lifecycle(const struct wh_session_target *t, const char *action)
{
    return (struct wh_event){
        .kind = WH_EVENT_LIFECYCLE,
        .action = action,
        .container_id = t->id,
        .container = t->name,
        .service = t->service,
        .attributes = t->attributes,
    };
}

/* ---- attach ----------------------------------------------------------------------------------------------------- */

void wh_session_attach(struct wh_sessions *s, struct wh_request *r, const struct wh_session_target *t)
{
    struct wh_err err = {0};
    int out = r->n_fds > 0 ? wh_steal_fd(&r->fds[0]) : -1;
    int errors = r->n_fds > 1 ? wh_steal_fd(&r->fds[1]) : -1;
    if (wh_capture_attach(s->capture, t->id, out, errors, &err) < 0) {
        wh_wrap(&err, "attach to %s", t->name);
        wh_request_done(r, 1, &err);
        return;
    }
    struct wh_event e = lifecycle(t, "attach");
    wh_request_emit_fds(r, &e, &t->stdin_fd, t->stdin_fd >= 0);
    if (!t->oneoff)
        wh_server_broadcast(r->server, &e);
    wh_session_wait(s, r, t->id, NULL, NULL);
}

/* ---- exec ------------------------------------------------------------------------------------------------------- */

/* One exec request; lives until both the process has ended and the request is done. */
struct exec_request {
    struct wh_server *server;
    struct wh_request *request; /* NULL once done */
    struct wh_arena arena;      /* copies of the target's texts */
    struct wh_session_target target;
    const char *command; /* NULL once it has ended */
    char id[65];
    bool detach;
};

static void announce(struct exec_request *x, const char *action, int exit_code)
{
    wh_auto_free char *full = x->command ? wh_fmt("%s: %s", action, x->command) : NULL;
    wh_auto_arena a = {0};
    char code[16];
    struct wh_event e = lifecycle(&x->target, full ? full : action);
    struct wh_node *attributes = x->target.attributes ? wh_node_copy(&a, x->target.attributes) : wh_node_map(&a, NULL);
    if (x->target.oneoff)
        return;
    wh_node_put_str(&a, attributes, "execID", x->id);
    snprintf(code, sizeof(code), "%d", exit_code);
    if (!x->command)
        wh_node_put_str(&a, attributes, "exitCode", code);
    e.attributes = attributes;
    e.exit_code = exit_code;
    wh_server_broadcast(x->server, &e);
}

static void on_exec_started(void *data, int take_tty_fd)
{
    struct exec_request *x = data;
    wh_auto_fd tty = take_tty_fd;
    announce(x, "exec_start", 0);
    if (!x->request)
        return;
    struct wh_event e = lifecycle(&x->target, "exec_start");
    wh_request_emit_fds(x->request, &e, &tty, tty >= 0);
    if (x->detach) {
        wh_request_done(x->request, 0, NULL);
        x->request = NULL;
    }
}

static void free_exec_request(struct exec_request *x)
{
    wh_arena_fini(&x->arena);
    free(x);
}

static void on_exec_end(void *data, const struct wh_exec_result *result)
{
    struct exec_request *x = data;
    if (!result->err) {
        x->command = NULL;
        announce(x, "exec_die", result->exit_code);
    }
    if (x->request) {
        struct wh_err err = {0};
        if (result->err) {
            wh_auto_free char *text = wh_err_text(result->err);
            wh_fail(&err, WH_E_GENERIC, "%s", text ? text : "exec failed");
        }
        wh_request_done(x->request, result->exit_code, &err);
    }
    free_exec_request(x);
}

/* The client has left: the program goes on (as with docker), nobody hears of its end. */
static void on_exec_cancelled(struct wh_request *r)
{
    struct exec_request *x = r->data;
    x->request = NULL;
    wh_request_done(r, 130, NULL);
}

static const char *join_command(struct wh_arena *a, const struct wh_exec_spec *spec)
{
    wh_auto_str text = {0};
    for (size_t i = 0; spec->process.argv && spec->process.argv[i]; i++) {
        if (i)
            wh_str_addc(&text, ' ');
        wh_str_add(&text, spec->process.argv[i]);
    }
    return wh_arena_strdup(a, wh_str_c(&text));
}

static struct exec_request *new_exec_request(struct wh_request *r, const struct wh_session_target *t,
                                             const struct wh_exec_spec *spec)
{
    struct exec_request *x = calloc(1, sizeof(*x));
    if (!x)
        return NULL;
    struct wh_arena *a = &x->arena;
    x->server = r->server;
    x->request = r;
    x->detach = wh_node_get_bool(r->params, "detach", false);
    x->target = *t;
    x->target.id = wh_arena_strdup(a, t->id);
    x->target.name = wh_arena_strdup(a, t->name);
    x->target.service = t->service ? wh_arena_strdup(a, t->service) : NULL;
    x->target.attributes = t->attributes ? wh_node_copy(a, t->attributes) : NULL;
    x->command = join_command(a, spec);
    if (!a->failed && wh_random_hex(x->id, sizeof(x->id) - 1, NULL) == 0)
        return x;
    free_exec_request(x);
    return NULL;
}

void wh_session_exec(struct wh_sessions *s, struct wh_request *r, const struct wh_session_target *t,
                     const struct wh_exec_spec *spec)
{
    struct wh_err err = {0};
    struct exec_request *x = new_exec_request(r, t, spec);
    if (!x) {
        wh_fail(&err, ENOMEM, "exec");
        wh_request_done(r, 1, &err);
        return;
    }
    struct wh_exec_call call = {
        .container_id = t->id,
        .spec = spec,
        .cgroup = t->cgroup,
        .io = WH_RUNTIME_IO_NULL,
        .on_started = on_exec_started,
        .on_end = on_exec_end,
        .data = x,
    };
    int *const targets[] = {&call.io.stdin_fd, &call.io.stdout_fd, &call.io.stderr_fd};
    for (size_t i = 0; i < r->n_fds && i < WH_ARRAY_LEN(targets); i++)
        *targets[i] = r->fds[i];
    announce(x, "exec_create", 0);
    if (wh_exec_start(s, &call, NULL, &err) < 0) {
        free_exec_request(x);
        wh_request_done(r, 126, &err);
        return;
    }
    /* The program has its own copies now: ours would keep its pipes open after its end. */
    for (size_t i = 0; i < r->n_fds; i++)
        wh_close(&r->fds[i]);
    r->data = x;
    r->on_cancel = on_exec_cancelled;
}
