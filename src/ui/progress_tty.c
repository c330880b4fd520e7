/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live view: one line per resource, drawn in place. Only lines that changed are written, inside one synchronised
 * update, with relative moves; when there are more resources than rows, what fails or works is shown and the rest is a
 * count, so nothing ever scrolls. At the end the complete list is printed once and stays in the scrollback.
 */
#include "ui/progress_internal.h"

#include "whale/util/size.h"
#include "whale/util/time.h"

#include <stdarg.h>
#include <string.h>

#define TICK_MS   100
#define MIN_ROWS  4
#define MIN_ID    10
#define SYNC_ON   "\033[?2026h"
#define SYNC_OFF  "\033[?2026l"
#define HIDE      "\033[?25l"
#define SHOW      "\033[?25h"
#define CLEAR_EOL "\033[K"

struct item {
    char *id, *text, *details;
    enum wh_event_status status;
    int64_t started_ns, ended_ns; /* monotonic; ended 0 while working */
    struct item *parent;          /* layers of a pull are summed up in it */
    int64_t current, total;
};

struct tty_state {
    struct wh_vec items;  /* struct item *, in order of appearance */
    struct wh_map by_id;  /* id -> struct item * */
    struct wh_strv drawn; /* lines on the screen */
    int64_t started_ns;
    unsigned frame;
    bool color;
};

static struct tty_state *state_of(struct wh_progress *p)
{
    if (!p->state) {
        struct tty_state *s = calloc(1, sizeof(*s));
        if (!s)
            return NULL;
        s->items = WH_VEC(struct item *);
        s->started_ns = wh_now_mono_ns();
        s->color = wh_ui_wants_color(fileno(p->options.stream), p->options.ansi);
        p->state = s;
    }
    return p->state;
}

/* ---- the model ------------------------------------------------------------------------------------------------- */

static struct item *find_item(struct tty_state *s, const char *id)
{
    struct item *i = wh_map_get(&s->by_id, id);
    if (i)
        return i;
    i = calloc(1, sizeof(*i));
    if (!i || wh_vec_push_ptr(&s->items, i) < 0) {
        free(i);
        return NULL;
    }
    i->id = strdup(id);
    i->started_ns = wh_now_mono_ns();
    wh_map_set(&s->by_id, id, i);
    return i;
}

static void replace_text(char **at, const char *text)
{
    free(*at);
    *at = text ? strdup(text) : NULL;
}

static void update_item(struct item *i, const struct wh_event *e)
{
    replace_text(&i->text, e->text);
    replace_text(&i->details, e->details);
    if (i->ended_ns && e->status == WH_STATUS_WORKING)
        i->started_ns = wh_now_mono_ns(); /* a second operation on the same resource */
    i->status = e->status;
    i->ended_ns = e->status == WH_STATUS_WORKING ? 0 : wh_now_mono_ns();
    if (e->total_bytes >= i->total) {
        i->total = e->total_bytes;
        i->current = e->current_bytes > i->current ? e->current_bytes : i->current; /* bars never go back */
    }
}

static void tty_event(struct wh_progress *p, const struct wh_event *e)
{
    struct tty_state *s = state_of(p);
    wh_auto_free char *layer = e->parent_id ? wh_fmt("%s %s", e->parent_id, e->id ? e->id : "") : NULL;
    struct item *i = s ? find_item(s, layer ? layer : e->id ? e->id : "") : NULL;
    if (!i)
        return;
    if (e->parent_id)
        i->parent = find_item(s, e->parent_id);
    update_item(i, e);
}

/* ---- one line -------------------------------------------------------------------------------------------------- */

static const char *const spinner[] = {"\xe2\xa0\x8b", "\xe2\xa0\x99", "\xe2\xa0\xb9", "\xe2\xa0\xb8", "\xe2\xa0\xbc",
                                      "\xe2\xa0\xb4", "\xe2\xa0\xa6", "\xe2\xa0\xa7", "\xe2\xa0\x87", "\xe2\xa0\x8f"};
static const struct {
    const char *mark, *color;
} marks[WH_STATUS_MAX_] = {
    [WH_STATUS_WORKING] = {NULL, "33"},
    [WH_STATUS_DONE] = {"\xe2\x9c\x94", "32"},
    [WH_STATUS_WARNING] = {"!", "33;1"},
    [WH_STATUS_ERROR] = {"\xe2\x9c\x98", "31;1"},
};

static void add_colored(const struct tty_state *s, const char *color, const char *text, struct wh_str *out)
{
    if (s->color)
        wh_str_fmt(out, "\033[%sm%s\033[0m", color, text);
    else
        wh_str_add(out, text);
}

/* Text cut to `columns` and, with pad, filled up to them. */
static void add_cell(const char *text, size_t columns, bool pad, struct wh_str *out)
{
    wh_auto_str safe = {0}, cut = {0};
    wh_ui_filter(text, strlen(text), &safe);
    if (wh_ui_width(wh_str_c(&safe), safe.len) > columns)
        wh_ui_ellipsis(wh_str_c(&safe), columns, &cut);
    else
        wh_str_add(&cut, wh_str_c(&safe));
    size_t width = wh_ui_width(wh_str_c(&cut), cut.len);
    wh_str_add(out, wh_str_c(&cut));
    if (pad && width < columns)
        wh_str_fmt(out, "%*s", (int)(columns - width), "");
}

/* Bytes of the item's layers, and one braille cell per layer that fills up. */
static void add_layers(const struct tty_state *s, const struct item *parent, struct wh_str *out)
{
    static const char *const heights[] = {"\xe2\xa0\x80", "\xe2\xa1\x80", "\xe2\xa3\x80",
                                          "\xe2\xa3\x84", "\xe2\xa3\xa4", "\xe2\xa3\xa6",
                                          "\xe2\xa3\xb6", "\xe2\xa3\xb7", "\xe2\xa3\xbf"};
    int64_t current = 0, total = 0;
    wh_auto_str bar = {0};
    for (size_t i = 0; i < s->items.len; i++) {
        const struct item *layer = wh_vec_at(&s->items, struct item *, i);
        if (layer->parent != parent)
            continue;
        bool full = layer->status != WH_STATUS_WORKING;
        current += full ? layer->total : layer->current;
        total += layer->total;
        int64_t height = full ? 8 : layer->total > 0 ? layer->current * 8 / layer->total : 0;
        wh_str_add(&bar, heights[height < 0 ? 0 : height > 8 ? 8 : height]);
    }
    if (bar.len == 0)
        return;
    char a[32], b[32];
    wh_str_fmt(out, " [%s] %s/%s", wh_str_c(&bar), wh_size_format_si(current, a, sizeof(a)),
               wh_size_format_si(total, b, sizeof(b)));
}

static void render_item(const struct tty_state *s, const struct item *i, size_t id_width, int columns,
                        struct wh_str *out)
{
    char elapsed[24];
    wh_auto_str detail = {0};
    int64_t end = i->ended_ns ? i->ended_ns : wh_now_mono_ns();
    snprintf(elapsed, sizeof(elapsed), "%.1fs", (double)(end - i->started_ns) / 1e9);
    if (i->status == WH_STATUS_WORKING)
        add_layers(s, i, &detail);
    if (i->details)
        wh_str_fmt(&detail, " %s", i->details);
    const char *mark = marks[i->status].mark;
    wh_str_addc(out, ' ');
    add_colored(s, marks[i->status].color, mark ? mark : spinner[s->frame % WH_ARRAY_LEN(spinner)], out);
    wh_str_addc(out, ' ');
    add_cell(i->id ? i->id : "", id_width, true, out);
    wh_str_addc(out, ' ');
    size_t used = 4 + id_width + strlen(elapsed) + 2, room = (size_t)columns > used ? (size_t)columns - used : 0;
    wh_auto_str rest = {0}, cell = {0};
    wh_str_fmt(&rest, "%s%s", i->text ? i->text : "", wh_str_c(&detail));
    add_cell(wh_str_c(&rest), room, true, &cell);
    wh_str_add(out, wh_str_c(&cell));
    wh_str_addc(out, ' ');
    add_colored(s, "34", elapsed, out);
}

/* ---- the frame ------------------------------------------------------------------------------------------------- */

static void count_items(const struct tty_state *s, size_t *ret_all, size_t *ret_done, size_t *ret_widest)
{
    *ret_all = *ret_done = 0;
    *ret_widest = MIN_ID;
    for (size_t n = 0; n < s->items.len; n++) {
        const struct item *i = wh_vec_at(&s->items, struct item *, n);
        if (i->parent)
            continue;
        ++*ret_all;
        *ret_done += i->status == WH_STATUS_DONE;
        size_t width = wh_ui_width(i->id, strlen(i->id));
        *ret_widest = width > *ret_widest ? width : *ret_widest;
    }
}

/* Failing before working before done: the order in which lines keep their place when rows are short. */
static int rank_of(const struct item *i)
{
    static const int ranks[] = {
        [WH_STATUS_ERROR] = 0, [WH_STATUS_WARNING] = 1, [WH_STATUS_WORKING] = 2, [WH_STATUS_DONE] = 3};
    return ranks[i->status];
}

static size_t count_of_rank(const struct tty_state *s, int rank)
{
    size_t n = 0;
    for (size_t i = 0; i < s->items.len; i++) {
        const struct item *item = wh_vec_at(&s->items, struct item *, i);
        n += !item->parent && rank_of(item) == rank;
    }
    return n;
}

static void add_header(const struct wh_progress *p, size_t all, size_t done, struct wh_strv *lines)
{
    wh_strv_fmt(lines, "[+] %s %zu/%zu%s", p->options.title ? p->options.title : "Running", done, all,
                p->options.dry_run ? " (dry run)" : "");
}

/* At most `rows` lines; 0 = all. */
static void render_frame(struct wh_progress *p, size_t rows, struct wh_strv *lines)
{
    struct tty_state *s = p->state;
    int screen_rows, columns;
    size_t all, done, widest;
    wh_ui_terminal_size(fileno(p->options.stream), &screen_rows, &columns);
    count_items(s, &all, &done, &widest);
    size_t max_id = columns > 40 ? (size_t)columns - 30 : MIN_ID;
    widest = widest > max_id ? max_id : widest;
    size_t room[4], left = rows && all + 1 > rows ? rows - 2 : all;
    for (int rank = 0; rank < 4; rank++) {
        size_t n = count_of_rank(s, rank);
        room[rank] = n < left ? n : left;
        left -= room[rank];
    }
    add_header(p, all, done, lines);
    for (size_t n = 0; n < s->items.len; n++) {
        const struct item *i = wh_vec_at(&s->items, struct item *, n);
        if (i->parent || room[rank_of(i)] == 0)
            continue;
        room[rank_of(i)]--;
        wh_auto_str line = {0};
        render_item(s, i, widest, columns, &line);
        wh_strv_add(lines, wh_str_c(&line));
    }
    if (lines->len < all + 1)
        wh_strv_fmt(lines, " ... %zu more", all + 1 - lines->len);
}

/* ---- drawing --------------------------------------------------------------------------------------------------- */

/* The cursor rests at the start of the line below the view. */
static void draw_changes(FILE *to, const struct wh_strv *before, const struct wh_strv *now)
{
    fputs(SYNC_ON HIDE, to);
    size_t at = before->len; /* line the cursor is on, counted from the top of the view */
    for (size_t i = 0; i < now->len; i++) {
        if (i < before->len && strcmp(before->items[i], now->items[i]) == 0)
            continue;
        if (i < at)
            fprintf(to, "\033[%zuA", at - i);
        else if (i > at)
            fprintf(to, "\033[%zuB", i - at);
        fprintf(to, "\r%s" CLEAR_EOL "\n", now->items[i]);
        at = i + 1;
    }
    if (at > now->len)
        fprintf(to, "\033[%zuA\r", at - now->len);
    else if (at < now->len)
        fprintf(to, "\033[%zuB\r", now->len - at);
    if (now->len < before->len)
        fputs("\r\033[J", to);
    fputs(SHOW SYNC_OFF, to);
    fflush(to);
}

static void erase_view(struct wh_progress *p)
{
    struct tty_state *s = p->state;
    if (s && s->drawn.len)
        fprintf(p->options.stream, "\033[%zuA\r\033[J", s->drawn.len);
    if (s)
        wh_strv_fini(&s->drawn);
}

static void tty_tick(struct wh_progress *p)
{
    struct tty_state *s = p->state;
    int rows, columns;
    if (!s || s->items.len == 0)
        return;
    struct wh_strv now = {0};
    wh_ui_terminal_size(fileno(p->options.stream), &rows, &columns);
    s->frame++;
    render_frame(p, rows > MIN_ROWS ? (size_t)rows - 2 : MIN_ROWS, &now);
    draw_changes(p->options.stream, &s->drawn, &now);
    wh_strv_fini(&s->drawn);
    s->drawn = now;
}

static void tty_say(struct wh_progress *p, const char *text)
{
    wh_auto_str safe = {0};
    erase_view(p);
    wh_ui_filter(text, strlen(text), &safe);
    fprintf(p->options.stream, "%s\n", wh_str_c(&safe));
    tty_tick(p);
}

static void clear_items(struct tty_state *s)
{
    for (size_t n = 0; n < s->items.len; n++) {
        struct item *i = wh_vec_at(&s->items, struct item *, n);
        free(i->id);
        free(i->text);
        free(i->details);
        free(i);
    }
    wh_vec_fini(&s->items);
    wh_map_fini(&s->by_id);
    wh_strv_fini(&s->drawn);
}

static void tty_fini(struct wh_progress *p)
{
    struct tty_state *s = p->state;
    if (s)
        clear_items(s);
    free(s);
    p->state = NULL;
}

static void tty_finish(struct wh_progress *p)
{
    struct tty_state *s = p->state;
    if (!s || s->items.len == 0)
        return;
    struct wh_strv lines = {0};
    erase_view(p);
    render_frame(p, 0, &lines);
    for (size_t i = 0; i < lines.len; i++)
        fprintf(p->options.stream, "%s\n", lines.items[i]);
    wh_strv_fini(&lines);
    tty_fini(p);
}

const struct wh_progress_renderer wh_progress_tty = {
    .tick_ms = TICK_MS,
    .event = tty_event,
    .say = tty_say,
    .tick = tty_tick,
    .finish = tty_finish,
    .fini = tty_fini,
};
