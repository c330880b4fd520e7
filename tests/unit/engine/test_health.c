/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The health machine, played probe by probe. */
#include "tests/unit/test.h"

#include "whale/util/time.h"

#include "engine/health.h"

#define S WH_NS_PER_S

struct step {
    int64_t begin_s;
    bool success;
    enum wh_health want;
    bool changed;
    int64_t next_s; /* delay to the probe after it, asked at begin_s */
};

static const struct {
    const char *name;
    struct wh_health_config config;
    int64_t first_s;
    struct step steps[6];
    size_t n;
} rows[] = {
    {"healthy at once", {.interval_ns = S}, 1, {{1, true, WH_HEALTH_HEALTHY, true, 1}}, 1},
    {"defaults", {0}, 30, {{30, false, WH_HEALTH_STARTING, false, 30}}, 1},
    {"unhealthy after three, then healthy again",
     {.interval_ns = S},
     1,
     {{1, false, WH_HEALTH_STARTING, false, 1},
      {2, false, WH_HEALTH_STARTING, false, 1},
      {3, false, WH_HEALTH_UNHEALTHY, true, 1},
      {4, false, WH_HEALTH_UNHEALTHY, false, 1},
      {5, true, WH_HEALTH_HEALTHY, true, 1}},
     5},
    {"a success in between starts the count anew",
     {.interval_ns = S, .retries = 2},
     1,
     {{1, true, WH_HEALTH_HEALTHY, true, 1},
      {2, false, WH_HEALTH_HEALTHY, false, 1},
      {3, true, WH_HEALTH_HEALTHY, false, 1},
      {4, false, WH_HEALTH_HEALTHY, false, 1},
      {5, false, WH_HEALTH_UNHEALTHY, true, 1}},
     5},
    {"failures in the start period do not count",
     {.interval_ns = 10 * S, .start_period_ns = 5 * S, .start_interval_ns = 2 * S, .retries = 1},
     2,
     {{2, false, WH_HEALTH_STARTING, false, 2},
      {4, false, WH_HEALTH_STARTING, false, 2},
      {6, false, WH_HEALTH_UNHEALTHY, true, 10}},
     3},
    {"the first success ends the start period",
     {.interval_ns = 10 * S, .start_period_ns = 60 * S, .start_interval_ns = S, .retries = 1},
     1,
     {{1, false, WH_HEALTH_STARTING, false, 1},
      {2, true, WH_HEALTH_HEALTHY, true, 10},
      {12, false, WH_HEALTH_UNHEALTHY, true, 10}},
     3},
    {"start interval without start period has no effect",
     {.interval_ns = 3 * S, .start_interval_ns = S},
     3,
     {{3, false, WH_HEALTH_STARTING, false, 3}},
     1},
};

static void follows_the_rules(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct wh_health_machine m;
        int64_t start_ns = 1000 * S;
        wh_health_machine_init(&m, &rows[i].config, start_ns);
        expect_int(rows[i].name, wh_health_next_delay_ns(&m, start_ns), rows[i].first_s * S);
        for (size_t n = 0; n < rows[i].n; n++) {
            const struct step *s = &rows[i].steps[n];
            int64_t at_ns = start_ns + s->begin_s * S;
            expect_int(rows[i].name, wh_health_on_result(&m, at_ns, s->success), s->changed);
            expect_int(rows[i].name, m.status, s->want);
            expect_int(rows[i].name, wh_health_next_delay_ns(&m, at_ns), s->next_s * S);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
