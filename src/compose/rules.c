/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of values and patterns of paths. A table of patterns becomes a tree that a pass follows in step with the
 * document, so that no path text is built unless a message needs it.
 */
#include "compose/internal.h"

#include <string.h>

struct wh_rules {
    const char *key; /* "*" and "[]" are kept apart in any_key and any_item */
    int value;
    struct wh_rules *any_key, *any_item;
    struct wh_rules **children; /* sorted by key */
    size_t len, cap;
};

/* The position of key, or where it belongs. */
static size_t find_child(const struct wh_rules *r, const char *key, bool *ret_found)
{
    size_t low = 0, high = r->len;
    *ret_found = false;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const char *other = r->children[mid]->key;
        int order = *other != *key ? (unsigned char)*other - (unsigned char)*key : strcmp(other, key);
        if (order == 0) {
            *ret_found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct wh_rules *add_child(struct wh_arena *a, struct wh_rules *r, const char *key)
{
    bool found;
    size_t at = find_child(r, key, &found);
    if (found)
        return r->children[at];
    struct wh_rules *child = wh_arena_new(a, struct wh_rules);
    if (!child)
        return NULL;
    child->key = key;
    if (r->len == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 8;
        struct wh_rules **grown = wh_arena_array(a, struct wh_rules *, cap);
        if (!grown)
            return NULL;
        if (r->len)
            memcpy(grown, r->children, r->len * sizeof(*grown));
        r->children = grown;
        r->cap = cap;
    }
    memmove(&r->children[at + 1], &r->children[at], (r->len - at) * sizeof(*r->children));
    r->children[at] = child;
    r->len++;
    return child;
}

static struct wh_rules *step(struct wh_arena *a, struct wh_rules *r, const char *key)
{
    struct wh_rules **wild = strcmp(key, "*") == 0 ? &r->any_key : strcmp(key, "[]") == 0 ? &r->any_item : NULL;
    if (!wild)
        return add_child(a, r, key);
    if (!*wild)
        *wild = wh_arena_new(a, struct wh_rules);
    return *wild;
}

static int add_pattern(struct wh_arena *a, struct wh_rules *root, const struct wh_rule *rule)
{
    struct wh_rules *r = root;
    for (const char *p = rule->pattern; *p && r;) {
        size_t n = strcspn(p, ".");
        char *key = wh_arena_strndup(a, p, n);
        r = key ? step(a, r, key) : NULL;
        p += n + (p[n] == '.');
    }
    if (!r)
        return -1;
    r->value = rule->value;
    return 0;
}

const struct wh_rules *wh_rules_build(struct wh_arena *a, const struct wh_rule *table, size_t n)
{
    struct wh_rules *root = wh_arena_new(a, struct wh_rules);
    for (size_t i = 0; root && i < n; i++)
        if (add_pattern(a, root, &table[i]) < 0)
            return NULL;
    return root;
}

const struct wh_rules *wh_rules_key(const struct wh_rules *r, const char *key)
{
    if (!r)
        return NULL;
    bool found;
    size_t at = find_child(r, key, &found);
    return found ? r->children[at] : r->any_key;
}

const struct wh_rules *wh_rules_item(const struct wh_rules *r)
{
    return r ? r->any_item : NULL;
}

int wh_rules_value(const struct wh_rules *r)
{
    return r ? r->value : 0;
}

static void add_path(struct wh_str *out, const struct wh_path *p, enum wh_path_style style)
{
    if (!p)
        return;
    add_path(out, p->up, style);
    if (out->len)
        wh_str_addc(out, '.');
    if (p->key)
        wh_str_add(out, p->key);
    else if (style == WH_PATH_BRACKETS)
        wh_str_add(out, "[]");
    else
        wh_str_fmt(out, style == WH_PATH_ITEMS ? "[%zu]" : "%zu", p->index);
}

const char *wh_path_text(struct wh_arena *a, const struct wh_path *p, enum wh_path_style style)
{
    wh_auto_str out = {0};
    add_path(&out, p, style);
    const char *text = wh_arena_strdup(a, wh_str_c(&out));
    return text ? text : "";
}
