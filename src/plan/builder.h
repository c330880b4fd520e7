/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan while it is being made: services as nodes of the dependency graph, steps with growing lists of needs. */
#ifndef PLAN_BUILDER_H
#define PLAN_BUILDER_H

#include "whale/plan.h"
#include "whale/util/map.h"
#include "whale/util/vec.h"

#define NO_STEP UINT32_MAX

struct edge {
    struct node *to;
    enum wh_condition condition;
    bool required, restart;
};

/* One container of a service, there or to be. */
struct slot {
    const struct wh_plan_container *actual; /* NULL: new */
    const char *name;
    int number;
    bool replaced; /* a new one takes its place */
    bool removed;  /* scaled down */
    bool stopped;  /* by an earlier step of this plan, to be started again */
    bool obsolete;
    const char *reason;
    uint32_t step; /* the last step that concerns it, NO_STEP */
};

struct node {
    const char *name;
    const struct wh_service *service; /* NULL: known only from its containers */
    struct edge *edges;
    size_t n_edges;
    bool selected, named;
    bool replaced; /* a container of it is being replaced */
    int mark;      /* of the depth-first walk */
    struct slot *slots;
    size_t n_slots;
    uint32_t created, started, stopped; /* steps after which all of its containers are so */
};

struct draft {
    struct wh_plan_step step;
    struct wh_vec needs; /* uint32_t */
};

struct builder {
    struct wh_arena *a;
    const struct wh_plan_input *in;
    const struct wh_plan_actual *actual;
    struct wh_vec drafts; /* struct draft */
    struct wh_vec warnings;
    struct wh_map nodes;       /* name -> struct node */
    struct node **order;       /* dependencies first */
    uint32_t ready, all_made;  /* marks: resources are there; containers are there */
    struct wh_map remade_nets; /* name -> anything: networks that are replaced */
    struct wh_map remade_volumes;
    struct wh_err *err;
};

/* graph.c */
int graph_build(struct builder *b); /* nodes, edges, order, slots of existing containers */
int graph_select(struct builder *b, bool with_dependencies);
/* Whether a container belongs to a service that the file does not know (any more); one-offs that have ended too. */
bool graph_is_orphan(const struct builder *b, const struct wh_plan_container *c);

/* builder.c */
uint32_t step_add(struct builder *b, enum wh_step_kind kind, const char *name);
uint32_t step_add_slot(struct builder *b, enum wh_step_kind kind, const struct node *n, const struct slot *s);
uint32_t step_add_container(struct builder *b, enum wh_step_kind kind, const struct wh_plan_container *c);
struct wh_plan_step *step_at(struct builder *b, uint32_t i); /* valid until the next add */
void step_need(struct builder *b, uint32_t step, uint32_t needed);
void warn(struct builder *b, const char *text);

/* resources.c */
int resources_up(struct builder *b);
void resources_down(struct builder *b, uint32_t after);

/* converge.c */
int converge(struct builder *b);
void orphans_up(struct builder *b);

/* start.c */
void start_services(struct builder *b);

/* verbs.c */
void verb_down(struct builder *b);
int verb_start(struct builder *b);
void verb_stop(struct builder *b);
void verb_restart(struct builder *b);
void verb_each(struct builder *b);
void verb_rm(struct builder *b);

/* reason.c */
const char *reason_changed(struct wh_arena *a, const struct wh_node *before, const struct wh_node *now);

#endif
