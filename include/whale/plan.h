/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what is wanted and what is there to what is to be done: a list of steps in a graph of needs. Pure: no I/O, no
 * clock, the same input gives the same steps in the same order. The engine executes the steps, `plan` and --dry-run
 * print them.
 *
 * Order of an `up`: networks and volumes; then all containers are made or replaced; then services start, each after
 * those it depends on and after its conditions are met. So when a start fails, its dependents exist as "created".
 * A step whose need failed is not executed; the others go on. An `optional` step is executed when all its needs have
 * ended in any way, and its own failure only warns.
 */
#ifndef WHALE_PLAN_H
#define WHALE_PLAN_H

#include "whale/model.h"
#include "whale/util/arena.h"
#include "whale/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- input ------------------------------------------------------------------------------------------------------ */

enum wh_plan_op {
    WH_PLAN_UP, /* also create (no_start), scale, and the dependencies of run */
    WH_PLAN_DOWN,
    WH_PLAN_START,
    WH_PLAN_STOP,
    WH_PLAN_RESTART,
    WH_PLAN_KILL,
    WH_PLAN_PAUSE,
    WH_PLAN_UNPAUSE,
    WH_PLAN_RM,
};

enum wh_plan_status { WH_PLAN_CREATED, WH_PLAN_RUNNING, WH_PLAN_PAUSED, WH_PLAN_ENDED };

struct wh_plan_container {
    const char *id, *name, *service;
    int number;
    bool oneoff;
    enum wh_plan_status status; /* restarting counts as running */
    const char *image_id, *hash;
    const char *image_volumes;          /* as in struct wh_plan_hash */
    struct wh_texts networks, volumes;  /* names on the host; volumes: without anonymous ones */
    const char *depends_on;             /* label: "db:service_healthy:false,..." */
    const struct wh_node *parents;      /* containers it shares namespaces or volumes of: service to id; may be NULL */
    const struct wh_node *service_node; /* as it was made; for reasons; may be NULL */
};

struct wh_plan_resource { /* a network or volume that exists */
    const char *name, *key, *project, *hash;
};

struct wh_plan_actual {
    const struct wh_plan_container *containers; /* of the project, one-offs included */
    size_t n_containers;
    const struct wh_plan_resource *networks; /* of the host */
    size_t n_networks;
    const struct wh_plan_resource *volumes;
    size_t n_volumes;
};

struct wh_plan_hash { /* by service, network or volume key */
    const char *key, *hash;
    const char *image_id;      /* services */
    const char *image_volumes; /* services: "TARGET=IMAGE_ID,..." of the images they mount, or NULL */
};

struct wh_plan_hashes {
    const struct wh_plan_hash *items;
    size_t len;
};

struct wh_plan_input {
    enum wh_plan_op op;
    const char *project_name;
    const struct wh_project *project; /* NULL: services and their order come from the containers */
    struct wh_texts services;         /* named ones; none = all */
    struct wh_texts disabled;         /* services of inactive profiles: known, but not wanted */
    struct wh_plan_hashes service_hashes, network_hashes, volume_hashes;
    const char *run_service; /* UP: only what a one-off of this service needs */

    bool no_start, no_deps, force_recreate, no_recreate, always_recreate_deps, renew_anonymous;
    struct wh_texts remade_volumes; /* UP: names of those that are made anew when their definition has changed */
    bool remove_orphans, ignore_orphans;
    bool underscores;   /* names of containers are joined with _ (--compatibility) */
    bool all_resources; /* UP: networks and volumes that no service uses, too */
    bool wait;          /* UP, START: end when everything is running or healthy */
    bool volumes;       /* DOWN: named and anonymous volumes too; RM: anonymous ones */
    bool stop;          /* RM: running ones too */
};

/* ---- output ----------------------------------------------------------------------------------------------------- */

enum wh_step_kind {
    WH_STEP_MARK, /* nothing to do: joins needs */
    WH_STEP_NETWORK_CREATE,
    WH_STEP_NETWORK_REMOVE,
    WH_STEP_VOLUME_CREATE,
    WH_STEP_VOLUME_REMOVE,
    WH_STEP_CREATE,
    WH_STEP_RECREATE, /* stops and replaces container_id */
    WH_STEP_KEEP,     /* is as wanted and runs */
    WH_STEP_PRE_START,
    WH_STEP_START,
    WH_STEP_STOP,
    WH_STEP_KILL,
    WH_STEP_PAUSE,
    WH_STEP_UNPAUSE,
    WH_STEP_REMOVE,
    WH_STEP_WAIT,
    WH_STEP_KIND_MAX_,
};
extern const char *const wh_step_text[WH_STEP_KIND_MAX_]; /* "create network" ..., for plan output */

enum wh_wait_kind { WH_WAIT_STARTED, WH_WAIT_HEALTHY, WH_WAIT_COMPLETED, WH_WAIT_READY /* running or healthy */ };

struct wh_plan_step {
    enum wh_step_kind kind;
    const char *service;      /* NULL for networks and volumes */
    const char *key;          /* networks, volumes: key in the file */
    const char *name;         /* of the container, network or volume; PRE_START, MARK: of the service */
    int number;               /* containers */
    const char *container_id; /* the container that is there, NULL = the one that an earlier step makes */
    enum wh_wait_kind wait;
    bool optional;         /* see above */
    bool keeps_anonymous;  /* RECREATE: its anonymous volumes are carried over */
    bool removes_volumes;  /* REMOVE: its anonymous volumes too */
    bool is_restart;       /* STOP, START of `restart` */
    const char *dependent; /* WAIT: who waits, NULL = the user (--wait) */
    const char *reason;    /* why, or NULL: "environment.V changed" */
    const uint32_t *needs; /* indexes of earlier steps */
    size_t n_needs;
};

struct wh_plan {
    const struct wh_plan_step *steps;
    size_t n_steps;
    struct wh_texts warnings; /* sentences for the user */
};

/* Everything in *ret lives in `a` or in the input. -1: what is asked cannot be (unknown service, external network that
 * is not there, container_name with several replicas, no container to start). */
int wh_plan_make(struct wh_arena *a, const struct wh_plan_input *in, const struct wh_plan_actual *actual,
                 struct wh_plan *ret, struct wh_err *err);

/* "proj-svc-1", or the service's container_name. */
const char *wh_plan_container_name(struct wh_arena *a, const struct wh_plan_input *in, const struct wh_service *s,
                                   int number);

#endif
