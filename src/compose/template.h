/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One reference of a template, for those who list variables instead of substituting them. */
#ifndef WHALE_COMPOSE_TEMPLATE_H
#define WHALE_COMPOSE_TEMPLATE_H

#include "compose/internal.h"

#include <sys/types.h>

struct wh_template_ref {
    const char *name; /* not terminated */
    size_t name_len;
    char op;       /* '-', '+', '?' or 0 */
    bool nonempty; /* the operator had a colon */
    const char *word;
    size_t word_len;
    size_t total; /* from the name to the closing brace, which is not counted */
};

/* p stands behind "${". 0, or -1 when it is no valid reference. */
int wh_template_parse(const char *p, size_t len, struct wh_template_ref *ret);

/* Adds the variables of one text, nested ones too, to the result's list. */
void wh_compose_list_variables(struct wh_load *l, const char *text, const struct wh_mark *mark);

#endif
