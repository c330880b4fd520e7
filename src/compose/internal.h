/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the compose loader share. Front half: locate, dotenv, interpolate, include, reset, extends,
 * merge, load. Back half: fields, validate, canonical, defaults, paths, environment, normalize, profiles, check.
 *
 * Convention inside this folder: a pass works on the tree in place and reports into load->diags; it returns 0, or
 * -1 when it added an error (it still goes on as far as it can, so that one run reports several).
 */
#ifndef WHALE_COMPOSE_INTERNAL_H
#define WHALE_COMPOSE_INTERNAL_H

#include "whale/compose.h"
#include "whale/util/str.h"

struct wh_load {
    const struct wh_load_options *opts;
    struct wh_load_result *res;
    struct wh_arena *arena; /* &res->arena */
    struct wh_diags *diags; /* &res->diags */
    struct wh_map unset;    /* variable name -> its warning, one per variable */
    struct wh_map sources;  /* absolute file name -> struct wh_source *: each file is read once */
    struct wh_map parsed;   /* absolute file name -> its documents, decoded ahead for the project's name */
    bool searched;          /* the compose files were found by their names, not given */
    size_t n_includes;      /* entries loaded so far */
    struct wh_vec envs;     /* of struct wh_env *: those of includes, to be finished */
    const struct wh_rules *merge_rules, *unique_rules, *cast_rules;
};

/* One warning for an unset variable, however often it is used; further places are added to it. */
void wh_compose_warn_unset(struct wh_load *l, const char *name, const struct wh_mark *mark);
/* The boolean that a text means: true, false, and with a warning the words of YAML 1.1. -1: none. */
int wh_compose_read_bool(struct wh_load *l, const struct wh_node *n, bool *ret);

/* ---- files ---- */

struct wh_source {
    const char *path; /* absolute, or "-" */
    const char *text;
    size_t len;
};
/* Reads a file (also a FIFO or "-") once; NULL with err set. Adds it to the result's read_files. */
const struct wh_source *wh_compose_read(struct wh_load *l, const char *path, struct wh_err *err);
/* dir + "/" + name unless name is absolute, cleaned, in the arena. */
const char *wh_compose_join(struct wh_load *l, const char *dir, const char *name);

/* ---- the path of a value, kept on the stack while a pass descends; printed only when a message needs it ---- */

struct wh_path {
    const struct wh_path *up; /* NULL: the top */
    const char *key;          /* NULL: a list item */
    size_t index;
};

enum wh_path_style {
    WH_PATH_INDEX,    /* services.a.ports.0          schema messages */
    WH_PATH_BRACKETS, /* services.a.ports.[]         interpolation and conversion messages */
    WH_PATH_ITEMS,    /* services.a.ports.[0]        messages of the unique pass */
};
const char *wh_path_text(struct wh_arena *a, const struct wh_path *p, enum wh_path_style style);

/* ---- patterns of paths: "services.*.ports.[].target"; * is any key, [] any list item ---- */

struct wh_rule {
    const char *pattern;
    int value; /* > 0 */
};

struct wh_rules; /* a tree built once from a table */

const struct wh_rules *wh_rules_build(struct wh_arena *a, const struct wh_rule *table, size_t n);
const struct wh_rules *wh_rules_key(const struct wh_rules *r, const char *key); /* NULL in, NULL out */
const struct wh_rules *wh_rules_item(const struct wh_rules *r);
int wh_rules_value(const struct wh_rules *r); /* 0: no rule ends here */

/* ---- front half ---- */

/*
 * Reads an env file and sets its keys in vars. $NAME and bare keys are looked up in vars, whose parent wins (the
 * project's environment, or for a service: its `environment`, whose parent is the project's) and which then knows the
 * earlier keys. A bare key that is set nowhere is left out. Unset variables warn through load. 0, -1 with err, or
 * 1: the file does not exist (err untouched).
 */
enum wh_dotenv_format { WH_DOTENV_COMPOSE, WH_DOTENV_RAW };
int wh_dotenv_read(struct wh_load *l, const char *path, enum wh_dotenv_format format, struct wh_env *vars,
                   struct wh_err *err);
int wh_dotenv_parse(struct wh_load *l, const char *text, size_t len, const char *file, enum wh_dotenv_format format,
                    struct wh_env *vars, struct wh_err *err);

/*
 * Substitutes one template (${...}). NULL with err set on a bad template (WH_E_INVALID) or a missing required variable
 * (WH_E_NOT_FOUND); unset variables are reported through unset (may be NULL). Returns text itself when nothing was
 * to do, otherwise a text in the arena.
 */
struct wh_template {
    struct wh_arena *arena;
    void *ctx;
    const char *(*lookup)(void *ctx, const char *name);
    void (*unset)(void *ctx, const char *name);
};
const char *wh_template_expand(const struct wh_template *t, const char *text, struct wh_err *err);

/* Merges over onto base, both nodes of the same place; returns the node to keep (base is changed in place). */
struct wh_node *wh_compose_merge(struct wh_load *l, struct wh_node *base, struct wh_node *over);
/* Records in over that it takes the place of old (node.overrode). */
void wh_compose_note_override(struct wh_load *l, struct wh_node *over, const struct wh_node *old);
/* Drops earlier list entries whose key (ports, targets, K of K=V...) a later one repeats, at the earlier position. */
int wh_compose_unique(struct wh_load *l, struct wh_node *root);
/* K=V list or string as the merge sees it: a map becomes a list sorted by key, a string a list of one. */
struct wh_node *wh_compose_to_sequence(struct wh_load *l, struct wh_node *n);

/* ---- back half; called by load.c in this order ---- */

/* After every document was merged into root. file is the one that was merged last (for messages). */
int wh_compose_validate(struct wh_load *l, struct wh_node *root, const char *file);
/* Short forms to long ones. lenient: what cannot be read stays as it is, nothing is reported (extends, no_interpolate).
 */
int wh_compose_canonicalize(struct wh_load *l, struct wh_node *root, bool lenient);

/* After the last file of a model (the project itself and each include): */
int wh_compose_set_defaults(struct wh_load *l, struct wh_node *root);
int wh_compose_check_values(struct wh_load *l,
                            struct wh_node *root); /* what the schema cannot say: missing targets.. */
int wh_compose_resolve_paths(struct wh_load *l, struct wh_node *root, const char *dir); /* also for a base of extends */
int wh_compose_resolve_environment(struct wh_load *l, struct wh_node *root, const struct wh_env *env); /* bare keys */

/* Once for the project: */
/* Bare keys of `environment` take their values from the project's environment; not with no_interpolate. */
void wh_compose_resolve_keys(struct wh_load *l, const struct wh_node *root);
int wh_compose_normalize(struct wh_load *l, struct wh_node *root);
int wh_compose_apply_profiles(struct wh_load *l, struct wh_node *root);    /* moves to res->disabled_services */
int wh_compose_check(struct wh_load *l, struct wh_node *root);             /* references, exclusions, cycles */
int wh_compose_select(struct wh_load *l, struct wh_node *root);            /* opts->services and what they need */
int wh_compose_resolve_env_files(struct wh_load *l, struct wh_node *root); /* env_file, label_file; prunes unused */

#endif
