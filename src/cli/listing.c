/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --format of the listing commands. */
#include "cli/listing.h"

#include "whale/codec/json.h"
#include "whale/codec/tmpl.h"
#include "whale/ui.h"

#include <stdio.h>
#include <string.h>

static const char *unescape(struct wh_arena *a, const char *text)
{
    wh_auto_str out = {0};
    for (; *text; text++) {
        char next = *text == '\\' ? text[1] : '\0';
        bool is_escape = next == 't' || next == 'n';
        wh_str_addc(&out, is_escape ? (next == 't' ? '\t' : '\n') : *text);
        text += is_escape;
    }
    return wh_arena_strdup(a, wh_str_c(&out));
}

static struct wh_node *heading_node(struct wh_arena *a, const struct wh_cli_listing *l)
{
    struct wh_node *map = wh_node_map(a, NULL);
    for (const struct wh_output_field *f = l->output->fields; f->key; f++)
        wh_node_put_str(a, map, f->key, f->heading);
    return map;
}

static int add_row(const struct wh_tmpl *t, const struct wh_tmpl_data *data, struct wh_str *out, struct wh_err *err)
{
    return wh_tmpl_execute(t, data, out, err) < 0 ? -1 : wh_str_addc(out, '\n');
}

static int list_template(struct wh_cli *cli, const struct wh_cli_listing *l, const char *text, bool heading,
                         const struct wh_cli_row *rows, size_t n, struct wh_str *out, struct wh_err *err)
{
    struct wh_tmpl *t = NULL;
    text = unescape(&cli->arena, text);
    if (!text || wh_tmpl_parse(&cli->arena, text, &t, err) < 0)
        return -1;
    struct wh_tmpl_data head = {.fields = heading ? heading_node(&cli->arena, l) : NULL, .heading = true};
    if (heading && add_row(t, &head, out, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (add_row(t, &(struct wh_tmpl_data){.fields = rows[i].fields, .methods = rows[i].methods}, out, err) < 0)
            return -1;
    return 0;
}

static int list_table(struct wh_cli *cli, const struct wh_cli_listing *l, const char *text,
                      const struct wh_cli_row *rows, size_t n, struct wh_str *out, struct wh_err *err)
{
    wh_auto_str lines = {0};
    if (list_template(cli, l, text, true, rows, n, &lines, err) < 0)
        return -1;
    wh_ui_table(wh_str_c(&lines), l->min_width, WH_UI_TABLE_GAP, out);
    return 0;
}

static int list_json(const struct wh_cli_listing *l, const struct wh_cli_row *rows, size_t n, struct wh_str *out)
{
    if (l->output->array)
        wh_str_add(out, "[");
    for (size_t i = 0; i < n; i++) {
        wh_str_add(out, l->output->array && i ? "," : "");
        wh_json_write(rows[i].fields, WH_JSON_COMPACT, out);
        wh_str_add(out, l->output->array ? "" : "\n");
    }
    return wh_str_add(out, l->output->array ? "]\n" : "");
}

int wh_cli_list(struct wh_cli *cli, const struct wh_cli_listing *l, const char *format, const struct wh_cli_row *rows,
                size_t n, struct wh_str *out, struct wh_err *err)
{
    if (!format || !*format || strcmp(format, "table") == 0)
        return list_table(cli, l, l->table, rows, n, out, err);
    if (strcmp(format, "json") == 0)
        return list_json(l, rows, n, out);
    if (l->raw && strcmp(format, "raw") == 0)
        return list_template(cli, l, l->raw, false, rows, n, out, err);
    if (wh_starts(format, "table "))
        return list_table(cli, l, format + strlen("table "), rows, n, out, err);
    return list_template(cli, l, format, false, rows, n, out, err);
}

int wh_cli_print_list(struct wh_cli *cli, const struct wh_cli_listing *l, const char *format,
                      const struct wh_cli_row *rows, size_t n, struct wh_err *err)
{
    wh_auto_str out = {0};
    if (wh_cli_list(cli, l, format, rows, n, &out, err) < 0)
        return -1;
    fwrite(wh_str_c(&out), 1, out.len, stdout);
    return 0;
}
