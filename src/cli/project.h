/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command works on: the project from its files, or only its name and the records of its containers. */
#ifndef WHALE_CLI_PROJECT_H
#define WHALE_CLI_PROJECT_H

#include "cli/cli.h"
#include "whale/compose.h"
#include "whale/model.h"
#include "whale/state.h"

struct wh_cli_project {
    const char *name;
    struct wh_load_result load;
    struct wh_project *model;       /* NULL when only the name is known */
    struct wh_load_result extra[2]; /* further loads whose nodes the model uses (run's options) */
};

/* What the global options ask of the loader; a command adds its own. */
struct wh_load_options wh_cli_load_options(const struct wh_cli *cli);
/* Files are read; warnings are printed, errors too (then -1 with an empty err). Services named in `services` must exist
 * (WH_E_NOT_FOUND "no such service: x"); one that no active profile enables enables its profiles. */
int wh_cli_load(struct wh_cli *cli, const struct wh_opt_list *services, struct wh_cli_project *ret, struct wh_err *err);
/* Only the name, without parsing a file when it is known otherwise. */
int wh_cli_load_name(struct wh_cli *cli, struct wh_cli_project *ret, struct wh_err *err);
/* As wh_cli_load, but only the name when it was given (-p, COMPOSE_PROJECT_NAME) and no file was (-f), or the files
 * cannot be loaded and COMPOSE_PROJECT_NAME is set. */
int wh_cli_load_or_name(struct wh_cli *cli, const struct wh_opt_list *services, struct wh_cli_project *ret,
                        struct wh_err *err);
void wh_cli_project_fini(struct wh_cli_project *p);
#define wh_auto_cli_project WH_CLEANUP(wh_cli_project_fini) struct wh_cli_project

/* A COMPOSE_* variable: of the process, else of the project's .env once that is loaded. NULL when absent. */
const char *wh_cli_env(const struct wh_cli *cli, const char *name);
bool wh_cli_env_is_true(const struct wh_cli *cli, const char *name);

/* Whether names of containers are joined as older versions did: --compatibility or COMPOSE_COMPATIBILITY. */
bool wh_cli_is_compatible(const struct wh_cli *cli);

/* --parallel, else COMPOSE_PARALLEL_LIMIT; 0 or less: no limit. */
int wh_cli_parallel(const struct wh_cli *cli, int64_t *ret, struct wh_err *err);

bool wh_cli_list_has(const struct wh_opt_list *list, const char *text);

/* ---- containers from the records ------------------------------------------------------------------------------- */

struct wh_cli_containers {
    struct wh_container *items; /* by name */
    size_t len;
};

#define WH_CLI_ONEOFF  1u /* one-off containers too */
#define WH_CLI_STOPPED 2u /* also those that do not run (or pause, or restart) */

/* Containers of the project; services: only of these (empty = all), which must be known: by a container or by the
 * project's files, which are read only when a name is not known otherwise. */
int wh_cli_containers(struct wh_cli *cli, struct wh_cli_project *p, const struct wh_opt_list *services, unsigned what,
                      struct wh_cli_containers *ret, struct wh_err *err);
bool wh_cli_is_up(const struct wh_container *c); /* running, paused or restarting */
/* The service's container with this number; index 0 or less: the lowest-numbered that runs, else the lowest. NULL:
 * none. */
struct wh_container *wh_cli_pick(const struct wh_cli_containers *all, const char *service, int64_t index);
/* "web-1": the usual name without the project; a name of its own (container_name, one-off) whole. */
const char *wh_cli_short_name(const struct wh_container_rec *rec);

#endif
