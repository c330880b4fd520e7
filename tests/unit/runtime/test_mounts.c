/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts of every kind, the image's content for volumes, files with given content, masks. */
#include "lib_rt.h"

#include "whale/sys/openat2.h"
#include "whale/util/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

struct mount_case {
    const char *name;
    struct wh_mount mount;
    const char *script;
    int code;
    const char *out; /* or the error */
};

/* @ at the start of a source stands for the test's folder. */
static const struct mount_case mount_cases[] = {
    {"bind", {.source = "@/data", .target = "/mnt"}, "cat /mnt/f; echo x > /mnt/new && rm /mnt/new", 0, "host\n"},
    {"bind read-only", {.source = "@/data", .target = "/mnt", .readonly = true}, "echo x > /mnt/new", 1, NULL},
    {"bind of a file", {.source = "@/data/f", .target = "/etc/deep/er/f"}, "cat /etc/deep/er/f", 0, "host\n"},
    {"bind on a link stays inside", {.source = "@/data/f", .target = "/etc/outlink"}, "cat /tmp/landed", 0, "host\n"},
    {"bind below /dev", {.source = "@/data", .target = "/dev/data"}, "cat /dev/data/f", 0, "host\n"},
    {"bind noexec", {.source = "@/data", .target = "/mnt", .noexec = true}, "/mnt/run", 126, NULL},
    {"bind exec", {.source = "@/data", .target = "/mnt"}, "/mnt/run", 0, "ran\n"},
    {"missing source",
     {.source = "@/none", .target = "/mnt", .label = "./none"},
     "true",
     125,
     "mount ./none on /mnt: No such file or directory"},
    {"tmpfs",
     {.type = WH_MOUNT_TMPFS, .target = "/t", .tmpfs_mode = -1, .tmpfs_size_bytes = 1 << 20},
     "stat -c %a /t; grep ' /t ' /proc/mounts | cut -d' ' -f4 2>/dev/null; df -k /t | grep -c 1024",
     0,
     NULL},
    {"tmpfs takes the mode below",
     {.type = WH_MOUNT_TMPFS, .target = "/var", .tmpfs_mode = -1},
     "stat -c %a /var",
     0,
     "755\n"},
    {"tmpfs on a new folder",
     {.type = WH_MOUNT_TMPFS, .target = "/fresh", .tmpfs_mode = -1},
     "stat -c %a /fresh",
     0,
     "1777\n"},
    {"tmpfs mode", {.type = WH_MOUNT_TMPFS, .target = "/t", .tmpfs_mode = 0700}, "stat -c %a /t", 0, "700\n"},
    {"tmpfs owner",
     {.type = WH_MOUNT_TMPFS, .target = "/t", .tmpfs_mode = 0755, .tmpfs_uid = 5, .tmpfs_gid = 6},
     "stat -c %u:%g /t",
     0,
     "5:6\n"},
    {"tmpfs noexec by default",
     {.type = WH_MOUNT_TMPFS, .target = "/t", .tmpfs_mode = -1},
     "echo '#!/bin/sh' > /t/x; chmod 755 /t/x; /t/x",
     126,
     NULL},
    {"tmpfs exec",
     {.type = WH_MOUNT_TMPFS, .target = "/t", .tmpfs_mode = -1, .exec_ok = true},
     "echo '#!/bin/sh' > /t/x; chmod 755 /t/x; /t/x",
     0,
     ""},
    {"tmpfs instead of shm",
     {.type = WH_MOUNT_TMPFS, .target = "/dev/shm", .tmpfs_mode = 0700},
     "stat -c %a /dev/shm; grep -c /dev/shm /proc/mounts",
     0,
     "700\n1\n"},
    {"volume subpath",
     {.type = WH_MOUNT_VOLUME, .source = "@/data", .target = "/v", .subpath = "sub"},
     "ls /v",
     0,
     "inner\n"},
    {"volume subpath by a link",
     {.type = WH_MOUNT_VOLUME, .source = "@/data", .target = "/v", .subpath = "uplink/lower/etc"},
     "ls /v",
     125,
     "mount @/data on /v: No such file or directory"},
    {"on /proc",
     {.source = "@/data", .target = "/proc"},
     "true",
     125,
     "mount @/data on /proc: nothing can be mounted in /proc"},
    {"in /proc",
     {.source = "@/data", .target = "/proc/self/attr"},
     "true",
     125,
     "mount @/data on /proc/self/attr: nothing can be mounted in /proc"},
    {"in /proc by a link",
     {.source = "@/data/f", .target = "/plink/version"},
     "true",
     125,
     "mount @/data/f on /plink/version: nothing can be mounted in /proc"},
    {"lxcfs file in /proc", {.source = "@/data/f", .target = "/proc/uptime"}, "cat /proc/uptime", 0, "host\n"},
    {"dots in the target", {.source = "@/data/f", .target = "/../../etc/../x"}, "cat /x", 0, "host\n"},
    {"whole root",
     {.source = "@/data", .target = "/etc/.."},
     "true",
     125,
     "mount on \"/\": a mount cannot cover the whole root"},
    {"image, one layer",
     {.type = WH_MOUNT_IMAGE, .target = "/img"},
     "cat /img/etc/hostname; echo x > /img/new",
     1,
     NULL},
};

static char *expand(struct rt *t, const char *text)
{
    wh_auto_str s = {0};
    for (; text && *text; text++) {
        if (*text == '@')
            wh_str_add(&s, t->dir);
        else
            wh_str_addc(&s, *text);
    }
    return wh_str_take(&s);
}

static void make_data(struct rt *t)
{
    rt_image_write(t, "../data/f", "host\n", 0644);
    rt_image_write(t, "../data/run", "#!/bin/sh\necho ran\n", 0755);
    rt_image_write(t, "../data/sub/inner", "", 0644);
    assert_int_equal(symlink("..", rt_image_path(t, "../data/uplink")), 0);
    assert_int_equal(symlink("/../../../../../../tmp/landed", rt_image_path(t, "etc/outlink")), 0);
    assert_int_equal(symlink("proc", rt_image_path(t, "plink")), 0);
}

static void run_mount_case(struct rt *t, const struct mount_case *c)
{
    struct wh_mount m = c->mount;
    wh_auto_free char *source = expand(t, m.source), *out = expand(t, c->out);
    m.source = m.source ? source : NULL;
    if (m.type == WH_MOUNT_IMAGE)
        m.layers = (struct wh_rootfs){.lowers = t->lowers, .n_lowers = 1};
    t->spec.mounts = &m;
    t->spec.n_mounts = 1;
    int code = rt_sh(t, c->script);
    const char *got = code == 125 ? rt_error(t) : wh_str_c(&t->out);
    if (code != c->code || (c->out && strcmp(got, out) != 0))
        fail_msg("%s: exit %d, \"%s\"", c->name, code, got);
}

static void test_kinds(void **state)
{
    struct rt t;
    rt_init(&t);
    make_data(&t);
    for (size_t i = 0; i < WH_ARRAY_LEN(mount_cases); i++)
        run_mount_case(&t, &mount_cases[i]);
    assert_int_equal(access("/tmp/landed", F_OK), -1);
    rt_fini(&t);
}

/* Parents before children whatever the order; of two on one target the later. */
static void test_order(void **state)
{
    struct rt t;
    rt_init(&t);
    make_data(&t);
    rt_image_write(&t, "../other/f", "other\n", 0644);
    wh_auto_free char *data = expand(&t, "@/data"), *other = expand(&t, "@/other");
    const struct wh_mount mounts[] = {{.source = other, .target = "/m/a/b"},
                                      {.type = WH_MOUNT_TMPFS, .target = "/m", .tmpfs_mode = -1},
                                      {.source = other, .target = "/n"},
                                      {.source = data, .target = "/n/"}};
    t.spec.mounts = mounts;
    t.spec.n_mounts = WH_ARRAY_LEN(mounts);
    assert_int_equal(rt_sh(&t, "cat /m/a/b/f /n/f"), 0);
    assert_string_equal(wh_str_c(&t.out), "other\nhost\n");
    rt_fini(&t);
}

static const struct {
    const char *path, *text;
    mode_t mode;
    uid_t uid;
} seeds[] = {{"srv/a", "one\n", 0640, 5}, {"srv/deep/er/b", "two\n", 04755, 0}, {"srv/deep/c", "", 0600, 7}};

static void make_seed_image(struct rt *t)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(seeds); i++) {
        rt_image_write(t, seeds[i].path, seeds[i].text, seeds[i].mode);
        assert_int_equal(chown(rt_image_path(t, seeds[i].path), seeds[i].uid, 9), 0);
        assert_int_equal(chmod(rt_image_path(t, seeds[i].path), seeds[i].mode), 0);
    }
    assert_int_equal(chown(rt_image_path(t, "srv"), 33, 34), 0);
    chmod(rt_image_path(t, "srv"), 02750);
    assert_int_equal(symlink("/etc/passwd", rt_image_path(t, "srv/link")), 0);
    mkfifo(rt_image_path(t, "srv/pipe"), 0622);
    wh_auto_free char *first = strdup(rt_image_path(t, "srv/a"));
    assert_int_equal(link(first, rt_image_path(t, "srv/deep/hard")), 0);
    assert_int_equal(setxattr(first, "trusted.note", "v", 1, 0), 0);
}

static void check_seeded(struct rt *t, const char *volume)
{
    char path[256], value[8];
    struct stat st, hard;
    for (size_t i = 0; i < WH_ARRAY_LEN(seeds); i++) {
        snprintf(path, sizeof(path), "%s/%s", volume, seeds[i].path + 4);
        assert_int_equal(lstat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, seeds[i].mode);
        assert_int_equal(st.st_uid, seeds[i].uid);
    }
    assert_int_equal(stat(volume, &st), 0);
    assert_int_equal(st.st_uid, 33);
    assert_int_equal(st.st_mode & 07777, 02750);
    snprintf(path, sizeof(path), "%s/a", volume);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(getxattr(path, "trusted.note", value, sizeof(value)), 1);
    snprintf(path, sizeof(path), "%s/deep/hard", volume);
    assert_int_equal(stat(path, &hard), 0);
    assert_int_equal(hard.st_ino, st.st_ino);
    snprintf(path, sizeof(path), "%s/link", volume);
    assert_true(lstat(path, &st) == 0 && S_ISLNK(st.st_mode));
    snprintf(path, sizeof(path), "%s/pipe", volume);
    assert_true(lstat(path, &st) == 0 && S_ISFIFO(st.st_mode));
}

static void test_seed(void **state)
{
    struct rt t;
    rt_init(&t);
    make_seed_image(&t);
    wh_auto_free char *volume = expand(&t, "@/vol/_data"), *beside = expand(&t, "@/vol");
    wh_mkdir_p(volume, 0755, NULL);
    struct wh_mount m = {.type = WH_MOUNT_VOLUME, .source = volume, .target = "/srv"};
    t.spec.mounts = &m;
    t.spec.n_mounts = 1;
    m.no_copy = true;
    assert_int_equal(rt_sh(&t, "ls -A /srv | wc -l"), 0);
    assert_string_equal(wh_str_c(&t.out), "0\n");
    m.no_copy = false;
    assert_int_equal(rt_sh(&t, "cat /srv/a /srv/deep/er/b; echo mine > /srv/a"), 0);
    assert_string_equal(wh_str_c(&t.out), "one\ntwo\n");
    check_seeded(&t, volume);
    assert_int_equal(rt_sh(&t, "cat /srv/a"), 0); /* not again: it has content */
    assert_string_equal(wh_str_c(&t.out), "mine\n");
    wh_auto_free char *list = wh_fmt("%s/_data.seeded", beside);
    assert_int_equal(access(list, F_OK), -1);
    rt_fini(&t);
}

/* Killed while copying, and killed while moving what was copied. */
static void test_seed_interrupted(void **state)
{
    struct rt t;
    rt_init(&t);
    make_seed_image(&t);
    rt_image_write(&t, "../vol/_data.seeding/half", "", 0600);
    wh_auto_free char *volume = expand(&t, "@/vol/_data");
    mkdir(volume, 0700);
    const struct wh_mount m = {.type = WH_MOUNT_VOLUME, .source = volume, .target = "/srv"};
    t.spec.mounts = &m;
    t.spec.n_mounts = 1;
    assert_int_equal(rt_sh(&t, "cat /srv/a; test -e /srv/half"), 1);
    check_seeded(&t, volume);
    assert_int_equal(wh_remove_tree(volume, NULL), 0);
    rt_image_write(&t, "../vol/_data/moved", "m\n", 0644);
    rt_image_write(&t, "../vol/_data.seeded/left", "l\n", 0644);
    assert_int_equal(rt_sh(&t, "cat /srv/moved /srv/left; test -e /srv/a"), 1);
    assert_string_equal(wh_str_c(&t.out), "m\nl\n");
    rt_fini(&t);
}

static void test_content_files(void **state)
{
    static const struct wh_content_file files[] = {
        {"secret token", "/run/secrets/token", "hush", 4, 0, 0, 0400},
        {"config app", "/etc/app/app.conf", "a=1\n", 4, 1000, 1001, 0440},
        {NULL, "/run/secrets/empty", "", 0, 0, 0, 0444},
    };
    struct rt t;
    rt_init(&t);
    t.spec.content_files = files;
    t.spec.n_content_files = WH_ARRAY_LEN(files);
    assert_int_equal(rt_sh(&t, "cat /run/secrets/token /etc/app/app.conf; stat -c '%a %u %g %s' /etc/app/app.conf "
                               "/run/secrets/token /run/secrets/empty; echo x > /etc/app/app.conf"),
                     1);
    assert_non_null(strstr(wh_str_c(&t.out), "husha=1\n440 1000 1001 4\n400 0 0 4\n444 0 0 0\n"));
    assert_non_null(strstr(wh_str_c(&t.out), "Read-only"));
    wh_auto_free char *grep = expand(&t, "grep -r hush @/upper @/lower/etc > /dev/null 2>&1");
    assert_int_equal(WEXITSTATUS(system(grep)), 1);
    rt_fini(&t);
}

static void test_readonly_root(void **state)
{
    struct rt t;
    const struct wh_mount m = {.type = WH_MOUNT_TMPFS, .target = "/scratch", .tmpfs_mode = -1};
    rt_init(&t);
    t.spec.rootfs.readonly = true;
    t.spec.mounts = &m;
    t.spec.n_mounts = 1;
    assert_int_equal(rt_sh(&t, "echo x > /x; echo y > /scratch/y && cat /scratch/y; echo z > /dev/null"), 0);
    assert_non_null(strstr(wh_str_c(&t.out), "Read-only file system\ny\n"));
    t.spec.n_mounts = 0;
    t.spec.rootfs.upper = t.spec.rootfs.work = NULL;
    assert_int_equal(rt_sh(&t, "echo x > /x"), 1);
    rt_fini(&t);
}

static const char *const hidden[] = {"/proc/kcore",       "/proc/keys",       "/proc/timer_list",
                                     "/proc/sched_debug", "/proc/interrupts", "/proc/latency_stats"};

static void test_masks(void **state)
{
    struct rt t;
    rt_init(&t);
    for (size_t i = 0; i < WH_ARRAY_LEN(hidden); i++) {
        if (access(hidden[i], F_OK) < 0)
            continue;
        assert_int_equal(rt_probe(&t, "open", hidden[i]), 0);
        if (strcmp(wh_str_c(&t.out), "0\n") != 0)
            fail_msg("%s: %s", hidden[i], wh_str_c(&t.out));
    }
    assert_int_equal(rt_sh(&t, "ls -A /sys/firmware | wc -l; for f in /proc/sys/kernel/hostname /proc/sysrq-trigger "
                               "/sys/kernel/uevent_seqnum; do (echo 0 > $f) 2>/dev/null && echo wrote $f; done; true"),
                     0);
    assert_string_equal(wh_str_c(&t.out), "0\n");
    t.spec.systempaths_unconfined = true;
    assert_int_equal(rt_probe(&t, "write", "/proc/sys/kernel/msgmax"), 0);
    rt_fini(&t);
}

/* 2 layers fit into one page of options; 251 only by short names; 301 only one by one, since Linux 6.7. */
static const struct {
    size_t n;
    unsigned major, minor;
} layer_cases[] = {{2, 5, 10}, {251, 5, 10}, {301, 6, 7}};

static bool kernel_has(unsigned major, unsigned minor)
{
    struct utsname u;
    unsigned have = 0, have_minor = 0;
    assert_int_equal(uname(&u), 0);
    sscanf(u.release, "%u.%u", &have, &have_minor);
    return have > major || (have == major && have_minor >= minor);
}

static void test_layers(void **state)
{
    struct rt t;
    rt_init(&t);
    const char *lowers[301];
    char names[300][128];
    for (int i = 0; i < 300; i++) {
        char file[64];
        snprintf(names[i], sizeof(names[i]), "%s/layers/l,%03d", t.dir, i);
        snprintf(file, sizeof(file), "../layers/l,%03d/n%d", i, i);
        rt_image_write(&t, file, "", 0644);
    }
    t.spec.rootfs.lowers = lowers;
    for (size_t i = 0; i < WH_ARRAY_LEN(layer_cases); i++) {
        size_t n = layer_cases[i].n;
        for (size_t k = 0; k + 1 < n; k++)
            lowers[k] = names[k];
        lowers[n - 1] = t.lower;
        t.spec.rootfs.n_lowers = n;
        wh_auto_free char *want = wh_fmt("%zu\n", n - 1);
        int code = kernel_has(layer_cases[i].major, layer_cases[i].minor) ? rt_sh(&t, "ls / | grep -c '^n'") : -1;
        if (code > 0 || (code == 0 && strcmp(wh_str_c(&t.out), want) != 0))
            fail_msg("%zu layers: exit %d, \"%s\", %s", n, code, wh_str_c(&t.out), rt_error(&t));
    }
    rt_fini(&t);
}

static void test_open_root(void **state)
{
    struct rt t;
    struct stat st;
    rt_init(&t);
    rt_image_write(&t, "../data/f", "host\n", 0644);
    wh_auto_free char *data = expand(&t, "@/data");
    const struct wh_mount m = {.source = data, .target = "/mnt"};
    t.spec.mounts = &m;
    t.spec.n_mounts = 1;
    const char *const sleeper[] = {"/probe", "sleep", "60", NULL};
    assert_int_equal(rt_start(&t, sleeper), 0);
    int fd;
    assert_int_equal(wh_runtime_open_root(t.proc.pid, t.proc.pidfd, &fd, &t.err), 0);
    assert_int_equal(fstatat(fd, "mnt/f", &st, 0), 0);
    close(fd);
    rt_kill(&t);
    assert_int_equal(wh_runtime_open_stopped_root(&t.spec, &fd, &t.err), 0);
    assert_int_equal(fstatat(fd, "mnt/f", &st, 0), 0);
    int made = wh_openat2(fd, "/made", O_WRONLY | O_CREAT, 0644, RESOLVE_IN_ROOT);
    assert_true(made >= 0);
    close(made);
    close(fd);
    wh_auto_free char *upper = expand(&t, "@/upper/made");
    assert_int_equal(access(upper, F_OK), 0);
    const struct wh_mount bad = {.source = "/no/such", .target = "/mnt"};
    t.spec.mounts = &bad;
    assert_int_equal(wh_runtime_open_stopped_root(&t.spec, &fd, &t.err), -1);
    assert_string_equal(rt_error(&t), "mount /no/such on /mnt: No such file or directory");
    rt_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),         cmocka_unit_test(test_order),
        cmocka_unit_test(test_seed),          cmocka_unit_test(test_seed_interrupted),
        cmocka_unit_test(test_content_files), cmocka_unit_test(test_readonly_root),
        cmocka_unit_test(test_masks),         cmocka_unit_test(test_layers),
        cmocka_unit_test(test_open_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
