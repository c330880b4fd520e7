/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config --explain: where a value of the model, or a variable of the interpolation, comes from. */
#include "cli/config_parts.h"

#include "whale/codec/json.h"

#include <stdlib.h>
#include <string.h>

static void add_place(const struct wh_mark *mark, struct wh_str *out)
{
    if (!mark->file)
        wh_str_add(out, "set by whale-compose");
    else if (!mark->line)
        wh_str_add(out, mark->file);
    else
        wh_str_fmt(out, "%s:%u:%u", mark->file, mark->line, mark->column);
}

static void add_value(const struct wh_node *n, struct wh_str *out)
{
    if (wh_node_is_scalar(n))
        wh_str_add(out, n->kind == WH_NODE_NULL ? "null" : n->text);
    else
        wh_json_write(n, WH_JSON_COMPACT, out);
}

/* "services.web.ports.0" down the tree; a key may hold dots, the longest one that exists is taken. */
static const struct wh_node *find(struct wh_arena *a, const struct wh_node *n, const char *path)
{
    if (!*path)
        return n;
    if (n->kind == WH_NODE_SEQ) {
        char *end;
        unsigned long i = strtoul(path, &end, 10);
        if (end == path || i >= n->seq.len || (*end && *end != '.'))
            return NULL;
        return find(a, n->seq.items[i], *end ? end + 1 : end);
    }
    for (size_t len = strlen(path); n->kind == WH_NODE_MAP && len > 0; len--) {
        if (path[len] && path[len] != '.')
            continue;
        const struct wh_node *value = wh_node_get(n, wh_arena_strndup(a, path, len));
        const struct wh_node *found = value ? find(a, value, path[len] ? path + len + 1 : path + len) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static void explain_value(const char *path, const struct wh_node *n, struct wh_str *out)
{
    wh_str_fmt(out, "%s = ", path);
    add_value(n, out);
    wh_str_add(out, "\n  from ");
    add_place(&n->mark, out);
    wh_str_addc(out, '\n');
    if (!n->overrode)
        return;
    wh_str_add(out, "  instead of ");
    add_place(n->overrode, out);
    wh_str_addc(out, '\n');
}

int wh_config_explain(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                      struct wh_str *out, struct wh_err *err)
{
    const struct wh_node *n = find(&r->arena, r->root, o->explain);
    const struct wh_env_var *v = n ? NULL : wh_env_find(&r->env, o->explain);
    if (n)
        explain_value(o->explain, n, out);
    if (v) {
        wh_str_fmt(out, "%s = %s\n  from ", o->explain, v->value);
        if (v->mark.file)
            add_place(&v->mark, out);
        else
            wh_str_add(out, "the environment");
        wh_str_addc(out, '\n');
    }
    return n || v ? 0 : wh_fail(err, WH_E_NOT_FOUND, "%s is neither a value of the model nor a variable", o->explain);
}
