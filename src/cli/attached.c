/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three connections serve an attached `up`: the request itself, a stream of exits, and, once a signal or an exit ends
 * it, the stop. Output comes from the log files, so a crash of the supervisor costs no line.
 */
#include "cli/attached.h"

#include "cli/follow.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "whale/plan.h"
#include "whale/util/map.h"
#include "whale/util/time.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FDS     1024
#define MAX_REPEATS 20 /* connections made anew because the supervisor was killed */
#define SCAN_MS     200
#define EXIT_NS     WH_NS_PER_S /* from the record of an end to the word of it */
#define EXIT_MS     20
#define BACK_NS     (100 * WH_NS_PER_MS) /* one that is made anew is missing for a moment */

enum ending { ENDING_NONE, ENDING_ABORT, ENDING_SIGNAL, ENDING_KILL };

struct attached {
    struct wh_cli *cli;
    const struct wh_cli_project *project;
    const struct wh_cli_attached_options *o;
    struct wh_progress *progress;
    struct wh_logview *view;
    struct wh_cli_follow *follow;
    struct wh_cli_signals signals;
    const struct wh_cli_request *request;
    int n_repeats;
    struct wh_client *up, *exits, *stop; /* up: NULL once done */
    bool attaching;                      /* creation is over, output is shown */
    enum ending ending;
    bool stopped;
    struct wh_map running; /* names of containers seen running whose end was not told yet */
    struct wh_map told;    /* names of those whose end was told */
    int64_t quiet_ns;      /* since when nothing runs, 0 = something does */
    int64_t up_done_ns;    /* what is created later comes of other commands */
    int status;            /* to return when it ended by itself or by abort */
};

/* ---- connections ----------------------------------------------------------------------------------------------- */

static int open_request(struct attached *a, const struct wh_node *request, struct wh_client **ret, struct wh_err *err)
{
    int r = wh_client_open(a->project->name, true, ret, err);
    return r != 0 ? -1 : wh_client_send(*ret, request, NULL, 0, err);
}

static int open_exits(struct attached *a, struct wh_err *err)
{
    struct wh_cli_request r;
    if (wh_cli_request_new(a->cli, "watch_exits", &r, err) < 0)
        return -1;
    return open_request(a, r.root, &a->exits, err);
}

static void close_client(struct wh_client **c)
{
    if (*c)
        wh_client_close(*c);
    *c = NULL;
}

static int request_stop(struct attached *a, const char *op, struct wh_err *err)
{
    struct wh_cli_request r;
    if (a->stop)
        wh_cli_send_cancel(a->stop);
    close_client(&a->stop);
    if (wh_cli_request_new(a->cli, op, &r, err) < 0 || wh_cli_request_project(&r, a->project, NULL, err) < 0)
        return -1;
    wh_cli_request_services(&r, &a->o->services);
    wh_node_put_int(r.arena, r.options, "timeout_s", a->o->timeout_s);
    return open_request(a, r.root, &a->stop, err);
}

/* ---- from creating to attaching -------------------------------------------------------------------------------- */

static bool is_start(const struct wh_event *e)
{
    static const char *const texts[] = {"Starting", "Started", "Waiting", "Healthy", "Exited"};
    for (size_t i = 0; e->kind == WH_EVENT_PROGRESS && i < WH_ARRAY_LEN(texts); i++)
        if (wh_streq(e->text, texts[i]))
            return true;
    return false;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the containers of one service: with the project, which decides their order. */
static void add_names(const struct attached *a, struct wh_arena *arena, const struct wh_service *s,
                      struct wh_opt_list *names)
{
    const struct wh_plan_input in = {.project_name = a->project->name, .underscores = wh_cli_is_compatible(a->cli)};
    int64_t n = wh_cli_list_has(&a->o->shown, s->name) ? wh_service_replicas(s) : 0;
    for (int64_t k = 1; k <= n; k++) {
        const char *name = wh_plan_container_name(arena, &in, s, (int)k);
        if (name)
            wh_opt_list_add(arena, names, name);
    }
}

static bool is_own_name(const struct attached *a, const char *name)
{
    const struct wh_project *model = a->project->model;
    for (size_t i = 0; i < model->services.len; i++)
        if (wh_streq(model->services.items[i].container_name, name))
            return true;
    return false;
}

static void print_banner(const struct attached *a)
{
    wh_auto_arena arena = {0};
    struct wh_opt_list names = {0};
    size_t skip = strlen(a->project->name) + 1;
    for (size_t i = 0; i < a->project->model->services.len; i++)
        add_names(a, &arena, &a->project->model->services.items[i], &names);
    if (names.len)
        qsort(names.items, names.len, sizeof(*names.items), compare_texts);
    printf("Attaching to ");
    for (size_t i = 0; i < names.len; i++) {
        const char *name = names.items[i];
        bool prefixed = strlen(name) > skip && !is_own_name(a, name);
        printf("%s%s", i ? ", " : "", prefixed ? name + skip : name);
    }
    printf("\n");
    fflush(stdout);
}

static void start_attaching(struct attached *a)
{
    if (a->attaching)
        return;
    a->attaching = true;
    wh_progress_finish(a->progress);
    print_banner(a);
}

/* "Container p-a-1" "Started": it may end before the records are looked at. */
static void note_start(struct attached *a, const struct wh_event *e)
{
    static const char prefix[] = "Container ";
    if (e->kind != WH_EVENT_PROGRESS || !wh_streq(e->text, "Started") || !e->id || !wh_starts(e->id, prefix))
        return;
    const char *name = e->id + strlen(prefix);
    if (!wh_map_has(&a->told, name))
        wh_map_set(&a->running, name, a);
}

/* A live view and output cannot share a terminal: from attaching on only progress of lines is shown. */
/* "web-1 ->  | text", for services whose output is shown. */
static void show_hook(struct attached *a, const struct wh_event *e)
{
    const char *label = wh_cli_follow_scan(a->follow, NULL) == 0 ? wh_cli_follow_label(a->follow, e->container) : NULL;
    wh_auto_free char *name = label ? wh_fmt("%s ->", label) : NULL;
    struct wh_logsource *source = name ? wh_logview_source(a->view, name, e->service) : NULL;
    if (!source || !e->text)
        return;
    wh_logview_add(a->view, source, wh_now_real_ns(), false, e->text, strlen(e->text));
    wh_logview_end(a->view, source);
    wh_logview_flush(a->view);
}

static void show_event(struct attached *a, const struct wh_event *e)
{
    if (e->kind == WH_EVENT_HOOK) {
        start_attaching(a);
        show_hook(a, e);
        return;
    }
    if (is_start(e))
        start_attaching(a);
    note_start(a, e);
    bool is_live = wh_progress_tick_ms(a->progress) >= 0;
    if (!a->attaching || !is_live || e->kind == WH_EVENT_WARNING)
        wh_progress_event(a->progress, e);
}

/* ---- events of the three connections --------------------------------------------------------------------------- */

/* The supervisor was killed: the wanted state is asked for again. */
static int repeat_up(struct attached *a, struct wh_err *err)
{
    close_client(&a->up);
    if (a->n_repeats++ >= MAX_REPEATS)
        return wh_fail(err, WH_E_GENERIC, "the supervisor of this project ended unexpectedly");
    return open_request(a, a->request->root, &a->up, err);
}

static int take_up(struct attached *a, struct wh_err *err)
{
    while (a->up) {
        wh_auto_arena arena = {0};
        struct wh_event e;
        int r = wh_client_next(a->up, 0, &arena, &e, NULL, err);
        if (r == WH_ENGINE_TIMEOUT)
            return 0;
        if (r < 0)
            return -1;
        if (r == WH_ENGINE_CLOSED) {
            if (repeat_up(a, err) < 0)
                return -1;
            continue;
        }
        if (e.kind != WH_EVENT_DONE) {
            show_event(a, &e);
            continue;
        }
        close_client(&a->up);
        a->up_done_ns = wh_now_real_ns();
        wh_auto_err failure = {0};
        int status = wh_cli_take_done(a->request, &e, &failure);
        if (a->ending != ENDING_NONE) /* given up because of the stop */
            return 0;
        if (status < 0) {
            wh_err_move(err, &failure);
            return -1;
        }
        start_attaching(a);
    }
    return 0;
}

static int begin_abort(struct attached *a, const struct wh_event *e, struct wh_err *err)
{
    bool wanted = a->o->abort_on_exit || (a->o->abort_on_failure && e->exit_code != 0);
    if (!wanted || a->ending != ENDING_NONE || e->restarting)
        return 0;
    a->ending = ENDING_ABORT;
    if (!a->o->exit_code_from)
        a->status = e->exit_code;
    wh_progress_say(a->progress, "Aborting on container exit...");
    return request_stop(a, "stop", err);
}

static int take_exit(struct attached *a, const struct wh_event *e, struct wh_err *err)
{
    if (!e->restarting) {
        wh_map_del(&a->running, e->container);
        wh_map_set(&a->told, e->container, a);
    }
    if (wh_cli_follow_scan(a->follow, err) < 0 || wh_cli_follow_end(a->follow, e->container, err) < 0)
        return -1;
    const char *label = wh_cli_follow_label(a->follow, e->container);
    if (label)
        wh_logview_exit(a->view, label, e->exit_code, e->restarting);
    wh_logview_flush(a->view);
    if (a->o->exit_code_from && wh_streq(e->service, a->o->exit_code_from) && !e->restarting)
        a->status = e->exit_code;
    return begin_abort(a, e, err);
}

static int take_exits(struct attached *a, struct wh_err *err)
{
    for (;;) {
        wh_auto_arena arena = {0};
        struct wh_event e;
        int r = a->exits ? wh_client_next(a->exits, 0, &arena, &e, NULL, err) : WH_ENGINE_TIMEOUT;
        if (r < 0)
            return -1;
        if (r ==
            WH_ENGINE_CLOSED) { /* killed: its successor goes on telling; what it told meanwhile is in the records */
            close_client(&a->exits);
            return a->n_repeats++ < MAX_REPEATS ? open_exits(a, err) : 0;
        }
        if (r != 0)
            return 0;
        if (e.kind == WH_EVENT_LOG_EXIT && e.container && take_exit(a, &e, err) < 0)
            return -1;
    }
}

static int take_stop(struct attached *a, struct wh_err *err)
{
    while (a->stop) {
        wh_auto_arena arena = {0};
        struct wh_event e;
        int r = wh_client_next(a->stop, 0, &arena, &e, NULL, err);
        if (r < 0)
            return -1;
        if (r == WH_ENGINE_TIMEOUT)
            return 0;
        if (r == 0 && e.kind != WH_EVENT_DONE) {
            show_event(a, &e);
            continue;
        }
        a->stopped = true;
        close_client(&a->stop);
        if (r == 0 && wh_cli_take_done(a->request, &e, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

static int take_signal(struct attached *a, struct wh_err *err)
{
    if (a->ending == ENDING_KILL)
        return 0;
    start_attaching(a);
    if (a->ending == ENDING_NONE || a->ending == ENDING_ABORT) {
        a->ending = ENDING_SIGNAL;
        fprintf(stderr, "Gracefully Stopping... press Ctrl+C again to force\n");
        return request_stop(a, "stop", err);
    }
    a->ending = ENDING_KILL;
    fprintf(stderr, "Killing\n");
    return request_stop(a, "kill", err);
}

static bool is_waited_for(const struct attached *a, const struct wh_container *c)
{
    /* An end that the supervisor has yet to write down: the record still has the process. */
    bool is_unrecorded = a->exits && c->state.status == WH_CONTAINER_EXITED && c->state.pid != 0;
    bool is_made_again =
        a->up_done_ns && !a->stopped && c->state.status == WH_CONTAINER_CREATED && c->rec.created_ns > a->up_done_ns;
    return !c->rec.oneoff && (wh_cli_is_up(c) || is_unrecorded || is_made_again) &&
           (!a->o->services.len || wh_cli_list_has(&a->o->services, c->rec.service));
}

/* Also notes who runs. */
static int is_running(struct attached *a, struct wh_err *err)
{
    struct wh_container *items;
    size_t n;
    bool any = false;
    wh_auto_arena arena = {0};
    if (wh_state_containers(&arena, a->project->name, &items, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (is_waited_for(a, &items[i])) {
            wh_map_set(&a->running, items[i].rec.name, a);
            any = true;
        }
    return any;
}

/* The supervisor tells an end just after it has written it: that word is waited for, but not for ever. */
static bool was_all_told(struct attached *a)
{
    int64_t now = wh_now_mono_ns();
    if (!a->quiet_ns)
        a->quiet_ns = now;
    if (a->ending == ENDING_NONE && now - a->quiet_ns < BACK_NS)
        return false;
    return a->running.len == 0 || !a->exits || now - a->quiet_ns > EXIT_NS;
}

static int is_over(struct attached *a, struct wh_err *err)
{
    if (a->ending != ENDING_NONE)
        return a->stopped;
    if (a->up)
        return 0;
    int running = is_running(a, err);
    if (running != 0) {
        a->quiet_ns = 0;
        return running < 0 ? -1 : 0;
    }
    return was_all_told(a);
}

static int wait_for_something(struct attached *a, struct wh_err *err)
{
    struct pollfd fds[MAX_FDS];
    const struct wh_client *const clients[] = {a->up, a->exits, a->stop};
    size_t n = 0;
    int timeout = a->quiet_ns ? EXIT_MS : a->attaching ? SCAN_MS : wh_progress_tick_ms(a->progress);
    fds[n++] = (struct pollfd){.fd = a->signals.fd, .events = POLLIN};
    for (size_t i = 0; i < WH_ARRAY_LEN(clients); i++) {
        if (!clients[i])
            continue;
        fds[n++] = (struct pollfd){.fd = wh_client_fd(clients[i]), .events = POLLIN};
        timeout = wh_client_has_buffered(clients[i]) ? 0 : timeout;
    }
    if (a->attaching)
        n += wh_cli_follow_fds(a->follow, fds + n, MAX_FDS - n);
    if (poll(fds, n, timeout) < 0 && errno != EINTR)
        return wh_fail(err, errno, "poll");
    return 0;
}

static int loop(struct attached *a, struct wh_err *err)
{
    for (;;) {
        if (take_up(a, err) < 0 || take_exits(a, err) < 0 || take_stop(a, err) < 0)
            return -1;
        if (a->attaching && (wh_cli_follow_scan(a->follow, err) < 0 || wh_cli_follow_pump(a->follow, err) < 0))
            return -1;
        int over = is_over(a, err);
        if (over != 0)
            return over < 0 || take_exits(a, err) < 0 ? -1 : 0;
        if (wait_for_something(a, err) < 0)
            return -1;
        while (wh_cli_signals_next(&a->signals))
            if (take_signal(a, err) < 0)
                return -1;
        if (!a->attaching)
            wh_progress_tick(a->progress);
    }
}

static int run(struct attached *a, const struct wh_cli_request *up, struct wh_err *err)
{
    a->request = up;
    if (wh_state_ensure_roots(err) < 0 || open_exits(a, err) < 0 || open_request(a, up->root, &a->up, err) < 0 ||
        wh_cli_signals_open(&a->signals, wh_cli_ending_signals, WH_ARRAY_LEN(wh_cli_ending_signals), err) < 0)
        return -1;
    int r = loop(a, err);
    wh_auto_err ignored = {0}; /* of reading the rest when there is an error already */
    if (wh_cli_follow_finish(a->follow, r < 0 ? &ignored : err) < 0 || r < 0)
        return -1;
    return a->ending == ENDING_SIGNAL || a->ending == ENDING_KILL ? WH_EXIT_CANCELLED : a->status;
}

int wh_cli_run_attached(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_request *up,
                        const struct wh_cli_attached_options *o, struct wh_progress *progress, struct wh_err *err)
{
    struct wh_cli_follow_options f = {
        .query = {.since_ns = wh_now_real_ns(), .tail = -1, .follow = true},
        .services = o->shown,
    };
    struct attached a = {.cli = cli, .project = p, .o = o, .progress = progress, .signals = {.fd = -1}};
    if (o->shown.len == 0) /* an empty list would mean all */
        wh_opt_list_add(&cli->arena, &f.services, "");
    a.view = wh_logview_new(&(struct wh_logview_options){
        .prefix = o->prefix,
        .timestamps = o->timestamps,
        .stderr_apart = true,
        .ansi = o->color ? wh_cli_ansi(cli) : WH_ANSI_NEVER,
        .out = stdout,
        .err = stderr,
    });
    a.follow = a.view ? wh_cli_follow_new(p->name, a.view, &f) : NULL;
    int r = a.follow ? run(&a, up, err) : wh_fail(err, WH_E_LIMIT, "out of memory");
    wh_cli_signals_close(&a.signals);
    close_client(&a.up);
    close_client(&a.exits);
    close_client(&a.stop);
    wh_cli_follow_free(a.follow);
    wh_logview_free(a.view);
    wh_map_fini(&a.running);
    wh_map_fini(&a.told);
    return r;
}
