/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers, descriptors, deferred calls and helper threads of the event loop. */
#include "tests/unit/test.h"

#include "whale/util/time.h"

#include "engine/loop.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static struct wh_loop *loop;
static char trace[256];

static int make_loop(void **state)
{
    trace[0] = '\0';
    return wh_loop_new(&loop, NULL);
}

static int free_loop(void **state)
{
    wh_loop_free(loop);
    return 0;
}

static void note(const char *text)
{
    strncat(trace, text, sizeof(trace) - strlen(trace) - 1);
}

static void on_timer(struct wh_timer *t)
{
    note(t->data);
    if (strcmp(t->data, "c") == 0)
        wh_loop_stop(loop);
}

static void timers_fire_in_order_once(void **state)
{
    struct wh_timer a = {.fn = on_timer, .data = (void *)"a"}, b = {.fn = on_timer, .data = (void *)"b"},
                    c = {.fn = on_timer, .data = (void *)"c"}, never = {.fn = on_timer, .data = (void *)"n"};
    wh_timer_stop(&never); /* not started: harmless */
    int64_t start_ns = wh_now_mono_ns();
    wh_timer_start(loop, &b, 10 * WH_NS_PER_MS);
    wh_timer_start(loop, &a, 0);
    wh_timer_start(loop, &c, 1000 * WH_NS_PER_S);
    wh_timer_start(loop, &c, 20 * WH_NS_PER_MS); /* set anew */
    wh_timer_start(loop, &never, 5 * WH_NS_PER_MS);
    assert_true(wh_timer_is_active(&never));
    wh_timer_stop(&never);
    wh_loop_run(loop);
    assert_string_equal(trace, "abc");
    assert_false(wh_timer_is_active(&a));
    int64_t took_ns = wh_now_mono_ns() - start_ns;
    assert_true(took_ns >= 20 * WH_NS_PER_MS && took_ns < 2 * WH_NS_PER_S);
}

static void on_io(struct wh_io *io, int events)
{
    char buf[8];
    if (events & WH_IO_READ)
        note(read(*(int *)io->data, buf, sizeof(buf)) > 0 ? "r" : "e");
    wh_io_stop(io);
}

static void descriptors_report_and_stop(void **state)
{
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
    struct wh_io io = {.fn = on_io, .data = &p[0]};
    wh_io_start(loop, &io, p[0], WH_IO_READ);
    wh_loop_step(loop, false);
    assert_string_equal(trace, "");
    assert_int_equal(write(p[1], "x", 1), 1);
    wh_loop_step(loop, true);
    assert_string_equal(trace, "r");
    assert_int_equal(write(p[1], "x", 1), 1);
    wh_loop_step(loop, false);
    assert_string_equal(trace, "r"); /* it has stopped itself */
    wh_io_start(loop, &io, p[0], WH_IO_READ);
    wh_loop_step(loop, true);
    assert_string_equal(trace, "rr");
    wh_io_start(loop, &io, p[0], WH_IO_READ);
    close(p[1]);
    wh_loop_step(loop, true);
    assert_string_equal(trace, "rre");
    close(p[0]);
}

static void call_again(void *data)
{
    note("2");
    wh_loop_stop(loop);
}

static void call_first(void *data)
{
    note("1");
    wh_loop_defer(loop, call_again, NULL);
}

static void deferred_calls_come_without_any_event(void **state)
{
    wh_loop_defer(loop, call_first, NULL);
    wh_loop_run(loop);
    assert_string_equal(trace, "12");
}

#define JOBS 200
static atomic_int in_lane[3], most_in_lane[3];
static int order_of_lane[JOBS], n_order, n_done;

static void work(void *data)
{
    int n = *(int *)data, lane = n % 3;
    int now = atomic_fetch_add(&in_lane[lane], 1) + 1;
    if (now > atomic_load(&most_in_lane[lane]))
        atomic_store(&most_in_lane[lane], now);
    usleep(300);
    if (lane == 1)
        order_of_lane[n_order++] = n;
    atomic_fetch_sub(&in_lane[lane], 1);
}

static void done(void *data)
{
    if (++n_done == JOBS)
        wh_loop_stop(loop);
}

static void helpers_keep_lanes_apart_and_in_order(void **state)
{
    static int numbers[JOBS];
    for (int i = 0; i < JOBS; i++) {
        numbers[i] = i;
        assert_int_equal(wh_loop_offload(loop, (uint32_t)(i % 3), work, done, &numbers[i]), 0);
    }
    assert_true(wh_loop_is_working(loop));
    wh_loop_run(loop);
    assert_false(wh_loop_is_working(loop));
    assert_true(most_in_lane[0] > 1); /* no lane: at once */
    assert_int_equal(most_in_lane[1], 1);
    assert_int_equal(most_in_lane[2], 1);
    for (int i = 1; i < n_order; i++)
        assert_true(order_of_lane[i] > order_of_lane[i - 1]);
}

int main(void)
{
#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, make_loop, free_loop)
    const struct CMUnitTest tests[] = {
        WITH_LOOP(timers_fire_in_order_once),
        WITH_LOOP(descriptors_report_and_stop),
        WITH_LOOP(deferred_calls_come_without_any_event),
        WITH_LOOP(helpers_keep_lanes_apart_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
