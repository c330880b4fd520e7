/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error object: building the chain and turning it into one sentence. */
#include "whale/util/err.h"

#include "whale/util/str.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static char no_memory_text[] = "out of memory";

static void free_text(char *text)
{
    if (text != no_memory_text)
        free(text);
}

static char *format_text(int errno_code, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static char *format_text(int errno_code, const char *fmt, va_list ap)
{
    struct wh_str s = {0};
    wh_str_vfmt(&s, fmt, ap);
    if (errno_code > 0 && errno_code < WH_E_GENERIC)
        wh_str_fmt(&s, "%s%s", s.len ? ": " : "", strerror(errno_code));
    char *text = wh_str_take(&s);
    wh_str_fini(&s);
    return text ? text : no_memory_text;
}

/* When the chain is full the frame before the newest is replaced: both ends are what a reader needs. */
static struct wh_err_frame *next_frame(struct wh_err *err)
{
    if (err->depth == WH_ERR_FRAMES) {
        free_text(err->frame[WH_ERR_FRAMES - 1].text);
        return &err->frame[WH_ERR_FRAMES - 1];
    }
    return &err->frame[err->depth++];
}

int wh_fail_(struct wh_err *err, const char *func, const char *file, uint32_t line, int code, const char *fmt, ...)
{
    if (!err)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    char *text = format_text(code, fmt, ap);
    va_end(ap);
    wh_err_fini(err);
    err->code = code ? code : WH_E_GENERIC;
    *next_frame(err) = (struct wh_err_frame){.func = func, .file = file, .line = line, .text = text};
    return -1;
}

int wh_wrap_(struct wh_err *err, const char *func, const char *file, uint32_t line, const char *fmt, ...)
{
    if (!err)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    char *text = format_text(0, fmt, ap);
    va_end(ap);
    if (!err->code)
        err->code = WH_E_GENERIC;
    *next_frame(err) = (struct wh_err_frame){.func = func, .file = file, .line = line, .text = text};
    return -1;
}

void wh_err_at(struct wh_err *err, const struct wh_mark *mark)
{
    if (!err || !mark || !mark->file || !mark->line || err->mark.file)
        return;
    err->mark_file = strdup(mark->file);
    err->mark = *mark;
    err->mark.file = err->mark_file;
}

void wh_err_hint(struct wh_err *err, const char *fmt, ...)
{
    if (!err || err->hint)
        return;
    va_list ap;
    va_start(ap, fmt);
    char *text = format_text(0, fmt, ap);
    va_end(ap);
    if (text != no_memory_text)
        err->hint = text;
}

void wh_err_in_(struct wh_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    va_list ap;
    struct wh_str s = {0};
    va_start(ap, fmt);
    wh_str_vfmt(&s, fmt, ap);
    va_end(ap);
    if (err->value)
        wh_str_fmt(&s, "/%s", err->value);
    free(err->value);
    err->value = wh_str_take(&s);
    wh_str_fini(&s);
}

char *wh_err_text(const struct wh_err *err)
{
    struct wh_str s = {0};
    for (int i = err->depth; i-- > 0;)
        wh_str_fmt(&s, "%s%s", err->frame[i].text, i ? ": " : "");
    if (!err->depth)
        wh_str_add(&s, "unknown error");
    char *text = wh_str_take(&s);
    wh_str_fini(&s);
    return text ? text : strdup(no_memory_text);
}

void wh_err_print(const struct wh_err *err, FILE *out)
{
    wh_auto_free char *text = wh_err_text(err);
    if (err->mark.file && err->mark.line)
        fprintf(out, "%s:%u:%u: ", err->mark.file, err->mark.line, err->mark.column);
    fprintf(out, "%s\n", text ? text : no_memory_text);
    if (err->hint)
        fprintf(out, "hint: %s\n", err->hint);
}

void wh_err_fini(struct wh_err *err)
{
    if (!err)
        return;
    for (int i = 0; i < err->depth; i++)
        free_text(err->frame[i].text);
    free(err->mark_file);
    free(err->hint);
    free(err->value);
    memset(err, 0, sizeof(*err));
}

void wh_err_move(struct wh_err *dst, struct wh_err *src)
{
    if (!dst || dst == src) {
        if (!dst)
            wh_err_fini(src);
        return;
    }
    wh_err_fini(dst);
    *dst = *src;
    memset(src, 0, sizeof(*src));
}
