/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile images and neighbours. Each row is a published fault of another runtime; the host must be untouched. */
#include "lib_rt.h"

#include "whale/util/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct link_case {
    const char *name;
    const char *path, *target; /* in the image */
    int code;
    const char *out; /* or part of the error */
};

static const char look[] = "ls -d /dev/null /proc/1 /sys/kernel";
static const char looked[] = "/dev/null\n/proc/1\n/sys/kernel\n";

static const struct link_case link_cases[] = {
    {"proc is a link (2023-28642)", "proc", "tmp", 125, "mount /proc"},
    {"sys is a link to proc", "sys", "proc", 125, "mount /sys"},
    {"sys leads out", "sys", "../../../tmp", 125, "mount /sys"},
    {"dev leads out (2026-41579)", "dev", "/../../../../tmp", 125, "mount /dev"},
    {"dev is a link to itself", "dev", "dev", 125, "mount /dev"},
    {"dev/null is a link (2025-31133)", "dev/null", "/proc/sysrq-trigger", 0, looked},
    {"dev/pts is a link", "dev/pts", "/../../../tmp", 0, looked},
    {"dev/shm is a link", "dev/shm", "/../../../tmp", 0, looked},
    {"dev/console is a link", "dev/console", "/etc/passwd", 0, looked},
};

static void replace_by_link(struct rt *t, const char *path, const char *target)
{
    wh_auto_free char *full = strdup(rt_image_path(t, path));
    assert_int_equal(wh_remove_tree(full, NULL), 0);
    assert_int_equal(symlink(target, full), 0);
}

static void test_links_in_the_image(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(link_cases); i++) {
        const struct link_case *c = &link_cases[i];
        struct rt t;
        rt_init(&t);
        replace_by_link(&t, c->path, c->target);
        int code = rt_sh(&t, look);
        bool good =
            code == c->code && (code ? strstr(rt_error(&t), c->out) != NULL : strcmp(wh_str_c(&t.out), c->out) == 0);
        if (!good)
            fail_msg("%s: exit %d, \"%s\", %s", c->name, code, wh_str_c(&t.out), rt_error(&t));
        rt_fini(&t);
    }
}

/* Generated files are bound on what the image says lies there: inside, or not at all (2025-24965). */
static void test_generated_files(void **state)
{
    struct rt t;
    char victim[] = "/tmp/wh-victim-XXXXXX";
    int fd = mkstemp(victim);
    assert_true(fd >= 0);
    close(fd);
    rt_init(&t);
    rt_image_write(&t, "../hosts", "127.0.0.1 localhost\n", 0644);
    wh_auto_free char *hosts = wh_fmt("%s/hosts", t.dir), *up = wh_fmt("/../../../..%s", victim);
    const struct wh_mount m = {.source = hosts, .target = "/etc/hosts"};
    t.spec.mounts = &m;
    t.spec.n_mounts = 1;
    assert_int_equal(symlink(victim, rt_image_path(&t, "etc/hosts")), 0);
    assert_int_equal(rt_sh(&t, "cat /etc/hosts"), 0);
    assert_string_equal(wh_str_c(&t.out), "127.0.0.1 localhost\n");
    unlink(rt_image_path(&t, "etc/hosts"));
    assert_int_equal(symlink(up, rt_image_path(&t, "etc/hosts")), 0);
    assert_int_equal(rt_sh(&t, "cat /etc/hosts"), 0);
    struct stat st;
    assert_int_equal(stat(victim, &st), 0);
    assert_int_equal(st.st_size, 0);
    unlink(victim);
    rt_fini(&t);
}

/* The runtime's own binary cannot be reached from inside for writing (2019-5736). */
static void test_own_binary(void **state)
{
    struct rt t;
    struct stat before, after;
    rt_init(&t);
    assert_int_equal(stat("/proc/self/exe", &before), 0);
    rt_image_write(&t, "evil", "#!/proc/self/exe\n", 0755);
    const char *const argv[] = {"/evil", NULL};
    int code = rt_run(&t, argv);
    assert_true(code == 126 || code == 127 || code == 1);
    assert_int_equal(stat("/proc/self/exe", &after), 0);
    assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    rt_fini(&t);
}

struct device_case {
    const char *name, *script;
    const char *out;
};

static void test_devices(void **state)
{
    struct rt t;
    struct wh_resources res;
    rt_init(&t);
    wh_resources_init(&res);
    rt_cgroup(&t, &res);
    static const struct device_case cases[] = {
        {"a disk can be made but not opened", "mknod /d b 254 0 && head -c1 /d 2>&1",
         "head: /d: Operation not permitted\n"},
        {"kmsg", "mknod /k c 1 11 && head -c1 /k 2>&1", "head: /k: Operation not permitted\n"},
        {"fuse", "mknod /f c 10 229 && head -c1 /f 2>&1", "head: /f: Operation not permitted\n"},
        {"mem", "mknod /m c 1 1 && head -c1 /m 2>&1", "head: /m: Operation not permitted\n"},
        {"zero is allowed", "mknod /z c 1 5 && head -c1 /z | wc -c", "1\n"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(cases); i++) {
        wh_auto_free char *script = wh_fmt("rm -f /d /k /f /m /z; %s", cases[i].script);
        rt_sh(&t, script);
        if (strcmp(wh_str_c(&t.out), cases[i].out) != 0)
            fail_msg("%s: \"%s\" %s", cases[i].name, wh_str_c(&t.out), rt_error(&t));
    }
    rt_fini(&t);
}

struct swapper {
    char a[128], b[128];
    atomic_bool stop;
};

static void *swap_for_ever(void *arg)
{
    struct swapper *s = arg;
    while (!s->stop)
        renameat2(AT_FDCWD, s->a, AT_FDCWD, s->b, RENAME_EXCHANGE);
    return NULL;
}

/* A neighbour exchanges a folder and a symlink in a shared volume while mounts are made below it (2021-30465,
 * 2024-45310): whatever the outcome of a start, nothing appears on the host. */
static void test_exchange_race(void **state)
{
    struct rt t;
    struct swapper s = {.stop = false};
    pthread_t thread;
    char outside[] = "/tmp/wh-outside-XXXXXX";
    assert_non_null(mkdtemp(outside));
    rt_init(&t);
    wh_auto_free char *shared = wh_fmt("%s/shared", t.dir), *inner = wh_fmt("%s/inner", t.dir);
    wh_auto_free char *climb = wh_fmt("/../../../../../..%s", outside);
    snprintf(s.a, sizeof(s.a), "%s/dir", shared);
    snprintf(s.b, sizeof(s.b), "%s/link", shared);
    wh_mkdir_p(s.a, 0755, NULL);
    wh_mkdir_p(inner, 0755, NULL);
    assert_int_equal(symlink(climb, s.b), 0);
    const struct wh_mount mounts[] = {{.type = WH_MOUNT_VOLUME, .source = shared, .target = "/v", .no_copy = true},
                                      {.source = inner, .target = "/v/dir/made/deep"}};
    t.spec.mounts = mounts;
    t.spec.n_mounts = 2;
    assert_int_equal(pthread_create(&thread, NULL, swap_for_ever, &s), 0);
    for (int i = 0; i < 300; i++) {
        rt_sh(&t, "true");
        assert_int_equal(rmdir(outside), 0); /* still empty */
        assert_int_equal(mkdir(outside, 0700), 0);
    }
    s.stop = true;
    pthread_join(thread, NULL);
    rmdir(outside);
    rt_fini(&t);
}

/* What a container with the default rights cannot do. */
static const struct device_case refused[] = {
    {"mount", "mount -t tmpfs none /tmp 2>&1 | grep -c -i permi", "1\n"},
    {"write to /sys", "(echo 1 > /sys/kernel/profiling) 2>&1 | grep -c -i 'read-only\\|nonexist\\|perm'", "1\n"},
    {"change its cgroup", "(mkdir /sys/fs/cgroup/x) 2>&1 | grep -c -i 'read-only\\|perm'", "1\n"},
    {"see the host's processes", "ls /proc | grep -c '^[0-9]*$'", "3\n"},
    {"see the host's mounts", "grep -c /run/wh-test /proc/mounts | head -1; true", "1\n"},
    {"hostname", "(hostname other) 2>&1 | grep -c -i perm", "1\n"},
};

static void test_refused(void **state)
{
    struct rt t;
    struct wh_resources res;
    rt_init(&t);
    wh_resources_init(&res);
    rt_cgroup(&t, &res);
    for (size_t i = 0; i < WH_ARRAY_LEN(refused); i++) {
        rt_sh(&t, refused[i].script);
        if (strcmp(wh_str_c(&t.out), refused[i].out) != 0)
            fail_msg("%s: \"%s\"", refused[i].name, wh_str_c(&t.out));
    }
    rt_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_in_the_image), cmocka_unit_test(test_generated_files),
        cmocka_unit_test(test_own_binary),         cmocka_unit_test(test_devices),
        cmocka_unit_test(test_exchange_race),      cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
