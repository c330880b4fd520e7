/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of several containers on one stream: whole lines with a prefix, padded to the longest name of those that have
 * something to say, in a colour per service. What a container writes cannot move the cursor of a terminal or imitate
 * another prefix.
 */
#include "whale/ui.h"
#include "whale/util/time.h"
#include "whale/util/vec.h"

#include <string.h>

/* A line that grows beyond this is written in pieces: output must not fill our memory. */
#define LINE_MAX_BYTES ((size_t)16 << 20)

struct wh_logsource {
    char *name, *service;
    size_t color;          /* index into the palette */
    struct wh_str line[2]; /* unfinished line of stdout, stderr */
    int64_t time_ns[2];    /* when it began */
};

struct wh_logview {
    struct wh_logview_options options;
    struct wh_vec sources; /* struct wh_logsource * */
    size_t n_colors;       /* given out */
    size_t width;
    bool color;
    bool filter[2]; /* stdout, stderr lead to a terminal */
    struct wh_str scratch;
};

static const char *const palette[] = {"36", "33", "32", "35", "34", "36;1", "33;1", "32;1", "35;1", "34;1"};

static FILE *stream_of(const struct wh_logview *v, bool is_stderr)
{
    return is_stderr && v->options.stderr_apart ? v->options.err : v->options.out;
}

struct wh_logview *wh_logview_new(const struct wh_logview_options *o)
{
    struct wh_logview *v = calloc(1, sizeof(*v));
    if (!v)
        return NULL;
    v->options = *o;
    v->sources = WH_VEC(struct wh_logsource *);
    v->color = wh_ui_wants_color(fileno(o->out), o->ansi);
    v->filter[0] = wh_ui_is_terminal(fileno(stream_of(v, false)));
    v->filter[1] = wh_ui_is_terminal(fileno(stream_of(v, true)));
    return v;
}

/* Replicas share a colour; the others get the next one. */
static size_t choose_color(struct wh_logview *v, const char *service)
{
    for (size_t i = 0; i < v->sources.len; i++) {
        const struct wh_logsource *s = wh_vec_at(&v->sources, struct wh_logsource *, i);
        if (s->service && strcmp(s->service, service) == 0)
            return s->color;
    }
    return v->n_colors++ % WH_ARRAY_LEN(palette);
}

struct wh_logsource *wh_logview_source(struct wh_logview *v, const char *name, const char *service)
{
    struct wh_logsource *s = calloc(1, sizeof(*s));
    size_t color = choose_color(v, service);
    if (!s || wh_vec_push_ptr(&v->sources, s) == -1) {
        free(s);
        return NULL;
    }
    s->name = strdup(name);
    s->service = strdup(service);
    s->color = color;
    return s;
}

static void widen(struct wh_logview *v, const char *name)
{
    size_t width = wh_ui_width(name, strlen(name));
    v->width = width > v->width ? width : v->width;
}

void wh_logview_expect(struct wh_logview *v, const struct wh_logsource *s)
{
    widen(v, s->name ? s->name : "");
}

static void write_prefix(struct wh_logview *v, const struct wh_logsource *s, FILE *to)
{
    const char *name = s->name ? s->name : "";
    widen(v, name);
    int pad = (int)(v->width - wh_ui_width(name, strlen(name))) + 1;
    if (v->color)
        fprintf(to, "\033[%sm%s%*s | \033[0m", palette[s->color], name, pad, "");
    else
        fprintf(to, "%s%*s | ", name, pad, "");
}

static void write_line(struct wh_logview *v, struct wh_logsource *s, bool is_stderr, int64_t time_ns, const char *text,
                       size_t len)
{
    FILE *to = stream_of(v, is_stderr);
    if (v->options.prefix)
        write_prefix(v, s, to);
    if (v->options.timestamps) {
        char time[40];
        fprintf(to, "%s ", wh_time_format(time_ns, time, sizeof(time)));
    }
    if (v->filter[is_stderr]) {
        wh_str_clear(&v->scratch);
        wh_ui_filter(text, len, &v->scratch);
        text = wh_str_c(&v->scratch);
        len = v->scratch.len;
    }
    fwrite(text, 1, len, to);
    if (v->filter[is_stderr] && memchr(text, '\033', len))
        fputs("\033[0m", to); /* colours of one line do not run into the next prefix */
    fputc('\n', to);
}

static void end_stream(struct wh_logview *v, struct wh_logsource *s, bool is_stderr)
{
    struct wh_str *line = &s->line[is_stderr];
    if (line->len == 0)
        return;
    write_line(v, s, is_stderr, s->time_ns[is_stderr], wh_str_c(line), line->len);
    wh_str_clear(line);
}

void wh_logview_add(struct wh_logview *v, struct wh_logsource *s, int64_t time_ns, bool is_stderr, const char *text,
                    size_t len)
{
    struct wh_str *kept = &s->line[is_stderr];
    const char *end = text + len;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t n = newline ? (size_t)(newline - text) : (size_t)(end - text);
        if (kept->len == 0)
            s->time_ns[is_stderr] = time_ns;
        if (newline && kept->len == 0) {
            write_line(v, s, is_stderr, time_ns, text, n);
        } else {
            wh_str_addn(kept, text, n);
            if (newline || kept->len > LINE_MAX_BYTES)
                end_stream(v, s, is_stderr);
        }
        text += n + (newline != NULL);
    }
}

void wh_logview_end(struct wh_logview *v, struct wh_logsource *s)
{
    end_stream(v, s, false);
    end_stream(v, s, true);
}

void wh_logview_exit(struct wh_logview *v, const char *name, int exit_code, bool restarting)
{
    widen(v, name);
    fprintf(v->options.out, "%s%s exited with code %d%s\n", v->filter[0] ? "\r\033[K" : "", name, exit_code,
            restarting ? " (restarting)" : "");
}

void wh_logview_status(struct wh_logview *v, const char *name, const char *text)
{
    fprintf(v->options.out, "%s%s %s\n", v->filter[0] ? "\r\033[K" : "", name, text);
}

void wh_logview_flush(struct wh_logview *v)
{
    fflush(v->options.out);
    fflush(v->options.err);
}

void wh_logview_free(struct wh_logview *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->sources.len; i++) {
        struct wh_logsource *s = wh_vec_at(&v->sources, struct wh_logsource *, i);
        wh_str_fini(&s->line[0]);
        wh_str_fini(&s->line[1]);
        free(s->name);
        free(s->service);
        free(s);
    }
    wh_vec_fini(&v->sources);
    wh_str_fini(&v->scratch);
    free(v);
}
