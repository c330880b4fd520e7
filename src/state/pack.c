/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields as bytes (fields.h). */
#include "state/fields.h"

#include "whale/state.h"
#include "whale/util/map.h"

#include <string.h>

#define AT(object, off, type) (*(type *)((char *)(object) + (off)))
#define IN(object, off, type) (*(const type *)((const char *)(object) + (off)))

/* Size in the struct of what is copied as it is. */
static const size_t plain_size[] = {
    [FIELD_INT] = sizeof(int),         [FIELD_INT64] = sizeof(int64_t), [FIELD_UINT16] = sizeof(uint16_t),
    [FIELD_UINT64] = sizeof(uint64_t), [FIELD_BOOL] = sizeof(bool),     [FIELD_INLINE] = 0,
};

static bool has_count(const struct field *f)
{
    return f->kind == FIELD_LABELS || f->kind == FIELD_TEXTS || f->kind == FIELD_ITEMS || f->kind == FIELD_INLINE;
}

uint32_t fields_version(const struct field *fields)
{
    uint32_t version = 1;
    for (const struct field *f = fields; f->key; f++) {
        uint32_t parts[] = {version, wh_hash_bytes(f->key, strlen(f->key)), (uint32_t)f->kind,
                            f->item ? fields_version(f->item) : 0};
        version = wh_hash_bytes(parts, sizeof(parts));
    }
    return version;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void pack_text(struct wh_str *out, const char *text)
{
    uint32_t size = text ? (uint32_t)strlen(text) + 1 : 0; /* 0: NULL */
    wh_str_addn(out, &size, sizeof(size));
    wh_str_addn(out, text, size);
}

static void pack_list(struct wh_str *out, const struct field *f, const void *object)
{
    uint32_t n = (uint32_t)IN(object, f->count_offset, size_t);
    const char *inside = (const char *)object + f->offset;
    const char *items = f->kind == FIELD_INLINE ? inside : IN(object, f->offset, char *);
    wh_str_addn(out, &n, sizeof(n));
    for (uint32_t i = 0; i < n; i++) {
        if (f->kind == FIELD_TEXTS) {
            pack_text(out, ((const char *const *)(const void *)items)[i]);
        } else if (f->kind == FIELD_LABELS) {
            pack_text(out, ((const struct wh_label *)(const void *)items)[i].key);
            pack_text(out, ((const struct wh_label *)(const void *)items)[i].value);
        } else {
            fields_pack(out, f->item, items + i * f->item_size);
        }
    }
}

void fields_pack(struct wh_str *out, const struct field *fields, const void *object)
{
    for (const struct field *f = fields; f->key; f++) {
        if (f->kind == FIELD_TEXT)
            pack_text(out, IN(object, f->offset, char *));
        else if (has_count(f))
            pack_list(out, f, object);
        else if (f->kind != FIELD_NODE)
            wh_str_addn(out, (const char *)object + f->offset, plain_size[f->kind]);
    }
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static const char *take(struct unpacking *u, size_t size)
{
    if (u->failed || (size_t)(u->end - u->at) < size) {
        u->failed = true;
        return NULL;
    }
    u->at += size;
    return u->at - size;
}

static uint32_t take_number(struct unpacking *u)
{
    uint32_t n = 0;
    const char *bytes = take(u, sizeof(n));
    if (bytes)
        memcpy(&n, bytes, sizeof(n));
    return n;
}

static const char *take_text(struct unpacking *u, const char *fallback)
{
    uint32_t size = take_number(u);
    const char *text = size ? take(u, size) : fallback;
    if (size && text && text[size - 1])
        u->failed = true;
    return u->failed ? fallback : text;
}

static size_t item_size(const struct field *f)
{
    if (f->kind == FIELD_TEXTS)
        return sizeof(char *);
    return f->kind == FIELD_LABELS ? sizeof(struct wh_label) : f->item_size;
}

static void *make_list(struct unpacking *u, const struct field *f, uint32_t n, void *object)
{
    if (n > (size_t)(u->end - u->at) || (f->kind == FIELD_INLINE && n > f->max)) {
        u->failed = true;
        return NULL;
    }
    void *items =
        f->kind == FIELD_INLINE ? (char *)object + f->offset : wh_arena_alloc(u->arena, item_size(f) * (n + 1));
    if (!items)
        u->failed = true;
    else if (f->kind != FIELD_INLINE)
        AT(object, f->offset, void *) = items;
    return items;
}

static void unpack_list(struct unpacking *u, const struct field *f, void *object)
{
    uint32_t n = take_number(u);
    char *items = u->failed ? NULL : make_list(u, f, n, object);
    for (uint32_t i = 0; i < n && !u->failed; i++) {
        if (f->kind == FIELD_TEXTS) {
            ((const char **)(void *)items)[i] = take_text(u, "");
        } else if (f->kind == FIELD_LABELS) {
            struct wh_label *label = &((struct wh_label *)(void *)items)[i];
            label->key = take_text(u, "");
            label->value = take_text(u, "");
        } else {
            fields_unpack(u, f->item, items + i * f->item_size);
        }
    }
    AT(object, f->count_offset, size_t) = u->failed ? 0 : n;
}

void fields_unpack(struct unpacking *u, const struct field *fields, void *object)
{
    for (const struct field *f = fields; f->key && !u->failed; f++) {
        if (f->kind == FIELD_TEXT) {
            AT(object, f->offset, const char *) = take_text(u, f->fallback);
        } else if (has_count(f)) {
            unpack_list(u, f, object);
        } else if (f->kind != FIELD_NODE) {
            const char *bytes = take(u, plain_size[f->kind]);
            if (bytes)
                memcpy((char *)object + f->offset, bytes, plain_size[f->kind]);
        }
    }
}
