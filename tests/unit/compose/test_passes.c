/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single passes of the back half: validation messages, canonical values, order of services, circles. */
#include "loadtest.h"

#include "compose/passes.h"
#include "whale/codec/json.h"

/* All messages, each ended by a line feed. */
static const char *messages(struct loadtest *t)
{
    wh_auto_str text = {0};
    for (size_t i = 0; i < t->res.diags.items.len; i++)
        wh_str_fmt(&text, "%s\n", wh_vec_at(&t->res.diags.items, struct wh_diag *, i)->text);
    return wh_arena_strdup(&t->res.arena, wh_str_c(&text));
}

static void test_validate(void **state)
{
    static const struct {
        const char *yaml, *messages;
    } rows[] = {
        {"services: {a: {image: x}}", ""},
        {"services: {a: {imagee: x}}", "services.a additional properties 'imagee' not allowed\n"},
        {"service: {}", "additional properties 'service' not allowed\n"},
        {"services: []", "services must be a mapping\n"},
        {"services: {a b: {}}", "services additional properties 'a b' not allowed\n"},
        {"services: {a: {tty: 1, image: 5}}",
         "services.a.tty must be a boolean or string\nservices.a.image must be a string\n"},
        {"services: {a: {environment: x, command: {}}}",
         "services.a.environment must be a mapping\nservices.a.command must be a null\n"},
        {"services: {a: {environment: {A: [1]}}}",
         "services.a.environment.A must be a boolean, null, number or string\n"},
        {"services: {a: {labels: {'': x}}}", "services.a.labels additional properties '' not allowed\n"},
        {"services: {a: {cgroup: x}}", "services.a.cgroup value must be one of 'host', 'private'\n"},
        {"services: {a: {group_add: [a, b, a]}}", "services.a.group_add items at 0 and 2 are equal\n"},
        {"services: {a: {depends_on: {b: {}}}}", "services.a.depends_on.b missing property 'condition'\n"},
        {"services: {a: {container_name: '!'}}",
         "services.a.container_name '!' does not match pattern '[a-zA-Z0-9][a-zA-Z0-9_.-]+'\n"},
        {"services: {a: {container_name: bad name, pull_policy: xalwaysx}}", ""},
        {"services: {a: {deploy: {replicas: 2.0}}}", ""},
        {"services: {a: {deploy: {replicas: 2.5}}}", "services.a.deploy.replicas must be a integer or string\n"},
        {"services: {a: {x-y: [1], build: {x-z: {}}}}", ""},
        {"services: {a: {blkio_config: {x-z: 1}}}",
         "services.a.blkio_config additional properties 'x-z' not allowed\n"},
        {"networks: {a b: {}, c: }", ""},
        {"volumes: {a b: {}}", "volumes additional properties 'a b' not allowed\n"},
        {"configs: {c: }", "configs.c must be a mapping\n"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct loadtest t;
        loadtest_init(&t);
        int r = wh_compose_validate(&t.load, loadtest_yaml(&t, rows[i].yaml), "f");
        expect_str(rows[i].yaml, messages(&t), rows[i].messages);
        expect_int(rows[i].yaml, r, *rows[i].messages ? -1 : 0);
        loadtest_fini(&t);
    }
}

/* Attributes of a service before and after canonicalisation and conversion. */
static void test_convert(void **state)
{
    static const struct {
        const char *yaml, *json, *messages;
    } rows[] = {
        {"tty: false, init: false, scale: 0, oom_score_adj: 0", "{\"init\":false,\"scale\":0}", ""},
        {"mem_limit: 64m, shm_size: 1024, memswap_limit: -1",
         "{\"mem_limit\":\"67108864\",\"shm_size\":\"1024\",\"memswap_limit\":\"-1\"}", ""},
        {"mem_limit: 2q", "{}", "services.a.mem_limit: invalid suffix: 'q'\n"},
        {"mem_limit: lots", "{}", "services.a.mem_limit: invalid size: 'lots'\n"},
        {"stop_grace_period: 90s", "{\"stop_grace_period\":\"1m30s\"}", ""},
        {"stop_grace_period: '10'", "{}", "services.a.stop_grace_period: time: missing unit in duration \"10\"\n"},
        {"stop_grace_period: 5y", "{}", "services.a.stop_grace_period: time: unknown unit \"y\" in duration \"5y\"\n"},
        {"stop_grace_period: soon", "{}", "services.a.stop_grace_period: time: invalid duration \"soon\"\n"},
        {"cpus: 0.1", "{\"cpus\":0.1}", ""},
        {"dns: '', dns_search: ''", "{\"dns_search\":[\"\"]}", ""},
        {"labels: [a=1=2, b]", "{\"labels\":{\"a\":\"1=2\",\"b\":\"\"}}", ""},
        {"environment: [A=, B]", "{\"environment\":{\"A\":\"\",\"B\":null}}", ""},
        {"environment: [A =1]", "{}",
         "services.a.environment: environment variable A  is declared with a trailing space\n"},
        {"extra_hosts: ['b:::1', 'a=[::2],10.0.0.1']", "{\"extra_hosts\":[\"a=10.0.0.1\",\"a=::2\",\"b=::1\"]}", ""},
        {"healthcheck: {test: x, retries: 0, disable: false}",
         "{\"healthcheck\":{\"test\":[\"CMD-SHELL\",\"x\"],\"retries\":0}}", ""},
        {"secrets: [{source: s, mode: 0440}, {source: t, mode: '444'}]",
         "{\"secrets\":[{\"source\":\"s\",\"mode\":\"0440\"},{\"source\":\"t\",\"mode\":\"0444\"}]}", ""},
        {"gpus: all", "{\"gpus\":[{\"count\":-1}]}", ""},
        {"entrypoint: ''", "{\"entrypoint\":[]}", ""},
        {"deploy: ", "{}", ""},
        {"build: ctx", "{\"build\":{\"context\":\"ctx\"}}", ""},
        {"depends_on: [b]", "{\"depends_on\":{\"b\":{\"condition\":\"service_started\",\"required\":true}}}", ""},
        {"env_file: [a, {path: b, required: false}]",
         "{\"env_file\":[{\"path\":\"a\"},{\"path\":\"b\",\"required\":false}]}", ""},
        {"network_mode: ''", "{}", ""},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct loadtest t;
        wh_auto_str json = {0}, yaml = {0};
        loadtest_init(&t);
        wh_str_fmt(&yaml, "services: {a: {%s}}", rows[i].yaml);
        struct wh_node *root = loadtest_yaml(&t, wh_str_c(&yaml));
        wh_compose_canonicalize(&t.load, root, false);
        wh_compose_convert(&t.load, root);
        wh_json_write(wh_node_get(wh_node_get(root, "services"), "a"), WH_JSON_COMPACT, &json);
        expect_str(rows[i].yaml, messages(&t), rows[i].messages);
        expect_str(rows[i].yaml, wh_str_c(&json), rows[i].json);
        loadtest_fini(&t);
    }
}

/* Warnings of values that are accepted. */
static void test_advise(void **state)
{
    static const struct {
        const char *yaml, *messages;
    } rows[] = {
        {"a: {restart: 'on-failure:3', stop_signal: SIGINT, hostname: a.b, mac_address: '02:42:ac:11:00:02'}", ""},
        {"a: {restart: 'on-failure:x'}", "services.a: restart \"on-failure:x\" is not valid\n"},
        {"a: {userns_mode: host}", ""},
        {"a: {userns_mode: private}", "services.a: userns_mode \"private\" is not valid\n"},
        {"a: {stop_signal: NOPE}", "services.a: stop_signal \"NOPE\" is not valid\n"},
        {"a: {mac_address: '02:42:ac:11:00'}", "services.a: mac_address \"02:42:ac:11:00\" is not valid\n"},
        {"a: {networks: {n: {ipv4_address: 1.2}}}", ""}, /* no text: refused elsewhere */
        {"a: {networks: {n: {ipv4_address: 1.2.3}}}", "services.a: ipv4_address \"1.2.3\" is not valid\n"},
        {"a: {labels: {com.docker.compose.x: y}}",
         "services.a: label com.docker.compose.x is reserved and will be replaced\n"},
        {"a: {ports: [{target: 1, published: '80'}]}, b: {ports: [{target: 2, published: '80'}]}",
         "services.b: host port 80/tcp is published by \"a\" too\n"},
        {"a: {ports: [{target: 1, published: '80', host_ip: 1.1.1.1}]}, b: {ports: [{target: 2, published: '80'}]}",
         ""},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct loadtest t;
        wh_auto_str yaml = {0};
        loadtest_init(&t);
        wh_str_fmt(&yaml, "services: {%s}", rows[i].yaml);
        wh_compose_advise(&t.load, loadtest_yaml(&t, wh_str_c(&yaml)));
        expect_str(rows[i].yaml, messages(&t), rows[i].messages);
        loadtest_fini(&t);
    }
}

static void test_order(void **state)
{
    struct loadtest t;
    wh_auto_str joined = {0};
    loadtest_init(&t);
    const struct wh_node *root =
        loadtest_yaml(&t, "services: {w: {depends_on: {m: {}}}, m: {depends_on: {z: {}}}, z: {}, a: {}}");
    const struct wh_node *names = wh_compose_service_order(&t.res.arena, root);
    for (size_t i = 0; i < wh_node_len(names); i++)
        wh_str_fmt(&joined, "%s ", names->seq.items[i]->text);
    expect_str("order", wh_str_c(&joined), "a z m w ");
    loadtest_fini(&t);
}

static void test_circle(void **state)
{
    struct loadtest t;
    loadtest_init(&t);
    wh_compose_check_cycles(&t.load, loadtest_yaml(&t, "services: {a: {depends_on: {b: {}}}, b: {depends_on: {c: {}}}, "
                                                       "c: {depends_on: {b: {}}}, d: {depends_on: {d: {}, x: {}}}}"));
    expect_str("circle", messages(&t), "dependency cycle detected: b -> c -> b\ndependency cycle detected: d -> d\n");
    loadtest_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_validate), cmocka_unit_test(test_convert),
                                       cmocka_unit_test(test_advise), cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_circle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
