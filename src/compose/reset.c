/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * !reset and !override. Both say "drop what earlier files or the extended service define here"; they differ only in
 * whether the own value stays.
 */
#include "compose/loader.h"

#include <string.h>
#include <strings.h>

struct collect {
    struct wh_load *load;
    struct wh_reset *first, *last;
};

static size_t path_depth(const struct wh_path *p)
{
    size_t n = 0;
    for (; p; p = p->up)
        n++;
    return n;
}

/* NULL inside stands for a list item, which matches nothing. */
static const char *const *path_keys(struct wh_arena *a, const struct wh_path *p, size_t n)
{
    const char **keys = wh_arena_array(a, const char *, n + 1);
    for (; keys && p; p = p->up)
        keys[--n] = p->key;
    return keys;
}

static void add_reset(struct collect *c, const struct wh_path *path, struct wh_node *kept)
{
    struct wh_reset *r = wh_arena_new(c->load->arena, struct wh_reset);
    size_t n = path_depth(path);
    const char *const *keys = path_keys(c->load->arena, path, n);
    if (!r || !keys) {
        c->load->diags->failed = true;
        return;
    }
    *r = (struct wh_reset){.keys = keys, .n = n, .kept = kept};
    if (c->last)
        c->last->next = r;
    else
        c->first = r;
    c->last = r;
}

static void collect_node(struct collect *c, const struct wh_path *path, struct wh_node *n);

/* A tagged scalar is text, so this is not the null that was probably meant. */
static bool is_null_text(const struct wh_node *n)
{
    return n->kind == WH_NODE_STR && (!*n->text || strcmp(n->text, "~") == 0 || strcasecmp(n->text, "null") == 0);
}

static void warn_null(const struct collect *c, const struct wh_node *n)
{
    struct wh_diag *d = wh_diag_warn(c->load->diags, &n->mark, "a value after !override is text: \"%s\"", n->text);
    wh_diag_hint(c->load->diags, d, "to remove the attribute write !reset null");
}

/* True when the value behind the path must go. */
static bool take_tag(struct collect *c, const struct wh_path *path, struct wh_node *n)
{
    enum wh_node_tag tag = n->tag;
    n->tag = WH_TAG_NONE;
    if (tag == WH_TAG_NONE) {
        collect_node(c, path, n);
        return false;
    }
    add_reset(c, path, tag == WH_TAG_OVERRIDE ? n : NULL);
    if (tag == WH_TAG_OVERRIDE && is_null_text(n))
        warn_null(c, n);
    if (tag == WH_TAG_OVERRIDE)
        collect_node(c, path, n);
    return tag == WH_TAG_RESET;
}

static void collect_node(struct collect *c, const struct wh_path *path, struct wh_node *n)
{
    if (n->kind == WH_NODE_MAP) {
        for (size_t i = 0; i < n->map.len;) {
            const struct wh_pair *p = &n->map.pairs[i];
            if (take_tag(c, &(struct wh_path){path, p->key, 0}, p->value))
                wh_node_del(n, p->key);
            else
                i++;
        }
    } else if (n->kind == WH_NODE_SEQ) {
        for (size_t i = 0; i < n->seq.len;) {
            if (take_tag(c, &(struct wh_path){path, NULL, i}, n->seq.items[i]))
                wh_node_remove(n, i);
            else
                i++;
        }
    }
}

const struct wh_reset *wh_resets_collect(struct wh_load *l, struct wh_node *root)
{
    struct collect c = {.load = l};
    collect_node(&c, NULL, root);
    return c.first;
}

/* The list of marks an overriding value shows: the dropped one first, then what that one had replaced. */
static void apply_one(struct wh_load *l, const struct wh_reset *r, size_t from, struct wh_node *root)
{
    for (size_t i = from; i + 1 < r->n && root; i++)
        root = r->keys[i] ? wh_node_get(root, r->keys[i]) : NULL;
    if (from >= r->n || !root || !r->keys[r->n - 1])
        return;
    const struct wh_node *old = wh_node_get(root, r->keys[r->n - 1]);
    if (old && r->kept)
        wh_compose_note_override(l, r->kept, old);
    if (old)
        wh_node_del(root, r->keys[r->n - 1]);
}

void wh_resets_apply(struct wh_load *l, const struct wh_reset *resets, const char *section, const char *name,
                     struct wh_node *root)
{
    for (const struct wh_reset *r = resets; r; r = r->next) {
        if (!section)
            apply_one(l, r, 0, root);
        else if (r->n > 2 && wh_streq(r->keys[0], section) && wh_streq(r->keys[1], name))
            apply_one(l, r, 2, root);
    }
}
