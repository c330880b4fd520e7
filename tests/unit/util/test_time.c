/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/test.h"

#include "whale/util/size.h"
#include "whale/util/time.h"

static void durations_are_parsed_and_printed_as_go_does(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t ns;
        const char *printed;
    } rows[] = {
        {"30s", 0, 30 * WH_NS_PER_S, "30s"},
        {"1m30s", 0, 90 * WH_NS_PER_S, "1m30s"},
        {"90s", 0, 90 * WH_NS_PER_S, "1m30s"},
        {"1h", 0, 3600 * WH_NS_PER_S, "1h0m0s"},
        {"1.5h", 0, 5400 * WH_NS_PER_S, "1h30m0s"},
        {"500ms", 0, 500 * WH_NS_PER_MS, "500ms"},
        {"1.25s", 0, 1250 * WH_NS_PER_MS, "1.25s"},
        {"10us", 0, 10000, "10\xc2\xb5s"},
        {"2d", 0, 172800 * WH_NS_PER_S, "48h0m0s"},
        {"1w", 0, 604800 * WH_NS_PER_S, "168h0m0s"},
        {"-5s", 0, -5 * WH_NS_PER_S, "-5s"},
        {"0", 0, 0, "0s"},
        {"0s", 0, 0, "0s"},
        {"30", -1, 0, NULL},
        {"", -1, 0, NULL},
        {"s", -1, 0, NULL},
        {"1x", -1, 0, NULL},
        {"1e3s", -1, 0, NULL},
        {"0x1s", -1, 0, NULL},
        {"1 s", -1, 0, NULL},
        {"99999999999h", -1, 0, NULL},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        int64_t ns = 0;
        char buf[64];
        expect_int(rows[i].text, wh_duration_parse(rows[i].text, &ns), rows[i].rc);
        if (rows[i].rc == 0) {
            expect_int(rows[i].text, ns, rows[i].ns);
            expect_str(rows[i].text, wh_duration_format(ns, buf, sizeof(buf)), rows[i].printed);
        }
    }
}

static void times_are_parsed_in_the_usual_forms(void **state)
{
    static const struct {
        const char *text;
        int rc;
        const char *printed;
    } rows[] = {
        {"2026-01-02T15:04:05Z", 0, "2026-01-02T15:04:05.000000000Z"},
        {"2026-01-02T15:04:05.123456789Z", 0, "2026-01-02T15:04:05.123456789Z"},
        {"2026-01-02T15:04:05.5+02:00", 0, "2026-01-02T13:04:05.500000000Z"},
        {"2026-01-02T15:04:05-01:30", 0, "2026-01-02T16:34:05.000000000Z"},
        {"2026-01-02T15:04", 0, "2026-01-02T15:04:00.000000000Z"},
        {"2026-01-02", 0, "2026-01-02T00:00:00.000000000Z"},
        {"1767366245", 0, "2026-01-02T15:04:05.000000000Z"},
        {"1767366245.25", 0, "2026-01-02T15:04:05.250000000Z"},
        {"yesterday", -1, NULL},
        {"2026-01-02T15:04:05Zx", -1, NULL},
        {"", -1, NULL},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        int64_t ns = 0;
        char buf[40];
        expect_int(rows[i].text, wh_time_parse(rows[i].text, &ns), rows[i].rc);
        if (rows[i].rc == 0)
            expect_str(rows[i].text, wh_time_format(ns, buf, sizeof(buf)), rows[i].printed);
    }
}

static void sizes_use_powers_of_1024(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t bytes;
    } rows[] = {
        {"512", 0, 512},       {"1k", 0, 1024},      {"64M", 0, 64 << 20}, {"1GiB", 0, 1 << 30}, {"10 kb", 0, 10240},
        {"1.5m", 0, 1572864},  {"-1", 0, -1},        {"2gi", -1, 0},       {"", -1, 0},          {"m", -1, 0},
        {"1e3", 0, 1000},      {"99999999p", -1, 0}, {"0x10", -1, 0},      {"10  m", -1, 0},     {"0x1p4", 0, 16},
        {"1_0m", 0, 10 << 20}, {"1m5", -1, 0},       {"inf", -1, 0},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        int64_t bytes = 0;
        expect_int(rows[i].text, wh_size_parse(rows[i].text, &bytes), rows[i].rc);
        expect_int(rows[i].text, bytes, rows[i].bytes);
    }
    char buf[32];
    assert_string_equal(wh_size_format_si(1250000, buf, sizeof(buf)), "1.25MB");
    assert_string_equal(wh_size_format_si(999, buf, sizeof(buf)), "999B");
    assert_string_equal(wh_size_format_iec(1536, buf, sizeof(buf)), "1.5KiB");
}

static void integers_are_whole_and_in_range(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t value;
    } rows[] = {{"0", 0, 0},   {"-5", 0, -5}, {"65535", 0, 65535}, {"65536", -1, 0},
                {"1x", -1, 0}, {"", -1, 0},   {" 1", -1, 0},       {"99999999999999999999", -1, 0}};
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        int64_t value = 0;
        expect_int(rows[i].text, wh_int_parse(rows[i].text, -10, 65535, &value), rows[i].rc);
        expect_int(rows[i].text, value, rows[i].value);
    }
}

static void a_clock_that_was_set_back_makes_no_negative_age(void **state)
{
    int64_t now_ns = wh_now_real_ns();
    assert_true(wh_real_elapsed_ns(now_ns - WH_NS_PER_S) >= WH_NS_PER_S);
    assert_int_equal(wh_real_elapsed_ns(now_ns + 3600 * WH_NS_PER_S), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_parsed_and_printed_as_go_does),
        cmocka_unit_test(times_are_parsed_in_the_usual_forms),
        cmocka_unit_test(sizes_use_powers_of_1024),
        cmocka_unit_test(a_clock_that_was_set_back_makes_no_negative_age),
        cmocka_unit_test(integers_are_whole_and_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
