/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Templates by themselves, and interpolation of documents with conversion to the fields' types. */
#include "tests/unit/compose/loadtest.h"

static const char *lookup(void *ctx, const char *name)
{
    return wh_env_get(&((struct loadtest *)ctx)->res.env, name);
}

static const struct template_row {
    const char *name, *text, *result; /* result NULL: an error */
    int code;
} template_rows[] = {
    {"plain", "a b", "a b", 0},
    {"name", "$SET.x-$SET", "v.x-v", 0},
    {"braces", "${SET}z", "vz", 0},
    {"unset", "[$NONE]", "[]", 0},
    {"escape", "$$SET $$$$", "$SET $$", 0},
    {"lone dollars", "a$ $5 $. $(x) $", "a$ $5 $. $(x) $", 0},
    {"default when unset", "${NONE-d}|${EMPTY-d}|${SET-d}", "d||v", 0},
    {"default when empty", "${NONE:-d}|${EMPTY:-d}|${SET:-d}", "d|d|v", 0},
    {"alternate when set", "${NONE+a}|${EMPTY+a}|${SET+a}", "|a|a", 0},
    {"alternate when not empty", "${NONE:+a}|${EMPTY:+a}|${SET:+a}", "||a", 0},
    {"required and there", "${SET:?m}${EMPTY?m}", "v", 0},
    {"nested", "${NONE:-a${NONE:-${SET}}b}", "avb", 0},
    {"lazy", "${SET:-${NONE:?never}}", "v", 0},
    {"first operator decides", "${NONE-a?b} ${NONE:-a:-b}", "a?b a:-b", 0},
    {"balanced braces", "${NONE:-{\"j\":{}}} ${NONE:-{}}", "{\"j\":{}} {}", 0},
    {"unbalanced braces", "${NONE:-{} x", "{ x", 0},
    {"rest behind braces", "${NONE:-a}}", "a}", 0},
    {"required", "${NONE?say so}", NULL, WH_E_NOT_FOUND},
    {"required and empty", "${EMPTY:?}", NULL, WH_E_NOT_FOUND},
    {"empty braces", "${}", NULL, WH_E_INVALID},
    {"unclosed", "x ${SET", NULL, WH_E_INVALID},
    {"unclosed word", "${SET:-x", NULL, WH_E_INVALID},
    {"blank before", "${ SET}", NULL, WH_E_INVALID},
    {"blank behind", "${SET }", NULL, WH_E_INVALID},
    {"no such operator", "${SET!}", NULL, WH_E_INVALID},
    {"colon alone", "${SET:}", NULL, WH_E_INVALID},
    {"digit first", "${1A}", NULL, WH_E_INVALID},
    {"line feed", "${NONE:-a\nb}", NULL, WH_E_INVALID},
};

static void templates_expand(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(template_rows); i++) {
        const struct template_row *row = &template_rows[i];
        struct loadtest t;
        wh_auto_err err = {0};
        loadtest_init(&t);
        loadtest_env(&t, "SET=v EMPTY=");
        struct wh_template tpl = {.arena = &t.res.arena, .ctx = &t, .lookup = lookup};
        expect_str(row->name, wh_template_expand(&tpl, row->text, &err), row->result);
        expect_int(row->name, err.code, row->code);
        loadtest_fini(&t);
    }
}

static void depth_is_limited(void **state)
{
    struct loadtest t;
    wh_auto_err err = {0};
    wh_auto_str deep = {0};
    loadtest_init(&t);
    for (int i = 0; i < 500; i++)
        wh_str_add(&deep, "${A:-");
    for (int i = 0; i < 500; i++)
        wh_str_add(&deep, "}");
    struct wh_template tpl = {.arena = &t.res.arena, .ctx = &t, .lookup = lookup};
    assert_null(wh_template_expand(&tpl, wh_str_c(&deep), &err));
    assert_int_equal(err.code, WH_E_LIMIT);
    loadtest_fini(&t);
}

static const struct cast_row {
    const char *name, *text, *key;
    enum wh_node_kind kind;
    const char *message; /* "" when it succeeds */
} cast_rows[] = {
    {"boolean", "tty: \"${T}\"", "tty", WH_NODE_BOOL, ""},
    {"old boolean", "tty: \"yes\"", "tty", WH_NODE_BOOL,
     "\"yes\" for boolean is not supported by YAML 1.2, please use `true`"},
    {"no boolean", "tty: maybe", "tty", WH_NODE_STR,
     "error while interpolating services.a.tty: failed to cast to expected type: invalid boolean: maybe"},
    {"integer", "scale: ${N}", "scale", WH_NODE_INT, ""},
    {"no integer", "scale: \"\"", "scale", WH_NODE_STR,
     "error while interpolating services.a.scale: failed to cast to expected type: parsing \"\": invalid syntax"},
    {"integer as text", "scale: \"010\"", "scale", WH_NODE_INT, ""},
    {"float", "cpus: '0.5'", "cpus", WH_NODE_FLOAT, ""},
    {"no float", "cpus: half", "cpus", WH_NODE_STR,
     "error while interpolating services.a.cpus: failed to cast to expected type: parsing \"half\": invalid syntax"},
    {"text stays text", "image: ${N}", "image", WH_NODE_STR, ""},
    {"bad template", "image: ${", "image", WH_NODE_STR,
     "invalid interpolation format for services.a.image.\nYou may need to escape any $ with another $.\n${"},
    {"unset", "image: $NOPE", "image", WH_NODE_STR, "The \"NOPE\" variable is not set. Defaulting to a blank string."},
};

static void values_are_cast(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(cast_rows); i++) {
        const struct cast_row *row = &cast_rows[i];
        struct loadtest t;
        char text[128];
        loadtest_init(&t);
        loadtest_env(&t, "T=true N=3");
        snprintf(text, sizeof(text), "services:\n  a:\n    %s\n", row->text);
        struct wh_node *root = loadtest_yaml(&t, text);
        int rc = wh_compose_interpolate(&t.scope, root);
        const struct wh_node *n = wh_node_get(wh_node_get(wh_node_get(root, "services"), "a"), row->key);
        expect_int(row->name, n->kind, row->kind);
        expect_str(row->name, loadtest_first_diag(&t), row->message);
        expect_int(row->name, rc, t.res.diags.n_errors ? -1 : 0);
        loadtest_fini(&t);
    }
}

static void unset_variables_warn_once(void **state)
{
    struct loadtest t;
    loadtest_init(&t);
    struct wh_node *root = loadtest_yaml(&t, "x-a: $NOPE\nx-b: [\"$NOPE-${NOPE}\"]\n$NOPE: key\n");
    assert_int_equal(wh_compose_interpolate(&t.scope, root), 0);
    assert_int_equal(t.res.diags.items.len, 1);
    const struct wh_diag *d = wh_vec_at(&t.res.diags.items, struct wh_diag *, 0);
    assert_int_equal(d->mark.line, 1);
    assert_int_equal(d->places->mark.line, 2);
    assert_non_null(wh_node_pair(root, "$NOPE"));
    loadtest_fini(&t);
}

static void variables_are_listed(void **state)
{
    struct loadtest t;
    loadtest_init(&t);
    t.res.variables = WH_VEC(struct wh_variable *);
    wh_compose_collect_variables(&t.load, loadtest_yaml(&t, "[\"x:${TAG:-latest}\", \"$HOST $$NOT\", \"${A:?m}\", "
                                                            "\"${B:+alt}\", \"${N:-${IN:-deep}}\"]"));
    static const struct {
        const char *name, *fallback, *alternate;
        bool required;
    } want[] = {{"TAG", "latest", "", false}, {"HOST", "", "", false},         {"A", "", "", true},
                {"B", "", "alt", false},      {"N", "${IN:-deep}", "", false}, {"IN", "deep", "", false}};
    assert_int_equal(t.res.variables.len, WH_ARRAY_LEN(want));
    for (size_t i = 0; i < WH_ARRAY_LEN(want); i++) {
        const struct wh_variable *v = wh_vec_at(&t.res.variables, struct wh_variable *, i);
        expect_str(want[i].name, v->name, want[i].name);
        expect_str(want[i].name, v->default_value, want[i].fallback);
        expect_str(want[i].name, v->alternate_value, want[i].alternate);
        expect_int(want[i].name, v->required, want[i].required);
    }
    loadtest_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_expand),     cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(values_are_cast),      cmocka_unit_test(unset_variables_warn_once),
        cmocka_unit_test(variables_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
