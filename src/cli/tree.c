/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking a tree below a descriptor, and writing one below another. */
#include "cli/tree.h"

#include "whale/sys/openat2.h"
#include "whale/util/file.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_DEPTH  256
#define COPY_BYTES ((size_t)128 << 10)

/* ---- walking --------------------------------------------------------------------------------------------------- */

struct walker {
    const struct wh_tree_walk *walk;
    const struct wh_tree_sink *sink;
    uint64_t mount_id; /* of the top */
    int depth;
};

static ssize_t read_fd(void *ctx, void *buf, size_t size)
{
    return read(*(int *)ctx, buf, size);
}

static uint64_t mount_of(int dir_fd, const char *name)
{
    struct statx sx;
    if (statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID, &sx) < 0)
        return 0;
    return sx.stx_mask & STATX_MNT_ID ? sx.stx_mnt_id : 0;
}

static int walk_entry(struct walker *w, int dir_fd, const char *name, const char *path, struct wh_err *err);

static int walk_children(struct walker *w, int dir_fd, const char *name, const char *path, struct wh_err *err)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    wh_auto_dir dir = fd >= 0 ? fdopendir(fd) : NULL;
    wh_auto_strv names = {0};
    if (!dir) {
        int saved = errno;
        wh_close(&fd);
        return wh_fail(err, saved, "read folder %s", path);
    }
    for (struct dirent *d; (d = readdir(dir));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            wh_strv_add(&names, d->d_name);
    wh_strv_sort(&names);
    for (size_t i = 0; i < names.len; i++) {
        wh_auto_free char *child = wh_fmt("%s%s%s", path, *path ? "/" : "", names.items[i]);
        if (!child || walk_entry(w, dirfd(dir), names.items[i], child, err) < 0)
            return -1;
    }
    return names.failed ? wh_fail(err, ENOMEM, "read folder %s", path) : 0;
}

static int hand_over_file(struct walker *w, int dir_fd, const char *name, struct wh_tree_entry *e, struct wh_err *err)
{
    wh_auto_fd fd = -1;
    if (!e->hollow) {
        fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &e->st) < 0)
            return wh_fail(err, errno, "open %s", e->path);
    }
    e->read = read_fd;
    e->ctx = &fd;
    int r = w->sink->add(w->sink->ctx, e, err);
    e->ctx = NULL;
    return r;
}

static int hand_over(struct walker *w, int dir_fd, const char *name, struct wh_tree_entry *e, struct wh_err *err)
{
    char target[4097];
    if (S_ISSOCK(e->st.st_mode))
        return 0; /* exists only while its owner runs */
    if (S_ISREG(e->st.st_mode))
        return hand_over_file(w, dir_fd, name, e, err);
    if (S_ISLNK(e->st.st_mode)) {
        ssize_t n = readlinkat(dir_fd, name, target, sizeof(target) - 1);
        if (n < 0)
            return wh_fail(err, errno, "read link %s", e->path);
        target[n] = '\0';
        e->link = target;
    }
    return w->sink->add(w->sink->ctx, e, err);
}

static int walk_entry(struct walker *w, int dir_fd, const char *name, const char *path, struct wh_err *err)
{
    struct wh_tree_entry e = {.path = path};
    if (fstatat(dir_fd, name, &e.st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT && *path ? 0 : wh_fail(err, errno, "%s", *path ? path : name);
    if (w->depth >= MAX_DEPTH)
        return wh_fail(err, WH_E_LIMIT, "%s: folders are nested too deeply", path);
    e.hollow = w->walk->one_mount && mount_of(dir_fd, name) != w->mount_id;
    if (hand_over(w, dir_fd, name, &e, err) < 0)
        return -1;
    if (!S_ISDIR(e.st.st_mode) || e.hollow)
        return 0;
    w->depth++;
    int r = walk_children(w, dir_fd, name, path, err);
    w->depth--;
    return r;
}

int wh_tree_walk(const struct wh_tree_walk *walk, const struct wh_tree_sink *sink, struct wh_err *err)
{
    struct walker w = {.walk = walk, .sink = sink, .mount_id = mount_of(walk->dir_fd, walk->name)};
    return walk_entry(&w, walk->dir_fd, walk->name, "", err);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* Opens the folder that the entry goes into; *ret_name is its last component inside full. */
static int open_parent(const struct wh_tree_writer *w, char *full, const char **ret_name, struct wh_err *err)
{
    char *slash = strrchr(full, '/');
    *ret_name = slash ? slash + 1 : full;
    if (slash)
        *slash = '\0';
    const char *dir = slash ? (*full ? full : "/") : ".";
    int fd = wh_openat2(w->root_fd, dir, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    if (fd < 0)
        return wh_fail(err, errno, "%s", dir);
    return fd;
}

static int copy_contents(const struct wh_tree_entry *e, int to, struct wh_err *err)
{
    wh_auto_free char *buf = malloc(COPY_BYTES);
    if (!buf)
        return wh_fail(err, ENOMEM, "copy %s", e->path);
    for (;;) {
        ssize_t n = e->hollow ? 0 : e->read(e->ctx, buf, COPY_BYTES);
        if (n == 0)
            return 0;
        if (n < 0 || wh_write_all(to, buf, (size_t)n) < 0)
            return wh_fail(err, errno, "copy %s", e->path);
    }
}

static int write_file(int dir, const char *name, const struct wh_tree_entry *e, struct wh_err *err)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    wh_auto_fd fd = openat(dir, name, flags, 0600);
    if (fd < 0 && errno == ELOOP && unlinkat(dir, name, 0) == 0)
        fd = openat(dir, name, flags, 0600);
    if (fd < 0)
        return wh_fail(err, errno, "create %s", name);
    return copy_contents(e, fd, err);
}

static int write_dir(int dir, const char *name, const struct wh_tree_entry *e, struct wh_err *err)
{
    struct stat st;
    if (mkdirat(dir, name, 0700) == 0)
        return 0;
    if (errno == EEXIST && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        return 1; /* keeps its owner and mode */
    return wh_fail(err, errno, "make folder %s", name);
}

static int write_link(int dir, const char *name, const struct wh_tree_entry *e, struct wh_err *err)
{
    unlinkat(dir, name, 0);
    return symlinkat(e->link, dir, name) == 0 ? 0 : wh_fail(err, errno, "make link %s", name);
}

static int write_node(int dir, const char *name, const struct wh_tree_entry *e, struct wh_err *err)
{
    unlinkat(dir, name, 0);
    return mknodat(dir, name, (e->st.st_mode & S_IFMT) | 0600, e->st.st_rdev) == 0
               ? 0
               : wh_fail(err, errno, "make %s", name);
}

/* A second name of an entry that was written before. */
static int write_hard_link(const struct wh_tree_writer *w, int dir, const char *name, const struct wh_tree_entry *e,
                           struct wh_err *err)
{
    const char *target = "";
    wh_auto_free char *full = wh_fmt("%s/%s", w->base, e->link);
    wh_auto_fd from = full ? open_parent(w, full, &target, err) : wh_fail(err, ENOMEM, "copy");
    if (from < 0)
        return -1;
    unlinkat(dir, name, 0);
    return linkat(from, target, dir, name, 0) == 0 ? 0 : wh_fail(err, errno, "link %s to %s", name, e->link);
}

static int set_attributes(const struct wh_tree_writer *w, int dir, const char *name, const struct wh_tree_entry *e,
                          struct wh_err *err)
{
    const struct timespec times[] = {e->st.st_atim, e->st.st_mtim};
    if (w->keep_owner && fchownat(dir, name, e->st.st_uid, e->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return wh_fail(err, errno, "owner of %s", name);
    if (!S_ISLNK(e->st.st_mode) && fchmodat(dir, name, e->st.st_mode & 07777, 0) < 0)
        return wh_fail(err, errno, "mode of %s", name);
    utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW);
    return 0;
}

static int write_entry(void *ctx, const struct wh_tree_entry *e, struct wh_err *err)
{
    const struct wh_tree_writer *w = ctx;
    const char *name = "";
    wh_auto_free char *full = wh_fmt("%s%s%s", w->base, *e->path ? "/" : "", e->path);
    wh_auto_fd dir = full ? open_parent(w, full, &name, err) : wh_fail(err, ENOMEM, "copy");
    if (dir < 0)
        return -1;
    if (!*name || strcmp(name, ".") == 0)
        return 0; /* the top is an existing folder */
    if (e->hard)
        return write_hard_link(w, dir, name, e, err);
    mode_t kind = e->st.st_mode & S_IFMT;
    int r = kind == S_IFDIR   ? write_dir(dir, name, e, err)
            : kind == S_IFREG ? write_file(dir, name, e, err)
            : kind == S_IFLNK ? write_link(dir, name, e, err)
                              : write_node(dir, name, e, err);
    return r == 0 ? set_attributes(w, dir, name, e, err) : r < 0 ? -1 : 0;
}

struct wh_tree_sink wh_tree_writer_sink(struct wh_tree_writer *w)
{
    return (struct wh_tree_sink){.add = write_entry, .ctx = w};
}
