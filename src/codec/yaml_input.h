/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done to the text of a file before libyaml sees it, and to the texts it yields. */
#ifndef WHALE_CODEC_YAML_INPUT_H
#define WHALE_CODEC_YAML_INPUT_H

#include "whale/util/str.h"

/* 1: out has the text to parse instead; 0: nothing to hide (or text has what would stand for them); -1: no memory. */
int wh_yaml_hide_controls(const char *text, size_t len, struct wh_str *out);
/*
 * The same for \' in the text in double quotes, one backslash of which libyaml refused at line and column (from 0).
 * hidden: text has hidden characters already. 0 also when something else is there.
 */
int wh_yaml_hide_quotes(const char *text, size_t len, size_t line, size_t column, bool hidden, struct wh_str *out);
/* Undoes both in place; returns the new length. */
size_t wh_yaml_show_controls(char *text);

/* Skips comments and markers of a document's end, which libyaml refuses where no document is; counts their lines.
 * NULL: there is nothing else. */
const char *wh_yaml_find_content(const char *text, size_t len, size_t *ret_lines);

/* Groups of four with padding; line breaks between them do not count. False when text is no such thing. */
bool wh_yaml_decode_base64(const char *text, struct wh_str *out);

#endif
