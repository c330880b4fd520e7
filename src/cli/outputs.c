/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/outputs.h"

static struct wh_node *object_of(struct wh_arena *a, const struct wh_output_field *fields)
{
    struct wh_node *n = wh_node_map(a, NULL), *properties = wh_node_map(a, NULL), *required = wh_node_seq(a, NULL);
    wh_node_put_str(a, n, "type", "object");
    for (const struct wh_output_field *f = fields; properties && required && f->key; f++) {
        if (!f->type)
            continue;
        struct wh_node *value = wh_node_map(a, NULL);
        wh_node_put_str(a, value, "type", f->type);
        wh_node_put_str(a, value, "description", f->help);
        if (f->items)
            wh_node_put(a, value, "items", object_of(a, f->items));
        wh_node_put(a, properties, f->key, value);
        if (!f->optional)
            wh_node_push_str(a, required, f->key);
    }
    wh_node_put(a, n, "properties", properties);
    wh_node_put(a, n, "required", required);
    wh_node_put_bool(a, n, "additionalProperties", false);
    return n;
}

struct wh_node *wh_output_schema(struct wh_arena *a, const struct wh_output *o)
{
    struct wh_node *n = wh_node_map(a, NULL), *object = object_of(a, o->fields);
    if (!n || !object)
        return NULL;
    wh_node_put_str(a, n, "$schema", "https://json-schema.org/draft/2020-12/schema");
    wh_node_put_str(a, n, "title", o->title);
    if (o->array) {
        wh_node_put_str(a, n, "type", "array");
        wh_node_put(a, n, "items", object);
    }
    for (size_t i = 0; !o->array && i < wh_node_len(object); i++)
        wh_node_put(a, n, object->map.pairs[i].key, object->map.pairs[i].value);
    return a->failed ? NULL : n;
}
