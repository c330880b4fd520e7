/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths as text, and files in a scratch folder. */
#include "tests/unit/test.h"

#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char scratch[] = "/tmp/whale-unit.XXXXXX";

static char *in_scratch(const char *name)
{
    return wh_path_join(scratch, name);
}

static void paths_are_cleaned_without_the_disk(void **state)
{
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"/a/../b/", "/b"}, {"a//b/./c", "a/b/c"},
        {"../x", "../x"},   {"a/../..", ".."},
        {"/..", "/"},       {"", "."},
        {"/", "/"},         {"./", "."},
        {"a/..", "."},      {"../../a/../b", "../../b"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_free char *got = wh_path_clean(rows[i].path);
        expect_str(rows[i].path, got, rows[i].want);
    }
    wh_auto_free char *joined = wh_path_join("/a/b", "../c"), *absolute = wh_path_join("/a", "/x/");
    assert_string_equal(joined, "/a/c");
    assert_string_equal(absolute, "/x");
    wh_auto_free char *dir = wh_path_dir("/a/b"), *root = wh_path_dir("/a"), *none = wh_path_dir("a");
    assert_string_equal(dir, "/a");
    assert_string_equal(root, "/");
    assert_string_equal(none, ".");
    assert_string_equal(wh_path_base("/a/b"), "b");
}

static void a_file_is_replaced_whole(void **state)
{
    wh_auto_err err = {0};
    wh_auto_free char *path = in_scratch("f");
    assert_int_equal(wh_file_replace(path, "one", 3, 0640, WH_SYNC_FILE, &err), 0);
    assert_int_equal(wh_file_replace(path, "second", 6, 0600, WH_SYNC_NONE, &err), 0);
    wh_auto_str text = {0};
    assert_int_equal(wh_file_read(path, 100, &text, &err), 0);
    assert_string_equal(wh_str_c(&text), "second");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    wh_str_clear(&text);
    assert_int_equal(wh_file_read(path, 5, &text, &err), -1);
    expect_err("cap", &err, "larger than 5 bytes");
    assert_int_equal(wh_file_replace("/nonexistent/f", "x", 1, 0600, WH_SYNC_NONE, &err), -1);
    expect_err("folder", &err, "write /nonexistent/f: No such file or directory");
}

static void only_regular_files_are_read(void **state)
{
    static const char *const names[] = {"fifo", "dir", "missing"};
    static const char *const want[] = {"not a regular file", "Is a directory", "No such file"};
    wh_auto_free char *fifo = in_scratch("fifo"), *dir = in_scratch("dir");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(mkdir(dir, 0700), 0);
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++) {
        wh_auto_err err = {0};
        wh_auto_str text = {0};
        wh_auto_free char *path = in_scratch(names[i]);
        expect_int(names[i], wh_file_read(path, 100, &text, &err), -1);
        expect_err(names[i], &err, want[i]);
    }
}

static void trees_are_removed_without_following_links(void **state)
{
    wh_auto_err err = {0};
    wh_auto_free char *deep = in_scratch("tree/a/b"), *link = in_scratch("tree/link"), *keep = in_scratch("keep"),
                      *tree = in_scratch("tree");
    assert_int_equal(wh_mkdir_p(deep, 0755, &err), 0);
    assert_int_equal(wh_file_replace(keep, "x", 1, 0600, WH_SYNC_NONE, &err), 0);
    assert_int_equal(symlink(keep, link), 0);
    assert_int_equal(wh_remove_tree(tree, &err), 0);
    assert_false(wh_path_exists(tree));
    assert_true(wh_path_exists(keep));
    assert_int_equal(wh_remove_tree(tree, &err), 0);
}

static int make_scratch(void **state)
{
    return mkdtemp(scratch) ? 0 : -1;
}

static int drop_scratch(void **state)
{
    return wh_remove_tree(scratch, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_cleaned_without_the_disk),
        cmocka_unit_test(a_file_is_replaced_whole),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(trees_are_removed_without_following_links),
    };
    return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
