/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The env file reader: statements, quotes, escapes, expansion, errors with their line. */
#include "tests/unit/compose/loadtest.h"

static const struct value_row {
    const char *name, *text, *key, *value; /* value NULL: the key is not set */
} value_rows[] = {
    {"plain", "A=1", "A", "1"},
    {"blanks around", "  A = spaced out  \n", "A", "spaced out"},
    {"export", "export   A = 1\n", "A", "1"},
    {"export as name", "exported=1\n", "exported", "1"},
    {"colon", "A: one\nB:two", "B", "two"},
    {"odd names", "my.key-1=v\narr[0]=x", "arr[0]", "x"},
    {"digit first", "1A=x", "1A", "x"},
    {"letters of other scripts", "GRÖSSE=x", "GRÖSSE", "x"},
    {"comment", "# c\n  # d\nA=a # c", "A", "a"},
    {"hash without blank", "A=a#b", "A", "a#b"},
    {"hash first", "A=#x", "A", "#x"},
    {"tab and hash", "A=a\t# c", "A", "a\t# c"},
    {"backslashes", "A=a\\n", "A", "a\\n"},
    {"equals inside", "A=b=c=d", "A", "b=c=d"},
    {"empty", "A=\nB=2", "A", ""},
    {"CRLF and BOM",
     "\xEF\xBB\xBF"
     "A=1\r\nB='two' \r\n",
     "B", "two"},
    {"CRLF in quotes stays", "A=\"a\r\nb\"", "A", "a\r\nb"},
    {"bare inherits", "SHELL_V\n", "SHELL_V", "shell"},
    {"bare at the end of the text", "SHELL_V", "", "SHELL_V"},
    {"bare and unset", "NOPE\nA=1", "NOPE", NULL},
    {"double quotes", "A=\"tab\\tnl\\nend \\q \\x41\"", "A", "tab\tnl\nend \\q \\x41"},
    {"quoted quote", "A=\"q \\\" b\\\\s\"", "A", "q \" b\\s"},
    {"octal", "A=\"o \\0101 \\0351\"", "A", "o A \xC3\xA9"},
    {"short octal", "A=\"\\01 \\0 \\0777\"", "A", "\\1 \\ \\777"},
    {"dollar in double quotes", "B=b\nA=\"\\$B ${B}\"", "A", "$B b"},
    {"several lines", "A=\"one\ntwo\n  three\"\nB=2", "A", "one\ntwo\n  three"},
    {"after several lines", "A=\"one\ntwo\"\nB=2", "B", "2"},
    {"comment behind quotes", "A=\"v\" # c\nB=2", "A", "v"},
    {"single quotes", "A='no $X ${Y:?z} \\n'", "A", "no $X ${Y:?z} \\n"},
    {"quote in single quotes", "A='it\\'s'", "A", "it's"},
    {"earlier key", "A=1\nB=$A-${A}", "B", "1-1"},
    {"outside wins", "SHELL_V=file\nB=$SHELL_V", "B", "shell"},
    {"file keeps its own value", "SHELL_V=file", "SHELL_V", "file"},
    {"backslash dollar unquoted", "A=1\nB=\\$A", "B", "\\1"},
    {"double dollar", "A=a$$b", "A", "a$b"},
    {"last line without newline", "A=1\nB=last", "B", "last"},
    {"last wins", "A=1\nA=2", "A", "2"},
};

static void values_are_read(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(value_rows); i++) {
        const struct value_row *row = &value_rows[i];
        struct loadtest t;
        wh_auto_err err = {0};
        loadtest_init(&t);
        loadtest_env(&t, "SHELL_V=shell");
        struct wh_env vars = {.arena = &t.res.arena, .parent = &t.res.env};
        expect_int(row->name,
                   wh_dotenv_parse(&t.load, row->text, strlen(row->text), "f", WH_DOTENV_COMPOSE, &vars, &err), 0);
        const struct wh_env_var *v = wh_map_get(&vars.map, row->key);
        expect_str(row->name, v ? v->value : NULL, row->value);
        wh_env_fini(&vars);
        loadtest_fini(&t);
    }
}

static void raw_lines_are_taken_as_they_are(void **state)
{
    static const char text[] = "# c\nA=\"q\"\n  B= lead # no comment\nSHELL_V\nNOPE\nC=$A\\n\nD=\n";
    static const struct {
        const char *key, *value;
    } want[] = {{"A", "\"q\""}, {"B", " lead # no comment"}, {"SHELL_V", "shell"}, {"NOPE", NULL}, {"C", "$A\\n"},
                {"D", ""}};
    struct loadtest t;
    wh_auto_err err = {0};
    loadtest_init(&t);
    loadtest_env(&t, "SHELL_V=shell");
    struct wh_env vars = {.arena = &t.res.arena, .parent = &t.res.env};
    assert_int_equal(wh_dotenv_parse(&t.load, text, sizeof(text) - 1, "f", WH_DOTENV_RAW, &vars, &err), 0);
    for (size_t i = 0; i < WH_ARRAY_LEN(want); i++) {
        const struct wh_env_var *v = wh_map_get(&vars.map, want[i].key);
        expect_str(want[i].key, v ? v->value : NULL, want[i].value);
    }
    wh_env_fini(&vars);
    loadtest_fini(&t);
}

static const struct error_row {
    const char *name, *text, *message;
    unsigned int line, column;
    enum wh_dotenv_format format;
} error_rows[] = {
    {"blank in a name", "A=1\n# c\nMY KEY=2\n", "line 3: key cannot contain a space", 3, 1, WH_DOTENV_COMPOSE},
    {"character", "A=1\nB%=2\n", "line 2: unexpected character \"%\" in variable name \"B%=2\"", 2, 2,
     WH_DOTENV_COMPOSE},
    {"quote", "\"A\"=1\n", "line 1: unexpected character \"\\\"\" in variable name \"\\\"A\\\"=1\"", 1, 1,
     WH_DOTENV_COMPOSE},
    {"unterminated", "A=1\n\nB=\"x\nC=2\n", "line 5: unterminated quoted value \"x", 3, 1, WH_DOTENV_COMPOSE},
    {"required", "A=${NOPE:?need it}", "required variable NOPE is missing a value: need it", 1, 1, WH_DOTENV_COMPOSE},
    {"template", "A=1\nB=${N:-${}}", "Invalid template: \"${}\"", 2, 1, WH_DOTENV_COMPOSE},
    {"raw blank", "A B=1", "variable 'A B' contains whitespaces", 1, 1, WH_DOTENV_RAW},
    {"raw without name", "A=1\n=x", "no variable name", 2, 1, WH_DOTENV_RAW},
};

static void errors_have_a_line(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(error_rows); i++) {
        const struct error_row *row = &error_rows[i];
        struct loadtest t;
        wh_auto_err err = {0};
        loadtest_init(&t);
        struct wh_env vars = {.arena = &t.res.arena};
        expect_int(row->name, wh_dotenv_parse(&t.load, row->text, strlen(row->text), "f", row->format, &vars, &err),
                   -1);
        expect_err(row->name, &err, row->message);
        expect_int(row->name, err.mark.line, row->line);
        expect_int(row->name, err.mark.column, row->column);
        wh_env_fini(&vars);
        loadtest_fini(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(raw_lines_are_taken_as_they_are),
        cmocka_unit_test(errors_have_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
