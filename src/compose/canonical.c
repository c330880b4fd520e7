/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns short forms into long ones, in place, after each merge: the merge and all later passes see one form only.
 * Running it again changes nothing.
 */
#include "canonical.h"

#include "passes.h"

#include "whale/codec/yaml.h"
#include "whale/util/str.h"

#include <ctype.h>
#include <string.h>

/* Ranges of ports may not make more of a document than this: "1-65535" is a short text. */
#define MAX_PORTS 262144

struct canon {
    struct wh_load *l;
    bool lenient;
    size_t n_errors;
    size_t n_ports;
};

typedef void canon_fn(struct canon *c, const struct wh_path *path, struct wh_pair *pair);

struct handler {
    const char *key;
    canon_fn *run;
};

static void report(struct canon *c, struct wh_err *err, const struct wh_mark *mark)
{
    wh_err_at(err, mark);
    c->n_errors++;
    wh_diag_take_err(c->l->diags, err);
}

static void replace(struct wh_pair *pair, struct wh_node *node)
{
    if (!node)
        return;
    node->overrode = pair->value->overrode;
    pair->value = node;
}

static void run_handlers(struct canon *c, const struct wh_path *path, struct wh_node *map, const struct handler *table,
                         size_t n)
{
    for (size_t i = 0; map->kind == WH_NODE_MAP && i < map->map.len; i++) {
        struct wh_pair *pair = &map->map.pairs[i];
        struct wh_path here = {.up = path, .key = pair->key};
        for (size_t k = 0; k < n; k++)
            if (strcmp(table[k].key, pair->key) == 0)
                table[k].run(c, &here, pair);
    }
}

/* ---- general shapes ---- */

static void to_list(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    if (pair->value->kind != WH_NODE_STR)
        return;
    struct wh_node *list = wh_node_seq(c->l->arena, &pair->value->mark);
    if (list)
        wh_node_push(c->l->arena, list, pair->value);
    replace(pair, list);
}

/* [a, b] -> {a: null, b: null} */
static void list_to_map(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    struct wh_arena *a = c->l->arena;
    const struct wh_node *list = pair->value;
    if (list->kind != WH_NODE_SEQ)
        return;
    struct wh_node *map = wh_node_map(a, &list->mark);
    for (size_t i = 0; map && i < list->seq.len; i++) {
        const struct wh_node *item = list->seq.items[i];
        if (item->kind == WH_NODE_STR)
            wh_node_set(a, map, item->text, &item->mark, wh_node_null(a, &item->mark));
    }
    replace(pair, map);
}

static void to_text(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    if (pair->value->kind == WH_NODE_BOOL)
        replace(pair, wh_node_str(c->l->arena, &pair->value->mark, pair->value->boolean ? "true" : "false"));
}

/* name -> {key: name} */
static struct wh_node *wrap(struct canon *c, struct wh_node *item, const char *key)
{
    struct wh_node *map = wh_node_map(c->l->arena, &item->mark);
    if (map)
        wh_node_set(c->l->arena, map, key, &item->mark, item);
    return map ? map : item;
}

static void file_refs(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    struct wh_node *list = pair->value;
    for (size_t i = 0; list->kind == WH_NODE_SEQ && i < list->seq.len; i++)
        if (list->seq.items[i]->kind == WH_NODE_STR)
            list->seq.items[i] = wrap(c, list->seq.items[i], "source");
}

/* ---- build ---- */

static void contexts(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    struct wh_arena *a = c->l->arena;
    const struct wh_node *list = pair->value;
    if (list->kind != WH_NODE_SEQ)
        return;
    struct wh_node *map = wh_node_map(a, &list->mark);
    for (size_t i = 0; map && i < list->seq.len; i++) {
        const struct wh_node *item = list->seq.items[i];
        const char *equals = item->kind == WH_NODE_STR ? strchr(item->text, '=') : NULL;
        if (equals) {
            const char *key = wh_arena_strndup(a, item->text, (size_t)(equals - item->text));
            wh_node_set(a, map, key, &item->mark, wh_node_str(a, &item->mark, equals + 1));
        } else if (!c->lenient) {
            c->n_errors++;
            wh_diag_error(c->l->diags, &item->mark, "%s: invalid value %s, expected key=value",
                          wh_path_text(a, path, WH_PATH_BRACKETS), item->text ? item->text : "");
        }
    }
    replace(pair, map);
}

static int ssh_entry(struct wh_arena *a, struct wh_node *map, const struct wh_node *item)
{
    const char *text = item->text, *cut = strchr(text, '=');
    size_t skip = 1;
    if (!cut) { /* what `config` prints */
        cut = strstr(text, ": ");
        skip = 2;
    }
    if (!cut && strcmp(text, "default") != 0)
        return -1;
    const char *key = cut ? wh_arena_strndup(a, text, (size_t)(cut - text)) : text;
    struct wh_node *value = cut ? wh_node_str(a, &item->mark, cut + skip) : wh_node_null(a, &item->mark);
    return wh_node_set(a, map, key, &item->mark, value);
}

static void ssh(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    const struct wh_node *list = pair->value;
    if (list->kind != WH_NODE_SEQ)
        return;
    struct wh_node *map = wh_node_map(c->l->arena, &list->mark);
    for (size_t i = 0; map && i < list->seq.len; i++) {
        const struct wh_node *item = list->seq.items[i];
        if (item->kind == WH_NODE_STR && ssh_entry(c->l->arena, map, item) < 0 && !c->lenient) {
            c->n_errors++;
            wh_diag_error(c->l->diags, &item->mark, "invalid ssh key \"%s\"", item->text);
        }
    }
    replace(pair, map);
}

static void ulimits(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    struct wh_node *map = pair->value;
    for (size_t i = 0; map->kind == WH_NODE_MAP && i < map->map.len; i++) {
        struct wh_pair *limit = &map->map.pairs[i];
        struct wh_path here = {.up = path, .key = limit->key};
        if (limit->value->kind != WH_NODE_STR || c->lenient)
            continue;
        c->n_errors++;
        struct wh_diag *d = wh_diag_error(c->l->diags, &limit->value->mark, "%s: invalid type string for external",
                                          wh_path_text(c->l->arena, &here, WH_PATH_BRACKETS));
        wh_diag_hint(c->l->diags, d, "write the number without quotes");
    }
}

static void build(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    static const struct handler table[] = {
        {"ssh", ssh},           {"additional_contexts", contexts},
        {"secrets", file_refs}, {"provenance", to_text},
        {"sbom", to_text},      {"ulimits", ulimits},
    };
    if (pair->value->kind == WH_NODE_STR)
        replace(pair, wrap(c, pair->value, "context"));
    run_handlers(c, path, pair->value, table, WH_ARRAY_LEN(table));
}

/* ---- attributes of a service ---- */

static void fill_dependency(struct wh_arena *a, struct wh_node *d)
{
    if (!wh_node_get(d, "condition"))
        wh_node_set(a, d, "condition", &d->mark, wh_node_str(a, &d->mark, "service_started"));
    if (!wh_node_get(d, "required"))
        wh_node_set(a, d, "required", &d->mark, wh_node_bool(a, &d->mark, true));
}

static void depends_on(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    struct wh_arena *a = c->l->arena;
    list_to_map(c, path, pair);
    struct wh_node *map = pair->value;
    for (size_t i = 0; map->kind == WH_NODE_MAP && i < map->map.len; i++) {
        struct wh_pair *entry = &map->map.pairs[i];
        if (entry->value->kind == WH_NODE_NULL)
            replace(entry, wh_node_map(a, &entry->value->mark));
        if (entry->value->kind == WH_NODE_MAP)
            fill_dependency(a, entry->value);
    }
}

static void env_file(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    struct wh_arena *a = c->l->arena;
    to_list(c, path, pair);
    struct wh_node *list = pair->value;
    for (size_t i = 0; list->kind == WH_NODE_SEQ && i < list->seq.len; i++) {
        struct wh_node **item = &list->seq.items[i];
        if ((*item)->kind == WH_NODE_STR)
            *item = wrap(c, *item, "path");
        if ((*item)->kind == WH_NODE_MAP && !wh_node_get(*item, "required"))
            wh_node_set(a, *item, "required", &(*item)->mark, wh_node_bool(a, &(*item)->mark, true));
    }
}

static void gpus(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    if (pair->value->kind != WH_NODE_STR)
        return;
    struct wh_node *list = wh_node_seq(c->l->arena, &pair->value->mark);
    if (list)
        wh_node_push(c->l->arena, list, wrap(c, pair->value, "count"));
    replace(pair, list);
}

static void dns(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    to_list(c, path, pair);
    struct wh_node *list = pair->value;
    for (size_t i = list->kind == WH_NODE_SEQ ? list->seq.len : 0; i-- > 0;)
        if (list->seq.items[i]->kind == WH_NODE_STR && !*list->seq.items[i]->text)
            wh_node_remove(list, i);
}

static void take_short(struct canon *c, struct wh_node **item, struct wh_node *node, struct wh_err *err)
{
    if (node) {
        node->overrode = (*item)->overrode;
        *item = node;
    } else if (!c->lenient) {
        report(c, err, &(*item)->mark);
    }
}

static void warn_volume(struct canon *c, const struct wh_node *item, const struct wh_node *node, const char *ignored)
{
    const char *target = wh_node_get_str(node, "target", "");
    bool drive = isalpha((unsigned char)target[0]) && target[1] == ':';
    struct wh_diag *d;
    if (ignored) {
        d = wh_diag_warn(c->l->diags, &item->mark, "option \"%s\" of volume \"%s\" is not known and ignored", ignored,
                         item->text);
        wh_diag_hint(c->l->diags, d, "ro, rw, z, Z, nocopy, or a propagation such as rslave");
    }
    if (drive) {
        d = wh_diag_warn(c->l->diags, &item->mark, "\"%s\" is read as a path on a Windows drive, not as a volume",
                         item->text);
        wh_diag_hint(c->l->diags, d, "give the volume a name of two letters or more, or use the long form");
    }
}

static void volumes(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    struct wh_node *list = pair->value;
    for (size_t i = 0; list->kind == WH_NODE_SEQ && i < list->seq.len; i++) {
        struct wh_node *item = list->seq.items[i];
        const char *ignored = NULL;
        wh_auto_err err = {0};
        if (item->kind != WH_NODE_STR)
            continue;
        struct wh_node *node = wh_short_volume(c->l->arena, item->text, &item->mark, &ignored, &err);
        if (node && !c->lenient)
            warn_volume(c, item, node, ignored);
        take_short(c, &list->seq.items[i], node, &err);
    }
}

static void devices(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    struct wh_node *list = pair->value;
    for (size_t i = 0; list->kind == WH_NODE_SEQ && i < list->seq.len; i++) {
        struct wh_node *item = list->seq.items[i];
        wh_auto_err err = {0};
        if (item->kind == WH_NODE_STR)
            take_short(c, &list->seq.items[i], wh_short_device(c->l->arena, item->text, &item->mark, &err), &err);
    }
}

static int add_ports(struct canon *c, const struct wh_path *path, struct wh_node *item, struct wh_node *list)
{
    if (item->kind == WH_NODE_MAP)
        return wh_node_push(c->l->arena, list, item);
    wh_auto_err err = {0};
    if (item->kind == WH_NODE_FLOAT) {
        wh_fail(&err, WH_E_INVALID, "%s: invalid type %s for port", wh_path_text(c->l->arena, path, WH_PATH_BRACKETS),
                wh_compose_type_name(item));
        report(c, &err, &item->mark);
        return -1;
    }
    size_t before = list->seq.len;
    const char *text = wh_yaml_scalar_text(c->l->arena, item);
    int rc = text ? wh_short_ports(c->l->arena, text, &item->mark, list, &err) : -1;
    c->n_ports += list->seq.len - before;
    if (rc == 0 && c->n_ports > MAX_PORTS)
        rc = wh_fail(&err, WH_E_LIMIT, "more than %d ports in one file", MAX_PORTS);
    if (rc < 0 && !c->lenient)
        report(c, &err, &item->mark);
    return rc;
}

static void ports(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    const struct wh_node *list = pair->value;
    if (list->kind != WH_NODE_SEQ)
        return;
    struct wh_node *all = wh_node_seq(c->l->arena, &list->mark);
    bool bad = !all;
    for (size_t i = 0; all && i < list->seq.len && c->n_ports <= MAX_PORTS; i++)
        bad = add_ports(c, path, list->seq.items[i], all) < 0 || bad;
    if (!bad) /* one that cannot be read leaves the whole list as it is */
        replace(pair, all);
}

static void watch_rules(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    static const struct handler table[] = {{"ignore", to_list}, {"include", to_list}};
    struct wh_node *list = wh_node_get(pair->value, "watch");
    for (size_t i = 0; list && list->kind == WH_NODE_SEQ && i < list->seq.len; i++)
        run_handlers(c, path, list->seq.items[i], table, WH_ARRAY_LEN(table));
}

static void service(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    static const struct handler table[] = {
        {"build", build}, {"depends_on", depends_on}, {"env_file", env_file},  {"label_file", to_list},
        {"gpus", gpus},   {"networks", list_to_map},  {"models", list_to_map}, {"volumes", volumes},
        {"dns", dns},     {"devices", devices},       {"secrets", file_refs},  {"configs", file_refs},
        {"ports", ports}, {"develop", watch_rules},   {"ulimits", ulimits},
    };
    run_handlers(c, path, pair->value, table, WH_ARRAY_LEN(table));
}

/* ---- networks, volumes, configs, secrets ---- */

/* external: {name: x} -> external: true, name: x */
static void resource(struct canon *c, const struct wh_path *path, struct wh_pair *pair)
{
    struct wh_arena *a = c->l->arena;
    struct wh_node *map = pair->value, *external = wh_node_get(map, "external");
    if (!external || external->kind != WH_NODE_MAP)
        return;
    const char *where = wh_path_text(a, path, WH_PATH_BRACKETS);
    struct wh_node *old_name = wh_node_get(external, "name"), *name = wh_node_get(map, "name");
    wh_node_set(a, map, "external", &external->mark, wh_node_bool(a, &external->mark, true));
    if (!old_name)
        return;
    if (!c->lenient)
        wh_diag_warn(c->l->diags, &old_name->mark,
                     "%s: external.name is deprecated. Please set name and external: true", where);
    if (!name)
        wh_node_set(a, map, "name", &old_name->mark, old_name);
    if (name && !wh_node_equal(name, old_name) && !c->lenient) {
        c->n_errors++;
        wh_diag_error(c->l->diags, &old_name->mark, "%s: name and external.name conflict; only use name", where);
    }
}

static void each(struct canon *c, const struct wh_node *root, const char *section, canon_fn *run)
{
    struct wh_node *map = wh_node_get(root, section);
    struct wh_path top = {.key = section};
    for (size_t i = 0; map && map->kind == WH_NODE_MAP && i < map->map.len; i++) {
        struct wh_path here = {.up = &top, .key = map->map.pairs[i].key};
        if (map->map.pairs[i].value->kind == WH_NODE_MAP)
            run(c, &here, &map->map.pairs[i]);
    }
}

int wh_compose_canonicalize(struct wh_load *l, struct wh_node *root, bool lenient)
{
    static const char *const resources[] = {"networks", "volumes", "secrets", "configs"};
    struct canon c = {.l = l, .lenient = lenient};
    each(&c, root, "services", service);
    for (size_t i = 0; i < WH_ARRAY_LEN(resources); i++)
        each(&c, root, resources[i], resource);
    return c.n_errors ? -1 : 0;
}
