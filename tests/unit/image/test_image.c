/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The read side as the front end and the supervisor use it, on a store that whale-image makes: the helper's client,
 * lookups, lists, config fields and holds. */
#include "../test.h"

#include "tar_maker.h"
#include "whale/image.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static char root[] = "/tmp/whale-image-XXXXXX";
static char archive[64];

struct seen {
    int n_images;
    char id[128];
};

static void on_progress(void *ctx, const struct wh_image_progress *p)
{
    struct seen *s = ctx;
    if (!wh_streq(p->event, "image"))
        return;
    s->n_images++;
    snprintf(s->id, sizeof(s->id), "%s", p->id);
}

static int import_image(const char *name, struct seen *s, struct wh_err *err)
{
    const char *const args[] = {"import", "--progress=json",
                                "-c",     "ENV A=1 B=2",
                                "-c",     "CMD [\"sh\"]",
                                "-c",     "USER app",
                                "-c",     "EXPOSE 80 22",
                                "-c",     "VOLUME /data",
                                "-c",     "LABEL a=b com.docker.compose.project=evil",
                                "-c",     "HEALTHCHECK --interval=2s --retries=4 CMD x",
                                archive,  name,
                                NULL};
    return wh_image_helper_run(root, args, on_progress, s, err);
}

static int make_store(void **state)
{
    wh_auto_str tar = {0};
    if (geteuid() != 0)
        return 0;
    setenv("WHALE_COMPOSE_LIBEXEC", getenv("BUILD_DIR") ? getenv("BUILD_DIR") : ".", 1);
    assert_non_null(mkdtemp(root));
    snprintf(archive, sizeof(archive), "%s/layer.tar", root);
    make_tar("5 bin\n0 bin/sh|d=x|m=755\nEND", &tar);
    return wh_file_replace(archive, tar.data, tar.len, 0600, WH_SYNC_NONE, NULL);
}

static int drop_store(void **state)
{
    return geteuid() == 0 ? wh_remove_tree(root, NULL) : 0;
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip();
}

static void test_empty_store(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    struct wh_image image, *list;
    size_t n = 1;
    need_root();
    expect_int("lookup", wh_image_lookup(&a, root, "busybox", &image, &err), WH_IMAGE_ABSENT);
    expect_int("lookup of an id", wh_image_lookup(&a, root, "abcdef", &image, &err), WH_IMAGE_ABSENT);
    expect_int("list", wh_image_list(&a, root, &list, &n, &err), 0);
    expect_int("list", n, 0);
}

static void test_import_and_lookup(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    struct seen s = {0};
    struct wh_image image, same;
    need_root();
    if (import_image("app:1", &s, &err) < 0)
        expect_err("import", &err, "no error");
    expect_int("events", s.n_images, 1);
    expect_int("lookup", wh_image_lookup(&a, root, "app:1", &image, &err), 0);
    expect_str("id", image.id, s.id);
    expect_int("by id", wh_image_lookup(&a, root, s.id, &same, &err), 0);
    expect_int("by digits", wh_image_lookup(&a, root, s.id + strlen("sha256:"), &same, &err), 0);
    char prefix[8] = "";
    memcpy(prefix, s.id + strlen("sha256:"), 6);
    expect_int("by prefix", wh_image_lookup(&a, root, prefix, &same, &err), 0);
    expect_int("other tag", wh_image_lookup(&a, root, "app", &same, &err), WH_IMAGE_ABSENT);
    expect_int("bad name", wh_image_lookup(&a, root, "App:1", &same, &err), WH_IMAGE_ABSENT);
    expect_str("names", image.repo_tags[0], "app:1");
    expect_str("os", image.os, "linux");
    expect_int("size", image.size_bytes, 1);
    wh_auto_free char *file = wh_fmt("%s/%s/fs/bin/sh", image.layers_dir, image.layers[0].name);
    expect_true("tree", wh_path_exists(file));
}

static void test_config(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    struct wh_image image;
    need_root();
    expect_int("lookup", wh_image_lookup(&a, root, "app:1", &image, &err), 0);
    const struct wh_image_config *c = &image.config;
    expect_int("env", c->n_env, 2);
    expect_str("env", c->env[1], "B=2");
    expect_true("lists end with NULL", !c->env[2] && !c->cmd[1] && !c->entrypoint[0]);
    expect_str("cmd", c->cmd[0], "sh");
    expect_str("user", c->user, "app");
    expect_str("ports are sorted", c->exposed_ports[0], "22/tcp");
    expect_str("volumes", c->volumes[0], "/data");
    expect_int("labels without compose's own", c->n_labels, 1);
    expect_str("label", c->labels[0].key, "a");
    expect_true("health", c->has_health && c->health.retries == 4);
    expect_int("interval", c->health.interval_ns, 2000000000);
    expect_str("test", c->health.test[0], "CMD-SHELL");
}

static void test_hold(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    wh_auto_image_hold hold = {0};
    struct wh_image image;
    struct seen s = {0};
    need_root();
    expect_int("import", import_image("held:1", &s, &err), 0);
    expect_int("lookup", wh_image_lookup(&a, root, "held:1", &image, &err), 0);
    expect_int("hold", wh_image_hold_add(&hold, &image, &err), 0);
    expect_int("hold again", wh_image_hold_add(&hold, &image, &err), 0);
    expect_int("one lock a layer", hold.fds.len, 1);
    const char *const rm[] = {"rm", "-f", "--progress=json", "held:1", "app:1", NULL};
    const char *const prune[] = {"prune", "--progress=json", NULL};
    expect_int("rm", wh_image_helper_run(root, rm, NULL, NULL, &err), 0);
    wh_auto_free char *tree = wh_fmt("%s/%s/fs", image.layers_dir, image.layers[0].name);
    expect_true("a held layer stays", wh_path_exists(tree));
    wh_image_hold_fini(&hold);
    expect_int("prune", wh_image_helper_run(root, prune, NULL, NULL, &err), 0);
    expect_true("then it goes", !wh_path_exists(tree));
    expect_int("a late holder", wh_image_hold_add(&hold, &image, &err), WH_IMAGE_ABSENT);
}

static void test_errors(void **state)
{
    static const struct {
        const char *args[6];
        int code;
        const char *text;
    } rows[] = {
        {{"rm", "--progress=json", "missing:1", NULL}, WH_E_NOT_FOUND, "No such image: missing:1"},
        {{"import", "--progress=json", "/etc/hostname", "x:1", NULL}, WH_E_INVALID, "not a tar archive"},
        {{"pull", "--progress=json", "--policy=never", "x:1", NULL}, WH_E_NOT_FOUND, "pull policy"},
        {{"pull", "--progress=json", "127.0.0.1:1/x", NULL}, ECONNREFUSED, "refused"},
        {{"nonsense", NULL}, WH_E_GENERIC, "status 2"},
    };
    need_root();
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_err err = {0};
        expect_int(rows[i].args[0], wh_image_helper_run(root, rows[i].args, NULL, NULL, &err), -1);
        expect_int(rows[i].args[0], err.code, rows[i].code);
        expect_err(rows[i].args[0], &err, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_empty_store), cmocka_unit_test(test_import_and_lookup),
                                       cmocka_unit_test(test_config), cmocka_unit_test(test_hold),
                                       cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, make_store, drop_store);
}
