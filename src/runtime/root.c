/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file tree of a container as a descriptor: of a running one through its first process, of a stopped one by a
 * short-lived helper that mounts it and hands out a detached copy of the whole tree. */
#include "child.h"

#include "whale/sys/fdpass.h"
#include "whale/sys/mount.h"
#include "whale/sys/ns.h"
#include "whale/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int wh_runtime_open_root(pid_t pid, int pidfd, int *ret_fd, struct wh_err *err)
{
    char path[40];
    snprintf(path, sizeof(path), "/proc/%d/root", pid);
    wh_auto_fd fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* Alive after the look-up: the number was its own all the time. */
    if (!wh_sys_pidfd_is_alive(pidfd))
        return wh_fail(err, WH_E_NOT_FOUND, "the container has ended");
    if (fd < 0)
        return wh_fail(err, errno, "open the container's root");
    *ret_fd = wh_steal_fd(&fd);
    return 0;
}

static int make_tree(struct wh_child *c)
{
    if (wh_child_make_tree(c) < 0)
        return -1;
    if (c->spec->rootfs.readonly && wh_sys_mount_set(c->launch.root_fd, WH_MNT_RDONLY, 0, false) < 0)
        return wh_report_fail(&c->launch.report, "make the root read-only");
    return 0;
}

static __attribute__((noreturn)) void run_helper(struct wh_child *c)
{
    umask(0);
    if (make_tree(c) == 0) {
        wh_auto_fd tree = wh_sys_mount_clone(c->launch.root_fd, "", true);
        if (tree >= 0 && wh_sys_send_fd(c->launch.status_fd, "", 1, tree) == 0)
            wh_sys_exit(0);
        wh_report_fail(&c->launch.report, "copy the mounts");
    }
    wh_report_send(c->launch.status_fd, &c->launch.report);
    wh_sys_exit(1);
}

static int receive_tree(int status_fd, int *ret_fd, struct wh_err *err)
{
    struct wh_report report = {0};
    ssize_t n = wh_sys_recv_fd(status_fd, &report, sizeof(report), ret_fd);
    if (n > 0 && *ret_fd >= 0)
        return 0;
    if (n <= 0)
        return wh_fail(err, WH_E_GENERIC, "the helper ended without a report");
    return wh_fail(err, report.error > 0 ? report.error : WH_E_GENERIC, "%.*s", REPORT_TEXT_MAX - 1, report.text);
}

int wh_runtime_open_stopped_root(const struct wh_container_spec *spec, int *ret_fd, struct wh_err *err)
{
    wh_auto_arena arena = {0};
    struct wh_child child;
    int status[2], pidfd = -1;
    /* Nothing is executed there: what the program would need is left out. */
    static const char *const no_program[] = {"none", NULL};
    struct wh_container_spec tree = *spec;
    tree.process.argv = no_program;
    tree.init = false;
    if (wh_child_prepare(&arena, &tree, &child, err) < 0)
        return -1;
    if (wh_sys_seqpacket_pair(status) < 0)
        return wh_fail(err, errno, "make the status channel");
    wh_auto_fd mine = status[1], theirs = status[0]; /* ours is the blocking end */
    child.launch.status_fd = theirs;
    child.no_seed = true;
    struct wh_clone clone = {.flags = CLONE_NEWNS, .ret_pidfd = &pidfd, .cgroup_fd = -1, .exit_signal = SIGCHLD};
    pid_t pid = wh_sys_clone(&clone);
    if (pid == 0)
        run_helper(&child);
    wh_auto_fd handle = pidfd;
    if (pid < 0)
        return wh_fail(err, errno, "start a helper");
    wh_close(&theirs);
    int r = receive_tree(mine, ret_fd, err);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return r;
}

int wh_netns_new(int *ret_fd, struct wh_err *err)
{
    int fd = wh_sys_netns_new();
    if (fd < 0)
        return wh_fail(err, errno, "make a network namespace");
    *ret_fd = fd;
    return 0;
}
