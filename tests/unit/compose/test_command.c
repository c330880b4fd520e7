/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting of string commands: words joined by |, the operator that ended it, or the refusal. */
#include "tests/unit/test.h"

#include "compose/canonical.h"

static const struct row {
    const char *text, *words; /* words NULL: refused */
    char op;
} rows[] = {
    {"", "", 0},
    {"  a   b\tc\n", "a|b|c|", 0},
    {"sh -c 'a  b'", "sh|-c|a  b|", 0},
    {"echo \"a \\\"b\\\"\" '' x", "echo|a \"b\"||x|", 0},
    {"a\\ b 'e\\f'", "a b|e\\f|", 0},
    {"a\\tb", "a\tb|", 0},
    {"one \\\n two", "one|\n|two|", 0},
    {"a#b # c", "a#b|#|c|", 0},
    {"cat x | grep y", "cat|x|", '|'},
    {"a; b", "a|", ';'},
    {"a && b", "a|", '&'},
    {"a 2> f", "a|", '>'},
    {"a b2> f", "a|b2|", '>'},
    {"a $(date +%s) b", "a|$(date +%s)|b|", 0},
    {"a `b c`", "a|`b c`|", 0},
    {"a \"x|y\"", "a|x|y|", 0},
    {"a 'b", NULL, 0},
    {"a \"b", NULL, 0},
    {"a\\", NULL, 0},
    {"a (b)", NULL, 0},
};

static void test_split(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        wh_auto_arena a = {0};
        wh_auto_err err = {0};
        wh_auto_str joined = {0};
        struct wh_cut cut;
        const struct wh_node *words = wh_split_command(&a, row->text, NULL, &cut, &err);
        if (!row->words) {
            expect_true(row->text, !words);
            expect_err(row->text, &err, "invalid command line string");
            continue;
        }
        expect_true(row->text, words);
        for (size_t k = 0; k < words->seq.len; k++)
            wh_str_fmt(&joined, "%s|", words->seq.items[k]->text);
        expect_str(row->text, wh_str_c(&joined), row->words);
        expect_int(row->text, cut.op, row->op);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_split)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
