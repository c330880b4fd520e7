/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A load without files, for tests of single passes. */
#ifndef WHALE_TESTS_LOADTEST_H
#define WHALE_TESTS_LOADTEST_H

#include "tests/unit/test.h"

#include "compose/loader.h"
#include "whale/codec/yaml.h"

struct loadtest {
    struct wh_load load;
    struct wh_load_result res;
    struct wh_load_options opts;
    struct wh_scope scope;
};

static inline void loadtest_init(struct loadtest *t)
{
    memset(t, 0, sizeof(*t));
    t->res.diags.arena = &t->res.arena;
    t->res.diags.items = WH_VEC(struct wh_diag *);
    t->res.read_files = WH_VEC(const char *);
    t->res.env.arena = &t->res.arena;
    t->load = (struct wh_load){
        .opts = &t->opts,
        .res = &t->res,
        .arena = &t->res.arena,
        .diags = &t->res.diags,
    };
    t->scope = (struct wh_scope){.load = &t->load, .dir = "/p", .paths_dir = "/p", .env = &t->res.env, .file = "f"};
}

static inline void loadtest_fini(struct loadtest *t)
{
    wh_map_fini(&t->load.unset);
    wh_map_fini(&t->load.sources);
    wh_load_fini(&t->res);
}

/* Sets "A=1 B=2 C=" style variables. */
static inline void loadtest_env(struct loadtest *t, const char *list)
{
    char text[512];
    snprintf(text, sizeof(text), "%s", list);
    for (char *save = NULL, *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(word, '=');
        *equals = '\0';
        wh_env_set(&t->res.env, word, equals + 1, NULL);
    }
}

static inline struct wh_node *loadtest_yaml(struct loadtest *t, const char *text)
{
    struct wh_vec docs = WH_VEC(struct wh_node *);
    wh_auto_err err = {0};
    if (wh_yaml_parse(&t->res.arena, text, strlen(text), "f", NULL, &docs, &err) < 0)
        fail_msg("%s does not parse", text);
    struct wh_node *n = wh_vec_at(&docs, struct wh_node *, 0);
    wh_vec_fini(&docs);
    return n;
}

static inline const char *loadtest_first_diag(const struct loadtest *t)
{
    return t->res.diags.items.len ? wh_vec_at(&t->res.diags.items, struct wh_diag *, 0)->text : "";
}

#endif
