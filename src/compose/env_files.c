/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * env_file and label_file of services. Their keys come before `environment` and `labels`, which win; what an env
 * file's own $NAME sees is the project's environment, then the service's `environment`, then earlier keys.
 */
#include "passes.h"

#include "whale/util/str.h"

#include <string.h>
#include <unistd.h>

static struct wh_env env_below(struct wh_arena *a, const struct wh_env *parent)
{
    return (struct wh_env){.arena = a, .parent = parent};
}

static void set_texts(struct wh_env *env, const struct wh_node *map)
{
    for (size_t i = 0; map && map->kind == WH_NODE_MAP && i < map->map.len; i++) {
        const struct wh_node *value = map->map.pairs[i].value;
        if (value->kind == WH_NODE_STR)
            wh_env_set(env, map->map.pairs[i].key, value->text, &value->mark);
    }
}

/* The file's keys, then those of the map, which win; the map may be NULL. */
static struct wh_node *combine(struct wh_arena *a, const struct wh_env *vars, const struct wh_node *map,
                               const struct wh_mark *mark)
{
    struct wh_node *all = wh_node_map(a, mark);
    for (size_t i = 0; all && i < vars->map.len; i++) {
        const struct wh_env_var *v = vars->map.entries[i].value;
        const struct wh_mark *at = v->mark.file ? &v->mark : mark;
        wh_node_set(a, all, vars->map.entries[i].key, at, wh_node_str(a, at, v->value));
    }
    for (size_t i = 0; all && map && map->kind == WH_NODE_MAP && i < map->map.len; i++)
        wh_node_set(a, all, map->map.pairs[i].key, &map->map.pairs[i].key_mark, map->map.pairs[i].value);
    return all;
}

static int not_found(struct wh_load *l, const char *what, const struct wh_node *path)
{
    const char *name = path->kind == WH_NODE_STR ? path->text : "";
    wh_diag_error(l->diags, &path->mark, "%s file %s not found: stat %s: no such file or directory", what, name, name);
    return -1;
}

/* A wrong format is found only in a file that is there. */
static int check_format(struct wh_load *l, const struct wh_node *format, const char *file)
{
    if (!format || format->kind != WH_NODE_STR || !*format->text || wh_streq(format->text, "raw") ||
        access(file, F_OK) < 0)
        return 0;
    wh_diag_error(l->diags, &format->mark, "unsupported env_file format \"%s\"", format->text);
    return -1;
}

static int read_one(struct wh_load *l, const struct wh_node *entry, struct wh_env *vars)
{
    const struct wh_node *path = wh_node_get(entry, "path"), *format = wh_node_get(entry, "format");
    bool raw = format && format->kind == WH_NODE_STR && *format->text;
    bool required = wh_node_get_bool(entry, "required", true);
    if (!path || path->kind != WH_NODE_STR || !*path->text)
        return required ? not_found(l, "env", path ? path : entry) : 0;
    wh_auto_err err = {0};
    const char *file = wh_compose_join(l, l->res->working_dir, path->text);
    if (check_format(l, format, file) < 0)
        return -1;
    int r = wh_dotenv_read(l, file, raw ? WH_DOTENV_RAW : WH_DOTENV_COMPOSE, vars, &err);
    wh_err_at(&err, &path->mark);
    if (r < 0)
        return wh_diag_take_err(l->diags, &err);
    return r > 0 && required ? not_found(l, "env", path) : 0;
}

static int read_env_files(struct wh_load *l, struct wh_node *service)
{
    const struct wh_node *files = wh_node_get(service, "env_file"), *map = wh_node_get(service, "environment");
    if (!files || files->kind != WH_NODE_SEQ || l->opts->no_env_resolution)
        return 0;
    struct wh_env own = env_below(l->arena, &l->res->env), vars = env_below(l->arena, &own);
    int r = 0;
    set_texts(&own, map);
    for (size_t i = 0; i < files->seq.len; i++)
        r = read_one(l, files->seq.items[i], &vars) < 0 ? -1 : r;
    if (r == 0) {
        struct wh_node *all = combine(l->arena, &vars, map, &files->mark);
        if (wh_node_len(all))
            wh_node_put(l->arena, service, "environment", all);
        wh_node_del(service, "env_file");
    }
    wh_env_fini(&vars);
    wh_env_fini(&own);
    return r;
}

/* Unlike in env files, what an earlier label file says wins when a later one is expanded. */
static int read_label_file(struct wh_load *l, const struct wh_node *path, struct wh_env *vars)
{
    if (!*path->text)
        return not_found(l, "label", path);
    wh_auto_err err = {0};
    struct wh_env one = env_below(l->arena, vars);
    int r = wh_dotenv_read(l, wh_compose_join(l, l->res->working_dir, path->text), WH_DOTENV_COMPOSE, &one, &err);
    for (size_t i = 0; i < one.map.len; i++)
        if (wh_map_set(&vars->map, one.map.entries[i].key, one.map.entries[i].value) < 0)
            l->diags->failed = true;
    wh_env_fini(&one);
    wh_err_at(&err, &path->mark);
    return r < 0 ? wh_diag_take_err(l->diags, &err) : r > 0 ? not_found(l, "label", path) : 0;
}

static int read_label_files(struct wh_load *l, struct wh_node *service)
{
    const struct wh_node *files = wh_node_get(service, "label_file");
    if (!files || files->kind != WH_NODE_SEQ)
        return 0;
    struct wh_env vars = env_below(l->arena, NULL);
    int r = 0;
    for (size_t i = 0; i < files->seq.len; i++)
        r = read_label_file(l, files->seq.items[i], &vars) < 0 ? -1 : r;
    struct wh_node *all = r == 0 ? combine(l->arena, &vars, wh_node_get(service, "labels"), &files->mark) : NULL;
    if (wh_node_len(all))
        wh_node_put(l->arena, service, "labels", all);
    wh_env_fini(&vars);
    return r;
}

int wh_compose_read_env_files(struct wh_load *l, const struct wh_node *services)
{
    int r = 0;
    for (size_t i = 0; services && services->kind == WH_NODE_MAP && i < services->map.len; i++) {
        struct wh_node *service = services->map.pairs[i].value;
        if (read_env_files(l, service) < 0 || read_label_files(l, service) < 0)
            r = -1;
    }
    return r;
}

int wh_compose_resolve_env_files(struct wh_load *l, struct wh_node *root)
{
    size_t before = l->diags->n_errors;
    int r = wh_compose_read_env_files(l, wh_node_get(root, "services"));
    if (!l->opts->keep_unused)
        wh_compose_prune(l, root);
    if (!l->opts->no_consistency && !l->opts->any_container_names)
        wh_compose_check_container_names(l, root);
    wh_compose_advise(l, root);
    wh_compose_warn_unsupported(l, root); /* only of what takes part */
    return l->diags->n_errors > before ? -1 : r;
}
