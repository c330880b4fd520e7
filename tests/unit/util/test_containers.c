/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vectors, string lists, maps and arenas. */
#include "tests/unit/test.h"

#include "whale/util/arena.h"
#include "whale/util/map.h"
#include "whale/util/vec.h"

#include <stdio.h>

static void a_map_keeps_insertion_order(void **state)
{
    wh_auto_map m = {0};
    char key[16];
    static int values[500];
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof(key), "k%d", i * 7 % 500);
        assert_int_equal(wh_map_set(&m, key, &values[i]), 0);
    }
    assert_int_equal(m.len, 500);
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof(key), "k%d", i * 7 % 500);
        assert_string_equal(m.entries[i].key, key);
        assert_ptr_equal(wh_map_get(&m, key), &values[i]);
    }
    assert_ptr_equal(wh_map_del(&m, "k7"), &values[1]);
    assert_false(wh_map_has(&m, "k7"));
    assert_string_equal(m.entries[1].key, "k14");
    assert_null(wh_map_del(&m, "k7"));
    assert_int_equal(wh_map_set(&m, "k14", &values[0]), 0);
    assert_ptr_equal(m.entries[1].value, &values[0]);
}

static void a_vector_zeroes_new_items_and_removes_in_order(void **state)
{
    wh_auto_vec v = WH_VEC(int);
    for (int i = 0; i < 100; i++) {
        int *item = wh_vec_push(&v);
        assert_int_equal(*item, 0);
        *item = i;
    }
    wh_vec_remove(&v, 10);
    assert_int_equal(v.len, 99);
    assert_int_equal(wh_vec_at(&v, int, 10), 11);
}

static void a_string_list_gives_an_argv(void **state)
{
    wh_auto_strv v = {0};
    for (int i = 0; i < 20; i++)
        assert_int_equal(wh_strv_fmt(&v, "%02d", 19 - i), 0);
    wh_strv_sort(&v);
    char **argv = wh_strv_argv(&v);
    assert_string_equal(argv[0], "00");
    assert_null(argv[20]);
    assert_true(wh_strv_has(&v, "07"));
    assert_int_equal(wh_strv_take(&v, NULL), -1);
    assert_null(wh_strv_argv(&v));
}

static void an_arena_keeps_small_and_large_objects(void **state)
{
    wh_auto_arena a = {0};
    char *first = wh_arena_strdup(&a, "first");
    unsigned char *large = wh_arena_alloc(&a, 100000);
    char *second = wh_arena_fmt(&a, "%s-%d", "second", 2);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(large[i], 0);
    memset(large, 0xff, 100000);
    assert_string_equal(first, "first");
    assert_string_equal(second, "second-2");
    assert_int_equal((uintptr_t)second % 16, 0);
    assert_null(wh_arena_alloc(&a, SIZE_MAX - 3));
    assert_true(a.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_keeps_insertion_order),
        cmocka_unit_test(a_vector_zeroes_new_items_and_removes_in_order),
        cmocka_unit_test(a_string_list_gives_an_argv),
        cmocka_unit_test(an_arena_keeps_small_and_large_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
