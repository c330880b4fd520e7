/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of attributes as a JSON Schema, for editors. */
#include "passes.h"

#include <math.h>
#include <string.h>

static struct wh_node *schema_of(struct wh_arena *a, const struct wh_type *t);

static struct wh_node *names_of_kinds(struct wh_arena *a, unsigned int kinds)
{
    static const struct {
        unsigned int kind;
        const char *name;
    } rows[] = {{WH_K_BOOL, "boolean"},
                {WH_K_INT, "integer"},
                {WH_K_NUMBER, "number"},
                {WH_K_STR, "string"},
                {WH_K_NULL, "null"}};
    struct wh_node *list = wh_node_seq(a, NULL);
    for (size_t i = 0; list && i < WH_ARRAY_LEN(rows); i++)
        if (kinds & rows[i].kind)
            wh_node_push_str(a, list, rows[i].name);
    return list;
}

static struct wh_node *words_of(struct wh_arena *a, const char *const *words)
{
    struct wh_node *list = wh_node_seq(a, NULL);
    for (; list && *words; words++)
        wh_node_push_str(a, list, *words);
    return list;
}

/* {"type": ["boolean", "string"], "pattern": ...}; NULL when the type has no scalar form. */
static struct wh_node *scalar_schema(struct wh_arena *a, const struct wh_type *t)
{
    unsigned int kinds = t->kinds & ~(unsigned int)(WH_K_LIST | WH_K_MAP);
    struct wh_node *names = names_of_kinds(a, kinds), *n = wh_node_map(a, NULL);
    if (!n || wh_node_len(names) == 0)
        return NULL;
    wh_node_put(a, n, "type", names->seq.len == 1 ? names->seq.items[0] : names);
    if (t->words)
        wh_node_put(a, n, "enum", words_of(a, t->words));
    wh_node_put_str(a, n, "pattern", t->pattern);
    if (t->natural)
        wh_node_put_int(a, n, "minimum", 0);
    if (t->bounded) {
        wh_node_put_int(a, n, "minimum", (int64_t)t->min);
        if (isfinite(t->max))
            wh_node_put_int(a, n, "maximum", (int64_t)t->max);
    }
    return n;
}

static struct wh_node *list_schema(struct wh_arena *a, const struct wh_type *t)
{
    struct wh_node *n = wh_node_map(a, NULL);
    if (!n || !(t->kinds & WH_K_LIST))
        return NULL;
    wh_node_put_str(a, n, "type", "array");
    if (t->items)
        wh_node_put(a, n, "items", schema_of(a, t->items));
    if (t->unique)
        wh_node_put_bool(a, n, "uniqueItems", true);
    return n;
}

static void put_pattern(struct wh_arena *a, struct wh_node *n, const char *pattern, struct wh_node *value)
{
    struct wh_node *map = wh_node_map(a, NULL);
    wh_node_put(a, map, pattern, value);
    wh_node_put(a, n, "patternProperties", map);
}

static void put_fields(struct wh_arena *a, struct wh_node *n, const struct wh_type *t)
{
    struct wh_node *properties = wh_node_map(a, NULL), *required = wh_node_seq(a, NULL);
    for (const struct wh_field *f = t->fields; properties && required && f->key; f++) {
        struct wh_node *value = schema_of(a, f->type);
        wh_node_put_str(a, value, "description", f->help);
        wh_node_put(a, properties, f->key, value);
        if (f->flags & WH_FIELD_REQUIRED)
            wh_node_push_str(a, required, f->key);
    }
    wh_node_put(a, n, "properties", properties);
    if (wh_node_len(required))
        wh_node_put(a, n, "required", required);
    if (!t->closed)
        put_pattern(a, n, "^x-", wh_node_map(a, NULL));
    if (!t->open)
        wh_node_put_bool(a, n, "additionalProperties", false);
}

static struct wh_node *map_schema(struct wh_arena *a, const struct wh_type *t)
{
    struct wh_node *n = wh_node_map(a, NULL);
    if (!n || !(t->kinds & WH_K_MAP))
        return NULL;
    wh_node_put_str(a, n, "type", "object");
    if (t->fields) {
        put_fields(a, n, t);
    } else if (t->values && t->names) {
        put_pattern(a, n, "^[a-zA-Z0-9._-]+$", schema_of(a, t->values));
        wh_node_put_bool(a, n, "additionalProperties", false);
    } else if (t->values) {
        wh_node_put(a, n, "additionalProperties", schema_of(a, t->values));
    }
    return n;
}

static struct wh_node *schema_of(struct wh_arena *a, const struct wh_type *t)
{
    struct wh_node *n = wh_node_map(a, NULL), *any = wh_node_seq(a, NULL);
    if (t == &wh_type_any || !n || !any)
        return n;
    struct wh_node *forms[] = {scalar_schema(a, t), list_schema(a, t), map_schema(a, t)};
    for (size_t i = 0; i < WH_ARRAY_LEN(forms); i++)
        if (forms[i])
            wh_node_push(a, any, forms[i]);
    if (any->seq.len == 1)
        return any->seq.items[0];
    wh_node_put(a, n, "anyOf", any);
    return n;
}

struct wh_node *wh_compose_schema(struct wh_arena *a)
{
    struct wh_node *n = wh_node_map(a, NULL), *root = schema_of(a, &wh_type_root);
    if (!n)
        return NULL;
    wh_node_put_str(a, n, "$schema", "https://json-schema.org/draft/2020-12/schema");
    wh_node_put_str(a, n, "title", "Compose file as whale-compose reads it");
    for (size_t i = 0; i < wh_node_len(root); i++)
        wh_node_put(a, n, root->map.pairs[i].key, root->map.pairs[i].value);
    return a->failed ? NULL : n;
}
