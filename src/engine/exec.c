/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Further processes in a running container: starting, output, timeout, end. What becomes of their exit status is the
 * callback's business; requests are in session.c.
 */
#include "engine/session.h"

#include "whale/sys/process.h"
#include "whale/util/cleanup.h"
#include "whale/util/log.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include "engine/keeper.h"
#include "engine/loop.h"
#include "engine/sessions.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wh_exec {
    struct wh_sessions *sessions;
    struct wh_exec *prev, *next;
    char key[WH_KEEPER_KEY_MAX];
    char container_id[WH_KEEPER_KEY_MAX];
    const struct wh_cgroup *cgroup; /* NULL when it may be gone */
    pid_t pid;
    int pidfd;
    int status_fd;
    int tty_fd;
    int out_fd; /* read end of captured output, or -1 */
    struct wh_io status_io, out_io;
    struct wh_timer timer;
    struct wh_str output;
    size_t max_output_bytes;
    bool captured, started, timed_out, over;
    void (*on_started)(void *data, int take_tty_fd);
    void (*on_end)(void *data, const struct wh_exec_result *result);
    void *data;
};

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static void free_exec(void *data)
{
    struct wh_exec *e = data;
    *(e->prev ? &e->prev->next : &e->sessions->execs) = e->next;
    if (e->next)
        e->next->prev = e->prev;
    wh_io_stop(&e->status_io);
    wh_io_stop(&e->out_io);
    wh_timer_stop(&e->timer);
    wh_close(&e->pidfd);
    wh_close(&e->status_fd);
    wh_close(&e->tty_fd);
    wh_close(&e->out_fd);
    wh_str_fini(&e->output);
    free(e);
}

/* Reads what is there; false at the end of output. */
static bool read_output(struct wh_exec *e)
{
    char buf[4096];
    for (;;) {
        ssize_t n = read(e->out_fd, buf, sizeof(buf));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        size_t room = e->max_output_bytes - e->output.len;
        wh_str_addn(&e->output, buf, (size_t)n < room ? (size_t)n : room);
    }
}

static void end_exec(struct wh_exec *e, int exit_code, const struct wh_err *err)
{
    if (e->over)
        return;
    e->over = true;
    wh_io_stop(&e->status_io);
    wh_io_stop(&e->out_io);
    wh_timer_stop(&e->timer);
    if (e->out_fd >= 0)
        read_output(e);
    struct wh_exec_result result = {
        .exit_code = exit_code,
        .timed_out = e->timed_out,
        .output = e->captured ? wh_str_c(&e->output) : NULL,
        .output_len = e->output.len,
        .err = err,
    };
    if (e->on_end)
        e->on_end(e->data, &result);
    wh_loop_defer(e->sessions->loop, free_exec, e);
}

/* ---- start-up reports ------------------------------------------------------------------------------------------- */

static void read_reports(struct wh_exec *e)
{
    while (!e->started && !e->over) {
        wh_auto_err err = {0};
        int tty_fd = -1, exit_code = 125;
        switch (wh_runtime_read_status(e->status_fd, &tty_fd, &exit_code, &err)) {
        case WH_RUNTIME_AGAIN:
            return;
        case WH_RUNTIME_TTY:
            wh_close(&e->tty_fd);
            e->tty_fd = tty_fd;
            break;
        case WH_RUNTIME_STARTED:
            e->started = true;
            wh_io_stop(&e->status_io);
            wh_close(&e->status_fd);
            if (e->on_started)
                e->on_started(e->data, wh_steal_fd(&e->tty_fd));
            break;
        default:
            end_exec(e, exit_code, &err);
        }
    }
}

static void on_status(struct wh_io *io, int events)
{
    read_reports(io->data);
}

static void on_output(struct wh_io *io, int events)
{
    struct wh_exec *e = io->data;
    if (!read_output(e))
        wh_io_stop(io);
}

/* ---- killing ---------------------------------------------------------------------------------------------------- */

static void kill_if_in_session(pid_t pid, pid_t session)
{
    wh_auto_fd pidfd = wh_sys_pidfd_open(pid); /* first, so that the number cannot change its owner afterwards */
    if (pidfd >= 0 && getsid(pid) == session)
        wh_sys_pidfd_signal(pidfd, SIGKILL);
}

/* An exec'ed process leads a session of its own; its children are in it unless they left it on purpose. */
static void kill_session(struct wh_exec *e)
{
    wh_auto_err err = {0};
    struct wh_vec pids = WH_VEC(pid_t);
    if (e->cgroup && wh_cgroup_pids(e->cgroup, &pids, &err) == 0) {
        for (size_t i = 0; i < pids.len; i++)
            kill_if_in_session(wh_vec_at(&pids, pid_t, i), e->pid);
        wh_vec_fini(&pids);
    }
    wh_sys_pidfd_signal(e->pidfd, SIGKILL);
}

void wh_exec_forget(struct wh_exec *e)
{
    e->on_started = NULL;
    e->on_end = NULL;
    if (e->captured)
        kill_session(e);
    e->cgroup = NULL;
}

static void on_timeout(struct wh_timer *t)
{
    struct wh_exec *e = t->data;
    e->timed_out = true;
    kill_session(e);
}

/* ---- starting --------------------------------------------------------------------------------------------------- */

static int make_output_pipe(int ret[2], struct wh_err *err)
{
    if (pipe2(ret, O_CLOEXEC) < 0)
        return wh_fail(err, errno, "pipe");
    if (fcntl(ret[0], F_SETFL, O_NONBLOCK) == 0)
        return 0;
    close(ret[0]);
    close(ret[1]);
    return wh_fail(err, errno, "pipe");
}

static int launch(struct wh_exec *e, const struct wh_exec_call *call, struct wh_err *err)
{
    struct wh_runtime_io io = call->io;
    wh_auto_fd write_end = -1;
    if (e->captured) {
        int out[2];
        if (make_output_pipe(out, err) < 0)
            return -1;
        e->out_fd = out[0];
        write_end = out[1];
        io = (struct wh_runtime_io){.stdin_fd = -1, .stdout_fd = write_end, .stderr_fd = write_end, .gate_fd = -1};
    }
    struct wh_runtime_proc proc;
    if (wh_runtime_exec(call->spec, &io, call->cgroup, WH_RUNTIME_SIBLING | WH_RUNTIME_APART, &proc, err) < 0)
        return -1;
    e->pid = proc.pid;
    e->pidfd = proc.pidfd;
    e->status_fd = proc.status_fd;
    uint64_t cgroup_id = call->cgroup ? wh_cgroup_id(call->cgroup) : 0;
    if (wh_keeper_register(e->sessions->keeper, e->key, proc.pid, proc.pidfd, cgroup_id, err) == 0)
        return 0;
    wh_sys_pidfd_signal(proc.pidfd, SIGKILL);
    return -1;
}

static void watch_exec(struct wh_exec *e, int64_t timeout_ns)
{
    struct wh_loop *l = e->sessions->loop;
    e->status_io = (struct wh_io){.fn = on_status, .data = e};
    e->out_io = (struct wh_io){.fn = on_output, .data = e};
    e->timer = (struct wh_timer){.fn = on_timeout, .data = e};
    wh_io_start(l, &e->status_io, e->status_fd, WH_IO_READ);
    if (e->out_fd >= 0)
        wh_io_start(l, &e->out_io, e->out_fd, WH_IO_READ);
    if (timeout_ns > 0)
        wh_timer_start(l, &e->timer, timeout_ns);
}

int wh_exec_start(struct wh_sessions *s, const struct wh_exec_call *call, struct wh_exec **ret, struct wh_err *err)
{
    struct wh_exec *e = calloc(1, sizeof(*e));
    if (!e)
        return wh_fail(err, ENOMEM, "exec");
    *e = (struct wh_exec){
        .sessions = s,
        .next = s->execs,
        .cgroup = call->cgroup,
        .pidfd = -1,
        .status_fd = -1,
        .tty_fd = -1,
        .out_fd = -1,
        .max_output_bytes = call->max_output_bytes,
        .captured = call->max_output_bytes > 0,
        .on_started = call->on_started,
        .on_end = call->on_end,
        .data = call->data,
    };
    /* Unique also over restarts of the loop: an older exit may still wait in the keeper. */
    snprintf(e->key, sizeof(e->key), "%.64s.%llx", call->container_id, (unsigned long long)wh_now_mono_ns() >> 10);
    snprintf(e->container_id, sizeof(e->container_id), "%s", call->container_id);
    if (s->execs)
        s->execs->prev = e;
    s->execs = e;
    if (launch(e, call, err) < 0) {
        free_exec(e);
        return -1;
    }
    watch_exec(e, call->timeout_ns);
    if (ret)
        *ret = e;
    return 0;
}

/* ---- what the keeper and the container tell --------------------------------------------------------------------- */

bool wh_sessions_take_exit(struct wh_sessions *s, const struct wh_keeper_exit *exit)
{
    if (!strchr(exit->key, '.'))
        return false;
    wh_keeper_ack(s->keeper, exit->seq);
    for (struct wh_exec *e = s->execs; e; e = e->next) {
        if (e->over || !wh_streq(e->key, exit->key))
            continue;
        read_reports(e); /* that it started may be known only now */
        end_exec(e, exit->exit_code, NULL);
        break;
    }
    return true;
}

void wh_sessions_container_gone(struct wh_sessions *s, const char *container_id)
{
    for (struct wh_exec *e = s->execs; e; e = e->next)
        if (wh_streq(e->container_id, container_id))
            e->cgroup = NULL;
}

void wh_sessions_free_execs(struct wh_sessions *s)
{
    while (s->execs)
        free_exec(s->execs);
}
