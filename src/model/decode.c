/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder behind the tables of shapes.c. */
#include "decode.h"

#include "whale/util/size.h"
#include "whale/util/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct field {
    struct wh_arena *arena;
    const struct wh_slot *slot;
    const struct wh_node *node;
    void *out; /* the slot's place */
    void *base;
    struct wh_err *err;
};

typedef int decode_fn(const struct field *f);

static int fail(const struct field *f, const char *wanted)
{
    wh_fail(f->err, WH_E_INVALID, "%s: found %s, expected %s", f->slot->key, wh_node_kind_text(f->node->kind), wanted);
    wh_err_at(f->err, &f->node->mark);
    return -1;
}

static int no_memory(const struct field *f)
{
    return wh_fail(f->err, ENOMEM, "%s", f->slot->key);
}

static int read_int(const struct wh_node *n, int64_t *ret)
{
    if (n->kind == WH_NODE_INT)
        *ret = n->integer;
    else if (n->kind == WH_NODE_FLOAT)
        return wh_int_of_real(n->real, ret);
    else if (n->kind != WH_NODE_STR || wh_int_parse(n->text, INT64_MIN, INT64_MAX, ret) < 0)
        return -1;
    return 0;
}

static int read_real(const struct wh_node *n, double *ret)
{
    char *end;
    if (n->kind == WH_NODE_INT)
        *ret = (double)n->integer;
    else if (n->kind == WH_NODE_FLOAT)
        *ret = n->real;
    else if (n->kind != WH_NODE_STR || (*ret = strtod(n->text, &end), *end || end == n->text))
        return -1;
    return 0;
}

/* ---- one value ---- */

static int decode_text(const struct field *f)
{
    if (!wh_node_is_scalar(f->node))
        return fail(f, "text");
    *(const char **)f->out = f->node->text;
    return 0;
}

static int decode_bool(const struct field *f)
{
    if (f->node->kind != WH_NODE_BOOL)
        return fail(f, "true or false");
    if (f->slot->kind == WH_SLOT_OPT_BOOL)
        *(struct wh_opt_bool *)f->out = (struct wh_opt_bool){true, f->node->boolean};
    else
        *(bool *)f->out = f->node->boolean;
    return 0;
}

static int put_int(const struct field *f, bool opt, int64_t value)
{
    if (opt)
        *(struct wh_opt_int *)f->out = (struct wh_opt_int){true, value};
    else
        *(int64_t *)f->out = value;
    return 0;
}

static int decode_int(const struct field *f)
{
    int64_t value;
    if (read_int(f->node, &value) < 0)
        return fail(f, "a whole number");
    return put_int(f, f->slot->kind == WH_SLOT_OPT_INT, value);
}

static int decode_real(const struct field *f)
{
    double value;
    if (read_real(f->node, &value) < 0)
        return fail(f, "a number");
    if (f->slot->kind == WH_SLOT_OPT_REAL)
        *(struct wh_opt_real *)f->out = (struct wh_opt_real){true, value};
    else
        *(double *)f->out = value;
    return 0;
}

static int decode_bytes(const struct field *f)
{
    int64_t value;
    if (read_int(f->node, &value) < 0 && (f->node->kind != WH_NODE_STR || wh_size_parse(f->node->text, &value) < 0))
        return fail(f, "a size");
    return put_int(f, f->slot->kind == WH_SLOT_BYTES, value);
}

static int decode_duration(const struct field *f)
{
    int64_t ns;
    if (f->node->kind != WH_NODE_STR || wh_duration_parse(f->node->text, &ns) < 0)
        return fail(f, "a duration");
    return put_int(f, true, ns);
}

static int decode_mode(const struct field *f)
{
    char *end;
    if (f->node->kind == WH_NODE_INT)
        return put_int(f, true, f->node->integer);
    if (f->node->kind != WH_NODE_STR)
        return fail(f, "permissions");
    int64_t mode = strtoll(f->node->text, &end, 8);
    return *end || end == f->node->text ? fail(f, "permissions") : put_int(f, true, mode);
}

/* ---- lists of texts, pairs, commands ---- */

static int fill_texts(const struct field *f, const char ***ret, size_t *ret_len, const char *inner)
{
    bool list = f->node->kind == WH_NODE_SEQ;
    size_t n = list ? f->node->seq.len : 1;
    const char **items = wh_arena_array(f->arena, const char *, n + 1);
    if (!items)
        return no_memory(f);
    for (size_t i = 0; i < n; i++) {
        const struct wh_node *item = list ? f->node->seq.items[i] : f->node;
        if (inner && item->kind == WH_NODE_MAP)
            item = wh_node_get(item, inner);
        if (!item || !wh_node_is_scalar(item))
            return fail(f, "a list of texts");
        items[i] = item->text;
    }
    *ret = items;
    *ret_len = n;
    return 0;
}

static int decode_texts(const struct field *f)
{
    struct wh_texts *t = f->out;
    return fill_texts(f, &t->items, &t->len, f->slot->kind == WH_SLOT_PATHS ? "path" : NULL);
}

static int decode_command(const struct field *f)
{
    struct wh_command *c = f->out;
    c->mark = f->node->mark;
    c->is_set = true;
    return fill_texts(f, &c->argv, &c->len, NULL);
}

static struct wh_pair_text pair_of_text(struct wh_arena *a, const struct wh_node *n)
{
    const char *cut = strchr(n->text, '='), *value = cut ? cut + 1 : NULL;
    if (!cut && (cut = strstr(n->text, ": ")))
        value = cut + 2;
    const char *key = cut ? wh_arena_strndup(a, n->text, (size_t)(cut - n->text)) : n->text;
    return (struct wh_pair_text){.key = key ? key : "", .value = value, .mark = n->mark};
}

static int decode_pairs(const struct field *f)
{
    const struct wh_node *n = f->node;
    struct wh_pairs *pairs = f->out;
    if (n->kind != WH_NODE_MAP && n->kind != WH_NODE_SEQ)
        return fail(f, "a mapping");
    pairs->items = wh_arena_array(f->arena, struct wh_pair_text, wh_node_len(n) + 1);
    if (!pairs->items)
        return no_memory(f);
    for (size_t i = 0; i < wh_node_len(n); i++) {
        const struct wh_node *value = n->kind == WH_NODE_MAP ? n->map.pairs[i].value : n->seq.items[i];
        if (!wh_node_is_scalar(value))
            return fail(f, "a mapping of texts");
        if (n->kind == WH_NODE_SEQ)
            pairs->items[i] = pair_of_text(f->arena, value);
        else
            pairs->items[i] = (struct wh_pair_text){.key = n->map.pairs[i].key,
                                                    .value = value->kind == WH_NODE_NULL ? NULL : value->text,
                                                    .mark = n->map.pairs[i].key_mark};
    }
    pairs->len = wh_node_len(n);
    return 0;
}

/* ---- structs ---- */

static void *at(void *base, size_t offset)
{
    return (char *)base + offset;
}

static int decode_slots(struct wh_arena *a, const struct wh_slot *slots, const struct wh_node *n, void *out,
                        struct wh_err *err);

static int decode_inline(const struct field *f)
{
    return decode_slots(f->arena, f->slot->shape->slots, f->node, f->base, f->err);
}

static int decode_pointer(const struct field *f)
{
    void *made = wh_arena_alloc(f->arena, f->slot->shape->size);
    if (!made)
        return no_memory(f);
    *(void **)f->out = made;
    return wh_shape_decode(f->arena, f->slot->shape, f->node, made, f->err);
}

/* Every {items, len} in the model has this layout. */
struct any_list {
    void *items;
    size_t len;
};

static int decode_many(const struct field *f)
{
    const struct wh_node *n = f->node;
    const struct wh_shape *s = f->slot->shape;
    struct any_list *list = f->out;
    bool map = f->slot->kind == WH_SLOT_MAP;
    if (n->kind != (map ? WH_NODE_MAP : WH_NODE_SEQ))
        return fail(f, map ? "a mapping" : "a list");
    list->items = wh_arena_alloc(f->arena, s->size * (wh_node_len(n) + 1));
    if (!list->items)
        return no_memory(f);
    for (size_t i = 0; i < wh_node_len(n); i++) {
        void *item = at(list->items, i * s->size);
        const struct wh_node *value = map ? n->map.pairs[i].value : n->seq.items[i];
        if (wh_shape_decode(f->arena, s, value, item, f->err) < 0)
            return wh_wrap(f->err, "%s", map ? n->map.pairs[i].key : f->slot->key);
        if (map && s->key_offset != WH_NO_OFFSET)
            *(const char **)at(item, s->key_offset) = n->map.pairs[i].key;
        if (map && s->mark_offset != WH_NO_OFFSET)
            *(struct wh_mark *)at(item, s->mark_offset) = n->map.pairs[i].key_mark;
    }
    list->len = wh_node_len(n);
    return 0;
}

static int decode_slots(struct wh_arena *a, const struct wh_slot *slots, const struct wh_node *n, void *out,
                        struct wh_err *err)
{
    static decode_fn *const by_kind[] = {
        [WH_SLOT_TEXT] = decode_text,         [WH_SLOT_BOOL] = decode_bool,       [WH_SLOT_OPT_BOOL] = decode_bool,
        [WH_SLOT_INT] = decode_int,           [WH_SLOT_OPT_INT] = decode_int,     [WH_SLOT_REAL] = decode_real,
        [WH_SLOT_OPT_REAL] = decode_real,     [WH_SLOT_BYTES] = decode_bytes,     [WH_SLOT_RATE] = decode_bytes,
        [WH_SLOT_DURATION] = decode_duration, [WH_SLOT_MODE] = decode_mode,       [WH_SLOT_TEXTS] = decode_texts,
        [WH_SLOT_PATHS] = decode_texts,       [WH_SLOT_PAIRS] = decode_pairs,     [WH_SLOT_COMMAND] = decode_command,
        [WH_SLOT_INLINE] = decode_inline,     [WH_SLOT_POINTER] = decode_pointer, [WH_SLOT_LIST] = decode_many,
        [WH_SLOT_MAP] = decode_many,
    };
    for (const struct wh_slot *s = slots; s->key; s++) {
        const struct wh_node *value = wh_node_get(n, s->key);
        if (!value || value->kind == WH_NODE_NULL)
            continue;
        struct field f = {.arena = a, .slot = s, .node = value, .base = out, .out = at(out, s->offset), .err = err};
        if (by_kind[s->kind](&f) < 0)
            return -1;
    }
    return 0;
}

int wh_shape_decode(struct wh_arena *a, const struct wh_shape *s, const struct wh_node *n, void *out,
                    struct wh_err *err)
{
    if (s->mark_offset != WH_NO_OFFSET)
        *(struct wh_mark *)at(out, s->mark_offset) = n->mark;
    if (s->node_offset != WH_NO_OFFSET)
        *(const struct wh_node **)at(out, s->node_offset) = n;
    if (n->kind == WH_NODE_MAP)
        return decode_slots(a, s->slots, n, out, err);
    if (s->scalar && n->kind != WH_NODE_NULL)
        return s->scalar(a, n, out, err);
    if (n->kind == WH_NODE_NULL)
        return 0;
    wh_fail(err, WH_E_INVALID, "found %s, expected a mapping", wh_node_kind_text(n->kind));
    wh_err_at(err, &n->mark);
    return -1;
}
