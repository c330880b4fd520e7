/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding of the canonical tree, and what changes a service's hash. */
#include "tests/unit/test.h"

#include "whale/codec/yaml.h"
#include "whale/model.h"
#include "whale/util/vec.h"

static struct wh_node *yaml(struct wh_arena *a, const char *text)
{
    struct wh_vec docs = WH_VEC(struct wh_node *);
    wh_auto_err err = {0};
    if (wh_yaml_parse(a, text, strlen(text), "f", NULL, &docs, &err) < 0)
        fail_msg("%s does not parse", text);
    struct wh_node *n = wh_vec_at(&docs, struct wh_node *, 0);
    wh_vec_fini(&docs);
    return n;
}

static const char full[] =
    "name: p\n"
    "services:\n"
    "  db: {image: d, command: null, entrypoint: [], healthcheck: {test: [CMD, x], interval: 1m30s, retries: 0}}\n"
    "  web:\n"
    "    build: {context: /c, args: {A: '1', B: null}, ulimits: {nofile: 5}, ssh: ['id: /k', default]}\n"
    "    command: [serve, --fast]\n"
    "    depends_on: {db: {condition: service_healthy, required: true, restart: true}}\n"
    "    environment: {A: x, B: null}\n"
    "    ports: [{mode: ingress, target: 80, published: '8080', protocol: tcp}]\n"
    "    volumes:\n"
    "      - {type: bind, source: /s, target: /t, read_only: true, bind: {create_host_path: false}}\n"
    "      - {type: tmpfs, target: /r, tmpfs: {size: '1048576', mode: 448}}\n"
    "    tmpfs: ['/run:size=1m']\n"
    "    networks: {back: {aliases: [w], priority: 5}, default: null}\n"
    "    ulimits: {core: {}, nofile: {soft: 1, hard: 2}, nproc: 7}\n"
    "    secrets: [{source: s, target: /run/secrets/s, mode: '0440', digest: abc}]\n"
    "    blkio_config: {weight: 300, device_read_bps: [{Path: /dev/a, Rate: '1024'}]}\n"
    "    deploy: {replicas: 3, resources: {limits: {cpus: 0.5, memory: '64'}}, restart_policy: {delay: 5s}}\n"
    "    develop: {watch: [{path: /w, action: sync, target: /x, exec: {command: null}}]}\n"
    "    mem_limit: '67108864'\n"
    "    stop_grace_period: 2s\n"
    "    init: false\n"
    "networks: {back: {name: p_back, internal: true, ipam: {config: [{subnet: 10.0.0.0/24}]}}, "
    "default: {name: p_default, ipam: {}}}\n"
    "volumes: {v: {name: p_v, driver_opts: {type: none}}}\n"
    "secrets: {s: {name: p_s, file: /s.txt}}\n";

static void check_web(const struct wh_service *web)
{
    expect_str("implicit image", web->image, "p-web");
    expect_true("implicit image", web->image_is_implicit);
    expect_str("build arg", wh_pairs_get(&web->build->args, "A"), "1");
    expect_str("bare arg", wh_pairs_get(&web->build->args, "B"), NULL);
    expect_str("ssh", wh_pairs_get(&web->build->ssh, "id"), "/k");
    expect_int("ssh agent", web->build->ssh.len, 2);
    expect_str("command", web->command.argv[1], "--fast");
    expect_true("no entrypoint", !web->entrypoint.is_set);
    expect_int("condition", web->depends_on.items[0].condition, WH_CONDITION_HEALTHY);
    expect_int("environment", web->environment.len, 2);
    expect_str("unset variable", web->environment.items[1].value, NULL);
    expect_int("target", web->ports.items[0].target, 80);
    expect_true("create", web->mounts.items[0].bind->create_host_path.is_set);
    expect_int("tmpfs size", web->mounts.items[1].tmpfs->size_bytes.value, 1048576);
    expect_str("tmpfs", web->tmpfs.items[0].text, "/run:size=1m");
    expect_str("network", web->networks.items[0].name, "back");
    expect_int("priority", web->networks.items[0].priority, 5);
    expect_int("zero limit", web->ulimits.items[0].hard, 0);
    expect_int("hard limit", web->ulimits.items[1].hard, 2);
    expect_int("single limit", web->ulimits.items[2].hard, 7);
    expect_int("mode", web->secrets.items[0].mode.value, 0440);
    expect_int("rate", web->blkio->device_read_bps.items[0].rate, 1024);
    expect_int("replicas", wh_service_replicas(web), 3);
    expect_int("memory", web->deploy->limits->memory_bytes.value, 64);
    expect_int("delay", web->deploy->restart_policy->delay_ns.value, 5000000000LL);
    expect_str("watch", web->watch.items[0].path, "/w");
    expect_int("mem_limit", web->mem_limit_bytes.value, 67108864);
    expect_true("init", web->init.is_set && !web->init.value);
    expect_int("place", web->mark.line, 4);
}

static void test_decode(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    struct wh_project *p;
    if (wh_project_from_node(&a, yaml(&a, full), &p, &err) < 0)
        fail_msg("does not decode");
    const struct wh_service *db = wh_project_service(p, "db");
    expect_true("null command", !db->command.is_set);
    expect_true("cleared entrypoint", db->entrypoint.is_set && db->entrypoint.len == 0);
    expect_int("interval", db->healthcheck->interval_ns.value, 90000000000LL);
    expect_true("retries", db->healthcheck->retries.is_set);
    expect_int("default replicas", wh_service_replicas(db), 1);
    check_web(wh_project_service(p, "web"));
    expect_str("subnet", wh_project_network(p, "back")->ipam.items[0].subnet, "10.0.0.0/24");
    expect_str("volume", wh_project_volume(p, "v")->name, "p_v");
    expect_str("secret", wh_project_secret(p, "s")->file, "/s.txt");
    expect_true("no config", !wh_project_config(p, "s"));
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"services: {a: []}", "expected a mapping"},
        {"services: {a: {tty: x}}", "tty: found string, expected true or false"},
        {"services: {a: {mem_limit: x}}", "mem_limit: found string, expected a size"},
        {"services: {a: {ports: {}}}", "ports: found mapping, expected a list"},
        {"services: {a: {ulimits: {x: y}}}", "expected a number"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_arena a = {0};
        wh_auto_err err = {0};
        struct wh_project *p;
        expect_int(rows[i].text, wh_project_from_node(&a, yaml(&a, rows[i].text), &p, &err), -1);
        expect_err(rows[i].text, &err, rows[i].error);
        expect_int(rows[i].text, err.mark.line, 1);
    }
}

static void hash_of(const char *text, char hex[WH_IDENTITY_HEX])
{
    wh_auto_arena a = {0};
    struct wh_service *s;
    if (wh_service_from_node(&a, "p", "a", yaml(&a, text), &s, NULL) < 0 || wh_service_identity(s, hex, NULL) < 0)
        fail_msg("%s has no hash", text);
}

static void test_hash(void **state)
{
    static const struct {
        const char *one, *other;
        int same;
    } rows[] = {
        {"{image: a}", "{image: b}", 0},
        {"{image: a}", "{image: a, scale: 3, profiles: [x], pull_policy: always}", 1},
        {"{image: a}", "{image: a, depends_on: {b: {condition: service_started}}, build: {context: /}}", 1},
        {"{image: a, deploy: {placement: {}}}", "{image: a, deploy: {replicas: 2, placement: {}}}", 1},
        {"{image: a}", "{image: a, deploy: {mode: global}}", 0},
        {"{secrets: [{source: s, digest: '1'}]}", "{secrets: [{source: s, digest: '2'}]}", 0},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        char one[WH_IDENTITY_HEX], other[WH_IDENTITY_HEX];
        hash_of(rows[i].one, one);
        hash_of(rows[i].other, other);
        expect_int(rows[i].other, strcmp(one, other) == 0, rows[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_decode), cmocka_unit_test(test_errors),
                                       cmocka_unit_test(test_hash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
