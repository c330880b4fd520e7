/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logs: output of containers, from their log files. */
#include "commands.h"

#include "cli/follow.h"
#include "cli/progress.h"
#include "cli/request.h"
#include "cli/signals.h"
#include "whale/util/map.h"
#include "whale/util/size.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct logs_options {
    bool follow, no_color, no_log_prefix, timestamps;
    int64_t index;
    const char *since, *tail, *until;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct logs_options, follow, 'f', "follow", "Go on with new output"),
    WH_OPT_INT(struct logs_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_FLAG(struct logs_options, no_color, 0, "no-color", "Plain prefixes"),
    WH_OPT_FLAG(struct logs_options, no_log_prefix, 0, "no-log-prefix", "Output without prefixes"),
    WH_OPT_TEXT(struct logs_options, since, 0, "since", "string", NULL,
                "From this time on (2013-01-02T13:23:37Z or 42m for 42 minutes ago)"),
    WH_OPT_TEXT(struct logs_options, tail, 'n', "tail", "string", "all",
                "Lines from the end of each container's output"),
    WH_OPT_FLAG(struct logs_options, timestamps, 't', "timestamps", "Show times"),
    WH_OPT_TEXT(struct logs_options, until, 0, "until", "string", NULL,
                "Up to this time (2013-01-02T13:23:37Z or 42m for 42 minutes ago)"),
};

#define MAX_FDS 1024
#define SCAN_MS 250
#define EXIT_MS 1000 /* from the record of an end to the word of it */

#define BACK_TRIES   10
#define BACK_STEP_NS 20000000

struct session {
    struct wh_cli *cli;
    struct wh_cli_project *project;
    struct wh_cli_follow *follow;
    struct wh_logview *view;
    struct wh_client *exits;     /* NULL: no supervisor, nothing runs */
    struct wh_opt_list services; /* empty = all */
    struct wh_map running;       /* names of containers seen running whose end was not told yet */
    struct wh_cli_signals signals;
};

/* What is no number is everything, as docker compose has it; only "all" is meant to be. */
static int64_t parse_tail(const char *text)
{
    int64_t lines;
    if (wh_int_parse(text, INT64_MIN, INT64_MAX, &lines) == 0)
        return lines < 0 ? -1 : lines;
    if (*text && strcmp(text, "all") != 0)
        fprintf(stderr, "warning: --tail %s: neither a number nor \"all\": everything is shown\n", text);
    return -1;
}

static int make_query(const struct logs_options *o, struct wh_log_query *ret, struct wh_err *err)
{
    ret->follow = o->follow;
    ret->tail = parse_tail(o->tail);
    if (wh_cli_parse_time("since", o->since, &ret->since_ns, err) < 0 ||
        wh_cli_parse_time("until", o->until, &ret->until_ns, err) < 0)
        return -1;
    return 0;
}

/* Exits are told by the supervisor; without one nothing runs. */
static int watch_exits(struct session *s, struct wh_err *err)
{
    struct wh_cli_request r;
    int opened = wh_client_open(s->project->name, false, &s->exits, err);
    if (opened != 0)
        return opened == WH_ENGINE_ABSENT ? 0 : -1;
    if (wh_cli_request_new(s->cli, "watch_exits", &r, err) < 0)
        return -1;
    wh_cli_request_services(&r, &s->services);
    return wh_client_send(s->exits, r.root, NULL, 0, err);
}

/* 1 when the supervisor has gone. */
static int show_exits(struct session *s, struct wh_err *err)
{
    do {
        wh_auto_arena a = {0};
        struct wh_event e;
        int r = wh_client_next(s->exits, 0, &a, &e, NULL, err);
        if (r != 0)
            return r == WH_ENGINE_TIMEOUT ? 0 : r < 0 ? -1 : 1;
        if (e.kind != WH_EVENT_LOG_EXIT || !e.container)
            continue;
        if (wh_cli_follow_scan(s->follow, err) < 0 || wh_cli_follow_end(s->follow, e.container, err) < 0)
            return -1;
        if (!e.restarting)
            wh_map_del(&s->running, e.container);
        const char *label = wh_cli_follow_label(s->follow, e.container);
        if (label)
            wh_logview_exit(s->view, label, e.exit_code, e.restarting);
        wh_logview_flush(s->view);
    } while (wh_client_has_buffered(s->exits));
    return 0;
}

/* Also notes who runs. */
static int is_running(struct session *s, struct wh_err *err)
{
    bool any = false;
    struct wh_container *items;
    size_t n;
    wh_auto_arena a = {0};
    const struct wh_opt_list *services = &s->services;
    if (wh_state_containers(&a, s->project->name, &items, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!items[i].rec.oneoff && (wh_cli_is_up(&items[i]) || wh_cli_follow_is_new(s->follow, &items[i])) &&
            (!services->len || wh_cli_list_has(services, items[i].rec.service))) {
            wh_map_set(&s->running, items[i].rec.name, s);
            any = true;
        }
    return any;
}

/* The records say that all have ended; the supervisor tells each end just after it has written it. */
static int show_last_exits(struct session *s, struct wh_err *err)
{
    int r = show_exits(s, err);
    while (r == 0 && s->running.len) {
        struct pollfd fd = {.fd = wh_client_fd(s->exits), .events = POLLIN};
        if (poll(&fd, 1, EXIT_MS) <= 0)
            break;
        r = show_exits(s, err);
    }
    return r < 0 ? -1 : wh_cli_follow_finish(s->follow, err);
}

static int wait_for_output(struct session *s, struct wh_err *err)
{
    struct pollfd fds[MAX_FDS];
    fds[0] = (struct pollfd){.fd = s->signals.fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = wh_client_fd(s->exits), .events = POLLIN};
    size_t n = 2 + wh_cli_follow_fds(s->follow, fds + 2, MAX_FDS - 2);
    if (poll(fds, n, wh_client_has_buffered(s->exits) ? 0 : SCAN_MS) < 0 && errno != EINTR)
        return wh_fail(err, errno, "poll");
    return 0;
}

/* One that is made anew is missing for a moment. */
static int comes_back(struct session *s, struct wh_err *err)
{
    int running = 0;
    for (int tries = BACK_TRIES; tries > 0 && running == 0; tries--) {
        nanosleep(&(struct timespec){.tv_nsec = BACK_STEP_NS}, NULL);
        running = is_running(s, err);
    }
    return running;
}

/* Until everything has ended or a signal comes. */
static int follow(struct session *s, struct wh_err *err)
{
    for (;;) {
        int gone = 0, running;
        if (wh_cli_follow_scan(s->follow, err) < 0 || wh_cli_follow_pump(s->follow, err) < 0)
            return -1;
        if (!s->exits || (gone = show_exits(s, err)) != 0)
            return gone < 0 ? -1 : wh_cli_follow_finish(s->follow, err);
        running = is_running(s, err);
        if (running == 0)
            running = comes_back(s, err);
        if (running <= 0)
            return running < 0 ? -1 : show_last_exits(s, err);
        if (wait_for_output(s, err) < 0)
            return -1;
        if (wh_cli_signals_next(&s->signals))
            return WH_EXIT_CANCELLED;
    }
}

static int show(struct session *s, const struct logs_options *o, struct wh_err *err)
{
    if (!o->follow)
        return wh_cli_follow_scan(s->follow, err) < 0 ? -1 : wh_cli_follow_finish(s->follow, err);
    if (watch_exits(s, err) < 0 ||
        wh_cli_signals_open(&s->signals, wh_cli_ending_signals, WH_ARRAY_LEN(wh_cli_ending_signals), err) < 0)
        return -1;
    return follow(s, err);
}

/* Those named, otherwise those of the files that do not say `attach: false`; all when there are no files. */
static void choose_services(struct wh_cli *cli, const struct wh_cli_project *p, struct wh_opt_list *ret)
{
    *ret = cli->parser.args;
    for (size_t i = 0; !cli->parser.args.len && p->model && i < p->model->services.len; i++) {
        const struct wh_service *s = &p->model->services.items[i];
        if (!s->attach.is_set || s->attach.value)
            wh_opt_list_add(&cli->arena, ret, s->name);
    }
}

/* Without files a service of which there is no container has no output, and is no error. */
static int check_selection(struct wh_cli *cli, struct wh_cli_project *p, int64_t index, struct wh_err *err)
{
    struct wh_cli_containers all;
    const struct wh_opt_list *named = p->model ? &cli->parser.args : NULL;
    if (index > 0 && cli->parser.args.len != 1)
        return wh_fail(err, WH_E_INVALID, "--index requires one service to be selected");
    if (wh_cli_containers(cli, p, named, WH_CLI_STOPPED, &all, err) < 0)
        return -1;
    if (index > 0 && !wh_cli_pick(&all, cli->parser.args.items[0], index))
        return wh_engine_fail_not_running(err, cli->parser.args.items[0], index);
    return 0;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct logs_options *o = values;
    wh_auto_cli_project p = {0};
    struct wh_cli_follow_options f = {.index = o->index > 0 ? o->index : 0};
    struct session s = {.cli = cli, .project = &p, .signals = {.fd = -1}};
    cli->hides_warnings = true;
    if (make_query(o, &f.query, err) < 0 || wh_cli_load_or_name(cli, NULL, &p, err) < 0 ||
        wh_cli_check_display(cli, err) < 0 || check_selection(cli, &p, o->index, err) < 0)
        return -1;
    choose_services(cli, &p, &f.services);
    s.services = f.services;
    s.view = wh_logview_new(&(struct wh_logview_options){
        .prefix = !o->no_log_prefix,
        .timestamps = o->timestamps,
        .ansi = o->no_color ? WH_ANSI_NEVER : wh_cli_ansi(cli),
        .out = stdout,
        .err = stderr,
    });
    s.follow = s.view ? wh_cli_follow_new(p.name, s.view, &f) : NULL;
    int r = s.follow ? show(&s, o, err) : wh_fail(err, WH_E_LIMIT, "out of memory");
    wh_cli_signals_close(&s.signals);
    wh_cli_follow_free(s.follow);
    wh_logview_free(s.view);
    if (s.exits)
        wh_client_close(s.exits);
    wh_map_fini(&s.running);
    return r;
}

const struct wh_cmd wh_cmd_logs = {
    .name = "logs",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Show the output of containers",
    WH_CMD_OPTIONS(options, struct logs_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
