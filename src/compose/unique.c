/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists whose entries have a key: a later entry with the key of an earlier one takes its place. Runs after each
 * merge, and again when short forms have become long ones and show their keys.
 */
#include "compose/loader.h"
#include "compose/passes.h"

#include "whale/codec/yaml.h"

#include <string.h>

/* Longer lists are searched through a hash map. */
#define LINEAR_MAX 16

enum key_kind {
    KEY_NAME = 1, /* the text before the first = */
    KEY_TEXT,     /* the value as text */
    KEY_PORT,     /* host_ip:published:target/protocol */
    KEY_VOLUME,   /* target */
    KEY_DEVICE,   /* target, in SRC:DST:rwm the second word */
    KEY_CONFIG,   /* target, default /source */
    KEY_SECRET,   /* target, default /run/secrets/source */
    KEY_PATH,     /* path */
};

static const struct wh_rule unique_table[] = {
    {"networks.*.labels", KEY_NAME},
    {"networks.*.ipam.options", KEY_NAME},
    {"services.*.annotations", KEY_NAME},
    {"services.*.build.additional_contexts", KEY_NAME},
    {"services.*.build.args", KEY_NAME},
    {"services.*.build.labels", KEY_NAME},
    {"services.*.build.tags", KEY_NAME},
    {"services.*.cap_add", KEY_NAME},
    {"services.*.cap_drop", KEY_NAME},
    {"services.*.configs", KEY_CONFIG},
    {"services.*.deploy.labels", KEY_NAME},
    {"services.*.devices", KEY_DEVICE},
    {"services.*.dns", KEY_NAME},
    {"services.*.dns_opt", KEY_NAME},
    {"services.*.dns_search", KEY_NAME},
    {"services.*.env_file", KEY_PATH},
    {"services.*.environment", KEY_NAME},
    {"services.*.expose", KEY_TEXT},
    {"services.*.labels", KEY_NAME},
    {"services.*.links", KEY_NAME},
    {"services.*.networks.*.aliases", KEY_NAME},
    {"services.*.networks.*.link_local_ips", KEY_NAME},
    {"services.*.ports", KEY_PORT},
    {"services.*.profiles", KEY_NAME},
    {"services.*.secrets", KEY_SECRET},
    {"services.*.sysctls", KEY_NAME},
    {"services.*.tmpfs", KEY_NAME},
    {"services.*.volumes", KEY_VOLUME},
};

/* Stands for the key of an entry that has none; told from other texts by its address. */
static const char no_key[] = "";

static const char *text_of(struct wh_load *l, const struct wh_node *map, const char *key, const char *fallback)
{
    const struct wh_node *n = wh_node_get(map, key);
    return n && wh_node_is_scalar(n) && n->kind != WH_NODE_NULL ? wh_yaml_scalar_text(l->arena, n) : fallback;
}

static const char *string_of(const struct wh_node *map, const char *key)
{
    const struct wh_node *n = wh_node_get(map, key);
    return n && n->kind == WH_NODE_STR && !n->is_time ? n->text : NULL;
}

static const char *key_of_port(struct wh_load *l, const struct wh_node *item)
{
    const struct wh_node *given = wh_node_get(item, "target");
    if (given && !wh_node_is_scalar(given))
        return no_key; /* the validation names it */
    const char *target = text_of(l, item, "target", NULL);
    return target ? wh_arena_fmt(l->arena, "%s:%s:%s/%s", text_of(l, item, "host_ip", "0.0.0.0"),
                                 text_of(l, item, "published", ""), target, text_of(l, item, "protocol", "tcp"))
                  : NULL;
}

static const char *key_of_mount(struct wh_load *l, const struct wh_node *item, const char *folder)
{
    const char *target = text_of(l, item, "target", NULL);
    return target ? target : wh_arena_fmt(l->arena, "%s/%s", folder, text_of(l, item, "source", ""));
}

/* NULL: the entry lacks what makes its key. */
static const char *key_of_map(struct wh_load *l, const struct wh_node *item, enum key_kind kind)
{
    switch (kind) {
    case KEY_PORT:
        return key_of_port(l, item);
    case KEY_VOLUME:
    case KEY_DEVICE: /* any other kind of value counts as none */
        return string_of(item, "target");
    case KEY_CONFIG:
        return key_of_mount(l, item, "");
    case KEY_SECRET:
        return key_of_mount(l, item, "/run/secrets");
    default:
        return text_of(l, item, "path", NULL);
    }
}

static const char *key_of_text(struct wh_load *l, const struct wh_node *item, enum key_kind kind)
{
    const char *text = wh_yaml_scalar_text(l->arena, item);
    const char *cut;
    switch (kind) {
    case KEY_NAME:
        cut = strchr(text, '=');
        return cut ? wh_arena_strndup(l->arena, text, (size_t)(cut - text)) : text;
    case KEY_DEVICE:
        cut = strchr(text, ':');
        return cut ? wh_arena_strndup(l->arena, cut + 1, strcspn(cut + 1, ":")) : text;
    case KEY_CONFIG:
        return wh_arena_fmt(l->arena, "/%s", text);
    case KEY_SECRET:
        return wh_arena_fmt(l->arena, "/run/secrets/%s", text);
    default:
        return text;
    }
}

static void report_type(struct wh_load *l, const struct wh_path *path, struct wh_node *item, enum key_kind kind)
{
    const char *place = wh_path_text(l->arena, path, WH_PATH_ITEMS);
    struct wh_diag *d;
    item->reported = true;
    if (kind == KEY_TEXT)
        d = wh_diag_error(l->diags, &item->mark, "%s: unsupported expose value of type %s", place,
                          wh_compose_type_name(item));
    else
        d = wh_diag_error(l->diags, &item->mark, "%s: unexpected type %s", place, wh_compose_type_name(item));
    if (item->kind == WH_NODE_MAP && item->map.len)
        wh_diag_hint(l->diags, d, "found a mapping; write \"%s=VALUE\", or drop the dashes", item->map.pairs[0].key);
    else
        wh_diag_hint(l->diags, d, "found %s; can be: text", item->kind ? wh_node_kind_text(item->kind) : "nothing");
}

static void report_missing(struct wh_load *l, const struct wh_path *path, struct wh_node *item, enum key_kind kind)
{
    item->reported = true;
    const char *place = wh_path_text(l->arena, path, WH_PATH_ITEMS);
    if (kind == KEY_PATH)
        wh_diag_error(l->diags, &item->mark, "environment path attribute %s is missing", place);
    else if (kind == KEY_PORT)
        wh_diag_error(l->diags, &item->mark, "service ports %s is missing a target port", place);
    else
        wh_diag_error(l->diags, &item->mark, "service %s %s is missing a mount target",
                      kind == KEY_DEVICE ? "device" : "volume", place);
}

/* An entry without a key is kept as it is; no_key never equals another entry's key. */
static const char *key_of(struct wh_load *l, const struct wh_path *path, struct wh_node *item, enum key_kind kind)
{
    bool text = (item->kind == WH_NODE_STR && !item->is_time) || (item->kind == WH_NODE_INT && kind == KEY_TEXT);
    if (!text && (kind == KEY_NAME || kind == KEY_TEXT)) {
        report_type(l, path, item, kind);
        return no_key;
    }
    if (wh_node_is_scalar(item))
        return key_of_text(l, item, kind);
    if (item->kind == WH_NODE_SEQ)
        return no_key; /* the validation names it */
    const char *key = key_of_map(l, item, kind);
    if (!key)
        report_missing(l, path, item, kind);
    return key ? key : no_key;
}

/* The index of an earlier entry with this key, or len. */
static size_t find_key(const char *const *keys, const struct wh_map *map, size_t len, const char *key)
{
    if (key == no_key)
        return len;
    if (map->len) {
        const char *const *known = wh_map_get(map, key);
        return known ? (size_t)(known - keys) : len;
    }
    for (size_t i = 0; i < len; i++)
        if (keys[i] != no_key && strcmp(keys[i], key) == 0)
            return i;
    return len;
}

static void unique_list(struct wh_load *l, const struct wh_path *path, struct wh_node *list, enum key_kind kind)
{
    size_t len = 0, n = list->seq.len;
    const char **keys = wh_arena_array(l->arena, const char *, n);
    wh_auto_map map = {0};
    for (size_t i = 0; keys && i < n; i++) {
        struct wh_node *item = list->seq.items[i];
        const char *key = key_of(l, &(struct wh_path){path, NULL, i}, item, kind);
        key = key ? key : no_key;
        size_t at = find_key(keys, &map, len, key);
        if (at < len)
            wh_compose_note_override(l, item, list->seq.items[at]);
        list->seq.items[at] = item;
        keys[at] = key;
        if (at == len)
            len++;
        if (n > LINEAR_MAX && key != no_key)
            wh_map_set(&map, key, &keys[at]);
    }
    if (keys)
        list->seq.len = len;
}

static void visit(struct wh_load *l, const struct wh_path *path, const struct wh_rules *rules, struct wh_node *n)
{
    if (!rules)
        return;
    if (n->kind == WH_NODE_SEQ && wh_rules_value(rules))
        unique_list(l, path, n, (enum key_kind)wh_rules_value(rules));
    if (n->kind != WH_NODE_MAP)
        return;
    for (size_t i = 0; i < n->map.len; i++) {
        const struct wh_pair *p = &n->map.pairs[i];
        visit(l, &(struct wh_path){path, p->key, 0}, wh_rules_key(rules, p->key), p->value);
    }
}

int wh_compose_unique(struct wh_load *l, struct wh_node *root)
{
    size_t before = l->diags->n_errors;
    if (!l->unique_rules)
        l->unique_rules = wh_rules_build(l->arena, unique_table, WH_ARRAY_LEN(unique_table));
    visit(l, NULL, l->unique_rules, root);
    return l->diags->n_errors > before ? -1 : 0;
}
