/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Merging a later file (or an extending service) over an earlier one. Maps merge key by key, lists are appended,
 * scalars are replaced; the table names the places where something else holds. Nodes are moved, not rebuilt, so each
 * value keeps the mark of the file that set it and remembers what it replaced.
 */
#include "compose/loader.h"

#include "whale/codec/yaml.h"

#include <stdlib.h>
#include <string.h>

enum merge_kind {
    MERGE_SEQUENCE = 1, /* string, list or map, all read as a list (K=V), appended */
    MERGE_REPLACE,      /* the whole value */
    MERGE_BUILD,        /* a string is {context} */
    MERGE_DEPENDS_ON,   /* a list is a map of started services */
    MERGE_NAMES,        /* a list is a map of nulls */
    MERGE_HOSTS,        /* as SEQUENCE, without exact duplicates */
    MERGE_LOGGING,      /* as a map unless another driver is named */
    MERGE_IPAM,         /* the list, whose entries merge over those of one subnet */
    MERGE_SSH,          /* a list and a map meet as lists */
};

static const struct wh_rule merge_table[] = {
    {"networks.*.ipam.config", MERGE_IPAM},
    {"networks.*.labels", MERGE_SEQUENCE},
    {"volumes.*.labels", MERGE_SEQUENCE},
    {"services.*.annotations", MERGE_SEQUENCE},
    {"services.*.build", MERGE_BUILD},
    {"services.*.build.additional_contexts", MERGE_SEQUENCE},
    {"services.*.build.args", MERGE_SEQUENCE},
    {"services.*.build.extra_hosts", MERGE_HOSTS},
    {"services.*.build.labels", MERGE_SEQUENCE},
    {"services.*.build.ssh", MERGE_SSH},
    {"services.*.command", MERGE_REPLACE},
    {"services.*.depends_on", MERGE_DEPENDS_ON},
    {"services.*.deploy.labels", MERGE_SEQUENCE},
    {"services.*.dns", MERGE_SEQUENCE},
    {"services.*.dns_opt", MERGE_SEQUENCE},
    {"services.*.dns_search", MERGE_SEQUENCE},
    {"services.*.entrypoint", MERGE_REPLACE},
    {"services.*.env_file", MERGE_SEQUENCE},
    {"services.*.environment", MERGE_SEQUENCE},
    {"services.*.extra_hosts", MERGE_HOSTS},
    {"services.*.healthcheck.test", MERGE_REPLACE},
    {"services.*.label_file", MERGE_SEQUENCE},
    {"services.*.labels", MERGE_SEQUENCE},
    {"services.*.logging", MERGE_LOGGING},
    {"services.*.models", MERGE_NAMES},
    {"services.*.networks", MERGE_NAMES},
    {"services.*.sysctls", MERGE_SEQUENCE},
    {"services.*.tmpfs", MERGE_SEQUENCE},
    {"services.*.ulimits.*", MERGE_REPLACE},
    {"services.*.volumes.[].volume.labels", MERGE_SEQUENCE},
};

static const struct wh_rules *merge_rules(struct wh_load *l)
{
    if (!l->merge_rules)
        l->merge_rules = wh_rules_build(l->arena, merge_table, WH_ARRAY_LEN(merge_table));
    return l->merge_rules;
}

static struct wh_node *merge_node(struct wh_load *l, const struct wh_path *path, const struct wh_rules *rules,
                                  struct wh_node *base, struct wh_node *over);

static void lose(struct wh_load *l)
{
    l->diags->failed = true;
}

static size_t count_marks(const struct wh_mark *m)
{
    size_t n = 0;
    while (m && m[n].file)
        n++;
    return n;
}

void wh_compose_note_override(struct wh_load *l, struct wh_node *over, const struct wh_node *old)
{
    size_t own = count_marks(over->overrode), more = count_marks(old->overrode);
    struct wh_mark *list = wh_arena_array(l->arena, struct wh_mark, own + more + 2);
    if (!list || !old->mark.file)
        return;
    /* Own marks are those an extended service had; the file before is older still. */
    for (size_t i = 0; i < own; i++)
        list[i] = over->overrode[i];
    list[own] = old->mark;
    for (size_t i = 0; i < more; i++)
        list[own + 1 + i] = old->overrode[i];
    over->overrode = list;
}

static struct wh_node *refuse(struct wh_load *l, const struct wh_path *path, const struct wh_node *base,
                              const struct wh_node *over)
{
    struct wh_diag *d = wh_diag_error(l->diags, &over->mark, "cannot override %s: a %s does not merge over a %s",
                                      wh_path_text(l->arena, path, WH_PATH_INDEX), wh_node_kind_text(over->kind),
                                      wh_node_kind_text(base->kind));
    wh_diag_place(l->diags, d, &base->mark, "the value it would be merged over");
    wh_diag_hint(l->diags, d, "write both in the same form, or replace the whole value with !override");
    return NULL;
}

static struct wh_node *merge_maps(struct wh_load *l, const struct wh_path *path, const struct wh_rules *rules,
                                  struct wh_node *base, struct wh_node *over)
{
    for (size_t i = 0; i < over->map.len; i++) {
        const struct wh_pair *p = &over->map.pairs[i];
        struct wh_pair *old = (struct wh_pair *)wh_node_pair(base, p->key);
        if (!old) {
            if (wh_node_set(l->arena, base, p->key, &p->key_mark, p->value) < 0)
                lose(l);
            continue;
        }
        struct wh_node *merged =
            merge_node(l, &(struct wh_path){path, p->key, 0}, wh_rules_key(rules, p->key), old->value, p->value);
        if (merged == p->value)
            old->key_mark = p->key_mark;
        if (merged)
            old->value = merged;
    }
    return base;
}

static struct wh_node *append_list(struct wh_load *l, struct wh_node *base, const struct wh_node *over)
{
    for (size_t i = 0; i < over->seq.len; i++)
        if (wh_node_push(l->arena, base, over->seq.items[i]) < 0)
            lose(l);
    return base;
}

/* ---- short and long forms brought to one ---- */

static int compare_pair_keys(const void *a, const void *b)
{
    return strcmp(((const struct wh_pair *)a)->key, ((const struct wh_pair *)b)->key);
}

static void push_entry(struct wh_load *l, struct wh_node *list, const struct wh_pair *p, struct wh_node *value)
{
    if (!wh_node_is_scalar(value)) {
        wh_node_push(l->arena, list, value); /* the validation will name it */
        return;
    }
    bool bare = value->kind == WH_NODE_NULL;
    const char *text = bare ? p->key : wh_arena_fmt(l->arena, "%s=%s", p->key, wh_yaml_scalar_text(l->arena, value));
    struct wh_node *item = text ? wh_node_str(l->arena, bare ? &p->key_mark : &value->mark, text) : NULL;
    if (item)
        item->overrode = value->overrode;
    if (!item || wh_node_push(l->arena, list, item) < 0)
        lose(l);
}

static struct wh_node *map_to_list(struct wh_load *l, const struct wh_node *map)
{
    struct wh_node *list = wh_node_seq(l->arena, &map->mark);
    struct wh_pair *pairs = wh_arena_array(l->arena, struct wh_pair, map->map.len);
    if (!list || !pairs)
        return NULL;
    memcpy(pairs, map->map.pairs, map->map.len * sizeof(*pairs));
    qsort(pairs, map->map.len, sizeof(*pairs), compare_pair_keys);
    for (size_t i = 0; i < map->map.len; i++) {
        struct wh_node *value = pairs[i].value;
        if (value->kind != WH_NODE_SEQ) {
            push_entry(l, list, &pairs[i], value);
            continue;
        }
        for (size_t k = 0; k < value->seq.len; k++) /* several addresses of one host */
            push_entry(l, list, &pairs[i], value->seq.items[k]);
    }
    return list;
}

struct wh_node *wh_compose_to_sequence(struct wh_load *l, struct wh_node *n)
{
    struct wh_node *list = n;
    if (n->kind == WH_NODE_MAP && n->map.len) {
        list = map_to_list(l, n);
    } else if (n->kind != WH_NODE_SEQ) {
        list = wh_node_seq(l->arena, &n->mark);
        if (list && wh_node_is_scalar(n) && n->kind != WH_NODE_NULL)
            wh_node_push(l->arena, list, n);
    }
    if (!list)
        lose(l);
    return list ? list : n;
}

static struct wh_node *started_service(struct wh_load *l, const struct wh_mark *mark)
{
    struct wh_node *entry = wh_node_map(l->arena, mark);
    if (entry) {
        wh_node_put(l->arena, entry, "condition", wh_node_str(l->arena, mark, "service_started"));
        wh_node_put(l->arena, entry, "required", wh_node_bool(l->arena, mark, true));
    }
    return entry;
}

/* A list of names as a map; anything else stays as it is. */
static struct wh_node *names_to_map(struct wh_load *l, struct wh_node *n, bool depends_on)
{
    if (n->kind != WH_NODE_SEQ)
        return n;
    struct wh_node *map = wh_node_map(l->arena, &n->mark);
    for (size_t i = 0; map && i < n->seq.len; i++) {
        const struct wh_node *item = n->seq.items[i];
        if (!wh_node_is_scalar(item))
            return n;
        struct wh_node *value = depends_on ? started_service(l, &item->mark) : wh_node_null(l->arena, &item->mark);
        if (wh_node_set(l->arena, map, wh_yaml_scalar_text(l->arena, item), &item->mark, value) < 0)
            lose(l);
    }
    return map ? map : n;
}

static struct wh_node *build_to_map(struct wh_load *l, struct wh_node *n)
{
    if (n->kind != WH_NODE_STR)
        return n;
    struct wh_node *map = wh_node_map(l->arena, &n->mark);
    if (!map || wh_node_set(l->arena, map, "context", &n->mark, n) < 0) {
        lose(l);
        return n;
    }
    return map;
}

/* ---- the special places ---- */

static struct wh_node *merge_hosts(struct wh_load *l, struct wh_node *base, struct wh_node *over)
{
    base = wh_compose_to_sequence(l, base);
    over = wh_compose_to_sequence(l, over);
    for (size_t i = 0; i < over->seq.len; i++) {
        struct wh_node *item = over->seq.items[i];
        bool known = false;
        for (size_t k = 0; k < base->seq.len && !known; k++)
            known = wh_node_equal(base->seq.items[k], item);
        if (!known && wh_node_push(l->arena, base, item) < 0)
            lose(l);
    }
    return base;
}

static bool is_other_driver(const struct wh_node *base, const struct wh_node *over)
{
    const struct wh_node *old = wh_node_get(base, "driver"), *new = wh_node_get(over, "driver");
    return old && new && !wh_node_equal(old, new);
}

/* A range that the later list does not name goes, which is how a network moves to another subnet. */
static struct wh_node *merge_ipam(struct wh_load *l, const struct wh_path *path, const struct wh_node *base,
                                  struct wh_node *over)
{
    for (size_t i = 0; i < base->seq.len; i++) {
        struct wh_node *range = base->seq.items[i];
        const struct wh_node *subnet = wh_node_get(range, "subnet");
        wh_compose_note_override(l, over, range);
        for (size_t k = 0; subnet && k < over->seq.len; k++) {
            const struct wh_node *other = wh_node_get(over->seq.items[k], "subnet");
            if (other && wh_node_equal(other, subnet))
                over->seq.items[k] = merge_maps(l, &(struct wh_path){path, NULL, k}, NULL, range, over->seq.items[k]);
        }
    }
    return over;
}

static struct wh_node *merge_plain(struct wh_load *l, const struct wh_path *path, const struct wh_rules *rules,
                                   struct wh_node *base, struct wh_node *over)
{
    if (base->kind == WH_NODE_MAP)
        return over->kind == WH_NODE_MAP ? merge_maps(l, path, rules, base, over) : refuse(l, path, base, over);
    if (base->kind == WH_NODE_SEQ)
        return over->kind == WH_NODE_SEQ ? append_list(l, base, over) : refuse(l, path, base, over);
    wh_compose_note_override(l, over, base);
    return over;
}

static struct wh_node *replace(struct wh_load *l, const struct wh_node *base, struct wh_node *over)
{
    wh_compose_note_override(l, over, base);
    return over;
}

static struct wh_node *merge_special(struct wh_load *l, const struct wh_path *path, const struct wh_rules *rules,
                                     struct wh_node *base, struct wh_node *over)
{
    switch ((enum merge_kind)wh_rules_value(rules)) {
    case MERGE_SEQUENCE:
        return append_list(l, wh_compose_to_sequence(l, base), wh_compose_to_sequence(l, over));
    case MERGE_REPLACE:
        return replace(l, base, over);
    case MERGE_BUILD:
        return merge_plain(l, path, rules, build_to_map(l, base), build_to_map(l, over));
    case MERGE_DEPENDS_ON:
        return merge_plain(l, path, rules, names_to_map(l, base, true), names_to_map(l, over, true));
    case MERGE_NAMES:
        return merge_plain(l, path, rules, names_to_map(l, base, false), names_to_map(l, over, false));
    case MERGE_HOSTS:
        return merge_hosts(l, base, over);
    case MERGE_LOGGING:
        return is_other_driver(base, over) ? replace(l, base, over) : merge_plain(l, path, rules, base, over);
    case MERGE_IPAM:
        if (base->kind == WH_NODE_SEQ && over->kind == WH_NODE_SEQ)
            return merge_ipam(l, path, base, over);
        break;
    case MERGE_SSH:
        if (base->kind == over->kind)
            break;
        return append_list(l, wh_compose_to_sequence(l, base), wh_compose_to_sequence(l, over));
    }
    return merge_plain(l, path, rules, base, over);
}

/* The value to keep, or NULL after an error. A null takes nothing away, except where the value is replaced anyway. */
static struct wh_node *merge_node(struct wh_load *l, const struct wh_path *path, const struct wh_rules *rules,
                                  struct wh_node *base, struct wh_node *over)
{
    if (over->kind == WH_NODE_NULL && wh_rules_value(rules) != MERGE_REPLACE)
        return wh_rules_value(rules) == MERGE_SEQUENCE ? wh_compose_to_sequence(l, base) : base;
    if (base->kind == WH_NODE_NULL)
        return replace(l, base, over);
    return merge_special(l, path, rules, base, over);
}

struct wh_node *wh_compose_merge(struct wh_load *l, struct wh_node *base, struct wh_node *over)
{
    return merge_maps(l, NULL, merge_rules(l), base, over);
}

struct wh_node *wh_compose_merge_entry(struct wh_load *l, const char *section, const char *name, struct wh_node *base,
                                       struct wh_node *over)
{
    struct wh_path top = {NULL, section, 0}, entry = {&top, name, 0};
    return merge_node(l, &entry, wh_rules_key(wh_rules_key(merge_rules(l), section), name), base, over);
}
