/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics of one load: texts live in the load's arena, so nothing has to be released. */
#include "whale/compose.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Nobody reads more; the rest is counted only. */
#define MAX_ERRORS 200

/* Where chained calls write when memory is short. */
static struct wh_diag *lost(struct wh_diags *d)
{
    static struct wh_diag dummy;
    d->failed = true;
    dummy = (struct wh_diag){.text = "out of memory"};
    return &dummy;
}

static char *format_text(struct wh_arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static char *format_text(struct wh_arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *text = n < 0 ? NULL : wh_arena_alloc(a, (size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

static bool is_same_place(const struct wh_mark *a, const struct wh_mark *b)
{
    return b && a->line && a->line == b->line && a->column == b->column && a->file && b->file &&
           strcmp(a->file, b->file) == 0;
}

static bool is_known(const struct wh_diags *d, const struct wh_mark *mark, const char *text)
{
    for (size_t i = 0; i < d->items.len; i++) {
        const struct wh_diag *old = wh_vec_at(&d->items, struct wh_diag *, i);
        if (old->severity == WH_SEV_ERROR && is_same_place(&old->mark, mark) &&
            (old->covers || strcmp(old->text, text) == 0))
            return true;
    }
    return false;
}

static void note_overflow(struct wh_diags *d)
{
    struct wh_diag *note = wh_arena_new(d->arena, struct wh_diag);
    if (!note || wh_vec_push_ptr(&d->items, note) < 0)
        d->failed = true;
    else
        *note = (struct wh_diag){.severity = WH_SEV_ERROR, .text = "too many errors, the others are left out"};
}

/* False when it is to be left out. */
static bool count_error(struct wh_diags *d, const struct wh_diag *diag)
{
    if (d->n_errors <= MAX_ERRORS && is_known(d, &diag->mark, diag->text))
        return false;
    if (++d->n_errors == MAX_ERRORS + 1)
        note_overflow(d);
    return d->n_errors <= MAX_ERRORS;
}

static struct wh_diag *add(struct wh_diags *d, enum wh_severity severity, const struct wh_mark *mark, const char *fmt,
                           va_list ap) __attribute__((format(printf, 4, 0)));

static struct wh_diag *add(struct wh_diags *d, enum wh_severity severity, const struct wh_mark *mark, const char *fmt,
                           va_list ap)
{
    struct wh_diag *diag = wh_arena_new(d->arena, struct wh_diag);
    char *text = format_text(d->arena, fmt, ap);
    if (!diag || !text)
        return lost(d);
    diag->severity = severity;
    diag->text = text;
    if (mark)
        diag->mark = *mark;
    /* The caller may go on filling one that is left out; nobody will see it. */
    if (severity == WH_SEV_ERROR && !count_error(d, diag))
        return diag;
    return wh_vec_push_ptr(&d->items, diag) < 0 ? lost(d) : diag;
}

struct wh_diag *wh_diag_error(struct wh_diags *d, const struct wh_mark *mark, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wh_diag *diag = add(d, WH_SEV_ERROR, mark, fmt, ap);
    va_end(ap);
    return diag;
}

struct wh_diag *wh_diag_warn(struct wh_diags *d, const struct wh_mark *mark, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wh_diag *diag = add(d, WH_SEV_WARNING, mark, fmt, ap);
    va_end(ap);
    return diag;
}

void wh_diag_hint(struct wh_diags *d, struct wh_diag *diag, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    diag->hint = format_text(d->arena, fmt, ap);
    va_end(ap);
}

void wh_diag_place(struct wh_diags *d, struct wh_diag *diag, const struct wh_mark *mark, const char *label)
{
    struct wh_place *place = wh_arena_new(d->arena, struct wh_place);
    if (!place) {
        d->failed = true;
        return;
    }
    place->mark = *mark;
    place->label = label;
    if (diag->last_place)
        diag->last_place->next = place;
    else
        diag->places = place;
    diag->last_place = place;
}

int wh_diag_take_err(struct wh_diags *d, struct wh_err *take_err)
{
    wh_auto_free char *text = wh_err_text(take_err);
    struct wh_mark mark = take_err->mark;
    /* The error owns its copy of the name. */
    if (mark.file)
        mark.file = wh_arena_strdup(d->arena, mark.file);
    struct wh_diag *diag = wh_diag_error(d, &mark, "%s", text ? text : "out of memory");
    if (take_err->hint)
        wh_diag_hint(d, diag, "%s", take_err->hint);
    wh_err_fini(take_err);
    return -1;
}
