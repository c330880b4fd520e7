/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One warning for each attribute that this runtime accepts and does not act on, with every place it is used. */
#include "passes.h"

#include "whale/util/str.h"

struct support {
    struct wh_load *l;
    struct wh_map warned; /* attribute, "services.*.gpus" -> struct wh_diag * */
};

static void visit(struct support *s, const char *where, const struct wh_type *t, const struct wh_node *n);

static void warn(struct support *s, const char *where, const struct wh_pair *p, const struct wh_field *f)
{
    const char *name = wh_arena_fmt(s->l->arena, "%s.%s", where, f->key);
    struct wh_diag *d = name ? wh_map_get(&s->warned, name) : NULL;
    if (d) {
        wh_diag_place(s->l->diags, d, &p->key_mark, "also here");
        return;
    }
    d = wh_diag_warn(s->l->diags, &p->key_mark, "%s is accepted, but nothing acts on it yet", name ? name : f->key);
    wh_diag_hint(s->l->diags, d, "%s", f->help);
    if (name)
        wh_map_set(&s->warned, name, d);
}

static void visit_struct(struct support *s, const char *where, const struct wh_type *t, const struct wh_node *n)
{
    for (size_t i = 0; i < n->map.len; i++) {
        const struct wh_pair *p = &n->map.pairs[i];
        const struct wh_field *f = wh_field_find(t, p->key);
        if (!f)
            continue;
        if (f->flags & WH_FIELD_UNSUPPORTED)
            warn(s, where, p, f);
        else if (f->type->fields || f->type->items || f->type->values)
            visit(s, f->key, f->type, p->value);
    }
}

static void visit(struct support *s, const char *where, const struct wh_type *t, const struct wh_node *n)
{
    if (n->kind == WH_NODE_MAP && t->fields)
        visit_struct(s, where, t, n);
    bool entries = n->kind == WH_NODE_MAP && t->values && t->values->fields;
    const char *each = entries ? wh_arena_fmt(s->l->arena, "%s.*", where) : NULL;
    for (size_t i = 0; each && i < n->map.len; i++)
        visit(s, each, t->values, n->map.pairs[i].value);
    for (size_t i = 0; n->kind == WH_NODE_SEQ && t->items && t->items->fields && i < n->seq.len; i++)
        visit(s, where, t->items, n->seq.items[i]);
}

void wh_compose_warn_unsupported(struct wh_load *l, const struct wh_node *root)
{
    struct support s = {.l = l};
    visit(&s, "", &wh_type_root, root);
    wh_map_fini(&s.warned);
}
