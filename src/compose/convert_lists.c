/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Canonical values of lists, of K=V lists and maps, and of commands. */
#include "canonical.h"
#include "passes.h"

#include "whale/codec/yaml.h"
#include "whale/util/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct wh_node *text_node(struct wh_convert *c, const struct wh_node *n)
{
    const char *text = wh_yaml_scalar_text(c->l->arena, n);
    return wh_node_str(c->l->arena, &n->mark, text ? text : "");
}

/* ---- K=V ---- */

static void pair_of_text(struct wh_convert *c, const struct wh_path *path, struct wh_node *map, struct wh_node *item,
                         bool keep_null)
{
    struct wh_arena *a = c->l->arena;
    const char *text = wh_yaml_scalar_text(a, item);
    const char *equals = text ? strchr(text, '=') : NULL;
    size_t len = equals ? (size_t)(equals - text) : strlen(text ? text : "");
    const char *key = wh_arena_strndup(a, text ? text : "", len);
    if (!key)
        return;
    if (keep_null && len && isspace((unsigned char)key[len - 1])) {
        wh_convert_fail(c, path, item,
                        wh_arena_fmt(a, "environment variable %s is declared with a trailing space", key));
        return;
    }
    struct wh_node *value;
    if (!equals && keep_null)
        value = wh_node_null(a, &item->mark);
    else
        value = wh_node_str(a, &item->mark, equals ? equals + 1 : "");
    if (value) {
        value->overrode = item->overrode;
        wh_node_set(a, map, key, &item->mark, value);
    }
}

/* 3.10 is the number 3.1, 010 is 8: the container gets another text than the file has. */
static void warn_changed(struct wh_convert *c, const struct wh_path *path, const char *key, const struct wh_node *old,
                         const struct wh_node *now)
{
    bool number = old->kind == WH_NODE_INT || old->kind == WH_NODE_FLOAT || old->is_time;
    if (!number || !now || !old->text || strcmp(old->text, now->text) == 0)
        return;
    struct wh_diag *d = wh_diag_warn(c->l->diags, &old->mark, "%s.%s: %s is read as \"%s\"",
                                     wh_path_text(c->l->arena, path, WH_PATH_INDEX), key, old->text, now->text);
    if (old->is_time)
        wh_diag_hint(c->l->diags, d, "put the date in quotes to keep it as it is written");
    else
        wh_diag_hint(c->l->diags, d, "put it in quotes to keep it: \"%s\"", old->text);
}

struct wh_node *wh_convert_pairs(struct wh_convert *c, const struct wh_path *path, struct wh_node *n, bool keep_null)
{
    struct wh_arena *a = c->l->arena;
    struct wh_node *map = n;
    if (n->kind == WH_NODE_SEQ) {
        map = wh_node_map(a, &n->mark);
        for (size_t i = 0; map && i < n->seq.len; i++)
            pair_of_text(c, path, map, n->seq.items[i], keep_null);
    }
    for (size_t i = 0; map && n->kind == WH_NODE_MAP && i < map->map.len; i++) {
        struct wh_node **value = &map->map.pairs[i].value, *old = *value;
        if (old->kind == WH_NODE_STR && !old->is_time)
            continue;
        if (old->kind != WH_NODE_NULL || !keep_null)
            *value = text_node(c, old);
        warn_changed(c, path, map->map.pairs[i].key, old, *value);
        if (*value)
            (*value)->overrode = old->overrode;
    }
    return wh_node_len(map) ? map : NULL;
}

struct wh_node *wh_convert_words_map(struct wh_convert *c, struct wh_node *n)
{
    struct wh_arena *a = c->l->arena;
    for (size_t i = 0; i < n->map.len;) {
        struct wh_node *value = n->map.pairs[i].value, *list = wh_node_seq(a, &value->mark);
        if (value->kind == WH_NODE_SEQ && !value->seq.len) {
            wh_node_del(n, n->map.pairs[i].key);
            continue;
        }
        for (size_t k = 0; list && value->kind == WH_NODE_SEQ && k < value->seq.len; k++)
            wh_node_push(a, list, text_node(c, value->seq.items[k]));
        if (list && value->kind != WH_NODE_SEQ)
            wh_node_push(a, list, text_node(c, value));
        if (list)
            n->map.pairs[i].value = list;
        i++;
    }
    return n->map.len ? n : NULL;
}

/* ---- lists ---- */

struct wh_node *wh_convert_texts(struct wh_convert *c, const struct wh_path *path, struct wh_node *n, bool keep_empty)
{
    if (n->kind != WH_NODE_SEQ) {
        bool keep = keep_empty || *wh_yaml_scalar_text(c->l->arena, n);
        struct wh_node *list = keep ? wh_node_seq(c->l->arena, &n->mark) : NULL;
        if (list)
            wh_node_push(c->l->arena, list, text_node(c, n));
        return list;
    }
    for (size_t i = 0; i < n->seq.len; i++) {
        struct wh_node *item = n->seq.items[i];
        if (item->kind != WH_NODE_STR && wh_convert_is_text(c, &(struct wh_path){path, NULL, i}, item))
            n->seq.items[i] = text_node(c, item);
    }
    return n->seq.len ? n : NULL;
}

static int compare_texts(const void *x, const void *y)
{
    const struct wh_node *a = *(struct wh_node *const *)x, *b = *(struct wh_node *const *)y;
    return strcmp(a->text, b->text);
}

static void add_address(struct wh_convert *c, struct wh_node *list, const char *host, const char *ip, size_t len,
                        const struct wh_mark *mark)
{
    if (len > 2 && ip[0] == '[' && ip[len - 1] == ']') {
        ip++;
        len -= 2;
    }
    const char *text = wh_arena_fmt(c->l->arena, "%s=%.*s", host, (int)len, ip);
    if (text)
        wh_node_push(c->l->arena, list, wh_node_str(c->l->arena, mark, text));
}

static void add_host_text(struct wh_convert *c, const struct wh_path *path, struct wh_node *list,
                          const struct wh_node *item)
{
    const char *text = wh_yaml_scalar_text(c->l->arena, item);
    const char *cut = strchr(text, '=') ? strchr(text, '=') : strchr(text, ':');
    if (!cut) {
        struct wh_diag *d =
            wh_convert_fail(c, path, item, wh_arena_fmt(c->l->arena, "invalid additional host, missing IP: %s", text));
        wh_diag_hint(c->l->diags, d, "write \"%s=ADDRESS\"", text);
        return;
    }
    const char *host = wh_arena_strndup(c->l->arena, text, (size_t)(cut - text));
    if (!*host || strpbrk(host, ":=")) {
        wh_convert_fail(c, path, item, wh_arena_fmt(c->l->arena, "bad host name '%s'", host));
        return;
    }
    for (const char *ip = cut + 1;; ip += strcspn(ip, ",") + 1) {
        size_t len = strcspn(ip, ",");
        add_address(c, list, host, ip, len, &item->mark);
        if (!ip[len])
            return;
    }
}

static void add_host_pair(struct wh_convert *c, const struct wh_path *path, struct wh_node *list,
                          const struct wh_pair *pair)
{
    const struct wh_node *value = pair->value;
    if (!*pair->key || strpbrk(pair->key, ":=")) {
        wh_convert_fail(c, path, value, wh_arena_fmt(c->l->arena, "bad host name '%s'", pair->key));
        return;
    }
    for (size_t i = 0; value->kind == WH_NODE_SEQ && i < value->seq.len; i++) {
        const char *ip = wh_yaml_scalar_text(c->l->arena, value->seq.items[i]);
        add_address(c, list, pair->key, ip, strlen(ip), &value->mark);
    }
    if (value->kind != WH_NODE_SEQ) {
        const char *ip = wh_yaml_scalar_text(c->l->arena, value);
        add_address(c, list, pair->key, ip, strlen(ip), &value->mark);
    }
}

struct wh_node *wh_convert_hosts(struct wh_convert *c, const struct wh_path *path, struct wh_node *n)
{
    struct wh_node *list = wh_node_seq(c->l->arena, &n->mark);
    for (size_t i = 0; list && n->kind == WH_NODE_SEQ && i < n->seq.len; i++)
        add_host_text(c, path, list, n->seq.items[i]);
    for (size_t i = 0; list && n->kind == WH_NODE_MAP && i < n->map.len; i++)
        add_host_pair(c, path, list, &n->map.pairs[i]);
    if (!list || !list->seq.len)
        return NULL;
    qsort(list->seq.items, list->seq.len, sizeof(*list->seq.items), compare_texts);
    return list;
}

struct wh_node *wh_convert_ssh(struct wh_convert *c, struct wh_node *n)
{
    if (n->kind != WH_NODE_MAP)
        return n;
    struct wh_arena *a = c->l->arena;
    struct wh_node *list = wh_node_seq(a, &n->mark);
    wh_node_sort_keys(n);
    for (size_t i = 0; list && i < n->map.len; i++) {
        const struct wh_pair *p = &n->map.pairs[i];
        const char *value = wh_yaml_scalar_text(a, p->value);
        const char *text = value && *value ? wh_arena_fmt(a, "%s: %s", p->key, value) : p->key;
        wh_node_push(a, list, wh_node_str(a, &p->value->mark, text));
    }
    return wh_node_len(list) ? list : NULL;
}

/* ---- commands ---- */

static void warn_cut(struct wh_convert *c, const struct wh_path *path, const struct wh_node *n,
                     const struct wh_cut *cut)
{
    struct wh_diag *d = wh_diag_warn(c->l->diags, &n->mark, "%s is cut at the unquoted '%c': no shell runs it",
                                     wh_path_text(c->l->arena, path, WH_PATH_INDEX), cut->op);
    wh_diag_hint(c->l->diags, d, "for a shell write [\"sh\", \"-c\", \"...\"]");
}

struct wh_node *wh_convert_command(struct wh_convert *c, const struct wh_path *path, struct wh_node *n)
{
    if (n->kind == WH_NODE_NULL)
        return NULL;
    if (n->kind == WH_NODE_SEQ) {
        wh_convert_texts(c, path, n, false);
        return n;
    }
    wh_auto_err err = {0};
    struct wh_cut cut;
    struct wh_node *words = wh_split_command(c->l->arena, n->text, &n->mark, &cut, &err);
    if (!words) {
        wh_auto_free char *text = wh_err_text(&err);
        struct wh_diag *d = wh_convert_fail(c, path, n, text ? text : "");
        wh_diag_hint(c->l->diags, d, "a quote or bracket is not closed");
        return NULL;
    }
    if (cut.op)
        warn_cut(c, path, n, &cut);
    words->overrode = n->overrode;
    return words;
}

struct wh_node *wh_convert_test(struct wh_convert *c, const struct wh_path *path, struct wh_node *n)
{
    struct wh_arena *a = c->l->arena;
    if (n->kind == WH_NODE_SEQ)
        return wh_convert_texts(c, path, n, false);
    struct wh_node *list = wh_node_seq(a, &n->mark);
    if (!list)
        return NULL;
    wh_node_push(a, list, wh_node_str(a, &n->mark, "CMD-SHELL"));
    wh_node_push(a, list, text_node(c, n));
    return list;
}
