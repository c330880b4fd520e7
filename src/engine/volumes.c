/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Volumes: a record and a folder. What is in them comes from the image at the first mount (runtime). */
#include "engine/volumes.h"
#include "engine/ctr.h"

#include "whale/util/file.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <string.h>

static struct wh_node *options_node(struct wh_arena *a, const struct wh_pairs *pairs)
{
    if (pairs->len == 0)
        return NULL;
    struct wh_node *map = wh_node_map(a, NULL);
    for (size_t i = 0; map && i < pairs->len; i++)
        wh_node_put_str(a, map, pairs->items[i].key, pairs->items[i].value ? pairs->items[i].value : "");
    return map;
}

static int add_labels(struct wh_arena *a, const struct wh_policy *p, const struct wh_volume *v, const char *hash,
                      struct wh_volume_rec *rec)
{
    struct wh_label *labels = wh_arena_array(a, struct wh_label, v->labels.len + 3);
    if (!labels)
        return -1;
    size_t n = 0;
    for (size_t i = 0; i < v->labels.len; i++)
        labels[n++] =
            (struct wh_label){v->labels.items[i].key, v->labels.items[i].value ? v->labels.items[i].value : ""};
    labels[n++] = (struct wh_label){"com.docker.compose.config-hash", hash};
    labels[n++] = (struct wh_label){"com.docker.compose.project", p->project};
    labels[n++] = (struct wh_label){"com.docker.compose.volume", v->key};
    rec->labels = labels;
    rec->n_labels = n;
    return 0;
}

/* Options of the local driver, and which others each of them needs. */
static const struct {
    const char *key;
    const char *needs[2];
} volume_options[] = {{"type", {"device"}}, {"device", {"type"}}, {"o", {"device", "type"}}};

static int check_options(const struct wh_pairs *opts, struct wh_err *err)
{
    for (size_t i = 0; i < opts->len; i++) {
        size_t k = 0;
        while (k < WH_ARRAY_LEN(volume_options) && strcmp(volume_options[k].key, opts->items[i].key) != 0)
            k++;
        if (strcmp(opts->items[i].key, "size") == 0)
            wh_fail(err, WH_E_INVALID, "quota size requested but no quota support");
        else if (k == WH_ARRAY_LEN(volume_options))
            wh_fail(err, WH_E_INVALID, "invalid option: \"%s\"", opts->items[i].key);
        if (k == WH_ARRAY_LEN(volume_options))
            return wh_err_in(err, "driver_opts/%s", opts->items[i].key);
        for (size_t n = 0; n < WH_ARRAY_LEN(volume_options[k].needs) && volume_options[k].needs[n]; n++)
            if (!wh_pairs_get(opts, volume_options[k].needs[n]))
                return wh_fail(err, WH_E_INVALID, "missing required option: \"%s\"", volume_options[k].needs[n]);
    }
    return 0;
}

static int check_volume(const struct wh_volume *v, struct wh_err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    if (v->driver && v->driver[0] && strcmp(v->driver, "local") != 0)
        return wh_fail(err, WH_E_INVALID, "error looking up volume plugin %s: plugin \"%s\" not found", v->driver,
                       v->driver);
    if (strlen(v->name) < 2)
        return wh_fail(err, WH_E_INVALID,
                       "volume name is too short, names should be at least two alphanumeric characters");
    if (v->name[strspn(v->name, allowed)] || strchr("_.-", v->name[0]))
        return wh_fail(err, WH_E_INVALID,
                       "\"%s\" includes invalid characters for a local volume name, only "
                       "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed",
                       v->name);
    return check_options(&v->driver_opts, err);
}

int volume_create(struct wh_policy *p, const struct wh_volume *v, const char *hash, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_volume_rec rec = {.name = v->name,
                                .project = p->project,
                                .key = v->key,
                                .driver = "local",
                                .config_hash = hash ? hash : "",
                                .driver_opts = options_node(&a, &v->driver_opts)};
    if (check_volume(v, err) < 0)
        return wh_wrap(err, "create %s", v->name);
    if (add_labels(&a, p, v, rec.config_hash, &rec) < 0)
        return wh_fail(err, ENOMEM, "volume");
    return wh_state_volume_make(&rec, err);
}

int volume_create_anonymous(struct wh_policy *p, const char *name, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_volume_rec rec;
    int r = wh_state_volume_load(&a, name, &rec, err);
    if (r != WH_STATE_ABSENT)
        return r;
    static const struct wh_label label[] = {{"com.docker.volume.anonymous", ""}};
    rec = (struct wh_volume_rec){.name = name,
                                 .project = p->project,
                                 .key = "",
                                 .driver = "local",
                                 .config_hash = "",
                                 .anonymous = true,
                                 .labels = label,
                                 .n_labels = 1};
    return wh_state_volume_make(&rec, err);
}

static bool mounts_volume(const struct wh_container_rec *rec, const char *name)
{
    for (size_t i = 0; i < rec->n_mounts; i++)
        if (wh_streq(rec->mounts[i].name, name))
            return true;
    return false;
}

static bool is_mounted(const struct wh_policy *p, const char *name)
{
    for (size_t i = 0; i < p->ctrs.len; i++)
        if (mounts_volume(&((const struct ctr *)p->ctrs.entries[i].value)->rec, name))
            return true;
    return false;
}

/* 1 = yes, -1. */
static int is_mounted_elsewhere(const struct wh_policy *p, const char *name, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_container *items;
    size_t n;
    if (wh_state_containers(&a, NULL, &items, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!wh_streq(items[i].rec.project, p->project) && mounts_volume(&items[i].rec, name))
            return 1;
    return 0;
}

int volume_remove(struct wh_policy *p, const char *name, struct wh_err *err)
{
    int r = is_mounted(p, name) ? 1 : is_mounted_elsewhere(p, name, err);
    return r ? r : wh_state_volume_remove(name, err);
}
