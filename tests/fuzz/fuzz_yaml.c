/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML reader: no input may crash it, and what it accepts must survive the writer. */
#include "whale/codec/yaml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int parse(struct wh_arena *a, const char *text, size_t len, struct wh_vec *docs)
{
    wh_auto_err err = {0};
    const struct wh_yaml_limits limits = {.max_nodes = 5000};
    return wh_yaml_parse(a, text, len, "fuzz", &limits, docs, &err);
}

static void check_round_trip(const struct wh_node *n)
{
    wh_auto_arena a = {0};
    wh_auto_str out = {0};
    wh_auto_vec again = WH_VEC(struct wh_node *);
    wh_yaml_write(n, WH_YAML_WIDTH, &out);
    if (!out.failed && parse(&a, wh_str_c(&out), out.len, &again) == 0 && again.len == 1)
        return;
    if (!out.failed && out.len < 4096)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wh_auto_arena a = {0};
    wh_auto_vec docs = WH_VEC(struct wh_node *);
    if (parse(&a, (const char *)data, size, &docs) < 0)
        return 0;
    for (size_t i = 0; i < docs.len; i++)
        check_round_trip(wh_vec_at(&docs, struct wh_node *, i));
    return 0;
}
