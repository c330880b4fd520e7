/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections, requests and subscriptions of the control socket. A connection carries one request at a time; it is
 * freed when it is closed and its request is done, whichever comes last.
 */
#include "engine/server.h"

#include "whale/state.h"
#include "whale/util/cleanup.h"
#include "whale/util/log.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include "engine/event_log.h"
#include "engine/loop.h"
#include "engine/wire.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LOCK_RETRY_NS (20 * WH_NS_PER_MS)
#define TRIM_DELAY_NS WH_NS_PER_S

enum subscription { SUB_NONE, SUB_EVENTS, SUB_EXITS };

struct wh_conn {
    struct wh_server *server;
    struct wh_conn *prev, *next;
    struct wh_wire wire;
    struct wh_io io;
    struct wh_request *request;
    enum subscription subscription;
    pid_t peer_pid;
    uid_t peer_uid;
    bool closed;
    bool close_handled; /* after_close has run: whoever ends the request frees the connection */
};

struct wh_server {
    struct wh_loop *loop;
    int listen_fd;
    char *project;
    const struct wh_op *ops;
    void *engine;
    struct wh_io io;
    struct wh_timer idle_timer, trim_timer;
    struct wh_conn *conns;
    size_t n_open; /* not closed by the peer */
    bool (*may_exit)(void *engine);
    bool stopping;
    int project_lock; /* held from the decision to end */
    struct wh_event_log past;
};

/* ---- events out ------------------------------------------------------------------------------------------------- */

static void close_conn(struct wh_conn *c);
static void watch(struct wh_conn *c);

static void send_node(struct wh_conn *c, struct wh_arena *a, struct wh_node *n, const int *fds, size_t n_fds)
{
    wh_auto_err err = {0};
    if (n_fds)
        wh_node_put_int(a, n, WH_WIRE_FDS_KEY, (int64_t)n_fds);
    int r = a->failed ? -1 : wh_wire_send(&c->wire, n, fds, n_fds, &err);
    if (r < 0)
        close_conn(c);
    else
        watch(c);
}

static void send_event(struct wh_conn *c, const struct wh_event *e, const int *fds, size_t n_fds)
{
    if (c->closed)
        return;
    wh_auto_arena a = {0};
    struct wh_event stamped = *e;
    if (!stamped.time_ns)
        stamped.time_ns = wh_now_real_ns();
    struct wh_node *n = wh_event_to_node(&a, &stamped);
    if (n)
        send_node(c, &a, n, fds, n_fds);
}

void wh_request_emit(struct wh_request *r, const struct wh_event *e)
{
    send_event(r->conn_, e, NULL, 0);
}

void wh_request_emit_fds(struct wh_request *r, const struct wh_event *e, const int *fds, size_t n_fds)
{
    send_event(r->conn_, e, fds, n_fds);
}

void wh_request_progress(struct wh_request *r, enum wh_event_status status, const char *text, const char *id_fmt, ...)
{
    if (r->conn_->closed)
        return;
    va_list ap;
    va_start(ap, id_fmt);
    wh_auto_str id = {0};
    wh_str_vfmt(&id, id_fmt, ap);
    va_end(ap);
    struct wh_event e = {.kind = WH_EVENT_PROGRESS, .status = status, .id = wh_str_c(&id), .text = text};
    wh_request_emit(r, &e);
}

void wh_request_warn(struct wh_request *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    wh_auto_str text = {0};
    wh_str_vfmt(&text, fmt, ap);
    va_end(ap);
    struct wh_event e = {.kind = WH_EVENT_WARNING, .status = WH_STATUS_WARNING, .text = wh_str_c(&text)};
    wh_request_emit(r, &e);
}

static bool wants_service(const struct wh_request *r, const char *service)
{
    const struct wh_node *names = wh_node_get(r->params, "services");
    if (!names || names->kind != WH_NODE_SEQ || !service)
        return true;
    for (size_t i = 0; i < names->seq.len; i++)
        if (wh_streq(names->seq.items[i]->text, service))
            return true;
    return false;
}

void wh_server_broadcast(struct wh_server *s, const struct wh_event *e)
{
    enum subscription wanted = e->kind == WH_EVENT_LOG_EXIT ? SUB_EXITS : SUB_EVENTS;
    struct wh_event stamped = *e;
    stamped.time_ns = wh_now_real_ns();
    if (wanted == SUB_EVENTS)
        wh_event_log_add(&s->past, &stamped);
    for (struct wh_conn *c = s->conns, *next; c; c = next) {
        next = c->next;
        if (c->subscription == wanted && c->request && wants_service(c->request, e->service))
            send_event(c, &stamped, NULL, 0);
    }
}

/* ---- the end of a request --------------------------------------------------------------------------------------- */

static void free_request(struct wh_request *r)
{
    for (size_t i = 0; i < r->n_fds; i++)
        wh_close(&r->fds[i]);
    wh_arena_fini(&r->arena);
    free(r);
}

static void free_conn(void *data)
{
    struct wh_conn *c = data;
    struct wh_server *s = c->server;
    *(c->prev ? &c->prev->next : &s->conns) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    wh_io_stop(&c->io);
    wh_wire_fini(&c->wire);
    free(c);
}

static void serve_buffered(void *data);

void wh_request_done(struct wh_request *r, int exit_code, struct wh_err *take_err)
{
    struct wh_conn *c = r->conn_;
    bool failed = take_err && take_err->depth > 0;
    if (failed && take_err->code == EMFILE)
        wh_err_hint(take_err, "the hard limit of open files (ulimit -Hn) is too low for that many containers");
    wh_auto_free char *text = failed ? wh_err_text(take_err) : NULL;
    struct wh_event e = {
        .kind = WH_EVENT_DONE,
        .status = failed ? WH_STATUS_ERROR : WH_STATUS_DONE,
        .text = text,
        .exit_code = failed && !exit_code ? 1 : exit_code,
    };
    if (failed) {
        e.hint = take_err->hint;
        e.value = take_err->value;
    }
    wh_request_emit(r, &e);
    if (take_err)
        wh_err_fini(take_err);
    c->request = NULL;
    c->subscription = SUB_NONE;
    free_request(r);
    struct wh_server *s = c->server;
    wh_timer_start(s->loop, &s->trim_timer, TRIM_DELAY_NS);
    if (!c->closed)
        wh_loop_defer(s->loop, serve_buffered, c);
    else if (c->close_handled)
        wh_loop_defer(s->loop, free_conn, c);
}

/* ---- the end of a connection ------------------------------------------------------------------------------------ */

static void tell_cancelled(struct wh_request *r)
{
    if (r->cancelled)
        return;
    r->cancelled = true;
    if (r->on_cancel)
        r->on_cancel(r);
}

/* The peer is gone: subscriptions end here, other requests are told and end by their handler's done. Deferred, because
 * the handler may be the one whose event could not be sent. */
static void after_close(void *data)
{
    struct wh_conn *c = data;
    c->close_handled = true;
    if (c->request && c->subscription != SUB_NONE)
        wh_request_done(c->request, 0, NULL);
    else if (c->request)
        tell_cancelled(c->request);
    else
        free_conn(c);
}

static void close_conn(struct wh_conn *c)
{
    if (c->closed)
        return;
    c->closed = true;
    c->server->n_open--;
    wh_io_stop(&c->io);
    if (c->request)
        c->request->gone = true;
    wh_loop_defer(c->server->loop, after_close, c);
}

/* ---- messages in ------------------------------------------------------------------------------------------------ */

static void op_info(struct wh_request *r, void *engine)
{
    wh_auto_free char *details = wh_fmt("%d protocol %d", getpid(), WH_ENGINE_PROTOCOL);
    struct wh_event e = {.kind = WH_EVENT_PROGRESS, .status = WH_STATUS_DONE, .id = "Supervisor", .details = details};
    wh_request_emit(r, &e);
    wh_request_done(r, 0, NULL);
}

/* The first answer says that nothing is missed from now on. */
static void subscribe(struct wh_request *r, enum subscription kind)
{
    r->conn_->subscription = kind;
    struct wh_event e = {.kind = WH_EVENT_PROGRESS, .status = WH_STATUS_DONE, .id = "Supervisor", .text = "Subscribed"};
    wh_request_emit(r, &e);
}

static void op_events(struct wh_request *r, void *engine)
{
    subscribe(r, SUB_EVENTS);
}

static void op_watch_exits(struct wh_request *r, void *engine)
{
    subscribe(r, SUB_EXITS);
}

static const struct wh_op own_ops[] = {
    {"info", op_info},
    {"events", op_events},
    {"watch_exits", op_watch_exits},
    {NULL, NULL},
};

static const struct wh_op *find_op(const struct wh_op *ops, const char *name)
{
    for (; ops && ops->name; ops++)
        if (wh_streq(ops->name, name))
            return ops;
    return NULL;
}

static void dispatch(struct wh_server *s, struct wh_request *r)
{
    wh_auto_err err = {0};
    const struct wh_op *op = find_op(own_ops, r->op);
    if (!op)
        op = find_op(s->ops, r->op);
    int64_t version = wh_node_get_int(r->params, "v", 0);
    if (version != WH_ENGINE_PROTOCOL) {
        wh_fail(&err, WH_E_PROTOCOL, "request of protocol version %lld, this supervisor speaks %d", (long long)version,
                WH_ENGINE_PROTOCOL);
        wh_err_hint(&err, "the supervisor is older or newer than this command: take the project down and up again");
        wh_request_done(r, 1, &err);
    } else if (!op) {
        wh_fail(&err, WH_E_PROTOCOL, "unknown operation \"%s\"", r->op);
        wh_request_done(r, 1, &err);
    } else {
        op->fn(r, s->engine);
    }
}

/* True when the message was the cancelling of the present request. */
static bool take_cancel(struct wh_conn *c)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    struct wh_node *n;
    int fds[WH_ENGINE_MAX_FDS];
    size_t n_fds = 0;
    if (wh_wire_next(&c->wire, &a, &n, fds, &n_fds, &err) != 0)
        return false;
    for (size_t i = 0; i < n_fds; i++)
        close(fds[i]);
    if (!wh_streq(wh_node_get_str(n, "op", ""), "cancel"))
        return false;
    tell_cancelled(c->request);
    return true;
}

static int new_request(struct wh_conn *c, struct wh_err *err)
{
    struct wh_request *r = calloc(1, sizeof(*r));
    if (!r)
        return wh_fail(err, ENOMEM, "request");
    *r = (struct wh_request){
        .server = c->server, .peer_pid = c->peer_pid, .peer_uid = c->peer_uid, .conn_ = c, .n_fds = 0};
    struct wh_node *n;
    int got = wh_wire_next(&c->wire, &r->arena, &n, r->fds, &r->n_fds, err);
    if (got) {
        free_request(r);
        return got;
    }
    r->params = n;
    r->op = wh_node_get_str(n, "op", "");
    if (wh_streq(r->op, "cancel")) { /* of a request that has ended meanwhile */
        free_request(r);
        return 0;
    }
    c->request = r;
    dispatch(c->server, r);
    return 0;
}

static void serve_buffered(void *data)
{
    struct wh_conn *c = data;
    while (!c->closed && wh_wire_has_frame(&c->wire)) {
        wh_auto_err err = {0};
        bool bad = c->request ? !take_cancel(c) : new_request(c, &err) < 0;
        if (!bad)
            continue;
        wh_log_warn("a client broke the protocol");
        close_conn(c);
    }
}

static void on_conn(struct wh_io *io, int events)
{
    struct wh_conn *c = io->data;
    wh_auto_err err = {0};
    if (events & WH_IO_WRITE) {
        if (wh_wire_flush(&c->wire, &err) < 0) {
            close_conn(c);
            return;
        }
        watch(c);
    }
    if (!(events & WH_IO_READ))
        return;
    int r = wh_wire_read(&c->wire, &err);
    if (r == WH_WIRE_CLOSED || r < 0)
        close_conn(c);
    else if (r == 0)
        serve_buffered(c);
}

static void watch(struct wh_conn *c)
{
    int events = WH_IO_READ | (c->wire.out ? WH_IO_WRITE : 0);
    if (!c->closed)
        wh_io_start(c->server->loop, &c->io, c->wire.fd, events);
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

static bool peer_is_allowed(int fd, struct ucred *ret)
{
    socklen_t size = sizeof(*ret);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &size) < 0)
        return false;
    return ret->uid == 0 || ret->uid == geteuid();
}

static void add_conn(struct wh_server *s, int take_fd)
{
    struct ucred peer;
    struct wh_conn *c = peer_is_allowed(take_fd, &peer) ? calloc(1, sizeof(*c)) : NULL;
    if (!c) {
        close(take_fd);
        return;
    }
    *c = (struct wh_conn){.server = s, .next = s->conns, .peer_pid = peer.pid, .peer_uid = peer.uid};
    if (s->conns)
        s->conns->prev = c;
    s->conns = c;
    s->n_open++;
    wh_wire_init(&c->wire, take_fd);
    c->io = (struct wh_io){.fn = on_conn, .data = c};
    watch(c);
}

static bool accept_one(struct wh_server *s)
{
    int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return false;
    add_conn(s, fd);
    return true;
}

static void on_listen(struct wh_io *io, int events)
{
    struct wh_server *s = io->data;
    while (accept_one(s))
        ;
}

/* ---- idle ------------------------------------------------------------------------------------------------------- */

static void remove_socket(const struct wh_server *s)
{
    wh_auto_free char *dir = wh_state_project_run_dir(s->project);
    wh_auto_free char *path = dir ? wh_fmt("%s/socket", dir) : NULL;
    if (path)
        unlink(path);
}

static bool is_idle(const struct wh_server *s)
{
    return !s->stopping && s->may_exit && s->n_open == 0 && !s->conns && !wh_loop_is_working(s->loop) &&
           s->may_exit(s->engine);
}

static void on_idle_timer(struct wh_timer *t)
{
    struct wh_server *s = t->data;
    if (!is_idle(s))
        return;
    wh_auto_err err = {0};
    int lock = -1;
    int r = wh_state_lock_project(s->project, false, &lock, &err);
    if (r == WH_LOCK_BUSY) { /* perhaps a client that connects just now */
        wh_timer_start(s->loop, t, LOCK_RETRY_NS);
        return;
    }
    if (r < 0)
        wh_log_warn("the project lock cannot be taken: ending without it");
    if (accept_one(s)) {
        wh_close(&lock);
        return;
    }
    remove_socket(s);
    s->stopping = true;
    s->project_lock = lock;
    wh_loop_stop(s->loop);
}

static void look_for_end(void *data)
{
    struct wh_server *s = data;
    if (is_idle(s) && !wh_timer_is_active(&s->idle_timer))
        wh_timer_start(s->loop, &s->idle_timer, 0);
}

void wh_server_set_idle(struct wh_server *s, bool (*may_exit)(void *engine))
{
    s->may_exit = may_exit;
    wh_loop_each_turn(s->loop, look_for_end, s);
}

int wh_server_take_lock(struct wh_server *s)
{
    return wh_steal_fd(&s->project_lock);
}

/* A request may have needed megabytes for its project; an idle supervisor gives them back. */
static void on_trim_timer(struct wh_timer *t)
{
    malloc_trim(0);
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

int wh_server_new(struct wh_loop *l, int listen_fd, const char *project, const struct wh_op *ops, void *engine,
                  struct wh_server **ret, struct wh_err *err)
{
    struct wh_server *s = calloc(1, sizeof(*s));
    char *name = strdup(project);
    if (!s || !name) {
        free(s);
        free(name);
        return wh_fail(err, ENOMEM, "control server");
    }
    *s = (struct wh_server){
        .loop = l, .listen_fd = listen_fd, .project = name, .ops = ops, .engine = engine, .project_lock = -1};
    s->past = (struct wh_event_log){.loop = l, .project = name};
    s->idle_timer = (struct wh_timer){.fn = on_idle_timer, .data = s};
    s->trim_timer = (struct wh_timer){.fn = on_trim_timer, .data = s};
    s->io = (struct wh_io){.fn = on_listen, .data = s};
    wh_io_start(l, &s->io, listen_fd, WH_IO_READ);
    *ret = s;
    return 0;
}

void wh_server_free(struct wh_server *s)
{
    if (!s)
        return;
    wh_loop_each_turn(s->loop, NULL, NULL);
    wh_io_stop(&s->io);
    wh_timer_stop(&s->idle_timer);
    wh_timer_stop(&s->trim_timer);
    while (s->conns) {
        if (s->conns->request)
            free_request(s->conns->request);
        free_conn(s->conns);
    }
    wh_event_log_flush(&s->past);
    wh_close(&s->project_lock);
    free(s->project);
    free(s);
}
