/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From "root inside the container" to the program: what the first process and exec'ed ones have in common, in the order
 * that lets every step still have the rights it needs.
 */
#include "caps.h"
#include "child.h"
#include "init.h"
#include "inroot.h"
#include "rlimit.h"
#include "user.h"

#include "whale/sys/process.h"
#include "whale/sys/tty.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int poke(int dir_fd, const char *path, const char *value)
{
    wh_auto_fd fd = openat(dir_fd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    size_t n = strlen(value);
    return fd < 0 || write(fd, value, n) != (ssize_t)n ? -1 : 0;
}

/* Lowering the value below the supervisor's needs a capability that not every host gives: then the inherited one stays.
 */
static int set_oom_score(struct wh_launch *l)
{
    char value[16];
    snprintf(value, sizeof(value), "%d", (int)l->oom_score_adj);
    if (poke(l->proc_fd, "self/oom_score_adj", value) < 0 && errno != EACCES && errno != EPERM)
        return wh_report_fail(&l->report, "oom_score_adj %s", value);
    return 0;
}

static int set_apparmor(struct wh_launch *l)
{
    char value[256];
    if (!l->apparmor)
        return 0;
    snprintf(value, sizeof(value), "exec %s", l->apparmor);
    if (poke(l->proc_fd, "thread-self/attr/apparmor/exec", value) < 0 &&
        poke(l->proc_fd, "thread-self/attr/exec", value) < 0)
        return wh_report_fail(&l->report, "apparmor profile \"%s\"", l->apparmor);
    return 0;
}

static bool has_env(const struct wh_launch *l, const char *prefix)
{
    for (size_t i = 0; i < l->n_env; i++) {
        if (!strncmp(l->env[i], prefix, strlen(prefix)))
            return true;
    }
    return false;
}

static int resolve_user(struct wh_launch *l)
{
    static char path[] = DEFAULT_PATH;
    const struct wh_process_spec *p = l->process;
    if (wh_child_resolve_user(&l->report, l->root_fd, p->user, p->extra_groups, &l->user) < 0)
        return -1;
    if (!has_env(l, "HOME=")) {
        snprintf(l->home, sizeof(l->home), "HOME=%s", l->user.home);
        l->env[l->n_env++] = l->home;
    }
    if (!has_env(l, "PATH="))
        l->env[l->n_env++] = path;
    l->env[l->n_env] = NULL;
    return 0;
}

/* A path like /proc/self/fd/7 must not lead anywhere (CVE-2024-21626): magic links are refused, and the kernel is asked
 * where we are. */
static int enter_cwd(struct wh_launch *l)
{
    const char *cwd = l->process->cwd && *l->process->cwd ? l->process->cwd : "/";
    char real[PATH_MAX];
    if (*cwd != '/')
        return wh_report_fail_as(&l->report, 126, 0,
                                 "the working directory '%s' is invalid, it needs to be an absolute path", cwd);
    wh_auto_fd handle =
        l->make_cwd ? wh_inroot_ensure_dir(l->root_fd, cwd) : wh_inroot_open(l->root_fd, cwd, O_PATH | O_DIRECTORY);
    if (handle < 0 || fchdir(handle) < 0)
        return wh_report_fail_as(&l->report, l->make_cwd ? 125 : 126, errno, "working directory \"%s\"", cwd);
    if (wh_sys_getcwd(real, sizeof(real)) < 0 || real[0] != '/')
        return wh_report_fail_as(&l->report, 125, 0, "working directory \"%s\": outside of the container", cwd);
    return 0;
}

/* So that a program that is not root can open /dev/stdout again. Only what belongs to this container: never a device,
 * nor a file of the caller's. */
static void own_stdio(struct wh_launch *l)
{
    struct stat st;
    for (int fd = 0; fd < 3 && l->user.uid; fd++) {
        if (fstat(fd, &st) < 0)
            continue;
        if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || l->process->tty)
            (void)!fchown(fd, l->user.uid, (gid_t)-1);
    }
}

static int set_stdio(struct wh_launch *l)
{
    int high[3];
    for (int i = 0; i < 3; i++) {
        if (l->stdio[i] < 0 && l->null_fd < 0)
            return wh_report_fail_as(&l->report, 125, 0, "the container's /dev/null is not the null device");
        high[i] = fcntl(l->stdio[i] >= 0 ? l->stdio[i] : l->null_fd, F_DUPFD_CLOEXEC, 8);
        if (high[i] < 0)
            return wh_report_fail(&l->report, "standard streams");
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(high[i], i) < 0)
            return wh_report_fail(&l->report, "standard streams");
        close(high[i]);
    }
    if (l->process->tty && wh_sys_tty_make_controlling(0) < 0)
        return wh_report_fail(&l->report, "take the terminal");
    own_stdio(l);
    return 0;
}

/* The pair belongs to the container's devpts; the master travels to the supervisor. */
int wh_launch_open_terminal(struct wh_launch *l)
{
    const struct wh_process_spec *p = l->process;
    wh_auto_fd master = -1;
    int slave;
    if (!p->tty)
        return 0;
    if (wh_sys_pty_open(l->pts_fd, &master, &slave) < 0)
        return wh_report_fail(&l->report, "open a terminal");
    for (int i = 0; i < 3; i++)
        l->stdio[i] = slave;
    if (p->tty_rows && p->tty_cols)
        wh_sys_tty_set_size(master, p->tty_rows, p->tty_cols);
    if (wh_report_send_tty(l->status_fd, master) < 0)
        return wh_report_fail(&l->report, "hand over the terminal");
    return 0;
}

static int load_seccomp(struct wh_launch *l)
{
    if (l->bpf && l->bpf->n && wh_sys_seccomp_load(l->bpf->filters, l->bpf->n) < 0)
        return wh_report_fail(&l->report, "load the seccomp filter");
    return 0;
}

/* Loading a filter without no_new_privs needs CAP_SYS_ADMIN, so it comes before the capabilities go; with it, last. */
static int drop_rights(struct wh_launch *l)
{
    const struct wh_user *u = &l->user;
    bool nnp = l->process->no_new_privs;
    if (nnp && wh_sys_set_no_new_privs() < 0)
        return wh_report_fail(&l->report, "no_new_privs");
    if (!nnp && load_seccomp(l) < 0)
        return -1;
    if (wh_caps_drop_bounding(l->caps) < 0)
        return wh_report_fail(&l->report, "drop capabilities");
    if (wh_sys_setgroups(u->n_groups, u->groups) < 0 || wh_sys_setgid(u->gid) < 0 || wh_sys_setuid(u->uid) < 0)
        return wh_report_fail(&l->report, "become user %u, group %u", u->uid, u->gid);
    if (wh_caps_apply(l->caps, u->uid == 0) < 0)
        return wh_report_fail(&l->report, "set capabilities");
    return nnp ? load_seccomp(l) : 0;
}

static int exec_failed(struct wh_launch *l, const char *path, int error)
{
    if (error == ENOENT && access(path, F_OK) == 0)
        return wh_report_fail_as(&l->report, 127, 0, "exec: \"%s\": its interpreter is missing", path);
    return wh_report_fail_as(&l->report, error == ENOENT || error == ENOTDIR ? 127 : 126, error, "exec: \"%s\"", path);
}

/* The container's PATH, after the change of root and user, as the program itself would search. */
static int exec_in_path(struct wh_launch *l, char *const *argv)
{
    char path[PATH_MAX];
    const char *dirs = DEFAULT_PATH;
    bool denied = false;
    for (size_t i = 0; i < l->n_env; i++) {
        if (!strncmp(l->env[i], "PATH=", 5))
            dirs = l->env[i];
    }
    for (const char *dir = dirs + 5; dir; dir = strchr(dir, ':') ? strchr(dir, ':') + 1 : NULL) {
        int len = (int)strcspn(dir, ":");
        if (snprintf(path, sizeof(path), "%.*s%s%s", len, dir, len ? "/" : "./", argv[0]) >= (int)sizeof(path))
            continue;
        execve(path, argv, l->env);
        if (errno == EACCES)
            denied = true;
        else if (errno != ENOENT && errno != ENOTDIR)
            return exec_failed(l, path, errno);
        else if (access(path, F_OK) == 0)
            return exec_failed(l, path, ENOENT);
    }
    if (denied)
        return wh_report_fail_as(&l->report, 126, EACCES, "exec: \"%s\"", argv[0]);
    return wh_report_fail_as(&l->report, 127, 0, "exec: \"%s\": executable file not found in $PATH", argv[0]);
}

static int exec_program(struct wh_launch *l)
{
    char *const *argv = (char *const *)(uintptr_t)l->process->argv;
    wh_sys_reset_signals();
    if (!strchr(argv[0], '/'))
        return exec_in_path(l, argv);
    execve(argv[0], argv, l->env);
    return exec_failed(l, argv[0], errno);
}

static int set_rlimits(struct wh_launch *l)
{
    return wh_child_set_rlimits(&l->report, l->rlimits, l->n_rlimits);
}

/* Only the status socket is left open besides 0, 1, 2; it closes itself at exec. */
static int close_others(struct wh_launch *l)
{
    int keep[] = {l->status_fd, l->init_fd};
    unsigned next = 3;
    if (keep[1] >= 0 && keep[1] < keep[0]) {
        keep[0] = l->init_fd;
        keep[1] = l->status_fd;
    }
    for (size_t i = 0; i < WH_ARRAY_LEN(keep); i++) {
        if (keep[i] < 0)
            continue;
        if ((unsigned)keep[i] > next && wh_sys_close_range(next, (unsigned)keep[i] - 1) < 0)
            return wh_report_fail(&l->report, "close descriptors");
        next = (unsigned)keep[i] + 1;
    }
    return wh_sys_close_range(next, ~0u) < 0 ? wh_report_fail(&l->report, "close descriptors") : 0;
}

/* Below the init program, which runs already: the container's output tells the reason, its exit code is a shell's.
 * Nothing here may take a lock of libc (dprintf and strerror do): another thread can have held it at the fork. */
static int end_below_init(const struct wh_launch *l)
{
    char text[REPORT_TEXT_MAX];
    int error = l->report.error ? l->report.error : ENOENT;
    int len = snprintf(text, sizeof(text), "exec %s failed: %s\n", l->process->argv[0], strerrordesc_np(error));
    ssize_t ignored = write(STDERR_FILENO, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
    (void)ignored;
    _exit(l->report.exit_code);
}

int wh_launch_run(struct wh_launch *l)
{
    static const struct {
        int (*run)(struct wh_launch *);
        const char *value; /* which is to blame when the step fails and does not say it itself */
    } steps[] = {{set_oom_score, "oom_score_adj"}, {resolve_user, "user"},
                 {enter_cwd, "working_dir"},       {set_stdio, NULL},
                 {set_apparmor, "security_opt"},   {set_rlimits, NULL}};
    for (size_t i = 0; i < WH_ARRAY_LEN(steps); i++)
        if (steps[i].run(l) < 0)
            return steps[i].value ? wh_report_in(&l->report, "%s", steps[i].value) : -1;
    umask(l->process->umask >= 0 ? (mode_t)l->process->umask & 0777 : 022);
    if (close_others(l) < 0 || drop_rights(l) < 0)
        return -1;
    if (l->init_fd >= 0 && wh_init_split(l) < 0)
        return -1;
    exec_program(l);
    return l->init_fd < 0 ? wh_report_in(&l->report, "command") : end_below_init(l);
}
