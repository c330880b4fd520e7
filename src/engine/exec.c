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

#define FIRST_LANE                                                                                                     \
    16 /* of the helper threads: two may be kept waiting by containers, the others are for other work                  \
        */
#define N_LANES 2

/* A start that a helper thread is at. Its descriptors are its own: the container may end meanwhile. */
struct launch {
    struct wh_exec *exec;
    struct wh_exec_spec spec; /* shallow: what it points to is held until release */
    struct wh_cgroup cgroup;
    bool has_cgroup;
    int out_fd; /* write end of the captured output */
    void (*release)(void *holder);
    void *holder;
    int result;
    struct wh_runtime_proc proc; /* the pidfd is there from the clone on */
    struct wh_err err;
};

struct wh_exec {
    struct wh_sessions *sessions;
    struct wh_exec *prev, *next;
    char key[WH_KEEPER_KEY_MAX];
    char container_id[WH_KEEPER_KEY_MAX];
    const struct wh_cgroup *cgroup; /* NULL when it may be gone */
    struct launch *launch;          /* while it is under way */
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
    bool is_unwanted; /* to be killed as soon as it is there */
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
    if (e->launch) {
        int pidfd = __atomic_load_n(&e->launch->proc.pidfd, __ATOMIC_ACQUIRE);
        if (pidfd >= 0)
            wh_sys_pidfd_signal(pidfd, SIGKILL);
        return;
    }
    if (e->cgroup && wh_cgroup_pids(e->cgroup, &pids, &err) == 0) {
        for (size_t i = 0; i < pids.len; i++)
            kill_if_in_session(wh_vec_at(&pids, pid_t, i), e->pid);
        wh_vec_fini(&pids);
    }
    wh_sys_pidfd_signal(e->pidfd, SIGKILL);
}

void wh_exec_kill(struct wh_exec *e, int signo)
{
    if (signo == SIGKILL)
        kill_session(e);
    else
        wh_sys_pidfd_signal(e->pidfd, signo);
}

void wh_exec_forget(struct wh_exec *e)
{
    e->on_started = NULL;
    e->on_end = NULL;
    e->is_unwanted = e->captured;
    if (e->captured)
        kill_session(e);
    e->cgroup = NULL;
}

static void on_timeout(struct wh_timer *t)
{
    struct wh_exec *e = t->data;
    e->timed_out = e->is_unwanted = true;
    kill_session(e);
}

/* ---- starting by the loop's thread ------------------------------------------------------------------------------ */

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

static void watch_status(struct wh_exec *e)
{
    e->status_io = (struct wh_io){.fn = on_status, .data = e};
    wh_io_start(e->sessions->loop, &e->status_io, e->status_fd, WH_IO_READ);
}

/* The process exists. */
static int take_process(struct wh_exec *e, const struct wh_runtime_proc *proc, const struct wh_cgroup *cg,
                        struct wh_err *err)
{
    e->pid = proc->pid;
    e->pidfd = proc->pidfd;
    e->status_fd = proc->status_fd;
    if (wh_keeper_register(e->sessions->keeper, e->key, proc->pid, proc->pidfd, cg ? wh_cgroup_id(cg) : 0, err) < 0) {
        wh_sys_pidfd_signal(proc->pidfd, SIGKILL);
        return -1;
    }
    watch_status(e);
    return 0;
}

static int launch_here(struct wh_exec *e, const struct wh_exec_call *call, const struct wh_runtime_io *io,
                       struct wh_err *err)
{
    struct wh_runtime_proc proc;
    if (wh_runtime_exec(call->spec, io, call->cgroup, WH_RUNTIME_SIBLING, &proc, err) < 0)
        return -1;
    return take_process(e, &proc, call->cgroup, err);
}

/* ---- starting by a helper thread -------------------------------------------------------------------------------- */

static void free_launch(struct launch *l)
{
    if (l->release)
        l->release(l->holder);
    if (l->has_cgroup)
        wh_cgroup_close(&l->cgroup);
    wh_close(&l->spec.container_pidfd);
    wh_close(&l->out_fd);
    wh_err_fini(&l->err);
    free(l);
}

static void run_launch(void *data)
{
    struct launch *l = data;
    struct wh_runtime_io io = {.stdin_fd = -1, .stdout_fd = l->out_fd, .stderr_fd = l->out_fd, .gate_fd = -1};
    l->result = wh_runtime_exec(&l->spec, &io, l->has_cgroup ? &l->cgroup : NULL, WH_RUNTIME_SIBLING | WH_RUNTIME_WAIT,
                                &l->proc, &l->err);
}

static void launch_done(void *data)
{
    struct launch *l = data;
    struct wh_exec *e = l->exec;
    e->launch = NULL;
    if (l->result == 0)
        l->result = take_process(e, &l->proc, l->has_cgroup ? &l->cgroup : NULL, &l->err);
    if (l->result < 0)
        end_exec(e, 125, &l->err);
    else if (e->is_unwanted)
        kill_session(e);
    else
        read_reports(e);
    free_launch(l);
}

static struct launch *new_launch(struct wh_exec *e, const struct wh_exec_call *call, int take_out_fd,
                                 struct wh_err *err)
{
    struct launch *l = calloc(1, sizeof(*l));
    if (!l) {
        wh_close(&take_out_fd);
        wh_fail(err, ENOMEM, "exec");
        return NULL;
    }
    *l = (struct launch){.exec = e, .spec = *call->spec, .out_fd = take_out_fd, .proc = {.pidfd = -1}};
    l->spec.container_pidfd = fcntl(call->spec->container_pidfd, F_DUPFD_CLOEXEC, 0);
    l->has_cgroup = call->cgroup && wh_cgroup_dup(call->cgroup, &l->cgroup, err) == 0;
    if (l->spec.container_pidfd >= 0 && (l->has_cgroup || !call->cgroup))
        return l;
    if (l->spec.container_pidfd < 0)
        wh_fail(err, errno, "the container's process");
    free_launch(l);
    return NULL;
}

static int launch_by_helper(struct wh_exec *e, const struct wh_exec_call *call, int take_out_fd, struct wh_err *err)
{
    static uint32_t turn;
    struct launch *l = new_launch(e, call, take_out_fd, err);
    if (!l)
        return -1;
    if (wh_loop_offload(e->sessions->loop, FIRST_LANE + turn++ % N_LANES, run_launch, launch_done, l) < 0) {
        free_launch(l);
        return wh_fail(err, ENOMEM, "exec");
    }
    l->release = call->release;
    l->holder = call->holder;
    e->launch = l;
    return 0;
}

/* ---- starting --------------------------------------------------------------------------------------------------- */

static int launch(struct wh_exec *e, const struct wh_exec_call *call, struct wh_err *err)
{
    if (!e->captured)
        return launch_here(e, call, &call->io, err);
    int out[2];
    if (make_output_pipe(out, err) < 0)
        return -1;
    e->out_fd = out[0];
    wh_auto_fd write_end = out[1];
    e->out_io = (struct wh_io){.fn = on_output, .data = e};
    wh_io_start(e->sessions->loop, &e->out_io, e->out_fd, WH_IO_READ);
    if (call->release)
        return launch_by_helper(e, call, wh_steal_fd(&write_end), err);
    struct wh_runtime_io io = {.stdin_fd = -1, .stdout_fd = write_end, .stderr_fd = write_end, .gate_fd = -1};
    return launch_here(e, call, &io, err);
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
    e->timer = (struct wh_timer){.fn = on_timeout, .data = e};
    if (call->timeout_ns > 0)
        wh_timer_start(s->loop, &e->timer, call->timeout_ns);
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
