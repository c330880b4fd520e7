/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container for a test; see lib_rt.h. Upper folders lie on /run: ext4 scans for recently deleted inodes. */
#include "lib_rt.h"

#include "whale/sys/process.h"
#include "whale/util/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const default_env[] = {"PATH=/bin:/usr/bin", "HOME=/root", NULL};

static void copy_file(const char *from, const char *to)
{
    wh_auto_fd in = open(from, O_RDONLY | O_CLOEXEC);
    wh_auto_fd out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    assert_true(in >= 0 && out >= 0);
    char buf[65536];
    ssize_t n;
    while ((n = read(in, buf, sizeof(buf))) > 0)
        assert_int_equal(wh_write_all(out, buf, (size_t)n), 0);
}

/* make unit says where it is; beside the test's own program otherwise. */
static const char *probe_path(void)
{
    static char path[512];
    const char *given = getenv("PROBE");
    if (given)
        return given;
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    assert_true(n > 0);
    path[n] = '\0';
    char *tests = strstr(path, "/tests/unit/");
    assert_non_null(tests);
    snprintf(tests, sizeof(path) - (size_t)(tests - path), "/tests/probe");
    return path;
}

const char *rt_image_path(struct rt *t, const char *path)
{
    static char buf[512];
    snprintf(buf, sizeof(buf), "%s/%s", t->lower, path);
    return buf;
}

void rt_image_write(struct rt *t, const char *path, const char *text, mode_t mode)
{
    char *file = strdup(rt_image_path(t, path)), *dir = wh_path_dir(file);
    assert_int_equal(wh_mkdir_p(dir, 0755, NULL), 0);
    unlink(file);
    assert_int_equal(wh_file_replace(file, text, strlen(text), mode, WH_SYNC_NONE, NULL), 0);
    free(dir);
    free(file);
}

static void make_image(struct rt *t)
{
    static const char *const folders[] = {"bin", "etc", "tmp", "proc", "sys", "dev", "root", "var", "usr"};
    static const char *const applets[] = {
        "sh",    "cat", "ls",    "id",   "true", "false", "sleep", "mount", "ps",       "stat", "env", "mkdir",
        "touch", "pwd", "tty",   "rm",   "ln",   "grep",  "dd",    "kill",  "hostname", "head", "wc",  "readlink",
        "echo",  "df",  "chmod", "test", "find", "seq",   "mknod", "stty",  "ip",       "sort"};
    for (size_t i = 0; i < WH_ARRAY_LEN(folders); i++)
        assert_int_equal(wh_mkdir_p(rt_image_path(t, folders[i]), 0755, NULL), 0);
    chmod(rt_image_path(t, "tmp"), 01777);
    copy_file("/bin/busybox", rt_image_path(t, "bin/busybox"));
    for (size_t i = 0; i < WH_ARRAY_LEN(applets); i++) {
        char name[32];
        snprintf(name, sizeof(name), "bin/%s", applets[i]);
        assert_int_equal(symlink("busybox", rt_image_path(t, name)), 0);
    }
    copy_file(probe_path(), rt_image_path(t, "probe"));
    rt_image_write(t, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n", 0644);
    rt_image_write(t, "etc/group", "root:x:0:\nappgroup:x:1001:\nextra:x:2000:app\nlogs:x:3000:\n", 0644);
}

void rt_init(struct rt *t)
{
    if (geteuid() != 0)
        skip();
    umask(022);
    wh_runtime_reserve();
    memset(t, 0, sizeof(*t));
    strcpy(t->dir, "/run/wh-test-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    snprintf(t->lower, sizeof(t->lower), "%s/lower", t->dir);
    snprintf(t->upper, sizeof(t->upper), "%s/upper", t->dir);
    snprintf(t->work, sizeof(t->work), "%s/work", t->dir);
    mkdir(t->lower, 0755);
    mkdir(t->upper, 0755);
    mkdir(t->work, 0755);
    make_image(t);
    t->lowers[0] = t->lower;
    wh_container_spec_init(&t->spec);
    t->spec.id = "test";
    t->spec.hostname = "box";
    t->spec.rootfs = (struct wh_rootfs){.lowers = t->lowers, .n_lowers = 1, .upper = t->upper, .work = t->work};
    t->spec.process.env = default_env;
    t->io = WH_RUNTIME_IO_NULL;
    t->out_fd = t->tty_fd = -1;
    t->proc.pidfd = t->proc.status_fd = -1;
}

static void close_proc(struct rt *t)
{
    wh_close(&t->proc.pidfd);
    wh_close(&t->proc.status_fd);
    wh_close(&t->out_fd);
    wh_close(&t->tty_fd);
    t->proc.pid = 0;
}

#define CGROUP_NAME "whale/unit-test/container"

void rt_cgroup(struct rt *t, const struct wh_resources *res)
{
    assert_int_equal(wh_cgroup_layout_detect(NULL, &t->layout, &t->err), 0);
    if (t->layout.mode == WH_CGROUP_NONE) {
        rt_fini(t);
        skip();
    }
    if (wh_cgroup_create(&t->layout, CGROUP_NAME, res, &t->cgroup_storage, &t->err) < 0)
        fail_msg("%s", rt_error(t));
    t->cgroup = &t->cgroup_storage;
}

/* What was killed may take a moment to leave. */
static void drop_cgroup(struct rt *t)
{
    int busy = WH_CGROUP_BUSY;
    assert_int_equal(wh_cgroup_kill(t->cgroup, NULL), 0);
    for (int i = 0; i < 200 && busy; i++) {
        busy = wh_cgroup_remove(&t->layout, CGROUP_NAME, &t->err);
        usleep(busy ? 10000 : 0);
    }
    assert_int_equal(busy, 0);
    wh_cgroup_close(t->cgroup);
    t->cgroup = NULL;
}

void rt_fini(struct rt *t)
{
    if (t->proc.pid > 0)
        rt_kill(t);
    close_proc(t);
    if (t->cgroup)
        drop_cgroup(t);
    wh_cgroup_layout_fini(&t->layout);
    wh_str_fini(&t->out);
    wh_err_fini(&t->err);
    assert_int_equal(wh_remove_tree(t->dir, NULL), 0);
}

/* Exec has happened, or the start's exit code. */
static int wait_for_status(struct rt *t, struct wh_runtime_proc *proc, int *ret_tty_fd)
{
    for (;;) {
        struct pollfd p = {.fd = proc->status_fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 20000), 1);
        int tty = -1, code;
        int ret = wh_runtime_read_status(proc->status_fd, &tty, &code, &t->err);
        if (ret == WH_RUNTIME_TTY)
            *ret_tty_fd = tty;
        if (ret == WH_RUNTIME_STARTED)
            return 0;
        if (ret < 0)
            return code;
    }
}

static int start(struct rt *t, const struct wh_runtime_io *io)
{
    wh_auto_arena memory = {0};
    if (t->copies_memory)
        return wh_runtime_start(&t->spec, io, t->cgroup, t->flags, NULL, &t->proc, &t->err);
    struct wh_container_spec *spec = wh_arena_new(&memory, struct wh_container_spec);
    assert_non_null(spec);
    *spec = t->spec;
    return wh_runtime_start(spec, io, t->cgroup, t->flags, &memory, &t->proc, &t->err);
}

int rt_start(struct rt *t, const char *const *argv)
{
    int out[2];
    close_proc(t);
    wh_err_fini(&t->err);
    t->err = (struct wh_err){0};
    wh_str_clear(&t->out);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    struct wh_runtime_io io = t->io;
    io.stdout_fd = io.stderr_fd = out[1];
    t->spec.process.argv = argv;
    int ret = start(t, &io);
    close(out[1]);
    t->out_fd = out[0];
    if (ret < 0) {
        t->proc.pid = 0;
        t->proc.pidfd = t->proc.status_fd = -1;
        return 125;
    }
    int code = wait_for_status(t, &t->proc, &t->tty_fd);
    if (code) {
        waitpid(t->proc.pid, NULL, __WALL);
        close_proc(t);
    }
    return code;
}

static void read_output(struct rt *t)
{
    char buf[4096];
    ssize_t n;
    int fd = t->tty_fd >= 0 ? t->tty_fd : t->out_fd;
    while ((n = read(fd, buf, sizeof(buf))) > 0)
        wh_str_addn(&t->out, buf, (size_t)n);
}

/* What wait() says as a shell's and Docker's exit code. */
static int shell_code(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int rt_wait(struct rt *t)
{
    int status = 0;
    read_output(t);
    assert_int_equal(waitpid(t->proc.pid, &status, __WALL), t->proc.pid);
    close_proc(t);
    return shell_code(status);
}

void rt_kill(struct rt *t)
{
    kill(t->proc.pid, SIGKILL);
    waitpid(t->proc.pid, NULL, __WALL);
    close_proc(t);
}

int rt_run(struct rt *t, const char *const *argv)
{
    int code = rt_start(t, argv);
    return code ? code : rt_wait(t);
}

int rt_sh(struct rt *t, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    return rt_run(t, argv);
}

int rt_probe(struct rt *t, const char *question, const char *arg)
{
    const char *const argv[] = {"/probe", question, arg, NULL};
    return rt_run(t, argv);
}

int rt_exec(struct rt *t, struct wh_exec_spec *exec, const char *const *argv)
{
    int out[2], status = 0, tty = -1;
    struct wh_runtime_proc proc;
    wh_err_fini(&t->err);
    t->err = (struct wh_err){0};
    wh_str_clear(&t->out);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    struct wh_runtime_io io = {-1, out[1], out[1], -1};
    exec->container_pidfd = t->proc.pidfd;
    exec->process.argv = argv;
    int ret = wh_runtime_exec(exec, &io, t->cgroup, t->exec_flags, &proc, &t->err);
    close(out[1]);
    int code = ret < 0 ? 125 : wait_for_status(t, &proc, &tty);
    int keep_out = t->out_fd, keep_tty = t->tty_fd;
    t->out_fd = out[0];
    t->tty_fd = tty;
    if (!code)
        read_output(t);
    t->out_fd = keep_out;
    t->tty_fd = keep_tty;
    close(out[0]);
    wh_close(&tty);
    if (ret < 0)
        return code;
    assert_int_equal(waitpid(proc.pid, &status, __WALL), proc.pid);
    close(proc.pidfd);
    close(proc.status_fd);
    return code ? code : shell_code(status);
}

const char *rt_error(struct rt *t)
{
    static char *text;
    free(text);
    text = wh_err_text(&t->err);
    return text;
}
