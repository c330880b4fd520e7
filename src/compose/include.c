/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * include: each entry is a model of its own (folder, environment, overrides) that is loaded completely and then
 * merged under the including document.
 */
#include "compose/loader.h"

#include "whale/codec/yaml.h"
#include "whale/util/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_INCLUDE_DEPTH 100
/* A file that includes another one twice doubles the work at each level. */
#define MAX_INCLUDES 500

/* Only these are imported; `name` and x-* of an included file are its own. */
static const char *const sections[] = {"services", "volumes", "networks", "secrets", "configs", "models", "jobs"};

struct include {
    const struct wh_node *at; /* the entry, for messages */
    const struct wh_node *paths;
    const char *project_directory; /* "": the folder of the first path */
    const struct wh_node *env_files;
};

static int fail_node(struct wh_load *l, const struct wh_node *at, const char *text)
{
    wh_diag_error(l->diags, &at->mark, "%s", text);
    return -1;
}

static bool is_text_or_texts(const struct wh_node *n)
{
    bool good = !n || n->kind == WH_NODE_STR || n->kind == WH_NODE_NULL || n->kind == WH_NODE_SEQ;
    for (size_t i = 0; good && n && n->kind == WH_NODE_SEQ && i < n->seq.len; i++)
        good = n->seq.items[i]->kind == WH_NODE_STR;
    return good;
}

static int check_entry(struct wh_load *l, const struct include *entry, const struct wh_node *dir)
{
    if (dir && dir->kind != WH_NODE_STR && dir->kind != WH_NODE_NULL)
        return fail_node(l, dir, "`include` project_directory must be a string");
    if (!is_text_or_texts(entry->env_files))
        return fail_node(l, entry->env_files, "`include` env_file must be a string or a list of strings");
    if (!is_text_or_texts(entry->paths))
        return fail_node(l, entry->paths, "`include` path must be a string or a list of strings");
    return 0;
}

/* 1: the entry names no file; docker compose passes over it in silence. */
static int read_entry(struct wh_load *l, const struct wh_node *entry, struct include *ret)
{
    *ret = (struct include){.at = entry, .paths = entry, .project_directory = ""};
    if (entry->kind == WH_NODE_STR)
        return 0;
    if (entry->kind != WH_NODE_MAP && entry->kind != WH_NODE_NULL)
        return fail_node(l, entry, "`include` entries must be a string or a mapping");
    ret->paths = wh_node_get(entry, "path");
    ret->project_directory = wh_node_get_str(entry, "project_directory", "");
    ret->env_files = wh_node_get(entry, "env_file");
    if (check_entry(l, ret, wh_node_get(entry, "project_directory")) < 0)
        return -1;
    if (ret->env_files && wh_node_len(wh_compose_to_sequence(l, (struct wh_node *)ret->env_files)) == 0)
        ret->env_files = NULL;
    if (ret->paths && wh_node_len(wh_compose_to_sequence(l, (struct wh_node *)ret->paths)) > 0)
        return 0;
    struct wh_diag *d = wh_diag_warn(l->diags, &entry->mark, "`include` entry has no path, it will be ignored");
    wh_diag_hint(l->diags, d, "add `path:` with the file to include");
    return 1;
}

static bool is_remote(const char *path)
{
    static const char *const prefixes[] = {"oci://", "git@", "git://", "ssh://", "https://", "http://", "github.com/"};
    for (size_t i = 0; i < WH_ARRAY_LEN(prefixes); i++)
        if (wh_starts(path, prefixes[i]))
            return true;
    return false;
}

int wh_compose_refuse_remote(struct wh_load *l, const char *path, const struct wh_mark *mark)
{
    if (!is_remote(path))
        return 0;
    struct wh_diag *d =
        wh_diag_error(l->diags, mark, "%s: compose files from git or a registry are not supported", path);
    wh_diag_hint(l->diags, d, "fetch the file first and name the local copy");
    return -1;
}

/* ---- cycles ---- */

static void chain_text(const struct wh_scope *s, struct wh_str *out)
{
    if (s->up)
        chain_text(s->up, out);
    wh_str_fmt(out, "\n%s%s", s->up ? " include " : "", s->file);
}

static int check_cycle(const struct wh_scope *s, const char *path, const struct wh_mark *mark)
{
    unsigned int depth = 0;
    bool found = false;
    for (const struct wh_scope *up = s; up; up = up->up, depth++)
        found |= strcmp(up->file, path) == 0;
    if (!found && depth < MAX_INCLUDE_DEPTH)
        return 0;
    wh_auto_str chain = {0};
    chain_text(s, &chain);
    wh_diag_error(s->load->diags, mark, "include cycle detected:%s\n include %s", wh_str_c(&chain), path);
    return -1;
}

/* ---- environment ---- */

static int read_env_file(struct wh_load *l, struct wh_env *env, const char *path, const struct wh_mark *mark)
{
    wh_auto_err err = {0};
    struct stat st;
    if (stat(path, &st) < 0)
        wh_fail(&err, errno, "stat %s", path);
    else if (S_ISDIR(st.st_mode))
        wh_fail(&err, WH_E_INVALID, "%s is not a file", path);
    else if (wh_dotenv_read(l, path, WH_DOTENV_COMPOSE, env, &err) >= 0)
        return 0;
    wh_err_at(&err, mark);
    return wh_diag_take_err(l->diags, &err);
}

static int read_env_files(const struct wh_scope *s, struct wh_env *env, const struct wh_node *files)
{
    const struct wh_node *list = wh_compose_to_sequence(s->load, (struct wh_node *)files);
    for (size_t i = 0; i < wh_node_len(list); i++) {
        const struct wh_node *item = list->seq.items[i];
        if (!wh_node_is_scalar(item) || strcmp(item->text, "/dev/null") == 0)
            continue;
        if (read_env_file(s->load, env, wh_compose_join(s->load, s->dir, item->text), &item->mark) < 0)
            return -1;
    }
    return 0;
}

/* Defaults for the included files; what the including project knows wins. NULL after an error. */
static const struct wh_env *include_env(const struct wh_scope *s, const struct include *inc, const char *dir)
{
    struct wh_load *l = s->load;
    struct wh_env *env = wh_arena_new(l->arena, struct wh_env);
    if (!env || wh_vec_push_ptr(&l->envs, env) < 0) {
        l->diags->failed = true;
        return NULL;
    }
    *env = (struct wh_env){.arena = l->arena, .parent = s->env};
    if (inc->env_files)
        return read_env_files(s, env, inc->env_files) < 0 ? NULL : env;
    struct stat st;
    const char *dotenv = wh_compose_join(l, dir, ".env");
    if (stat(dotenv, &st) == 0 && !S_ISDIR(st.st_mode) && read_env_file(l, env, dotenv, &inc->at->mark) < 0)
        return NULL;
    return env;
}

/* ---- loading ---- */

static int resolve_paths(struct wh_scope *s, const struct include *inc, const char ***ret_files, size_t *ret_n)
{
    struct wh_load *l = s->load;
    const struct wh_node *list = wh_compose_to_sequence(l, (struct wh_node *)inc->paths);
    const char **files = wh_arena_array(l->arena, const char *, list->seq.len);
    for (size_t i = 0; files && i < list->seq.len; i++) {
        const struct wh_node *item = list->seq.items[i];
        if (wh_compose_refuse_remote(l, item->text, &item->mark) < 0)
            return -1;
        files[i] = wh_compose_join(l, s->dir, item->text);
    }
    *ret_files = files;
    *ret_n = list->seq.len;
    return files ? check_cycle(s, files[0], &inc->at->mark) : -1;
}

static const char *folder_of(struct wh_load *l, const char *path)
{
    wh_auto_free char *dir = wh_path_dir(path);
    const char *copy = dir ? wh_arena_strdup(l->arena, dir) : NULL;
    return copy ? copy : "/";
}

/* A relative project directory that is none, perhaps a file in it, stands for the one above. */
static const char *dir_of_entry(const struct wh_scope *s, const struct include *inc, const char *main_file)
{
    struct stat st;
    if (!*inc->project_directory)
        return folder_of(s->load, main_file);
    const char *dir = wh_compose_join(s->load, s->dir, inc->project_directory);
    bool is_dir = stat(dir, &st) == 0 && S_ISDIR(st.st_mode);
    return is_dir || inc->project_directory[0] == '/' ? dir : folder_of(s->load, dir);
}

static int load_entry(struct wh_scope *s, const struct include *inc, struct wh_node **ret)
{
    struct wh_load *l = s->load;
    const char **files;
    size_t n;
    if (l->n_includes == MAX_INCLUDES) {
        wh_diag_error(l->diags, &inc->at->mark, "more than %d files are included", MAX_INCLUDES);
        l->n_includes++;
    }
    if (l->n_includes++ > MAX_INCLUDES)
        return -1;
    if (resolve_paths(s, inc, &files, &n) < 0)
        return -1;
    struct wh_scope inner = {.load = l, .up = s};
    inner.dir = dir_of_entry(s, inc, files[0]);
    inner.paths_dir = wh_compose_paths_dir(s, inner.dir);
    inner.env = include_env(s, inc, inner.dir);
    if (!inner.env)
        return -1;
    int rc = wh_compose_load_model(&inner, files, n, &inc->at->mark, ret);
    wh_map_fini(&inner.bases);
    return rc;
}

static int import_section(struct wh_scope *s, const char *section, struct wh_node *from, struct wh_node *doc,
                          const struct wh_reset *resets)
{
    struct wh_load *l = s->load;
    struct wh_node *to = wh_node_get(doc, section);
    if (!to || to->kind == WH_NODE_NULL) {
        to = wh_node_map(l->arena, &from->mark);
        if (!to || wh_node_set(l->arena, doc, section, NULL, to) < 0)
            return -1;
    }
    if (to->kind != WH_NODE_MAP)
        return 0; /* the validation names it */
    for (size_t i = 0; i < from->map.len; i++) {
        const struct wh_pair *p = &from->map.pairs[i];
        struct wh_node *own = wh_node_get(to, p->key), *merged = p->value;
        if (own) { /* also a file that is included on two ways: its lists grow where they do not drop repetitions */
            wh_resets_apply(l, resets, section, p->key, p->value);
            merged = wh_compose_merge_entry(l, section, p->key, p->value, own);
        }
        if (!merged || wh_node_set(l->arena, to, p->key, own ? NULL : &p->key_mark, merged) < 0)
            return -1;
    }
    return 0;
}

static int import_model(struct wh_scope *s, struct wh_node *model, struct wh_node *doc, const struct wh_reset *resets)
{
    int rc = 0;
    for (size_t i = 0; i < WH_ARRAY_LEN(sections); i++) {
        struct wh_node *from = wh_node_get(model, sections[i]);
        if (from && from->kind == WH_NODE_MAP && import_section(s, sections[i], from, doc, resets) < 0)
            rc = -1;
    }
    return rc;
}

static int include_entry(struct wh_scope *s, const struct wh_node *entry, struct wh_node *doc,
                         const struct wh_reset *resets)
{
    struct include inc;
    struct wh_node *model;
    int rc = read_entry(s->load, entry, &inc);
    if (rc != 0)
        return rc;
    return load_entry(s, &inc, &model) < 0 ? -1 : import_model(s, model, doc, resets);
}

int wh_compose_apply_include(struct wh_scope *s, struct wh_node *doc, const struct wh_reset *resets)
{
    const struct wh_node *list = wh_node_get(doc, "include");
    int rc = 0;
    if (!list || list->kind == WH_NODE_NULL) {
        wh_node_del(doc, "include");
        return 0;
    }
    if (list->kind != WH_NODE_SEQ) {
        const char *got = wh_node_is_scalar(list) ? list->text : "a mapping";
        struct wh_diag *d = wh_diag_error(s->load->diags, &list->mark, "`include` must be a list, got %s", got);
        wh_diag_hint(s->load->diags, d, "include: [%s]", wh_node_is_scalar(list) ? list->text : "file.yaml");
        return -1;
    }
    for (size_t i = 0; i < list->seq.len && s->load->n_includes <= MAX_INCLUDES; i++)
        if (include_entry(s, list->seq.items[i], doc, resets) < 0)
            rc = -1;
    wh_node_del(doc, "include");
    return s->load->n_includes <= MAX_INCLUDES ? rc : -1;
}
