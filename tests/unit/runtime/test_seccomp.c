/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's default filter and JSON profiles, seen from inside a container that is still allowed to ask. */
#include "lib_rt.h"

#include "runtime/seccomp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct call_case {
    const char *call;
    const char *result; /* "a|b": b on kernels without the call */
};

/* With the default capabilities; called with zeros. */
static const struct call_case default_calls[] = {
    {"acct", "EPERM"},
    {"add_key", "EPERM"},
    {"bpf", "EPERM"},
    {"clone3", "ENOSYS"},
    {"delete_module", "EPERM"},
    {"fanotify_init", "EPERM"},
    {"finit_module", "EPERM"},
    {"fsconfig", "EPERM"},
    {"fsmount", "EPERM"},
    {"fsopen", "EPERM"},
    {"fspick", "EPERM"},
    {"get_mempolicy", "EPERM"},
    {"init_module", "EPERM"},
    {"io_uring_setup", "EPERM"},
    {"io_uring_enter", "EPERM"},
    {"io_uring_register", "EPERM"},
    {"kcmp", "EPERM"},
    {"kexec_load", "EPERM"},
    {"keyctl", "EPERM"},
    {"mbind", "EPERM"},
    {"migrate_pages", "EPERM"},
    {"mount", "EPERM"},
    {"mount_setattr", "EPERM"},
    {"move_mount", "EPERM"},
    {"move_pages", "EPERM"},
    {"open_by_handle_at", "EPERM"},
    {"open_tree", "EPERM"},
    {"perf_event_open", "EPERM"},
    {"pidfd_getfd", "EPERM"},
    {"pivot_root", "EPERM"},
    {"process_madvise", "EPERM"},
    {"quotactl", "EPERM"},
    {"quotactl_fd", "EPERM"},
    {"request_key", "EPERM"},
    {"set_mempolicy", "EPERM"},
    {"setdomainname", "EPERM"},
    {"sethostname", "EPERM"},
    {"setns", "EPERM"},
    {"swapoff", "EPERM"},
    {"swapon", "EPERM"},
    {"umount2", "EPERM"},
    {"unshare", "EPERM"},
    {"userfaultfd", "EPERM"},
    {"clock_settime", "EPERM"},
    {"reboot", "EPERM"},
    {"set_mempolicy_home_node", "EPERM"},
    {"settimeofday", "EPERM"},
    {"syslog", "EPERM"},
    {"vhangup", "EPERM"},
#ifdef __x86_64__
    {"ioperm", "EPERM"},
    {"iopl", "EPERM"},
    {"kexec_file_load", "EPERM"},
    {"lookup_dcookie", "EPERM"},
    {"_sysctl", "EPERM"},
    {"afs_syscall", "EPERM"},
    {"create_module", "EPERM"},
    {"get_kernel_syms", "EPERM"},
    {"getpmsg", "EPERM"},
    {"nfsservctl", "EPERM"},
    {"putpmsg", "EPERM"},
    {"query_module", "EPERM"},
    {"security", "EPERM"},
    {"sysfs", "EPERM"},
    {"tuxcall", "EPERM"},
    {"uselib", "EPERM"},
    {"ustat", "EPERM"},
    {"vserver", "EPERM"},
#endif
    {"name_to_handle_at", "EFAULT"},
    {"ptrace", "ok"},
    {"memfd_create", "EFAULT"},
    {"sync", "ok"},
    {"451", "EFAULT|ENOSYS"}, /* cachestat: younger than libseccomp, allowed */
    {"457", "EPERM"},         /* statmount: younger, needs CAP_SYS_ADMIN */
    {"462", "ok|ENOSYS"},     /* mseal of nothing */
    {"500", "ENOSYS"},        /* younger than the tables */
};

/* The lines of the answer are compared one by one, so that each failure names its call. */
static void test_default_calls(void **state)
{
    struct rt t;
    rt_init(&t);
    const char *argv[WH_ARRAY_LEN(default_calls) + 3] = {"/probe", "syscalls"};
    for (size_t i = 0; i < WH_ARRAY_LEN(default_calls); i++)
        argv[i + 2] = default_calls[i].call;
    assert_int_equal(rt_run(&t, argv), 0);
    char *save = NULL, *line = strtok_r(t.out.data, "\n", &save);
    for (size_t i = 0; i < WH_ARRAY_LEN(default_calls); i++, line = strtok_r(NULL, "\n", &save)) {
        const struct call_case *c = &default_calls[i];
        const char *bar = strchr(c->result, '|');
        wh_auto_free char *want = wh_fmt("%s %.*s", c->call, (int)strcspn(c->result, "|"), c->result);
        wh_auto_free char *other = wh_fmt("%s %s", c->call, bar ? bar + 1 : c->result);
        assert_non_null(line);
        if (strcmp(line, want) != 0 && strcmp(line, other) != 0)
            fail_msg("wanted \"%s\", got \"%s\"", want, line);
    }
    rt_fini(&t);
}

struct probe_case {
    const char *name;
    const char *question, *arg;
    const char *cap; /* added */
    const char *out;
};

static const struct probe_case argument_cases[] = {
    {"socket of AF_ALG", "socket", "38", NULL, "EPERM\n"},
    {"socket of AF_VSOCK", "socket", "40", NULL, "EPERM\n"},
    {"socket of AF_ALG with a high bit", "socket", "0x100000026", NULL, "EPERM\n"},
    {"socket of AF_UNIX has no type 0", "socket", "1", NULL, "ESOCKTNOSUPPORT\n"},
    {"clone of a plain child", "clone", "0", NULL, "ok\n"},
    {"clone with a user namespace", "clone", "0x10000000", NULL, "EPERM\n"},
    {"clone with a network namespace", "clone", "0x40000000", NULL, "EPERM\n"},
    {"clone with a mount namespace", "clone", "0x20000", NULL, "EPERM\n"},
    {"clone with a namespace and SYS_ADMIN", "clone", "0x20000", "SYS_ADMIN", "ok\n"},
    {"personality of linux32", "personality", "8", NULL, "ok\n"},
    {"personality query", "personality", "0xffffffff", NULL, "ok\n"},
    {"personality without randomisation", "personality", "0x40000", NULL, "EPERM\n"},
    {"unshare with SYS_ADMIN", "syscalls", "unshare", "SYS_ADMIN", "unshare ok\n"},
    {"kcmp with SYS_PTRACE", "syscalls", "kcmp", "SYS_PTRACE", "kcmp ESRCH\n"},
    {"sethostname with SYS_ADMIN", "syscalls", "sethostname", "SYS_ADMIN", "sethostname ok\n"},
};

static void test_arguments_and_caps(void **state)
{
    struct rt t;
    rt_init(&t);
    for (size_t i = 0; i < WH_ARRAY_LEN(argument_cases); i++) {
        const struct probe_case *c = &argument_cases[i];
        const char *const add[] = {c->cap, NULL};
        t.spec.process.cap_add = add;
        int code = rt_probe(&t, c->question, c->arg);
        if (code != 0 || strcmp(wh_str_c(&t.out), c->out) != 0)
            fail_msg("%s: exit %d, \"%s\", %s", c->name, code, wh_str_c(&t.out), rt_error(&t));
    }
    rt_fini(&t);
}

static void test_modes(void **state)
{
    struct rt t;
    rt_init(&t);
    assert_int_equal(rt_sh(&t, "grep -c 'Seccomp:.2' /proc/self/status"), 0);
    t.spec.process.no_new_privs = true;
    assert_int_equal(rt_probe(&t, "prctl", NULL), 0);
    assert_non_null(strstr(wh_str_c(&t.out), "no_new_privs 1\n"));
    assert_non_null(strstr(wh_str_c(&t.out), "Seccomp:\t2"));
    t.spec.process.no_new_privs = false;
    t.spec.seccomp = WH_SECCOMP_UNCONFINED;
    assert_int_equal(rt_sh(&t, "grep -c 'Seccomp:.0' /proc/self/status"), 0);
    rt_fini(&t);
}

struct profile_case {
    const char *name;
    const char *json;
    const char *call;
    const char *out;   /* NULL: the start fails */
    const char *error; /* part of it */
};

static const struct profile_case profile_cases[] = {
    {"deny one",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getcpu\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
     "getcpu", "getcpu EPERM\n", NULL},
    {"deny one with its errno",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getcpu\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"errnoRet\":38}]}",
     "getcpu", "getcpu ENOSYS\n", NULL},
    {"one with a capability that is not there",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getcpu\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}}]}",
     "getcpu", "getcpu ok\n", NULL},
    {"one with a capability that excludes",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getcpu\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"excludes\":{\"caps\":[\"CAP_CHOWN\"]}}]}",
     "getcpu", "getcpu ok\n", NULL},
    {"old form with one name",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":[{\"name\":"
     "\"getcpu\","
     "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[]}]}",
     "getcpu", "getcpu EPERM\n", NULL},
    {"condition on an argument",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getcpu\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"args\":[{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_GE\"}]}]}",
     "getcpu", "getcpu ok\n", NULL},
    {"unknown action", "{\"defaultAction\":\"NO\"}", "getcpu", NULL, "unknown action \"NO\""},
    {"error number out of range", "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":5000}", "getcpu", NULL,
     "5000 is no error number"},
    {"calls are a mapping", "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{\"a\":1}}", "getcpu", NULL,
     "\"syscalls\" must be a list"},
    {"a group is a word", "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[\"getcpu\"]}", "getcpu", NULL,
     "syscalls[0]: must be an object"},
    {"names are a mapping",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"action\":\"SCMP_ACT_ERRNO\",\"names\":{\"a\":1}}]}",
     "getcpu", NULL, "\"names\" must be a list"},
    {"capabilities are a mapping",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"action\":\"SCMP_ACT_ERRNO\",\"includes\":{\"caps\":{\"a\":"
     "1}}}]}",
     "getcpu", NULL, "includes: \"caps\" must be a list"},
    {"sub-architectures are a mapping",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[{\"subArchitectures\":{\"a\":1}}]}", "getcpu", NULL,
     "archMap[0]: \"subArchitectures\" must be a list"},
    {"kernel that is old enough",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getcpu\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"includes\":{\"minKernel\":\"4.8\"}}]}",
     "getcpu", "getcpu EPERM\n", NULL},
    {"kernel that is not there yet",
     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getcpu\"],\"action\":\"SCMP_ACT_ERRNO\","
     "\"includes\":{\"minKernel\":\"99.0\"}}]}",
     "getcpu", "getcpu ok\n", NULL},
    {"not JSON", "{", "getcpu", NULL, "seccomp profile"},
};

static void test_profiles(void **state)
{
    struct rt t;
    rt_init(&t);
    wh_auto_free char *path = wh_fmt("%s/profile.json", t.dir);
    t.spec.seccomp = WH_SECCOMP_PROFILE;
    t.spec.seccomp_path = path;
    for (size_t i = 0; i < WH_ARRAY_LEN(profile_cases); i++) {
        const struct profile_case *c = &profile_cases[i];
        rt_image_write(&t, "../profile.json", c->json, 0644);
        int code = rt_probe(&t, "syscalls", c->call);
        bool good =
            c->out ? code == 0 && !strcmp(wh_str_c(&t.out), c->out) : code == 125 && strstr(rt_error(&t), c->error);
        if (!good)
            fail_msg("%s: exit %d, \"%s\", %s", c->name, code, wh_str_c(&t.out), rt_error(&t));
    }
    t.spec.seccomp_path = "/no/such.json";
    assert_int_equal(rt_probe(&t, "syscalls", "getcpu"), 125);
    rt_fini(&t);
}

/* What a supervisor without programs in memory gets from the folder: number of instructions, 0 on failure. */
static unsigned char get_in_new_process(const char *dir)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        const struct wh_bpf *bpf = NULL;
        _exit(wh_seccomp_get(NULL, 1, dir, &bpf, NULL) == 0 ? (int)(bpf->n % 255) + 1 : 0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return (unsigned char)WEXITSTATUS(status);
}

static off_t stat_only_file(const char *dir, char *ret_path, size_t size, ino_t *ret_ino)
{
    struct stat st = {0};
    wh_auto_free char *pattern = wh_fmt("%s/*", dir);
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    snprintf(ret_path, size, "%s", found.gl_pathv[0]);
    globfree(&found);
    assert_int_equal(stat(ret_path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    *ret_ino = st.st_ino;
    return st.st_size;
}

static void damage_by_cutting(const char *path)
{
    assert_int_equal(truncate(path, 64), 0);
}

static void damage_by_emptying(const char *path)
{
    assert_int_equal(truncate(path, 0), 0);
}

/* The first instructions become "allow everything". */
static void damage_by_writing(const char *path)
{
    const struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};
    wh_auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &allow, sizeof(allow), 0), sizeof(allow));
}

static const struct {
    const char *name;
    void (*damage)(const char *path);
} damages[] = {{"cut", damage_by_cutting}, {"emptied", damage_by_emptying}, {"overwritten", damage_by_writing}};

/* A second supervisor finds the program on disk and leaves the file alone; a damaged file is made again. */
static void test_cache(void **state)
{
    struct rt t;
    struct stat st;
    char path[256];
    ino_t first, later;
    rt_init(&t);
    wh_auto_free char *dir = wh_fmt("%s/cache", t.dir);
    unsigned char n = get_in_new_process(dir);
    assert_true(n > 0);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    off_t size = stat_only_file(dir, path, sizeof(path), &first);
    assert_int_equal(get_in_new_process(dir), n);
    stat_only_file(dir, path, sizeof(path), &later);
    assert_int_equal(later, first);
    for (size_t i = 0; i < WH_ARRAY_LEN(damages); i++) {
        damages[i].damage(path);
        bool good = get_in_new_process(dir) == n && stat_only_file(dir, path, sizeof(path), &later) == size;
        if (!good || later == first)
            fail_msg("%s: the file was not made again", damages[i].name);
        first = later;
    }
    rt_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_calls), cmocka_unit_test(test_arguments_and_caps),
        cmocka_unit_test(test_modes),         cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
