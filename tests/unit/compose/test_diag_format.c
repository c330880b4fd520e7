/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout of diagnostics: place, source line, caret, further places, hint; env files are not repeated. The same as
 * data, for all errors and warnings of one load.
 */
#include "tests/unit/test.h"

#include "whale/codec/json.h"
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

/* Two files, whose second one is wrong in several ways; the warning comes from the first one. */
static void load_wrong(struct wh_load_result *r)
{
    char first[64], second[64];
    put_file("a.yaml",
             "version: '3'\nservices:\n  web:\n    image: x\n    stop_grace_period: 10s\n"
             "  db: {image: y}\n",
             first, sizeof(first));
    put_file("b.yaml", "services:\n  web:\n    stop_grace_period: 5\n    imagee: y\n  db:\n    tty: \"per\\thaps\"\n",
             second, sizeof(second));
    const char *const files[] = {first, second};
    struct wh_load_options o = {.project_name = "p",
                                .files = files,
                                .n_files = WH_ARRAY_LEN(files),
                                .environ = (char *[]){NULL},
                                .cwd = folder};
    wh_auto_err err = {0};
    expect_int("load", wh_compose_load(&o, r, &err), -1);
}

static void test_json(void **state)
{
    static const char row[] =
        "[{\"severity\":\"warning\",\"message\":\"%1$s/a.yaml: the attribute `version` is obsolete, it will be "
        "ignored, "
        "please remove it to avoid potential confusion\",\"file\":\"%1$s/a.yaml\",\"line\":1,\"column\":1},"
        "{\"severity\":\"error\",\"message\":\"error while interpolating services.db.tty: failed to cast to expected "
        "type: invalid boolean: per\\thaps\",\"file\":\"%1$s/b.yaml\",\"line\":6,\"column\":10},"
        "{\"severity\":\"error\",\"message\":\"services.web.stop_grace_period must be a string\","
        "\"file\":\"%1$s/b.yaml\",\"line\":3,\"column\":24,\"hint\":\"put the value in quotes: \\\"5\\\"\","
        "\"places\":[{\"file\":\"%1$s/a.yaml\",\"line\":5,\"column\":24,\"label\":\"replaces the value at\"}]},"
        "{\"severity\":\"error\",\"message\":\"services.web additional properties 'imagee' not allowed\","
        "\"file\":\"%1$s/b.yaml\",\"line\":4,\"column\":5,\"hint\":\"did you mean image?\"}]";
    wh_auto_load struct wh_load_result r = {0};
    wh_auto_arena a = {0};
    wh_auto_str out = {0};
    char want[2048];
    snprintf(want, sizeof(want), row, folder);
    load_wrong(&r);
    assert_int_equal(wh_json_write(wh_diags_to_node(&a, &r.diags), WH_JSON_COMPACT, &out), 0);
    expect_str("json", wh_str_c(&out), want);
}

/* As text: the third of the same diagnostics has a further place. */
static void test_replaced(void **state)
{
    wh_auto_load struct wh_load_result r = {0};
    char want[512];
    load_wrong(&r);
    assert_true(r.diags.items.len > 2);
    snprintf(want, sizeof(want),
             ":3:24: error: services.web.stop_grace_period must be a string\n"
             "    3 |     stop_grace_period: 5\n      |                        ^\n"
             "      = replaces the value at: %s/a.yaml:5:24\n      = hint: put the value in quotes: \"5\"\n",
             folder);
    expect_diag("replaced", wh_vec_at(&r.diags.items, struct wh_diag *, 2), want);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_format), cmocka_unit_test(test_json),
                                       cmocka_unit_test(test_replaced)};
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
