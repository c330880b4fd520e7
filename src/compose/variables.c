/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list behind `config --variables`: every reference in the files, looked at and not substituted. */
#include "compose/loader.h"
#include "compose/template.h"

#include <ctype.h>
#include <string.h>

static struct wh_variable *find_variable(struct wh_load *l, const char *name)
{
    struct wh_vec *v = &l->res->variables;
    for (size_t i = 0; i < v->len; i++)
        if (strcmp(wh_vec_at(v, struct wh_variable *, i)->name, name) == 0)
            return wh_vec_at(v, struct wh_variable *, i);
    return NULL;
}

static void add_place(struct wh_load *l, struct wh_variable *v, const struct wh_mark *mark)
{
    struct wh_place *place = wh_arena_new(l->arena, struct wh_place);
    if (!place)
        return;
    place->mark = *mark;
    if (v->last_place)
        v->last_place->next = place;
    else
        v->places = place;
    v->last_place = place;
}

/* The last text that uses a variable says what it is, and in that text the first use with a word. */
static void set_values(struct wh_variable *v, const struct wh_template_ref *ref, const char *word,
                       const struct wh_mark *mark)
{
    if (v->from == mark && v->has_word)
        return;
    v->from = mark;
    v->has_word = ref->op != '\0';
    v->required = ref->op == '?';
    v->default_value = ref->op == '-' ? word : "";
    v->alternate_value = ref->op == '+' ? word : "";
}

static void add_variable(struct wh_load *l, const struct wh_template_ref *ref, const struct wh_mark *mark)
{
    const char *name = wh_arena_strndup(l->arena, ref->name, ref->name_len);
    const char *word = ref->op ? wh_arena_strndup(l->arena, ref->word, ref->word_len) : "";
    if (!name || !word)
        return;
    struct wh_variable *v = find_variable(l, name);
    if (v) {
        add_place(l, v, mark);
    } else {
        v = wh_arena_new(l->arena, struct wh_variable);
        if (!v || wh_vec_push_ptr(&l->res->variables, v) < 0)
            return;
        *v = (struct wh_variable){.name = name, .default_value = "", .alternate_value = "", .mark = *mark};
    }
    set_values(v, ref, word, mark);
    if (ref->op == '-' || ref->op == '+')
        wh_compose_list_variables(l, word, mark);
}

void wh_compose_list_variables(struct wh_load *l, const char *text, const struct wh_mark *mark)
{
    for (const char *p = strchr(text, '$'); p; p = strchr(p, '$')) {
        struct wh_template_ref ref = {0};
        p++;
        if (*p == '$') {
            p++;
        } else if (*p == '{') {
            if (wh_template_parse(p + 1, strlen(p + 1), &ref) == 0) {
                add_variable(l, &ref, mark);
                p += ref.total + 2;
            }
        } else if (isalpha((unsigned char)*p) || *p == '_') {
            ref.name = p;
            while (isalnum((unsigned char)*p) || *p == '_')
                p++;
            ref.name_len = (size_t)(p - ref.name);
            add_variable(l, &ref, mark);
        }
    }
}

void wh_compose_collect_variables(struct wh_load *l, const struct wh_node *n)
{
    if (n->kind == WH_NODE_MAP)
        for (size_t i = 0; i < n->map.len; i++)
            wh_compose_collect_variables(l, n->map.pairs[i].value);
    else if (n->kind == WH_NODE_SEQ)
        for (size_t i = 0; i < n->seq.len; i++)
            wh_compose_collect_variables(l, n->seq.items[i]);
    else if (n->kind == WH_NODE_STR)
        wh_compose_list_variables(l, n->text, &n->mark);
}
