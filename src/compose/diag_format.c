/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics as text for people (place, source line, caret, hint) and as data for programs. */
#include "whale/compose.h"

#include "whale/util/file.h"

#include <string.h>

#define MAX_SOURCE_BYTES ((size_t)16 << 20)
#define MAX_LINE_BYTES   200 /* longer lines are cut, minified files have only one */

struct style {
    const char *red, *yellow, *bold, *dim, *green, *off;
};

static const struct style plain = {"", "", "", "", "", ""};
static const struct style coloured = {"\033[1;31m", "\033[1;33m", "\033[1m", "\033[2m", "\033[32m", "\033[0m"};

/* The line of the mark; len 0 when there is none. */
static const char *find_line(const struct wh_str *text, uint32_t line, size_t *ret_len)
{
    const char *p = wh_str_c(text), *end = p + text->len;
    for (uint32_t at = 1; at < line && p; at++) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p && p + 1 < end ? p + 1 : NULL;
    }
    if (!p)
        return NULL;
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    *ret_len = (size_t)((stop ? stop : end) - p);
    while (*ret_len && p[*ret_len - 1] == '\r')
        --*ret_len;
    return p;
}

/* Env files hold passwords: their lines are never repeated. */
static bool is_model_file(const char *file)
{
    return wh_ends(file, ".yaml") || wh_ends(file, ".yml") || wh_ends(file, ".json");
}

/* Without control characters: a file must not steer the terminal. */
static void add_safe(struct wh_str *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool c1 = c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] >= 0x80 && (unsigned char)text[i + 1] < 0xa0;
        if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f || c1)
            wh_str_addc(out, '?');
        else
            wh_str_addc(out, text[i]);
        i += c1;
    }
}

static size_t caret_len(const struct wh_mark *m, const char *line, size_t len)
{
    size_t at = m->column - 1, n = m->length;
    if (n == 0)
        while (at + n < len && !strchr(" \t:,]}#", line[at + n]))
            n++;
    if (at + n > len)
        n = len - at;
    return n ? n : 1;
}

static void add_caret(const struct wh_mark *m, const char *line, size_t len, const struct style *st, struct wh_str *out)
{
    if (m->column == 0 || m->column > len + 1)
        return;
    wh_str_fmt(out, "%s      |%s ", st->dim, st->off);
    for (size_t i = 0; i + 1 < m->column; i++)
        if (((unsigned char)line[i] & 0xc0) != 0x80) /* one column per character, not per byte */
            wh_str_addc(out, line[i] == '\t' ? '\t' : ' ');
    wh_str_fmt(out, "%s^", st->green);
    for (size_t n = caret_len(m, line, len); n > 1; n--)
        wh_str_addc(out, '~');
    wh_str_fmt(out, "%s\n", st->off);
}

static void add_excerpt(const struct wh_mark *m, const struct style *st, struct wh_str *out)
{
    wh_auto_str text = {0};
    size_t len = 0;
    if (!m->file || !m->line || !is_model_file(m->file) || wh_file_read(m->file, MAX_SOURCE_BYTES, &text, NULL) < 0)
        return;
    const char *line = find_line(&text, m->line, &len);
    if (!line || len == 0)
        return;
    if (len > MAX_LINE_BYTES)
        len = MAX_LINE_BYTES;
    wh_str_fmt(out, "%s%5u |%s ", st->dim, m->line, st->off);
    add_safe(out, line, len);
    wh_str_addc(out, '\n');
    add_caret(m, line, len, st, out);
}

static void add_place(const struct wh_mark *m, const struct style *st, struct wh_str *out)
{
    wh_str_add(out, st->bold);
    add_safe(out, m->file, strlen(m->file));
    if (m->line)
        wh_str_fmt(out, ":%u", m->line);
    if (m->line && m->column)
        wh_str_fmt(out, ":%u", m->column);
    wh_str_add(out, st->off);
}

static void add_head(bool is_error, const struct wh_mark *mark, const char *text, const struct style *st,
                     struct wh_str *out)
{
    if (mark->file) {
        add_place(mark, st, out);
        wh_str_add(out, ": ");
    }
    wh_str_fmt(out, "%s%s:%s ", is_error ? st->red : st->yellow, is_error ? "error" : "warning", st->off);
    add_safe(out, text, strlen(text));
    wh_str_addc(out, '\n');
    add_excerpt(mark, st, out);
}

static void add_hint(const char *hint, const struct style *st, struct wh_str *out)
{
    if (!hint)
        return;
    wh_str_fmt(out, "%s      = hint:%s ", st->green, st->off);
    add_safe(out, hint, strlen(hint));
    wh_str_addc(out, '\n');
}

void wh_diag_format(const struct wh_diag *d, bool colour, struct wh_str *out)
{
    const struct style *st = colour ? &coloured : &plain;
    add_head(d->severity == WH_SEV_ERROR, &d->mark, d->text, st, out);
    for (const struct wh_place *p = d->places; p; p = p->next) {
        wh_str_fmt(out, "%s      = %s:%s ", st->dim, p->label ? p->label : "also here", st->off);
        add_place(&p->mark, &plain, out);
        wh_str_addc(out, '\n');
    }
    add_hint(d->hint, st, out);
}

static void put_mark(struct wh_arena *a, struct wh_node *n, const struct wh_mark *mark)
{
    wh_node_put_str(a, n, "file", mark->file);
    if (mark->line)
        wh_node_put_int(a, n, "line", mark->line);
    if (mark->column)
        wh_node_put_int(a, n, "column", mark->column);
}

static struct wh_node *places_node(struct wh_arena *a, const struct wh_place *p)
{
    struct wh_node *list = wh_node_seq(a, NULL);
    for (; list && p; p = p->next) {
        struct wh_node *n = wh_node_map(a, NULL);
        if (!n)
            return NULL;
        put_mark(a, n, &p->mark);
        wh_node_put_str(a, n, "label", p->label);
        wh_node_push(a, list, n);
    }
    return list;
}

static struct wh_node *diag_node(struct wh_arena *a, const struct wh_diag *d)
{
    struct wh_node *n = wh_node_map(a, NULL);
    if (!n)
        return NULL;
    wh_node_put_str(a, n, "severity", d->severity == WH_SEV_ERROR ? "error" : "warning");
    wh_node_put_str(a, n, "message", d->text);
    put_mark(a, n, &d->mark);
    wh_node_put_str(a, n, "hint", d->hint);
    if (d->places)
        wh_node_put(a, n, "places", places_node(a, d->places));
    return n;
}

struct wh_node *wh_diags_to_node(struct wh_arena *a, const struct wh_diags *d)
{
    struct wh_node *list = wh_node_seq(a, NULL);
    for (size_t i = 0; list && i < d->items.len; i++) {
        struct wh_node *n = diag_node(a, wh_vec_at(&d->items, struct wh_diag *, i));
        if (n)
            wh_node_push(a, list, n);
    }
    return list;
}
