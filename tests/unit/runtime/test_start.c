/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container's first process as it sees itself: namespaces, root, standard mounts, streams, exit codes. */
#include "lib_rt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

struct sh_case {
    const char *name;
    const char *script;
    int code;
    const char *out; /* NULL: not compared */
};

static const struct sh_case sh_cases[] = {
    {"first process is pid 1", "echo $$", 0, "1\n"},
    {"hostname", "hostname", 0, "box\n"},
    {"only its own processes", "set -- /proc/[0-9]*; echo $#", 0, "1\n"},
    {"root is writable", "echo a > /x && cat /x", 0, "a\n"},
    {"devices", "ls /dev | grep -v core", 0,
     "fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n"},
    {"null device works", "echo a > /dev/null; head -c 3 /dev/zero | wc -c", 0, "3\n"},
    {"stdout can be opened again", "echo again > /dev/stdout", 0, "again\n"},
    {"no host mounts", "grep -v -E ' (/|/proc.*|/dev.*|/sys.*) ' /proc/mounts", 1, ""},
    {"lo is up", "ip -o link | grep -c 'LOOPBACK,UP'", 0, "1\n"},
    {"umask", "umask", 0, "0022\n"},
    {"exit code", "exit 42", 42, ""},
    {"signal", "kill -9 $$; sleep 1; sh -c 'kill -9 $$'; exit $?", 137, NULL},
};

static void run_shell_cases(bool copies_memory)
{
    struct rt t;
    rt_init(&t);
    t.copies_memory = copies_memory;
    for (size_t i = 0; i < WH_ARRAY_LEN(sh_cases); i++) {
        const struct sh_case *c = &sh_cases[i];
        int code = rt_sh(&t, c->script);
        if (code != c->code || (c->out && strcmp(wh_str_c(&t.out), c->out) != 0))
            fail_msg("%s: exit %d, output \"%s\", error %s", c->name, code, wh_str_c(&t.out), rt_error(&t));
    }
    rt_fini(&t);
}

static void test_shell_cases(void **state)
{
    run_shell_cases(false);
}

static void test_shell_cases_copying(void **state)
{
    run_shell_cases(true);
}

/* More descriptors than a child is shown, some of them above the slots: it sees none. */
static void test_many_descriptors(void **state)
{
    struct rt t;
    int fds[300];
    rt_init(&t);
    for (size_t i = 0; i < WH_ARRAY_LEN(fds); i++)
        assert_true((fds[i] = dup(0)) >= 0);
    int code = rt_sh(&t, "ls /proc/self/fd | wc -l"); /* 0, 1, 2 and that of the folder */
    for (size_t i = 0; i < WH_ARRAY_LEN(fds); i++)
        close(fds[i]);
    assert_int_equal(code, 0);
    assert_string_equal(wh_str_c(&t.out), "4\n");
    rt_fini(&t);
}

struct exec_case {
    const char *name;
    const char *program;
    int code;
    const char *error;
};

static const struct exec_case exec_cases[] = {
    {"not in PATH", "nosuch", 127, "exec: \"nosuch\": executable file not found in $PATH"},
    {"missing file", "/nosuch", 127, "exec: \"/nosuch\": No such file or directory"},
    {"not executable", "/etc/passwd", 126, "exec: \"/etc/passwd\": Permission denied"},
    {"folder", "/etc", 126, "exec: \"/etc\": Permission denied"},
    {"no interpreter", "/script", 127, "exec: \"/script\": its interpreter is missing"},
    {"unknown format", "/garbage", 126, "exec: \"/garbage\": Exec format error"},
};

static void test_exec_errors(void **state)
{
    struct rt t;
    rt_init(&t);
    rt_image_write(&t, "script", "#!/no/such\n", 0755);
    rt_image_write(&t, "garbage", "nothing\n", 0755);
    for (size_t i = 0; i < WH_ARRAY_LEN(exec_cases); i++) {
        const struct exec_case *c = &exec_cases[i];
        const char *const argv[] = {c->program, NULL};
        int code = rt_run(&t, argv);
        if (code != c->code || strcmp(rt_error(&t), c->error) != 0)
            fail_msg("%s: exit %d, error \"%s\"", c->name, code, rt_error(&t));
    }
    rt_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell_cases),
        cmocka_unit_test(test_shell_cases_copying),
        cmocka_unit_test(test_many_descriptors),
        cmocka_unit_test(test_exec_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
