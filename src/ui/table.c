/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns aligned over all lines. */
#include "whale/ui.h"

#include <string.h>

#define MAX_COLUMNS 64

static size_t cell_length(const char *at, const char *end)
{
    const char *tab = memchr(at, '\t', (size_t)(end - at));
    return tab ? (size_t)(tab - at) : (size_t)(end - at);
}

static const char *line_end(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end : line + strlen(line);
}

static void measure(const char *lines, size_t min_width, size_t gap, size_t widths[MAX_COLUMNS])
{
    for (const char *line = lines; *line;) {
        const char *end = line_end(line);
        size_t column = 0;
        for (const char *at = line; at <= end && column < MAX_COLUMNS; column++) {
            size_t len = cell_length(at, end), width = wh_ui_width(at, len) + gap;
            width = width < min_width ? min_width : width;
            /* The last cell of a line is not padded, so it asks for no room. */
            if (at + len < end && width > widths[column])
                widths[column] = width;
            at += len + 1;
        }
        line = *end ? end + 1 : end;
    }
}

static void write_line(const char *line, const char *end, const size_t widths[MAX_COLUMNS], struct wh_str *out)
{
    size_t column = 0;
    for (const char *at = line; at <= end; column++) {
        size_t len = cell_length(at, end), width = wh_ui_width(at, len);
        wh_str_addn(out, at, len);
        if (at + len < end && column < MAX_COLUMNS)
            wh_str_fmt(out, "%*s", (int)(widths[column] - width), "");
        at += len + 1;
    }
    wh_str_addc(out, '\n');
}

void wh_ui_table(const char *lines, size_t min_width, size_t gap, struct wh_str *out)
{
    size_t widths[MAX_COLUMNS] = {0};
    measure(lines, min_width, gap, widths);
    for (const char *line = lines; *line;) {
        const char *end = line_end(line);
        write_line(line, end, widths, out);
        line = *end ? end + 1 : end;
    }
}
