/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a new container mounts where: the service's mounts over those of volumes_from over the image's VOLUMEs, with
 * names for volumes. Anonymous volumes are taken over from the container that is replaced, by target.
 */
#include "engine/spec.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

struct planner {
    struct wh_policy *p;
    const struct create_request *r;
    struct wh_arena *a;
    struct wh_vec mounts; /* struct wh_mount_rec */
    struct wh_err *err;
};

static struct wh_mount_rec *find_target(struct planner *pl, const char *target)
{
    for (size_t i = 0; i < pl->mounts.len; i++)
        if (strcmp(wh_vec_at(&pl->mounts, struct wh_mount_rec, i).target, target) == 0)
            return &wh_vec_at(&pl->mounts, struct wh_mount_rec, i);
    return NULL;
}

/* The first one that asks for a target gets it. */
static int add(struct planner *pl, const struct wh_mount_rec *m)
{
    if (find_target(pl, m->target))
        return 0;
    struct wh_mount_rec *slot = wh_vec_push(&pl->mounts);
    if (!slot)
        return wh_fail(pl->err, ENOMEM, "mounts");
    *slot = *m;
    return 0;
}

static const char *inherited_volume(const struct planner *pl, const char *target)
{
    const struct ctr *old = pl->r->replaces;
    for (size_t i = 0; old && i < old->rec.n_mounts; i++) {
        const struct wh_mount_rec *m = &old->rec.mounts[i];
        if (m->anonymous && strcmp(m->target, target) == 0)
            return m->name;
    }
    return NULL;
}

static int add_anonymous(struct planner *pl, const char *target, bool read_only)
{
    if (find_target(pl, target))
        return 0;
    const char *name = inherited_volume(pl, target);
    if (!name) {
        char hex[WH_ID_LEN + 1];
        if (wh_random_hex(hex, WH_ID_LEN, pl->err) < 0)
            return -1;
        name = wh_arena_strdup(pl->a, hex);
    }
    struct wh_mount_rec m = {.type = "volume",
                             .name = wh_arena_strdup(pl->a, name),
                             .target = wh_arena_strdup(pl->a, target),
                             .anonymous = true,
                             .read_only = read_only};
    return add(pl, &m);
}

static int add_volume(struct planner *pl, const struct wh_service_mount *m)
{
    if (!m->source || !m->source[0])
        return add_anonymous(pl, m->target, m->read_only);
    const struct wh_volume *v = pl->r->project ? wh_project_volume(pl->r->project, m->source) : NULL;
    struct wh_mount_rec rec = {.type = "volume",
                               .name = wh_arena_strdup(pl->a, v ? v->name : m->source),
                               .target = wh_arena_strdup(pl->a, m->target),
                               .read_only = m->read_only};
    return add(pl, &rec);
}

static int add_service_mount(struct planner *pl, const struct wh_service_mount *m)
{
    if (wh_streq(m->type, "volume"))
        return add_volume(pl, m);
    struct wh_mount_rec rec = {.type = wh_arena_strdup(pl->a, m->type),
                               .source = wh_arena_strdup(pl->a, m->source ? m->source : ""),
                               .target = wh_arena_strdup(pl->a, m->target),
                               .read_only = m->read_only};
    return add(pl, &rec);
}

/* "svc", "svc:ro", "container:name:ro" */
static int add_from(struct planner *pl, const char *from)
{
    bool is_container = wh_starts(from, "container:");
    const char *name = is_container ? from + strlen("container:") : from;
    size_t len = strcspn(name, ":");
    const char *key = wh_arena_strndup(pl->a, name, len);
    bool read_only = wh_streq(name + len, ":ro");
    const struct ctr *other = !key           ? NULL
                              : is_container ? ctr_find_name(pl->p, key)
                                             : ctr_find_service(pl->p, key, 0, false);
    if (!other) {
        wh_fail(pl->err, WH_E_NOT_FOUND, "volumes_from: no such container: %s", key ? key : from);
        return wh_err_in(pl->err, "volumes_from/%s", from);
    }
    for (size_t i = 0; i < other->rec.n_mounts; i++) {
        struct wh_mount_rec m = other->rec.mounts[i];
        if (wh_streq(m.type, "tmpfs"))
            continue;
        m.type = wh_arena_strdup(pl->a, m.type);
        m.name = m.name ? wh_arena_strdup(pl->a, m.name) : NULL;
        m.source = wh_arena_strdup(pl->a, m.source ? m.source : "");
        m.target = wh_arena_strdup(pl->a, m.target);
        m.anonymous = false; /* the other container's */
        m.read_only |= read_only;
        if (add(pl, &m) < 0)
            return -1;
    }
    return 0;
}

static int is_covered_by_tmpfs(const struct wh_service *s, const char *target)
{
    size_t len = strlen(target);
    for (size_t i = 0; i < s->tmpfs.len; i++) {
        const char *text = s->tmpfs.items[i].text;
        if (strncmp(text, target, len) == 0 && (text[len] == '\0' || text[len] == ':'))
            return 1;
    }
    return 0;
}

static int add_all(struct planner *pl, const struct wh_image *image)
{
    const struct wh_service *s = pl->r->service;
    for (size_t i = s->mounts.len; i-- > 0;) /* of two mounts on one target the later one counts */
        if (add_service_mount(pl, &s->mounts.items[i]) < 0)
            return -1;
    for (size_t i = 0; i < s->volumes_from.len; i++)
        if (add_from(pl, s->volumes_from.items[i]) < 0)
            return -1;
    for (size_t i = 0; i < image->config.n_volumes; i++)
        if (!is_covered_by_tmpfs(s, image->config.volumes[i]) && add_anonymous(pl, image->config.volumes[i], false) < 0)
            return -1;
    return 0;
}

int mounts_plan(struct wh_policy *p, const struct create_request *r, const struct wh_image *image, struct wh_arena *a,
                struct wh_container_rec *rec, struct wh_err *err)
{
    struct planner pl = {.p = p, .r = r, .a = a, .mounts = WH_VEC(struct wh_mount_rec), .err = err};
    int result = add_all(&pl, image);
    struct wh_mount_rec *mounts = wh_arena_array(a, struct wh_mount_rec, pl.mounts.len + 1);
    if (result == 0 && mounts && pl.mounts.len)
        memcpy(mounts, pl.mounts.items, pl.mounts.len * sizeof(*mounts));
    rec->mounts = mounts;
    rec->n_mounts = pl.mounts.len;
    wh_vec_fini(&pl.mounts);
    return result == 0 && a->failed ? wh_fail(err, ENOMEM, "mounts") : result;
}
