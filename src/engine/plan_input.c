/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a request and records to the planner's input: for the supervisor and for --dry-run. */
#include "whale/engine.h"

#include "whale/state.h"
#include "whale/util/str.h"

#include "engine/network.h"
#include "engine/spec.h"

#include <errno.h>
#include <string.h>

/* ---- the request ------------------------------------------------------------------------------------------------- */

static struct wh_texts get_texts(struct wh_arena *a, const struct wh_node *map, const char *key)
{
    const struct wh_node *seq = wh_node_get(map, key);
    size_t n = seq && seq->kind == WH_NODE_SEQ ? seq->seq.len : 0, len = 0;
    const char **items = wh_arena_array(a, const char *, n + 1);
    for (size_t i = 0; items && i < n; i++)
        if (seq->seq.items[i]->text)
            items[len++] = seq->seq.items[i]->text;
    return (struct wh_texts){items, len};
}

static const char *text_at(const struct wh_node *map, size_t i)
{
    const struct wh_node *v = map->map.pairs[i].value;
    return v->kind == WH_NODE_STR ? v->text : NULL;
}

static struct wh_plan_hashes get_hashes(struct wh_arena *a, const struct wh_node *request, const char *key,
                                        const struct wh_node *images, const struct wh_project *project)
{
    const struct wh_node *map = wh_node_get(request, key);
    size_t n = map && map->kind == WH_NODE_MAP ? map->map.len : 0;
    struct wh_plan_hash *items = wh_arena_array(a, struct wh_plan_hash, n + 1);
    for (size_t i = 0; items && i < n; i++) {
        const char *name = map->map.pairs[i].key;
        const struct wh_service *s = project ? wh_project_service(project, name) : NULL;
        items[i] = (struct wh_plan_hash){.key = name,
                                         .hash = text_at(map, i),
                                         .image_id = wh_node_get_str(images, name, NULL),
                                         .image_volumes = s ? labels_image_volumes(a, s) : NULL};
    }
    return (struct wh_plan_hashes){items, items ? n : 0};
}

static const struct {
    const char *key;
    size_t offset;
} flags[] = {
    {"no_start", offsetof(struct wh_plan_input, no_start)},
    {"create_only", offsetof(struct wh_plan_input, no_start)},
    {"no_deps", offsetof(struct wh_plan_input, no_deps)},
    {"force_recreate", offsetof(struct wh_plan_input, force_recreate)},
    {"no_recreate", offsetof(struct wh_plan_input, no_recreate)},
    {"always_recreate_deps", offsetof(struct wh_plan_input, always_recreate_deps)},
    {"renew_anon_volumes", offsetof(struct wh_plan_input, renew_anonymous)},
    {"remove_orphans", offsetof(struct wh_plan_input, remove_orphans)},
    {"ignore_orphans", offsetof(struct wh_plan_input, ignore_orphans)},
    {"underscores", offsetof(struct wh_plan_input, underscores)},
    {"all_resources", offsetof(struct wh_plan_input, all_resources)},
    {"wait", offsetof(struct wh_plan_input, wait)},
    {"volumes", offsetof(struct wh_plan_input, volumes)},
    {"stop", offsetof(struct wh_plan_input, stop)},
};

int wh_plan_input_fill(struct wh_arena *a, const struct wh_node *request, const char *project_name,
                       struct wh_project *project, enum wh_plan_op verb, struct wh_plan_input *ret, struct wh_err *err)
{
    const struct wh_node *options = wh_node_get(request, "options"), *images = wh_node_get(request, "images");
    *ret = (struct wh_plan_input){.op = verb,
                                  .project_name = project_name,
                                  .project = project,
                                  .services = get_texts(a, request, "services"),
                                  .disabled = get_texts(a, request, "disabled"),
                                  .remade_volumes = get_texts(a, options, "remade_volumes"),
                                  .service_hashes = get_hashes(a, request, "hashes", images, project),
                                  .network_hashes = get_hashes(a, request, "network_hashes", NULL, NULL),
                                  .volume_hashes = get_hashes(a, request, "volume_hashes", NULL, NULL)};
    for (size_t i = 0; i < WH_ARRAY_LEN(flags); i++)
        *(bool *)((char *)ret + flags[i].offset) |= wh_node_get_bool(options, flags[i].key, false);
    if (verb == WH_PLAN_UP && wh_streq(wh_node_get_str(request, "op", NULL), "run"))
        ret->run_service = wh_node_get_str(request, "service", NULL);
    return a->failed ? wh_fail(err, ENOMEM, "request") : 0;
}

/* ---- what is there ----------------------------------------------------------------------------------------------- */

static const enum wh_plan_status plan_status[WH_CONTAINER_STATUS_MAX_] = {
    [WH_CONTAINER_CREATED] = WH_PLAN_CREATED, [WH_CONTAINER_RUNNING] = WH_PLAN_RUNNING,
    [WH_CONTAINER_PAUSED] = WH_PLAN_PAUSED,   [WH_CONTAINER_RESTARTING] = WH_PLAN_RUNNING,
    [WH_CONTAINER_REMOVING] = WH_PLAN_ENDED,  [WH_CONTAINER_EXITED] = WH_PLAN_ENDED,
    [WH_CONTAINER_DEAD] = WH_PLAN_ENDED,
};

int wh_plan_actual_add(struct wh_arena *a, const struct wh_container_rec *rec, const struct wh_container_state *state,
                       struct wh_plan_container *ret)
{
    const char **volumes = wh_arena_array(a, const char *, rec->n_mounts + 1);
    size_t n = 0;
    if (!volumes)
        return -1;
    for (size_t i = 0; i < rec->n_mounts; i++)
        if (rec->mounts[i].name && !rec->mounts[i].anonymous)
            volumes[n++] = rec->mounts[i].name;
    *ret =
        (struct wh_plan_container){.id = rec->id,
                                   .name = rec->name,
                                   .service = rec->service,
                                   .number = rec->number,
                                   .oneoff = rec->oneoff,
                                   .status = plan_status[state->status],
                                   .image_id = rec->image_id,
                                   .hash = rec->config_hash,
                                   .image_volumes = wh_container_label(rec, "com.docker.compose.image-volume-digest"),
                                   .networks = {(const char **)rec->networks, rec->n_networks},
                                   .volumes = {volumes, n},
                                   .depends_on = wh_container_label(rec, "com.docker.compose.depends_on"),
                                   .parents = wh_node_get(rec->extra, "parents"),
                                   .service_node = rec->service_node};
    return 0;
}

static int add_networks(struct wh_arena *a, struct wh_plan_actual *ret, struct wh_err *err)
{
    struct wh_network_rec *recs;
    if (wh_state_networks(a, &recs, &ret->n_networks, err) < 0)
        return -1;
    struct wh_plan_resource *items = wh_arena_array(a, struct wh_plan_resource, ret->n_networks + 1);
    if (!items)
        return wh_fail(err, ENOMEM, "networks");
    size_t n = 0;
    for (size_t i = 0; i < ret->n_networks; i++)
        if (!net_is_bridge(recs[i].name))
            items[n++] = (struct wh_plan_resource){recs[i].name, recs[i].key, recs[i].project, recs[i].config_hash};
    ret->n_networks = n;
    ret->networks = items;
    return 0;
}

static int add_volumes(struct wh_arena *a, struct wh_plan_actual *ret, struct wh_err *err)
{
    struct wh_volume_rec *recs;
    if (wh_state_volumes(a, &recs, &ret->n_volumes, err) < 0)
        return -1;
    struct wh_plan_resource *items = wh_arena_array(a, struct wh_plan_resource, ret->n_volumes + 1);
    if (!items)
        return wh_fail(err, ENOMEM, "volumes");
    for (size_t i = 0; i < ret->n_volumes; i++)
        items[i] = (struct wh_plan_resource){recs[i].name, recs[i].key, recs[i].project, recs[i].config_hash};
    ret->volumes = items;
    return 0;
}

int wh_plan_actual_resources(struct wh_arena *a, struct wh_plan_actual *ret, struct wh_err *err)
{
    return add_networks(a, ret, err) < 0 ? -1 : add_volumes(a, ret, err);
}
