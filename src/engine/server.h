/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket's server side: frames in, requests out to the handlers, events back. It knows nothing of what the
 * operations do. Protocol: whale/engine.h.
 */
#ifndef WHALE_ENGINE_SERVER_H
#define WHALE_ENGINE_SERVER_H

#include "whale/codec/node.h"
#include "whale/engine.h"
#include "whale/event.h"
#include "whale/util/arena.h"
#include "whale/util/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct wh_loop;
struct wh_server;

/* One request of one client, alive from its handler's call until wh_request_done returns. */
struct wh_request {
    struct wh_server *server;
    const char *op;
    const struct wh_node *params; /* the whole message */
    struct wh_arena arena;        /* holds params; handlers may allocate what lives as long as the request */
    int fds[WH_ENGINE_MAX_FDS];   /* what came with it; closed by done unless taken (wh_steal_fd) */
    size_t n_fds;
    pid_t peer_pid;
    uid_t peer_uid;
    bool cancelled; /* {"op":"cancel"} came, or the client went away: events go nowhere, done is still due */
    bool gone;      /* the client went away */
    /* Set by the handler when it wants to hear of it; called at most once, never from inside the handler. */
    void (*on_cancel)(struct wh_request *r);
    void *data; /* the handler's */
    struct wh_conn *conn_;
};

/* Must end in exactly one wh_request_done, now or later. */
typedef void (*wh_op_fn)(struct wh_request *r, void *engine);

struct wh_op {
    const char *name;
    wh_op_fn fn;
};

/* listen_fd is borrowed; ops is a static table that ends with name == NULL. "info", "events" and "watch_exits" are
 * answered by the server itself. */
int wh_server_new(struct wh_loop *l, int listen_fd, const char *project, const struct wh_op *ops, void *engine,
                  struct wh_server **ret, struct wh_err *err);
void wh_server_free(struct wh_server *s);

/* time_ns is set when 0. All silently do nothing when the client is gone. */
void wh_request_emit(struct wh_request *r, const struct wh_event *e);
void wh_request_emit_fds(struct wh_request *r, const struct wh_event *e, const int *fds, size_t n_fds); /* borrowed */
/* PROGRESS: wh_request_progress(r, WH_STATUS_DONE, "Created", "Container %s", name) */
void wh_request_progress(struct wh_request *r, enum wh_event_status status, const char *text, const char *id_fmt, ...)
    __attribute__((format(printf, 4, 5)));
void wh_request_warn(struct wh_request *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Last event. err (may be NULL or empty) becomes text, hint and mark and is released; exit_code 0 with an error
 * becomes 1. Frees r. */
void wh_request_done(struct wh_request *r, int exit_code, struct wh_err *take_err);

/* LIFECYCLE to every `events` subscriber, LOG_EXIT to the `watch_exits` ones that named the service (or none). */
void wh_server_broadcast(struct wh_server *s, const struct wh_event *e);

/*
 * Idle exit. may_exit says whether the engine has nothing that needs a supervisor; while nobody is connected it is
 * asked at the end of every turn of the loop, so that no change of the answer can be missed (a client that was killed
 * before it connected, the last of a cgroup, of a recovery, of work on a helper thread). When it says yes, the project
 * lock is taken, waiting connections are looked for once more, the socket is unlinked and the loop stopped: a client
 * that connects under the lock (wh_client_open does) is served by this supervisor or finds none.
 */
void wh_server_set_idle(struct wh_server *s, bool (*may_exit)(void *engine));
/* After the loop has been stopped so: the project lock, now the caller's, to be held until nothing is left; or -1. */
int wh_server_take_lock(struct wh_server *s);

#endif
