/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline. Each document of each file: take out resets, interpolate, include, reset, extends, merge, validate,
 * canonicalise. Each model: defaults, checks, paths, environment. The project once: normalise, profiles, consistency,
 * env files, selection.
 */
#include "compose/loader.h"
#include "compose/passes.h"

#include "whale/codec/yaml.h"
#include "whale/util/file.h"

#include <string.h>

/* ---- files ---- */

static int parse_source(struct wh_load *l, const char *path, const struct wh_mark *from, struct wh_vec *docs)
{
    wh_auto_err err = {0};
    const struct wh_source *s = wh_compose_read(l, path, &err);
    if (!s) {
        if (from)
            wh_err_at(&err, from);
        return wh_diag_take_err(l->diags, &err);
    }
    if (wh_yaml_parse(l->arena, s->text, s->len, s->path, NULL, docs, &err) < 0)
        return wh_diag_take_err(l->diags, &err);
    return 0;
}

int wh_compose_parse(struct wh_load *l, const char *path, const struct wh_mark *from, struct wh_vec *docs)
{
    struct wh_vec *kept = wh_map_del(&l->parsed, path);
    if (!kept)
        return parse_source(l, path, from, docs);
    wh_vec_fini(docs);
    *docs = *kept;
    return 0;
}

/* The way from one absolute folder to another, both clean: "../lib". */
static const char *relative_dir(struct wh_load *l, const char *from, const char *to)
{
    size_t common = 0;
    for (size_t i = 0; from[i] == to[i] || !from[i] || !to[i]; i++) {
        if ((!from[i] || from[i] == '/') && (!to[i] || to[i] == '/'))
            common = i;
        if (!from[i] || !to[i])
            break;
    }
    wh_auto_str out = {0};
    for (const char *p = from + common; *p; p++)
        if (*p == '/' && p[1])
            wh_str_add(&out, "../");
    wh_str_add(&out, to[common] == '/' ? to + common + 1 : to + common);
    return wh_compose_join(l, ".", out.len ? wh_str_c(&out) : ".");
}

const char *wh_compose_paths_dir(const struct wh_scope *s, const char *dir)
{
    if (!s->load->opts->no_path_resolution)
        return dir;
    return relative_dir(s->load, s->dir, dir);
}

/* ---- one document ---- */

static int check_document(struct wh_scope *s, const struct wh_node *doc)
{
    if (doc->kind == WH_NODE_MAP)
        return 0;
    wh_diag_error(s->load->diags, &doc->mark, "top-level object must be a mapping");
    return -1;
}

/* What does not depend on other documents. After an error the document is still good for further checks. */
static int prepare(struct wh_scope *s, struct wh_node *doc, const struct wh_reset **ret_resets)
{
    const struct wh_load_options *o = s->load->opts;
    *ret_resets = wh_resets_collect(s->load, doc);
    if (o->note_variables)
        wh_compose_collect_variables(s->load, doc);
    return o->no_interpolate || o->want_variables ? 0 : wh_compose_interpolate(s, doc);
}

static void drop_version(struct wh_scope *s, struct wh_node *root)
{
    const struct wh_pair *p = wh_node_pair(root, "version");
    if (!p)
        return;
    wh_diag_warn(s->load->diags, &p->key_mark,
                 "%s: the attribute `version` is obsolete, it will be ignored, please remove it to avoid potential "
                 "confusion",
                 s->file);
    wh_node_del(root, "version");
}

/* Goes on after an error as long as the next step would not report mere consequences. */
static int merge_document(struct wh_scope *s, struct wh_node *root, struct wh_node *doc)
{
    struct wh_load *l = s->load;
    const struct wh_reset *resets;
    if (check_document(s, doc) < 0)
        return -1;
    prepare(s, doc, &resets);
    if (wh_compose_apply_include(s, doc, resets) < 0)
        return -1;
    wh_resets_apply(l, resets, NULL, NULL, root);
    wh_compose_apply_extends(s, doc, resets);
    wh_compose_merge(l, root, doc);
    wh_compose_unique(l, root);
    if (!l->opts->want_variables)
        wh_compose_validate(l, root, s->file);
    drop_version(s, root);
    if (l->opts->want_variables)
        return l->diags->n_errors ? -1 : 0;
    if (l->diags->n_errors || wh_compose_canonicalize(l, root, l->opts->no_interpolate) < 0)
        return -1;
    return wh_compose_unique(l, root); /* long forms show keys that short ones hid */
}

static int merge_file(struct wh_scope *s, struct wh_node *root, const struct wh_mark *from)
{
    struct wh_vec docs = WH_VEC(struct wh_node *);
    int rc = wh_compose_parse(s->load, s->file, from, &docs);
    for (size_t i = 0; i < docs.len; i++)
        if (merge_document(s, root, wh_vec_at(&docs, struct wh_node *, i)) < 0)
            rc = -1;
    wh_vec_fini(&docs);
    return rc;
}

/* ---- models ---- */

static int finish_model(struct wh_scope *s, struct wh_node *root)
{
    struct wh_load *l = s->load;
    if (l->opts->want_variables)
        return 0;
    int rc = wh_compose_set_defaults(l, root);
    if (wh_compose_check_values(l, root) < 0)
        rc = -1;
    /* With no_path_resolution an include still names its files from the project's folder. */
    if ((s->up || !l->opts->no_path_resolution) && wh_compose_resolve_paths(l, root, s->paths_dir) < 0)
        rc = -1;
    return wh_compose_resolve_environment(l, root, s->env) < 0 ? -1 : rc;
}

/* One file of several may be empty, as may an included one; the whole may not. */
static int require_content(struct wh_scope *s, const struct wh_node *root)
{
    if (root->map.len || s->up)
        return 0;
    wh_diag_error(s->load->diags, &(struct wh_mark){.file = s->file}, "empty compose file");
    return -1;
}

int wh_compose_load_model(struct wh_scope *s, const char *const *files, size_t n, const struct wh_mark *from,
                          struct wh_node **ret)
{
    int rc = 0;
    struct wh_node *root = wh_node_map(s->load->arena, &(struct wh_mark){.file = files[0], .line = 1, .column = 1});
    *ret = root;
    for (size_t i = 0; root && i < n; i++) {
        s->file = files[i];
        if (merge_file(s, root, from) < 0)
            rc = -1;
    }
    if (!root || rc < 0 || require_content(s, root) < 0)
        return -1;
    return finish_model(s, root);
}

/* ---- files of extends ---- */

static int merge_base_document(struct wh_scope *s, struct wh_node *root, struct wh_node *doc,
                               const struct wh_reset **ret_resets)
{
    struct wh_load *l = s->load;
    if (check_document(s, doc) < 0 || prepare(s, doc, ret_resets) < 0)
        return -1;
    wh_resets_apply(l, *ret_resets, NULL, NULL, root);
    wh_compose_merge(l, root, doc);
    /* Only the service that extends is validated, so forms that cannot be read wait for that. */
    if (wh_compose_unique(l, root) < 0 || wh_compose_canonicalize(l, root, true) < 0)
        return -1;
    return wh_compose_unique(l, root);
}

static int fill_base(struct wh_scope *s, struct wh_base *base, const char *name, const struct wh_mark *from)
{
    struct wh_vec docs = WH_VEC(struct wh_node *);
    struct wh_node *root = wh_node_map(s->load->arena, &(struct wh_mark){.file = base->path});
    struct wh_scope inner = *s;
    inner.file = base->path;
    int rc = root ? wh_compose_parse(s->load, base->path, from, &docs) : -1;
    for (size_t i = 0; rc == 0 && i < docs.len; i++)
        rc = merge_base_document(&inner, root, wh_vec_at(&docs, struct wh_node *, i), &base->resets);
    wh_vec_fini(&docs);
    if (rc < 0 || wh_compose_resolve_paths(s->load, root, wh_compose_paths_dir(s, base->dir)) < 0)
        return -1;
    base->services = wh_node_get(root, "services");
    if (base->services && base->services->kind == WH_NODE_MAP)
        return 0;
    wh_diag_error(s->load->diags, from, "cannot extend service \"%s\" in %s: no services section", name, base->path);
    return -1;
}

static const char *folder_of(struct wh_load *l, const char *path)
{
    wh_auto_free char *dir = wh_path_dir(path);
    const char *copy = dir ? wh_arena_strdup(l->arena, dir) : NULL;
    return copy ? copy : "/";
}

const struct wh_base *wh_compose_load_base(struct wh_scope *s, const char *path, const char *service,
                                           const struct wh_mark *from)
{
    struct wh_load *l = s->load;
    struct wh_base *base = wh_map_get(&s->bases, path);
    if (base)
        return base->services ? base : NULL;
    base = wh_arena_new(l->arena, struct wh_base);
    if (!base || wh_map_set(&s->bases, path, base) < 0) {
        l->diags->failed = true;
        return NULL;
    }
    *base = (struct wh_base){.path = path, .dir = folder_of(l, path)};
    if (fill_base(s, base, service, from) == 0)
        return base;
    base->services = NULL;
    return NULL;
}

/* ---- the project ---- */

static int begin(struct wh_load *l, const struct wh_load_options *o, struct wh_load_result *res)
{
    *res = (struct wh_load_result){0};
    *l = (struct wh_load){.opts = o, .res = res, .arena = &res->arena, .diags = &res->diags};
    res->diags.arena = &res->arena;
    res->diags.items = WH_VEC(struct wh_diag *);
    res->config_files = res->read_files = res->env_files = res->profiles = WH_VEC(const char *);
    res->variables = WH_VEC(struct wh_variable *);
    res->env.arena = &res->arena;
    res->raw = o->no_interpolate;
    l->envs = WH_VEC(struct wh_env *);
    return wh_compose_locate(l);
}

static int require_files(struct wh_load *l)
{
    if (l->res->config_files.len)
        return 0;
    struct wh_diag *d = wh_diag_error(l->diags, NULL, "no configuration file provided: not found");
    wh_diag_hint(l->diags, d, "write a compose.yaml here, or name one with -f");
    return -1;
}

static int finish_project(struct wh_load *l)
{
    const struct wh_load_options *o = l->opts;
    struct wh_node *root = l->res->root;
    if (o->want_variables) { /* only what is left after the merge counts */
        wh_compose_collect_variables(l, root);
        return 0;
    }
    wh_compose_resolve_keys(l, root);
    if (!o->no_normalize && wh_compose_normalize(l, root) < 0)
        return -1;
    if (o->no_interpolate) /* what is not interpolated cannot be read any further */
        return 0;
    if (wh_compose_convert(l, root) < 0 || wh_compose_apply_profiles(l, root) < 0)
        return -1;
    if (!o->no_consistency && wh_compose_check(l, root) < 0)
        return -1;
    if (wh_compose_select(l, root) < 0)
        return -1;
    return wh_compose_resolve_env_files(l, root);
}

static int load_project(struct wh_load *l)
{
    struct wh_load_result *res = l->res;
    struct wh_scope top = {.load = l, .dir = res->working_dir, .env = &res->env};
    top.paths_dir = l->opts->no_path_resolution ? "." : res->working_dir;
    int rc = wh_compose_load_model(&top, res->config_files.items, res->config_files.len, NULL, &res->root);
    wh_map_fini(&top.bases);
    if (rc < 0)
        return -1;
    res->disabled_services = wh_node_map(l->arena, NULL);
    if (!l->opts->no_interpolate || !l->opts->no_normalize) /* with both only what the files say */
        wh_node_put_str(l->arena, res->root, "name", res->project_name);
    return finish_project(l);
}

static void free_parsed(struct wh_load *l)
{
    for (size_t i = 0; i < l->parsed.len; i++)
        wh_vec_fini(l->parsed.entries[i].value);
    wh_map_fini(&l->parsed);
}

static int repeat_first_error(const struct wh_diags *d, struct wh_err *err)
{
    for (size_t i = 0; i < d->items.len; i++) {
        const struct wh_diag *diag = wh_vec_at(&d->items, struct wh_diag *, i);
        if (diag->severity != WH_SEV_ERROR)
            continue;
        wh_fail(err, WH_E_INVALID, "%s", diag->text);
        if (diag->mark.file)
            wh_err_at(err, &diag->mark);
        if (diag->hint)
            wh_err_hint(err, "%s", diag->hint);
        return -1;
    }
    return wh_fail(err, WH_E_LIMIT, "out of memory");
}

static int end(struct wh_load *l, int rc, struct wh_err *err)
{
    free_parsed(l);
    wh_map_fini(&l->unset);
    wh_map_fini(&l->sources);
    for (size_t i = 0; i < l->envs.len; i++)
        wh_env_fini(wh_vec_at(&l->envs, struct wh_env *, i));
    wh_vec_fini(&l->envs);
    if (rc == 0 && !l->diags->n_errors && !l->diags->failed && !l->arena->failed)
        return 0;
    return repeat_first_error(l->diags, err);
}

int wh_compose_load(const struct wh_load_options *o, struct wh_load_result *ret, struct wh_err *err)
{
    struct wh_load l;
    int rc = begin(&l, o, ret);
    if (rc == 0)
        rc = require_files(&l);
    if (rc == 0)
        rc = wh_compose_name_project(&l);
    if (rc == 0)
        rc = load_project(&l);
    return end(&l, rc, err);
}

int wh_compose_project_name(const struct wh_load_options *o, struct wh_load_result *ret, struct wh_err *err)
{
    struct wh_load l;
    int rc = begin(&l, o, ret);
    bool given = (o->project_name && *o->project_name) || wh_env_get(&ret->env, "COMPOSE_PROJECT_NAME");
    if (rc == 0 && !given)
        rc = require_files(&l);
    if (rc == 0)
        rc = wh_compose_name_project(&l);
    return end(&l, rc, err);
}

void wh_load_fini(struct wh_load_result *r)
{
    wh_env_fini(&r->env);
    wh_vec_fini(&r->diags.items);
    wh_vec_fini(&r->config_files);
    wh_vec_fini(&r->read_files);
    wh_vec_fini(&r->env_files);
    wh_vec_fini(&r->profiles);
    wh_vec_fini(&r->variables);
    wh_arena_fini(&r->arena);
    *r = (struct wh_load_result){0};
}
