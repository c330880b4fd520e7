/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --help rendered from option tables, in the layout that users of docker compose know: a letter column, long names with
 * the kind of their argument, texts in one column wrapped to the width with a little slack for a last short word.
 */
#include "opt.h"

#include "whale/util/vec.h"

#include <string.h>

#define WRAP_SLACK    5  /* a last line of up to this many characters is not broken off */
#define WRAP_NARROW   24 /* below this many columns texts start on a line of their own */
#define BLOCK_COLUMNS 16

static int compare_options(const void *x, const void *y)
{
    const struct wh_opt *const *a = x, *const *b = y;
    return strcmp((*a)->name, (*b)->name);
}

static void collect_visible(const struct wh_opt_table *tables, size_t n_tables, bool own, struct wh_vec *out)
{
    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < tables[t].len; i++)
            if (!tables[t].items[i].hidden && tables[t].items[i].own == own)
                wh_vec_push_ptr(out, &tables[t].items[i]);
    if (out->len)
        qsort(out->items, out->len, sizeof(void *), compare_options);
}

static void render_name(const struct wh_opt *o, struct wh_str *out)
{
    if (o->own) /* at the margin: who lists docker's options by their indent finds only those */
        wh_str_fmt(out, "--%s", o->name);
    else if (o->letter)
        wh_str_fmt(out, "  -%c, --%s", o->letter, o->name);
    else
        wh_str_fmt(out, "      --%s", o->name);
    if (o->arg)
        wh_str_fmt(out, " %s", o->arg);
}

static void render_text(const struct wh_opt *o, struct wh_str *out)
{
    wh_str_add(out, o->text);
    if (o->choices)
        wh_str_fmt(out, " (%s)", o->choices);
    bool is_zero = !o->value || !*o->value || strcmp(o->value, "0") == 0;
    if (!is_zero && o->type == WH_OPT_TYPE_TEXT)
        wh_str_fmt(out, " (default \"%s\")", o->value);
    else if (!is_zero)
        wh_str_fmt(out, " (default %s)", o->value);
}

/* Length of the next line of `text` that fits. */
static size_t cut_line(const char *text, size_t width)
{
    size_t len = strlen(text);
    if (width + WRAP_SLACK > len)
        return len;
    for (size_t i = width; i > 0; i--)
        if (text[i - 1] == ' ')
            return i - 1;
    return len;
}

static void add_wrapped(const char *text, size_t indent, size_t columns, struct wh_str *out)
{
    if (columns < indent + WRAP_NARROW) {
        indent = BLOCK_COLUMNS;
        wh_str_fmt(out, "\n%*s", (int)indent, "");
    }
    size_t width = columns > indent + WRAP_NARROW ? columns - indent - WRAP_SLACK : strlen(text);
    while (*text) {
        size_t n = cut_line(text, width);
        wh_str_addn(out, text, n);
        text += n;
        if (*text++ == '\0')
            break;
        wh_str_fmt(out, "\n%*s", (int)indent, "");
    }
    wh_str_addc(out, '\n');
}

static void render_options(const struct wh_vec *options, size_t columns, struct wh_str *out)
{
    size_t widest = 0;
    for (size_t i = 0; i < options->len; i++) {
        wh_auto_str name = {0};
        render_name(wh_vec_at(options, const struct wh_opt *, i), &name);
        widest = name.len > widest ? name.len : widest;
    }
    for (size_t i = 0; i < options->len; i++) {
        const struct wh_opt *o = wh_vec_at(options, const struct wh_opt *, i);
        wh_auto_str name = {0}, text = {0};
        render_name(o, &name);
        render_text(o, &text);
        wh_str_fmt(out, "%-*s   ", (int)widest, wh_str_c(&name));
        add_wrapped(wh_str_c(&text), widest + 3, columns - 1, out);
    }
}

void wh_opt_help(const struct wh_opt_table *tables, size_t n_tables, size_t columns, struct wh_str *out)
{
    wh_auto_vec common = WH_VEC(const struct wh_opt *), own = WH_VEC(const struct wh_opt *);
    collect_visible(tables, n_tables, false, &common);
    collect_visible(tables, n_tables, true, &own);
    render_options(&common, columns, out);
    if (own.len)
        wh_str_add(out, "\nOptions that docker compose does not have:\n");
    render_options(&own, columns, out);
}
