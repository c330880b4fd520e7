/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mutating request while it is being served: its plan, the state of each step, what comes after. */
#ifndef ENGINE_OP_H
#define ENGINE_OP_H

#include "whale/plan.h"

#include "engine/ctr.h"

struct op;

enum step_state { STEP_PENDING, STEP_RUNNING, STEP_DONE, STEP_FAILED };

struct run_step {
    struct op *op;
    const struct wh_plan_step *plan;
    enum step_state state;
    size_t n_left; /* needs that have not ended */
    bool need_failed;
    struct ctr *c; /* that it works on, while running */
    struct ctr_watch watch;
    bool is_watching;
    struct wh_timer timer;
    size_t next_hook;    /* PRE_START */
    uint32_t *followers; /* steps that need this one */
    size_t n_followers;
};

struct op {
    struct wh_policy *p;
    struct wh_request *r;
    struct wh_project *project; /* NULL: none came */
    struct wh_plan_input in;
    struct wh_plan plan;
    struct run_step *steps;
    size_t n_open;                                    /* steps that have not ended */
    size_t n_busy, max_busy;                          /* steps at work; waits do not count. Most of them, 0 = any */
    struct wh_vec ready;                              /* uint32_t: steps whose needs have ended */
    bool is_begun, is_cancelled, is_pumping, is_over; /* over: `after` has it now */
    int cancel_code;
    int64_t timeout_ns; /* of stops; -1 = each container's own */
    int kill_signal;
    struct wh_timer wait_timer;
    int64_t wait_timeout_s;
    struct wh_err err;
    const struct wh_node *options, *meta;
    struct wh_texts images;       /* `down --rmi` without a file: what to remove in the end */
    void (*after)(struct op *op); /* when all steps ended well; ends in op_done. NULL: op_done */
};

/* op.c */
void op_start_request(struct wh_request *r, struct wh_policy *p, enum wh_plan_op verb, void (*after)(struct op *));
/* Takes the operation out of the queue; without handing the request over it is answered. */
void op_done(struct op *op, int exit_code);
struct wh_request *op_release(struct op *op); /* dequeues and frees op, the request stays the caller's */
void op_fail(struct op *op, struct wh_err *take_err);
void op_cancel(struct op *op, int code);

/* executor.c */
int op_prepare_steps(struct op *op);
void op_pump(struct op *op);
void step_done(struct run_step *s);
void step_failed(struct run_step *s, struct wh_err *take_err);
void step_watch(struct run_step *s, struct ctr *c, void (*fn)(struct ctr_watch *, struct ctr *));
bool op_only_waits(const struct op *op);

/* steps.c, steps_wait.c, steps_hook.c */
extern void (*const step_runners[WH_STEP_KIND_MAX_])(struct run_step *);
void run_wait(struct run_step *s);
void run_pre_start(struct run_step *s);
/* Removes containers of failed pre_start hooks whose service has no other container, or is `again` (may be NULL). */
void hooks_tidy(struct wh_policy *p, const char *again);
void step_progress(struct run_step *s, enum wh_event_status status, const char *text);
void create_request_fill(struct op *op, const struct wh_service *service, struct create_request *ret);

/* op_down.c, op_run.c, op_session.c, op_list.c */
void handle_down(struct wh_request *r, void *policy);
void op_note_images(struct op *op);
/* The image under the name that users know, once; there must be room for it. */
void op_add_image(struct wh_arena *a, struct wh_texts *images, const char *text);
void handle_run(struct wh_request *r, void *policy);
void handle_exec(struct wh_request *r, void *policy);
void handle_attach(struct wh_request *r, void *policy);
void handle_wait(struct wh_request *r, void *policy);
void handle_containers(struct wh_request *r, void *policy);

#endif
