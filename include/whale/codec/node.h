/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one document tree: YAML and JSON are read into it, the compose loader transforms it, records on disk and
 * messages between processes are written from it. Nodes live in an arena and are never freed one by one.
 *
 * A scalar keeps its source text and, after resolution, a typed value. Every node knows where it came from; marks
 * survive merge, extends and include because nodes are moved, not rebuilt.
 */
#ifndef WHALE_CODEC_NODE_H
#define WHALE_CODEC_NODE_H

#include "whale/util/arena.h"
#include "whale/util/err.h"

#include <stdbool.h>
#include <stdint.h>

enum wh_node_kind { WH_NODE_NULL, WH_NODE_BOOL, WH_NODE_INT, WH_NODE_FLOAT, WH_NODE_STR, WH_NODE_SEQ, WH_NODE_MAP };

/* What the loader was asked to do with what earlier files said about this key. */
enum wh_node_tag { WH_TAG_NONE, WH_TAG_RESET, WH_TAG_OVERRIDE };

struct wh_node;

struct wh_pair {
    const char *key;
    struct wh_mark key_mark;
    struct wh_node *value; /* never NULL */
};

struct wh_node {
    enum wh_node_kind kind;
    enum wh_node_tag tag;
    bool quoted;   /* scalar was written with quotes or as a block: always a string */
    bool is_time;  /* a plain STR that the YAML dialect reads as a date: no string where the schema wants one */
    bool reported; /* an error names this value already */
    struct wh_mark mark;
    const struct wh_mark *overrode; /* values this one replaced, newest first, up to one with file NULL; or NULL */
    const char *text;               /* scalars: source text (STR: the string itself, NUL-terminated) */
    size_t text_len;
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct {
            struct wh_node **items;
            size_t len, cap;
        } seq;
        struct {
            struct wh_pair *pairs; /* insertion order */
            size_t len, cap;
            uint32_t *index; /* private to node.c: hash index for large maps */
            size_t n_index;
        } map;
    };
};

/* Constructors return NULL only when the arena has failed. mark may be NULL. */
struct wh_node *wh_node_null(struct wh_arena *a, const struct wh_mark *mark);
struct wh_node *wh_node_bool(struct wh_arena *a, const struct wh_mark *mark, bool value);
struct wh_node *wh_node_int(struct wh_arena *a, const struct wh_mark *mark, int64_t value);
struct wh_node *wh_node_float(struct wh_arena *a, const struct wh_mark *mark, double value);
struct wh_node *wh_node_str(struct wh_arena *a, const struct wh_mark *mark, const char *text); /* copies text */
struct wh_node *wh_node_seq(struct wh_arena *a, const struct wh_mark *mark);
struct wh_node *wh_node_map(struct wh_arena *a, const struct wh_mark *mark);
struct wh_node *wh_node_clone(struct wh_arena *a, const struct wh_node *n); /* deep; texts and marks stay shared */
/* Deep, with all texts and without marks: for an arena that outlives the one of n. */
struct wh_node *wh_node_copy(struct wh_arena *a, const struct wh_node *n);

/* Maps. set replaces at the old position. All accept NULL or non-map nodes in the getters and then find nothing. */
struct wh_node *wh_node_get(const struct wh_node *map, const char *key);
const struct wh_pair *wh_node_pair(const struct wh_node *map, const char *key);
int wh_node_set(struct wh_arena *a, struct wh_node *map, const char *key, const struct wh_mark *key_mark,
                struct wh_node *value); /* copies key; -1 only when the arena has failed */
bool wh_node_del(struct wh_node *map, const char *key);
/* This map only: in go-yaml's natural order, where digits compare as numbers, or by bytes, as Go writes JSON. */
void wh_node_sort_keys(struct wh_node *map);
void wh_node_sort_bytes(struct wh_node *map);

int wh_node_push(struct wh_arena *a, struct wh_node *seq, struct wh_node *item);
void wh_node_remove(struct wh_node *seq, size_t i);
size_t wh_node_len(const struct wh_node *n); /* items or pairs; 0 for scalars and NULL */

/* Typed reading with a fallback, for records and messages of our own. */
const char *wh_node_get_str(const struct wh_node *map, const char *key, const char *fallback);
int64_t wh_node_get_int(const struct wh_node *map, const char *key, int64_t fallback);
bool wh_node_get_bool(const struct wh_node *map, const char *key, bool fallback);

/* Short building for records and messages: set a value under a constant key. NULL text sets nothing. */
void wh_node_put_str(struct wh_arena *a, struct wh_node *map, const char *key, const char *text);
void wh_node_put_int(struct wh_arena *a, struct wh_node *map, const char *key, int64_t value);
void wh_node_put_bool(struct wh_arena *a, struct wh_node *map, const char *key, bool value);
void wh_node_put(struct wh_arena *a, struct wh_node *map, const char *key, struct wh_node *value);
void wh_node_push_str(struct wh_arena *a, struct wh_node *seq, const char *text);

/* The place of what a path of words names (wh_err_in), or of the innermost thing around it that has one; file NULL:
 * none. */
struct wh_mark wh_node_place(const struct wh_node *root, const char *path);

bool wh_node_equal(const struct wh_node *a, const struct wh_node *b); /* as data: order of map keys is ignored */
bool wh_node_is_scalar(const struct wh_node *n);
const char *wh_node_kind_text(enum wh_node_kind kind); /* "mapping", "list", "string", ... */

#endif
