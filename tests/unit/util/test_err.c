/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/test.h"

#include <errno.h>

static void contexts_are_printed_outermost_first(void **state)
{
    wh_auto_err err = {0};
    assert_int_equal(wh_fail(&err, ENOENT, "open %s", "x"), -1);
    assert_int_equal(wh_wrap(&err, "mount \"./data\" on /var/lib"), -1);
    assert_int_equal(wh_wrap(&err, "service \"db\""), -1);
    wh_auto_free char *text = wh_err_text(&err);
    assert_string_equal(text, "service \"db\": mount \"./data\" on /var/lib: open x: No such file or directory");
    assert_int_equal(err.code, ENOENT);
}

static void a_long_chain_keeps_both_ends(void **state)
{
    wh_auto_err err = {0};
    wh_fail(&err, WH_E_INVALID, "cause");
    for (int i = 0; i < 40; i++)
        wh_wrap(&err, "level %d", i);
    expect_err("cause", &err, ": cause");
    expect_err("newest", &err, "level 39: ");
}

static void the_first_mark_and_hint_win(void **state)
{
    wh_auto_err err = {0};
    wh_fail(&err, WH_E_INVALID, "bad");
    char name[] = "compose.yaml";
    wh_err_at(&err, &(struct wh_mark){.file = name, .line = 3, .column = 5});
    name[0] = 'X';
    wh_err_at(&err, &(struct wh_mark){.file = "other.yaml", .line = 9});
    wh_err_hint(&err, "try %s", "this");
    wh_err_hint(&err, "or that");
    assert_string_equal(err.mark.file, "compose.yaml");
    assert_int_equal(err.mark.line, 3);
    assert_string_equal(err.hint, "try this");
    wh_auto_err moved = {0};
    wh_err_move(&moved, &err);
    assert_int_equal(err.depth, 0);
    assert_string_equal(moved.mark.file, "compose.yaml");
}

static void the_value_to_blame_is_said_from_the_inside_out(void **state)
{
    wh_auto_err err = {0};
    wh_fail(&err, WH_E_INVALID, "bad");
    assert_int_equal(wh_err_in(&err, "sysctls/%s", "net.x"), -1);
    wh_err_in(&err, "services/%s", "web");
    assert_string_equal(err.value, "services/web/sysctls/net.x");
    wh_fail(&err, WH_E_INVALID, "another");
    assert_null(err.value);
}

static void no_error_object_is_fine(void **state)
{
    assert_int_equal(wh_fail(NULL, EIO, "x"), -1);
    assert_int_equal(wh_wrap(NULL, "y"), -1);
    wh_err_at(NULL, NULL);
    wh_err_hint(NULL, "z");
    assert_int_equal(wh_err_in(NULL, "v"), -1);
    wh_err_fini(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contexts_are_printed_outermost_first),
        cmocka_unit_test(a_long_chain_keeps_both_ends),
        cmocka_unit_test(the_first_mark_and_hint_win),
        cmocka_unit_test(the_value_to_blame_is_said_from_the_inside_out),
        cmocka_unit_test(no_error_object_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
