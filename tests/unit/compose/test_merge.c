/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merging, unique lists and resets, each on one attribute of one service. */
#include "tests/unit/compose/loadtest.h"

static const struct merge_row {
    const char *name, *base, *over, *want; /* want NULL: an error */
} merge_rows[] = {
    {"scalar", "image: a", "image: b", "image: b"},
    {"null keeps", "image: a", "image: ", "image: a"},
    {"null command", "command: [a]", "command: ", "command: "},
    {"over null", "deploy: ", "deploy: {replicas: 2}", "deploy: {replicas: 2}"},
    {"map", "deploy: {a: 1, b: 1}", "deploy: {b: 2, c: 3}", "deploy: {a: 1, b: 2, c: 3}"},
    {"list", "security_opt: [a]", "security_opt: [b, a]", "security_opt: [a, b, a]"},
    {"unique list", "cap_add: [A, B]", "cap_add: [A, C]", "cap_add: [A, B, C]"},
    {"command", "command: [a, b]", "command: c", "command: c"},
    {"cleared command", "command: [a, b]", "command: []", "command: []"},
    {"test", "healthcheck: {test: [CMD, a], retries: 1}", "healthcheck: {test: b}",
     "healthcheck: {test: b, retries: 1}"},
    {"environment list over map", "environment: {B: 1, A: 3.10, N: }", "environment: [B=2, C]",
     "environment: [A=3.1, B=2, N, C]"},
    {"environment map over list", "environment: [B=1, A=1]", "environment: {B: , C: true}",
     "environment: [B, A=1, C=true]"},
    {"labels", "labels: [a=1=2]", "labels: {a: x}", "labels: [a=x]"},
    {"dns string", "dns: 1.1.1.1", "dns: [2.2.2.2, 1.1.1.1]", "dns: [1.1.1.1, 2.2.2.2]"},
    {"tmpfs by path", "tmpfs: /t:size=1m", "tmpfs: [/t:size=2m, /u]", "tmpfs: [\"/t:size=2m\", /u]"},
    {"build string over map", "build: {context: a, target: t}", "build: b", "build: {context: b, target: t}"},
    {"depends_on", "depends_on: {db: {condition: service_healthy, restart: true}}", "depends_on: [db, mq]",
     "depends_on: {db: {condition: service_started, restart: true, required: true}, "
     "mq: {condition: service_started, required: true}}"},
    {"networks", "networks: [a, b]", "networks: {b: {aliases: [x]}, c: }", "networks: {a: , b: {aliases: [x]}, c: }"},
    {"logging of one driver", "logging: {driver: d, options: {a: 1}}", "logging: {options: {b: 2}}",
     "logging: {driver: d, options: {a: 1, b: 2}}"},
    {"logging of another driver", "logging: {driver: d, options: {a: 1}}", "logging: {driver: e}",
     "logging: {driver: e}"},
    {"ulimits", "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}", "ulimits: {nofile: 4}",
     "ulimits: {nofile: 4, nproc: 3}"},
    {"extra_hosts", "extra_hosts: {b: 1, a: 2}", "extra_hosts: [a=2, \"a:2\", a=3]",
     "extra_hosts: [a=2, b=1, \"a:2\", a=3]"},
    {"ports", "ports: [{target: 80, published: \"1\"}, {target: 81}]",
     "ports: [{target: 80, published: \"1\", protocol: tcp, mode: host}, {target: 80, protocol: udp}]",
     "ports: [{target: 80, published: \"1\", protocol: tcp, mode: host}, {target: 81}, {target: 80, protocol: udp}]"},
    {"volumes by target", "volumes: [{target: /a, source: x}, {target: /b}]", "volumes: [{target: /a, source: y}]",
     "volumes: [{target: /a, source: y}, {target: /b}]"},
    {"secrets by target", "secrets: [s, {source: t, target: u}]", "secrets: [{source: s, mode: 1}, {source: t}]",
     "secrets: [{source: s, mode: 1}, {source: t, target: u}, {source: t}]"},
    {"env_file by path", "env_file: a.env", "env_file: [{path: a.env, required: false}, b.env]",
     "env_file: [{path: a.env, required: false}, b.env]"},
    {"list over map", "deploy: {a: 1}", "deploy: [a]", NULL},
    {"map over list", "security_opt: [a]", "security_opt: {a: b}", NULL},
    {"map over scalar", "hostname: h", "hostname: {a: b}", "hostname: {a: b}"},
    {"reset", "ports: [\"1:1\"]", "ports: !reset []", ""},
    {"override", "environment: {A: 1}", "environment: !override {B: 2}", "environment: {B: 2}"},
    {"reset inside", "deploy: {a: {x: 1, y: 2}}", "deploy: {a: {x: !reset null}}", "deploy: {a: {y: 2}}"},
};

static struct wh_node *service(struct loadtest *t, const char *attribute)
{
    char text[512];
    snprintf(text, sizeof(text), "services:\n  s:\n    %s\n    x-keep: 1\n", attribute);
    return loadtest_yaml(t, text);
}

static void attributes_merge(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(merge_rows); i++) {
        const struct merge_row *row = &merge_rows[i];
        struct loadtest t;
        loadtest_init(&t);
        struct wh_node *base = service(&t, row->base), *over = service(&t, row->over);
        const struct wh_reset *resets = wh_resets_collect(&t.load, over);
        wh_resets_apply(&t.load, resets, NULL, NULL, base);
        wh_compose_merge(&t.load, base, over);
        wh_compose_unique(&t.load, base);
        expect_int(row->name, t.res.diags.n_errors, row->want ? 0 : 1);
        if (row->want) {
            wh_auto_str got = {0}, want = {0};
            struct wh_node *wanted = service(&t, row->want);
            wh_yaml_write(base, 0, &got);
            wh_yaml_write(wanted, 0, &want);
            if (!wh_node_equal(base, wanted))
                fail_msg("%s: got\n%s\nwant\n%s", row->name, wh_str_c(&got), wh_str_c(&want));
        }
        loadtest_fini(&t);
    }
}

static void values_remember_what_they_replaced(void **state)
{
    struct loadtest t;
    loadtest_init(&t);
    struct wh_node *a = loadtest_yaml(&t, "services: {s: {image: a, environment: [A=1]}}");
    struct wh_node *b = loadtest_yaml(&t, "\nservices: {s: {image: b, environment: [A=2]}}");
    struct wh_node *c = loadtest_yaml(&t, "\n\nservices: {s: {image: !override c, environment: [A=3]}}");
    wh_compose_merge(&t.load, a, b);
    wh_compose_unique(&t.load, a);
    wh_resets_apply(&t.load, wh_resets_collect(&t.load, c), NULL, NULL, a);
    wh_compose_merge(&t.load, a, c);
    wh_compose_unique(&t.load, a);
    const struct wh_node *s = wh_node_get(wh_node_get(a, "services"), "s");
    const struct wh_node *both[] = {wh_node_get(s, "image"), wh_node_get(s, "environment")->seq.items[0]};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(both[i]->mark.line, 3);
        assert_int_equal(both[i]->overrode[0].line, 2);
        assert_int_equal(both[i]->overrode[1].line, 1);
        assert_null(both[i]->overrode[2].file);
    }
    loadtest_fini(&t);
}

static void entries_without_a_key_are_named(void **state)
{
    static const struct {
        const char *attribute, *message;
    } rows[] = {
        {"volumes: [a, {type: bind}]", "service volume services.s.volumes.[1] is missing a mount target"},
        {"devices: [{source: /dev/a}]", "service device services.s.devices.[0] is missing a mount target"},
        {"ports: [{published: 1}]", "service ports services.s.ports.[0] is missing a target port"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct loadtest t;
        loadtest_init(&t);
        expect_int(rows[i].attribute, wh_compose_unique(&t.load, service(&t, rows[i].attribute)), -1);
        expect_str(rows[i].attribute, loadtest_first_diag(&t), rows[i].message);
        loadtest_fini(&t);
    }
}

static void long_lists_are_unique_too(void **state)
{
    struct loadtest t;
    wh_auto_str text = {0};
    loadtest_init(&t);
    wh_str_add(&text, "environment: [");
    for (int i = 0; i < 40; i++)
        wh_str_fmt(&text, "K%d=%d, ", i % 30, i);
    wh_str_add(&text, "]");
    struct wh_node *root = service(&t, wh_str_c(&text));
    assert_int_equal(wh_compose_unique(&t.load, root), 0);
    const struct wh_node *list = wh_node_get(wh_node_get(wh_node_get(root, "services"), "s"), "environment");
    assert_int_equal(list->seq.len, 30);
    assert_string_equal(list->seq.items[5]->text, "K5=35");
    assert_string_equal(list->seq.items[29]->text, "K29=29");
    loadtest_fini(&t);
}

static void names_are_normalised(void **state)
{
    static const struct {
        const char *text, *name;
    } rows[] = {{"My Shop.2", "myshop2"}, {"__a-B_c", "a-b_c"}, {"-", ""}, {"größe", "gre"}, {"ok", "ok"}};
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_arena a = {0};
        expect_str(rows[i].text, wh_compose_normalize_name(&a, rows[i].text), rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_merge),
        cmocka_unit_test(values_remember_what_they_replaced),
        cmocka_unit_test(entries_without_a_key_are_named),
        cmocka_unit_test(long_lists_are_unique_too),
        cmocka_unit_test(names_are_normalised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
