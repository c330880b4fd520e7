/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choice of the progress renderer, and those that write lines: plain, JSON, none. */
#include "ui/progress_internal.h"

#include "whale/codec/json.h"
#include "whale/util/size.h"
#include "whale/util/time.h"

#include <string.h>

/* ---- plain ----------------------------------------------------------------------------------------------------- */

/* "12.3MB/56MB" or "" */
static void format_bytes(const struct wh_event *e, char *buf, size_t size)
{
    char current[32], total[32];
    buf[0] = '\0';
    if (e->total_bytes > 0)
        snprintf(buf, size, "%s/%s", wh_size_format_si(e->current_bytes, current, sizeof(current)),
                 wh_size_format_si(e->total_bytes, total, sizeof(total)));
}

/* Last line of each resource, so that a download does not print a line per block. */
struct plain_state {
    struct wh_map seen; /* id -> char * text and tenth of the work */
};

static bool is_repeated(struct wh_progress *p, const struct wh_event *e, const char *text)
{
    if (!p->state)
        p->state = calloc(1, sizeof(struct plain_state));
    struct plain_state *s = p->state;
    int64_t tenth = e->total_bytes > 0 ? e->current_bytes * 10 / e->total_bytes : 0;
    char *now = wh_fmt("%s %lld", text, (long long)tenth);
    char *before = s ? wh_map_get(&s->seen, e->id ? e->id : "") : NULL;
    if (!s || !now || (before && strcmp(before, now) == 0)) {
        free(now);
        return s && before;
    }
    if (wh_map_set(&s->seen, e->id ? e->id : "", now) < 0)
        free(now);
    free(before);
    return false;
}

static void plain_event(struct wh_progress *p, const struct wh_event *e)
{
    FILE *to = p->options.stream;
    const char *text = e->text ? e->text : "";
    char bytes[72];
    if (e->kind == WH_EVENT_PROGRESS && is_repeated(p, e, text))
        return;
    format_bytes(e, bytes, sizeof(bytes));
    wh_auto_str line = {0}; /* the stream may be unbuffered: one write for each line */
    if (e->parent_id)
        wh_str_fmt(&line, " %s", e->parent_id);
    wh_str_fmt(&line, " %s %s ", e->id ? e->id : "", text); /* with a blank at the end, as docker compose */
    wh_str_fmt(&line, "%s%s%s\n", e->details ? e->details : "", e->details && *bytes ? " " : "", bytes);
    fwrite(wh_str_c(&line), 1, line.len, to);
    fflush(to);
}

static void plain_say(struct wh_progress *p, const char *text)
{
    fprintf(p->options.stream, "%s\n", text);
    fflush(p->options.stream);
}

static void plain_fini(struct wh_progress *p)
{
    struct plain_state *s = p->state;
    if (!s)
        return;
    for (size_t i = 0; i < s->seen.len; i++)
        free(s->seen.entries[i].value);
    wh_map_fini(&s->seen);
    free(s);
}

static const struct wh_progress_renderer plain = {
    .tick_ms = -1, .event = plain_event, .say = plain_say, .fini = plain_fini};

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void write_json(struct wh_progress *p, const struct wh_node *o)
{
    wh_auto_str out = {0};
    wh_json_write(o, WH_JSON_COMPACT, &out);
    fprintf(p->options.stream, "%s\n", wh_str_c(&out));
    fflush(p->options.stream);
}

static void json_event(struct wh_progress *p, const struct wh_event *e)
{
    wh_auto_arena a = {0};
    struct wh_node *o = wh_node_map(&a, NULL);
    wh_node_put_str(&a, o, "id", e->id);
    wh_node_put_str(&a, o, "parent_id", e->parent_id);
    wh_node_put_str(&a, o, "status", wh_event_status_text[e->status]);
    wh_node_put_str(&a, o, "text", e->text);
    wh_node_put_str(&a, o, "details", e->details);
    if (e->current_bytes || e->total_bytes) {
        wh_node_put_int(&a, o, "current", e->current_bytes);
        wh_node_put_int(&a, o, "total", e->total_bytes);
        wh_node_put_int(&a, o, "percent", e->total_bytes > 0 ? e->current_bytes * 100 / e->total_bytes : 0);
    }
    write_json(p, o);
}

static void json_say(struct wh_progress *p, const char *text)
{
    wh_auto_arena a = {0};
    struct wh_node *o = wh_node_map(&a, NULL);
    char time[40];
    wh_node_put_str(&a, o, "level", "warning");
    wh_node_put_str(&a, o, "msg", text);
    wh_node_put_str(&a, o, "time", wh_time_format(wh_now_real_ns(), time, sizeof(time)));
    write_json(p, o);
}

static const struct wh_progress_renderer json = {.tick_ms = -1, .event = json_event, .say = json_say};

/* ---- nothing --------------------------------------------------------------------------------------------------- */

static void quiet_event(struct wh_progress *p, const struct wh_event *e)
{
}

/* Warnings are no progress. */
static const struct wh_progress_renderer quiet = {.tick_ms = -1, .event = quiet_event, .say = plain_say};

/* ---- the choice ------------------------------------------------------------------------------------------------ */

static const struct wh_progress_renderer *choose(const struct wh_progress_options *o)
{
    static const struct wh_progress_renderer *const by_mode[] = {
        [WH_PROGRESS_TTY] = &wh_progress_tty,
        [WH_PROGRESS_PLAIN] = &plain,
        [WH_PROGRESS_JSON] = &json,
        [WH_PROGRESS_QUIET] = &quiet,
    };
    const char *term = getenv("TERM");
    bool is_live = wh_ui_is_terminal(fileno(o->stream)) && o->ansi != WH_ANSI_NEVER && !wh_streq(term, "dumb");
    if (o->mode == WH_PROGRESS_AUTO)
        return is_live ? &wh_progress_tty : &plain;
    return by_mode[o->mode];
}

struct wh_progress *wh_progress_new(const struct wh_progress_options *o)
{
    struct wh_progress *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->options = *o;
    p->renderer = choose(o);
    return p;
}

void wh_progress_event(struct wh_progress *p, const struct wh_event *e)
{
    if (e->kind == WH_EVENT_PROGRESS)
        p->renderer->event(p, e);
    else if (e->kind == WH_EVENT_WARNING && e->text)
        p->renderer->say(p, e->text);
}

int wh_progress_tick_ms(const struct wh_progress *p)
{
    return p->renderer->tick_ms;
}

void wh_progress_tick(struct wh_progress *p)
{
    if (p->renderer->tick)
        p->renderer->tick(p);
}

void wh_progress_say(struct wh_progress *p, const char *text)
{
    p->renderer->say(p, text);
}

void wh_progress_finish(struct wh_progress *p)
{
    if (p->renderer->finish)
        p->renderer->finish(p);
    fflush(p->options.stream);
}

void wh_progress_free(struct wh_progress *p)
{
    if (!p)
        return;
    if (p->renderer->fini)
        p->renderer->fini(p);
    free(p);
}
