/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short forms: the first byte chooses ports, volumes, devices or commands; the rest is the text. */
#include "compose/canonical.h"
#include "whale/util/cleanup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wh_mark mark = {.file = "fuzz", .line = 1, .column = 1};

static bool parse(struct wh_arena *a, uint8_t kind, const char *text, struct wh_err *err)
{
    struct wh_cut cut;
    const char *ignored;
    struct wh_node *list = wh_node_seq(a, &mark);
    switch (kind % 4) {
    case 0:
        return wh_short_ports(a, text, &mark, list, err) == 0;
    case 1:
        return wh_short_volume(a, text, &mark, &ignored, err);
    case 2:
        return wh_short_device(a, text, &mark, err);
    default:
        return wh_split_command(a, text, &mark, &cut, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    wh_auto_free char *text = strndup((const char *)data + 1, size - 1);
    if (text && !parse(&a, data[0], text, &err) && !err.code)
        abort();
    return 0;
}
