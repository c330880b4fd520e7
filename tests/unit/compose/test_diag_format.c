/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layout of diagnostics: place, source line, caret, further places, hint; env files are not repeated. */
#include "tests/unit/test.h"

#include "whale/compose.h"
#include "whale/util/file.h"

#include <stdio.h>
#include <unistd.h>

static char folder[] = "/tmp/diag.XXXXXX";

static const char *put_file(const char *name, const char *text, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", folder, name);
    assert_int_equal(wh_file_replace(path, text, strlen(text), 0600, WH_SYNC_NONE, NULL), 0);
    return path;
}

/* want: what follows the file name */
static void expect_diag(const char *row, const struct wh_diag *d, const char *want)
{
    wh_auto_str out = {0};
    size_t len = strlen(d->mark.file);
    wh_diag_format(d, false, &out);
    expect_true(row, strncmp(wh_str_c(&out), d->mark.file, len) == 0);
    expect_str(row, wh_str_c(&out) + len, want);
}

static void test_format(void **state)
{
    char yaml[64], env[64];
    put_file("c.yaml", "services:\n  web: {imagee: x}\n", yaml, sizeof(yaml));
    put_file("x.env", "PASSWORD=secret\n", env, sizeof(env));
    struct wh_diag d = {.severity = WH_SEV_ERROR,
                        .text = "no",
                        .mark = {.file = yaml, .line = 2, .column = 9},
                        .hint = "did you mean image?"};
    expect_diag("error", &d,
                ":2:9: error: no\n    2 |   web: {imagee: x}\n      |         ^~~~~~\n      = hint: did you mean "
                "image?\n");
    d = (struct wh_diag){.severity = WH_SEV_WARNING, .text = "no", .mark = {.file = env, .line = 1, .column = 1}};
    expect_diag("env file", &d, ":1:1: warning: no\n");
    d = (struct wh_diag){.severity = WH_SEV_ERROR, .text = "no", .mark = {.file = "/nonexistent/c.yaml", .line = 7}};
    expect_diag("unreadable", &d, ":7: error: no\n");
}

static int make_folder(void **state)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    return wh_remove_tree(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_format)};
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
