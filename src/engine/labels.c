/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels of a new container: the image's, the service's over them, and docker compose's own keys over both. */
#include "engine/spec.h"

#include "whale/util/str.h"

#include <string.h>

#define PREFIX "com.docker.compose."

static const char *depends_on_text(struct wh_arena *a, const struct wh_service *s)
{
    wh_auto_str text = {0};
    for (size_t i = 0; i < s->depends_on.len; i++) {
        const struct wh_dependency *d = &s->depends_on.items[i];
        wh_str_fmt(&text, "%s%s:%s:%s", i ? "," : "", d->service, wh_condition_text[d->condition],
                   d->restart ? "true" : "false");
    }
    return wh_arena_strdup(a, wh_str_c(&text));
}

static int compare_texts(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

const char *labels_image_volumes(struct wh_arena *a, const struct wh_service *s)
{
    const char **items = wh_arena_array(a, const char *, s->mounts.len + 1);
    wh_auto_str text = {0};
    size_t n = 0;
    for (size_t i = 0; items && i < s->mounts.len; i++) {
        const struct wh_service_mount *m = &s->mounts.items[i];
        struct wh_image image;
        if (wh_streq(m->type, "image") && wh_image_lookup(a, wh_state_root(), m->source, &image, NULL) == 0)
            items[n++] = wh_arena_fmt(a, "%s=%s", m->target, image.id);
    }
    if (n == 0)
        return NULL;
    qsort(items, n, sizeof(*items), compare_texts);
    for (size_t i = 0; i < n; i++)
        wh_str_fmt(&text, "%s%s", i ? "," : "", items[i] ? items[i] : "");
    return wh_arena_strdup(a, wh_str_c(&text));
}

static void put(struct wh_map *labels, const char *key, const char *value)
{
    if (value)
        wh_map_set(labels, key, (void *)value);
}

static void put_compose(struct wh_arena *a, struct wh_map *labels, const struct wh_policy *p,
                        const struct create_request *r, const struct wh_image *image)
{
    put(labels, PREFIX "project", p->project);
    put(labels, PREFIX "service", r->service->name);
    put(labels, PREFIX "oneoff", r->oneoff ? "True" : "False");
    if (!r->oneoff)
        put(labels, PREFIX "container-number", wh_arena_fmt(a, "%d", r->number));
    put(labels, PREFIX "slug", r->slug);
    put(labels, PREFIX "config-hash", r->hash ? wh_arena_strndup(a, r->hash, strcspn(r->hash, ":")) : NULL);
    put(labels, PREFIX "image", image->id);
    put(labels, PREFIX "image-volume-digest", labels_image_volumes(a, r->service));
    put(labels, PREFIX "depends_on", depends_on_text(a, r->service));
    put(labels, PREFIX "project.working_dir", wh_node_get_str(r->meta, "working_dir", NULL));
    put(labels, PREFIX "project.config_files", wh_node_get_str(r->meta, "config_files", NULL));
    put(labels, PREFIX "project.environment_file", wh_node_get_str(r->meta, "environment_file", NULL));
    put(labels, PREFIX "version", wh_node_get_str(r->meta, "version", NULL));
    put(labels, PREFIX "replace", r->replaces ? r->replaces->rec.id : NULL);
    put(labels, PREFIX "hook", r->hook);
}

static int compare_labels(const void *x, const void *y)
{
    return strcmp(((const struct wh_label *)x)->key, ((const struct wh_label *)y)->key);
}

int labels_make(struct wh_arena *a, const struct wh_policy *p, const struct create_request *r,
                const struct wh_image *image, struct wh_container_rec *rec)
{
    wh_auto_map labels = {0};
    for (size_t i = 0; i < image->config.n_labels; i++)
        put(&labels, image->config.labels[i].key, image->config.labels[i].value);
    for (size_t i = 0; i < r->service->labels.len; i++) {
        const struct wh_pair_text *l = &r->service->labels.items[i];
        put(&labels, l->key, l->value ? l->value : "");
    }
    put_compose(a, &labels, p, r, image);
    struct wh_label *items = wh_arena_array(a, struct wh_label, labels.len + 1);
    if (!items)
        return -1;
    for (size_t i = 0; i < labels.len; i++) {
        items[i].key = wh_arena_strdup(a, labels.entries[i].key);
        items[i].value = wh_arena_strdup(a, labels.entries[i].value);
    }
    qsort(items, labels.len, sizeof(*items), compare_labels);
    rec->labels = items;
    rec->n_labels = labels.len;
    return a->failed ? -1 : 0;
}
