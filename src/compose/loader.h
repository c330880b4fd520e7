/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the front half of the loader shares: the scope of one model (the project itself, or one include), resets, and
 * the steps a file goes through before it is merged.
 */
#ifndef WHALE_COMPOSE_LOADER_H
#define WHALE_COMPOSE_LOADER_H

#include "compose/internal.h"

struct wh_scope {
    struct wh_load *load;
    const struct wh_scope *up; /* the model that includes this one, or NULL */
    const char *dir;           /* absolute; the model's paths are relative to it */
    const char *paths_dir;     /* what its relative paths get in front: dir, or relative with no_path_resolution */
    const struct wh_env *env;  /* what interpolation sees */
    const char *file;          /* the file being processed */
    struct wh_map bases;       /* file -> struct wh_base *: files of extends, loaded once for each scope */
};

/* One !reset or !override: what earlier files say at this path is dropped. */
struct wh_reset {
    struct wh_reset *next;
    const char *const *keys; /* the path; list items never match */
    size_t n;
    struct wh_node *kept; /* the value of !override; NULL for !reset */
};

/* A file whose services may be extended. */
struct wh_base {
    const char *path; /* absolute */
    const char *dir;  /* of its own extends.file */
    struct wh_node *services;
    const struct wh_reset *resets;
};

/* Reads and decodes a file into docs (of struct wh_node *); what an earlier call for this path kept is handed over. */
int wh_compose_parse(struct wh_load *l, const char *path, const struct wh_mark *from, struct wh_vec *docs);

/* Takes the tags out of a document: reset values vanish, overriding ones stay. */
const struct wh_reset *wh_resets_collect(struct wh_load *l, struct wh_node *root);
/* Removes from root what the resets name. With section and name, root is that one entry of that section. */
void wh_resets_apply(struct wh_load *l, const struct wh_reset *resets, const char *section, const char *name,
                     struct wh_node *root);

int wh_compose_interpolate(struct wh_scope *s, struct wh_node *root);
void wh_compose_collect_variables(struct wh_load *l, const struct wh_node *n);
int wh_compose_apply_include(struct wh_scope *s, struct wh_node *doc, const struct wh_reset *resets);
int wh_compose_apply_extends(struct wh_scope *s, struct wh_node *doc, const struct wh_reset *resets);

/* Errors for git and registry references (include, extends). 0: path is a local one. */
int wh_compose_refuse_remote(struct wh_load *l, const char *path, const struct wh_mark *mark);

/* Merges one entry of a section ("services", name) as wh_compose_merge does for whole models. */
struct wh_node *wh_compose_merge_entry(struct wh_load *l, const char *section, const char *name, struct wh_node *base,
                                       struct wh_node *over);

/* Loads files into one model: everything up to and including path and environment resolution. from: who asked. */
int wh_compose_load_model(struct wh_scope *s, const char *const *files, size_t n, const struct wh_mark *from,
                          struct wh_node **ret);

/* The services of another file for extends: neither its include nor its extends are followed. service: who asked. */
const struct wh_base *wh_compose_load_base(struct wh_scope *s, const char *path, const char *service,
                                           const struct wh_mark *from);
/* What relative paths of a folder below s get in front of them. */
const char *wh_compose_paths_dir(const struct wh_scope *s, const char *dir);

/* Finds the files, the folder and the interpolation environment of the project (result fields). */
int wh_compose_locate(struct wh_load *l);
/* Sets result.project_name and COMPOSE_PROJECT_NAME; reads `name:` from the config files when it must. */
int wh_compose_name_project(struct wh_load *l);

#endif
