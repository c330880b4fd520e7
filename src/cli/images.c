/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which images a command needs and how they come to be there. */
#include "cli/images.h"

#include "whale/image.h"
#include "whale/state.h"

#include <string.h>

/* ---- which services -------------------------------------------------------------------------------------------- */

int wh_cli_closure(struct wh_cli *cli, const struct wh_project *m, const struct wh_opt_list *services, bool no_deps,
                   struct wh_opt_list *ret, struct wh_err *err)
{
    *ret = (struct wh_opt_list){0};
    for (size_t i = 0; i < m->services.len; i++)
        if (!services->len || wh_cli_list_has(services, m->services.items[i].name))
            wh_opt_list_add(&cli->arena, ret, m->services.items[i].name);
    for (size_t i = 0; !no_deps && i < ret->len; i++) {
        const struct wh_service *s = wh_project_service(m, ret->items[i]);
        for (size_t d = 0; s && d < s->depends_on.len; d++) {
            const struct wh_service *needed = wh_project_service(m, s->depends_on.items[d].service);
            if (needed && !wh_cli_list_has(ret, needed->name))
                wh_opt_list_add(&cli->arena, ret, needed->name);
        }
    }
    return cli->arena.failed ? wh_fail(err, WH_E_LIMIT, "out of memory") : 0;
}

/* ---- pulling --------------------------------------------------------------------------------------------------- */

struct pull_view {
    struct wh_progress *progress;
};

static const struct {
    const char *status, *text;
    enum wh_event_status kind;
} image_texts[] = {
    {"pulling", "Pulling", WH_STATUS_WORKING},
    {"pulled", "Pulled", WH_STATUS_DONE},
    {"exists", "Skipped", WH_STATUS_DONE},
    {"waiting", "Waiting", WH_STATUS_WORKING},
    {"downloading", "Downloading", WH_STATUS_WORKING},
    {"retrying", "Retrying", WH_STATUS_WORKING},
    {"verifying", "Verifying", WH_STATUS_WORKING},
    {"extracting", "Extracting", WH_STATUS_WORKING},
    {"complete", "Pull complete", WH_STATUS_DONE},
};

static void show_pull(void *ctx, const struct wh_image_progress *p)
{
    struct pull_view *view = ctx;
    bool is_layer = strcmp(p->event, "layer") == 0;
    char image[512];
    snprintf(image, sizeof(image), "Image %s", p->ref);
    struct wh_event e = {.kind = WH_EVENT_PROGRESS,
                         .id = is_layer ? p->layer : image,
                         .parent_id = is_layer ? image : NULL,
                         .current_bytes = p->current,
                         .total_bytes = p->total};
    if (strcmp(p->event, "warning") == 0) {
        e = (struct wh_event){.kind = WH_EVENT_WARNING, .text = p->text};
    } else if (strcmp(p->event, "error") == 0) {
        e.status = WH_STATUS_ERROR;
        e.text = "Error";
        e.details = p->text;
    }
    for (size_t i = 0; i < WH_ARRAY_LEN(image_texts) && !e.text; i++)
        if (strcmp(image_texts[i].status, p->status) == 0) {
            e.text = image_texts[i].text;
            e.status = image_texts[i].kind;
        }
    if (e.text)
        wh_progress_event(view->progress, &e);
    wh_progress_tick(view->progress);
}

int wh_cli_pull(struct wh_cli *cli, const struct wh_opt_list *refs, const char *policy, const char *platform,
                struct wh_progress *progress, struct wh_err *err)
{
    struct pull_view view = {progress};
    const char **args = wh_arena_array(&cli->arena, const char *, refs->len + 6);
    size_t n = 0;
    if (!args)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    args[n++] = "pull";
    args[n++] = "--progress=json";
    args[n++] = wh_arena_fmt(&cli->arena, "--policy=%s", policy);
    if (platform && *platform)
        args[n++] = wh_arena_fmt(&cli->arena, "--platform=%s", platform);
    args[n++] = "--";
    for (size_t i = 0; i < refs->len; i++)
        args[n++] = refs->items[i];
    return wh_image_helper_run(wh_state_root(), args, show_pull, &view, err);
}

/* ---- ensuring -------------------------------------------------------------------------------------------------- */

struct wanted {
    const char *policy;   /* as whale-image knows it */
    const char *platform; /* "": the host's */
    struct wh_opt_list refs;
};

struct ensurer {
    struct wh_cli *cli;
    const struct wh_cli_image_options *options;
    struct wanted *wanted;
    size_t n_wanted;
    struct wh_map ids; /* name and platform -> id, "" = not in the store: many services have one image */
};

/* The id of the image, "" when it is not there, or there for another platform. */
static int look_up(struct wh_arena *a, const char *name, const char *platform, char **ret, struct wh_err *err)
{
    struct wh_image image;
    int r = wh_image_lookup(a, wh_state_root(), name, &image, err);
    if (r < 0)
        return wh_wrap(err, "image %s", name);
    *ret = wh_arena_strdup(a, r == 0 && (!*platform || wh_image_is_for(a, &image, platform)) ? image.id : "");
    return 0;
}

/* *ret_id: NULL when the image is not there. */
static int find_image(struct ensurer *e, const struct wh_service *s, const char **ret_id, struct wh_err *err)
{
    struct wh_arena *a = &e->cli->arena;
    const char *platform = s->platform ? s->platform : "", *key = wh_arena_fmt(a, "%s %s", s->image, platform);
    char *id = key ? wh_map_get(&e->ids, key) : NULL;
    if (!id) {
        if (look_up(a, s->image, platform, &id, err) < 0)
            return -1;
        if (!key || !id || wh_map_set(&e->ids, key, id) < 0)
            return wh_fail(err, WH_E_LIMIT, "out of memory");
    }
    *ret_id = *id ? id : NULL;
    return 0;
}

/* `refresh` pulls again after pull_refresh_after. */
static const char *refresh_policy(struct wh_arena *a, const struct wh_service *s)
{
    int64_t age_ns = s->pull_refresh_after_ns.is_set ? s->pull_refresh_after_ns.value : 0;
    return age_ns > 0 ? wh_arena_fmt(a, "every_%lldns", (long long)age_ns) : "always";
}

/* What whale-image is asked for, or NULL when the image must not be pulled. */
static const char *policy_of(const struct ensurer *e, const struct wh_service *s)
{
    static const char *const known[] = {"always", "missing", "daily", "weekly"};
    const char *given = e->options->policy;
    const char *text = given && strcmp(given, "policy") != 0 ? given : s->pull_policy;
    if (wh_streq(text, "never") || wh_streq(text, "build"))
        return NULL;
    if (wh_streq(text, "refresh"))
        return refresh_policy(&e->cli->arena, s);
    if (text && wh_starts(text, "every_"))
        return text;
    for (size_t i = 0; text && i < WH_ARRAY_LEN(known); i++)
        if (strcmp(known[i], text) == 0)
            return known[i];
    return "missing";
}

static int want_pull(struct ensurer *e, const char *policy, const struct wh_service *s, struct wh_err *err)
{
    const char *platform = s->platform ? s->platform : "";
    struct wanted *w = NULL;
    for (size_t i = 0; !w && i < e->n_wanted; i++)
        w = strcmp(e->wanted[i].policy, policy) == 0 && strcmp(e->wanted[i].platform, platform) == 0 ? &e->wanted[i]
                                                                                                     : NULL;
    if (!w) {
        struct wanted *more = wh_arena_array(&e->cli->arena, struct wanted, e->n_wanted + 1);
        if (!more)
            return wh_fail(err, WH_E_LIMIT, "out of memory");
        if (e->n_wanted)
            memcpy(more, e->wanted, e->n_wanted * sizeof(*more));
        e->wanted = more;
        w = &more[e->n_wanted++];
        *w = (struct wanted){.policy = policy, .platform = platform};
    }
    if (!wh_cli_list_has(&w->refs, s->image))
        wh_opt_list_add(&e->cli->arena, &w->refs, s->image);
    return 0;
}

static int fail_missing(const struct wh_service *s, struct wh_err *err)
{
    struct wh_mark place = wh_node_place(s->node, "image");
    bool any = !s->platform || !*s->platform;
    wh_fail(err, WH_E_NOT_FOUND, "service \"%s\": no such image: %s%s%s", s->name, s->image,
            any ? "" : " for platform ", any ? "" : s->platform);
    wh_err_at(err, &place);
    return -1;
}

static int fail_build(const struct wh_service *s, struct wh_err *err)
{
    wh_fail(err, WH_E_GENERIC, "service \"%s\": image %s is not there, and building images is not supported yet",
            s->name, s->image);
    wh_err_at(err, &s->build->mark);
    wh_err_hint(err, "build it with another tool and load it: %s image load < image.tar", wh_cli_program);
    return -1;
}

static int want_image(struct ensurer *e, const struct wh_service *s, struct wh_err *err)
{
    const char *policy = policy_of(e, s), *id;
    if (!s->image)
        return 0;
    if (find_image(e, s, &id, err) < 0)
        return -1;
    bool is_there = id;
    if (is_there && (!policy || strcmp(policy, "missing") == 0 || (s->build && s->image_is_implicit)))
        return 0;
    if (s->build && !is_there && (s->image_is_implicit || !policy))
        return fail_build(s, err);
    if (!policy) {
        fail_missing(s, err);
        wh_err_hint(err, "the pull policy forbids to pull it");
        return -1;
    }
    /* One of another platform may be there. */
    bool replaces = s->platform && *s->platform && strcmp(policy, "missing") == 0;
    return want_pull(e, replaces ? "always" : policy, s, err);
}

/* Images that are mounted or run hooks: pulled when missing, whatever the service's own policy. */
static int want_extras(struct ensurer *e, const struct wh_service *s, struct wh_err *err)
{
    struct wh_service extra = {.name = s->name};
    for (size_t i = 0; i < s->mounts.len; i++)
        if (wh_streq(s->mounts.items[i].type, "image")) {
            extra.image = s->mounts.items[i].source;
            if (want_image(e, &extra, err) < 0)
                return -1;
        }
    for (size_t i = 0; i < s->pre_start.len; i++) {
        extra.image = s->pre_start.items[i].image;
        if (want_image(e, &extra, err) < 0)
            return -1;
    }
    return 0;
}

static int pull_wanted(struct ensurer *e, struct wh_progress *progress, struct wh_err *err)
{
    for (size_t i = 0; i < e->n_wanted; i++) {
        wh_map_fini(&e->ids); /* what is there changes now */
        if (wh_cli_pull(e->cli, &e->wanted[i].refs, e->wanted[i].policy, e->wanted[i].platform, progress, err) < 0)
            return -1;
    }
    return 0;
}

static int collect_ids(struct ensurer *e, const struct wh_project *m, const struct wh_opt_list *needed,
                       struct wh_node *ids, struct wh_err *err)
{
    for (size_t i = 0; i < m->services.len; i++) {
        const struct wh_service *s = &m->services.items[i];
        const char *id;
        if (!s->image)
            continue;
        if (find_image(e, s, &id, err) < 0)
            return -1;
        if (id)
            wh_node_put_str(&e->cli->arena, ids, s->name, id);
        else if (wh_cli_list_has(needed, s->name))
            return fail_missing(s, err);
    }
    return 0;
}

static int ensure(struct ensurer *e, const struct wh_project *m, const struct wh_opt_list *needed,
                  struct wh_progress *progress, struct wh_node *ids, struct wh_err *err)
{
    for (size_t i = 0; i < needed->len; i++) {
        const struct wh_service *s = wh_project_service(m, needed->items[i]);
        if (want_image(e, s, err) < 0 || want_extras(e, s, err) < 0)
            return -1;
    }
    return pull_wanted(e, progress, err) < 0 ? -1 : collect_ids(e, m, needed, ids, err);
}

int wh_cli_ensure_images(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_opt_list *services,
                         const struct wh_cli_image_options *o, struct wh_progress *progress, struct wh_node **ret,
                         struct wh_err *err)
{
    struct ensurer e = {.cli = cli, .options = o};
    struct wh_opt_list needed;
    *ret = wh_node_map(&cli->arena, NULL);
    if (wh_cli_closure(cli, p->model, services, o->no_deps, &needed, err) < 0)
        return -1;
    int r = ensure(&e, p->model, &needed, progress, *ret, err);
    wh_map_fini(&e.ids);
    return r;
}
