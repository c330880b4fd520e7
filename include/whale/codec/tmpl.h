/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Go's text/template, the language of --format: actions, trimming, if/else/with/range/break/continue, variables,
 * pipelines, parentheses, Go's builtin functions and docker's (json split join title lower upper pad truncate).
 * Data are document nodes. define, template, block and call are refused.
 *
 * Syntax: https://pkg.go.dev/text/template; messages keep its wording where users see them.
 */
#ifndef WHALE_CODEC_TMPL_H
#define WHALE_CODEC_TMPL_H

#include "whale/codec/node.h"
#include "whale/util/str.h"

#include <stdbool.h>

struct wh_tmpl;

/* Everything of *ret lives in the arena. -1 when the text is no template. */
int wh_tmpl_parse(struct wh_arena *a, const char *text, struct wh_tmpl **ret, struct wh_err *err);

struct wh_tmpl_data {
    const struct wh_node *fields;  /* map: what `.` is */
    const struct wh_node *methods; /* map or NULL: names that work as fields but are no part of `.`; one that holds a
                                      map is called with a key: {{.Label "k"}} */
    bool heading;                  /* fields hold column headings: functions that change text leave it alone */
};

/* Appends to out. -1: unknown field, wrong types, too deep, out of memory; out then holds what came before. */
int wh_tmpl_execute(const struct wh_tmpl *t, const struct wh_tmpl_data *data, struct wh_str *out, struct wh_err *err);

#endif
