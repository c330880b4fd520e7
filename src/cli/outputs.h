/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands print as data. Each table stands beside the code that prints it: the headings of its columns come from
 * it, `make schemas` writes a JSON Schema of it, and a test holds real output against that. */
#ifndef WHALE_CLI_OUTPUTS_H
#define WHALE_CLI_OUTPUTS_H

#include "whale/codec/node.h"

struct wh_output_field {
    const char *key;
    const char *type; /* JSON Schema's name of it; NULL = for tables and templates only */
    const char *help;
    const char *heading;                 /* of the column; NULL = not for tables */
    const struct wh_output_field *items; /* array of objects with these fields */
    bool optional;
};
/* Behind the help: .heading, .items, .optional as they apply. */
#define WH_OUTPUT_FIELD(key_, type_, help_, ...)                                                                       \
    {                                                                                                                  \
        .key = key_, .type = type_, .help = help_, ##__VA_ARGS__                                                       \
    }

struct wh_output {
    const char *name; /* of the schema's file */
    const char *title;
    const struct wh_output_field *fields; /* of one object; ends with key NULL */
    bool array;                           /* the command prints one array; otherwise one object, or one a line */
};

/* NULL when memory is short. */
struct wh_node *wh_output_schema(struct wh_arena *a, const struct wh_output *o);

#endif
