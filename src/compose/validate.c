/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks a merged tree against the tables of attributes: kinds, known keys, required keys, allowed words, ranges and
 * repeated list items. Messages have docker compose's core wording; every error of the tree is reported.
 */
#include "fields.h"
#include "passes.h"

#include "whale/codec/yaml.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

#include <math.h>
#include <string.h>

/* A message after a few hundred others helps nobody; one more than are kept, so that the list says that it was cut. */
#define MAX_ERRORS 201

struct check {
    struct wh_load *l;
    size_t n_errors;
};

static void check_node(struct check *c, const struct wh_path *path, const struct wh_type *t, const struct wh_node *n);

static const char *path_of(struct check *c, const struct wh_path *path)
{
    const char *text = wh_path_text(c->l->arena, path, WH_PATH_INDEX);
    return text ? text : "";
}

static unsigned int kinds_of(const struct wh_node *n)
{
    switch (n->kind) {
    case WH_NODE_NULL:
        return WH_K_NULL;
    case WH_NODE_BOOL:
        return WH_K_BOOL;
    case WH_NODE_INT:
        return WH_K_INT | WH_K_NUMBER;
    case WH_NODE_FLOAT:
        return WH_K_NUMBER | (n->real == trunc(n->real) ? WH_K_INT : 0u);
    case WH_NODE_STR: /* a date is no string: it fits only where every scalar does */
        return n->is_time ? WH_K_NUMBER : WH_K_STR;
    case WH_NODE_SEQ:
        return WH_K_LIST;
    case WH_NODE_MAP:
        return WH_K_MAP;
    }
    return 0;
}

static struct wh_diag *report(struct check *c, const struct wh_path *path, const struct wh_mark *mark, const char *text)
{
    const char *where = path_of(c, path);
    c->n_errors++;
    return wh_diag_error(c->l->diags, mark, "%s%s%s", where, *where ? " " : "", text);
}

/* "list or mapping, found string" for people who do not know JSON Schema's words. */
static void hint_kinds(struct check *c, struct wh_diag *d, const struct wh_type *t, const struct wh_node *n)
{
    static const struct {
        unsigned int kind;
        const char *text;
    } names[] = {{WH_K_BOOL, "true or false"}, {WH_K_INT, "whole number"}, {WH_K_NUMBER, "number"},
                 {WH_K_STR, "text"},           {WH_K_LIST, "list"},        {WH_K_MAP, "mapping"}};
    char text[128] = "";
    size_t len = 0;
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++)
        if (t->kinds & names[i].kind)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? ", " : "", names[i].text);
    const char *found = n->kind == WH_NODE_NULL ? "nothing" : wh_node_kind_text(n->kind);
    bool quote = n->kind != WH_NODE_STR && wh_node_is_scalar(n) && n->kind != WH_NODE_NULL && (t->kinds & WH_K_STR);
    if (quote && (t->kinds & WH_K_BOOL))
        wh_diag_hint(c->l->diags, d, "write true or false");
    else if (quote)
        wh_diag_hint(c->l->diags, d, "put the value in quotes: \"%s\"", n->text);
    else
        wh_diag_hint(c->l->diags, d, "found %s; can be: %s", found, text);
}

/* A wrong value in a file that overrides another: where the value is that it replaced. */
static void note_override(struct check *c, struct wh_diag *d, const struct wh_node *n)
{
    if (n->overrode && n->overrode->file)
        wh_diag_place(c->l->diags, d, n->overrode, "replaces the value at");
}

const char *wh_compose_type_name(const struct wh_node *n)
{
    static const char *const names[] = {
        [WH_NODE_NULL] = "<nil>",
        [WH_NODE_BOOL] = "bool",
        [WH_NODE_INT] = "int",
        [WH_NODE_FLOAT] = "float64",
        [WH_NODE_STR] = "string",
        [WH_NODE_SEQ] = "[]interface {}",
        [WH_NODE_MAP] = "map[string]interface {}",
    };
    uint64_t ignored;
    if (wh_yaml_unsigned(n, &ignored))
        return "uint64";
    return n->is_time ? "time.Time" : names[n->kind];
}

static void report_kind(struct check *c, const struct wh_path *path, const struct wh_type *t, const struct wh_node *n)
{
    char must[96], text[160];
    bool scalar_only = !(t->kinds & (WH_K_LIST | WH_K_MAP)) && !t->words;
    if ((t->decoded && (!t->must || n->kind == WH_NODE_FLOAT)) || (n->is_time && scalar_only))
        snprintf(text, sizeof(text), "expected type '%s', got unconvertible type '%s'",
                 t->kinds & WH_K_BOOL ? "bool" : "string", wh_compose_type_name(n));
    else
        snprintf(text, sizeof(text), "must be a %s", wh_type_must(t, must, sizeof(must)));
    struct wh_diag *d = report(c, path, &n->mark, text);
    hint_kinds(c, d, t, n);
    note_override(c, d, n);
}

static void check_words(struct check *c, const struct wh_path *path, const struct wh_type *t, const struct wh_node *n)
{
    size_t n_words = 0;
    for (; t->words[n_words]; n_words++)
        if (strcmp(t->words[n_words], n->text) == 0)
            return;
    char text[256];
    int len = snprintf(text, sizeof(text), "value must be %s", n_words > 1 ? "one of " : "");
    for (size_t i = 0; i < n_words && len < (int)sizeof(text); i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, "%s'%s'", i ? ", " : "", t->words[i]);
    struct wh_diag *d = report(c, path, &n->mark, text);
    const char *near = wh_did_you_mean(n->text, t->words, n_words);
    if (near)
        wh_diag_hint(c->l->diags, d, "did you mean %s?", near);
    note_override(c, d, n);
}

static void check_scalar(struct check *c, const struct wh_path *path, const struct wh_type *t, const struct wh_node *n)
{
    if (n->kind == WH_NODE_STR && t->words)
        check_words(c, path, t, n);
    if (n->kind == WH_NODE_STR && t->matches && !t->matches(n->text))
        report(c, path, &n->mark, wh_arena_fmt(c->l->arena, "'%s' does not match pattern '%s'", n->text, t->pattern));
    if (!t->bounded || (n->kind != WH_NODE_INT && n->kind != WH_NODE_FLOAT))
        return;
    double value = n->kind == WH_NODE_INT ? (double)n->integer : n->real;
    const char *also = wh_streq(t->must, "string") ? "must be a string, or " : "must be ";
    if (value < t->min)
        report(c, path, &n->mark, wh_arena_fmt(c->l->arena, "%sgreater than or equal to %.0f", also, t->min));
    if (value > t->max)
        report(c, path, &n->mark, wh_arena_fmt(c->l->arena, "%sless than or equal to %.0f", also, t->max));
}

/* Where a simpler kind is allowed too, docker compose names only that one: "must be a string, or a mapping: ". */
static const char *or_else(struct check *c, const struct wh_type *t, const char *other)
{
    bool several = t->must && strcmp(t->must, "array") != 0;
    return several ? wh_arena_fmt(c->l->arena, "must be a %s, or %s: ", t->must, other) : "";
}

static bool repeats(struct wh_map *seen, const struct wh_node *item, size_t i, size_t *ret_first)
{
    if (!wh_node_is_scalar(item) || !item->text)
        return false;
    void *first = wh_map_get(seen, item->text);
    if (first) {
        *ret_first = (size_t)(uintptr_t)first - 1;
        return true;
    }
    wh_map_set(seen, item->text, (void *)(uintptr_t)(i + 1));
    return false;
}

static void check_unique(struct check *c, const struct wh_path *path, const struct wh_type *t,
                         const struct wh_node *list)
{
    wh_auto_map seen = {0};
    size_t first;
    for (size_t i = 0; i < list->seq.len; i++) {
        const struct wh_node *item = list->seq.items[i];
        if (!repeats(&seen, item, i, &first) || list->seq.items[first]->kind != item->kind)
            continue;
        const char *also = or_else(c, t, "a list without repetition");
        struct wh_diag *d =
            report(c, path, &item->mark, wh_arena_fmt(c->l->arena, "%sitems at %zu and %zu are equal", also, first, i));
        wh_diag_place(c->l->diags, d, &list->seq.items[first]->mark, "first here");
    }
}

static void check_list(struct check *c, const struct wh_path *path, const struct wh_type *t, const struct wh_node *n)
{
    for (size_t i = 0; i < n->seq.len && c->n_errors < MAX_ERRORS; i++) {
        struct wh_path here = {.up = path, .index = i};
        check_node(c, &here, t->items, n->seq.items[i]);
    }
    if (t->unique && n->seq.len > 1)
        check_unique(c, path, t, n);
}

static void report_unknown(struct check *c, const struct wh_path *path, const struct wh_type *t,
                           const struct wh_pair *pair, const char *keys)
{
    struct wh_diag *d =
        report(c, path, &pair->key_mark, wh_arena_fmt(c->l->arena, "additional properties %s not allowed", keys));
    const char *known[128];
    size_t n = 0;
    for (const struct wh_field *f = t->fields; f && f->key && n < WH_ARRAY_LEN(known); f++)
        known[n++] = f->key;
    const char *near = wh_did_you_mean(pair->key, known, n);
    if (near)
        wh_diag_hint(c->l->diags, d, "did you mean %s?", near);
    else if (t->names)
        wh_diag_hint(c->l->diags, d, "names are made of letters, digits, dot, underscore and dash");
}

static const struct wh_type *type_of_key(const struct wh_type *t, const char *key)
{
    if (t->fields) {
        const struct wh_field *f = wh_field_find(t, key);
        return f ? f->type : NULL;
    }
    if ((t->names && !wh_name_valid(key)) || (t->no_empty_key && !*key))
        return NULL;
    return t->values;
}

static void check_required(struct check *c, const struct wh_path *path, const struct wh_type *t,
                           const struct wh_node *n)
{
    wh_auto_str names = {0};
    size_t missing = 0;
    for (const struct wh_field *f = t->fields; f && f->key; f++)
        if ((f->flags & WH_FIELD_REQUIRED) && !wh_node_get(n, f->key))
            wh_str_fmt(&names, "%s'%s'", missing++ ? ", " : "", f->key);
    if (missing)
        report(c, path, &n->mark,
               wh_arena_fmt(c->l->arena, "%smissing %s %s", or_else(c, t, "a mapping"),
                            missing > 1 ? "properties" : "property", wh_str_c(&names)));
}

static bool is_extension(const struct wh_type *t, const char *key)
{
    return t->fields && !t->closed && wh_starts(key, "x-");
}

/* "'a', 'b'" in docker compose's order. */
static const char *quoted_keys(struct check *c, struct wh_strv *keys)
{
    wh_auto_str text = {0};
    wh_strv_sort(keys);
    for (size_t i = 0; i < keys->len; i++)
        wh_str_fmt(&text, "%s'%s'", i ? ", " : "", keys->items[i]);
    return wh_arena_strdup(c->l->arena, wh_str_c(&text));
}

/* The first one's message names all of them, as docker compose's only message does; each has its own place and hint. */
static void check_unknown(struct check *c, const struct wh_path *path, const struct wh_type *t, const struct wh_node *n)
{
    wh_auto_strv keys = {0};
    for (size_t i = 0; !t->open && i < n->map.len; i++)
        if (!is_extension(t, n->map.pairs[i].key) && !type_of_key(t, n->map.pairs[i].key))
            wh_strv_add(&keys, n->map.pairs[i].key);
    if (!keys.len)
        return;
    const char *all = quoted_keys(c, &keys);
    for (size_t i = 0; i < n->map.len && c->n_errors < MAX_ERRORS; i++) {
        const struct wh_pair *pair = &n->map.pairs[i];
        if (is_extension(t, pair->key) || type_of_key(t, pair->key))
            continue;
        report_unknown(c, path, t, pair, all ? all : wh_arena_fmt(c->l->arena, "'%s'", pair->key));
        all = NULL;
    }
}

static void check_map(struct check *c, const struct wh_path *path, const struct wh_type *t, const struct wh_node *n)
{
    for (size_t i = 0; i < n->map.len && c->n_errors < MAX_ERRORS; i++) {
        const struct wh_pair *pair = &n->map.pairs[i];
        struct wh_path here = {.up = path, .key = pair->key};
        const struct wh_type *type = is_extension(t, pair->key) ? NULL : type_of_key(t, pair->key);
        if (type)
            check_node(c, &here, type, pair->value);
    }
    check_unknown(c, path, t, n);
    check_required(c, path, t, n);
}

static void check_node(struct check *c, const struct wh_path *path, const struct wh_type *t, const struct wh_node *n)
{
    if (t == &wh_type_any || n->reported)
        return;
    if (!(kinds_of(n) & t->kinds) || (t->decoded && n->kind == WH_NODE_FLOAT))
        report_kind(c, path, t, n);
    else if (n->kind == WH_NODE_SEQ && t->items)
        check_list(c, path, t, n);
    else if (n->kind == WH_NODE_MAP)
        check_map(c, path, t, n);
    else
        check_scalar(c, path, t, n);
}

int wh_compose_validate(struct wh_load *l, struct wh_node *root, const char *file)
{
    struct check c = {.l = l};
    check_node(&c, NULL, &wh_type_root, root);
    return c.n_errors ? -1 : 0;
}
