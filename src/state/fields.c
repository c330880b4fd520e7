/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both directions between a struct and its JSON object, driven by a table of fields (fields.h). */
#include "state/fields.h"

#include "whale/state.h"

#include <string.h>

#define AT(object, off, type) (*(type *)((char *)(object) + (off)))
#define IN(object, off, type) (*(const type *)((const char *)(object) + (off)))

static struct wh_node *labels_node(struct wh_arena *a, const struct wh_label *labels, size_t n)
{
    struct wh_node *map = wh_node_map(a, NULL);
    for (size_t i = 0; i < n; i++)
        wh_node_put_str(a, map, labels[i].key, labels[i].value);
    return map;
}

static struct wh_node *texts_node(struct wh_arena *a, const char *const *texts, size_t n)
{
    struct wh_node *seq = wh_node_seq(a, NULL);
    for (size_t i = 0; i < n; i++)
        wh_node_push_str(a, seq, texts[i]);
    return seq;
}

static struct wh_node *items_node(struct wh_arena *a, const struct field *f, const void *items, size_t n)
{
    struct wh_node *seq = wh_node_seq(a, NULL);
    for (size_t i = 0; i < n; i++) {
        struct wh_node *map = wh_node_map(a, NULL);
        if (!map)
            return NULL;
        fields_put(a, map, f->item, (const char *)items + i * f->item_size);
        wh_node_push(a, seq, map);
    }
    return seq;
}

static struct wh_node *list_node(struct wh_arena *a, const struct field *f, const void *object)
{
    size_t n = IN(object, f->count_offset, size_t);
    if (n == 0)
        return NULL;
    if (f->kind == FIELD_LABELS)
        return labels_node(a, IN(object, f->offset, struct wh_label *), n);
    if (f->kind == FIELD_TEXTS)
        return texts_node(a, IN(object, f->offset, char **), n);
    const void *items = f->kind == FIELD_ITEMS ? IN(object, f->offset, void *) : (const char *)object + f->offset;
    return items_node(a, f, items, n);
}

static void put_field(struct wh_arena *a, struct wh_node *map, const struct field *f, const void *object)
{
    switch (f->kind) {
    case FIELD_TEXT:
        wh_node_put_str(a, map, f->key, IN(object, f->offset, char *));
        return;
    case FIELD_INT:
        wh_node_put_int(a, map, f->key, IN(object, f->offset, int));
        return;
    case FIELD_INT64:
    case FIELD_UINT64:
        wh_node_put_int(a, map, f->key, IN(object, f->offset, int64_t));
        return;
    case FIELD_UINT16:
        wh_node_put_int(a, map, f->key, IN(object, f->offset, uint16_t));
        return;
    case FIELD_BOOL:
        wh_node_put_bool(a, map, f->key, IN(object, f->offset, bool));
        return;
    default:
        break;
    }
    const struct wh_node *value =
        f->kind == FIELD_NODE ? IN(object, f->offset, struct wh_node *) : list_node(a, f, object);
    if (value)
        wh_node_put(a, map, f->key, (struct wh_node *)value);
}

void fields_put(struct wh_arena *a, struct wh_node *map, const struct field *fields, const void *object)
{
    for (const struct field *f = fields; f->key; f++)
        put_field(a, map, f, object);
}

static const char *text_of(const struct wh_node *n)
{
    return n && n->kind == WH_NODE_STR ? n->text : NULL;
}

static void get_labels(struct wh_arena *a, const struct wh_node *n, const struct field *f, void *object)
{
    if (!n || n->kind != WH_NODE_MAP)
        return;
    struct wh_label *labels = wh_arena_array(a, struct wh_label, n->map.len + 1);
    if (!labels)
        return;
    for (size_t i = 0; i < n->map.len; i++) {
        const char *value = text_of(n->map.pairs[i].value);
        labels[i] = (struct wh_label){n->map.pairs[i].key, value ? value : ""};
    }
    AT(object, f->offset, struct wh_label *) = labels;
    AT(object, f->count_offset, size_t) = n->map.len;
}

static void get_texts(struct wh_arena *a, const struct wh_node *n, const struct field *f, void *object)
{
    const char **texts = wh_arena_array(a, const char *, n->seq.len + 1);
    if (!texts)
        return;
    for (size_t i = 0; i < n->seq.len; i++) {
        const char *text = text_of(n->seq.items[i]);
        texts[i] = text ? text : "";
    }
    AT(object, f->offset, const char **) = texts;
    AT(object, f->count_offset, size_t) = n->seq.len;
}

static void get_items(struct wh_arena *a, const struct wh_node *n, const struct field *f, void *object)
{
    size_t len = n->seq.len;
    char *items = (char *)object + f->offset;
    if (f->kind == FIELD_ITEMS) {
        items = wh_arena_alloc(a, f->item_size * (len + 1));
        AT(object, f->offset, void *) = items;
    } else if (len > f->max) {
        len = f->max;
    }
    if (!items)
        return;
    for (size_t i = 0; i < len; i++)
        fields_get(a, n->seq.items[i], f->item, items + i * f->item_size);
    AT(object, f->count_offset, size_t) = len;
}

static void get_list(struct wh_arena *a, const struct wh_node *n, const struct field *f, void *object)
{
    if (!n || n->kind != WH_NODE_SEQ)
        return;
    if (f->kind == FIELD_TEXTS)
        get_texts(a, n, f, object);
    else
        get_items(a, n, f, object);
}

static void get_field(struct wh_arena *a, const struct wh_node *map, const struct field *f, void *object)
{
    switch (f->kind) {
    case FIELD_TEXT: {
        const char *text = text_of(wh_node_get(map, f->key));
        AT(object, f->offset, const char *) = text ? text : f->fallback;
        return;
    }
    case FIELD_INT:
        AT(object, f->offset, int) = (int)wh_node_get_int(map, f->key, 0);
        return;
    case FIELD_INT64:
    case FIELD_UINT64:
        AT(object, f->offset, int64_t) = wh_node_get_int(map, f->key, 0);
        return;
    case FIELD_UINT16:
        AT(object, f->offset, uint16_t) = (uint16_t)wh_node_get_int(map, f->key, 0);
        return;
    case FIELD_BOOL:
        AT(object, f->offset, bool) = wh_node_get_bool(map, f->key, false);
        return;
    case FIELD_NODE:
        AT(object, f->offset, const struct wh_node *) = wh_node_get(map, f->key);
        return;
    case FIELD_LABELS:
        get_labels(a, wh_node_get(map, f->key), f, object);
        return;
    default:
        get_list(a, wh_node_get(map, f->key), f, object);
    }
}

void fields_get(struct wh_arena *a, const struct wh_node *map, const struct field *fields, void *object)
{
    for (const struct field *f = fields; f->key; f++)
        get_field(a, map, f, object);
}
