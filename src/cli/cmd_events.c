/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events: what happens to the project's containers, as it happens. */
#include "commands.h"

#include "cli/outputs.h"
#include "cli/project.h"
#include "cli/request.h"
#include "cli/signals.h"
#include "whale/codec/json.h"
#include "whale/util/time.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

struct events_options {
    bool json;
    const char *since, *until;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct events_options, json, 0, "json", "One JSON object a line"),
    WH_OPT_TEXT(struct events_options, since, 0, "since", "string", NULL, "From this time on"),
    WH_OPT_TEXT(struct events_options, until, 0, "until", "string", NULL, "Up to this time"),
};

static const struct wh_output_field fields[] = {
    WH_OUTPUT_FIELD("action", "string", "create, start, die, health_status: healthy ..."),
    WH_OUTPUT_FIELD("attributes", "object", "image, name, exitCode ..."),
    WH_OUTPUT_FIELD("id", "string", "of the container"),
    WH_OUTPUT_FIELD("service", "string", "name of the service"),
    WH_OUTPUT_FIELD("time", "string", "RFC 3339"),
    WH_OUTPUT_FIELD("type", "string", "container"),
    {0},
};

static const struct wh_output output = {"events", "One line of `events --json`", fields, false};

static void print_json(const struct wh_event *e)
{
    wh_auto_arena a = {0};
    wh_auto_str out = {0};
    char time[40];
    struct wh_node *o = wh_node_map(&a, NULL);
    wh_node_put_str(&a, o, "action", e->action);
    wh_node_put(&a, o, "attributes", e->attributes ? wh_node_clone(&a, e->attributes) : wh_node_map(&a, NULL));
    wh_node_put_str(&a, o, "id", e->container_id);
    wh_node_put_str(&a, o, "service", e->service);
    wh_node_put_str(&a, o, "time", wh_time_format(e->time_ns, time, sizeof(time)));
    wh_node_put_str(&a, o, "type", "container");
    wh_json_write(o, WH_JSON_COMPACT, &out);
    printf("%s\n", wh_str_c(&out));
}

/* 2006-01-02 15:04:05.000000 container start <id> (image=busybox, name=p-web-1) */
static void print_text(const struct wh_event *e)
{
    char time[32];
    struct tm tm;
    time_t seconds = (time_t)(e->time_ns / WH_NS_PER_S);
    localtime_r(&seconds, &tm);
    strftime(time, sizeof(time), "%Y-%m-%d %H:%M:%S", &tm);
    printf("%s.%06lld container %s %s (", time, (long long)(e->time_ns % WH_NS_PER_S / 1000), e->action,
           e->container_id);
    for (size_t i = 0; i < wh_node_len(e->attributes); i++)
        printf("%s%s=%s", i ? ", " : "", e->attributes->map.pairs[i].key, e->attributes->map.pairs[i].value->text);
    printf(")\n");
}

struct stream {
    const struct events_options *options;
    const struct wh_opt_list *services;
    int64_t since_ns, until_ns; /* 0 = not given */
    int64_t shown_ns;           /* time of the last past event that was shown: the supervisor may send it again */
};

static bool is_shown(const struct wh_event *e, const struct stream *s)
{
    if (e->kind != WH_EVENT_LIFECYCLE || !e->action || !e->container_id || e->time_ns <= s->shown_ns)
        return false;
    return !s->services->len || (e->service && wh_cli_list_has(s->services, e->service));
}

static void show_past(void *data, const struct wh_event *e)
{
    struct stream *s = data;
    if (e->time_ns < s->since_ns || (s->until_ns && e->time_ns > s->until_ns) || !is_shown(e, s))
        return;
    (s->options->json ? print_json : print_text)(e);
    s->shown_ns = e->time_ns;
}

/* 1 when the supervisor has gone. */
static int print_events(struct wh_client *client, const struct stream *s, struct wh_err *err)
{
    do {
        wh_auto_arena a = {0};
        struct wh_event e;
        int r = wh_client_next(client, 0, &a, &e, NULL, err);
        if (r == WH_ENGINE_TIMEOUT)
            break;
        if (r != 0)
            return r < 0 ? -1 : 1;
        if (is_shown(&e, s))
            (s->options->json ? print_json : print_text)(&e);
    } while (wh_client_has_buffered(client));
    fflush(stdout);
    return 0;
}

static int open_stream(struct wh_cli *cli, const char *project, struct wh_client **ret, struct wh_err *err)
{
    struct wh_cli_request r;
    int opened = wh_client_open(project, true, ret, err);
    if (opened != 0 || wh_cli_request_new(cli, "events", &r, err) < 0)
        return -1;
    return wh_client_send(*ret, r.root, NULL, 0, err);
}

/* Relative times count back from now. */
static int parse_time(const char *text, int64_t *ret_ns, struct wh_err *err)
{
    int64_t ns;
    *ret_ns = 0;
    if (!text || !*text)
        return 0;
    if (wh_duration_parse(text, &ns) == 0)
        *ret_ns = wh_now_real_ns() - ns;
    else if (wh_time_parse(text, ret_ns) < 0)
        return wh_fail(err, WH_E_INVALID, "failed to parse value as time or duration: \"%s\"", text);
    return 0;
}

static int parse_times(struct stream *s, struct wh_err *err)
{
    const struct events_options *o = s->options;
    if (parse_time(o->since, &s->since_ns, err) < 0 || parse_time(o->until, &s->until_ns, err) < 0)
        return -1;
    if (s->since_ns && s->until_ns && s->since_ns > s->until_ns)
        return wh_fail(err, WH_E_INVALID, "`since` time (%s) cannot be after `until` time (%s)", o->since, o->until);
    return 0;
}

/* The supervisor is listened to before the past is read, so that nothing falls between. */
static int follow(struct wh_cli *cli, const char *project, struct stream *s, struct wh_err *err)
{
    wh_auto_client *client = NULL;
    wh_auto_signals signals = {.fd = -1};
    if (wh_state_ensure_roots(err) < 0 || open_stream(cli, project, &client, err) < 0 ||
        wh_cli_signals_open(&signals, wh_cli_ending_signals, WH_ARRAY_LEN(wh_cli_ending_signals), err) < 0 ||
        (s->since_ns && wh_engine_past_events(project, show_past, s, err) < 0))
        return -1;
    fflush(stdout);
    for (;;) {
        struct pollfd fds[] = {{.fd = wh_client_fd(client), .events = POLLIN}, {.fd = signals.fd, .events = POLLIN}};
        int64_t left_ms = s->until_ns ? (s->until_ns - wh_now_real_ns()) / WH_NS_PER_MS : -1;
        if (s->until_ns && left_ms <= 0)
            return 0;
        int timeout = wh_client_has_buffered(client) ? 0 : (int)(left_ms > INT32_MAX ? INT32_MAX : left_ms);
        if (poll(fds, WH_ARRAY_LEN(fds), timeout) < 0 && errno != EINTR)
            return wh_fail(err, errno, "poll");
        if (wh_cli_signals_next(&signals)) {
            printf("%s", s->options->json ? "" : "\n"); /* off the line of a typed ^C */
            return WH_EXIT_CANCELLED;
        }
        int r = print_events(client, s, err);
        if (r != 0)
            return r < 0 ? -1 : 0;
    }
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct events_options *o = values;
    struct stream s = {.options = o, .services = &cli->parser.args};
    wh_auto_cli_project p = {0};
    if (parse_times(&s, err) < 0 || wh_cli_load_or_name(cli, &cli->parser.args, &p, err) < 0)
        return -1;
    return follow(cli, p.name, &s, err);
}

const struct wh_cmd wh_cmd_events = {
    .name = "events",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Show events of containers as they happen",
    WH_CMD_OPTIONS(options, struct events_options),
    .max_args = WH_CMD_ANY_ARGS,
    .output = &output,
    .run = run,
};
