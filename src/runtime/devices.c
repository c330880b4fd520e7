/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev: a tmpfs of our own, filled before it is attached, so that nothing in the image or in a shared volume can stand
 * in the way of a device node (CVE-2026-41579).
 */
#include "child.h"
#include "inroot.h"

#include "whale/util/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct default_device {
    const char *name;
    unsigned major, minor;
};

static const struct default_device default_devices[] = {
    {"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const struct {
    const char *name, *target;
} default_links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},
};

static const char *const default_folders[] = {"pts", "mqueue", "shm"};

static int make_nodes(struct wh_child *c)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(default_devices); i++) {
        const struct default_device *d = &default_devices[i];
        if (mknodat(c->dev_fd, d->name, S_IFCHR | 0666, makedev(d->major, d->minor)) < 0)
            return wh_report_fail(&c->launch.report, "make /dev/%s", d->name);
    }
    return 0;
}

/* core only where the kernel has kcore, as runc does. */
static int make_links(struct wh_child *c)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(default_links); i++) {
        if (symlinkat(default_links[i].target, c->dev_fd, default_links[i].name) < 0)
            return wh_report_fail(&c->launch.report, "make /dev/%s", default_links[i].name);
    }
    if (faccessat(c->launch.proc_fd, "kcore", F_OK, 0) == 0 && symlinkat("/proc/kcore", c->dev_fd, "core") < 0)
        return wh_report_fail(&c->launch.report, "make /dev/core");
    return 0;
}

int wh_child_fill_dev(struct wh_child *c)
{
    if (make_nodes(c) < 0 || make_links(c) < 0)
        return -1;
    for (size_t i = 0; i < WH_ARRAY_LEN(default_folders); i++) {
        if (mkdirat(c->dev_fd, default_folders[i], 0755) < 0)
            return wh_report_fail(&c->launch.report, "make /dev/%s", default_folders[i]);
    }
    c->launch.null_fd = openat(c->dev_fd, "null", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (c->launch.null_fd < 0)
        return wh_report_fail(&c->launch.report, "open the container's /dev/null");
    return 0;
}

/* Splits an absolute path below the root into a held parent and the last name. */
static int hold_parent(struct wh_child *c, const char *path, const char **ret_name)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) >= sizeof(parent) || !slash[1]) {
        errno = EINVAL;
        return -1;
    }
    memcpy(parent, path, (size_t)(slash - path));
    parent[slash - path] = '\0';
    *ret_name = slash + 1;
    return wh_inroot_ensure_dir(c->launch.root_fd, parent[0] ? parent : "/");
}

static int make_like(int parent_fd, const char *name, const struct stat *st)
{
    if (mknodat(parent_fd, name, st->st_mode, st->st_rdev) < 0 && errno != EEXIST)
        return -1;
    struct stat now;
    if (fstatat(parent_fd, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if ((now.st_mode & S_IFMT) != (st->st_mode & S_IFMT) || now.st_rdev != st->st_rdev) {
        errno = EEXIST;
        return -1;
    }
    return fchownat(parent_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
}

/* Of the host's /dev these are not devices of a machine but of a session. */
static bool is_skipped(const char *name)
{
    static const char *const skip[] = {".", "..", "pts", "shm", "mqueue", "fd", "console", "hugepages"};
    for (size_t i = 0; i < WH_ARRAY_LEN(skip); i++) {
        if (!strcmp(name, skip[i]))
            return true;
    }
    return false;
}

static void copy_devices(int from_fd, int to_fd, int depth);

static void copy_entry(int from_fd, int to_fd, const char *name, int depth)
{
    struct stat st;
    if (is_skipped(name) || fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
        make_like(to_fd, name, &st);
        return;
    }
    if (!S_ISDIR(st.st_mode) || depth > 8)
        return;
    mkdirat(to_fd, name, 0755);
    wh_auto_fd from = openat(from_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    wh_auto_fd to = openat(to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (from >= 0 && to >= 0)
        copy_devices(from, to, depth + 1);
}

/* readdir allocates; this runs in a child that must not. A node that cannot be made is left out, as Docker does. */
static void copy_devices(int from_fd, int to_fd, int depth)
{
    char buf[4096] __attribute__((aligned(8)));
    ssize_t n;
    while ((n = getdents64(from_fd, buf, sizeof(buf))) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct dirent64 *e = (const void *)(buf + at);
            copy_entry(from_fd, to_fd, e->d_name, depth);
            at += e->d_reclen;
        }
    }
}

/* A folder of devices (/dev/snd) means all in it. */
static int add_device_folder(struct wh_child *c, const struct wh_device *d, const char *path)
{
    wh_auto_fd from = open(d->host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    wh_auto_fd handle = wh_inroot_ensure_dir(c->launch.root_fd, path);
    wh_auto_fd to = handle < 0 ? -1 : openat(handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from < 0 || to < 0)
        return wh_report_fail(&c->launch.report, "device %s on %s", d->host_path, path);
    copy_devices(from, to, 0);
    return 0;
}

static int add_device(struct wh_child *c, const struct wh_device *d)
{
    struct wh_report *r = &c->launch.report;
    const char *path = d->path ? d->path : d->host_path;
    struct stat st;
    if (stat(d->host_path, &st) < 0)
        return wh_report_fail(r, "device %s", d->host_path);
    if (S_ISDIR(st.st_mode))
        return add_device_folder(c, d, path);
    if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
        return wh_report_fail_as(r, 125, 0, "device %s: not a device node", d->host_path);
    const char *name;
    wh_auto_fd parent = hold_parent(c, path, &name);
    /* In /dev it takes the place of a default one. */
    if (parent >= 0 && !strncmp(path, "/dev/", 5) && unlinkat(parent, name, 0) < 0 && errno != ENOENT)
        return wh_report_fail(r, "device %s on %s", d->host_path, path);
    if (parent < 0 || make_like(parent, name, &st) < 0)
        return wh_report_fail(r, "device %s on %s", d->host_path, path);
    return 0;
}

int wh_child_add_devices(struct wh_child *c)
{
    const struct wh_resources *res = &c->spec->resources;
    if (c->spec->process.privileged) {
        wh_auto_fd host = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (host < 0)
            return wh_report_fail(&c->launch.report, "open the host's /dev");
        copy_devices(host, c->dev_fd, 0);
    }
    for (size_t i = 0; i < res->n_devices; i++) {
        if (add_device(c, &res->devices[i]) < 0)
            return wh_report_in(&c->launch.report, "devices/%s", res->devices[i].host_path);
    }
    return 0;
}
