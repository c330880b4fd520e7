/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens in or around a running container on behalf of a client: exec, attach, waiting for its end; and the
 * running of one health probe. Which container, and the translation into an exec spec, is the caller's.
 */
#ifndef WHALE_ENGINE_SESSION_H
#define WHALE_ENGINE_SESSION_H

#include "whale/runtime.h"
#include "whale/util/err.h"

#include "engine/server.h"

#include <stdbool.h>
#include <stdint.h>

struct wh_loop;
struct wh_keeper;
struct wh_capture;
struct wh_sessions;

int wh_sessions_new(struct wh_loop *l, struct wh_keeper *k, struct wh_capture *c, struct wh_sessions **ret,
                    struct wh_err *err);
void wh_sessions_free(struct wh_sessions *s);

/* To be called from the keeper's exit callback first: true when the exit was one of a session's process (it is then
 * acknowledged already). Keys of sessions are "<container id>.<number>". */
struct wh_keeper_exit;
bool wh_sessions_take_exit(struct wh_sessions *s, const struct wh_keeper_exit *exit);

/* ---- a process in a container ---------------------------------------------------------------------------------- */

struct wh_exec_result {
    int exit_code;      /* 125..127 with err when it could not start */
    bool timed_out;     /* timeout_ns passed: it and its session were killed */
    const char *output; /* of a captured one: at most max_output_bytes, NUL-terminated; else NULL */
    size_t output_len;
    const struct wh_err *err; /* could not start; NULL otherwise */
};

struct wh_exec_call {
    const char *container_id;
    const struct wh_exec_spec *spec; /* borrowed during the call */
    const struct wh_cgroup *cgroup;  /* borrowed until on_end */
    struct wh_runtime_io io;         /* borrowed during the call; ignored with captured output */
    size_t max_output_bytes;         /* > 0: stdout and stderr are captured, stdin is /dev/null */
    int64_t timeout_ns;              /* 0 = none */
    /* The program runs; take_tty_fd is the terminal's master or -1. May be NULL. */
    void (*on_started)(void *data, int take_tty_fd);
    /* Once, also when it could not start; never from inside wh_exec_start. */
    void (*on_end)(void *data, const struct wh_exec_result *result);
    void *data;
};

struct wh_exec;
/* Hooks, health probes and exec. -1: nothing was started and on_end is not called. */
int wh_exec_start(struct wh_sessions *s, const struct wh_exec_call *call, struct wh_exec **ret, struct wh_err *err);
void wh_exec_forget(struct wh_exec *e); /* no callback any more; a captured one is killed */

/* ---- requests --------------------------------------------------------------------------------------------------- */

/* How a session names its container in events. Borrowed during the calls. */
struct wh_session_target {
    const char *id, *name, *service;
    const struct wh_node *attributes; /* for LIFECYCLE events: image, name, labels; or NULL */
    const struct wh_cgroup *cgroup;
    int stdin_fd; /* borrowed: write end of its stdin or its pty master, -1 = none */
    bool tty, oneoff;
};

/* Serves op `exec` to its end: exec_create, exec_start (with the master when spec->process.tty), exec_die, done. With
 * detach in the params done comes as soon as the program runs. */
void wh_session_exec(struct wh_sessions *s, struct wh_request *r, const struct wh_session_target *t,
                     const struct wh_exec_spec *spec);
/* Serves op `attach`: output to the request's fds, the event with stdin, then as wh_session_wait. */
void wh_session_attach(struct wh_sessions *s, struct wh_request *r, const struct wh_session_target *t);
/* done with the container's exit code once wh_sessions_ended says so (`wait`, attached `run`). on_cancel is taken. A
 * client that goes away just stops waiting: gone (may be NULL) is told so. */
void wh_session_wait(struct wh_sessions *s, struct wh_request *r, const char *container_id, void (*gone)(void *data),
                     void *data);
/* The container's end is stored and its log complete: finishes everybody who waits for it. */
void wh_sessions_ended(struct wh_sessions *s, const char *container_id, int exit_code, const char *failure);

#endif
