/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the passes of the back half share among themselves. */
#ifndef WHALE_COMPOSE_PASSES_H
#define WHALE_COMPOSE_PASSES_H

#include "fields.h"
#include "internal.h"

/* Keys that begin like this are the loader's own notes inside the tree; they are never printed. */
#define WH_KEY_PRIVATE "x-#"
#define WH_KEY_VALUE   "x-#value" /* text of a config or secret that comes from a variable */

/* ---- conversion of single values; NULL: left out (or an error was reported) ---- */

struct wh_convert {
    struct wh_load *l;
    size_t n_errors;
};

struct wh_node *wh_convert_pairs(struct wh_convert *c, const struct wh_path *path, struct wh_node *n, bool keep_null);
struct wh_node *wh_convert_texts(struct wh_convert *c, const struct wh_path *path, struct wh_node *n, bool keep_empty);
struct wh_node *wh_convert_hosts(struct wh_convert *c, const struct wh_path *path, struct wh_node *n);
struct wh_node *wh_convert_ssh(struct wh_convert *c, struct wh_node *n);
struct wh_node *wh_convert_words_map(struct wh_convert *c, struct wh_node *n);
struct wh_node *wh_convert_command(struct wh_convert *c, const struct wh_path *path, struct wh_node *n);
struct wh_node *wh_convert_test(struct wh_convert *c, const struct wh_path *path, struct wh_node *n);
/* Numbers that are not whole are no texts, as docker compose has it: false after an error. */
bool wh_convert_is_text(struct wh_convert *c, const struct wh_path *path, const struct wh_node *n);
struct wh_diag *wh_convert_fail(struct wh_convert *c, const struct wh_path *path, const struct wh_node *n,
                                const char *text);

/* What docker compose calls the type of a value: "float64", "[]interface {}". */
const char *wh_compose_type_name(const struct wh_node *n);

/* Sets one key of every service to its canonical value; called once, before normalize. */
int wh_compose_convert(struct wh_load *l, struct wh_node *root);

/* Reads env_file and label_file of the services of map. */
int wh_compose_read_env_files(struct wh_load *l, const struct wh_node *services);
/* Two services that take part cannot have one container_name. */
void wh_compose_check_container_names(struct wh_load *l, const struct wh_node *root);
/* Removes networks, volumes, secrets, configs and models that no service uses. */
void wh_compose_prune(struct wh_load *l, struct wh_node *root);
/* Warns of attributes that are accepted and not acted on. */
void wh_compose_warn_unsupported(struct wh_load *l, const struct wh_node *root);
/* Warns of values that are accepted and cannot work as they were probably meant. */
void wh_compose_advise(struct wh_load *l, const struct wh_node *root);
/* Reports circles of depends_on. */
void wh_compose_check_cycles(struct wh_load *l, const struct wh_node *root);
/* Adds to the JSON form what a runtime needs besides; returns tree. */
struct wh_node *wh_compose_add_runtime(struct wh_load_result *r, struct wh_node *tree);
/* Names of the services, dependencies first, then by name; a cycle's members come last. Returns a list node. */
struct wh_node *wh_compose_service_order(struct wh_arena *a, const struct wh_node *root);

#endif
