/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Docker's masked and read-only paths. A mask is the container's own null device (checked by number) over a file, an
 * empty read-only tmpfs over a folder; every mask is looked at afterwards through the root. A path that does not exist
 * needs none; any other failure refuses the start (CVE-2025-31133).
 */
#include "child.h"
#include "inroot.h"

#include "whale/sys/mount.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char *const masked[] = {
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
};

static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

/* The null device to clone and, once the first folder is masked, the tmpfs that all further ones share. */
struct mask_sources {
    int null_fd;
    int empty_fd;
};

static bool is_null_device(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static int make_empty(void)
{
    static const struct wh_fs_option options[] = {{"mode", "755"}, {"size", "4k"}, {"nr_inodes", "2"}};
    return wh_sys_mount_new("tmpfs", options, WH_ARRAY_LEN(options),
                            WH_MNT_RDONLY | WH_MNT_NOSUID | WH_MNT_NODEV | WH_MNT_NOEXEC);
}

static int mask_folder(struct mask_sources *s, int target_fd)
{
    if (s->empty_fd < 0) {
        s->empty_fd = make_empty();
        return s->empty_fd < 0 ? -1 : wh_sys_mount_attach(s->empty_fd, target_fd);
    }
    wh_auto_fd copy = wh_sys_mount_clone(s->empty_fd, "", false);
    return copy < 0 ? -1 : wh_sys_mount_attach(copy, target_fd);
}

static int mask_file(struct mask_sources *s, int target_fd)
{
    wh_auto_fd copy = wh_sys_mount_clone(s->null_fd, "", false);
    return copy < 0 ? -1 : wh_sys_mount_attach(copy, target_fd);
}

static bool mask_holds(int root_fd, const char *path, bool dir)
{
    struct statfs fs;
    wh_auto_fd fd = wh_inroot_open(root_fd, path, O_PATH);
    if (fd < 0)
        return false;
    return dir ? fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC : is_null_device(fd);
}

static int mask_path(struct wh_child *c, struct mask_sources *s, const char *path)
{
    struct stat st;
    wh_auto_fd target = wh_inroot_open_plain(c->launch.root_fd, path, O_PATH);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (target < 0 || fstat(target, &st) < 0)
        return wh_report_fail(&c->launch.report, "mask %s", path);
    bool dir = S_ISDIR(st.st_mode);
    if ((dir ? mask_folder(s, target) : mask_file(s, target)) < 0)
        return wh_report_fail(&c->launch.report, "mask %s", path);
    if (!mask_holds(c->launch.root_fd, path, dir))
        return wh_report_fail_as(&c->launch.report, 125, 0, "mask %s: something else is there afterwards", path);
    return 0;
}

/* One per possible cpu, where the hardware has it at all. */
static int mask_thermal(struct wh_child *c, struct mask_sources *s)
{
    char path[96];
    for (int cpu = 0; cpu < 8192; cpu++) {
        snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d", cpu);
        wh_auto_fd dir = wh_inroot_open_plain(c->launch.root_fd, path, O_PATH);
        if (dir < 0 || faccessat(dir, "thermal_throttle", F_OK, 0) < 0)
            return 0;
        snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/thermal_throttle", cpu);
        if (mask_path(c, s, path) < 0)
            return -1;
    }
    return 0;
}

static int make_readonly(struct wh_child *c, const char *path)
{
    wh_auto_fd target = wh_inroot_open_plain(c->launch.root_fd, path, O_PATH);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    wh_auto_fd copy = target < 0 ? -1 : wh_sys_mount_clone(target, "", true);
    if (copy < 0)
        return wh_report_fail(&c->launch.report, "make %s read-only", path);
    bool is_set = wh_sys_mount_set(copy, WH_MNT_RDONLY, 0, true) == 0;
    if (wh_sys_mount_attach(copy, target) < 0 || (!is_set && wh_sys_mount_set(copy, WH_MNT_RDONLY, 0, true) < 0))
        return wh_report_fail(&c->launch.report, "make %s read-only", path);
    return 0;
}

static int mask_all(struct wh_child *c, struct mask_sources *s)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(masked); i++) {
        if (mask_path(c, s, masked[i]) < 0)
            return -1;
    }
    return mask_thermal(c, s);
}

int wh_child_mask_paths(struct wh_child *c)
{
    if (c->spec->process.privileged || c->spec->systempaths_unconfined)
        return 0;
    for (size_t i = 0; i < WH_ARRAY_LEN(readonly); i++) {
        if (make_readonly(c, readonly[i]) < 0)
            return -1;
    }
    wh_auto_fd null = openat(c->dev_fd, "null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (null < 0 || !is_null_device(null))
        return wh_report_fail_as(&c->launch.report, 125, 0, "the container's /dev/null is not the null device");
    struct mask_sources s = {.null_fd = null, .empty_fd = -1};
    int ret = mask_all(c, &s);
    wh_close(&s.empty_fd);
    return ret;
}
