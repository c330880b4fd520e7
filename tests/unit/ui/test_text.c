/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relative times, ports, tables, cut and filtered text. */
#include "tests/unit/test.h"

#include "whale/ui.h"
#include "whale/util/time.h"

static void durations_read_as_docker_words_them(void **state)
{
    static const struct {
        double seconds;
        const char *want;
    } rows[] = {
        {0, "Less than a second"}, {0.9, "Less than a second"}, {1, "1 second"},          {59, "59 seconds"},
        {60, "About a minute"},    {119, "About a minute"},     {120, "2 minutes"},       {3599, "59 minutes"},
        {3600, "About an hour"},   {5399, "About an hour"},     {5400, "2 hours"},        {47 * 3600, "47 hours"},
        {48 * 3600, "2 days"},     {13 * 86400, "13 days"},     {14 * 86400, "2 weeks"},  {59 * 86400, "8 weeks"},
        {60 * 86400, "2 months"},  {729 * 86400, "24 months"},  {730 * 86400, "2 years"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        char buf[40];
        expect_str(rows[i].want, wh_ui_duration((int64_t)(rows[i].seconds * 1e9), buf, sizeof(buf)), rows[i].want);
    }
}

static void ports_fold(void **state)
{
    static const struct {
        const char *name;
        struct wh_ui_port items[8];
        size_t n;
        const char *want;
    } rows[] = {
        {"none", {{0}}, 0, ""},
        {"one", {{"127.0.0.1", 8001, 8000, "tcp"}}, 1, "127.0.0.1:8001->8000/tcp"},
        {"exposed",
         {{"", 0, 80, "tcp"}, {"", 0, 8000, "tcp"}, {"", 0, 8002, "tcp"}, {"", 0, 8001, "tcp"}, {"", 0, 53, "udp"}},
         5,
         "80/tcp, 53/udp, 8000-8002/tcp"},
        {"different numbers do not fold",
         {{"127.0.0.1", 21, 81, "tcp"}, {"127.0.0.1", 22, 82, "tcp"}},
         2,
         "127.0.0.1:21->81/tcp, 127.0.0.1:22->82/tcp"},
        {"equal numbers fold", {{"0.0.0.0", 81, 81, "tcp"}, {"0.0.0.0", 82, 82, "tcp"}}, 2, "0.0.0.0:81-82->81-82/tcp"},
        {"both families",
         {{"::", 20530, 80, "tcp"}, {"0.0.0.0", 20530, 80, "tcp"}},
         2,
         "0.0.0.0:20530->80/tcp, [::]:20530->80/tcp"},
        {"exposed before published",
         {{"127.0.0.1", 20527, 8080, "tcp"}, {"", 0, 9090, "udp"}},
         2,
         "9090/udp, 127.0.0.1:20527->8080/tcp"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct wh_ui_port items[8];
        wh_auto_str out = {0};
        memcpy(items, rows[i].items, sizeof(items));
        wh_ui_ports(items, rows[i].n, &out);
        expect_str(rows[i].name, wh_str_c(&out), rows[i].want);
    }
}

static void tables_align(void **state)
{
    static const struct {
        const char *lines;
        size_t min;
        const char *want;
    } rows[] = {
        {"NAME\tIMAGE\tPORTS\n", 10, "NAME      IMAGE     PORTS\n"},
        {"A\tB\nlong-name-x\ty\n", 4, "A             B\nlong-name-x   y\n"},
        {"A\tB\n\tz\n", 2, "A   B\n    z\n"},
        {"", 10, ""},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        wh_ui_table(rows[i].lines, rows[i].min, WH_UI_TABLE_GAP, &out);
        expect_str(rows[i].lines, wh_str_c(&out), rows[i].want);
    }
}

static void long_text_is_cut(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        const char *want;
    } rows[] = {
        {"short", 20, "short"},
        {"\"sh -c 'echo a rather", 20, "\"sh -c 'echo a rath\xe2\x80\xa6"},
        {"h\xc3\xa9llo", 5, "h\xc3\xa9llo"},
        {"h\xc3\xa9llo!", 5, "h\xc3\xa9ll\xe2\x80\xa6"},
        {"", 1, ""},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        wh_ui_ellipsis(rows[i].text, rows[i].max, &out);
        expect_str(rows[i].text, wh_str_c(&out), rows[i].want);
    }
}

static void foreign_text_cannot_steer_a_terminal(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } rows[] = {
        {"plain", "a\tb\n", "a\tb\n"},
        {"colours stay", "\033[31;1mred\033[0m", "\033[31;1mred\033[0m"},
        {"cursor and erase", "a\033[2J\033[Hb\033[K", "ab"},
        {"private mode", "\033[?25lx\033[?1049h", "x"},
        {"title", "\033]0;title\ax", "x"},
        {"clipboard ended by ST", "\033]52;c;AAAA\033\\x", "x"},
        {"link", "\033]8;;http://e\033\\t\033]8;;\033\\", "t"},
        {"device control", "\033Pq#0\033\\x", "x"},
        {"single letter", "\033cx\0337y", "xy"},
        {"carriage return, bell, backspace", "a\r\b\ab", "ab"},
        {"eight bit CSI",
         "\xc2\x9b"
         "2Jx",
         "2Jx"},
        {"broken UTF-8",
         "a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"good UTF-8", "\xe2\x82\xac", "\xe2\x82\xac"},
        {"unfinished", "x\033[31", "x"},
        {"lonely escape", "x\033", "x"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        wh_ui_filter(rows[i].text, strlen(rows[i].text), &out);
        expect_str(rows[i].name, wh_str_c(&out), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_read_as_docker_words_them),
        cmocka_unit_test(ports_fold),
        cmocka_unit_test(tables_align),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(foreign_text_cannot_steer_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
