/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One poll loop per relayed process: control connection, signals, our input, its outputs. */
#include "cli/stream.h"

#include "cli/signals.h"
#include "cli/terminal.h"

#include "whale/util/file.h"
#include "whale/util/time.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/pidfd.h>

#define BUFFER_BYTES ((size_t)64 << 10)
#define MAX_KEYS     8
/* After a passed-on signal that ends us: what the process says to it is still shown. */
#define SIGNAL_GRACE_NS (WH_NS_PER_S)
#define GRACE_TICK_MS   50
#define OUTPUT_GRACE_MS 2000 /* of dockerd for an exec process, as measured */

struct relay {
    struct wh_cli *cli;
    const struct wh_cli_stream_options *o;
    struct wh_progress *progress; /* until output may come */
    const char *project;
    const struct wh_cli_request *request;
    struct wh_client *client;
    struct wh_cli_signals signals;
    struct wh_cli_terminal terminal;
    char container_id[65];
    int to_input;     /* write end of its input, or the master; -1 = closed */
    int outputs[2];   /* read ends of its stdout and stderr, or the master; -1 = ended */
    int master;       /* -1 without a terminal */
    bool input_ended; /* ours */
    char pending[BUFFER_BYTES];
    size_t pending_len;
    unsigned char keys[MAX_KEYS];
    size_t n_keys, keys_seen;
    bool detached, cancelled, started;
    int ended_by;         /* the signal that cancelled it, 0 = none */
    int64_t grace_end_ns; /* attach that was cancelled by a signal */
    int failure_code;     /* of a process that could not be started */
};

static const int forwarded_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};

/* ---- detach keys ----------------------------------------------------------------------------------------------- */

static int parse_key(const char *text, size_t len)
{
    if (len == 1)
        return (unsigned char)text[0];
    if (len != 6 || strncasecmp(text, "ctrl-", 5) != 0)
        return -1;
    int c = toupper((unsigned char)text[5]);
    return c >= '@' && c <= '_' ? c - '@' : -1;
}

/* "a", "ctrl-p,ctrl-q": bytes into keys (at most max). Returns their number, 0 when the text is wrong. */
static size_t parse_detach_keys(const char *text, unsigned char *keys, size_t max)
{
    size_t n = 0;
    while (*text && n < max) {
        size_t len = strcspn(text, ",");
        int key = parse_key(text, len);
        if (key < 0)
            return 0;
        keys[n++] = (unsigned char)key;
        text += len + (text[len] == ',');
    }
    return *text ? 0 : n;
}

/* Takes bytes of the detach sequence out of the input; a sequence that breaks off is passed on. */
static size_t filter_keys(struct relay *r, const char *in, size_t len, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len && !r->detached; i++) {
        if (r->n_keys && (unsigned char)in[i] == r->keys[r->keys_seen]) {
            r->detached = ++r->keys_seen == r->n_keys;
            continue;
        }
        for (size_t k = 0; k < r->keys_seen; k++)
            out[n++] = (char)r->keys[k];
        r->keys_seen = 0;
        out[n++] = in[i];
    }
    return n;
}

/* ---- input ----------------------------------------------------------------------------------------------------- */

static void close_input(struct relay *r)
{
    if (r->to_input >= 0 && r->to_input != r->master)
        close(r->to_input);
    r->to_input = -1;
    r->pending_len = 0;
}

static void read_input(struct relay *r)
{
    char buf[BUFFER_BYTES - MAX_KEYS];
    ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0)
        r->pending_len = filter_keys(r, buf, (size_t)n, r->pending);
    else
        r->input_ended = true;
}

static void write_input(struct relay *r)
{
    ssize_t n = write(r->to_input, r->pending, r->pending_len);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        close_input(r);
        r->input_ended = true;
    } else if (n > 0) {
        memmove(r->pending, r->pending + n, r->pending_len - (size_t)n);
        r->pending_len -= (size_t)n;
    }
}

static void finish_input(struct relay *r)
{
    if (r->input_ended && r->pending_len == 0 && r->to_input >= 0 && r->to_input != r->master && !r->o->keeps_input)
        close_input(r);
}

/* ---- output ---------------------------------------------------------------------------------------------------- */

/* Copies what is there. */
static void copy_output(struct relay *r, size_t which)
{
    char buf[BUFFER_BYTES];
    int *from = &r->outputs[which];
    ssize_t n = read(*from, buf, sizeof(buf));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0 && wh_write_all(which ? STDERR_FILENO : STDOUT_FILENO, buf, (size_t)n) == 0)
        return;
    if (*from != r->master) /* end of file, EIO of a terminal that nobody holds, or nobody reads us */
        close(*from);
    *from = -1;
}

/* Copies until nobody holds the pipes any more, for as long as dockerd waits: children of the process may go on
 * writing, a daemon among them for ever. False: a signal came. */
static bool wait_outputs(struct relay *r)
{
    int64_t end_ns = wh_now_mono_ns() + OUTPUT_GRACE_MS * WH_NS_PER_MS;
    int64_t left_ns;
    while ((r->outputs[0] >= 0 || r->outputs[1] >= 0) && (left_ns = end_ns - wh_now_mono_ns()) > 0) {
        struct pollfd fds[] = {{.fd = r->outputs[0], .events = POLLIN},
                               {.fd = r->outputs[1], .events = POLLIN},
                               {.fd = r->signals.fd, .events = POLLIN}};
        if (poll(fds, WH_ARRAY_LEN(fds), (int)(left_ns / WH_NS_PER_MS) + 1) < 0 && errno != EINTR)
            break;
        for (size_t i = 0; i < 2; i++)
            if (fds[i].revents)
                copy_output(r, i);
        int signo = fds[2].revents ? wh_cli_signals_next(&r->signals) : 0;
        if (signo && signo != SIGWINCH)
            return false;
    }
    return true;
}

/* The process has ended, so everything it wrote is in the pipes; whoever else holds them is not waited for. */
static void drain_outputs(struct relay *r)
{
    for (size_t i = 0; i < 2; i++)
        while (r->outputs[i] >= 0) {
            struct pollfd fd = {.fd = r->outputs[i], .events = POLLIN};
            if (poll(&fd, 1, 0) <= 0)
                break;
            copy_output(r, i);
        }
}

/* ---- signals --------------------------------------------------------------------------------------------------- */

/* The supervisor has no verb for one container's signal; the records tell the process, a pidfd makes sure of it. */
static bool forward_signal(struct relay *r, int signo)
{
    wh_auto_arena a = {0};
    struct wh_container c;
    if (!r->container_id[0] || wh_state_container_load(&a, r->project, r->container_id, &c, NULL) != 0 || !c.state.pid)
        return false;
    wh_auto_fd pidfd = pidfd_open(c.state.pid, 0);
    return pidfd >= 0 && wh_state_process_alive(c.state.pid, c.state.pid_start, c.state.boot_id) &&
           pidfd_send_signal(pidfd, signo, NULL, 0) == 0;
}

static void take_signal(struct relay *r, int signo)
{
    if (signo == SIGWINCH) {
        if (r->master >= 0)
            wh_cli_terminal_copy_size(r->master);
        return;
    }
    if (r->o->forwards && forward_signal(r, signo)) {
        if (r->o->ends_at_signal && !r->cancelled)
            r->grace_end_ns = wh_now_mono_ns() + SIGNAL_GRACE_NS;
        r->cancelled |= r->o->ends_at_signal;
        return;
    }
    r->cancelled = true;
    r->ended_by = signo;
    wh_cli_send_cancel(r->client);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static void take_master(struct relay *r, int fd)
{
    if (r->o->tty) {
        r->master = fd;
        if (!r->o->no_input) /* an attached client gets the output by pipes: two readers would share its bytes */
            r->outputs[0] = fd;
        wh_cli_terminal_copy_size(fd);
        wh_progress_finish(r->progress);
        wh_cli_terminal_raw(&r->terminal);
    }
    if (r->to_input < 0 && r->o->wants_stdin)
        r->to_input = fd;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void take_event(struct relay *r, const struct wh_event *e, const int *fds)
{
    if (e->kind != WH_EVENT_LIFECYCLE) {
        wh_progress_event(r->progress, e);
        return;
    }
    if (e->container_id && !r->container_id[0] && !wh_streq(e->action, "die"))
        snprintf(r->container_id, sizeof(r->container_id), "%s", e->container_id);
    for (size_t i = 0; i < WH_ENGINE_MAX_FDS; i++)
        if (fds[i] >= 0) {
            if (r->master >= 0)
                close(fds[i]);
            else
                take_master(r, fds[i]);
        }
    if (wh_streq(e->action, "start") || wh_streq(e->action, "exec_start")) {
        r->started = true;
        wh_progress_finish(r->progress);
    }
}

static int take_result(struct relay *r, const struct wh_event *e, struct wh_err *err)
{
    int code = e->exit_code;
    int status = wh_cli_take_done(r->request, e, err);
    if (status < 0 && r->o->code_of_failure && code >= 125 && code <= 127)
        r->failure_code = code == 125 ? 126 : code;
    return status;
}

/* 1 when the request is done; *ret_status is then its result. */
static int take_events(struct relay *r, int *ret_status, struct wh_err *err)
{
    do {
        wh_auto_arena a = {0};
        struct wh_event e;
        int fds[WH_ENGINE_MAX_FDS] = {-1, -1, -1, -1, -1, -1, -1, -1};
        int n = wh_client_next(r->client, 0, &a, &e, fds, err);
        if (n == WH_ENGINE_TIMEOUT)
            return 0;
        if (n == WH_ENGINE_CLOSED)
            return r->cancelled ? wh_fail(err, WH_E_CANCELLED, "canceled")
                                : wh_fail(err, WH_E_GENERIC, "the supervisor of this project ended unexpectedly");
        if (n < 0)
            return -1;
        if (e.kind == WH_EVENT_DONE) {
            *ret_status = take_result(r, &e, err);
            return 1;
        }
        take_event(r, &e, fds);
    } while (wh_client_has_buffered(r->client));
    return 0;
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

enum { FD_CLIENT, FD_SIGNALS, FD_INPUT, FD_TO_INPUT, FD_OUT, FD_ERR, N_FDS };

static int wait_for_something(struct relay *r, struct pollfd fds[N_FDS], struct wh_err *err)
{
    bool reads = r->o->wants_stdin && !r->input_ended && r->to_input >= 0 && r->pending_len == 0;
    fds[FD_CLIENT] = (struct pollfd){.fd = wh_client_fd(r->client), .events = POLLIN};
    fds[FD_SIGNALS] = (struct pollfd){.fd = r->signals.fd, .events = POLLIN};
    fds[FD_INPUT] = (struct pollfd){.fd = reads ? STDIN_FILENO : -1, .events = POLLIN};
    fds[FD_TO_INPUT] = (struct pollfd){.fd = r->pending_len ? r->to_input : -1, .events = POLLOUT};
    fds[FD_OUT] = (struct pollfd){.fd = r->outputs[0], .events = POLLIN};
    fds[FD_ERR] = (struct pollfd){.fd = r->outputs[1], .events = POLLIN};
    int timeout = wh_client_has_buffered(r->client) ? 0 : wh_progress_tick_ms(r->progress);
    if (r->grace_end_ns && (timeout < 0 || timeout > GRACE_TICK_MS))
        timeout = GRACE_TICK_MS;
    if (poll(fds, N_FDS, timeout) < 0 && errno != EINTR)
        return wh_fail(err, errno, "poll");
    wh_progress_tick(r->progress);
    return 0;
}

static int relay(struct relay *r, struct wh_err *err)
{
    for (;;) {
        struct pollfd fds[N_FDS];
        int status = -1, signo;
        if (wait_for_something(r, fds, err) < 0)
            return -1;
        if (fds[FD_INPUT].revents)
            read_input(r);
        if (r->pending_len && r->to_input >= 0)
            write_input(r);
        finish_input(r);
        for (size_t i = 0; i < 2; i++)
            if (fds[FD_OUT + i].revents)
                copy_output(r, i);
        while ((signo = wh_cli_signals_next(&r->signals)) != 0)
            take_signal(r, signo);
        int done = take_events(r, &status, err);
        if (done > 0 && status >= 0 && r->o->waits_for_output && r->master < 0 && !r->cancelled && !wait_outputs(r))
            return WH_EXIT_CANCELLED;
        if (done != 0) {
            drain_outputs(r);
            return done < 0 ? -1 : r->grace_end_ns ? WH_EXIT_CANCELLED : status;
        }
        if (r->detached)
            return r->o->detach_is_success ? 0 : wh_fail(err, WH_E_GENERIC, "read escape sequence");
        if (r->grace_end_ns && wh_now_mono_ns() > r->grace_end_ns)
            return WH_EXIT_CANCELLED;
    }
}

/* ---- setting up ------------------------------------------------------------------------------------------------ */

/* Our ends into the relay, theirs into fds; `theirs` are to be closed once they are sent. */
static int make_pipes(struct relay *r, int theirs[3], size_t *ret_n, struct wh_err *err)
{
    int in[2] = {-1, -1}, out[2], both[2];
    size_t n = 0;
    if (!r->o->no_input) {
        if (r->o->wants_stdin && pipe2(in, O_CLOEXEC) < 0)
            return wh_fail(err, errno, "pipe");
        theirs[n++] = r->o->wants_stdin ? in[0] : open("/dev/null", O_RDONLY | O_CLOEXEC);
        r->to_input = in[1];
        if (in[1] >= 0)
            fcntl(in[1], F_SETFL, O_NONBLOCK);
    }
    for (size_t i = 0; i < 2; i++) {
        if (pipe2(both, O_CLOEXEC) < 0)
            return wh_fail(err, errno, "pipe");
        memcpy(out, both, sizeof(out));
        r->outputs[i] = out[0];
        theirs[n++] = out[1];
        fcntl(out[0], F_SETFL, O_NONBLOCK);
    }
    *ret_n = n;
    return 0;
}

static int send_request(struct relay *r, const struct wh_cli_request *request, struct wh_err *err)
{
    int theirs[3] = {-1, -1, -1};
    size_t n = 0;
    bool needs_pipes = !r->o->detached && (!r->o->tty || r->o->no_input);
    int failed = needs_pipes ? make_pipes(r, theirs, &n, err) : 0;
    if (!failed)
        failed = wh_client_send(r->client, request->root, theirs, n, err);
    for (size_t i = 0; i < n; i++)
        wh_close(&theirs[i]);
    return failed;
}

static int start(struct relay *r, const struct wh_cli_request *request, struct wh_err *err)
{
    const char *keys = r->o->detach_keys ? r->o->detach_keys : r->o->tty ? "ctrl-p,ctrl-q" : "";
    r->n_keys = parse_detach_keys(keys, r->keys, MAX_KEYS);
    if (*keys && r->n_keys == 0)
        return wh_fail(err, WH_E_USAGE, "invalid detach keys \"%s\"", keys);
    if (wh_state_ensure_roots(err) < 0 || wh_client_open(r->project, true, &r->client, err) != 0)
        return -1;
    if (wh_cli_signals_open(&r->signals, forwarded_signals, WH_ARRAY_LEN(forwarded_signals), err) < 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    return send_request(r, request, err);
}

static void finish(struct relay *r)
{
    wh_cli_terminal_restore(&r->terminal);
    wh_cli_signals_close(&r->signals);
    if (r->client)
        wh_client_close(r->client);
    close_input(r);
    for (size_t i = 0; i < 2; i++)
        if (r->outputs[i] >= 0 && r->outputs[i] != r->master)
            close(r->outputs[i]);
    wh_close(&r->master);
}

int wh_cli_stream(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_request *request,
                  const struct wh_cli_stream_options *o, struct wh_progress *progress, struct wh_cli_stream_result *ret,
                  struct wh_err *err)
{
    struct relay *r = wh_arena_new(&cli->arena, struct relay);
    if (!r)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    *r = (struct relay){.cli = cli,
                        .o = o,
                        .progress = progress,
                        .project = p->name,
                        .request = request,
                        .signals = {.fd = -1},
                        .to_input = -1,
                        .outputs = {-1, -1},
                        .master = -1};
    if (o->container_id)
        snprintf(r->container_id, sizeof(r->container_id), "%s", o->container_id);
    int status = start(r, request, err) < 0 ? -1 : relay(r, err);
    bool was_raw = r->terminal.raw;
    finish(r);
    wh_progress_finish(progress);
    if (was_raw && r->detached)
        fputc('\n', stderr);
    if (ret) {
        memcpy(ret->container_id, r->container_id, sizeof(ret->container_id));
        ret->started = r->started;
    }
    if (status < 0 && r->failure_code) {
        wh_err_print(err, stderr);
        wh_err_fini(err);
        return r->failure_code;
    }
    if (r->ended_by == SIGHUP) { /* as if nobody had caught it: the terminal is gone */
        wh_err_fini(err);
        return 128 + SIGHUP;
    }
    if (status < 0 && r->cancelled)
        err->code = WH_E_CANCELLED;
    return status;
}
