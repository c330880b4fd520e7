/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding of document nodes into structs by tables: where a key's value goes and what it must be. */
#ifndef WHALE_MODEL_DECODE_H
#define WHALE_MODEL_DECODE_H

#include "whale/model.h"

enum wh_slot_kind {
    WH_SLOT_TEXT,     /* const char *; numbers become text */
    WH_SLOT_BOOL,     /* bool */
    WH_SLOT_OPT_BOOL, /* struct wh_opt_bool */
    WH_SLOT_INT,      /* int64_t */
    WH_SLOT_OPT_INT,  /* struct wh_opt_int */
    WH_SLOT_REAL,     /* double */
    WH_SLOT_OPT_REAL, /* struct wh_opt_real */
    WH_SLOT_BYTES,    /* struct wh_opt_int from a number or "64m" */
    WH_SLOT_RATE,     /* int64_t, ditto */
    WH_SLOT_DURATION, /* struct wh_opt_int in ns from "1m30s" */
    WH_SLOT_MODE,     /* struct wh_opt_int from a number or octal text */
    WH_SLOT_TEXTS,    /* struct wh_texts from a list or a single text */
    WH_SLOT_PATHS,    /* struct wh_texts from a list of {path} */
    WH_SLOT_PAIRS,    /* struct wh_pairs from a map, or a list of "key: value" or "key=value" */
    WH_SLOT_COMMAND,  /* struct wh_command */
    WH_SLOT_INLINE,   /* the fields of a nested map, in the same struct */
    WH_SLOT_POINTER,  /* pointer to a struct, NULL when absent */
    WH_SLOT_LIST,     /* {items, len} from a list of maps */
    WH_SLOT_MAP,      /* {items, len} from a map of maps (values may be null), sorted as the map is */
};

struct wh_shape;

struct wh_slot {
    const char *key;
    enum wh_slot_kind kind;
    size_t offset;
    const struct wh_shape *shape; /* INLINE, POINTER, LIST, MAP */
};

#define WH_NO_OFFSET ((size_t)-1)

struct wh_shape {
    size_t size;
    const struct wh_slot *slots; /* ends with key NULL */
    size_t key_offset;           /* const char *: the key of a map's entry; WH_NO_OFFSET: none */
    size_t mark_offset;          /* struct wh_mark; WH_NO_OFFSET: none */
    size_t node_offset;          /* const struct wh_node *; WH_NO_OFFSET: none */
    /* A value that is no map (a number for a ulimit, text for a tmpfs); NULL: only maps are accepted. 0 or -1. */
    int (*scalar)(struct wh_arena *a, const struct wh_node *n, void *out, struct wh_err *err);
};

/* Fills out (zeroed, of s->size bytes). Unknown keys are ignored. -1 with the place in err. */
int wh_shape_decode(struct wh_arena *a, const struct wh_shape *s, const struct wh_node *n, void *out,
                    struct wh_err *err);

extern const struct wh_shape wh_shape_project, wh_shape_service;

#endif
