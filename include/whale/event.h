/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one vocabulary of progress and life-cycle events. The supervisor emits them, the image helper's progress is
 * turned into them, ui draws them, `events` prints them. On the wire an event is one JSON object with the same keys.
 */
#ifndef WHALE_EVENT_H
#define WHALE_EVENT_H

#include "whale/codec/node.h"
#include "whale/util/arena.h"
#include "whale/util/err.h"

#include <stdint.h>

enum wh_event_kind {
    WH_EVENT_PROGRESS,  /* a resource moves: "Container p-web-1" "Starting" ... (see status) */
    WH_EVENT_LIFECYCLE, /* what `events` shows: action of a container, with attributes */
    WH_EVENT_LOG_EXIT,  /* an attached container ended: name, service, exit_code, restarting */
    WH_EVENT_HOOK,      /* what a post_start hook has written: container, service, text */
    WH_EVENT_WARNING,   /* one sentence for the user */
    WH_EVENT_DONE,      /* last event of a request: exit_code and, when it failed, error */
    WH_EVENT_KIND_MAX_,
};

enum wh_event_status { WH_STATUS_WORKING, WH_STATUS_DONE, WH_STATUS_WARNING, WH_STATUS_ERROR, WH_STATUS_MAX_ };

struct wh_event {
    enum wh_event_kind kind;
    enum wh_event_status status;
    const char *id;        /* PROGRESS: "Container p-web-1", "Network p_default", "Volume p_v", "Image x" */
    const char *parent_id; /* layers of a pull: the image's id; else NULL */
    const char *text;      /* PROGRESS: "Creating", "Created", ...; WARNING: the sentence; DONE: error text or NULL */
    const char *details;   /* more after the text, or NULL */
    int64_t current_bytes, total_bytes; /* pulls; 0 = unknown */

    int64_t time_ns;          /* real time */
    const char *action;       /* LIFECYCLE: create start die kill stop restart pause unpause destroy oom exec_create
                                 exec_start exec_die health_status: healthy, rename, attach, resize */
    const char *container_id; /* 64 hex digits */
    const char *container;    /* name */
    const char *service;
    const struct wh_node *attributes; /* map of strings (image, name, exitCode, signal, labels), or NULL */
    int exit_code;                    /* LOG_EXIT, DONE, LIFECYCLE die */
    bool restarting;                  /* LOG_EXIT: the restart policy starts it again */
    const char *hint;                 /* DONE with error, WARNING: what to do next, or NULL */
    const char *value;                /* DONE with error: which value of the project is to blame (wh_err_in), or NULL */
};

extern const char *const wh_event_kind_text[WH_EVENT_KIND_MAX_];
extern const char *const wh_event_status_text[WH_STATUS_MAX_]; /* "Working", "Done", "Warning", "Error" */

/* The event as a JSON object node; fields that are unset are left out. */
struct wh_node *wh_event_to_node(struct wh_arena *a, const struct wh_event *e);
/* Strings in *ret point into the node's arena. Unknown keys are ignored, unknown kinds are errors. */
int wh_event_from_node(const struct wh_node *n, struct wh_event *ret, struct wh_err *err);

#endif
