/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process of a container as the spec describes it: rights, environment, limits, working folder, terminal, init. */
#include "lib_rt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const none[] = {NULL};

struct caps_case {
    const char *name;
    const char *user;
    const char *add[3], *drop[3];
    const char *bounding, *effective;
};

static const struct caps_case caps_cases[] = {
    {"default", NULL, {NULL}, {NULL}, "00000000a80425fb", "00000000a80425fb"},
    {"other user", "app", {NULL}, {NULL}, "00000000a80425fb", "0000000000000000"},
    {"add", NULL, {"net_admin"}, {NULL}, "00000000a80435fb", "00000000a80435fb"},
    {"drop one", NULL, {NULL}, {"CAP_MKNOD"}, "00000000a00425fb", "00000000a00425fb"},
    {"drop all", NULL, {NULL}, {"ALL"}, "0000000000000000", "0000000000000000"},
    {"drop all, add one", NULL, {"CHOWN"}, {"all"}, "0000000000000001", "0000000000000001"},
};

static void test_caps(void **state)
{
    struct rt t;
    rt_init(&t);
    for (size_t i = 0; i < WH_ARRAY_LEN(caps_cases); i++) {
        const struct caps_case *c = &caps_cases[i];
        t.spec.process.user = c->user;
        t.spec.process.cap_add = c->add;
        t.spec.process.cap_drop = c->drop;
        wh_auto_free char *want =
            wh_fmt("CapInh:\t0000000000000000\nCapPrm:\t%s\nCapEff:\t%s\nCapBnd:\t%s\nCapAmb:\t0000000000000000\n",
                   c->effective, c->effective, c->bounding);
        int code = rt_probe(&t, "caps", NULL);
        if (code != 0 || strcmp(wh_str_c(&t.out), want) != 0)
            fail_msg("%s: exit %d, %s%s", c->name, code, wh_str_c(&t.out), rt_error(&t));
    }
    static const char *const unknown[] = {"FLY", NULL};
    t.spec.process.user = NULL;
    t.spec.process.cap_drop = none;
    t.spec.process.cap_add = unknown;
    assert_int_equal(rt_probe(&t, "caps", NULL), 125);
    assert_non_null(strstr(rt_error(&t), "unknown capability \"FLY\""));
    rt_fini(&t);
}

/* Only what was given, and the entries of a hostile image do nothing (CVE-2026-57231). */
static void test_env(void **state)
{
    static const char *const env[] = {"A=1", "*", "AWS_*", "HOME", "=x", "B=x\ny", "PATH=/bin", NULL};
    struct rt t;
    rt_init(&t);
    t.spec.process.env = env;
    t.spec.process.user = "app";
    assert_int_equal(rt_probe(&t, "env", NULL), 0);
    assert_string_equal(wh_str_c(&t.out), "A=1\nB=x\ny\nPATH=/bin\nHOME=/home/app\n");
    t.spec.process.env = NULL;
    t.spec.process.user = "4242";
    assert_int_equal(rt_probe(&t, "env", NULL), 0);
    assert_string_equal(wh_str_c(&t.out),
                        "HOME=/\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
    rt_fini(&t);
}

/* Standard streams and nothing else, though the parent has more open without CLOEXEC. */
static void test_descriptors(void **state)
{
    struct rt t;
    rt_init(&t);
    int leak = open("/", O_RDONLY);
    int high = fcntl(leak, F_DUPFD, 200);
    assert_int_equal(rt_probe(&t, "fds", NULL), 0);
    int lines = 0;
    for (const char *p = wh_str_c(&t.out); (p = strchr(p, '\n')); p++)
        lines++;
    assert_int_equal(lines, 3);
    assert_non_null(strstr(wh_str_c(&t.out), "0 /dev/null\n"));
    close(leak);
    close(high);
    rt_fini(&t);
}

static void test_limits(void **state)
{
    static const struct wh_rlimit limits[] = {{"nofile", 100, 200}, {"core", 0, 0}};
    static const struct wh_rlimit unknown[] = {{"wings", 1, 1}};
    struct rt t;
    rt_init(&t);
    assert_int_equal(rt_probe(&t, "limits", NULL), 0);
    assert_non_null(strstr(wh_str_c(&t.out), "nofile 1024 "));
    t.spec.rlimits = limits;
    t.spec.n_rlimits = 2;
    assert_int_equal(rt_probe(&t, "limits", NULL), 0);
    assert_non_null(strstr(wh_str_c(&t.out), "nofile 100 200\n"));
    assert_non_null(strstr(wh_str_c(&t.out), "core 0 0\n"));
    t.spec.rlimits = unknown;
    t.spec.n_rlimits = 1;
    assert_int_equal(rt_probe(&t, "limits", NULL), 125);
    assert_string_equal(rt_error(&t), "ulimit \"wings\": unknown");
    rt_fini(&t);
}

struct sysctl_case {
    const char *name, *key, *value;
    int code;
    const char *out;
};

static const struct sysctl_case sysctl_cases[] = {
    {"network", "net.core.somaxconn", "777", 0, "777\n"},
    {"ipc", "kernel.shm_rmid_forced", "1", 0, "1\n"},
    {"message queues", "fs.mqueue.msg_max", "99", 0, "99\n"},
    {"host's", "kernel.panic", "1", 125, NULL},
    {"second one in the value", "kernel.shm_rmid_forced", "1+kernel.core_pattern=x", 125, NULL},
    {"two lines", "kernel.shm_rmid_forced", "1\n2", 125, NULL},
    {"climbing", "net/../kernel/core_pattern", "x", 125, NULL},
    {"climbing by dots", "net.ipv4.conf.eth0/../..", "x", 125, NULL},
    {"double dot", "net..core", "x", 125, NULL},
    {"empty", "", "x", 125, NULL},
    {"missing", "net.no.such", "1", 125, NULL},
};

static void test_sysctls(void **state)
{
    struct rt t;
    rt_init(&t);
    for (size_t i = 0; i < WH_ARRAY_LEN(sysctl_cases); i++) {
        const struct sysctl_case *c = &sysctl_cases[i];
        const struct wh_kv kv = {c->key, c->value};
        wh_auto_free char *path = wh_fmt("cat /proc/sys/%s", c->key);
        for (char *p = path + 14; *p; p++)
            *p = *p == '.' ? '/' : *p;
        t.spec.sysctls = &kv;
        t.spec.n_sysctls = 1;
        int code = rt_sh(&t, c->code ? "true" : path);
        if (code != c->code || (c->out && strcmp(wh_str_c(&t.out), c->out) != 0))
            fail_msg("%s: exit %d, \"%s\", %s", c->name, code, wh_str_c(&t.out), rt_error(&t));
    }
    t.spec.n_sysctls = 0;
    assert_int_equal(rt_sh(&t, "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"), 0);
    assert_string_equal(wh_str_c(&t.out), "0\n");
    rt_fini(&t);
}

struct cwd_case {
    const char *name, *cwd;
    int code;
    const char *out;
};

static const struct cwd_case cwd_cases[] = {
    {"none", NULL, 0, "/\n"},
    {"made", "/srv/a/b", 0, "/srv/a/b\n"},
    {"through a link", "/link/sub", 0, "/var/sub\n"},
    {"link that leads out stays in", "/out/x", 0, "/x\n"},
    {"dangling link", "/dangling/x", 0, "/nowhere/x\n"},
    {"relative", "srv", 126, NULL},
    {"a file", "/etc/passwd", 125, NULL},
    {"descriptor 3", "/proc/self/fd/3", 125, NULL},
    {"descriptor 7", "/proc/self/fd/7", 125, NULL},
    {"descriptor 9 and up", "/proc/self/fd/9/..", 125, NULL},
    {"descriptor by a link of the image", "/fdlink", 125, NULL},
    {"other root", "/proc/1/root", 125, NULL},
};

static void test_cwd(void **state)
{
    struct rt t;
    rt_init(&t);
    assert_int_equal(symlink("var", rt_image_path(&t, "link")), 0);
    assert_int_equal(symlink("../../../..", rt_image_path(&t, "out")), 0);
    assert_int_equal(symlink("/nowhere", rt_image_path(&t, "dangling")), 0);
    assert_int_equal(symlink("/proc/self/fd/7", rt_image_path(&t, "fdlink")), 0);
    for (size_t i = 0; i < WH_ARRAY_LEN(cwd_cases); i++) {
        const struct cwd_case *c = &cwd_cases[i];
        t.spec.process.cwd = c->cwd;
        int code = rt_probe(&t, "cwd", NULL);
        if (code != c->code || (c->out && strcmp(wh_str_c(&t.out), c->out) != 0))
            fail_msg("%s: exit %d, \"%s\", %s", c->name, code, wh_str_c(&t.out), rt_error(&t));
    }
    assert_int_equal(access("/nowhere", F_OK), -1);
    rt_fini(&t);
}

static void test_signals_and_state(void **state)
{
    struct rt t;
    rt_init(&t);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    assert_int_equal(rt_probe(&t, "signals", NULL), 0);
    assert_string_equal(wh_str_c(&t.out), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    assert_int_equal(rt_probe(&t, "prctl", NULL), 0);
    assert_non_null(strstr(wh_str_c(&t.out), "no_new_privs 0\nkeepcaps 0\nsubreaper 0\n"));
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    assert_int_equal(rt_sh(&t, "cat /proc/self/oom_score_adj"), 0);
    assert_string_equal(wh_str_c(&t.out), "0\n");
    t.spec.oom_score_adj = 500;
    assert_int_equal(rt_sh(&t, "cat /proc/self/oom_score_adj"), 0);
    assert_string_equal(wh_str_c(&t.out), "500\n");
    t.spec.process.umask = 077;
    assert_int_equal(rt_sh(&t, "umask"), 0);
    assert_string_equal(wh_str_c(&t.out), "0077\n");
    t.spec.seccomp = WH_SECCOMP_UNCONFINED;
    assert_int_equal(rt_probe(&t, "keyring", NULL), 0);
    assert_non_null(strstr(wh_str_c(&t.out), ";test"));
    rt_fini(&t);
}

static void test_tty(void **state)
{
    struct rt t;
    rt_init(&t);
    t.spec.process.tty = true;
    t.spec.process.tty_rows = 33;
    t.spec.process.tty_cols = 99;
    assert_int_equal(rt_sh(&t, "tty; stty size; test -c /dev/console && echo console; ls /proc/self/fd | wc -l"), 0);
    assert_string_equal(wh_str_c(&t.out), "/dev/pts/0\r\n33 99\r\nconsole\r\n4\r\n");
    t.spec.process.user = "app";
    assert_int_equal(rt_sh(&t, "echo again > /dev/stdout; stat -c %u /dev/pts/0"), 0);
    assert_string_equal(wh_str_c(&t.out), "again\r\n1000\r\n");
    rt_fini(&t);
}

static void test_init(void **state)
{
    struct rt t;
    rt_init(&t);
    t.spec.init = true;
    assert_int_equal(rt_sh(&t, "echo $$; cat /proc/1/cmdline | head -c 17; exit 7"), 7);
    assert_string_equal(wh_str_c(&t.out), "2\n/sbin/docker-init");
    assert_int_equal(rt_sh(&t, "kill -9 $$"), 137);
    assert_int_equal(rt_sh(&t, "(sleep 0.2; sh -c 'sleep 0.1 &') & sleep 1; ps -o stat | grep -c Z"), 1);
    assert_int_equal(rt_sh(&t, "nosuchprogram"), 127);
    const char *const missing[] = {"nosuch", NULL};
    assert_int_equal(rt_run(&t, missing), 127);
    const char *const trap[] = {"/bin/sh", "-c", "trap 'exit 9' TERM; echo up; while :; do sleep 0.1; done", NULL};
    assert_int_equal(rt_start(&t, trap), 0);
    char byte;
    assert_int_equal(read(t.out_fd, &byte, 1), 1);
    kill(t.proc.pid, SIGTERM);
    assert_int_equal(rt_wait(&t), 9);
    t.spec.process.tty = true;
    assert_int_equal(rt_sh(&t, "tty; exit 3"), 3);
    rt_fini(&t);
}

/* What runs as pid 1 is a page of our own code: no file of the host, none of the supervisor's memory. */
static void test_init_is_small(void **state)
{
    struct rt t;
    static const char *const add[] = {"SYS_PTRACE", NULL};
    rt_init(&t);
    t.spec.init = true;
    t.spec.process.cap_add = add;
    assert_int_equal(rt_sh(&t, "readlink /proc/1/exe; grep -c . /proc/1/maps; ls /proc/1/fd | wc -l"), 0);
    assert_non_null(strstr(wh_str_c(&t.out), "/memfd:init (deleted)"));
    rt_fini(&t);
}

static void test_gate(void **state)
{
    struct rt t;
    int gate[2];
    rt_init(&t);
    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    t.io.gate_fd = gate[0];
    assert_int_equal(write(gate[1], "x", 1), 1);
    assert_int_equal(rt_sh(&t, "true"), 0);
    close(gate[1]);
    assert_int_equal(rt_sh(&t, "true"), 125);
    close(gate[0]);
    rt_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_env),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_sysctls),
        cmocka_unit_test(test_cwd),
        cmocka_unit_test(test_signals_and_state),
        cmocka_unit_test(test_tty),
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_init_is_small),
        cmocka_unit_test(test_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
