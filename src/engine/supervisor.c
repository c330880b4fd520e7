/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main() of whale-supervisor: the keeper first, and in each loop process that the keeper forks: open everything, let
 * policy adopt what runs, serve until nothing is left to do.
 */
#include "whale/engine.h"

#include "whale/runtime.h"
#include "whale/state.h"
#include "whale/util/cleanup.h"
#include "whale/util/log.h"

#include "engine/host.h"
#include "engine/keeper.h"
#include "engine/keeper_table.h"
#include "engine/loop.h"
#include "engine/session.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_FD        3
#define MIN_NOFILE       65536
#define DESCRIPTOR_TABLE 4096 /* 32 KiB of the kernel; enough for 200 containers */

struct supervisor {
    struct wh_host host;
    struct wh_policy *policy;
    struct wh_io finished_io; /* the capture thread reports complete logs */
};

/* Each container needs some descriptors in the keeper and in the loop, whatever the shell of the first `up` allowed. */
static void raise_nofile(struct rlimit *ret_original)
{
    if (getrlimit(RLIMIT_NOFILE, ret_original) < 0)
        *ret_original = (struct rlimit){1024, 4096};
    rlim_t wanted = ret_original->rlim_max < MIN_NOFILE ? MIN_NOFILE : ret_original->rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){wanted, wanted}) < 0) /* not allowed, or more than fs.nr_open */
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){ret_original->rlim_max, ret_original->rlim_max});
}

/* A table of descriptors that grows while threads share it waits for an RCU grace period, 10 to 20 ms
 * (expand_fdtable(), seen with 6.18), at 64, 128, 256 ... of them, in the middle of a start. It is grown once, while
 * nobody shares it. */
static void grow_descriptor_table(void)
{
    struct rlimit now = {0};
    getrlimit(RLIMIT_NOFILE, &now);
    rlim_t size = now.rlim_cur < DESCRIPTOR_TABLE ? now.rlim_cur : DESCRIPTOR_TABLE;
    wh_auto_fd last = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, (int)size - 1);
}

static void on_finished(struct wh_io *io, int events)
{
    struct supervisor *s = io->data;
    for (;;) {
        wh_auto_free char *key = wh_capture_next_finished(s->host.capture);
        if (!key)
            return;
        wh_policy_capture_finished(s->policy, key);
    }
}

static int open_policy(struct supervisor *s, struct wh_err *err)
{
    struct wh_host *h = &s->host;
    if (wh_policy_new(h, &s->policy, err) < 0)
        return wh_wrap(err, "take over project \"%s\"", h->project);
    if (wh_server_new(h->loop, LISTEN_FD, h->project, wh_policy_ops, s->policy, &h->server, err) < 0)
        return -1;
    wh_server_set_idle(h->server, wh_policy_may_exit);
    s->finished_io = (struct wh_io){.fn = on_finished, .data = s};
    wh_io_start(h->loop, &s->finished_io, wh_capture_eventfd(h->capture), WH_IO_READ);
    return 0;
}

static int open_mechanism(struct supervisor *s, int keeper_fd, struct wh_err *err)
{
    struct wh_host *h = &s->host;
    if (wh_state_ensure_roots(err) < 0 || wh_loop_new(&h->loop, err) < 0)
        return -1;
    if (wh_keeper_open(h->loop, keeper_fd, &h->keeper, err) < 0)
        return -1;
    if (wh_capture_new(&h->capture, err) < 0)
        return -1;
    return wh_sessions_new(h->loop, h->keeper, h->capture, &h->sessions, err);
}

static void close_all(struct supervisor *s)
{
    struct wh_host *h = &s->host;
    wh_io_stop(&s->finished_io);
    wh_server_free(h->server);
    wh_policy_free(s->policy);
    wh_sessions_free(h->sessions);
    wh_capture_free(h->capture);
    wh_keeper_close(h->keeper);
    wh_loop_free(h->loop);
}

/* The keeper was killed. What cannot be handed over is lost with this loop as with any other kill of it: requests under
 * way. If it fails we go on as we are: containers are supervised by nobody's child, until this loop dies too. */
static void on_keeper_lost(void *data)
{
    struct supervisor *s = data;
    wh_auto_err err = {0};
    wh_log_error("the keeper has ended: the loop makes a new one of itself");
    wh_keeper_replace(s->host.keeper, s->host.project, LISTEN_FD, &err);
    wh_auto_free char *text = wh_err_text(&err);
    wh_log_error("no new keeper: %s", text);
}

/* Nothing runs any more: the keeper holds the project lock until it has closed everything else. */
static void end_keeper(struct supervisor *s)
{
    wh_auto_err err = {0};
    wh_auto_fd lock = wh_server_take_lock(s->host.server);
    if (lock >= 0)
        wh_keeper_keep(s->host.keeper, "", WH_SLOT_LOCK, lock, &err);
    wh_keeper_quit(s->host.keeper);
}

static int run_loop(const char *project, int keeper_fd, const struct rlimit *nofile)
{
    struct supervisor s = {.host = {.project = project, .nofile = *nofile}};
    wh_auto_err err = {0};
    mallopt(M_ARENA_MAX, 1);
    grow_descriptor_table();
    wh_runtime_reserve();
    signal(SIGPIPE, SIG_IGN);
    int r = open_mechanism(&s, keeper_fd, &err);
    if (r == 0) {
        wh_keeper_on_lost(s.host.keeper, on_keeper_lost, &s);
        r = open_policy(&s, &err);
    }
    if (r < 0) {
        wh_auto_free char *text = wh_err_text(&err);
        wh_log_error("supervisor of project \"%s\" cannot start: %s", project, text);
        return 1;
    }
    wh_loop_run(s.host.loop);
    wh_loop_finish(s.host.loop);
    end_keeper(&s);
    close_all(&s);
    return 0;
}

int wh_supervisor_main(int argc, char **argv)
{
    wh_log_open(2, getenv("WHALE_COMPOSE_DEBUG") ? WH_LOG_DEBUG : WH_LOG_WARN);
    const char *takeover = getenv(WH_KEEPER_TAKEOVER_ENV);
    int takeover_fd = takeover ? atoi(takeover) : -1;
    unsetenv(WH_KEEPER_TAKEOVER_ENV);
    if (argc != 2 || fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC) < 0) {
        wh_log_error("whale-supervisor is started by whale-compose, with its socket as descriptor %d", LISTEN_FD);
        return 2;
    }
    struct rlimit nofile;
    raise_nofile(&nofile);
    int keeper_fd = wh_keeper_become(argv[1], LISTEN_FD, takeover_fd);
    return run_loop(argv[1], keeper_fd, &nofile);
}
