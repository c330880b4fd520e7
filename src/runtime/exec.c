/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A further process in a running, possibly hostile container. It is cloned into the container's pid namespace and
 * cgroup at once, enters the other namespaces by the pidfd of the first process (no pid is looked up), and looks at
 * nothing of the container's files but by held descriptors; user and cwd are resolved in-root as at the start.
 */
#include "inroot.h"
#include "spawn.h"

#include "whale/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define DEVPTS_MAGIC 0x1cd1
#define MAX_FDS      (2 + WH_CTL_MAX_)

struct exec_child {
    struct wh_launch launch;
    const struct wh_exec_spec *spec;
    const struct wh_cgroup *cgroup; /* may be NULL */
};

static int hold_root(struct exec_child *c, struct wh_err *err)
{
    c->launch.root_fd = wh_inroot_of(c->spec->container_pidfd);
    if (c->launch.root_fd >= 0)
        return 0;
    return errno == ESRCH ? wh_fail(err, WH_E_NOT_FOUND, "the container has ended")
                          : wh_fail(err, errno, "open the container's root");
}

static int enter_namespaces(struct exec_child *c)
{
    const int kinds = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    wh_sys_set_dumpable(false);
    umask(0);
    if (setsid() < 0)
        return wh_report_fail(&c->launch.report, "start a session");
    wh_sys_join_new_session_keyring(NULL);
    for (int i = 0; c->cgroup && i < WH_CTL_MAX_; i++)
        if (c->cgroup->v1_fd[i] >= 0 && write(c->cgroup->v1_fd[i], "0", 1) != 1)
            return wh_report_fail(&c->launch.report, "join the container's cgroup");
    /* The host's procfs, while we see it: the one on the container's /proc may be covered. */
    c->launch.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (c->launch.proc_fd < 0)
        return wh_report_fail(&c->launch.report, "open /proc");
    if (setns(c->spec->container_pidfd, kinds) < 0)
        return wh_report_fail(&c->launch.report, "join the container's namespaces");
    if (fchdir(c->launch.root_fd) < 0 || chroot(".") < 0)
        return wh_report_fail(&c->launch.report, "enter the container's root");
    return 0;
}

/* The container's own null device, if that is what its /dev/null is. Never the host's: a descriptor of that would let
 * the container change the mode of the host's node. */
static int open_null(int root_fd)
{
    struct stat st;
    int fd = wh_inroot_open(root_fd, "/dev/null", O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) &&
        fcntl(fd, F_SETFL, 0) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int open_pts(int root_fd)
{
    struct statfs fs;
    int fd = wh_inroot_open(root_fd, "/dev/pts", O_RDONLY | O_DIRECTORY);
    if (fd < 0 || (fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_MAGIC))
        return fd;
    close(fd);
    errno = ENODEV;
    return -1;
}

static int open_tree_parts(struct exec_child *c)
{
    struct wh_launch *l = &c->launch;
    l->null_fd = open_null(l->root_fd);
    if (!l->process->tty)
        return 0;
    l->pts_fd = open_pts(l->root_fd);
    return l->pts_fd < 0 ? wh_report_fail(&l->report, "open the container's /dev/pts") : 0;
}

static void run_child(void *arg)
{
    struct exec_child *c = arg;
    if (enter_namespaces(c) == 0 && open_tree_parts(c) == 0 && wh_launch_open_terminal(&c->launch) == 0)
        wh_launch_run(&c->launch);
}

static int prepare_exec(struct wh_arena *a, const struct wh_exec_spec *spec, struct wh_launch *l, struct wh_err *err)
{
    if (wh_launch_prepare(a, &spec->process, l, err) < 0)
        return -1;
    l->rlimits = spec->rlimits;
    l->n_rlimits = spec->n_rlimits;
    l->oom_score_adj = spec->oom_score_adj;
    return wh_launch_prepare_security(l, spec->seccomp, spec->seccomp_path, spec->apparmor, spec->cache_dir, err);
}

/* The child's own copies of what has descriptors in it, because those get other numbers. */
static size_t own_fds(struct wh_arena *a, struct exec_child *c, struct wh_exec_spec *spec, int *ret[MAX_FDS])
{
    size_t n = 0;
    ret[n++] = &c->launch.root_fd;
    ret[n++] = &spec->container_pidfd;
    struct wh_cgroup *cg = c->cgroup ? wh_arena_new(a, struct wh_cgroup) : NULL;
    if (!cg)
        return n;
    *cg = *c->cgroup;
    c->cgroup = cg;
    for (int i = 0; i < WH_CTL_MAX_; i++)
        ret[n++] = &cg->v1_fd[i];
    return n;
}

static int prepare_child(struct wh_arena *a, const struct wh_exec_spec *spec, const struct wh_cgroup *cg,
                         struct exec_child **ret, struct wh_exec_spec **ret_spec, struct wh_err *err)
{
    struct exec_child *c = wh_arena_new(a, struct exec_child);
    struct wh_exec_spec *own = wh_arena_new(a, struct wh_exec_spec);
    if (!c || !own || wh_exec_spec_copy(a, spec, own) < 0)
        return wh_fail(err, ENOMEM, "exec");
    *c = (struct exec_child){.spec = own, .cgroup = cg};
    *ret = c;
    *ret_spec = own;
    return prepare_exec(a, own, &c->launch, err);
}

int wh_runtime_exec(const struct wh_exec_spec *spec, const struct wh_runtime_io *io, const struct wh_cgroup *cg,
                    uint32_t flags, struct wh_runtime_proc *ret, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_fd root = -1;
    struct exec_child *c;
    struct wh_exec_spec *own;
    if (prepare_child(&a, spec, cg, &c, &own, err) < 0 || hold_root(c, err) < 0)
        return -1;
    root = c->launch.root_fd;
    int *fds[MAX_FDS];
    struct wh_spawn spawn = {.launch = &c->launch,
                             .pidns_fd = spec->in_host_pidns ? -1 : spec->container_pidfd,
                             .child = run_child,
                             .arg = c,
                             .fds = fds,
                             .n_fds = own_fds(&a, c, own, fds)};
    if (a.failed)
        return wh_fail(err, ENOMEM, "exec");
    if (wh_spawn(&spawn, io, cg, flags, flags & WH_RUNTIME_APART ? &a : NULL, ret) < 0)
        return errno == ESRCH ? wh_fail(err, WH_E_NOT_FOUND, "the container has ended")
                              : wh_fail(err, errno, "start a process in the container");
    return 0;
}
