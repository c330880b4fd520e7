/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who a container runs as: Docker's rules, and the forms that once made somebody root. */
#include "lib_rt.h"

#include "whale/util/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct user_case {
    const char *name;
    const char *user;
    const char *extra; /* one extra group or NULL */
    const char *ids;   /* uid gid groups; NULL: refused */
    const char *error;
};

static const struct user_case user_cases[] = {
    {"nobody said", NULL, NULL, "0 0 0", NULL},
    {"empty", "", NULL, "0 0 0", NULL},
    {"name", "app", NULL, "1000 1001 1001,2000", NULL},
    {"number that passwd knows", "1000", NULL, "1000 1001 1001,2000", NULL},
    {"number that it does not", "4242", NULL, "4242 0 0", NULL},
    {"user and group: no others", "app:logs", NULL, "1000 3000 3000", NULL},
    {"numbers", "5:6", NULL, "5 6 6", NULL},
    {"empty group", "1000:", NULL, "1000 1001 1001,2000", NULL},
    {"extra group by name", "app:logs", "extra", "1000 3000 3000,2000", NULL},
    {"extra group by number", "app", "77", "1000 1001 1001,2000,77", NULL},
    {"largest", "4294967294", NULL, "4294967294 0 0", NULL},
    {"wraps to 0", "4294967296", NULL, NULL, "a user id is 0 to 4294967294"},
    {"is -1", "4294967295", NULL, NULL, "a user id"},
    {"huge", "99999999999", NULL, NULL, "a user id"},
    {"leading zero", "01", NULL, NULL, "a user id"},
    {"plus", "+1", NULL, NULL, "unable to find user +1"},
    {"blank", " 1", NULL, NULL, "unable to find user"},
    {"trailing letter", "1x", NULL, NULL, "unable to find user 1x"},
    {"only a group", ":5", NULL, "0 5 5", NULL},
    {"unknown name", "nobody", NULL, NULL, "unable to find user nobody"},
    {"unknown group", "app:nogroup", NULL, NULL, "unable to find group nogroup"},
    {"unknown extra group", "app", "nogroup", NULL, "unable to find group nogroup"},
    {"a number is no name", "7777", NULL, "7777 0 0", NULL},
    {"large number in a name", "88888888888", NULL, NULL, "a user id"},
};

static void format_ids(const struct wh_user *u, struct wh_str *out)
{
    wh_str_fmt(out, "%u %u ", u->uid, u->gid);
    for (size_t i = 0; i < u->n_groups; i++)
        wh_str_fmt(out, "%s%u", i ? "," : "", u->groups[i]);
}

struct root {
    char dir[32];
    int fd;
};

static void make_root(struct root *r, const char *passwd, const char *group)
{
    char path[64];
    strcpy(r->dir, "/tmp/wh-user-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(path, sizeof(path), "%s/etc", r->dir);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/etc/passwd", r->dir);
    assert_int_equal(wh_file_replace(path, passwd, strlen(passwd), 0644, WH_SYNC_NONE, NULL), 0);
    snprintf(path, sizeof(path), "%s/etc/group", r->dir);
    assert_int_equal(wh_file_replace(path, group, strlen(group), 0644, WH_SYNC_NONE, NULL), 0);
    r->fd = open(r->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void drop_root(struct root *r)
{
    close(r->fd);
    assert_int_equal(wh_remove_tree(r->dir, NULL), 0);
}

static void test_forms(void **state)
{
    struct root r;
    make_root(&r,
              "root:x:0:0:root:/root:/bin/sh\n7777:x:0:0::/:/bin/sh\n88888888888:x:0:0::/:/bin/sh\n"
              "app:x:1000:1001:app:/home/app:/bin/sh\nbad line\nneg:x:-1:-1::/:\n",
              "root:x:0:\nappgroup:x:1001:\nextra:x:2000:other,app\nlogs:x:3000:");
    for (size_t i = 0; i < WH_ARRAY_LEN(user_cases); i++) {
        const struct user_case *c = &user_cases[i];
        const char *const extra[] = {c->extra, NULL};
        struct wh_user u;
        wh_auto_err err = {0};
        wh_auto_str got = {0};
        int ret = wh_runtime_resolve_user(r.fd, c->user, extra, &u, &err);
        wh_auto_free char *text = wh_err_text(&err);
        if (ret == 0)
            format_ids(&u, &got);
        if (c->ids ? ret != 0 || strcmp(got.data, c->ids) != 0 : ret == 0 || !strstr(text, c->error))
            fail_msg("%s: ids \"%s\", error \"%s\"", c->name, wh_str_c(&got), text);
    }
    drop_root(&r);
}

static int resolve(struct root *r, const char *user)
{
    struct wh_user u;
    return wh_runtime_resolve_user(r->fd, user, NULL, &u, NULL);
}

static void replace_passwd(struct root *r, const char *link_target)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/etc/passwd", r->dir);
    unlink(path);
    if (link_target)
        assert_int_equal(symlink(link_target, path), 0);
}

/* Files that never end, block, or lie outside: each is a prompt refusal (CVE-2024-9676, 2026-47262). */
static void test_hostile_files(void **state)
{
    struct root r;
    char path[64];
    make_root(&r, "", "");
    snprintf(path, sizeof(path), "%s/etc/passwd", r.dir);
    replace_passwd(&r, NULL);
    assert_int_equal(mkfifo(path, 0644), 0);
    assert_int_equal(resolve(&r, "app"), -1);
    replace_passwd(&r, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(ftruncate(fd, (off_t)2 << 30), 0);
    close(fd);
    assert_int_equal(resolve(&r, "app"), -1);
    assert_int_equal(truncate(path, 200000), 0); /* one line of NULs longer than any account */
    assert_int_equal(resolve(&r, "app"), -1);
    replace_passwd(&r, "../../../../../../etc/passwd"); /* itself, seen from inside the root */
    assert_int_equal(resolve(&r, "daemon"), -1);
    replace_passwd(&r, "/proc/self/fd/0");
    assert_int_equal(resolve(&r, "daemon"), -1);
    replace_passwd(&r, NULL);
    assert_int_equal(resolve(&r, "1000"), 0);
    assert_int_equal(resolve(&r, "app"), -1);
    drop_root(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_hostile_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
