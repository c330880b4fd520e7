/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The capture thread: one epoll loop over the streams of all containers. The loop thread talks to it through a queue
 * of commands and an eventfd; finished containers come back through another.
 */
#include "whale/logs.h"

#include "whale/util/cleanup.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include "logs/entry.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define STACK_BYTES    ((size_t)256 << 10)
#define EVENTS_A_TURN  64
#define IDLE_FREE_MS   500 /* buffers are given back after that */
#define STALL_RETRY_MS 500

enum command_kind { CMD_ADD, CMD_ATTACH, CMD_FINISH, CMD_END };

struct command {
    struct command *next;
    enum command_kind kind;
    struct wh_entry *entry; /* ADD */
    char *key;              /* ATTACH, FINISH */
    int fds[2];
    int64_t deadline_ns;
};

struct finished {
    struct finished *next;
    char *key;
};

struct wh_capture {
    pthread_t thread;
    int command_fd, finished_fd;
    struct wh_capture_io io;
    struct wh_entry *entries;
    bool ending;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t one_finished;
    struct command *commands, **commands_tail;
    struct finished *finished, **finished_tail;
};

/* ---- commands --------------------------------------------------------------------------------------------------- */

static struct wh_entry *find_entry(struct wh_capture *c, const char *key)
{
    for (struct wh_entry *e = c->entries; e; e = e->next)
        if (!e->dead && wh_streq(e->key, key))
            return e;
    return NULL;
}

static void report_finished(struct wh_capture *c, char *take_key)
{
    struct finished *f = malloc(sizeof(*f));
    if (!f) {
        free(take_key);
        return;
    }
    *f = (struct finished){.key = take_key};
    pthread_mutex_lock(&c->lock);
    *c->finished_tail = f;
    c->finished_tail = &f->next;
    pthread_cond_broadcast(&c->one_finished);
    pthread_mutex_unlock(&c->lock);
    eventfd_write(c->finished_fd, 1);
}

static void do_add(struct wh_capture *c, struct command *cmd)
{
    struct wh_entry *e = cmd->entry;
    e->next = c->entries;
    c->entries = e;
    wh_entry_drain(&c->io, e, false); /* what an earlier loop had taken */
    wh_entry_arm(&c->io, e);
}

static void do_attach(struct wh_capture *c, struct command *cmd)
{
    struct wh_entry *e = find_entry(c, cmd->key);
    for (int i = 0; i < 2; i++) {
        if (e && e->streams[i].fd >= 0)
            wh_sink_add(e, i, wh_steal_fd(&cmd->fds[i]));
        wh_close(&cmd->fds[i]);
    }
}

static void do_finish(struct wh_capture *c, struct command *cmd)
{
    struct wh_entry *e = find_entry(c, cmd->key);
    if (e) {
        e->finishing = true;
        e->deadline_ns = cmd->deadline_ns;
    } else {
        report_finished(c, wh_steal(cmd->key));
    }
}

static void do_end(struct wh_capture *c, struct command *cmd)
{
    c->ending = true;
}

static void (*const command_handlers[])(struct wh_capture *, struct command *) = {
    [CMD_ADD] = do_add, [CMD_ATTACH] = do_attach, [CMD_FINISH] = do_finish, [CMD_END] = do_end};

static void run_commands(struct wh_capture *c)
{
    eventfd_t ignored;
    eventfd_read(c->command_fd, &ignored);
    pthread_mutex_lock(&c->lock);
    struct command *cmd = c->commands;
    c->commands = NULL;
    c->commands_tail = &c->commands;
    pthread_mutex_unlock(&c->lock);
    while (cmd) {
        struct command *next = cmd->next;
        command_handlers[cmd->kind](c, cmd);
        free(cmd->key);
        free(cmd);
        cmd = next;
    }
}

static int send_command(struct wh_capture *c, const struct command *what, const char *key)
{
    struct command *cmd = malloc(sizeof(*cmd));
    if (!cmd)
        return -1;
    *cmd = *what;
    cmd->key = key ? strdup(key) : NULL;
    if (key && !cmd->key) {
        free(cmd);
        return -1;
    }
    pthread_mutex_lock(&c->lock);
    *c->commands_tail = cmd;
    c->commands_tail = &cmd->next;
    pthread_mutex_unlock(&c->lock);
    eventfd_write(c->command_fd, 1);
    return 0;
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static bool has_buffers(struct wh_capture *c)
{
    if (!c->io.in)
        c->io.in = malloc(WH_CAPTURE_IN_BYTES);
    if (!c->io.out)
        c->io.out = malloc(WH_CAPTURE_OUT_BYTES + WH_LOG_RECORD_BOUND(WH_LOG_MAX_TEXT));
    return c->io.in && c->io.out;
}

static void free_buffers(struct wh_capture *c)
{
    free(c->io.in);
    free(c->io.out);
    c->io.in = c->io.out = NULL;
}

static void check_finishing(struct wh_capture *c)
{
    int64_t now_ns = wh_now_mono_ns();
    for (struct wh_entry *e = c->entries; e; e = e->next) {
        if (e->dead || !e->finishing || !(wh_entry_is_at_end(e) || now_ns >= e->deadline_ns))
            continue;
        wh_entry_complete(&c->io, e);
        char *key = strdup(e->key);
        if (key)
            report_finished(c, key);
    }
}

static void retry_stalled(struct wh_capture *c)
{
    for (struct wh_entry *e = c->entries; e; e = e->next) {
        if (e->dead || !e->stalled)
            continue;
        wh_entry_drain(&c->io, e, false);
        wh_entry_arm(&c->io, e);
    }
}

static void bury_dead(struct wh_capture *c)
{
    wh_sinks_bury(&c->io, NULL);
    for (struct wh_entry **at = &c->entries; *at;) {
        struct wh_entry *e = *at;
        wh_sinks_bury(&c->io, e);
        if (!e->dead) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        wh_sinks_free(e->sinks);
        wh_entry_free(e);
    }
}

static int next_timeout_ms(const struct wh_capture *c)
{
    int64_t ms = c->io.in ? IDLE_FREE_MS : -1;
    int64_t now_ns = wh_now_mono_ns();
    for (const struct wh_entry *e = c->entries; e; e = e->next) {
        int64_t wanted = e->stalled ? STALL_RETRY_MS : -1;
        if (e->finishing) {
            int64_t until = (e->deadline_ns - now_ns) / WH_NS_PER_MS + 1;
            wanted = until < 0 ? 0 : until;
        }
        if (wanted >= 0 && (ms < 0 || wanted < ms))
            ms = wanted;
    }
    return (int)ms;
}

static void serve_event(struct wh_capture *c, const struct epoll_event *event)
{
    struct wh_watch *w = event->data.ptr;
    if (!w || w->dead)
        return;
    if (w->kind == WH_WATCH_SINK) {
        struct wh_sink *s = (struct wh_sink *)(void *)w;
        struct wh_entry *e = s->entry;
        wh_sink_flush(&c->io, s);
        if (e)
            wh_entry_arm(&c->io, e);
    } else {
        struct wh_stream *s = (struct wh_stream *)(void *)w;
        if (!s->entry->dead)
            wh_entry_turn(&c->io, s->entry, s->index);
    }
}

static void turn(struct wh_capture *c)
{
    struct epoll_event events[EVENTS_A_TURN];
    int n = epoll_wait(c->io.epoll_fd, events, EVENTS_A_TURN, next_timeout_ms(c));
    if (n <= 0)
        free_buffers(c);
    if (!has_buffers(c)) {
        poll(NULL, 0, STALL_RETRY_MS);
        return;
    }
    run_commands(c); /* first: an attachment must not miss what came after it was asked for */
    for (int i = 0; i < n; i++)
        serve_event(c, &events[i]);
    retry_stalled(c);
    check_finishing(c);
    bury_dead(c);
    if (n <= 0)
        free_buffers(c);
}

static void *thread_main(void *data)
{
    struct wh_capture *c = data;
    while (!c->ending)
        turn(c);
    /* What is readable now is logged; the rest stays in pipes and spools for the next loop. */
    if (has_buffers(c))
        for (struct wh_entry *e = c->entries; e; e = e->next)
            for (int i = 0; i < 2; i++)
                wh_entry_turn(&c->io, e, i);
    return NULL;
}

/* ---- the interface ---------------------------------------------------------------------------------------------- */

static void free_all(struct wh_capture *c)
{
    run_commands(c); /* entries that were added last */
    while (c->entries) {
        struct wh_entry *e = c->entries;
        c->entries = e->next;
        wh_sinks_free(e->sinks);
        wh_entry_free(e);
    }
    wh_sinks_free(c->io.orphans);
    while (c->finished) {
        struct finished *f = c->finished;
        c->finished = f->next;
        free(f->key);
        free(f);
    }
    free_buffers(c);
    wh_close(&c->io.epoll_fd);
    wh_close(&c->command_fd);
    wh_close(&c->finished_fd);
    pthread_cond_destroy(&c->one_finished);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static int start_thread(struct wh_capture *c)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int r = pthread_create(&c->thread, &attr, thread_main, c);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return r;
}

int wh_capture_new(struct wh_capture **ret, struct wh_err *err)
{
    struct wh_capture *c = calloc(1, sizeof(*c));
    if (!c)
        return wh_fail(err, ENOMEM, "log capture");
    c->commands_tail = &c->commands;
    c->finished_tail = &c->finished;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->one_finished, NULL);
    c->io.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    c->command_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (c->io.epoll_fd < 0 || c->command_fd < 0 || c->finished_fd < 0 ||
        epoll_ctl(c->io.epoll_fd, EPOLL_CTL_ADD, c->command_fd, &event) < 0 || (errno = start_thread(c)) != 0) {
        wh_fail(err, errno, "log capture");
        free_all(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void wh_capture_free(struct wh_capture *c)
{
    if (!c)
        return;
    struct command end = {.kind = CMD_END, .fds = {-1, -1}};
    if (send_command(c, &end, NULL) < 0)
        return;
    pthread_join(c->thread, NULL);
    free_all(c);
}

int wh_capture_add(struct wh_capture *c, const char *key, const struct wh_log_config *config, int take_stdout_fd,
                   int take_stderr_fd, struct wh_err *err)
{
    struct command cmd = {.kind = CMD_ADD, .fds = {-1, -1}};
    if (wh_entry_new(key, config, take_stdout_fd, take_stderr_fd, &cmd.entry, err) < 0)
        return wh_wrap(err, "log of container %.12s", key);
    if (send_command(c, &cmd, NULL) == 0)
        return 0;
    wh_entry_free(cmd.entry);
    return wh_fail(err, ENOMEM, "log of container %.12s", key);
}

int wh_capture_attach(struct wh_capture *c, const char *key, int take_stdout_fd, int take_stderr_fd, struct wh_err *err)
{
    struct command cmd = {.kind = CMD_ATTACH, .fds = {take_stdout_fd, take_stderr_fd}};
    if (send_command(c, &cmd, key) == 0)
        return 0;
    wh_close(&take_stdout_fd);
    wh_close(&take_stderr_fd);
    return wh_fail(err, ENOMEM, "attach");
}

int wh_capture_finish_async(struct wh_capture *c, const char *key, int timeout_ms)
{
    struct command cmd = {
        .kind = CMD_FINISH, .fds = {-1, -1}, .deadline_ns = wh_now_mono_ns() + timeout_ms * WH_NS_PER_MS};
    return send_command(c, &cmd, key);
}

/* Takes one key out of the list of finished ones; key NULL: the first. */
static char *take_finished(struct wh_capture *c, const char *key)
{
    for (struct finished **at = &c->finished; *at; at = &(*at)->next) {
        struct finished *f = *at;
        if (key && !wh_streq(f->key, key))
            continue;
        *at = f->next;
        if (!*at)
            c->finished_tail = at;
        char *found = f->key;
        free(f);
        return found;
    }
    return NULL;
}

int wh_capture_finish(struct wh_capture *c, const char *key, int timeout_ms)
{
    if (wh_capture_finish_async(c, key, timeout_ms) < 0)
        return -1;
    pthread_mutex_lock(&c->lock);
    char *found;
    while (!(found = take_finished(c, key)))
        pthread_cond_wait(&c->one_finished, &c->lock);
    pthread_mutex_unlock(&c->lock);
    free(found);
    return 0;
}

int wh_capture_eventfd(const struct wh_capture *c)
{
    return c->finished_fd;
}

char *wh_capture_next_finished(struct wh_capture *c)
{
    eventfd_t ignored;
    eventfd_read(c->finished_fd, &ignored);
    pthread_mutex_lock(&c->lock);
    char *found = take_finished(c, NULL);
    pthread_mutex_unlock(&c->lock);
    return found;
}
