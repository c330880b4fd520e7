/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The typed project: decoding, what follows from several attributes, lookups. */
#include "decode.h"

#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

const char *const wh_condition_text[WH_CONDITION_MAX_] = {"service_started", "service_healthy",
                                                          "service_completed_successfully"};

static void finish_dependency(struct wh_dependency *d)
{
    for (int i = 0; i < WH_CONDITION_MAX_; i++)
        if (wh_streq(d->condition_name, wh_condition_text[i]))
            d->condition = (enum wh_condition)i;
}

static void finish_service(struct wh_arena *a, const char *project, struct wh_service *s)
{
    for (size_t i = 0; i < s->depends_on.len; i++)
        finish_dependency(&s->depends_on.items[i]);
    if (!s->image && s->build) {
        s->image = wh_arena_fmt(a, "%s-%s", project ? project : "", s->name);
        s->image_is_implicit = true;
    }
}

int wh_project_from_node(struct wh_arena *a, const struct wh_node *canonical, struct wh_project **ret,
                         struct wh_err *err)
{
    struct wh_project *p = wh_arena_new(a, struct wh_project);
    if (!p)
        return wh_fail(err, ENOMEM, "project");
    if (wh_shape_decode(a, &wh_shape_project, canonical, p, err) < 0)
        return wh_wrap(err, "project");
    for (size_t i = 0; i < p->services.len; i++)
        finish_service(a, p->name, &p->services.items[i]);
    if (a->failed)
        return wh_fail(err, ENOMEM, "project");
    *ret = p;
    return 0;
}

int wh_service_from_node(struct wh_arena *a, const char *project_name, const char *name,
                         const struct wh_node *canonical, struct wh_service **ret, struct wh_err *err)
{
    struct wh_service *s = wh_arena_new(a, struct wh_service);
    if (!s)
        return wh_fail(err, ENOMEM, "service");
    if (wh_shape_decode(a, &wh_shape_service, canonical, s, err) < 0)
        return wh_wrap(err, "service \"%s\"", name);
    s->name = wh_arena_strdup(a, name);
    finish_service(a, project_name, s);
    if (a->failed)
        return wh_fail(err, ENOMEM, "service");
    *ret = s;
    return 0;
}

/* ---- lookups ---- */

#define FIND(list, member, wanted)                                                                                     \
    for (size_t i = 0; i < (list).len; i++)                                                                            \
        if (wh_streq((list).items[i].member, (wanted)))                                                                \
            return &(list).items[i];                                                                                   \
    return NULL

const struct wh_service *wh_project_service(const struct wh_project *p, const char *name)
{
    FIND(p->services, name, name);
}

const struct wh_network *wh_project_network(const struct wh_project *p, const char *key)
{
    FIND(p->networks, key, key);
}

bool wh_service_uses_volume(const struct wh_service *s, const char *key)
{
    for (size_t i = 0; s && i < s->mounts.len; i++) {
        const struct wh_service_mount *m = &s->mounts.items[i];
        if (wh_streq(m->type, "volume") && wh_streq(m->source, key))
            return true;
    }
    return false;
}

const struct wh_volume *wh_project_volume(const struct wh_project *p, const char *key)
{
    FIND(p->volumes, key, key);
}

const struct wh_file_source *wh_project_config(const struct wh_project *p, const char *key)
{
    FIND(p->configs, key, key);
}

const struct wh_file_source *wh_project_secret(const struct wh_project *p, const char *key)
{
    FIND(p->secrets, key, key);
}

int64_t wh_service_replicas(const struct wh_service *s)
{
    if (s->deploy && wh_streq(s->deploy->mode, "global"))
        return 1;
    if (s->scale.is_set)
        return s->scale.value;
    return s->deploy && s->deploy->replicas.is_set ? s->deploy->replicas.value : 1;
}

const char *wh_pairs_get(const struct wh_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->len; i++)
        if (strcmp(pairs->items[i].key, key) == 0)
            return pairs->items[i].value;
    return NULL;
}

const char *wh_mode_service(const char *mode)
{
    return mode && wh_starts(mode, "service:") ? mode + strlen("service:") : NULL;
}
