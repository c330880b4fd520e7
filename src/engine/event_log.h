/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened lately, for `events --since`: lines of JSON in the project's run folder, which outlive the supervisor.
 * Two files of bounded size; the older one is dropped when the newer one is full. Reading: wh_engine_past_events.
 */
#ifndef WHALE_ENGINE_EVENT_LOG_H
#define WHALE_ENGINE_EVENT_LOG_H

#include "engine/loop.h"
#include "whale/event.h"
#include "whale/util/str.h"

#define WH_EVENT_LOG_MAX_BYTES ((size_t)128 << 10) /* of one file; some 300 events */

/* Of the file that is written, or the older one; NULL when memory is short. past_events.c. */
char *wh_event_log_path(const char *project, bool older);

struct wh_event_log {
    struct wh_loop *loop;
    const char *project; /* borrowed */
    struct wh_str pending;
    bool is_scheduled;
};

/* Written with everything else of this turn of the loop. What cannot be written is lost: it is only a memory. */
void wh_event_log_add(struct wh_event_log *log, const struct wh_event *e);
void wh_event_log_flush(struct wh_event_log *log);

#endif
