/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Restart policies: parsing, the decision, Docker's back-off; names of signals. */
#include "tests/unit/test.h"

#include "whale/util/time.h"

#include "engine/ctr.h"
#include "engine/restart.h"

#include <signal.h>

#define MS WH_NS_PER_MS
#define S  WH_NS_PER_S

static void policies_decide_by_code_and_attempts(void **state)
{
    static const struct {
        const char *name, *restart;
        int exit_code;
        bool stopped;
        int attempts;
        bool want;
    } rows[] = {
        {"none", NULL, 1, false, 0, false},
        {"no", "no", 1, false, 0, false},
        {"always after success", "always", 0, false, 7, true},
        {"always, but stopped", "always", 0, true, 0, false},
        {"unless-stopped", "unless-stopped", 3, false, 0, true},
        {"on-failure after success", "on-failure", 0, false, 0, false},
        {"on-failure", "on-failure", 1, false, 100, true},
        {"on-failure:2, second", "on-failure:2", 1, false, 1, true},
        {"on-failure:2, third", "on-failure:2", 1, false, 2, false},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct wh_service s = {.restart = rows[i].restart};
        struct restart_policy p;
        expect_int(rows[i].name, restart_policy_parse(&s, &p, NULL), 0);
        expect_int(rows[i].name, restart_wanted(&p, rows[i].exit_code, rows[i].stopped, rows[i].attempts),
                   rows[i].want);
    }
}

static void unknown_policies_are_refused(void **state)
{
    static const char *const texts[] = {"sometimes", "on-failure:x", "always:3", "on-failure:-1"};
    for (size_t i = 0; i < WH_ARRAY_LEN(texts); i++) {
        struct wh_service s = {.restart = texts[i]};
        struct restart_policy p;
        wh_auto_err err = {0};
        expect_int(texts[i], restart_policy_parse(&s, &p, &err), -1);
        expect_err(texts[i], &err, texts[i]);
    }
}

static void delays_double_up_to_a_minute(void **state)
{
    struct restart_policy p = {.kind = RESTART_ALWAYS};
    int64_t delay = 0;
    for (int64_t want = 100 * MS; want < 60 * S; want *= 2) {
        delay = restart_delay_ns(&p, delay, 50 * MS);
        assert_int_equal(delay, want);
    }
    assert_int_equal(restart_delay_ns(&p, delay, 50 * MS), 60 * S);
    assert_int_equal(restart_delay_ns(&p, 60 * S, 9 * S), 60 * S);
    assert_int_equal(restart_delay_ns(&p, 60 * S, 10 * S), 100 * MS);
}

static void deploy_has_its_own_delay_and_attempts(void **state)
{
    struct wh_restart_policy d = {
        .condition = "on-failure", .delay_ns = {true, 3 * S}, .max_attempts = {true, 1}, .window_ns = {true, 20 * S}};
    struct wh_deploy deploy = {.restart_policy = &d};
    struct wh_service s = {.deploy = &deploy};
    struct restart_policy p;
    assert_int_equal(restart_policy_parse(&s, &p, NULL), 0);
    assert_int_equal(restart_delay_ns(&p, 3 * S, 0), 3 * S);
    assert_int_equal(restart_window_ns(&p), 20 * S);
    assert_true(restart_wanted(&p, 1, false, 0));
    assert_false(restart_wanted(&p, 1, false, 1));
    assert_false(restart_wanted(&p, 0, false, 0));
}

static void signals_have_names_and_numbers(void **state)
{
    static const struct {
        const char *text;
        int want; /* -1: refused */
    } rows[] = {
        {"SIGTERM", SIGTERM}, {"term", SIGTERM}, {"9", SIGKILL},
        {"SIGUSR1", SIGUSR1}, {"RTMIN", -2},     {"SIGRTMIN+3", -3},
        {"nosuch", -1},       {"", -1},          {"0", -1},
        {"65", -1},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        int got = -1, want = rows[i].want == -2 ? SIGRTMIN : rows[i].want == -3 ? SIGRTMIN + 3 : rows[i].want;
        expect_int(rows[i].text, signal_parse(rows[i].text, &got), want < 0 ? -1 : 0);
        expect_int(rows[i].text, got, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_decide_by_code_and_attempts), cmocka_unit_test(unknown_policies_are_refused),
        cmocka_unit_test(delays_double_up_to_a_minute),         cmocka_unit_test(deploy_has_its_own_delay_and_attempts),
        cmocka_unit_test(signals_have_names_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
