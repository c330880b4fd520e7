/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers of short forms. Each returns a long-form node in the arena, or NULL with err set. */
#ifndef WHALE_COMPOSE_CANONICAL_H
#define WHALE_COMPOSE_CANONICAL_H

#include "whale/codec/node.h"

/* "8080:80", "127.0.0.1:9000-9001:9000-9001/udp", "[::1]::80": appends one mapping per container port to list. */
int wh_short_ports(struct wh_arena *a, const char *text, const struct wh_mark *mark, struct wh_node *list,
                   struct wh_err *err);
/* "./a:/b:ro,z", "data:/d", "/anon"; ret_ignored: the first option nobody knows, or NULL */
struct wh_node *wh_short_volume(struct wh_arena *a, const char *text, const struct wh_mark *mark,
                                const char **ret_ignored, struct wh_err *err);
/* "/dev/a[:/dev/b[:rwm]]" */
struct wh_node *wh_short_device(struct wh_arena *a, const char *text, const struct wh_mark *mark, struct wh_err *err);

/* How a string command was cut. */
struct wh_cut {
    char op;       /* | > ; & ( that ended the command early, or 0 */
    size_t offset; /* of it in the text */
};
/* Splits into words as docker compose does (quotes, backslashes, stops at an unquoted operator). */
struct wh_node *wh_split_command(struct wh_arena *a, const char *text, const struct wh_mark *mark, struct wh_cut *ret,
                                 struct wh_err *err);

/* Lexical clean of a path inside a container; "" stays "". In the arena. */
const char *wh_clean_target(struct wh_arena *a, const char *path);

#endif
