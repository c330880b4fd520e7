/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From files to the typed project, and the same project after a way through JSON: equal hashes, contents, digests. */
#include "tests/unit/test.h"

#include "whale/codec/json.h"
#include "whale/compose.h"
#include "whale/model.h"
#include "whale/util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/model.XXXXXX";

static const char yaml[] = "services:\n"
                           "  web:\n"
                           "    image: x:${TAG:-1}\n"
                           "    cpus: 0.333\n"
                           "    pull_refresh_after: 12h\n"
                           "    environment: {PRICE: '$$5', N: 1000000.0}\n"
                           "    blkio_config: {weight_device: [{path: /dev/a, weight: 10}]}\n"
                           "    configs: [c]\n"
                           "    secrets: [s]\n"
                           "    depends_on: [db]\n"
                           "    ulimits: {core: 0, nofile: {soft: 1, hard: 2}}\n"
                           "  db: {build: ., command: , entrypoint: []}\n"
                           "configs: {c: {environment: CONF}}\n"
                           "secrets: {s: {file: ./s.txt}}\n";

static void put_file(const char *name, const char *text)
{
    char path[80];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(wh_file_replace(path, text, strlen(text), 0600, WH_SYNC_NONE, NULL), 0);
}

static void load(struct wh_load_result *r, struct wh_project **ret)
{
    char *environment[] = {(char[]){"CONF=from variable"}, NULL};
    struct wh_load_options o = {.project_name = "p", .environ = environment, .cwd = folder};
    wh_auto_err err = {0};
    if (wh_compose_load(&o, r, &err) < 0 || wh_compose_project(r, ret, &err) < 0) {
        wh_err_print(&err, stderr);
        fail_msg("does not load");
    }
}

static void hash_of(const struct wh_project *p, const char *name, char hex[WH_IDENTITY_HEX])
{
    assert_int_equal(wh_service_identity(wh_project_service(p, name), hex, NULL), 0);
}

static void test_model(void **state)
{
    put_file("compose.yaml", yaml);
    put_file("s.txt", "one");
    wh_auto_load struct wh_load_result r = {0};
    struct wh_project *p;
    load(&r, &p);
    const struct wh_service *web = wh_project_service(p, "web");
    expect_str("image", web->image, "x:1");
    expect_str("implicit image", wh_project_service(p, "db")->image, "p-db");
    expect_str("not escaped", wh_pairs_get(&web->environment, "PRICE"), "$5");
    expect_str("content", wh_project_config(p, "c")->content, "from variable");
    expect_str("folder", p->working_dir, folder);
    expect_int("files", p->config_files.len, 1);
    expect_int("digest", strlen(web->secrets.items[0].digest), 64);
    expect_str("default network", web->networks.items[0].name, "default");
    expect_int("zero", web->ulimits.items[0].hard, 0);
    expect_int("what config does not print", web->pull_refresh_after_ns.value / 1000000000, 12 * 3600);
}

static void test_json(void **state)
{
    static const char *const services[] = {"web", "db"};
    wh_auto_load struct wh_load_result r = {0};
    wh_auto_arena a = {0};
    wh_auto_str text = {0};
    struct wh_project *p, *again;
    struct wh_node *n;
    load(&r, &p);
    assert_int_equal(wh_json_write(p->node, WH_JSON_COMPACT, &text), 0);
    assert_int_equal(wh_json_parse(&a, wh_str_c(&text), text.len, "t", &n, NULL), 0);
    assert_int_equal(wh_project_from_node(&a, n, &again, NULL), 0);
    for (size_t i = 0; i < WH_ARRAY_LEN(services); i++) {
        char one[WH_IDENTITY_HEX], other[WH_IDENTITY_HEX];
        hash_of(p, services[i], one);
        hash_of(again, services[i], other);
        expect_str(services[i], other, one);
    }
    expect_str("weight", wh_project_service(again, "web")->blkio->weight_device.items[0].path, "/dev/a");
}

/* A text of that length that ends with last. */
static void put_long_file(const char *name, size_t len, char last)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text + len - 1, (char[]){last, '\0'}, 2);
    put_file(name, text);
    free(text);
}

/* What a secret says is a part of the services that use it, and of no other. */
static void test_content(void **state)
{
    static const size_t lengths[] = {3, ((size_t)5 << 20) + 7};
    for (size_t k = 0; k < WH_ARRAY_LEN(lengths); k++) {
        char web[2][WH_IDENTITY_HEX], db[2][WH_IDENTITY_HEX];
        for (int i = 0; i < 2; i++) {
            wh_auto_load struct wh_load_result r = {0};
            struct wh_project *p;
            put_long_file("s.txt", lengths[k], i ? 'b' : 'a');
            load(&r, &p);
            hash_of(p, "web", web[i]);
            hash_of(p, "db", db[i]);
        }
        expect_true("secret", strcmp(web[0], web[1]) != 0);
        expect_str("others", db[0], db[1]);
    }
}

static int make_folder(void **state)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    return wh_remove_tree(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_json),
                                       cmocka_unit_test(test_content)};
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
