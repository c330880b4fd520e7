/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The project's name: -p, COMPOSE_PROJECT_NAME, the last `name:` of the files, the folder. */
#include "compose/loader.h"

#include "whale/codec/yaml.h"
#include "whale/util/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || isdigit((unsigned char)c) || c == '-' || c == '_';
}

const char *wh_compose_normalize_name(struct wh_arena *a, const char *text)
{
    char *name = wh_arena_strdup(a, text);
    size_t n = 0;
    for (const char *p = text; name && *p; p++) {
        char c = (char)tolower((unsigned char)*p);
        if (is_name_char(c) && (n || (c != '-' && c != '_')))
            name[n++] = c;
    }
    if (!name)
        return "";
    name[n] = '\0';
    return name;
}

static int set_name(struct wh_load *l, const char *name)
{
    l->res->project_name = name;
    return wh_env_set(&l->res->env, "COMPOSE_PROJECT_NAME", name, NULL);
}

static int set_given(struct wh_load *l, const char *name, const struct wh_mark *mark)
{
    const char *normal = wh_compose_normalize_name(l->arena, name);
    if (strcmp(normal, name) == 0)
        return set_name(l, name);
    struct wh_diag *d = wh_diag_error(l->diags, mark,
                                      "invalid project name \"%s\": must consist only of lowercase alphanumeric "
                                      "characters, hyphens, and underscores as well as start with a letter or number",
                                      name);
    if (*normal)
        wh_diag_hint(l->diags, d, "\"%s\" would be valid", normal);
    return -1;
}

/* The last non-empty `name:` of one file's documents; decoded trees are kept for the loading proper. */
static const struct wh_node *name_in_file(struct wh_load *l, const char *path)
{
    struct wh_vec *docs = wh_arena_new(l->arena, struct wh_vec);
    const struct wh_node *name = NULL;
    if (!docs)
        return NULL;
    *docs = WH_VEC(struct wh_node *);
    int rc = wh_compose_parse(l, path, NULL, docs);
    if (rc < 0) {
        wh_vec_fini(docs);
        return NULL;
    }
    for (size_t i = 0; i < docs->len; i++) {
        const struct wh_node *n = wh_node_get(wh_vec_at(docs, struct wh_node *, i), "name");
        if (n && n->kind == WH_NODE_STR && n->text_len)
            name = n;
    }
    if (wh_map_set(&l->parsed, path, docs) < 0)
        l->diags->failed = true;
    return name;
}

struct lookup {
    struct wh_load *load;
    const struct wh_node *at;
};

static const char *lookup_env(void *ctx, const char *name)
{
    return wh_env_get(&((struct lookup *)ctx)->load->res->env, name);
}

static const char *interpolate_name(struct wh_load *l, const struct wh_node *n)
{
    struct lookup ctx = {l, n};
    struct wh_template t = {.arena = l->arena, .ctx = &ctx, .lookup = lookup_env};
    const char *text = l->opts->no_interpolate ? n->text : wh_template_expand(&t, n->text, NULL);
    /* A bad template is reported when the file is loaded. */
    return text ? text : "";
}

/* NULL: no file has a name. Without normalization it is as written. */
static const char *name_of_files(struct wh_load *l)
{
    const struct wh_node *last = NULL;
    for (size_t i = 0; i < l->res->config_files.len; i++) {
        const struct wh_node *n = name_in_file(l, wh_vec_at(&l->res->config_files, const char *, i));
        last = n ? n : last;
    }
    const char *name = last ? interpolate_name(l, last) : NULL;
    return name && !l->opts->no_normalize ? wh_compose_normalize_name(l->arena, name) : name;
}

static const char *name_of_folder(struct wh_load *l, const char *dir)
{
    wh_auto_free char *real = realpath(dir, NULL);
    return wh_compose_normalize_name(l->arena, wh_path_base(real ? real : dir));
}

int wh_compose_name_project(struct wh_load *l)
{
    size_t before = l->diags->n_errors;
    if (l->opts->project_name && *l->opts->project_name)
        return set_given(l, l->opts->project_name, NULL);
    const struct wh_env_var *var = wh_env_find(&l->res->env, "COMPOSE_PROJECT_NAME");
    if (var && *var->value)
        return set_given(l, var->value, &var->mark);
    const char *name = name_of_files(l);
    if (!name)
        name = name_of_folder(l, l->res->working_dir);
    if (*name)
        return set_name(l, name) < 0 || l->diags->n_errors > before ? -1 : 0;
    struct wh_diag *d = wh_diag_error(l->diags, NULL, "project name must not be empty");
    wh_diag_hint(l->diags, d, "give one with -p");
    return -1;
}
