/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "file:line:column: message", the line itself with a marker below, further places and the hint. */
#include "cli/diag.h"

#include "whale/ui.h"
#include "whale/util/file.h"

#include <stdio.h>
#include <string.h>

#define EXCERPT_MAX_FILE  ((size_t)4 << 20)
#define EXCERPT_MAX_BYTES 160

/* Borrowed start and length of line `line` (from 1), or NULL. */
static const char *find_line(const char *text, uint32_t line, size_t *ret_len)
{
    for (uint32_t i = 1; text && i < line; i++) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    *ret_len = text ? strcspn(text, "\r\n") : 0;
    return text;
}

static void print_excerpt(const struct wh_mark *mark)
{
    wh_auto_str file = {0}, safe = {0};
    size_t len;
    if (!mark->line || wh_file_read(mark->file, EXCERPT_MAX_FILE, &file, NULL) < 0)
        return;
    const char *line = find_line(wh_str_c(&file), mark->line, &len);
    if (!line || len == 0 || len > EXCERPT_MAX_BYTES)
        return;
    wh_ui_filter(line, len, &safe);
    fprintf(stderr, " %5u | %s\n", mark->line, wh_str_c(&safe));
    if (!mark->column || mark->column > len)
        return;
    size_t rest = strcspn(line + mark->column - 1, " \t\r\n:,]}");
    size_t width = mark->length ? mark->length : rest ? rest : 1;
    fprintf(stderr, "       | ");
    for (size_t i = 0; i + 1 < mark->column; i++)
        fputc(line[i] == '\t' ? '\t' : ' ', stderr);
    for (size_t i = 0; i < width && mark->column - 1 + i < len; i++)
        fputc('^', stderr);
    fputc('\n', stderr);
}

static void print_place(const struct wh_mark *mark)
{
    if (!mark->file)
        return;
    fprintf(stderr, "%s:", mark->file);
    if (mark->line)
        fprintf(stderr, "%u:%u:", mark->line, mark->column);
    fputc(' ', stderr);
}

static void print_diag(const struct wh_diag *d)
{
    print_place(&d->mark);
    fprintf(stderr, "%s%s\n", d->severity == WH_SEV_WARNING ? "warning: " : "", d->text);
    if (d->mark.file)
        print_excerpt(&d->mark);
    for (const struct wh_place *p = d->places; p; p = p->next) {
        fputs("  ", stderr);
        print_place(&p->mark);
        fprintf(stderr, "%s\n", p->label ? p->label : "also here");
    }
    if (d->hint)
        fprintf(stderr, "hint: %s\n", d->hint);
}

size_t wh_cli_print_diags(const struct wh_cli *cli, const struct wh_diags *diags, bool errors)
{
    size_t printed = 0;
    if (cli->json_errors)
        return 0;
    for (size_t i = 0; i < diags->items.len; i++) {
        const struct wh_diag *d = wh_vec_at(&diags->items, struct wh_diag *, i);
        if (d->severity == WH_SEV_ERROR && !errors)
            continue;
        print_diag(d);
        printed += d->severity == WH_SEV_ERROR;
    }
    return printed;
}
