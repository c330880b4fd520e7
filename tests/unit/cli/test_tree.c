/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees through tar and back, and tar streams that mean harm. */
#include "tests/unit/test.h"

#include "cli/tree.h"
#include "whale/util/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char dir[] = "/tmp/wh-tree-XXXXXX";

static int make_dir(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    return wh_remove_tree(dir, NULL);
}

static int shell(const char *script)
{
    wh_auto_free char *command = wh_fmt("cd %s && %s", dir, script);
    return system(command);
}

static int open_in(const char *name, int flags)
{
    wh_auto_free char *path = wh_fmt("%s/%s", dir, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void a_tree_survives_tar_and_back(void **state)
{
    wh_auto_err err = {0};
    assert_int_equal(shell("mkdir -p src/sub out && echo a > src/a && chmod 4750 src/a && ln -s a src/link && "
                           "mkfifo src/pipe && head -c 100000 /dev/urandom > src/sub/big && chmod 700 src/sub && "
                           "n=$(printf 'x%.0s' $(seq 150)) && mkdir src/$n && echo deep > src/$n/$n"),
                     0);
    wh_auto_fd from = open_in("src", O_PATH | O_DIRECTORY), tar = open_in("t.tar", O_RDWR | O_CREAT);
    wh_auto_fd to = open_in("out", O_PATH | O_DIRECTORY);
    struct wh_tar_writer writer = {.fd = tar, .name = "top"};
    struct wh_tree_sink sink = wh_tar_writer_sink(&writer);
    assert_int_equal(wh_tree_walk(&(struct wh_tree_walk){.dir_fd = from, .name = "."}, &sink, &err), 0);
    assert_int_equal(wh_tar_finish(&writer, &err), 0);
    assert_int_equal(shell("mkdir ref && tar -C ref -xf t.tar && diff -r src/sub ref/top/sub && test -p ref/top/pipe"),
                     0);
    lseek(tar, 0, SEEK_SET);
    struct wh_tree_writer files = {.root_fd = to, .base = ".", .keep_owner = true};
    sink = wh_tree_writer_sink(&files);
    if (wh_tar_read(tar, &sink, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
    assert_int_equal(shell("diff -r --exclude=pipe src out/top && test $(stat -c %a out/top/a) = 4750 && "
                           "test $(readlink out/top/link) = a && test $(stat -c %a out/top/sub) = 700"),
                     0);
}

static void foreign_tar_is_read(void **state)
{
    static const char *const scripts[] = {
        "--format=gnu",
        "--format=ustar",
        "--format=pax",
    };
    assert_int_equal(shell("mkdir -p f/d && n=$(printf 'y%.0s' $(seq 90)) && mkdir f/$n && echo 1 > f/$n/$n && "
                           "echo 2 > f/base && ln f/base f/d/hard && ln -s ../x f/d/soft"),
                     0);
    for (size_t i = 0; i < WH_ARRAY_LEN(scripts); i++) {
        wh_auto_err err = {0};
        wh_auto_free char *make = wh_fmt("rm -rf g && mkdir g && tar -C f %s -cf f.tar .", scripts[i]);
        assert_int_equal(shell(make), 0);
        wh_auto_fd tar = open_in("f.tar", O_RDONLY), to = open_in("g", O_PATH | O_DIRECTORY);
        struct wh_tree_writer files = {.root_fd = to, .base = "."};
        struct wh_tree_sink sink = wh_tree_writer_sink(&files);
        if (wh_tar_read(tar, &sink, &err) < 0)
            fail_msg("%s: %s", scripts[i], wh_err_text(&err));
        expect_int(scripts[i], shell("diff -r --no-dereference f g && test $(stat -c %h g/d/hard) = 2"), 0);
    }
}

static void bad_streams_are_refused(void **state)
{
    static const struct {
        const char *name, *script, *want;
    } rows[] = {
        {"no tar", "yes | head -c 2000 > b", "not a tar stream"},
        {"leads out", "mkdir -p e/in && echo x > e/esc && tar -C e/in -P -cf b ../esc", "leads out of the target"},
        {"cut in a file", "head -c 5000 /dev/zero > z && tar -cf c z && head -c 2000 c > b", "copy z"},
        {"cut in a header", "tar -cf c z && head -c 300 c > b", "ends early"},
        {"broken pax",
         "printf x > p && tar --format=pax --pax-option=comment:=abc -cf c p && sed 's/comment=/comm/' c > b", "pax"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_err err = {0};
        assert_int_equal(shell(rows[i].script), 0);
        assert_int_equal(shell("rm -rf h && mkdir h"), 0);
        wh_auto_fd tar = open_in("b", O_RDONLY), to = open_in("h", O_PATH | O_DIRECTORY);
        struct wh_tree_writer files = {.root_fd = to, .base = "."};
        struct wh_tree_sink sink = wh_tree_writer_sink(&files);
        expect_int(rows[i].name, wh_tar_read(tar, &sink, &err), -1);
        expect_err(rows[i].name, &err, rows[i].want);
    }
}

/* A link in the target is followed inside the target only. */
static void links_do_not_lead_out(void **state)
{
    wh_auto_err err = {0};
    assert_int_equal(shell("mkdir -p outside inside s/l && ln -s $PWD/outside inside/l && echo x > s/l/f"), 0);
    wh_auto_fd from = open_in("s", O_PATH | O_DIRECTORY), to = open_in("inside", O_PATH | O_DIRECTORY);
    struct wh_tree_writer files = {.root_fd = to, .base = "."};
    struct wh_tree_sink sink = wh_tree_writer_sink(&files);
    assert_int_equal(wh_tree_walk(&(struct wh_tree_walk){.dir_fd = from, .name = "."}, &sink, &err), -1);
    assert_int_equal(shell("test ! -e outside/f"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_survives_tar_and_back),
        cmocka_unit_test(foreign_tar_is_read),
        cmocka_unit_test(bad_streams_are_refused),
        cmocka_unit_test(links_do_not_lead_out),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
