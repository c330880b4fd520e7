/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mounts of the spec. Each becomes a detached mount first (source cloned, attributes set), then is attached to a
 * target that was opened inside the root: neither name is looked up twice, so an exchange of a folder for a symlink in
 * a shared volume changes nothing (CVE-2021-30465).
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
#include <sys/vfs.h>
#include <unistd.h>

static const struct {
    unsigned long flag;
    bool recursive;
} propagations[] = {
    [WH_PROPAGATION_RPRIVATE] = {MS_PRIVATE, true}, [WH_PROPAGATION_PRIVATE] = {MS_PRIVATE, false},
    [WH_PROPAGATION_RSLAVE] = {MS_SLAVE, true},     [WH_PROPAGATION_SLAVE] = {MS_SLAVE, false},
    [WH_PROPAGATION_RSHARED] = {MS_SHARED, true},   [WH_PROPAGATION_SHARED] = {MS_SHARED, false},
};

static bool is_shared(const struct wh_mount *m)
{
    return m->propagation == WH_PROPAGATION_RSHARED || m->propagation == WH_PROPAGATION_SHARED;
}

static const char *label_of(const struct wh_prepared_mount *p)
{
    static const char *const kinds[] = {"bind", "volume", "tmpfs", "image", "volume"};
    if (p->mount->label)
        return p->mount->label;
    return p->mount->source ? p->mount->source : kinds[p->mount->type];
}

static unsigned attrs_of(const struct wh_mount *m)
{
    unsigned attrs = (m->noatime ? WH_MNT_NOATIME : 0) | (m->nosuid ? WH_MNT_NOSUID : 0) |
                     (m->nodev ? WH_MNT_NODEV : 0) | (m->noexec ? WH_MNT_NOEXEC : 0);
    if (m->type == WH_MOUNT_TMPFS)
        attrs |= (m->suid_ok ? 0 : WH_MNT_NOSUID) | (m->dev_ok ? 0 : WH_MNT_NODEV) | (m->exec_ok ? 0 : WH_MNT_NOEXEC);
    return attrs;
}

/* Peers of the host's mounts have to be cloned while the child's copies still are peers. */
int wh_child_clone_shared_sources(struct wh_child *c)
{
    for (size_t i = 0; i < c->n_mounts; i++) {
        struct wh_prepared_mount *p = &c->mounts[i];
        if (p->mount->type != WH_MOUNT_BIND || !is_shared(p->mount))
            continue;
        p->early_fd = wh_sys_mount_clone(AT_FDCWD, p->mount->source, !p->mount->no_recursive);
        if (p->early_fd < 0)
            return wh_report_fail(&c->launch.report, "mount %s on %s", label_of(p), p->target);
    }
    return 0;
}

static int clone_subpath(int source_fd, const char *subpath)
{
    wh_auto_fd sub = wh_inroot_open(source_fd, subpath, O_PATH);
    return sub < 0 ? -1 : wh_sys_mount_clone(sub, "", true);
}

static int source_of_bind(struct wh_child *c, struct wh_prepared_mount *p)
{
    if (p->early_fd >= 0)
        return wh_steal_fd(&p->early_fd);
    return wh_sys_mount_clone(AT_FDCWD, p->mount->source, !p->mount->no_recursive);
}

/* The image's folder at the target, before anything covers it. No folder there: nothing to copy. */
static int seed_from_image(struct wh_child *c, const struct wh_prepared_mount *p)
{
    wh_auto_fd from = wh_inroot_open(c->launch.root_fd, p->target, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (from < 0)
        return 0;
    return wh_child_seed_volume(&c->launch.report, from, p->mount->source);
}

static int source_of_volume(struct wh_child *c, struct wh_prepared_mount *p)
{
    const struct wh_mount *m = p->mount;
    if (!m->no_copy && !m->subpath && !c->no_seed && seed_from_image(c, p) < 0)
        return -1;
    if (!m->subpath)
        return wh_sys_mount_clone(AT_FDCWD, m->source, true);
    wh_auto_fd volume = wh_sys_open_path(AT_FDCWD, m->source);
    return volume < 0 ? -1 : clone_subpath(volume, m->subpath);
}

/* A tmpfs takes the mode of the folder that it covers, as Docker's does. */
static unsigned tmpfs_mode(struct wh_child *c, const struct wh_prepared_mount *p)
{
    struct stat st;
    if (p->mount->tmpfs_mode >= 0)
        return (unsigned)p->mount->tmpfs_mode;
    wh_auto_fd fd = wh_inroot_open(c->launch.root_fd, p->target, O_PATH | O_DIRECTORY);
    return fd >= 0 && fstat(fd, &st) == 0 ? st.st_mode & 07777u : 01777u;
}

static int source_of_tmpfs(struct wh_child *c, struct wh_prepared_mount *p)
{
    const struct wh_mount *m = p->mount;
    char mode[16], size[32], inodes[32], uid[32], gid[32];
    snprintf(mode, sizeof(mode), "%o", tmpfs_mode(c, p));
    snprintf(size, sizeof(size), "%lld", (long long)m->tmpfs_size_bytes);
    snprintf(inodes, sizeof(inodes), "%lld", (long long)m->tmpfs_inodes);
    snprintf(uid, sizeof(uid), "%lld", (long long)m->tmpfs_uid);
    snprintf(gid, sizeof(gid), "%lld", (long long)m->tmpfs_gid);
    struct wh_fs_option options[5] = {{"mode", mode}};
    size_t n = 1;
    if (m->tmpfs_size_bytes > 0)
        options[n++] = (struct wh_fs_option){"size", size};
    if (m->tmpfs_inodes > 0)
        options[n++] = (struct wh_fs_option){"nr_inodes", inodes};
    if (m->tmpfs_uid > 0)
        options[n++] = (struct wh_fs_option){"uid", uid};
    if (m->tmpfs_gid > 0)
        options[n++] = (struct wh_fs_option){"gid", gid};
    return wh_sys_mount_new("tmpfs", options, n, 0);
}

/* Mounted on its target by path for want of a detached form on old kernels, then cloned off it again. */
static int source_of_image(struct wh_child *c, struct wh_prepared_mount *p)
{
    const struct wh_overlay *o = &c->images[p - c->mounts];
    char path[64];
    if (o->single && !p->mount->subpath)
        return wh_sys_mount_clone(AT_FDCWD, o->single, false);
    wh_auto_fd target = wh_inroot_ensure_dir(c->launch.root_fd, p->target);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", target);
    if (target < 0 || wh_overlay_mount(o, path) < 0)
        return -1;
    wh_auto_fd whole = wh_inroot_open(c->launch.root_fd, p->target, O_PATH | O_DIRECTORY);
    int fd = whole < 0 ? -1 : clone_subpath(whole, p->mount->subpath ? p->mount->subpath : ".");
    int error = errno;
    umount2(path, MNT_DETACH);
    errno = error;
    return fd;
}

/* "a,b=c" into options for fsconfig, in place. */
static size_t split_options(char *text, struct wh_fs_option *ret, size_t max)
{
    size_t n = 0;
    char *save = NULL;
    for (char *o = strtok_r(text, ",", &save); o && n < max; o = strtok_r(NULL, ",", &save)) {
        char *value = strchr(o, '=');
        if (value)
            *value++ = '\0';
        ret[n++] = (struct wh_fs_option){o, value};
    }
    return n;
}

static int source_of_fs(struct wh_child *c, struct wh_prepared_mount *p)
{
    const struct wh_mount *m = p->mount;
    char text[1024];
    struct wh_fs_option options[33] = {{"source", m->source}};
    snprintf(text, sizeof(text), "%s", m->fs_options ? m->fs_options : "");
    size_t n = 1 + split_options(text, options + 1, WH_ARRAY_LEN(options) - 1);
    wh_auto_fd whole = wh_sys_mount_new(m->fs_type, options, n, 0);
    if (whole < 0 || !m->subpath)
        return wh_steal_fd(&whole);
    return clone_subpath(whole, m->subpath);
}

static int (*const sources[])(struct wh_child *, struct wh_prepared_mount *) = {
    [WH_MOUNT_BIND] = source_of_bind,   [WH_MOUNT_VOLUME] = source_of_volume, [WH_MOUNT_TMPFS] = source_of_tmpfs,
    [WH_MOUNT_IMAGE] = source_of_image, [WH_MOUNT_FS] = source_of_fs,
};

static int open_target(struct wh_child *c, const struct wh_prepared_mount *p, int source_fd)
{
    struct stat st;
    if (fstat(source_fd, &st) < 0)
        return -1;
    return S_ISDIR(st.st_mode) ? wh_inroot_ensure_dir(c->launch.root_fd, p->target)
                               : wh_inroot_ensure_file(c->launch.root_fd, p->target);
}

/* The names that lxcfs shows in a container's /proc; anything else there could fake what the kernel says about this
 * container to the runtime itself (CVE-2019-16884). */
static bool is_allowed_in_proc(const char *target)
{
    static const char *const names[] = {"/proc/cpuinfo",
                                        "/proc/diskstats",
                                        "/proc/meminfo",
                                        "/proc/stat",
                                        "/proc/swaps",
                                        "/proc/uptime",
                                        "/proc/loadavg",
                                        "/proc/slabinfo",
                                        "/proc/sys/kernel/ns_last_pid",
                                        "/proc/sys/crypto/fips_enabled"};
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++) {
        if (!strcmp(target, names[i]))
            return true;
    }
    return false;
}

int wh_child_check_target(struct wh_report *r, const char *label, const char *target, int target_fd)
{
    struct statfs fs;
    if (fstatfs(target_fd, &fs) < 0)
        return wh_report_fail(r, "mount %s on %s", label, target);
    if (fs.f_type != PROC_SUPER_MAGIC || is_allowed_in_proc(target))
        return 0;
    return wh_report_fail_as(r, 125, 0, "mount %s on %s: nothing can be mounted in /proc", label, target);
}

static int set_attributes(const struct wh_mount *m, int fd)
{
    bool image = m->type == WH_MOUNT_IMAGE;
    bool readonly = m->readonly || image;
    if (wh_sys_mount_set(fd, attrs_of(m), 0, true) < 0)
        return -1;
    if (readonly && wh_sys_mount_set(fd, WH_MNT_RDONLY, 0, !m->recursive_rw) < 0)
        return -1;
    return wh_sys_mount_set(fd, 0, propagations[m->propagation].flag, propagations[m->propagation].recursive);
}

/* Before Linux 5.12 only an attached mount can be changed. */
static int attach(const struct wh_mount *m, int fd, int target_fd)
{
    bool is_set = set_attributes(m, fd) == 0;
    if (wh_sys_mount_attach(fd, target_fd) < 0)
        return -1;
    return is_set ? 0 : set_attributes(m, fd);
}

static int mount_one(struct wh_child *c, struct wh_prepared_mount *p)
{
    struct wh_report *r = &c->launch.report;
    wh_auto_fd fd = sources[p->mount->type](c, p);
    if (fd < 0)
        return r->kind ? wh_report_wrap(r, "mount %s on %s", label_of(p), p->target)
                       : wh_report_fail(r, "mount %s on %s", label_of(p), p->target);
    wh_auto_fd target = open_target(c, p, fd);
    if (target < 0)
        return wh_report_fail(r, "mount %s on %s: make the target", label_of(p), p->target);
    if (wh_child_check_target(r, label_of(p), p->target, target) < 0)
        return -1;
    if (attach(p->mount, fd, target) < 0)
        return wh_report_fail(r, "mount %s on %s", label_of(p), p->target);
    return 0;
}

int wh_child_mount_all(struct wh_child *c)
{
    for (size_t i = 0; i < c->n_mounts; i++) {
        if (mount_one(c, &c->mounts[i]) < 0)
            return wh_report_in(&c->launch.report, "volumes/%s", c->mounts[i].mount->target);
    }
    return 0;
}
