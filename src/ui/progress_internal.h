/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One renderer per progress mode behind a table of functions. */
#ifndef WHALE_UI_PROGRESS_INTERNAL_H
#define WHALE_UI_PROGRESS_INTERNAL_H

#include "whale/ui.h"
#include "whale/util/map.h"
#include "whale/util/vec.h"

struct wh_progress_renderer {
    int tick_ms; /* -1 = needs no ticks */
    void (*event)(struct wh_progress *p, const struct wh_event *e);
    void (*say)(struct wh_progress *p, const char *text);
    void (*tick)(struct wh_progress *p);   /* NULL where tick_ms is -1 */
    void (*finish)(struct wh_progress *p); /* may be NULL */
    void (*fini)(struct wh_progress *p);   /* releases `state`; may be NULL */
};

struct wh_progress {
    struct wh_progress_options options;
    const struct wh_progress_renderer *renderer;
    void *state; /* of the renderer */
};

extern const struct wh_progress_renderer wh_progress_tty;

#endif
