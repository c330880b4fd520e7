/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a listing command as a table, as JSON or through a Go template: what --format says. */
#ifndef WHALE_CLI_LISTING_H
#define WHALE_CLI_LISTING_H

#include "cli/cli.h"
#include "cli/outputs.h"
#include "whale/codec/node.h"

struct wh_cli_listing {
    const char *table; /* template of the default table, cells separated by tabs */
    const char *raw;   /* template of --format raw, or NULL */
    const struct wh_output *output;
    size_t min_width; /* of a column */
};

struct wh_cli_row {
    const struct wh_node *fields;
    const struct wh_node *methods; /* or NULL; see wh_tmpl_data */
};

/* format: NULL, "table", "table TEMPLATE", "json", "raw" or TEMPLATE; "\t" and "\n" in it are meant. Appends to out. */
int wh_cli_list(struct wh_cli *cli, const struct wh_cli_listing *l, const char *format, const struct wh_cli_row *rows,
                size_t n, struct wh_str *out, struct wh_err *err);
/* The same to stdout. */
int wh_cli_print_list(struct wh_cli *cli, const struct wh_cli_listing *l, const char *format,
                      const struct wh_cli_row *rows, size_t n, struct wh_err *err);

/* `ls` and `images`: another word for the table. */
static inline const char *wh_cli_plain_format(const char *format)
{
    return wh_streq(format, "pretty") ? "table" : format;
}

#endif
