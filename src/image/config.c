/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads foreign config documents: every type is checked, nothing in them is acted upon here. */
#include "config.h"

#include "layout.h"
#include "whale/util/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A list of strings; absent and null are empty. keep decides about single items (NULL = all). */
static int read_list(struct wh_arena *a, const struct wh_node *map, const char *key, bool (*keep)(const char *),
                     const char ***ret, size_t *ret_n, struct wh_err *err)
{
    const struct wh_node *n = wh_node_get(map, key);
    size_t len = n && n->kind == WH_NODE_SEQ ? n->seq.len : 0;
    if (n && n->kind != WH_NODE_SEQ && n->kind != WH_NODE_NULL)
        return wh_fail(err, WH_E_INVALID, "image config: %s is a %s, not a list", key, wh_node_kind_text(n->kind));
    const char **out = wh_arena_array(a, const char *, len + 1);
    if (!out)
        return wh_fail(err, ENOMEM, "image config");
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        const struct wh_node *item = n->seq.items[i];
        if (item->kind != WH_NODE_STR || strlen(item->text) != item->text_len)
            return wh_fail(err, WH_E_INVALID, "image config: %s[%zu] is not a plain string", key, i);
        if (!keep || keep(item->text))
            out[used++] = item->text;
    }
    *ret = out;
    *ret_n = used;
    return 0;
}

/* "KEY=value". An entry without '=' would mean "take it from my environment" elsewhere (CVE-2026-57231). */
static bool is_env(const char *entry)
{
    const char *eq = strchr(entry, '=');
    return eq && eq != entry;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of an object such as {"80/tcp":{}}, sorted. */
static int read_keys(struct wh_arena *a, const struct wh_node *map, const char *key, const char ***ret, size_t *ret_n,
                     struct wh_err *err)
{
    const struct wh_node *n = wh_node_get(map, key);
    size_t len = n && n->kind == WH_NODE_MAP ? n->map.len : 0;
    if (n && n->kind != WH_NODE_MAP && n->kind != WH_NODE_NULL)
        return wh_fail(err, WH_E_INVALID, "image config: %s is a %s, not an object", key, wh_node_kind_text(n->kind));
    const char **out = wh_arena_array(a, const char *, len + 1);
    if (!out)
        return wh_fail(err, ENOMEM, "image config");
    for (size_t i = 0; i < len; i++)
        out[i] = n->map.pairs[i].key;
    if (len)
        qsort(out, len, sizeof(*out), compare_texts);
    *ret = out;
    *ret_n = len;
    return 0;
}

/* Labels by which compose finds its own containers are never taken from an image (compare CVE-2026-53488). */
static bool is_reserved_label(const char *key)
{
    return wh_starts(key, "com.docker.compose.");
}

static int read_labels(struct wh_arena *a, const struct wh_node *map, struct wh_image_config *ret, struct wh_err *err)
{
    const struct wh_node *n = wh_node_get(map, "Labels");
    if (!n || n->kind == WH_NODE_NULL)
        return 0;
    if (n->kind != WH_NODE_MAP)
        return wh_fail(err, WH_E_INVALID, "image config: Labels is not an object");
    struct wh_image_label *out = wh_arena_array(a, struct wh_image_label, n->map.len + 1);
    if (!out)
        return wh_fail(err, ENOMEM, "image config");
    for (size_t i = 0; i < n->map.len; i++) {
        const struct wh_pair *p = &n->map.pairs[i];
        if (p->value->kind != WH_NODE_STR)
            return wh_fail(err, WH_E_INVALID, "image config: label %.100s is not a string", p->key);
        if (!is_reserved_label(p->key))
            out[ret->n_labels++] = (struct wh_image_label){p->key, p->value->text};
    }
    ret->labels = out;
    return 0;
}

static int read_health(struct wh_arena *a, const struct wh_node *map, struct wh_image_config *ret, struct wh_err *err)
{
    const struct wh_node *n = wh_node_get(map, "Healthcheck");
    if (!n || n->kind != WH_NODE_MAP)
        return 0;
    struct wh_image_health *h = &ret->health;
    if (read_list(a, n, "Test", NULL, &h->test, &h->n_test, err) < 0)
        return -1;
    h->interval_ns = wh_node_get_int(n, "Interval", 0);
    h->timeout_ns = wh_node_get_int(n, "Timeout", 0);
    h->start_period_ns = wh_node_get_int(n, "StartPeriod", 0);
    h->start_interval_ns = wh_node_get_int(n, "StartInterval", 0);
    h->retries = wh_node_get_int(n, "Retries", 0);
    ret->has_health = true;
    return 0;
}

static int read_lists(struct wh_arena *a, const struct wh_node *map, struct wh_image_config *c, struct wh_err *err)
{
    const struct {
        const char *key;
        bool (*keep)(const char *);
        const char ***list;
        size_t *n;
    } lists[] = {
        {"Env", is_env, &c->env, &c->n_env},
        {"Entrypoint", NULL, &c->entrypoint, &c->n_entrypoint},
        {"Cmd", NULL, &c->cmd, &c->n_cmd},
        {"Shell", NULL, &c->shell, &c->n_shell},
        {"OnBuild", NULL, &c->on_build, &c->n_on_build},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(lists); i++)
        if (read_list(a, map, lists[i].key, lists[i].keep, lists[i].list, lists[i].n, err) < 0)
            return -1;
    return 0;
}

int config_read(struct wh_arena *a, const struct wh_node *doc, struct wh_image *ret, struct wh_err *err)
{
    if (!doc || doc->kind != WH_NODE_MAP)
        return wh_fail(err, WH_E_INVALID, "image config is not an object");
    struct wh_image_config *c = &ret->config;
    const struct wh_node *map = wh_node_get(doc, "config");
    *c = (struct wh_image_config){0};
    ret->os = wh_node_get_str(doc, "os", "linux");
    ret->architecture = wh_node_get_str(doc, "architecture", "");
    ret->variant = wh_node_get_str(doc, "variant", "");
    ret->created = wh_node_get_str(doc, "created", "");
    if (wh_time_parse(ret->created, &ret->created_ns) < 0)
        ret->created_ns = 0;
    c->user = wh_node_get_str(map, "User", "");
    c->working_dir = wh_node_get_str(map, "WorkingDir", "");
    c->stop_signal = wh_node_get_str(map, "StopSignal", "");
    if (read_lists(a, map, c, err) < 0 ||
        read_keys(a, map, "ExposedPorts", &c->exposed_ports, &c->n_exposed_ports, err) < 0 ||
        read_keys(a, map, "Volumes", &c->volumes, &c->n_volumes, err) < 0 || read_labels(a, map, c, err) < 0)
        return -1;
    return read_health(a, map, c, err);
}

int config_diff_ids(struct wh_arena *a, const struct wh_node *doc, const char ***ret, size_t *ret_n, struct wh_err *err)
{
    const struct wh_node *rootfs = wh_node_get(doc, "rootfs");
    if (!wh_streq(wh_node_get_str(rootfs, "type", "layers"), "layers"))
        return wh_fail(err, WH_E_INVALID, "image config: unknown type of root file system");
    if (read_list(a, rootfs, "diff_ids", NULL, ret, ret_n, err) < 0)
        return -1;
    if (*ret_n > LAYOUT_MAX_LAYERS)
        return wh_fail(err, WH_E_LIMIT, "image has %zu layers, more than %d", *ret_n, LAYOUT_MAX_LAYERS);
    for (size_t i = 0; i < *ret_n; i++)
        if (!wh_digest_valid((*ret)[i]))
            return wh_fail(err, WH_E_INVALID, "image config: \"%.100s\" is not a digest", (*ret)[i]);
    return 0;
}
