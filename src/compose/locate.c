/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which files, which folder, which environment. The order is that of docker compose: the process environment, then
 * the env files of the folder known so far (which may name the compose files), then the compose files, then the env
 * files of the folder that these give. Values already set are kept throughout.
 */
#include "compose/loader.h"

#include "whale/util/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char *const config_names[] = {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};
static const char *const override_names[] = {"compose.override.yml", "compose.override.yaml",
                                             "docker-compose.override.yml", "docker-compose.override.yaml"};

static int push_text(struct wh_load *l, struct wh_vec *v, const char *text)
{
    const char *copy = wh_arena_strdup(l->arena, text);
    if (copy && wh_vec_push_ptr(v, copy) == 0)
        return 0;
    l->diags->failed = true;
    return -1;
}

static const char *vec_text(const struct wh_vec *v, size_t i)
{
    return ((const char *const *)v->items)[i];
}

/* Also what is there and cannot be followed: reading it says why. */
static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? !S_ISDIR(st.st_mode) : errno == ELOOP;
}

/* ---- process environment ---- */

static void take_process_env(struct wh_load *l)
{
    struct wh_env *env = &l->res->env;
    for (char **p = l->opts->environ; p && *p; p++) {
        const char *equals = strchr(*p, '=');
        char *name = equals && equals != *p ? wh_arena_strndup(l->arena, *p, (size_t)(equals - *p)) : NULL;
        if (name && !wh_map_has(&env->map, name) && wh_env_set(env, name, equals + 1, NULL) < 0)
            l->diags->failed = true;
    }
    if (!wh_env_find(env, "PWD"))
        wh_env_set(env, "PWD", l->opts->cwd, NULL);
}

/* ---- env files ---- */

/* A switch of the environment: 1 or 0, -1 for words that are neither. */
static int read_switch(struct wh_load *l, const char *name)
{
    static const char *const words[] = {"0",     "1",    "f",     "t",    "F",     "T",
                                        "false", "true", "FALSE", "TRUE", "False", "True"};
    const char *text = wh_env_get(&l->res->env, name);
    for (size_t i = 0; text && i < WH_ARRAY_LEN(words); i++)
        if (strcmp(text, words[i]) == 0)
            return (int)(i % 2);
    if (!text)
        return 0;
    struct wh_diag *d = wh_diag_error(l->diags, NULL, "%s: parsing \"%s\": invalid syntax", name, text);
    wh_diag_hint(l->diags, d, "write true or false");
    return -1;
}

/* Appends the entries of a separated list, made absolute. An empty one is the current folder, or nothing. */
static void add_split(struct wh_load *l, struct wh_vec *v, const char *list, const char *separator, bool skip_empty)
{
    for (const char *p = list, *end; p; p = end ? end + strlen(separator) : NULL) {
        end = strstr(p, separator);
        const char *name = wh_arena_strndup(l->arena, p, end ? (size_t)(end - p) : strlen(p));
        if (name && (*name || !skip_empty))
            push_text(l, v, strcmp(name, "-") == 0 ? name : wh_compose_join(l, l->opts->cwd, name));
    }
}

/* --env-file, else COMPOSE_ENV_FILES; both switch .env off. */
static void list_env_files(struct wh_load *l)
{
    for (size_t i = 0; i < l->opts->n_env_files; i++)
        push_text(l, &l->res->env_files, wh_compose_join(l, l->opts->cwd, l->opts->env_files[i]));
    if (!l->opts->n_env_files)
        add_split(l, &l->res->env_files, wh_env_get(&l->res->env, "COMPOSE_ENV_FILES"), ",", true);
}

/* What the files set is added where the environment has nothing yet. */
static void merge_env(struct wh_load *l, const struct wh_env *from)
{
    for (size_t i = 0; i < from->map.len; i++) {
        const struct wh_map_entry *e = &from->map.entries[i];
        if (!wh_map_has(&l->res->env.map, e->key) && wh_map_set(&l->res->env.map, e->key, e->value) < 0)
            l->diags->failed = true;
    }
}

static int read_env_file(struct wh_load *l, const char *path, struct wh_env *vars)
{
    wh_auto_err err = {0};
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        wh_fail(&err, WH_E_INVALID, "%s is a directory", path);
        return wh_diag_take_err(l->diags, &err);
    }
    int rc = wh_dotenv_read(l, path, WH_DOTENV_COMPOSE, vars, &err);
    if (rc > 0)
        rc = wh_fail(&err, WH_E_NOT_FOUND, "couldn't find env file: %s", path);
    return rc < 0 ? wh_diag_take_err(l->diags, &err) : 0;
}

static int read_listed_env_files(struct wh_load *l)
{
    struct wh_env vars = {.arena = l->arena, .parent = &l->res->env};
    int rc = 0;
    for (size_t i = 0; i < l->res->env_files.len; i++)
        if (read_env_file(l, vec_text(&l->res->env_files, i), &vars) < 0)
            rc = -1;
    merge_env(l, &vars);
    wh_env_fini(&vars);
    return rc;
}

static int read_dotenv_of(struct wh_load *l, const char *dir)
{
    const char *path = wh_compose_join(l, dir, ".env");
    if (!is_file(path) || wh_map_has(&l->sources, path))
        return 0;
    struct wh_env vars = {.arena = l->arena, .parent = &l->res->env};
    int rc = read_env_file(l, path, &vars);
    merge_env(l, &vars);
    wh_env_fini(&vars);
    if (rc == 0)
        push_text(l, &l->res->env_files, path);
    return rc;
}

/* ---- compose files ---- */

static const char *folder_of_first(struct wh_load *l)
{
    for (size_t i = 0; i < l->res->config_files.len; i++) {
        const char *path = vec_text(&l->res->config_files, i);
        if (strcmp(path, "-") == 0)
            continue;
        wh_auto_free char *dir = wh_path_dir(path);
        const char *copy = dir ? wh_arena_strdup(l->arena, dir) : NULL;
        return copy ? copy : l->opts->cwd;
    }
    return l->opts->cwd;
}

static const char *current_dir(struct wh_load *l)
{
    const char *dir = l->opts->project_directory;
    return dir ? wh_compose_join(l, l->opts->cwd, dir) : folder_of_first(l);
}

static void files_of_options(struct wh_load *l)
{
    for (size_t i = 0; i < l->opts->n_files; i++) {
        const char *name = l->opts->files[i];
        push_text(l, &l->res->config_files, strcmp(name, "-") == 0 ? name : wh_compose_join(l, l->opts->cwd, name));
    }
}

static void files_of_environment(struct wh_load *l)
{
    const char *separator = wh_env_get(&l->res->env, "COMPOSE_PATH_SEPARATOR");
    add_split(l, &l->res->config_files, wh_env_get(&l->res->env, "COMPOSE_FILE"),
              separator && *separator ? separator : ":", false);
}

/* The first of names that exists in dir, with a warning when others do, too. NULL: none. */
static const char *pick_file(struct wh_load *l, const char *dir, const char *const *names, size_t n, const char *what)
{
    const char *winner = NULL;
    wh_auto_str all = {0};
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const char *path = wh_compose_join(l, dir, names[i]);
        if (!is_file(path))
            continue;
        winner = winner ? winner : path;
        wh_str_fmt(&all, "%s%s", found++ ? ", " : "", path);
    }
    if (found > 1) {
        wh_diag_warn(l->diags, NULL, "Found multiple %s files with supported names: %s", what, wh_str_c(&all));
        wh_diag_warn(l->diags, NULL, "Using %s", winner);
    }
    return winner;
}

/* The working folder and then its parents. */
static void files_by_search(struct wh_load *l)
{
    const char *dir = current_dir(l);
    for (;;) {
        const char *config = pick_file(l, dir, config_names, WH_ARRAY_LEN(config_names), "config");
        if (config) {
            const char *over = pick_file(l, dir, override_names, WH_ARRAY_LEN(override_names), "override");
            push_text(l, &l->res->config_files, config);
            if (over)
                push_text(l, &l->res->config_files, over);
            return;
        }
        if (strcmp(dir, "/") == 0)
            return;
        dir = wh_compose_join(l, dir, "..");
    }
}

/* ---- profiles ---- */

static void set_profiles(struct wh_load *l)
{
    struct wh_vec *v = &l->res->profiles;
    for (size_t i = 0; i < l->opts->n_profiles; i++)
        push_text(l, v, l->opts->profiles[i]);
    const char *list = l->opts->n_profiles ? NULL : wh_env_get(&l->res->env, "COMPOSE_PROFILES");
    bool more = l->opts->n_profiles == 0;
    for (const char *p = list ? list : ""; more; p++) { /* an empty list has one entry: the profile "" is active */
        p += strspn(p, " \t");
        size_t n = strcspn(p, ",");
        size_t used = n;
        while (used && (p[used - 1] == ' ' || p[used - 1] == '\t'))
            used--;
        const char *name = wh_arena_strndup(l->arena, p, used);
        if (name)
            push_text(l, v, name);
        p += n;
        more = *p == ',';
    }
    for (size_t i = 0; i < l->opts->n_more_profiles; i++)
        push_text(l, v, l->opts->more_profiles[i]);
}

int wh_compose_locate(struct wh_load *l)
{
    struct wh_load_result *res = l->res;
    take_process_env(l);
    int no_dotenv = read_switch(l, "COMPOSE_DISABLE_ENV_FILE");
    if (no_dotenv < 0)
        return -1;
    files_of_options(l);
    list_env_files(l);
    bool explicit = res->env_files.len > 0;
    int rc = explicit ? read_listed_env_files(l) : no_dotenv ? 0 : read_dotenv_of(l, current_dir(l));
    if (!res->config_files.len)
        files_of_environment(l);
    l->searched = res->config_files.len == 0;
    if (l->searched)
        files_by_search(l);
    res->working_dir = current_dir(l);
    if (rc == 0 && !explicit && !no_dotenv)
        rc = read_dotenv_of(l, res->working_dir);
    set_profiles(l);
    return rc;
}
