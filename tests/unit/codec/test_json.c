/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The document tree through JSON: reading, writing, editing, comparing. */
#include "tests/unit/test.h"

#include "whale/codec/digest.h"
#include "whale/codec/json.h"

#include <stdio.h>

static struct wh_node *parse(struct wh_arena *a, const char *text)
{
    struct wh_node *n = NULL;
    wh_auto_err err = {0};
    if (wh_json_parse(a, text, strlen(text), "test", &n, &err) < 0)
        fail_msg("%s does not parse", text);
    return n;
}

static void documents_survive_a_round_trip(void **state)
{
    static const char *const rows[] = {
        "{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"x\"}}",
        "[]",
        "{}",
        "[-9223372036854775808,9223372036854775807,0.5,1e+300]",
        "\"\\u0000\\u001f\\\"\\\\\\n\xc3\xa9\"",
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_arena a = {0};
        wh_auto_str out = {0};
        assert_int_equal(wh_json_write(parse(&a, rows[i]), WH_JSON_COMPACT, &out), 0);
        expect_str(rows[i], wh_str_c(&out), rows[i]);
    }
}

static void bad_documents_are_refused(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"{\"a\":1,\"a\":2}", "duplicate"}, {"[1,", "test"}, {"", "test"}, {"{\"a\" 1}", "line 1"},
        {"[1] x", "end of file"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_arena a = {0};
        wh_auto_err err = {0};
        struct wh_node *n = NULL;
        expect_int(rows[i].text, wh_json_parse(&a, rows[i].text, strlen(rows[i].text), "test", &n, &err), -1);
        expect_err(rows[i].text, &err, rows[i].want);
    }
}

static void nesting_is_limited(void **state)
{
    wh_auto_str deep = {0};
    for (int i = 0; i < 1000; i++)
        wh_str_addc(&deep, '[');
    for (int i = 0; i < 1000; i++)
        wh_str_addc(&deep, ']');
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    struct wh_node *n = NULL;
    assert_int_equal(wh_json_parse(&a, wh_str_c(&deep), deep.len, "deep", &n, &err), -1);
    expect_err("deep", &err, "nested deeper");
}

static void invalid_bytes_are_quoted_as_replacement(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } rows[] = {
        {"a\xff"
         "b",
         3,
         "\"a\xef\xbf\xbd"
         "b\""},
        {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xf0\x9f\x90\xb3", 4, "\"\xf0\x9f\x90\xb3\""},
        {"<&>", 3, "\"\\u003c\\u0026\\u003e\""},
        {"\x7f", 1, "\"\\u007f\""},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        wh_json_quote(&out, rows[i].text, rows[i].len, true);
        expect_str(rows[i].text, wh_str_c(&out), rows[i].want);
    }
}

static void large_maps_are_indexed(void **state)
{
    wh_auto_arena a = {0};
    struct wh_node *map = wh_node_map(&a, NULL);
    char key[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        wh_node_put_int(&a, map, key, i);
    }
    assert_int_equal(wh_node_len(map), 3000);
    assert_int_equal(wh_node_get_int(map, "key2999", -1), 2999);
    assert_true(wh_node_del(map, "key0"));
    assert_int_equal(wh_node_get_int(map, "key0", -1), -1);
    assert_int_equal(wh_node_get_int(map, "key1500", -1), 1500);
    wh_node_put_int(&a, map, "key1500", 7);
    assert_int_equal(wh_node_get_int(map, "key1500", -1), 7);
    assert_int_equal(wh_node_len(map), 2999);
}

static void keys_are_sorted_with_numbers_inside(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_str out = {0};
    struct wh_node *map = parse(&a, "{\"web10\":1,\"web2\":2,\"db\":3}");
    wh_node_sort_keys(map);
    wh_json_write(map, WH_JSON_COMPACT, &out);
    assert_string_equal(wh_str_c(&out), "{\"db\":3,\"web2\":2,\"web10\":1}");
}

static void keys_are_sorted_as_go_yaml_does(void **state)
{
    static const char *const order[] = {"-a",  "_a",  "1.9", "1.10", "A_B",  "AB",  "a",
                                        "a-b", "a.b", "a_b", "a2b",  "a2_b", "a02", "a10",
                                        "ab",  "x0",  "x00", "x10",  "x100", "z",   "\xC3\xA9"};
    wh_auto_arena a = {0};
    struct wh_node *map = wh_node_map(&a, NULL);
    for (size_t i = WH_ARRAY_LEN(order); i-- > 0;)
        wh_node_put_int(&a, map, order[i], (int64_t)i);
    wh_node_sort_keys(map);
    for (size_t i = 0; i < WH_ARRAY_LEN(order); i++)
        assert_string_equal(map->map.pairs[i].key, order[i]);
}

static void equality_ignores_the_order_of_keys(void **state)
{
    wh_auto_arena a = {0};
    const struct wh_node *one = parse(&a, "{\"a\":[1,2],\"b\":{\"c\":null}}");
    assert_true(wh_node_equal(one, parse(&a, "{\"b\":{\"c\":null},\"a\":[1,2]}")));
    assert_false(wh_node_equal(one, parse(&a, "{\"b\":{\"c\":null},\"a\":[2,1]}")));
    assert_false(wh_node_equal(one, parse(&a, "{\"a\":[1,2]}")));
    assert_true(wh_node_equal(one, wh_node_clone(&a, one)));
}

static void sha256_gives_the_published_values(void **state)
{
    char hex[WH_SHA256_HEX];
    wh_sha256_of("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    wh_sha256_of("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct wh_sha256 h;
    wh_sha256_init(&h);
    for (int i = 0; i < 1000; i++)
        wh_sha256_add(&h, "aaaaaaaaaa", 10);
    wh_sha256_hex(&h, hex);
    assert_string_equal(hex, "27dd1f61b867b6a0f6e9d8a41c43231de52107e53ae424de8f847b821db4b711");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_survive_a_round_trip),
        cmocka_unit_test(bad_documents_are_refused),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(invalid_bytes_are_quoted_as_replacement),
        cmocka_unit_test(large_maps_are_indexed),
        cmocka_unit_test(keys_are_sorted_with_numbers_inside),
        cmocka_unit_test(keys_are_sorted_as_go_yaml_does),
        cmocka_unit_test(equality_ignores_the_order_of_keys),
        cmocka_unit_test(sha256_gives_the_published_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
