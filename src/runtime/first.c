/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first process of a container, from its clone to launch.c. The steps are a table, in the only order that works;
 * why a step is where it is stands beside it. Nothing here allocates or uses a library function that locks: the clone
 * may have happened while another thread of the supervisor held malloc's lock.
 */
#include "child.h"
#include "inroot.h"

#include "whale/sys/mount.h"
#include "whale/sys/ns.h"
#include "whale/sys/process.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Away from the supervisor's session, umask, keys. Not traceable until exec, for the sake of those who share the pid
 * namespace (CVE-2016-9962). Keyrings have no namespace; a kernel without them or without quota goes on. */
static int leave_supervisor(struct wh_child *c)
{
    wh_sys_set_dumpable(false);
    umask(0);
    if (setsid() < 0)
        return wh_report_fail(&c->launch.report, "start a session");
    wh_sys_join_new_session_keyring(c->spec->id ? c->spec->id : "container");
    return 0;
}

/* Before anything is used that counts. Costs 10 ms when no process was moved lately: in the child, not in the loop. */
static int join_v1_cgroups(struct wh_child *c)
{
    for (int i = 0; c->cgroup && i < WH_CTL_MAX_; i++) {
        if (c->cgroup->v1_fd[i] >= 0 && write(c->cgroup->v1_fd[i], "0", 1) != 1)
            return wh_report_fail(&c->launch.report, "join the container's cgroup");
    }
    if (c->cgroup && !c->spec->cgroupns_host && unshare(CLONE_NEWCGROUP) < 0)
        return wh_report_fail(&c->launch.report, "make a cgroup namespace");
    return 0;
}

static int join(struct wh_child *c, const struct wh_ns *ns, int type, const char *name)
{
    if (ns->kind == WH_NS_JOIN && setns(ns->fd, type) < 0)
        return wh_report_fail(&c->launch.report, "join the %s namespace", name);
    return 0;
}

/* The network namespace is made here and not by the clone: 0.3 ms that the supervisor does not have to wait. */
static int join_namespaces(struct wh_child *c)
{
    const struct wh_container_spec *s = c->spec;
    if (join(c, &s->net, CLONE_NEWNET, "network") < 0 || join(c, &s->ipc, CLONE_NEWIPC, "ipc") < 0 ||
        join(c, &s->uts, CLONE_NEWUTS, "uts") < 0)
        return -1;
    if (s->net.kind == WH_NS_PRIVATE && (unshare(CLONE_NEWNET) < 0 || wh_sys_loopback_up() < 0))
        return wh_report_fail(&c->launch.report, "make a network namespace");
    return 0;
}

/* setns leads to the root of the mount namespace, which is not ours where the host's / is another one. */
static int return_to_host(struct wh_child *c, int mntns_fd, int root_fd)
{
    if (setns(mntns_fd, CLONE_NEWNS) < 0 || fchdir(root_fd) < 0 || chroot(".") < 0)
        return wh_report_fail(&c->launch.report, "return from the other container's mounts");
    return 0;
}

/* Only a process of the other mount namespace can clone its /dev/shm. */
static int borrow_shm(struct wh_child *c)
{
    if (c->spec->ipc.kind != WH_NS_JOIN)
        return 0;
    wh_auto_fd own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), root = wh_sys_open_path(AT_FDCWD, "/");
    wh_auto_fd other = wh_inroot_of(c->spec->ipc.fd);
    wh_auto_fd shm = other >= 0 ? wh_inroot_open(other, "/dev/shm", O_PATH) : -1;
    if (own < 0 || root < 0 || shm < 0 || setns(c->spec->ipc.fd, CLONE_NEWNS) < 0)
        return 0; /* a namespace file, not a process: shared memory stays private */
    c->shm_fd = wh_sys_mount_clone(shm, "", false);
    return return_to_host(c, own, root);
}

static int wait_for_gate(struct wh_child *c)
{
    char byte;
    ssize_t n;
    if (c->gate_fd < 0)
        return 0;
    do {
        n = read(c->gate_fd, &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 1)
        return 0;
    return wh_report_fail_as(&c->launch.report, 125, n < 0 ? errno : 0, "start given up before the network was ready");
}

/* A missing working directory is made while that can be done; what is wrong with it is said when it is entered. */
static void make_cwd(struct wh_child *c)
{
    const char *cwd = c->spec->process.cwd;
    wh_auto_fd made = cwd && cwd[0] == '/' ? wh_inroot_ensure_dir(c->launch.root_fd, cwd) : -1;
    (void)made;
}

static int make_root_readonly(struct wh_child *c)
{
    if (c->spec->rootfs.readonly)
        make_cwd(c);
    if (c->spec->rootfs.readonly && wh_sys_mount_set(c->launch.root_fd, WH_MNT_RDONLY, 0, false) < 0)
        return wh_report_fail(&c->launch.report, "make the root read-only");
    return 0;
}

/* From the terminal's own descriptor onto a file of our own /dev: no name is looked up (CVE-2025-52565). */
static int open_console(struct wh_child *c)
{
    if (!c->launch.process->tty)
        return 0;
    if (wh_launch_open_terminal(&c->launch) < 0)
        return -1;
    wh_auto_fd made = openat(c->dev_fd, "console", O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
    wh_auto_fd target = made < 0 ? -1 : openat(c->dev_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    wh_auto_fd slave = target < 0 ? -1 : wh_sys_mount_clone(c->launch.stdio[0], "", false);
    if (slave < 0 || wh_sys_mount_attach(slave, target) < 0)
        return wh_report_fail(&c->launch.report, "make /dev/console");
    return 0;
}

static int enter_root(struct wh_child *c)
{
    if (fchdir(c->launch.root_fd) < 0 || wh_sys_pivot_root_here() < 0)
        return wh_report_fail(&c->launch.report, "change to the container's root");
    return 0;
}

static int set_names(struct wh_child *c)
{
    struct wh_report *r = &c->launch.report;
    const char *host = c->spec->hostname, *domain = c->spec->domainname;
    if (host && sethostname(host, strlen(host)) < 0) {
        wh_report_fail(r, "hostname \"%s\"", host);
        return wh_report_in(r, "hostname");
    }
    if (domain && *domain && setdomainname(domain, strlen(domain)) < 0) {
        wh_report_fail(r, "domainname \"%s\"", domain);
        return wh_report_in(r, "domainname");
    }
    return 0;
}

typedef int (*step_fn)(struct wh_child *);

static int run_steps(struct wh_child *c, const step_fn *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (steps[i](c) < 0)
            return -1;
    }
    return 0;
}

/* User mounts come after the defaults, as they may lie below them; devices and content files after those, as they may
 * lie in a tmpfs of the user's. */
static const step_fn tree_steps[] = {
    wh_child_clone_shared_sources, wh_child_mount_root, wh_child_add_marks,
    wh_child_mount_defaults,       wh_child_mount_all,  wh_child_add_devices,
    wh_child_mount_content,
};

int wh_child_make_tree(struct wh_child *c)
{
    return run_steps(c, tree_steps, WH_ARRAY_LEN(tree_steps));
}

int wh_child_main(struct wh_child *c)
{
    static const step_fn steps[] = {
        leave_supervisor,     join_v1_cgroups,    join_namespaces,
        borrow_shm,           wh_child_make_tree, wait_for_gate,      /* sysctls of an interface need the interface */
        wh_child_set_sysctls,                                         /* before /proc/sys becomes read-only */
        wh_child_mask_paths,  open_console,       make_root_readonly, /* after the last mount point was made */
        enter_root,           set_names,
    };
    if (run_steps(c, steps, WH_ARRAY_LEN(steps)) < 0)
        return -1;
    return wh_launch_run(&c->launch);
}
