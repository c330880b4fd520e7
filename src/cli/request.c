/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of every changing command: request, events, exit status. */
#include "cli/request.h"

#include "cli/dryrun.h"
#include "cli/signals.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define MAX_REPEATS     5 /* of a request whose supervisor was killed */
#define REPEAT_DELAY_MS 20

/* ---- building -------------------------------------------------------------------------------------------------- */

int wh_cli_request_new(struct wh_cli *cli, const char *op, struct wh_cli_request *ret, struct wh_err *err)
{
    struct wh_arena *a = &cli->arena;
    int64_t parallel;
    *ret = (struct wh_cli_request){.arena = a, .root = wh_node_map(a, NULL), .options = wh_node_map(a, NULL)};
    if (!ret->root || !ret->options)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    wh_node_put_str(a, ret->root, "op", op);
    wh_node_put(a, ret->root, "options", ret->options);
    wh_cli_put_bool(ret, "underscores", wh_cli_is_compatible(cli));
    if (wh_cli_parallel(cli, &parallel, err) < 0)
        return -1;
    if (parallel > 0)
        wh_node_put_int(a, ret->options, "parallel", parallel);
    return 0;
}

void wh_cli_put_bool(struct wh_cli_request *r, const char *option, bool value)
{
    if (value)
        wh_node_put_bool(r->arena, r->options, option, true);
}

static bool removes_orphans(const struct wh_cli *cli, bool asked)
{
    return asked || wh_cli_env_is_true(cli, "COMPOSE_REMOVE_ORPHANS");
}

int wh_cli_check_orphans(const struct wh_cli *cli, bool remove, struct wh_err *err)
{
    if (removes_orphans(cli, remove) && wh_cli_env_is_true(cli, "COMPOSE_IGNORE_ORPHANS"))
        return wh_fail(err, WH_E_INVALID, "cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans");
    return 0;
}

void wh_cli_put_orphans(const struct wh_cli *cli, struct wh_cli_request *r, bool remove)
{
    wh_cli_put_bool(r, "remove_orphans", removes_orphans(cli, remove));
    wh_cli_put_bool(r, "ignore_orphans", wh_cli_env_is_true(cli, "COMPOSE_IGNORE_ORPHANS"));
}

void wh_cli_request_services(struct wh_cli_request *r, const struct wh_opt_list *services)
{
    struct wh_node *list = wh_node_seq(r->arena, NULL);
    for (size_t i = 0; i < services->len; i++)
        wh_node_push_str(r->arena, list, services->items[i]);
    if (services->len)
        wh_node_put(r->arena, r->root, "services", list);
}

static int put_service_hashes(struct wh_cli_request *r, const struct wh_project *m, struct wh_err *err)
{
    char hex[WH_IDENTITY_HEX];
    struct wh_node *hashes = wh_node_map(r->arena, NULL);
    for (size_t i = 0; i < m->services.len; i++) {
        if (wh_service_identity(&m->services.items[i], hex, err) < 0)
            return -1;
        wh_node_put_str(r->arena, hashes, m->services.items[i].name, hex);
    }
    wh_node_put(r->arena, r->root, "hashes", hashes);
    return 0;
}

static int put_resource_hashes(struct wh_cli_request *r, const struct wh_project *m, struct wh_err *err)
{
    char hex[WH_HASH_HEX];
    struct wh_node *networks = wh_node_map(r->arena, NULL), *volumes = wh_node_map(r->arena, NULL);
    for (size_t i = 0; i < m->networks.len; i++) {
        if (wh_network_hash(&m->networks.items[i], hex, err) < 0)
            return -1;
        wh_node_put_str(r->arena, networks, m->networks.items[i].key, hex);
    }
    for (size_t i = 0; i < m->volumes.len; i++) {
        if (wh_volume_hash(&m->volumes.items[i], hex, err) < 0)
            return -1;
        wh_node_put_str(r->arena, volumes, m->volumes.items[i].key, hex);
    }
    wh_node_put(r->arena, r->root, "network_hashes", networks);
    wh_node_put(r->arena, r->root, "volume_hashes", volumes);
    return 0;
}

static const char *join(struct wh_arena *a, const struct wh_vec *texts)
{
    wh_auto_str out = {0};
    for (size_t i = 0; i < texts->len; i++)
        wh_str_fmt(&out, "%s%s", i ? "," : "", wh_vec_at(texts, const char *, i));
    return wh_arena_strdup(a, wh_str_c(&out));
}

static void put_meta(struct wh_cli_request *r, const struct wh_load_result *load)
{
    struct wh_node *meta = wh_node_map(r->arena, NULL);
    wh_node_put_str(r->arena, meta, "working_dir", load->working_dir);
    wh_node_put_str(r->arena, meta, "config_files", join(r->arena, &load->config_files));
    if (load->env_files.len)
        wh_node_put_str(r->arena, meta, "environment_file", join(r->arena, &load->env_files));
    wh_node_put_str(r->arena, meta, "version", wh_cli_version);
    wh_node_put(r->arena, r->root, "meta", meta);
}

static void put_disabled(struct wh_cli_request *r, const struct wh_load_result *load)
{
    struct wh_node *names = wh_node_seq(r->arena, NULL);
    for (size_t i = 0; i < wh_node_len(load->disabled_services); i++)
        wh_node_push_str(r->arena, names, load->disabled_services->map.pairs[i].key);
    wh_node_put(r->arena, r->root, "disabled", names);
}

int wh_cli_request_project(struct wh_cli_request *r, const struct wh_cli_project *p, const struct wh_node *images,
                           struct wh_err *err)
{
    if (!p->model)
        return 0;
    wh_node_put(r->arena, r->root, "project", (struct wh_node *)p->model->node);
    if (images)
        wh_node_put(r->arena, r->root, "images", wh_node_clone(r->arena, images));
    put_meta(r, &p->load);
    put_disabled(r, &p->load);
    return put_service_hashes(r, p->model, err) < 0 ? -1 : put_resource_hashes(r, p->model, err);
}

/* ---- running --------------------------------------------------------------------------------------------------- */

int wh_cli_take_done(const struct wh_cli_request *r, const struct wh_event *e, struct wh_err *err)
{
    if (!e->text)
        return e->exit_code;
    wh_fail(err, e->exit_code == WH_EXIT_CANCELLED ? WH_E_CANCELLED : WH_E_GENERIC, "%s", e->text);
    struct wh_mark place = wh_node_place(wh_node_get(r->root, "project"), e->value);
    wh_err_at(err, &place);
    if (e->hint)
        wh_err_hint(err, "%s", e->hint);
    return -1;
}

int wh_cli_send_cancel(struct wh_client *c)
{
    wh_auto_arena a = {0};
    wh_auto_err ignored = {0}; /* the other end is gone: nothing to cancel */
    struct wh_node *cancel = wh_node_map(&a, NULL);
    wh_node_put_str(&a, cancel, "op", "cancel");
    return wh_client_send(c, cancel, NULL, 0, &ignored);
}

struct performance {
    const struct wh_cli_request *request;
    struct wh_client *client;
    struct wh_progress *progress;
    struct wh_cli_signals signals;
    bool cancelled;
    bool lost; /* the supervisor went away in the middle */
};

/* Requests that name a state to be reached: sent again, they go on where a killed supervisor was. */
static bool may_be_repeated(const struct wh_cli_request *r)
{
    static const char *const ops[] = {"up", "create", "scale", "down", "stop", "start", "restart", "rm", "wait"};
    const char *op = wh_node_get_str(r->root, "op", "");
    for (size_t i = 0; i < WH_ARRAY_LEN(ops); i++)
        if (wh_streq(op, ops[i]))
            return true;
    return false;
}

/* 1 when the request is done; *ret_status is then what the caller returns. */
static int take_events(struct performance *p, int *ret_status, struct wh_err *err)
{
    do {
        wh_auto_arena a = {0};
        struct wh_event e;
        int r = wh_client_next(p->client, 0, &a, &e, NULL, err);
        if (r == WH_ENGINE_TIMEOUT)
            return 0;
        if (r == WH_ENGINE_CLOSED) {
            p->lost = !p->cancelled;
            return p->cancelled ? wh_fail(err, WH_E_CANCELLED, "canceled")
                                : wh_fail(err, WH_E_GENERIC, "the supervisor of this project ended unexpectedly");
        }
        if (r < 0)
            return -1;
        if (e.kind == WH_EVENT_DONE) {
            *ret_status = wh_cli_take_done(p->request, &e, err);
            return 1;
        }
        wh_progress_event(p->progress, &e);
    } while (wh_client_has_buffered(p->client));
    return 0;
}

static int wait_done(struct performance *p, struct wh_err *err)
{
    int status = -1;
    for (;;) {
        struct pollfd fds[] = {{.fd = wh_client_fd(p->client), .events = POLLIN},
                               {.fd = p->signals.fd, .events = POLLIN}};
        bool ready = wh_client_has_buffered(p->client);
        int tick = wh_progress_tick_ms(p->progress);
        if (poll(fds, WH_ARRAY_LEN(fds), ready ? 0 : tick) < 0 && errno != EINTR)
            return wh_fail(err, errno, "poll");
        while (wh_cli_signals_next(&p->signals)) {
            p->cancelled = true;
            if (wh_cli_send_cancel(p->client) < 0)
                return wh_fail(err, WH_E_CANCELLED, "canceled");
        }
        if (ready || fds[0].revents) {
            int r = take_events(p, &status, err);
            if (r < 0)
                return -1;
            if (r > 0)
                return status;
        }
        wh_progress_tick(p->progress);
    }
}

/* One try: from connecting to the last event. */
static int perform_once(struct performance *p, const char *project, const struct wh_cli_request *r, struct wh_err *err)
{
    wh_auto_client *client = NULL;
    p->lost = false;
    if (wh_client_open(project, true, &client, err) < 0)
        return -1;
    int sent = wh_client_send(client, r->root, NULL, 0, err);
    p->lost = sent == WH_ENGINE_CLOSED;
    if (sent > 0)
        return wh_fail(err, WH_E_GENERIC, "the supervisor of this project ended unexpectedly");
    p->client = client;
    return sent < 0 ? -1 : wait_done(p, err);
}

int wh_cli_perform(struct wh_cli *cli, const struct wh_cli_project *project, const struct wh_cli_request *r,
                   struct wh_progress *progress, struct wh_err *err)
{
    struct performance p = {.request = r, .progress = progress, .signals = {.fd = -1}};
    if (cli->common.dry_run)
        return wh_cli_dry_run(cli, project, r, progress, err);
    if (wh_state_ensure_roots(err) < 0 ||
        wh_cli_signals_open(&p.signals, wh_cli_ending_signals, WH_ARRAY_LEN(wh_cli_ending_signals), err) < 0)
        return -1;
    int status = perform_once(&p, project->name, r, err);
    for (int i = 0; i < MAX_REPEATS && p.lost && may_be_repeated(r); i++) {
        wh_err_fini(err);
        *err = (struct wh_err){0};
        poll(NULL, 0, REPEAT_DELAY_MS);
        status = perform_once(&p, project->name, r, err);
    }
    wh_progress_finish(progress);
    wh_cli_signals_close(&p.signals);
    if (p.cancelled && status >= 0)
        return wh_fail(err, WH_E_CANCELLED, "canceled");
    if (p.cancelled)
        err->code = WH_E_CANCELLED;
    return status;
}
