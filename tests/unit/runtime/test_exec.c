/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Further processes in a running container. */
#include "lib_rt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const exec_env[] = {"PATH=/bin", NULL};
static const char *const sleeper[] = {"/probe", "sleep", "60", NULL};

static void start(struct rt *t, struct wh_exec_spec *e)
{
    rt_init(t);
    assert_int_equal(rt_start(t, sleeper), 0);
    char ready[6];
    assert_int_equal(read(t->out_fd, ready, sizeof(ready)), 6);
    *e = (struct wh_exec_spec){0};
    wh_process_spec_init(&e->process);
    e->process.env = exec_env;
}

static int run(struct rt *t, struct wh_exec_spec *e, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    return rt_exec(t, e, argv);
}

struct exec_case {
    const char *name;
    const char *user, *cwd;
    const char *script;
    int code;
    const char *out;
};

static const struct exec_case cases[] = {
    {"its processes", NULL, NULL, "ls -d /proc/[0-9]* | grep -c /proc/1$; hostname", 0, "1\nbox\n"},
    {"parent is outside", NULL, NULL, "grep PPid /proc/self/status", 0, "PPid:\t0\n"},
    {"descriptors", NULL, NULL, "/probe fds | wc -l", 0, "3\n"},
    {"null device", NULL, NULL, "readlink /proc/self/fd/0", 0, "/dev/null\n"},
    {"user", "app", NULL, "/probe ids; echo $HOME", 0, "1000 1001 1001,2000\n/home/app\n"},
    {"cwd", NULL, "/tmp", "pwd", 0, "/tmp\n"},
    {"missing cwd", NULL, "/no/such", "pwd", 126, NULL},
    {"cwd by descriptor", NULL, "/proc/self/fd/3", "pwd", 126, NULL},
    {"exit code", NULL, NULL, "exit 9", 9, ""},
    {"signal", NULL, NULL, "kill -15 $$", 143, ""},
    {"caps", NULL, NULL, "grep -E 'CapInh|CapEff|CapAmb' /proc/self/status", 0,
     "CapInh:\t0000000000000000\nCapEff:\t00000000a80425fb\nCapAmb:\t0000000000000000\n"},
    {"seccomp", NULL, NULL, "/probe syscalls mount unshare; grep Seccomp: /proc/self/status", 0,
     "mount EPERM\nunshare EPERM\nSeccomp:\t2\n"},
    {"cgroup and mount view", NULL, NULL, "readlink /proc/self/ns/mnt /proc/1/ns/mnt | sort | uniq 2>/dev/null | wc -l",
     0, NULL},
    {"streams can be opened again by the user", "app", NULL, "echo a > /dev/stdout", 0, "a\n"},
};

static void run_cases(uint32_t flags)
{
    struct rt t;
    struct wh_exec_spec e;
    start(&t, &e);
    t.exec_flags = flags;
    for (size_t i = 0; i < WH_ARRAY_LEN(cases); i++) {
        const struct exec_case *c = &cases[i];
        e.process.user = c->user;
        e.process.cwd = c->cwd;
        int code = run(&t, &e, c->script);
        if (code != c->code || (c->out && strcmp(wh_str_c(&t.out), c->out) != 0))
            fail_msg("%s: exit %d, \"%s\", %s", c->name, code, wh_str_c(&t.out), rt_error(&t));
    }
    static const char *const missing[] = {"nosuch", NULL};
    e.process.cwd = e.process.user = NULL;
    assert_int_equal(rt_exec(&t, &e, missing), 127);
    assert_non_null(strstr(rt_error(&t), "executable file not found in $PATH"));
    rt_fini(&t);
}

static void test_cases(void **state)
{
    run_cases(0);
}

static void test_cases_apart(void **state)
{
    run_cases(WH_RUNTIME_APART);
}

static void test_tty(void **state)
{
    struct rt t;
    struct wh_exec_spec e;
    start(&t, &e);
    e.process.tty = true;
    e.process.tty_rows = 20;
    e.process.tty_cols = 60;
    assert_int_equal(run(&t, &e, "tty; stty size"), 0);
    assert_string_equal(wh_str_c(&t.out), "/dev/pts/0\r\n20 60\r\n");
    rt_fini(&t);
}

/* A container that has replaced its /dev/null must not get the host's. */
static void test_hostile_null(void **state)
{
    struct rt t;
    struct wh_exec_spec e;
    start(&t, &e);
    assert_int_equal(run(&t, &e, "rm /dev/null; echo > /dev/null"), 0);
    assert_int_equal(run(&t, &e, "true"), 125);
    assert_non_null(strstr(rt_error(&t), "null device"));
    rt_fini(&t);
}

static void test_ended(void **state)
{
    struct rt t;
    struct wh_exec_spec e;
    start(&t, &e);
    int pidfd = dup(t.proc.pidfd);
    rt_kill(&t);
    t.proc.pidfd = pidfd;
    assert_int_equal(run(&t, &e, "true"), 125);
    assert_non_null(strstr(rt_error(&t), "the container has ended"));
    rt_fini(&t);
}

/* Printed for those who look; the promise is kept by the benchmarks. */
static long time_execs(struct rt *t, struct wh_exec_spec *e, int n)
{
    static const char *const yes[] = {"/probe", "exit", "0", NULL};
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < n; i++)
        assert_int_equal(rt_exec(t, e, yes), 0);
    clock_gettime(CLOCK_MONOTONIC, &b);
    return ((b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000) / n;
}

static void test_speed(void **state)
{
    struct rt t;
    struct wh_exec_spec e;
    start(&t, &e);
    long with_filter = time_execs(&t, &e, 50);
    t.exec_flags = WH_RUNTIME_APART;
    long sharing = time_execs(&t, &e, 50);
    e.seccomp = WH_SECCOMP_UNCONFINED;
    print_message("exec: %ld us, sharing memory %ld us, without a filter %ld us\n", with_filter, sharing,
                  time_execs(&t, &e, 50));
    rt_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),        cmocka_unit_test(test_cases_apart), cmocka_unit_test(test_tty),
        cmocka_unit_test(test_hostile_null), cmocka_unit_test(test_ended),       cmocka_unit_test(test_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
