/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON text to and from the document tree. Reading uses jansson (duplicate keys are errors); writing is our own. */
#ifndef WHALE_CODEC_JSON_H
#define WHALE_CODEC_JSON_H

#include "whale/codec/node.h"
#include "whale/util/str.h"

/* name is used in messages and marks ("container.json"). Depth is limited to 128. */
int wh_json_parse(struct wh_arena *a, const char *text, size_t len, const char *name, struct wh_node **ret,
                  struct wh_err *err);
/* Reads a file of at most max bytes. */
int wh_json_load(struct wh_arena *a, const char *path, size_t max, struct wh_node **ret, struct wh_err *err);

enum wh_json_style {
    WH_JSON_COMPACT = 0,     /* {"a":1,"b":[2]} */
    WH_JSON_PRETTY = 1 << 0, /* two spaces, one key a line */
    WH_JSON_HTML = 1 << 1,   /* <, > and & are escaped, as Go's encoder does; may be added to either */
    WH_JSON_WIDE = 1 << 2,   /* added to PRETTY: four spaces */
};
int wh_json_write(const struct wh_node *n, enum wh_json_style style, struct wh_str *out);
/* The text as a JSON string with quotes; invalid UTF-8 becomes U+FFFD; also escapes <, >, & and the two line
 * separators of Unicode as Go does when html_escape is set. */
void wh_json_quote(struct wh_str *out, const char *text, size_t len, bool html_escape);

#endif
