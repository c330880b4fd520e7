/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that is drawn: progress of operations, tables, container output with prefixes, and the small texts in
 * them. Consumes events (whale/event.h), never calls the engine.
 */
#ifndef WHALE_UI_H
#define WHALE_UI_H

#include "whale/event.h"
#include "whale/util/err.h"
#include "whale/util/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- terminals ------------------------------------------------------------------------------------------------- */

enum wh_ansi { WH_ANSI_AUTO, WH_ANSI_ALWAYS, WH_ANSI_NEVER };

/* "auto", "always", "never" or NULL (auto). */
enum wh_ansi wh_ui_ansi(const char *text);
bool wh_ui_is_terminal(int fd);
/* Size of the terminal behind fd; 24 x 80 when it is none. */
void wh_ui_terminal_size(int fd, int *ret_rows, int *ret_columns);
/* Whether text on fd is coloured: always, or a terminal unless never, NO_COLOR or TERM=dumb for colour only. */
bool wh_ui_wants_color(int fd, enum wh_ansi ansi);

/* ---- texts ----------------------------------------------------------------------------------------------------- */

/* "Less than a second", "3 seconds", "About a minute", "2 hours", "3 weeks"...; buf of at least 32 bytes. */
char *wh_ui_duration(int64_t ns, char *buf, size_t size);

struct wh_ui_port {
    const char *host_ip; /* "" = not published; "0.0.0.0", "::", "127.0.0.1" */
    uint16_t published;  /* 0 = not published */
    uint16_t target;
    const char *protocol;
};
/* The PORTS column: "80/tcp, 127.0.0.1:8001->8000/tcp", ranges folded where docker folds them. Sorts items. */
void wh_ui_ports(struct wh_ui_port *items, size_t n, struct wh_str *out);

/* Cuts to `max` characters, the last of them an ellipsis when something was cut. */
void wh_ui_ellipsis(const char *text, size_t max, struct wh_str *out);
/* Columns that UTF-8 text takes; invalid bytes count as one. */
size_t wh_ui_width(const char *text, size_t len);
/*
 * Copies text of foreign origin for a terminal: control characters other than tab and newline are dropped, escape
 * sequences too unless they only set colours and attributes (SGR).
 */
void wh_ui_filter(const char *text, size_t len, struct wh_str *out);

/* ---- tables ---------------------------------------------------------------------------------------------------- */

/* Lines whose cells are separated by tabs ("NAME\tIMAGE\n...") with columns aligned: at least min_width wide, `gap`
 * blanks apart; nothing behind the last cell. */
void wh_ui_table(const char *lines, size_t min_width, size_t gap, struct wh_str *out);
#define WH_UI_TABLE_GAP 3 /* of all lists but top */

/* ---- progress -------------------------------------------------------------------------------------------------- */

enum wh_progress_mode { WH_PROGRESS_AUTO, WH_PROGRESS_TTY, WH_PROGRESS_PLAIN, WH_PROGRESS_JSON, WH_PROGRESS_QUIET };

struct wh_progress_options {
    enum wh_progress_mode mode; /* AUTO: tty when the stream is a terminal and ansi allows it, else plain */
    enum wh_ansi ansi;
    FILE *stream;      /* stderr, or stdout with COMPOSE_STATUS_STDOUT */
    const char *title; /* "up", "down": header of the live view */
    bool dry_run;
};

struct wh_progress;

struct wh_progress *wh_progress_new(const struct wh_progress_options *o); /* NULL when memory is short */
/* PROGRESS and WARNING events are shown, others ignored. */
void wh_progress_event(struct wh_progress *p, const struct wh_event *e);
/* How long a caller may sleep before wh_progress_tick, -1 = as long as it likes. */
int wh_progress_tick_ms(const struct wh_progress *p);
void wh_progress_tick(struct wh_progress *p);
/* A line beside the progress (a warning, a question): the live view is taken off and drawn again behind it. */
void wh_progress_say(struct wh_progress *p, const char *text);
/* Draws the final state so that it stays in the scrollback; the view is empty afterwards and can be used again. */
void wh_progress_finish(struct wh_progress *p);
void wh_progress_free(struct wh_progress *p);

/* ---- container output ------------------------------------------------------------------------------------------ */

struct wh_logview_options {
    bool prefix;
    bool timestamps;
    bool stderr_apart; /* container's stderr goes to `err`, else to `out` */
    enum wh_ansi ansi; /* NEVER also for --no-color */
    FILE *out, *err;
};

struct wh_logview;
struct wh_logsource; /* one container's output; keeps what has no newline yet */

struct wh_logview *wh_logview_new(const struct wh_logview_options *o);
/* name: what the prefix shows ("web-1"); each service has its colour. Owned by the view. Lines are padded to the
 * longest name of those that have written something so far. */
struct wh_logsource *wh_logview_source(struct wh_logview *v, const char *name, const char *service);
/* It has a line waiting: lines of others that are written before it are padded to its name, too. */
void wh_logview_expect(struct wh_logview *v, const struct wh_logsource *s);
/* Adds output. Complete lines are written; partial ends are kept per stream until the rest or wh_logview_end. */
void wh_logview_add(struct wh_logview *v, struct wh_logsource *s, int64_t time_ns, bool is_stderr, const char *text,
                    size_t len);
void wh_logview_end(struct wh_logview *v, struct wh_logsource *s);
/* "web-1 exited with code 3", with "(restarting)" */
void wh_logview_exit(struct wh_logview *v, const char *name, int exit_code, bool restarting);
/* "web-1 has been recreated" */
void wh_logview_status(struct wh_logview *v, const char *name, const char *text);
void wh_logview_flush(struct wh_logview *v);
void wh_logview_free(struct wh_logview *v);

#endif
