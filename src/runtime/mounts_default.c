/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's standard mounts: /proc, /dev with pts, shm and mqueue, /sys and the cgroup view. A mount of the spec on the
 * same target takes the place of one of them (not of /proc, /dev or /sys themselves). */
#include "child.h"
#include "inroot.h"

#include "whale/sys/mount.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HARDENED      (WH_MNT_NOSUID | WH_MNT_NODEV | WH_MNT_NOEXEC)
#define DEFAULT_SHM   (INT64_C(64) << 20)
#define CGROUP_FOLDER "/sys/fs/cgroup"

static bool spec_mounts_on(const struct wh_child *c, const char *target)
{
    for (size_t i = 0; i < c->n_mounts; i++) {
        if (!strcmp(c->mounts[i].target, target))
            return true;
    }
    return false;
}

/* A real folder reached without symlinks, or nothing: /proc or /sys as a symlink would put them elsewhere
 * (CVE-2023-28642). */
static int open_plain_target(struct wh_child *c, const char *target)
{
    int fd = wh_inroot_open_plain(c->launch.root_fd, target, O_PATH | O_DIRECTORY);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    wh_auto_fd made = wh_inroot_ensure_dir(c->launch.root_fd, target);
    return made < 0 ? -1 : wh_inroot_open_plain(c->launch.root_fd, target, O_PATH | O_DIRECTORY);
}

/* Attaches and gives the mount's descriptor back; take_fd is closed on failure. */
static int attach(struct wh_child *c, int take_fd, const char *target)
{
    wh_auto_fd fd = take_fd;
    if (fd < 0)
        return wh_report_fail(&c->launch.report, "make %s", target);
    wh_auto_fd target_fd = open_plain_target(c, target);
    if (target_fd < 0 || wh_sys_mount_attach(fd, target_fd) < 0)
        return wh_report_fail(&c->launch.report, "mount %s", target);
    return wh_steal_fd(&fd);
}

static int mount_proc(struct wh_child *c)
{
    c->launch.proc_fd = attach(c, wh_sys_mount_new("proc", NULL, 0, HARDENED), "/proc");
    return c->launch.proc_fd < 0 ? -1 : 0;
}

static int mount_dev(struct wh_child *c)
{
    static const struct wh_fs_option options[] = {{"mode", "755"}, {"size", "65536k"}};
    c->dev_fd = wh_sys_mount_new("tmpfs", options, WH_ARRAY_LEN(options), WH_MNT_NOSUID | WH_MNT_STRICTATIME);
    if (c->dev_fd < 0)
        return wh_report_fail(&c->launch.report, "make /dev");
    if (wh_child_fill_dev(c) < 0)
        return -1;
    c->dev_fd = attach(c, c->dev_fd, "/dev");
    return c->dev_fd < 0 ? -1 : 0;
}

static int mount_pts(struct wh_child *c)
{
    static const struct wh_fs_option options[] = {
        {"newinstance", NULL}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}};
    if (spec_mounts_on(c, "/dev/pts"))
        return 0;
    int fd = wh_sys_mount_new("devpts", options, WH_ARRAY_LEN(options), WH_MNT_NOSUID | WH_MNT_NOEXEC);
    c->launch.pts_fd = attach(c, fd, "/dev/pts");
    return c->launch.pts_fd < 0 ? -1 : 0;
}

static int attach_and_close(struct wh_child *c, int take_fd, const char *target)
{
    int fd = attach(c, take_fd, target);
    wh_close(&fd);
    return c->launch.report.kind ? -1 : 0;
}

static int new_shm(const struct wh_child *c)
{
    char size[32];
    snprintf(size, sizeof(size), "%lld", (long long)(c->spec->shm_bytes > 0 ? c->spec->shm_bytes : DEFAULT_SHM));
    const struct wh_fs_option options[] = {{"source", "shm"}, {"mode", "1777"}, {"size", size}};
    return wh_sys_mount_new("tmpfs", options, WH_ARRAY_LEN(options), HARDENED);
}

/* POSIX shared memory belongs to the ipc namespace by use: who shares one shares the other. */
static int mount_shm(struct wh_child *c)
{
    if (spec_mounts_on(c, "/dev/shm"))
        return 0;
    enum wh_ns_kind kind = c->spec->ipc.kind;
    int fd = c->shm_fd;
    c->shm_fd = -1;
    if (kind == WH_NS_HOST)
        fd = wh_sys_mount_clone(AT_FDCWD, "/dev/shm", false);
    else if (kind == WH_NS_PRIVATE || fd < 0)
        fd = new_shm(c);
    return attach_and_close(c, fd, "/dev/shm");
}

static int mount_mqueue(struct wh_child *c)
{
    if (spec_mounts_on(c, "/dev/mqueue"))
        return 0;
    return attach_and_close(c, wh_sys_mount_new("mqueue", NULL, 0, HARDENED), "/dev/mqueue");
}

static int mount_sys(struct wh_child *c)
{
    unsigned ro = c->spec->process.privileged ? 0 : WH_MNT_RDONLY;
    return attach_and_close(c, wh_sys_mount_new("sysfs", NULL, 0, HARDENED | ro), "/sys");
}

/* cgroup2 of the child's cgroup namespace: its own folder is the root of the view. */
static int mount_cgroup2(struct wh_child *c, const char *target, unsigned attrs)
{
    static const struct wh_fs_option options[] = {{"nsdelegate", NULL}};
    int fd = wh_sys_mount_new("cgroup2", options, c->spec->cgroupns_host ? 0 : WH_ARRAY_LEN(options), attrs);
    if (fd < 0)
        fd = wh_sys_mount_new("cgroup2", NULL, 0, attrs);
    return attach_and_close(c, fd, target);
}

static const char *const ctl_names[WH_CTL_MAX_] = {"cpu",  "cpuacct", "cpuset",  "memory",
                                                   "pids", "blkio",   "devices", "freezer"};

/* Only those v1 trees in which the container has a place of its own: the others would show the host's root. */
static int mount_cgroup_v1(struct wh_child *c, enum wh_cgroup_ctl ctl, unsigned attrs)
{
    char target[64];
    snprintf(target, sizeof(target), CGROUP_FOLDER "/%s", ctl_names[ctl]);
    const struct wh_fs_option options[] = {{ctl_names[ctl], NULL}};
    return attach_and_close(c, wh_sys_mount_new("cgroup", options, WH_ARRAY_LEN(options), attrs), target);
}

static int mount_cgroup_hybrid(struct wh_child *c, unsigned attrs)
{
    static const struct wh_fs_option options[] = {{"mode", "755"}};
    wh_auto_fd fd = attach(c, wh_sys_mount_new("tmpfs", options, WH_ARRAY_LEN(options), HARDENED), CGROUP_FOLDER);
    if (fd < 0)
        return -1;
    for (int i = 0; i < WH_CTL_MAX_; i++) {
        if (c->cgroup->v1_fd[i] >= 0 && mount_cgroup_v1(c, (enum wh_cgroup_ctl)i, attrs) < 0)
            return -1;
    }
    if (c->cgroup->dir_fd >= 0 && mount_cgroup2(c, CGROUP_FOLDER "/unified", attrs) < 0)
        return -1;
    if ((attrs & WH_MNT_RDONLY) && wh_sys_mount_set(fd, WH_MNT_RDONLY, 0, false) < 0)
        return wh_report_fail(&c->launch.report, "make " CGROUP_FOLDER " read-only");
    return 0;
}

static int mount_cgroup(struct wh_child *c)
{
    if (!c->cgroup || spec_mounts_on(c, CGROUP_FOLDER))
        return 0;
    unsigned attrs = HARDENED | (c->spec->process.privileged ? 0 : WH_MNT_RDONLY);
    switch (c->cgroup->layout->mode) {
    case WH_CGROUP_NONE:
        return 0;
    case WH_CGROUP_V2:
        return mount_cgroup2(c, CGROUP_FOLDER, attrs);
    default:
        return mount_cgroup_hybrid(c, attrs);
    }
}

int wh_child_mount_defaults(struct wh_child *c)
{
    static int (*const steps[])(struct wh_child *) = {mount_proc,   mount_dev, mount_pts,   mount_shm,
                                                      mount_mqueue, mount_sys, mount_cgroup};
    for (size_t i = 0; i < WH_ARRAY_LEN(steps); i++) {
        if (steps[i](c) < 0)
            return -1;
    }
    return 0;
}
