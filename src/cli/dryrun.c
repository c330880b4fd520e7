/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request turned into the planner's input and its steps into events. */
#include "cli/dryrun.h"

#include "whale/plan.h"

#include <string.h>

/* ---- what is wanted -------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum wh_plan_op op;
} ops[] = {
    {"up", WH_PLAN_UP},           {"run", WH_PLAN_UP},    {"down", WH_PLAN_DOWN},   {"start", WH_PLAN_START},
    {"stop", WH_PLAN_STOP},       {"kill", WH_PLAN_KILL}, {"pause", WH_PLAN_PAUSE}, {"restart", WH_PLAN_RESTART},
    {"unpause", WH_PLAN_UNPAUSE}, {"rm", WH_PLAN_RM},
};

#define FLAG(option, field)                                                                                            \
    {                                                                                                                  \
        option, offsetof(struct wh_plan_input, field)                                                                  \
    }
static const struct {
    const char *option;
    size_t offset;
} flags[] = {
    FLAG("no_start", no_start),
    FLAG("create_only", no_start),
    FLAG("no_deps", no_deps),
    FLAG("force_recreate", force_recreate),
    FLAG("no_recreate", no_recreate),
    FLAG("always_recreate_deps", always_recreate_deps),
    FLAG("renew_anon_volumes", renew_anonymous),
    FLAG("recreate_volumes", recreate_volumes),
    FLAG("remove_orphans", remove_orphans),
    FLAG("ignore_orphans", ignore_orphans),
    FLAG("underscores", underscores),
    FLAG("wait", wait),
    FLAG("volumes", volumes),
    FLAG("stop", stop),
};

static struct wh_texts read_texts(struct wh_arena *a, const struct wh_node *list)
{
    size_t n = wh_node_len(list);
    struct wh_texts out = {.items = wh_arena_array(a, const char *, n + 1)};
    for (size_t i = 0; out.items && i < n; i++)
        out.items[out.len++] = list->seq.items[i]->text;
    return out;
}

static struct wh_plan_hashes read_hashes(struct wh_arena *a, const struct wh_node *hashes, const struct wh_node *images)
{
    size_t n = wh_node_len(hashes);
    struct wh_plan_hash *items = wh_arena_array(a, struct wh_plan_hash, n + 1);
    for (size_t i = 0; items && i < n; i++) {
        const char *key = hashes->map.pairs[i].key;
        items[i] = (struct wh_plan_hash){
            .key = key, .hash = hashes->map.pairs[i].value->text, .image_id = wh_node_get_str(images, key, NULL)};
    }
    return (struct wh_plan_hashes){items, items ? n : 0};
}

static struct wh_plan_input make_input(struct wh_arena *a, const struct wh_cli_project *p,
                                       const struct wh_cli_request *r)
{
    struct wh_plan_input in = {.project_name = p->name, .project = p->model};
    const char *op = wh_node_get_str(r->root, "op", "");
    for (size_t i = 0; i < WH_ARRAY_LEN(ops); i++)
        in.op = strcmp(ops[i].name, op) == 0 ? ops[i].op : in.op;
    for (size_t i = 0; i < WH_ARRAY_LEN(flags); i++)
        if (wh_node_get_bool(r->options, flags[i].option, false))
            *(bool *)((char *)&in + flags[i].offset) = true;
    in.services = read_texts(a, wh_node_get(r->root, "services"));
    in.disabled = read_texts(a, wh_node_get(r->root, "disabled"));
    in.service_hashes = read_hashes(a, wh_node_get(r->root, "hashes"), wh_node_get(r->root, "images"));
    in.network_hashes = read_hashes(a, wh_node_get(r->root, "network_hashes"), NULL);
    in.volume_hashes = read_hashes(a, wh_node_get(r->root, "volume_hashes"), NULL);
    in.run_service = wh_node_get_str(r->root, "service", NULL);
    return in;
}

/* ---- what is there --------------------------------------------------------------------------------------------- */

static enum wh_plan_status status_of(const struct wh_container *c)
{
    static const enum wh_plan_status by_status[WH_CONTAINER_STATUS_MAX_] = {
        [WH_CONTAINER_CREATED] = WH_PLAN_CREATED, [WH_CONTAINER_RUNNING] = WH_PLAN_RUNNING,
        [WH_CONTAINER_PAUSED] = WH_PLAN_PAUSED,   [WH_CONTAINER_RESTARTING] = WH_PLAN_RUNNING,
        [WH_CONTAINER_REMOVING] = WH_PLAN_ENDED,  [WH_CONTAINER_EXITED] = WH_PLAN_ENDED,
        [WH_CONTAINER_DEAD] = WH_PLAN_ENDED,
    };
    return by_status[c->state.status];
}

static struct wh_plan_container read_container(struct wh_arena *a, const struct wh_container *c)
{
    struct wh_plan_container out = {
        .id = c->rec.id,
        .name = c->rec.name,
        .service = c->rec.service,
        .number = c->rec.number,
        .oneoff = c->rec.oneoff,
        .status = status_of(c),
        .image_id = c->rec.image_id,
        .hash = c->rec.config_hash,
        .networks = {.items = wh_arena_array(a, const char *, c->rec.n_networks + 1)},
        .volumes = {.items = wh_arena_array(a, const char *, c->rec.n_mounts + 1)},
        .depends_on = wh_container_label(&c->rec, "com.docker.compose.depends_on"),
        .parents = wh_node_get(c->rec.extra, "parents"),
        .service_node = c->rec.service_node,
    };
    for (size_t i = 0; out.networks.items && i < c->rec.n_networks; i++)
        out.networks.items[out.networks.len++] = c->rec.networks[i];
    for (size_t i = 0; out.volumes.items && i < c->rec.n_mounts; i++)
        if (wh_streq(c->rec.mounts[i].type, "volume") && !c->rec.mounts[i].anonymous)
            out.volumes.items[out.volumes.len++] = c->rec.mounts[i].name;
    return out;
}

static int read_resources(struct wh_arena *a, struct wh_plan_actual *ret, struct wh_err *err)
{
    struct wh_network_rec *networks;
    struct wh_volume_rec *volumes;
    size_t n_networks, n_volumes;
    if (wh_state_networks(a, &networks, &n_networks, err) < 0 || wh_state_volumes(a, &volumes, &n_volumes, err) < 0)
        return -1;
    struct wh_plan_resource *all = wh_arena_array(a, struct wh_plan_resource, n_networks + n_volumes + 1);
    if (!all)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    size_t n = 0;
    for (size_t i = 0; i < n_networks; i++)
        if (!strchr(networks[i].name, WH_NETWORK_OWN))
            all[n++] = (struct wh_plan_resource){networks[i].name, networks[i].key, networks[i].project,
                                                 networks[i].config_hash};
    for (size_t i = 0; i < n_volumes; i++)
        all[n + i] =
            (struct wh_plan_resource){volumes[i].name, volumes[i].key, volumes[i].project, volumes[i].config_hash};
    ret->networks = all;
    ret->n_networks = n;
    ret->volumes = all + n;
    ret->n_volumes = n_volumes;
    return 0;
}

static int read_actual(struct wh_arena *a, const char *project, struct wh_plan_actual *ret, struct wh_err *err)
{
    struct wh_container *items;
    size_t n;
    *ret = (struct wh_plan_actual){0};
    if (wh_state_containers(a, project, &items, &n, err) < 0)
        return -1;
    struct wh_plan_container *containers = wh_arena_array(a, struct wh_plan_container, n + 1);
    for (size_t i = 0; containers && i < n; i++)
        containers[i] = read_container(a, &items[i]);
    ret->containers = containers;
    ret->n_containers = containers ? n : 0;
    return read_resources(a, ret, err);
}

/* ---- what would be done ---------------------------------------------------------------------------------------- */

static const struct {
    const char *object, *before, *text; /* NULL: not shown */
} shown[WH_STEP_KIND_MAX_] = {
    [WH_STEP_NETWORK_CREATE] = {"Network", "Creating", "Created"},
    [WH_STEP_NETWORK_REMOVE] = {"Network", "Removing", "Removed"},
    [WH_STEP_VOLUME_CREATE] = {"Volume", "Creating", "Created"},
    [WH_STEP_VOLUME_REMOVE] = {"Volume", "Removing", "Removed"},
    [WH_STEP_CREATE] = {"Container", "Creating", "Created"},
    [WH_STEP_RECREATE] = {"Container", "Recreate", "Recreated"},
    [WH_STEP_KEEP] = {"Container", NULL, "Running"},
    [WH_STEP_START] = {"Container", "Starting", "Started"},
    [WH_STEP_STOP] = {"Container", "Stopping", "Stopped"},
    [WH_STEP_KILL] = {"Container", "Killing", "Killed"},
    [WH_STEP_PAUSE] = {"Container", NULL, "Paused"},
    [WH_STEP_UNPAUSE] = {"Container", NULL, "Unpaused"},
    [WH_STEP_REMOVE] = {"Container", "Removing", "Removed"},
};

/* What nobody decides but the one-off that the plan does not have: it comes behind what it needs. */
static void show_oneoff(struct wh_arena *a, const struct wh_plan_input *in, const struct wh_cli_request *r,
                        struct wh_progress *progress)
{
    const char *name = wh_node_get_str(r->options, "name", NULL);
    const char joint = in->underscores ? '_' : '-';
    const char *id = name && *name
                         ? wh_arena_fmt(a, "Container %s", name)
                         : wh_arena_fmt(a, "Container %s%c%s%crun", in->project_name, joint, in->run_service, joint);
    struct wh_event e = {.kind = WH_EVENT_PROGRESS, .status = WH_STATUS_WORKING, .id = id, .text = "Creating"};
    wh_progress_event(progress, &e);
    e.status = WH_STATUS_DONE;
    e.text = "Created";
    wh_progress_event(progress, &e);
}

/* A restart is told as one: "Restarting" before, "Started" after it. */
static const char *text_before(const struct wh_plan_step *s)
{
    if (!s->is_restart)
        return shown[s->kind].before;
    return s->kind == WH_STEP_STOP ? "Restarting" : NULL;
}

static const char *text_after(const struct wh_plan_step *s)
{
    return s->is_restart && s->kind == WH_STEP_STOP ? NULL : shown[s->kind].text;
}

static void show_step(const struct wh_plan_step *s, struct wh_progress *progress)
{
    wh_auto_free char *id = wh_fmt("%s %s", shown[s->kind].object ? shown[s->kind].object : "", s->name);
    wh_auto_free char *why = s->reason ? wh_fmt("(%s)", s->reason) : NULL;
    struct wh_event e = {.kind = WH_EVENT_PROGRESS, .status = WH_STATUS_WORKING, .id = id, .text = text_before(s)};
    if (e.text)
        wh_progress_event(progress, &e);
    e.status = WH_STATUS_DONE;
    e.text = text_after(s);
    e.details = why;
    if (e.text)
        wh_progress_event(progress, &e);
}

int wh_cli_dry_run(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_request *r,
                   struct wh_progress *progress, struct wh_err *err)
{
    struct wh_plan_input in = make_input(&cli->arena, p, r);
    struct wh_plan_actual actual;
    struct wh_plan plan;
    if (read_actual(&cli->arena, p->name, &actual, err) < 0 || wh_plan_make(&cli->arena, &in, &actual, &plan, err) < 0)
        return -1;
    for (size_t i = 0; i < plan.warnings.len; i++)
        wh_progress_say(progress, plan.warnings.items[i]);
    for (size_t i = 0; i < plan.n_steps; i++)
        show_step(&plan.steps[i], progress);
    if (wh_streq(wh_node_get_str(r->root, "op", NULL), "run"))
        show_oneoff(&cli->arena, &in, r, progress);
    wh_progress_finish(progress);
    return 0;
}
