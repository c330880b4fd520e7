/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the JSON Schemas of compose files and of the JSON that commands print into a folder. Not installed. */
#include "cli/cli.h"
#include "cli/outputs.h"
#include "whale/codec/json.h"
#include "whale/compose.h"
#include "whale/util/file.h"

#include <stdio.h>

static int put(const char *folder, const char *name, const struct wh_node *schema)
{
    wh_auto_str text = {0};
    wh_auto_err err = {0};
    wh_auto_free char *path = wh_fmt("%s/%s.json", folder, name);
    if (schema && path && wh_json_write(schema, WH_JSON_PRETTY, &text) == 0 && wh_str_addc(&text, '\n') == 0 &&
        wh_file_replace(path, wh_str_c(&text), text.len, 0644, WH_SYNC_NONE, &err) == 0)
        return 0;
    fprintf(stderr, "schema: %s is not written\n", name);
    return 1;
}

int main(int argc, char **argv)
{
    wh_auto_arena a = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: schema FOLDER\n");
        return 2;
    }
    int rc = put(argv[1], "compose", wh_compose_schema(&a)) | put(argv[1], "config", wh_compose_output_schema(&a));
    for (const struct wh_cmd *const *c = wh_commands; *c; c++)
        if ((*c)->output)
            rc |= put(argv[1], (*c)->output->name, wh_output_schema(&a, (*c)->output));
    return rc;
}
