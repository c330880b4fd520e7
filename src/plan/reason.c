/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says which fields of a service differ between the one a container was made from and the wanted one. */
#include "plan/builder.h"

#include "whale/util/str.h"

#include <string.h>

#define NAMED_MAX 3

/* Fields whose change recreates nothing (wh_service_hash leaves them out as well). */
static const char *const ignored[] = {"build", "pull_policy",       "scale", "depends_on", "profiles",
                                      "name",  "pull_refresh_after"};

struct changes {
    struct wh_str text;
    size_t n;
};

static bool is_ignored(const char *key)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(ignored); i++)
        if (strcmp(key, ignored[i]) == 0)
            return true;
    return false;
}

static void note(struct changes *c, const char *outer, const char *key)
{
    if (c->n++ < NAMED_MAX)
        wh_str_fmt(&c->text, "%s%s%s%s", c->n > 1 ? ", " : "", outer ? outer : "", outer ? "." : "", key);
}

static void compare_maps(struct changes *c, const char *outer, const struct wh_node *before, const struct wh_node *now);

static void compare_values(struct changes *c, const char *outer, const char *key, const struct wh_node *before,
                           const struct wh_node *now)
{
    if (before && now && wh_node_equal(before, now))
        return;
    bool deeper = !outer && before && now && before->kind == WH_NODE_MAP && now->kind == WH_NODE_MAP;
    if (deeper)
        compare_maps(c, key, before, now);
    else
        note(c, outer, key);
}

static void compare_maps(struct changes *c, const char *outer, const struct wh_node *before, const struct wh_node *now)
{
    for (size_t i = 0; i < wh_node_len(now); i++) {
        const struct wh_pair *p = &now->map.pairs[i];
        if (outer || !is_ignored(p->key))
            compare_values(c, outer, p->key, wh_node_get(before, p->key), p->value);
    }
    for (size_t i = 0; i < wh_node_len(before); i++) {
        const struct wh_pair *p = &before->map.pairs[i];
        if ((outer || !is_ignored(p->key)) && !wh_node_get(now, p->key))
            note(c, outer, p->key);
    }
}

const char *reason_changed(struct wh_arena *a, const struct wh_node *before, const struct wh_node *now)
{
    struct changes c = {.n = 0};
    const char *fallback = "its configuration changed";
    if (before && now && before->kind == WH_NODE_MAP && now->kind == WH_NODE_MAP)
        compare_maps(&c, NULL, before, now);
    if (c.n > NAMED_MAX)
        wh_str_fmt(&c.text, " and %zu more", c.n - NAMED_MAX);
    const char *text = c.n ? wh_arena_fmt(a, "%s changed", wh_str_c(&c.text)) : fallback;
    wh_str_fini(&c.text);
    return text;
}
