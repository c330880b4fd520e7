/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading logs back: tail, since, until, partial lines, foreign forms, rotation, following. */
#include "tests/unit/test.h"

#include "whale/logs.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include <stdio.h>

#define DAY "2026-03-01T"

static char dir[64];

static int make_dir(void **state)
{
    snprintf(dir, sizeof(dir), "/tmp/whale-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    wh_auto_err err = {0};
    return wh_remove_tree(dir, &err);
}

static void put(const char *name, const char *mode, const char *text)
{
    wh_auto_free char *path = wh_path_join(dir, name);
    wh_auto_file f = fopen(path, mode);
    assert_non_null(f);
    fputs(text, f);
}

/* Numbered records: text nK, one a second. */
static void put_numbers(const char *name, int from, int to)
{
    wh_auto_free char *path = wh_path_join(dir, name);
    wh_auto_file f = fopen(path, "w");
    for (int i = from; i < to; i++)
        fprintf(f, "{\"log\":\"n%d\\n\",\"stream\":\"stdout\",\"time\":\"" DAY "%02d:%02d:%02d.000000000Z\"}\n", i,
                i / 3600, i / 60 % 60, i % 60);
}

static void read_all(const struct wh_log_query *query, struct wh_str *ret)
{
    struct wh_log_reader *r;
    struct wh_log_record record;
    assert_int_equal(wh_log_reader_open(dir, query, &r, NULL), 0);
    while (wh_log_reader_next(r, &record, NULL) == 0)
        wh_str_addn(ret, record.text, record.len);
    wh_log_reader_free(r);
}

static int64_t at(const char *clock)
{
    char text[64];
    int64_t ns;
    snprintf(text, sizeof(text), DAY "%s", clock);
    assert_int_equal(wh_time_parse(text, &ns), 0);
    return ns;
}

static void finds_tail_since_and_until(void **state)
{
    put_numbers("log.json.2", 0, 20);
    put_numbers("log.json.1", 20, 20000);
    put_numbers("log.json", 20000, 20010);
    const struct {
        const char *name;
        struct wh_log_query query;
        int first, last; /* first > last: nothing */
    } rows[] = {
        {"all", {.tail = -1}, 0, 20009},
        {"tail 0", {.tail = 0}, 1, 0},
        {"tail 1", {.tail = 1}, 20009, 20009},
        {"tail of the whole last file", {.tail = 10}, 20000, 20009},
        {"tail over files", {.tail = 11}, 19999, 20009},
        {"tail over windows", {.tail = 15000}, 5010, 20009},
        {"tail of all but one", {.tail = 20009}, 1, 20009},
        {"tail of exactly all", {.tail = 20010}, 0, 20009},
        {"tail of more than all", {.tail = 1000000}, 0, 20009},
        {"since in the oldest file", {.tail = -1, .since_ns = at("00:00:05Z")}, 5, 20009},
        {"since in the middle", {.tail = -1, .since_ns = at("03:00:00Z")}, 10800, 20009},
        {"since between records", {.tail = -1, .since_ns = at("03:00:00.5Z")}, 10801, 20009},
        {"since the last", {.tail = -1, .since_ns = at("05:33:29Z")}, 20009, 20009},
        {"since later", {.tail = -1, .since_ns = at("12:00:00Z")}, 1, 0},
        {"until", {.tail = -1, .until_ns = at("00:00:03Z")}, 0, 3},
        {"since and until", {.tail = -1, .since_ns = at("03:00:00Z"), .until_ns = at("03:00:02Z")}, 10800, 10802},
        {"tail, then since", {.tail = 5, .since_ns = at("05:33:28Z")}, 20008, 20009},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str got = {0}, want = {0};
        read_all(&rows[i].query, &got);
        for (int n = rows[i].first; n <= rows[i].last; n++)
            wh_str_fmt(&want, "n%d\n", n);
        expect_str(rows[i].name, wh_str_c(&got), wh_str_c(&want));
    }
}

static void decodes_what_others_write(void **state)
{
#define TIME ",\"time\":\"" DAY "01:02:03.5Z\"}\n"
    const struct {
        const char *name, *line, *text;
        bool is_stderr, partial;
    } rows[] = {
        {"plain", "{\"log\":\"a\\n\",\"stream\":\"stdout\"" TIME, "a\n", false, false},
        {"stderr, partial", "{\"log\":\"a\",\"stream\":\"stderr\"" TIME, "a", true, true},
        {"empty", "{\"log\":\"\",\"stream\":\"stdout\"" TIME, "", false, true},
        {"escapes", "{\"log\":\"\\\"\\\\\\/\\b\\f\\r\\t\\n\",\"stream\":\"stdout\"" TIME, "\"\\/\b\f\r\t\n", false,
         false},
        {"unicode", "{\"log\":\"\\u00fc\\u20ac\\ud83d\\ude00\\ud83d\\n\",\"stream\":\"stdout\"" TIME,
         "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd\n", false, false},
        {"key inside the text", "{\"log\":\"\\\",\\\"stream\\\":\\\"stderr\\n\",\"stream\":\"stdout\"" TIME,
         "\",\"stream\":\"stderr\n", false, false},
        {"attributes", "{\"log\":\"a\\n\",\"stream\":\"stderr\",\"attrs\":{\"x\":\"y\"}" TIME, "a\n", true, false},
        {"other order",
         "{\"time\":\"" DAY "01:02:03.5Z\",\"stream\":\"stderr\",\"log\":\"a long enough text to be read\\n\"}\n",
         "a long enough text to be read\n", true, false},
        {"zone", "{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"" DAY "02:02:03.5+01:00\"}\n", "a\n", false,
         false},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        put("log.json", "w", rows[i].line);
        struct wh_log_query all = {.tail = -1};
        struct wh_log_reader *r;
        struct wh_log_record record = {0};
        assert_int_equal(wh_log_reader_open(dir, &all, &r, NULL), 0);
        expect_int(rows[i].name, wh_log_reader_next(r, &record, NULL), 0);
        wh_auto_str text = {0};
        wh_str_addn(&text, record.text, record.len);
        expect_str(rows[i].name, wh_str_c(&text), rows[i].text);
        expect_int(rows[i].name, record.is_stderr, rows[i].is_stderr);
        expect_int(rows[i].name, record.partial, rows[i].partial);
        expect_int(rows[i].name, record.time_ns, at("01:02:03.5Z"));
        expect_int(rows[i].name, wh_log_reader_next(r, &record, NULL), WH_LOG_END);
        wh_log_reader_free(r);
    }
}

#define LINE(text) "{\"log\":\"" text "\",\"stream\":\"stdout\",\"time\":\"" DAY "00:00:00.000000000Z\"}\n"

static void counts_lines_not_records(void **state)
{
    put("log.json", "w", LINE("a\\n") LINE("b1") LINE("b2\\n") LINE("c\\\\n") LINE("d\\n") LINE("last"));
    static const struct {
        const char *name;
        int64_t tail;
        const char *want;
    } rows[] = {{"unfinished line", 1, "last"},
                {"and the one before", 2, "c\\nd\nlast"},
                {"split line", 3, "b1b2\nc\\nd\nlast"}};
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str got = {0};
        struct wh_log_query query = {.tail = rows[i].tail};
        read_all(&query, &got);
        expect_str(rows[i].name, wh_str_c(&got), rows[i].want);
    }
}

static void skips_what_is_no_record(void **state)
{
    put("log.json", "w",
        "garbage\n{}\n{\"log\":3}\n[]\n\n{\"log\":\"bad \\x\",\"stream\":\"stdout\",\"time\":\"\"}\n" LINE(
            "good\\n") "{\"log\":\"torn");
    wh_auto_str got = {0};
    struct wh_log_query all = {.tail = -1};
    read_all(&all, &got);
    assert_string_equal(wh_str_c(&got), "good\n");
}

static void expect_next(struct wh_log_reader *r, const char *want)
{
    struct wh_log_record record;
    int got = wh_log_reader_next(r, &record, NULL);
    expect_int(want ? want : "end", got, want ? 0 : WH_LOG_END);
    if (!want)
        return;
    assert_int_equal(record.len, strlen(want));
    assert_memory_equal(record.text, want, record.len);
}

static void rename_in_dir(const char *from, const char *to)
{
    wh_auto_free char *a = wh_path_join(dir, from), *b = wh_path_join(dir, to);
    assert_int_equal(rename(a, b), 0);
}

static void follows_over_rotations(void **state)
{
    struct wh_log_query query = {.tail = -1, .follow = true};
    struct wh_log_reader *r;
    assert_int_equal(wh_log_reader_open(dir, &query, &r, NULL), 0);
    assert_true(wh_log_reader_fd(r) >= 0);
    expect_next(r, NULL);
    put("log.json", "w", LINE("one\\n"));
    expect_next(r, "one\n");
    expect_next(r, NULL);
    put("log.json", "a", LINE("two\\n"));
    rename_in_dir("log.json", "log.json.1");
    put("log.json", "w", LINE("three\\n"));
    rename_in_dir("log.json.1", "log.json.2");
    rename_in_dir("log.json", "log.json.1");
    put("log.json", "w", LINE("four\\n"));
    expect_next(r, "two\n");
    expect_next(r, "three\n");
    expect_next(r, "four\n");
    expect_next(r, NULL);
    wh_log_reader_free(r);
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        IN_DIR(finds_tail_since_and_until), IN_DIR(decodes_what_others_write), IN_DIR(counts_lines_not_records),
        IN_DIR(skips_what_is_no_record),    IN_DIR(follows_over_rotations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
