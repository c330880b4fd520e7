/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interpolation environment: names to values with the place each came from. */
#include "compose/internal.h"

const struct wh_env_var *wh_env_find(const struct wh_env *e, const char *name)
{
    if (!e)
        return NULL;
    const struct wh_env_var *var = wh_env_find(e->parent, name);
    return var ? var : wh_map_get(&e->map, name);
}

const char *wh_env_get(const struct wh_env *e, const char *name)
{
    const struct wh_env_var *var = wh_env_find(e, name);
    return var ? var->value : NULL;
}

int wh_env_set(struct wh_env *e, const char *name, const char *value, const struct wh_mark *mark)
{
    struct wh_env_var *var = wh_arena_new(e->arena, struct wh_env_var);
    if (!var)
        return -1;
    var->value = wh_arena_strdup(e->arena, value);
    if (mark)
        var->mark = *mark;
    return var->value ? wh_map_set(&e->map, name, var) : -1;
}

void wh_env_fini(struct wh_env *e)
{
    wh_map_fini(&e->map);
}

void wh_compose_warn_unset(struct wh_load *l, const char *name, const struct wh_mark *mark)
{
    struct wh_diag *diag = wh_map_get(&l->unset, name);
    if (diag) {
        if (mark)
            wh_diag_place(l->diags, diag, mark, NULL);
        return;
    }
    diag = wh_diag_warn(l->diags, mark, "The \"%s\" variable is not set. Defaulting to a blank string.", name);
    wh_diag_hint(l->diags, diag, "set it in the shell or in .env, or write ${%s:-default}", name);
    if (wh_map_set(&l->unset, name, diag) < 0)
        l->diags->failed = true;
}
