/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same tables as a JSON Schema of what `config --format json` prints: canonical values instead of what is accepted.
 */
#include "passes.h"

#include <string.h>

static struct wh_node *output_of(struct wh_arena *a, const struct wh_type *t);

static struct wh_node *typed(struct wh_arena *a, const char *type)
{
    struct wh_node *n = wh_node_map(a, NULL);
    wh_node_put_str(a, n, "type", type);
    return n;
}

static struct wh_node *either(struct wh_arena *a, struct wh_node *one, struct wh_node *other)
{
    struct wh_node *n = wh_node_map(a, NULL), *any = wh_node_seq(a, NULL);
    if (!n || !any)
        return NULL;
    wh_node_push(a, any, one);
    wh_node_push(a, any, other);
    wh_node_put(a, n, "anyOf", any);
    return n;
}

static struct wh_node *list_of(struct wh_arena *a, struct wh_node *items)
{
    struct wh_node *n = typed(a, "array");
    wh_node_put(a, n, "items", items);
    return n;
}

static struct wh_node *map_of(struct wh_arena *a, struct wh_node *values)
{
    struct wh_node *n = typed(a, "object");
    wh_node_put(a, n, "additionalProperties", values);
    return n;
}

static struct wh_node *struct_of(struct wh_arena *a, const struct wh_type *t)
{
    struct wh_node *n = typed(a, "object"), *properties = wh_node_map(a, NULL), *required = wh_node_seq(a, NULL);
    for (const struct wh_field *f = t->fields; properties && required && f->key; f++) {
        if (f->flags & (WH_FIELD_SKIP | WH_FIELD_JSON_SKIP))
            continue;
        const char *key = f->json_key ? f->json_key : f->key;
        struct wh_node *value = output_of(a, f->type);
        if (f->flags & WH_FIELD_JSON_NULL)
            value = either(a, typed(a, "null"), value);
        wh_node_put_str(a, value, "description", f->help);
        wh_node_put(a, properties, key, value);
        if (f->flags & (WH_FIELD_JSON_NULL | WH_FIELD_JSON_EMPTY | WH_FIELD_ALWAYS))
            wh_node_push_str(a, required, key);
    }
    wh_node_put(a, n, "properties", properties);
    if (wh_node_len(required))
        wh_node_put(a, n, "required", required);
    wh_node_put_bool(a, n, "additionalProperties", false);
    return n;
}

static struct wh_node *ulimit_of(struct wh_arena *a)
{
    struct wh_node *n = typed(a, "object"), *properties = wh_node_map(a, NULL);
    wh_node_put(a, properties, "soft", typed(a, "integer"));
    wh_node_put(a, properties, "hard", typed(a, "integer"));
    wh_node_put(a, n, "properties", properties);
    return either(a, typed(a, "integer"), n);
}

static const char *scalar_name(enum wh_form form)
{
    switch (form) {
    case WH_FORM_TEXT:
    case WH_FORM_BYTES:
    case WH_FORM_DURATION:
    case WH_FORM_OPT_DURATION:
    case WH_FORM_LAX_DURATION:
    case WH_FORM_MODE:
        return "string";
    case WH_FORM_BOOL:
    case WH_FORM_OPT_BOOL:
    case WH_FORM_OPT_OUT:
        return "boolean";
    case WH_FORM_INT:
    case WH_FORM_OPT_INT:
    case WH_FORM_PLAIN_MODE:
    case WH_FORM_WEIGHT:
    case WH_FORM_COUNT:
        return "integer";
    case WH_FORM_REAL:
        return "number";
    default:
        return NULL;
    }
}

static struct wh_node *output_of(struct wh_arena *a, const struct wh_type *t)
{
    if (scalar_name(t->form))
        return typed(a, scalar_name(t->form));
    switch (t->form) {
    case WH_FORM_COMMAND:
    case WH_FORM_TEST:
    case WH_FORM_TEXTS:
    case WH_FORM_HOSTS:
    case WH_FORM_SSH:
        return list_of(a, typed(a, "string"));
    case WH_FORM_PAIRS:
        return map_of(a, typed(a, "string"));
    case WH_FORM_ENV:
        return map_of(a, either(a, typed(a, "null"), typed(a, "string")));
    case WH_FORM_WORDS_MAP:
        return map_of(a, list_of(a, typed(a, "string")));
    case WH_FORM_ULIMIT:
        return ulimit_of(a);
    case WH_FORM_STRUCT:
    case WH_FORM_SECTION:
        return struct_of(a, t);
    case WH_FORM_LIST:
        return list_of(a, output_of(a, t->items));
    case WH_FORM_MAP:
        return map_of(a, either(a, typed(a, "null"), output_of(a, t->values)));
    default:
        return wh_node_map(a, NULL);
    }
}

struct wh_node *wh_compose_output_schema(struct wh_arena *a)
{
    struct wh_node *n = wh_node_map(a, NULL), *root = struct_of(a, &wh_type_root), *extensions = wh_node_map(a, NULL);
    if (!n || !root || !extensions)
        return NULL;
    wh_node_put_str(a, n, "$schema", "https://json-schema.org/draft/2020-12/schema");
    wh_node_put_str(a, n, "title", "What `whale-compose config --format json` prints");
    wh_node_put(a, extensions, "^x-", wh_node_map(a, NULL));
    wh_node_put(a, root, "patternProperties", extensions);
    for (size_t i = 0; i < wh_node_len(root); i++)
        wh_node_put(a, n, root->map.pairs[i].key, root->map.pairs[i].value);
    return a->failed ? NULL : n;
}
