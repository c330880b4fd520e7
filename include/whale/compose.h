/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compose loader: files and environment in, one canonical project tree and a list of diagnostics out. It only
 * reads files: no root, no network, no kernel interfaces.
 *
 *   struct wh_load_options o = {.cwd = cwd, .environ = environ};
 *   wh_auto_load struct wh_load_result r = {0};
 *   if (wh_compose_load(&o, &r, &err) < 0) -> print r.diags (and err when it is set)
 *
 * Everything that hangs off the result lives in its arena until wh_load_fini.
 */
#ifndef WHALE_COMPOSE_H
#define WHALE_COMPOSE_H

#include "whale/codec/node.h"
#include "whale/util/arena.h"
#include "whale/util/err.h"
#include "whale/util/map.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

/* ---- diagnostics: one run reports as many as it can find ---- */

enum wh_severity { WH_SEV_ERROR, WH_SEV_WARNING };

/* A further place that belongs to a diagnostic: "first defined here", another use of the variable. */
struct wh_place {
    struct wh_mark mark;
    const char *label; /* may be NULL */
    struct wh_place *next;
};

struct wh_diag {
    enum wh_severity severity;
    const char *text;    /* one message, as docker compose words it where it has one; no full stop added */
    struct wh_mark mark; /* line 0: no place known */
    const char *hint;    /* how to put it right, or NULL */
    struct wh_place *places, *last_place;
    bool covers; /* further errors at this very place are consequences and are left out */
};

struct wh_diags {
    struct wh_arena *arena; /* texts live here */
    struct wh_vec items;    /* of struct wh_diag *, in the order they were found */
    size_t n_errors;
    bool failed; /* memory ran short: some are missing */
};

/* Add one, unless the same is there already or another one covers its place; mark may be NULL. Never return NULL (a
 * shared dummy when memory is short), so calls can be chained. */
struct wh_diag *wh_diag_error(struct wh_diags *d, const struct wh_mark *mark, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct wh_diag *wh_diag_warn(struct wh_diags *d, const struct wh_mark *mark, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void wh_diag_hint(struct wh_diags *d, struct wh_diag *diag, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void wh_diag_place(struct wh_diags *d, struct wh_diag *diag, const struct wh_mark *mark, const char *label);
/* Turns an error of a lower layer into an error diagnostic and empties it. Always returns -1. */
int wh_diag_take_err(struct wh_diags *d, struct wh_err *take_err);

/* ---- the interpolation environment ---- */

struct wh_env_var {
    const char *value;
    struct wh_mark mark; /* file set: the line of the .env file; file NULL: the process or the loader itself */
};

/* Names to values. Lookups that miss here ask parent (the project of an included file), whose values win. */
struct wh_env {
    struct wh_arena *arena;
    struct wh_map map; /* name -> struct wh_env_var * */
    const struct wh_env *parent;
};

const struct wh_env_var *wh_env_find(const struct wh_env *e, const char *name); /* parent first; NULL when absent */
const char *wh_env_get(const struct wh_env *e, const char *name);               /* value or NULL */
int wh_env_set(struct wh_env *e, const char *name, const char *value, const struct wh_mark *mark); /* copies */
void wh_env_fini(struct wh_env *e);

/* ---- loading ---- */

struct wh_load_options {
    const char *const *files; /* -f in order, "-" is standard input */
    size_t n_files;
    const char *project_name;      /* -p, or NULL */
    const char *project_directory; /* --project-directory, or NULL */
    const char *const *env_files;  /* --env-file in order */
    size_t n_env_files;
    const char *const *profiles; /* --profile in order; with any, COMPOSE_PROFILES is not looked at */
    size_t n_profiles;
    const char *const *more_profiles; /* active besides those, or those of the environment */
    size_t n_more_profiles;
    const char *const *services; /* named on the command line: the model is cut down to them and what they need */
    size_t n_services;
    char **environ;  /* NULL-terminated K=V of the process */
    const char *cwd; /* absolute */
    bool no_interpolate;
    bool no_normalize;
    bool no_path_resolution;
    bool no_consistency;
    bool any_container_names; /* two services may ask for one name: nothing will be created */
    bool no_env_resolution;
    bool want_variables; /* fill result.variables, substitute nothing and stop after the merge */
    bool note_variables; /* fill result.variables and load as usual */
    bool keep_unused;    /* keep networks, volumes, secrets and configs that no service uses */
    bool all_services;   /* keep services of inactive profiles (down, config --profiles) */
};

/* One ${NAME...} found in the files, for config --variables and --explain. */
struct wh_variable {
    const char *name;
    const char *default_value;            /* the word of - or :-, "" when none */
    const char *alternate_value;          /* the word of + or :+, "" when none */
    bool required;                        /* ? or :? */
    bool has_word;                        /* one of the above, in the text at from */
    const struct wh_mark *from;           /* the last text that uses it: the values are those of that text */
    struct wh_mark mark;                  /* of the first use */
    struct wh_place *places, *last_place; /* further uses */
};

struct wh_load_result {
    struct wh_arena arena;
    struct wh_diags diags;
    struct wh_node *root; /* canonical model: name, services, networks, volumes, secrets, configs, models, x-* */
    bool raw;             /* with no_interpolate: root is merged and canonical, values stay as written */
    struct wh_node *disabled_services; /* map of the services that no active profile enables; never NULL on success */
    const char *project_name;
    const char *working_dir;    /* absolute; relative paths of the model are relative to it */
    struct wh_vec config_files; /* of const char *, absolute, in merge order, without includes; "-" for stdin */
    struct wh_vec read_files;   /* of const char *, absolute: every file that had a part, includes and env files too */
    struct wh_vec env_files;    /* of const char *, absolute: files that fed the interpolation */
    struct wh_vec profiles;     /* of const char *: the active ones, "*" for all */
    struct wh_vec variables;    /* of struct wh_variable *, by first use; only when an option asks */
    struct wh_env env;          /* what interpolation saw; .map is in no particular order */
};

/*
 * Loads, merges and checks. 0: root is valid (diags may hold warnings). -1: diags holds at least one error, and err
 * repeats the first one for callers that print only one. The result must be finished in both cases.
 */
int wh_compose_load(const struct wh_load_options *o, struct wh_load_result *ret, struct wh_err *err);
void wh_load_fini(struct wh_load_result *r);
#define wh_auto_load WH_CLEANUP(wh_load_fini)

/* ---- what a loaded project looks like from outside ---- */

enum wh_compose_form {
    WH_COMPOSE_JSON,  /* as `config --format json`: nested x-* and models are left out, command is null when absent */
    WH_COMPOSE_YAML,  /* as `config` */
    WH_COMPOSE_MODEL, /* JSON form with what a runtime also needs: content of variables, digests of configs and secrets
                       */
};

/* The tree in one of these forms, keys in canonical order; in the result's arena, NULL when memory is short. */
struct wh_node *wh_compose_tree(struct wh_load_result *r, enum wh_compose_form form);
/* The text of `config`: every $ is doubled, so that loading it again gives the same project. */
int wh_compose_print(struct wh_load_result *r, enum wh_compose_form form, struct wh_str *out, struct wh_err *err);
/* The typed project (whale/model.h), with working_dir, config_files and env_files; in the result's arena. */
struct wh_project;
int wh_compose_project(struct wh_load_result *r, struct wh_project **ret, struct wh_err *err);
/* Names of the services as a list node: dependencies first, then by name. */
struct wh_node *wh_compose_services(struct wh_load_result *r);

/*
 * Prints a diagnostic: "file:line:col: error: text", the source line with a caret, further places, the hint. Files are
 * read again (at most 16 MiB; nothing is shown of one that cannot be read). colour: with ANSI sequences.
 */
void wh_diag_format(const struct wh_diag *d, bool colour, struct wh_str *out);
/* The attributes of compose files as a JSON Schema; NULL when memory is short. */
struct wh_node *wh_compose_schema(struct wh_arena *a);
/* The same for what `config --format json` prints. */
struct wh_node *wh_compose_output_schema(struct wh_arena *a);
/* {"severity": ..., "message": ..., "file": ..., "line": ..., "column": ..., "hint": ..., "places":
 * [{"file": ..., "line": ..., "column": ..., "label": ...}]} for every diagnostic; what is not known is left out. */
struct wh_node *wh_diags_to_node(struct wh_arena *a, const struct wh_diags *d);

/*
 * Only what commands need that work from records (ps, logs, down -p): project name, working directory, environment
 * and config file names; no compose file is parsed unless the name must come from one, and none has to exist when
 * the name is given. root stays NULL. Returns as wh_compose_load.
 */
int wh_compose_project_name(const struct wh_load_options *o, struct wh_load_result *ret, struct wh_err *err);

/*
 * Appends who set a value and what it replaced: what is a path ("services.web.image", "services.web.ports.0", a whole
 * "services.web") or the name of a variable (its uses need note_variables). -1 when there is no such thing.
 */
int wh_compose_explain(struct wh_load_result *r, const char *what, struct wh_str *out, struct wh_err *err);

/* Lower-case, everything but [a-z0-9_-] removed, leading - and _ stripped; in the arena, may be "". */
const char *wh_compose_normalize_name(struct wh_arena *a, const char *text);

#endif
