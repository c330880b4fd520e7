/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the JSON Schema of compose files; `make schemas` keeps it in schemas/compose.json. Not installed. */
#include "whale/codec/json.h"
#include "whale/compose.h"

#include <stdio.h>

int main(void)
{
    wh_auto_arena a = {0};
    wh_auto_str text = {0};
    const struct wh_node *schema = wh_compose_schema(&a);
    if (!schema || wh_json_write(schema, WH_JSON_PRETTY, &text) < 0)
        return 1;
    return puts(wh_str_c(&text)) < 0;
}
