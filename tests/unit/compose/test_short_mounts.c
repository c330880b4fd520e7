/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short volumes and devices as compact JSON, or the message they are refused with. */
#include "tests/unit/test.h"

#include "compose/canonical.h"
#include "whale/codec/json.h"

struct row {
    const char *text, *json, *error;
};

#define BIND "\"bind\":{\"create_host_path\":true}"

static const struct row volumes[] = {
    {"./a:/b", "{\"type\":\"bind\",\"source\":\"./a\",\"target\":\"/b\"," BIND "}", NULL},
    {"~/a:/b/:ro", "{\"type\":\"bind\",\"source\":\"~/a\",\"target\":\"/b\",\"read_only\":true," BIND "}", NULL},
    {"data:/d", "{\"type\":\"volume\",\"source\":\"data\",\"target\":\"/d\",\"volume\":{}}", NULL},
    {"data:/d:nocopy,rw", "{\"type\":\"volume\",\"source\":\"data\",\"target\":\"/d\",\"volume\":{\"nocopy\":true}}",
     NULL},
    {"data:/d:nocopy,z",
     "{\"type\":\"volume\",\"source\":\"data\",\"target\":\"/d\",\"bind\":{\"selinux\":\"z\"},"
     "\"volume\":{\"nocopy\":true}}",
     NULL},
    {"/anon", "{\"type\":\"volume\",\"target\":\"/anon\",\"volume\":{}}", NULL},
    {"/a", "{\"type\":\"volume\",\"target\":\"/a\"}", NULL},
    {"d:/data", "{\"type\":\"volume\",\"target\":\"d:/data\",\"volume\":{}}", NULL}, /* read as a drive */
    {"c:\\x:/y", "{\"type\":\"bind\",\"source\":\"c:\\\\x\",\"target\":\"/y\"," BIND "}", NULL},
    {"${D:-./x}:/y", "{\"type\":\"volume\",\"source\":\"${D:-./x}\",\"target\":\"/y\",\"volume\":{}}", NULL},
    {"./a:/b/../c:rslave,unknown",
     "{\"type\":\"bind\",\"source\":\"./a\",\"target\":\"/c\",\"bind\":{\"propagation\":\"rslave\","
     "\"create_host_path\":true}}",
     NULL},
    {"", NULL, "invalid empty volume spec"},
    {"./a::ro", NULL, "invalid spec: ./a::ro: empty section between colons"},
    {":/b", NULL, "invalid spec: :/b: empty section between colons"},
    {"./a:/b:ro:x", NULL, "invalid spec: ./a:/b:ro:x: too many colons"},
};

static const struct row devices[] = {
    {"/dev/a", "{\"source\":\"/dev/a\",\"target\":\"/dev/a\",\"permissions\":\"rwm\"}", NULL},
    {"/dev/a:/dev/b:r", "{\"source\":\"/dev/a\",\"target\":\"/dev/b\",\"permissions\":\"r\"}", NULL},
    {"vendor.com/gpu=0", "{\"source\":\"vendor.com/gpu=0\",\"target\":\"vendor.com/gpu=0\",\"permissions\":\"rwm\"}",
     NULL},
    {"/a:/b:r:w", NULL, "confusing device mapping, please use long syntax: /a:/b:r:w"},
};

typedef struct wh_node *parse_fn(struct wh_arena *a, const char *text, const struct wh_mark *mark, struct wh_err *err);

static void check(const struct row *rows, size_t n, parse_fn *parse)
{
    for (size_t i = 0; i < n; i++) {
        wh_auto_arena a = {0};
        wh_auto_err err = {0};
        wh_auto_str text = {0};
        struct wh_mark mark = {.file = "f", .line = 1};
        const struct wh_node *node = parse(&a, rows[i].text, &mark, &err);
        if (rows[i].error) {
            expect_true(rows[i].text, !node);
            expect_err(rows[i].text, &err, rows[i].error);
            continue;
        }
        expect_true(rows[i].text, node);
        wh_json_write(node, WH_JSON_COMPACT, &text);
        expect_str(rows[i].text, wh_str_c(&text), rows[i].json);
    }
}

static struct wh_node *parse_volume(struct wh_arena *a, const char *text, const struct wh_mark *mark,
                                    struct wh_err *err)
{
    const char *ignored = NULL;
    struct wh_node *n = wh_short_volume(a, text, mark, &ignored, err);
    expect_str(text, ignored, n && strstr(text, "unknown") ? "unknown" : NULL);
    return n;
}

static void test_volumes(void **state)
{
    check(volumes, WH_ARRAY_LEN(volumes), parse_volume);
}

static void test_devices(void **state)
{
    check(devices, WH_ARRAY_LEN(devices), wh_short_device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_volumes), cmocka_unit_test(test_devices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
