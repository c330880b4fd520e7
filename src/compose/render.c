/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canonical tree as `config` prints it: attributes in the order of the tables, free maps sorted, and the few
 * differences that docker compose makes between JSON and YAML.
 */
#include "passes.h"

#include "whale/codec/json.h"
#include "whale/codec/yaml.h"
#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

#define MAX_FIELDS 128

struct shaper {
    struct wh_arena *arena;
    enum wh_compose_form form;
};

static struct wh_node *shape(struct shaper *s, const struct wh_type *t, struct wh_node *n);

static void sort_map(const struct shaper *s, struct wh_node *map)
{
    if (s->form == WH_COMPOSE_YAML)
        wh_node_sort_keys(map);
    else
        wh_node_sort_bytes(map);
}

/* A deep copy with sorted maps and without private keys. */
static struct wh_node *sorted(struct shaper *s, struct wh_node *n)
{
    struct wh_node *copy = n;
    if (n->kind == WH_NODE_SEQ) {
        copy = wh_node_seq(s->arena, &n->mark);
        for (size_t i = 0; copy && i < n->seq.len; i++)
            wh_node_push(s->arena, copy, sorted(s, n->seq.items[i]));
    } else if (n->kind == WH_NODE_MAP) {
        copy = wh_node_map(s->arena, &n->mark);
        for (size_t i = 0; copy && i < n->map.len; i++)
            if (!wh_starts(n->map.pairs[i].key, WH_KEY_PRIVATE))
                wh_node_set(s->arena, copy, n->map.pairs[i].key, &n->map.pairs[i].key_mark,
                            sorted(s, n->map.pairs[i].value));
        if (copy)
            sort_map(s, copy);
    }
    return copy;
}

static struct wh_node *shape_list(struct shaper *s, const struct wh_type *t, const struct wh_node *n)
{
    struct wh_node *list = wh_node_seq(s->arena, &n->mark);
    for (size_t i = 0; list && i < n->seq.len; i++)
        wh_node_push(s->arena, list, shape(s, t->items, n->seq.items[i]));
    return list;
}

static struct wh_node *shape_map(struct shaper *s, const struct wh_type *t, const struct wh_node *n)
{
    struct wh_node *map = wh_node_map(s->arena, &n->mark);
    for (size_t i = 0; map && i < n->map.len; i++) {
        const struct wh_pair *p = &n->map.pairs[i];
        struct wh_node *value = p->value->kind == WH_NODE_NULL ? p->value : shape(s, t->values, p->value);
        wh_node_set(s->arena, map, p->key, &p->key_mark, value);
    }
    if (map)
        sort_map(s, map);
    return map;
}

/* A number stays one; 0 and {soft, hard} differ between the two output formats. */
static struct wh_node *shape_ulimit(struct shaper *s, struct wh_node *n)
{
    static const char *const keys[] = {"soft", "hard"};
    if (n->kind == WH_NODE_INT && n->integer != 0)
        return n;
    struct wh_node *map = wh_node_map(s->arena, &n->mark);
    for (size_t i = 0; map && i < WH_ARRAY_LEN(keys); i++) {
        int64_t value = wh_node_get_int(n, keys[i], 0);
        if (value || s->form == WH_COMPOSE_YAML)
            wh_node_put_int(s->arena, map, keys[i], value);
    }
    return map;
}

/* What a field without a value prints as when it is always there. */
static struct wh_node *zero_of(struct shaper *s, const struct wh_type *t, const struct wh_mark *mark)
{
    bool text = t->form == WH_FORM_TEXT || t->form == WH_FORM_BYTES;
    return text ? wh_node_str(s->arena, mark, t->form == WH_FORM_TEXT ? "" : "0") : wh_node_int(s->arena, mark, 0);
}

static void put_absent(struct shaper *s, struct wh_node *map, const struct wh_field *f)
{
    bool always = f->type->names && wh_streq(f->key, "services");
    if (f->flags & WH_FIELD_ALWAYS)
        wh_node_put(s->arena, map, s->form != WH_COMPOSE_YAML && f->json_key ? f->json_key : f->key,
                    zero_of(s, f->type, &map->mark));
    if (s->form == WH_COMPOSE_YAML && !always)
        return;
    if (f->flags & WH_FIELD_JSON_NULL)
        wh_node_put(s->arena, map, f->key, wh_node_null(s->arena, &map->mark));
    else if (f->flags & WH_FIELD_JSON_EMPTY)
        wh_node_put(s->arena, map, f->key, shape(s, f->type, wh_node_map(s->arena, &map->mark)));
}

static void put_extensions(struct shaper *s, struct wh_node *map, const struct wh_node *n)
{
    struct wh_node *found = wh_node_map(s->arena, NULL);
    for (size_t i = 0; found && i < n->map.len; i++)
        if (wh_starts(n->map.pairs[i].key, "x-") && !wh_starts(n->map.pairs[i].key, WH_KEY_PRIVATE))
            wh_node_set(s->arena, found, n->map.pairs[i].key, &n->map.pairs[i].key_mark,
                        sorted(s, n->map.pairs[i].value));
    if (!found || found->map.len == 0)
        return;
    sort_map(s, found);
    for (size_t i = 0; i < found->map.len; i++)
        wh_node_set(s->arena, map, found->map.pairs[i].key, &found->map.pairs[i].key_mark, found->map.pairs[i].value);
}

static void put_field(struct shaper *s, struct wh_node *map, const struct wh_field *f, const struct wh_pair *p)
{
    bool json = s->form != WH_COMPOSE_YAML;
    if (((f->flags & WH_FIELD_SKIP) && s->form != WH_COMPOSE_MODEL) || (json && (f->flags & WH_FIELD_JSON_SKIP)))
        return;
    const char *key = json && f->json_key ? f->json_key : f->key;
    struct wh_node *value = p->value->kind == WH_NODE_NULL ? p->value : shape(s, f->type, p->value);
    if (value)
        wh_node_set(s->arena, map, key, &p->key_mark, value);
}

static struct wh_node *shape_struct(struct shaper *s, const struct wh_type *t, struct wh_node *n)
{
    const struct wh_pair *found[MAX_FIELDS] = {0};
    struct wh_node *map = wh_node_map(s->arena, &n->mark);
    if (!map || n->kind != WH_NODE_MAP)
        return n;
    for (size_t i = 0; i < n->map.len; i++) {
        const struct wh_field *f = wh_field_find(t, n->map.pairs[i].key);
        if (f)
            found[f - t->fields] = &n->map.pairs[i];
    }
    for (const struct wh_field *f = t->fields; f->key; f++) {
        if (found[f - t->fields])
            put_field(s, map, f, found[f - t->fields]);
        else
            put_absent(s, map, f);
    }
    if ((s->form == WH_COMPOSE_YAML && !t->no_extensions) || t == &wh_type_root)
        put_extensions(s, map, n);
    return map;
}

static struct wh_node *shape(struct shaper *s, const struct wh_type *t, struct wh_node *n)
{
    switch (t->form) {
    case WH_FORM_STRUCT:
    case WH_FORM_SECTION:
        return shape_struct(s, t, n);
    case WH_FORM_LIST:
        return n->kind == WH_NODE_SEQ ? shape_list(s, t, n) : n;
    case WH_FORM_MAP:
        return n->kind == WH_NODE_MAP ? shape_map(s, t, n) : n;
    case WH_FORM_ULIMIT:
        return shape_ulimit(s, n);
    case WH_FORM_PAIRS:
    case WH_FORM_ENV:
    case WH_FORM_WORDS_MAP:
    case WH_FORM_KEEP:
        return sorted(s, n);
    default:
        return n;
    }
}

struct wh_node *wh_compose_tree(struct wh_load_result *r, enum wh_compose_form form)
{
    struct shaper s = {.arena = &r->arena, .form = form};
    if (r->raw)
        return sorted(&s, r->root);
    struct wh_node *tree = shape(&s, &wh_type_root, r->root);
    if (tree && form == WH_COMPOSE_JSON) /* docker compose has no order of sections here */
        wh_node_sort_bytes(tree);
    return tree && form == WH_COMPOSE_MODEL ? wh_compose_add_runtime(r, tree) : tree;
}

/* ---- text ---- */

static int double_dollars(const struct wh_str *text, struct wh_str *out)
{
    const char *p = wh_str_c(text), *end = p + text->len;
    while (p < end) {
        const char *dollar = memchr(p, '$', (size_t)(end - p));
        if (!dollar)
            return wh_str_addn(out, p, (size_t)(end - p));
        wh_str_addn(out, p, (size_t)(dollar - p) + 1);
        wh_str_addc(out, '$');
        p = dollar + 1;
    }
    return out->failed ? -1 : 0;
}

int wh_compose_print(struct wh_load_result *r, enum wh_compose_form form, struct wh_str *out, struct wh_err *err)
{
    wh_auto_str text = {0};
    const struct wh_node *tree = wh_compose_tree(r, form);
    if (!tree || r->arena.failed)
        return wh_fail(err, ENOMEM, "config");
    if (form == WH_COMPOSE_YAML)
        wh_yaml_write(tree, WH_YAML_WIDTH, &text);
    else
        wh_json_write(tree, WH_JSON_PRETTY | WH_JSON_HTML, &text); /* without newline at the end, as there */
    int rc = r->raw ? wh_str_addn(out, wh_str_c(&text), text.len) : double_dollars(&text, out);
    return rc < 0 || text.failed ? wh_fail(err, ENOMEM, "config") : 0;
}

struct wh_node *wh_compose_services(struct wh_load_result *r)
{
    return wh_compose_service_order(&r->arena, r->root);
}
