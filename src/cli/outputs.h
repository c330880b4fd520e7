/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON that commands print, as data: `make schemas` writes a JSON Schema of each, a test holds real output against
 * it. */
#ifndef WHALE_CLI_OUTPUTS_H
#define WHALE_CLI_OUTPUTS_H

#include "whale/codec/node.h"

struct wh_output_field {
    const char *key, *type; /* JSON Schema's name of the type */
    const char *help;
    const struct wh_output_field *items; /* array of objects with these fields; object with these fields */
    bool optional;
};

struct wh_output {
    const char *name; /* of the schema's file */
    const char *title;
    const struct wh_output_field *fields; /* of one object; ends with key NULL */
    bool array;                           /* the command prints one array; otherwise one object, or one a line */
};

extern const struct wh_output wh_outputs[]; /* ends with name NULL */

/* NULL when memory is short. */
struct wh_node *wh_output_schema(struct wh_arena *a, const struct wh_output *o);

#endif
