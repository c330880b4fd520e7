/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a service and an image to the container spec: commands, environment, limits, mounts, labels. */
#include "tests/unit/test.h"

#include "whale/codec/json.h"

#include "engine/network.h"
#include "engine/spec.h"

#include <string.h>

struct fixture {
    struct wh_arena arena;
    struct wh_image image;
    struct ctr c;
};

static const char *image_env[] = {"PATH=/bin", "A=image", "B=image", NULL};
static const char *image_entry[] = {"/entry", NULL};
static const char *image_cmd[] = {"run", "it", NULL};

static void fixture_open(struct fixture *f, const char *service)
{
    wh_auto_err err = {0};
    struct wh_node *node;
    struct wh_service *s;
    memset(f, 0, sizeof(*f));
    assert_int_equal(wh_json_parse(&f->arena, service, strlen(service), "service", &node, &err), 0);
    assert_int_equal(wh_service_from_node(&f->arena, "p", "web", node, &s, &err), 0);
    f->image.id = "sha256:1";
    f->image.config.env = image_env;
    f->image.config.n_env = 3;
    f->image.config.entrypoint = image_entry;
    f->image.config.n_entrypoint = 1;
    f->image.config.cmd = image_cmd;
    f->image.config.n_cmd = 2;
    f->image.config.user = "app";
    f->image.config.working_dir = "/srv";
    f->c.service = s;
    f->c.image = &f->image;
    f->c.rec.id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    f->c.rec.name = "p-web-1";
    f->c.rec.project = "p";
    f->c.rec.service = "web";
}

static const char *joined(struct wh_arena *a, const char *const *words)
{
    wh_auto_str out = {0};
    for (size_t i = 0; words && words[i]; i++)
        wh_str_fmt(&out, "%s%s", i ? "|" : "", words[i]);
    return wh_arena_strdup(a, wh_str_c(&out));
}

static void commands_follow_dockers_rule(void **state)
{
    static const struct {
        const char *name, *service, *want;
    } rows[] = {
        {"image's own", "{}", "/entry|run|it"},
        {"command", "{\"command\":[\"x\",\"y\"]}", "/entry|x|y"},
        {"empty command keeps the image's", "{\"command\":[]}", "/entry|run|it"},
        {"entrypoint drops the image's command", "{\"entrypoint\":[\"/e\"]}", "/e"},
        {"entrypoint and command", "{\"entrypoint\":[\"/e\"],\"command\":[\"c\"]}", "/e|c"},
        {"empty entrypoint", "{\"entrypoint\":[],\"command\":[\"c\"]}", "c"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct fixture f;
        fixture_open(&f, rows[i].service);
        expect_str(rows[i].name, joined(&f.arena, spec_argv(&f.arena, f.c.service, &f.image)), rows[i].want);
        wh_arena_fini(&f.arena);
    }
}

static void environment_is_layered(void **state)
{
    struct fixture f;
    fixture_open(&f, "{\"environment\":{\"B\":\"file\",\"C\":\"\",\"A\":null}}");
    struct wh_pair_text more = {.key = "D", .value = "exec"};
    struct wh_pairs pairs = {&more, 1};
    const char *got = joined(&f.arena, spec_env(&f.arena, &f.c, &pairs, true));
    assert_string_equal(got, "PATH=/bin|HOSTNAME=0123456789ab|TERM=xterm|B=file|C=|D=exec");
    wh_arena_fini(&f.arena);
}

/* Nothing said is not the same as no limit. */
static void processes_have_a_limit(void **state)
{
    static const struct {
        const char *service;
        int64_t want;
    } rows[] = {
        {"{}", 0},
        {"{\"pids_limit\":0}", -1},
        {"{\"pids_limit\":-1}", -1},
        {"{\"pids_limit\":7}", 7},
        {"{\"pids_limit\":7,\"deploy\":{\"resources\":{\"limits\":{\"pids\":9}}}}", 9},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct fixture f;
        struct wh_resources r;
        fixture_open(&f, rows[i].service);
        assert_int_equal(spec_resources(&f.arena, f.c.service, &r, NULL), 0);
        assert_int_equal(r.pids_limit, rows[i].want);
        wh_arena_fini(&f.arena);
    }
}

static void the_whole_spec(void **state)
{
    struct fixture f;
    wh_auto_err err = {0};
    struct wh_container_spec spec;
    fixture_open(&f, "{\"user\":\"7:8\",\"hostname\":\"box\",\"cap_add\":[\"NET_ADMIN\"],\"security_opt\":[\"seccomp="
                     "unconfined\",\"no-new-privileges\"],\"mem_limit\":\"67108864\",\"cpus\":0.5,\"read_only\":true,"
                     "\"init\":true,\"tmpfs\":[\"/t:size=1m,mode=700,exec,ro\"],\"ulimits\":{\"nofile\":{\"soft\":5,"
                     "\"hard\":6}},\"sysctls\":{\"net.core.somaxconn\":\"9\"}}");
    if (spec_build(&f.arena, &f.c, &spec, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
    assert_string_equal(spec.process.user, "7:8");
    assert_string_equal(spec.process.cwd, "/srv");
    assert_string_equal(spec.hostname, "box");
    assert_string_equal(spec.process.cap_add[0], "NET_ADMIN");
    assert_true(spec.process.no_new_privs);
    assert_int_equal(spec.seccomp, WH_SECCOMP_UNCONFINED);
    assert_int_equal(spec.resources.memory_bytes, 64 << 20);
    assert_int_equal(spec.resources.nano_cpus, 500000000);
    assert_true(spec.rootfs.readonly);
    assert_true(spec.init);
    assert_int_equal(spec.rlimits[0].hard, 6);
    assert_string_equal(spec.sysctls[0].value, "9");
    assert_int_equal(spec.n_mounts, 1);
    assert_string_equal(spec.mounts[0].target, "/t");
    assert_int_equal(spec.mounts[0].tmpfs_size_bytes, 1 << 20);
    assert_int_equal(spec.mounts[0].tmpfs_mode, 0700);
    assert_true(spec.mounts[0].exec_ok);
    assert_true(spec.mounts[0].readonly);
    wh_arena_fini(&f.arena);
}

static void unknown_options_are_refused(void **state)
{
    static const struct {
        const char *name, *service, *want;
    } rows[] = {
        {"security_opt", "{\"security_opt\":[\"nosuch=1\"]}", "nosuch=1"},
        {"tmpfs option", "{\"tmpfs\":[\"/t:size=x\"]}", "size=x"},
        {"no command", "{\"entrypoint\":[]}", "no command"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct fixture f;
        struct wh_container_spec spec;
        wh_auto_err err = {0};
        fixture_open(&f, rows[i].service);
        f.image.config.n_cmd = strstr(rows[i].name, "no command") ? 0 : 2;
        expect_int(rows[i].name, spec_build(&f.arena, &f.c, &spec, &err), -1);
        expect_err(rows[i].name, &err, rows[i].want);
        wh_arena_fini(&f.arena);
    }
}

static void labels_of_compose_come_over_those_of_file_and_image(void **state)
{
    struct fixture f;
    static const struct wh_image_label image_labels[] = {{"kind", "image"}, {"only", "image"}};
    fixture_open(&f, "{\"labels\":{\"kind\":\"file\"},\"depends_on\":{\"db\":{\"condition\":\"service_healthy\","
                     "\"restart\":true,\"required\":true}}}");
    f.image.config.labels = image_labels;
    f.image.config.n_labels = 2;
    struct wh_policy p = {.project = "p"};
    struct create_request r = {.service = f.c.service, .hash = "h", .number = 2};
    assert_int_equal(labels_make(&f.arena, &p, &r, &f.image, &f.c.rec), 0);
    assert_string_equal(wh_container_label(&f.c.rec, "kind"), "file");
    assert_string_equal(wh_container_label(&f.c.rec, "only"), "image");
    assert_string_equal(wh_container_label(&f.c.rec, "com.docker.compose.container-number"), "2");
    assert_string_equal(wh_container_label(&f.c.rec, "com.docker.compose.oneoff"), "False");
    assert_string_equal(wh_container_label(&f.c.rec, "com.docker.compose.depends_on"), "db:service_healthy:true");
    wh_arena_fini(&f.arena);
}

static void an_image_survives_its_record(void **state)
{
    struct fixture f;
    fixture_open(&f, "{}");
    static const struct wh_image_layer layers[] = {{.name = "3"}, {.name = "1"}};
    f.image.layers = layers;
    f.image.n_layers = 2;
    f.image.layers_dir = "/store/layers";
    const struct wh_image *back = image_from_node(&f.arena, image_to_node(&f.arena, &f.image));
    assert_non_null(back);
    assert_int_equal(back->n_layers, 2);
    assert_string_equal(back->layers[1].name, "1");
    assert_string_equal(back->layers_dir, "/store/layers");
    assert_string_equal(back->config.cmd[1], "it");
    assert_null(back->config.cmd[2]);
    assert_string_equal(back->config.user, "app");
    assert_false(back->config.has_health);
    wh_arena_fini(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_follow_dockers_rule),
        cmocka_unit_test(environment_is_layered),
        cmocka_unit_test(processes_have_a_limit),
        cmocka_unit_test(the_whole_spec),
        cmocka_unit_test(unknown_options_are_refused),
        cmocka_unit_test(labels_of_compose_come_over_those_of_file_and_image),
        cmocka_unit_test(an_image_survives_its_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
