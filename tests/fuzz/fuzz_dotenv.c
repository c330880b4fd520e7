/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Env files: the first byte chooses the format; errors must carry a line of the text. */
#include "compose/internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct wh_load_result res = {0};
    struct wh_load l = {.res = &res, .arena = &res.arena, .diags = &res.diags};
    struct wh_env vars = {.arena = &res.arena};
    wh_auto_err err = {0};
    res.diags.arena = &res.arena;
    res.diags.items = WH_VEC(struct wh_diag *);
    enum wh_dotenv_format format = *data == 'r' ? WH_DOTENV_RAW : WH_DOTENV_COMPOSE;
    if (wh_dotenv_parse(&l, (const char *)data + 1, size - 1, "fuzz", format, &vars, &err) < 0 &&
        (!err.code || !err.mark.line))
        abort();
    wh_env_fini(&vars);
    wh_map_fini(&l.unset);
    wh_load_fini(&res);
    return 0;
}
