/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML to and from the document tree, in the dialect of the compose files in the wild: YAML 1.2 core schema with
 * the 1.1 leftovers of go-yaml v4 (legacy octals, merge keys, dates), so that a file means here what it means there.
 *
 * Only this module knows libyaml. Aliases become copies, merge keys (<<) are applied, and
 * !reset / !override are kept in node.tag; other unknown tags are accepted and dropped.
 */
#ifndef WHALE_CODEC_YAML_H
#define WHALE_CODEC_YAML_H

#include "whale/codec/node.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

/* 0 in a field means the default, given in brackets. */
struct wh_yaml_limits {
    size_t max_bytes;        /* of the whole text [16 MiB] */
    size_t max_nodes;        /* after aliases are expanded, where aliases bring more than the text itself [100,000] */
    size_t max_depth;        /* of nested collections [200] */
    size_t max_keys;         /* in one mapping [100,000] */
    size_t max_scalar_bytes; /* of one scalar [4 MiB] */
};

/*
 * Parses all documents of text[0..len) and appends one tree per document to docs, which is a vector of
 * `struct wh_node *`. name is the file name used in marks (borrowed for as long as the nodes live). limits may be NULL.
 * An empty text or one of only comments gives no document; an empty document gives a WH_NODE_NULL.
 * Mapping keys that are not strings are errors that name the parent path. An alias gives a deep copy.
 * Returns 0, or -1 with err (cause, mark, sometimes a hint): syntax, duplicate keys, cycles, limits.
 */
int wh_yaml_parse(struct wh_arena *a, const char *text, size_t len, const char *name,
                  const struct wh_yaml_limits *limits, struct wh_vec *docs, struct wh_err *err);

/* Reads a plain (unquoted) scalar as the dialect does: sets kind, value and is_time of n from n->text. */
void wh_yaml_resolve_plain(struct wh_node *n);

/*
 * A scalar's value as text the way docker compose prints it where a string is wanted (environment, labels, K=V
 * lists): 3.10 -> "3.1", 1e3 -> "1000", 010 -> "8", True -> "true", 2024-01-31 -> "2024-01-31 00:00:00 +0000 UTC".
 * Strings are returned as they are, null gives "". Borrowed or in the arena; NULL only when the arena has failed.
 */
const char *wh_yaml_scalar_text(struct wh_arena *a, const struct wh_node *n);

/* Whether n is a whole number between 2^63 and 2^64: a FLOAT here, but one that keeps all its digits when printed. */
bool wh_yaml_unsigned(const struct wh_node *n, uint64_t *ret);

/* RFC 3339 of a node with is_time. The reader puts it into the node's text, which is how such values are printed. */
const char *wh_yaml_time_text(struct wh_arena *a, const struct wh_node *n);

/*
 * Writes the tree as one block-style document the way go-yaml with an indent of 2 does: dashes indented below their
 * key, strings that would read as another type double-quoted, multi-line strings as literal blocks, empty
 * collections in flow style. Map order is the tree's. Texts are folded at the first blank beyond column width; 0 for
 * never. A failure is the sticky failure of out.
 */
#define WH_YAML_WIDTH 80
void wh_yaml_write(const struct wh_node *n, size_t width, struct wh_str *out);

#endif
