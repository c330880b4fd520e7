/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `config --explain`: who set a value or a variable, and what it replaced. All of it comes from marks of the tree. */
#include "compose/internal.h"

#include "whale/codec/yaml.h"

#include <string.h>

struct explain {
    struct wh_load_result *res;
    struct wh_str *out;
};

/* Files below the project's folder are named relative to it. */
static const char *short_name(const struct explain *e, const char *file)
{
    size_t n = strlen(e->res->working_dir);
    bool below = strncmp(file, e->res->working_dir, n) == 0 && file[n] == '/';
    return strcmp(file, "-") == 0 ? "standard input" : below ? file + n + 1 : file;
}

static void add_place(struct explain *e, const char *what, const struct wh_mark *m)
{
    wh_str_fmt(e->out, "  %-10s ", what);
    if (!m || !m->file)
        wh_str_add(e->out, "by default");
    else if (!m->line)
        wh_str_add(e->out, short_name(e, m->file));
    else
        wh_str_fmt(e->out, "%s:%u:%u", short_name(e, m->file), m->line, m->column);
    wh_str_addc(e->out, '\n');
}

static void explain_leaf(struct explain *e, const char *path, const struct wh_node *n, const struct wh_mark *overrode)
{
    const char *value = wh_node_len(n) || !wh_node_is_scalar(n) ? n->kind == WH_NODE_MAP ? "{}" : "[]"
                        : n->kind == WH_NODE_NULL               ? "null"
                                                                : wh_yaml_scalar_text(&e->res->arena, n);
    wh_str_fmt(e->out, "%s: %s\n", path, value ? value : "");
    add_place(e, "set", &n->mark);
    for (const struct wh_mark *m = overrode; m && m->file; m++)
        add_place(e, "instead of", m);
}

/* overrode: what the nearest value around n replaced that was replaced as a whole. */
static void explain_tree(struct explain *e, const char *path, const struct wh_node *n, const struct wh_mark *overrode)
{
    if (n->overrode)
        overrode = n->overrode;
    if (wh_node_len(n) == 0) {
        explain_leaf(e, path, n, overrode);
        return;
    }
    for (size_t i = 0; i < wh_node_len(n); i++) {
        bool map = n->kind == WH_NODE_MAP;
        wh_auto_free char *below = map ? wh_fmt("%s.%s", path, n->map.pairs[i].key) : wh_fmt("%s.%zu", path, i);
        if (below)
            explain_tree(e, below, map ? n->map.pairs[i].value : n->seq.items[i], overrode);
    }
}

/* A list's item by its number. */
static const struct wh_node *find_item(const struct wh_node *list, const char *path)
{
    size_t index = 0, digits = strspn(path, "0123456789");
    if (!digits || (path[digits] && path[digits] != '.'))
        return NULL;
    for (size_t i = 0; i < digits && index <= list->seq.len; i++)
        index = index * 10 + (size_t)(path[i] - '0');
    return index < list->seq.len ? list->seq.items[index] : NULL;
}

/* Keys may hold dots themselves, so every key that the path begins with is tried. */
static const struct wh_node *find_node(const struct wh_node *n, const char *path)
{
    if (!*path)
        return n;
    if (n->kind == WH_NODE_SEQ) {
        const struct wh_node *item = find_item(n, path);
        const char *rest = path + strcspn(path, ".");
        return item ? find_node(item, rest + (*rest == '.')) : NULL;
    }
    for (size_t i = 0; n->kind == WH_NODE_MAP && i < n->map.len; i++) {
        size_t len = strlen(n->map.pairs[i].key);
        if (strncmp(path, n->map.pairs[i].key, len) != 0 || (path[len] && path[len] != '.'))
            continue;
        const struct wh_node *found = find_node(n->map.pairs[i].value, path + len + (path[len] == '.'));
        if (found)
            return found;
    }
    return NULL;
}

static const struct wh_variable *find_use(const struct wh_load_result *r, const char *name)
{
    for (size_t i = 0; i < r->variables.len; i++)
        if (strcmp(wh_vec_at(&r->variables, struct wh_variable *, i)->name, name) == 0)
            return wh_vec_at(&r->variables, struct wh_variable *, i);
    return NULL;
}

static void explain_variable(struct explain *e, const char *name, const struct wh_env_var *var,
                             const struct wh_variable *use)
{
    wh_str_fmt(e->out, var ? "%s=%s\n" : "%s is not set%s\n", name, var ? var->value : "");
    if (var && var->mark.file)
        add_place(e, "set", &var->mark);
    else if (var)
        wh_str_fmt(e->out, "  %-10s %s\n", "set",
                   strcmp(name, "COMPOSE_PROJECT_NAME") == 0 ? "the project's name" : "process environment");
    if (use)
        add_place(e, "used", &use->mark);
    for (const struct wh_place *p = use ? use->places : NULL; p; p = p->next)
        add_place(e, "used", &p->mark);
}

int wh_compose_explain(struct wh_load_result *r, const char *what, struct wh_str *out, struct wh_err *err)
{
    struct explain e = {r, out};
    const struct wh_node *n = find_node(r->root, what);
    if (n) {
        explain_tree(&e, what, n, NULL);
    } else {
        const struct wh_env_var *var = wh_env_find(&r->env, what);
        const struct wh_variable *use = find_use(r, what);
        if (!var && !use) {
            wh_fail(err, WH_E_NOT_FOUND, "nothing called \"%s\" in the project or its variables", what);
            wh_err_hint(err, "give a path such as services.web.image, or the name of a variable");
            return -1;
        }
        explain_variable(&e, what, var, use);
    }
    return out->failed ? wh_fail(err, WH_E_LIMIT, "out of memory") : 0;
}
