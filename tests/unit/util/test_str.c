/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/test.h"

static void grows_and_fails_at_its_maximum(void **state)
{
    wh_auto_str s = {.max = 10};
    assert_int_equal(wh_str_add(&s, "12345"), 0);
    assert_int_equal(wh_str_fmt(&s, "%d", 678), 0);
    assert_string_equal(wh_str_c(&s), "12345678");
    assert_int_equal(wh_str_add(&s, "9ab"), -1);
    assert_true(s.failed);
    assert_int_equal(wh_str_addc(&s, 'x'), -1);
    assert_string_equal(wh_str_c(&s), "12345678");
    assert_null(wh_str_take(&s));
    wh_str_clear(&s);
    assert_int_equal(wh_str_add(&s, "again"), 0);
    wh_auto_free char *taken = wh_str_take(&s);
    assert_string_equal(taken, "again");
    assert_string_equal(wh_str_c(&s), "");
}

static void formats_more_than_the_stack_buffer(void **state)
{
    wh_auto_str s = {0};
    assert_int_equal(wh_str_fmt(&s, "%0*d|", 5000, 7), 0);
    assert_int_equal(s.len, 5001);
    assert_string_equal(s.data + 4998, "07|");
}

static void an_empty_string_is_taken_as_empty(void **state)
{
    struct wh_str s = {0};
    wh_auto_free char *text = wh_str_take(&s);
    assert_string_equal(text, "");
}

static void finds_what_was_probably_meant(void **state)
{
    static const char *const keys[] = {"image", "ports", "environment", "env_file", "volumes", "command"};
    static const struct {
        const char *word, *want;
    } rows[] = {
        {"imge", "image"},      {"port", "ports"},     {"enviroment", "environment"},
        {"volumse", "volumes"}, {"comand", "command"}, {"env-file", "env_file"},
        {"zzz", NULL},          {"x", NULL},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++)
        expect_str(rows[i].word, wh_did_you_mean(rows[i].word, keys, WH_ARRAY_LEN(keys)), rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_fails_at_its_maximum),
        cmocka_unit_test(formats_more_than_the_stack_buffer),
        cmocka_unit_test(an_empty_string_is_taken_as_empty),
        cmocka_unit_test(finds_what_was_probably_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
