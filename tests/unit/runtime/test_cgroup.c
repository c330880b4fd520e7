/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cgroups: detection on made-up hosts, and limits, life cycle and numbers on this one. */
#include "lib_rt.h"

#include "whale/util/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct layout_case {
    const char *name;
    const char *mountinfo;
    enum wh_cgroup_mode mode;
    const char *unified, *memory;
};

#define V1_LINE(c) "30 20 0:25 / /sys/fs/cgroup/" c " rw shared:9 - cgroup cgroup rw," c "\n"
static const struct layout_case layout_cases[] = {
    {"none", "20 1 8:1 / / rw - ext4 /dev/sda rw\n", WH_CGROUP_NONE, NULL, NULL},
    {"v2", "30 20 0:25 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n", WH_CGROUP_V2, "/sys/fs/cgroup",
     NULL},
    {"hybrid", V1_LINE("memory") V1_LINE("cpu,cpuacct") "31 20 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup rw\n",
     WH_CGROUP_HYBRID, "/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory"},
    {"v1", V1_LINE("memory") V1_LINE("freezer"), WH_CGROUP_V1, NULL, "/sys/fs/cgroup/memory"},
    {"lines that are none", "\nx\n30 20 - \n - cgroup2\n", WH_CGROUP_NONE, NULL, NULL},
};

static bool ends_as(const char *path, const char *root, const char *want)
{
    wh_auto_free char *full = want ? wh_fmt("%s%s", root, want) : NULL;
    return wh_streq(path, full);
}

static void test_layouts(void **state)
{
    char root[] = "/tmp/wh-layout-XXXXXX";
    assert_non_null(mkdtemp(root));
    wh_auto_free char *dir = wh_fmt("%s/proc/self", root), *file = wh_fmt("%s/mountinfo", dir);
    assert_int_equal(wh_mkdir_p(dir, 0755, NULL), 0);
    for (size_t i = 0; i < WH_ARRAY_LEN(layout_cases); i++) {
        const struct layout_case *c = &layout_cases[i];
        struct wh_cgroup_layout l;
        assert_int_equal(wh_file_replace(file, c->mountinfo, strlen(c->mountinfo), 0644, WH_SYNC_NONE, NULL), 0);
        assert_int_equal(wh_cgroup_layout_detect(root, &l, NULL), 0);
        if (l.mode != c->mode || !ends_as(l.unified, root, c->unified) ||
            !ends_as(l.v1[WH_CTL_MEMORY], root, c->memory))
            fail_msg("%s: mode %d, unified %s, memory %s", c->name, l.mode, l.unified, l.v1[WH_CTL_MEMORY]);
        wh_cgroup_layout_fini(&l);
    }
    assert_int_equal(wh_remove_tree(root, NULL), 0);
}

struct limit_case {
    const char *name;
    struct wh_resources res;
    const char *question, *arg;
    int code;
    const char *out; /* NULL: not compared */
};

static const struct limit_case limit_cases[] = {
    {"memory", {.memory_bytes = 24 << 20, .swappiness = WH_UNSET}, "alloc", "64", 137, NULL},
    {"enough memory", {.memory_bytes = 64 << 20, .swappiness = WH_UNSET}, "alloc", "16", 0, "ok\n"},
    {"pids", {.pids_limit = 4, .swappiness = WH_UNSET}, "fork", "10", 0, "3\n"},
    {"no limits", {.swappiness = WH_UNSET}, "fork", "10", 0, "10\n"},
};

static void test_limits(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(limit_cases); i++) {
        const struct limit_case *c = &limit_cases[i];
        struct rt t;
        rt_init(&t);
        rt_cgroup(&t, &c->res);
        int code = rt_probe(&t, c->question, c->arg);
        if (code != c->code || (c->out && strcmp(wh_str_c(&t.out), c->out) != 0))
            fail_msg("%s: exit %d, \"%s\", %s", c->name, code, wh_str_c(&t.out), rt_error(&t));
        if (c->code == 137)
            assert_int_equal(wh_cgroup_oom_kills(t.cgroup), 1);
        rt_fini(&t);
    }
}

static const char *const sleeper[] = {"/probe", "sleep", "60", NULL};

static void start_sleeper(struct rt *t)
{
    struct wh_resources res;
    wh_resources_init(&res);
    rt_init(t);
    rt_cgroup(t, &res);
    assert_int_equal(rt_start(t, sleeper), 0);
}

static void test_life_cycle(void **state)
{
    struct rt t;
    struct wh_vec pids;
    start_sleeper(&t);
    assert_int_equal(wh_cgroup_is_populated(t.cgroup), 1);
    assert_int_equal(wh_cgroup_pids(t.cgroup, &pids, &t.err), 0);
    assert_int_equal(pids.len, 1);
    assert_int_equal(wh_vec_at(&pids, pid_t, 0), t.proc.pid);
    wh_vec_fini(&pids);
    assert_int_equal(wh_cgroup_remove(&t.layout, t.cgroup->name, &t.err), WH_CGROUP_BUSY);
    assert_int_equal(wh_cgroup_freeze(t.cgroup, true, &t.err), 0);
    assert_int_equal(wh_cgroup_kill(t.cgroup, &t.err), 0); /* frozen or not */
    assert_int_equal(rt_wait(&t), 137);
    assert_int_equal(wh_cgroup_is_populated(t.cgroup), 0);
    rt_fini(&t);
}

static void test_found_again(void **state)
{
    struct rt t;
    struct wh_cgroup again;
    wh_auto_strv names = {0};
    start_sleeper(&t);
    assert_int_equal(wh_cgroup_open(&t.layout, t.cgroup->name, &again, &t.err), 0);
    assert_int_equal(wh_cgroup_id(&again), wh_cgroup_id(t.cgroup));
    wh_cgroup_close(&again);
    assert_int_equal(wh_cgroup_open(&t.layout, "whale/unit-test/none", &again, &t.err), -1);
    assert_int_equal(t.err.code, WH_E_NOT_FOUND);
    assert_int_equal(wh_cgroup_list(&t.layout, "whale/unit-test", &names, NULL), 0);
    assert_true(wh_strv_has(&names, "container"));
    assert_int_equal(wh_cgroup_list(&t.layout, "whale/none", &names, NULL), 0);
    rt_fini(&t);
}

static void test_stats(void **state)
{
    struct rt t;
    struct wh_cgroup_stats s;
    struct wh_resources res;
    wh_resources_init(&res);
    res.memory_bytes = 64 << 20;
    res.pids_limit = 20;
    rt_init(&t);
    rt_cgroup(&t, &res);
    assert_int_equal(rt_start(&t, sleeper), 0);
    assert_int_equal(wh_cgroup_stats(t.cgroup, &s, &t.err), 0);
    assert_int_equal(s.pids, 1);
    assert_int_equal(s.pids_limit, 20);
    assert_int_equal(s.memory_limit_bytes, 64 << 20);
    assert_true(s.memory_bytes > 0 && s.memory_bytes < 16 << 20);
    assert_true(s.cpu_usage_ns > 0);
    rt_fini(&t);
}

static void test_processes_are_limited_by_default(void **state)
{
    static const int64_t limits[] = {0, -1, 20};
    for (size_t i = 0; i < WH_ARRAY_LEN(limits); i++) {
        struct rt t;
        struct wh_cgroup_stats s;
        struct wh_resources res;
        wh_resources_init(&res);
        res.pids_limit = limits[i];
        rt_init(&t);
        rt_cgroup(&t, &res);
        uint64_t by_default = t.layout.mode == WH_CGROUP_V2 ? 4096 : 0;
        assert_int_equal(wh_cgroup_stats(t.cgroup, &s, &t.err), 0);
        assert_int_equal(s.pids_limit, limits[i] == 0 ? by_default : limits[i] > 0 ? (uint64_t)limits[i] : 0);
        rt_fini(&t);
    }
}

/* With the controller and without it. */
static void test_threads_are_counted(void **state)
{
    const char *const threads[] = {"/probe", "threads", "5", NULL};
    for (int limit = 0; limit <= 20; limit += 20) {
        struct rt t;
        struct wh_cgroup_stats s;
        struct wh_resources res;
        char ready[6] = "";
        wh_resources_init(&res);
        res.pids_limit = limit;
        rt_init(&t);
        rt_cgroup(&t, &res);
        assert_int_equal(rt_start(&t, threads), 0);
        assert_int_equal(read(t.out_fd, ready, sizeof(ready)), 6);
        assert_int_equal(wh_cgroup_stats(t.cgroup, &s, &t.err), 0);
        assert_int_equal(s.pids, 5);
        rt_fini(&t);
    }
}

struct rule_case {
    const char *rule;
    bool valid;
};

static const struct rule_case rule_cases[] = {
    {"c 1:3 rwm", true}, {"b *:* m", true},        {"a *:* rwm", true}, {"a", true},
    {"c 1:3", false},    {"x 1:3 r", false},       {"c 1 r", false},    {"c 1:3 q", false},
    {"c -1:3 r", false}, {"c 1:3 r extra", false}, {"", false},         {"c 4294967296:0 r", false},
};

static void test_device_rules(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(rule_cases); i++) {
        if (wh_runtime_device_rule_is_valid(rule_cases[i].rule) != rule_cases[i].valid)
            fail_msg("\"%s\"", rule_cases[i].rule);
    }
}

static void test_more_devices(void **state)
{
    static const struct wh_device devices[] = {{"/dev/null", "/dev/mine", "r"}};
    static const char *const rules[] = {"c 10:229 r"};
    struct rt t;
    struct wh_resources res;
    wh_resources_init(&res);
    res.devices = devices;
    res.n_devices = 1;
    res.device_rules = rules;
    res.n_device_rules = 1;
    rt_init(&t);
    t.spec.resources = res;
    rt_cgroup(&t, &res);
    assert_int_equal(rt_sh(&t, "mknod /k c 10 229; test -c /dev/mine && exec 3</k && echo open"), 0);
    assert_string_equal(wh_str_c(&t.out), "open\n");
    rt_fini(&t);
}

static void test_own_view(void **state)
{
    struct rt t;
    struct wh_resources res;
    wh_resources_init(&res);
    res.pids_limit = 50;
    rt_init(&t);
    rt_cgroup(&t, &res);
    const char *file = t.layout.mode == WH_CGROUP_V2 ? "/sys/fs/cgroup/pids.max" : "/sys/fs/cgroup/pids/pids.max";
    wh_auto_free char *script = wh_fmt("cat %s; grep -c whale /proc/self/cgroup", file);
    assert_int_equal(rt_sh(&t, script), 1);
    assert_string_equal(wh_str_c(&t.out), "50\n0\n");
    rt_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_life_cycle),
        cmocka_unit_test(test_found_again),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_threads_are_counted),
        cmocka_unit_test(test_processes_are_limited_by_default),
        cmocka_unit_test(test_device_rules),
        cmocka_unit_test(test_more_devices),
        cmocka_unit_test(test_own_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
