/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --format templates: any text is parsed and, when it is a template, executed over one record. */
#include "whale/codec/json.h"
#include "whale/codec/tmpl.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char record[] =
    "{\"Name\":\"web\",\"N\":3,\"On\":true,\"R\":0.5,\"L\":[{\"A\":1},{\"A\":2}],\"M\":{\"k\":\"v\"},\"Z\":null}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wh_auto_arena a = {0};
    wh_auto_str out = {.max = 1 << 20};
    wh_auto_err err = {0};
    struct wh_node *fields;
    struct wh_tmpl *t;
    char *text = wh_arena_strndup(&a, (const char *)data, size);
    if (text && wh_json_parse(&a, record, strlen(record), "record", &fields, &err) == 0 &&
        wh_tmpl_parse(&a, text, &t, &err) == 0)
        wh_tmpl_execute(t, &(struct wh_tmpl_data){.fields = fields, .methods = wh_node_get(fields, "M")}, &out, &err);
    return 0;
}
