/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Template expansion: terminates, never crashes, and without a dollar sign changes nothing. */
#include "compose/internal.h"
#include "compose/template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup(void *ctx, const char *name)
{
    return name[0] == 'A' ? "value" : name[0] == 'E' ? "" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    const char *text = wh_arena_strndup(&a, (const char *)data, size);
    struct wh_template t = {.arena = &a, .lookup = lookup};
    const char *result = wh_template_expand(&t, text, &err);
    if (!result && !err.code)
        abort();
    if (!strchr(text, '$') && result != text)
        abort();
    struct wh_load_result res = {.variables = WH_VEC(struct wh_variable *)};
    struct wh_load l = {.res = &res, .arena = &a};
    wh_compose_list_variables(&l, text, &(struct wh_mark){.line = 1});
    wh_vec_fini(&res.variables);
    return 0;
}
