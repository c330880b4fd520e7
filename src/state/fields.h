/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records as tables of fields: one table per struct gives both directions between the struct and its JSON object, so
 * that what is written is what is read.
 */
#ifndef STATE_FIELDS_H
#define STATE_FIELDS_H

#include "whale/codec/node.h"
#include "whale/util/arena.h"
#include "whale/util/str.h"

#include <stddef.h>

enum field_kind {
    FIELD_TEXT, /* const char *; absent when NULL */
    FIELD_INT,
    FIELD_INT64,
    FIELD_UINT16,
    FIELD_UINT64,
    FIELD_BOOL,
    FIELD_NODE,   /* const struct wh_node * */
    FIELD_LABELS, /* const struct wh_label * and a count: an object */
    FIELD_TEXTS,  /* const char *const * and a count: a list */
    FIELD_ITEMS,  /* array of structs and a count: a list of objects */
    FIELD_INLINE, /* array inside the struct, of at most `max` items, and a count */
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
    size_t count_offset;
    const char *fallback; /* TEXT: what absence reads as */
    const struct field *item;
    size_t item_size, max;
};

#define F(type, kind_, member)                                                                                         \
    {                                                                                                                  \
        .key = #member, .kind = (kind_), .offset = offsetof(struct type, member)                                       \
    }
#define F_TEXT(type, member, fallback_)                                                                                \
    {                                                                                                                  \
        .key = #member, .kind = FIELD_TEXT, .offset = offsetof(struct type, member), .fallback = (fallback_)           \
    }
#define F_LIST(type, kind_, member)                                                                                    \
    {                                                                                                                  \
        .key = #member, .kind = (kind_), .offset = offsetof(struct type, member),                                      \
        .count_offset = offsetof(struct type, n_##member)                                                              \
    }
#define F_ITEMS(type, member, item_)                                                                                   \
    {                                                                                                                  \
        .key = #member, .kind = FIELD_ITEMS, .offset = offsetof(struct type, member),                                  \
        .count_offset = offsetof(struct type, n_##member), .item = (item_),                                            \
        .item_size = sizeof(*((struct type *)NULL)->member)                                                            \
    }
#define F_END                                                                                                          \
    {                                                                                                                  \
        .key = NULL                                                                                                    \
    }

/* Adds the fields to a map. Strings are copied into the arena, nodes are linked. */
void fields_put(struct wh_arena *a, struct wh_node *map, const struct field *fields, const void *object);
/* Fills the object; a value of a wrong type reads as absent. Strings and nodes point into map. */
void fields_get(struct wh_arena *a, const struct wh_node *map, const struct field *fields, void *object);

/* pack.c: the same tables as bytes, for one machine and one version: numbers as they are in memory, texts with their
 * length and a NUL. Nodes are left out. */
void fields_pack(struct wh_str *out, const struct field *fields, const void *object);
struct unpacking {
    struct wh_arena *arena; /* of lists */
    const char *at, *end;
    bool failed; /* cut short, or not what fields_pack writes */
};
/* Texts point into the bytes. */
void fields_unpack(struct unpacking *u, const struct field *fields, void *object);
uint32_t fields_version(const struct field *fields); /* of what is packed by this table */

#endif
