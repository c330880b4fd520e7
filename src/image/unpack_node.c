/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creates files, folders, links and devices. Order of attributes: owner, xattrs (a change of the owner clears
 * security.capability), mode (it also clears set-id bits), time. */
#include "unpack_node.h"
#include "whale/sys/openat2.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define WRITEBACK_BYTES (UINT64_C(4) << 20) /* start writing out early, so that the final sync is short */
#define MAX_TIME        (INT64_C(1) << 34)  /* what ext4 can store; beyond is clamped */

static const char *const kept_xattrs[] = {"user.", "security.capability"};

/* user.overlay.* would be marks of overlay mounted with userxattr. */
static bool keeps_xattr(const char *name)
{
    if (wh_starts(name, "user.overlay."))
        return false;
    for (size_t i = 0; i < WH_ARRAY_LEN(kept_xattrs); i++)
        if (wh_starts(name, kept_xattrs[i]))
            return true;
    return false;
}

static int set_xattrs(int fd, const struct tar_entry *e, struct wh_err *err)
{
    for (size_t i = 0; i < e->xattrs.len; i++) {
        const struct tar_xattr *x = &wh_vec_at(&e->xattrs, struct tar_xattr, i);
        if (!keeps_xattr(x->name))
            continue;
        if (fsetxattr(fd, x->name, x->value, x->len, 0) < 0 && errno != ENOTSUP)
            return wh_fail(err, errno, "set attribute %.100s", x->name);
    }
    return 0;
}

static struct timespec clamp_time(struct timespec t)
{
    if (t.tv_sec > MAX_TIME)
        return (struct timespec){.tv_sec = MAX_TIME};
    if (t.tv_sec < INT32_MIN)
        return (struct timespec){.tv_sec = INT32_MIN};
    return t;
}

static int check_owner(const struct tar_entry *e, struct wh_err *err)
{
    if (e->uid >= UINT32_MAX || e->gid >= UINT32_MAX)
        return wh_fail(err, WH_E_INVALID, "owner is not a valid id");
    return 0;
}

static int set_attributes(int fd, const struct tar_entry *e, bool with_time, struct wh_err *err)
{
    if (fchown(fd, (uid_t)e->uid, (gid_t)e->gid) < 0)
        return wh_fail(err, errno, "set the owner");
    if (set_xattrs(fd, e, err) < 0)
        return -1;
    if (fchmod(fd, e->mode) < 0)
        return wh_fail(err, errno, "set the mode");
    struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, clamp_time(e->mtime)};
    if (with_time && futimens(fd, t) < 0)
        return wh_fail(err, errno, "set the time");
    return 0;
}

/* For nodes that cannot be opened: links, devices, pipes. */
static int set_attributes_at(const struct place *p, const struct tar_entry *e, struct wh_err *err)
{
    struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, clamp_time(e->mtime)};
    if (fchownat(p->parent, p->name, (uid_t)e->uid, (gid_t)e->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return wh_fail(err, errno, "set the owner");
    if (utimensat(p->parent, p->name, t, AT_SYMLINK_NOFOLLOW) < 0)
        return wh_fail(err, errno, "set the time");
    return 0;
}

/* ---- regular files ---- */

static int write_at(int fd, const unsigned char *p, size_t n, uint64_t offset, struct wh_err *err)
{
    while (n) {
        ssize_t w = pwrite(fd, p, n, (off_t)offset);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return wh_fail(err, errno, "write");
        p += w;
        n -= (size_t)w;
        offset += (uint64_t)w;
    }
    return 0;
}

static void start_writeback(int fd, uint64_t offset, uint64_t *done)
{
    if (offset - *done < WRITEBACK_BYTES)
        return;
    (void)sync_file_range(fd, (off_t)*done, (off_t)(offset - *done), SYNC_FILE_RANGE_WRITE);
    *done = offset;
}

static int write_whole(struct unpack *u, int fd, struct wh_err *err)
{
    uint64_t offset = 0, written_back = 0;
    while (u->tar.left) {
        const unsigned char *p;
        size_t n;
        if (tar_peek(&u->tar, &p, &n, err) < 0 || write_at(fd, p, n, offset, err) < 0)
            return -1;
        tar_take(&u->tar, n);
        offset += n;
        start_writeback(fd, offset, &written_back);
    }
    return 0;
}

static int write_piece(struct unpack *u, int fd, const struct tar_piece *piece, struct wh_err *err)
{
    for (uint64_t done = 0; done < piece->len;) {
        const unsigned char *p;
        size_t n;
        if (tar_peek(&u->tar, &p, &n, err) < 0)
            return -1;
        if (n > piece->len - done)
            n = (size_t)(piece->len - done);
        if (write_at(fd, p, n, piece->offset + done, err) < 0)
            return -1;
        tar_take_raw(&u->tar, n);
        done += n;
    }
    return 0;
}

static int write_sparse(struct unpack *u, int fd, const struct tar_entry *e, struct wh_err *err)
{
    for (size_t i = 0; i < e->pieces.len; i++)
        if (write_piece(u, fd, &wh_vec_at(&e->pieces, struct tar_piece, i), err) < 0)
            return -1;
    if (ftruncate(fd, (off_t)e->size_bytes) < 0)
        return wh_fail(err, errno, "set the size");
    return 0;
}

static int create_file(struct unpack *u, struct place *p, const struct tar_entry *e, struct wh_err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    bool hidden;
    wh_auto_fd fd = openat(p->parent, p->name, flags, 0600);
    if (fd < 0 && errno == EEXIST) {
        if (unpack_clear(u, p, &hidden, err) < 0)
            return -1;
        fd = openat(p->parent, p->name, flags, 0600);
    }
    if (fd < 0)
        return wh_fail(err, errno, "create a file");
    if (!e->sparse && e->stored_bytes)
        split_write_file(&u->split, u->path, e->stored_bytes);
    if ((e->sparse ? write_sparse(u, fd, e, err) : write_whole(u, fd, err)) < 0)
        return -1;
    return set_attributes(fd, e, true, err);
}

/* ---- folders ---- */

static int note_dir_time(struct unpack *u, const struct tar_entry *e, struct wh_err *err)
{
    struct dir_time *d = wh_vec_push(&u->dir_times);
    if (!d || !(d->path = strdup(u->path)))
        return wh_fail(err, ENOMEM, "layer");
    d->mtime = clamp_time(e->mtime);
    return 0;
}

/* Keeps errno. */
static bool is_folder(const struct place *p)
{
    struct stat st;
    int saved = errno;
    bool is = fstatat(p->parent, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    errno = saved;
    return is;
}

static int create_dir(struct unpack *u, struct place *p, const struct tar_entry *e, struct wh_err *err)
{
    bool hidden = false;
    int r = mkdirat(p->parent, p->name, 0700);
    if (r < 0 && errno == EEXIST && !is_folder(p)) {
        if (unpack_clear(u, p, &hidden, err) < 0)
            return -1;
        r = mkdirat(p->parent, p->name, 0700);
    } else if (r < 0 && errno == EEXIST) {
        r = 0;
    }
    if (r < 0)
        return wh_fail(err, errno, "make a folder");
    wh_auto_fd fd = openat(p->parent, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return wh_fail(err, errno, "open the folder");
    if (hidden && unpack_set_opaque(p->parent, p->name, err) < 0)
        return -1;
    if (set_attributes(fd, e, false, err) < 0)
        return -1;
    return note_dir_time(u, e, err);
}

int unpack_root(struct unpack *u, const struct tar_entry *e, struct wh_err *err)
{
    if (e->type != TAR_DIR)
        return wh_fail(err, WH_E_INVALID, "the root of a layer must be a folder");
    if (check_owner(e, err) < 0 || set_attributes(u->root, e, false, err) < 0)
        return -1;
    return note_dir_time(u, e, err);
}

int unpack_dir_times(struct unpack *u, struct wh_err *err)
{
    for (size_t i = 0; i < u->dir_times.len; i++) {
        const struct dir_time *d = &wh_vec_at(&u->dir_times, struct dir_time, i);
        struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, d->mtime};
        wh_auto_fd fd = wh_openat2(u->root, *d->path ? d->path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                                   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        if (fd >= 0 && futimens(fd, t) < 0)
            return wh_fail(err, errno, "set the time of %s", d->path);
    }
    return 0; /* a folder that cannot be opened was replaced by a later entry */
}

/* ---- links and special files ---- */

/* Creates by fn; when something is in the way, removes it and tries again. */
static int create_retry(struct unpack *u, struct place *p, const struct tar_entry *e,
                        int (*fn)(struct unpack *, const struct place *, const struct tar_entry *), struct wh_err *err)
{
    bool hidden;
    if (fn(u, p, e) == 0)
        return 0;
    if (errno != EEXIST)
        return wh_fail(err, errno, "create");
    if (unpack_clear(u, p, &hidden, err) < 0)
        return -1;
    return fn(u, p, e) == 0 ? 0 : wh_fail(err, errno, "create");
}

static int make_symlink(struct unpack *u, const struct place *p, const struct tar_entry *e)
{
    return symlinkat(e->link, p->parent, p->name);
}

static int create_symlink(struct unpack *u, struct place *p, const struct tar_entry *e, struct wh_err *err)
{
    if (!*e->link || strlen(e->link) >= PATH_MAX)
        return wh_fail(err, WH_E_INVALID, "link has no usable target");
    return create_retry(u, p, e, make_symlink, err) < 0 ? -1 : set_attributes_at(p, e, err);
}

static int make_node(struct unpack *u, const struct place *p, const struct tar_entry *e)
{
    static const mode_t kinds[] = {[TAR_CHAR] = S_IFCHR, [TAR_BLOCK_DEVICE] = S_IFBLK, [TAR_FIFO] = S_IFIFO};
    dev_t dev = e->type == TAR_FIFO ? 0 : makedev(e->major, e->minor);
    return mknodat(p->parent, p->name, kinds[e->type] | (e->mode & 0777), dev);
}

static int create_node(struct unpack *u, struct place *p, const struct tar_entry *e, struct wh_err *err)
{
    return create_retry(u, p, e, make_node, err) < 0 ? -1 : set_attributes_at(p, e, err);
}

/* The target is looked up inside the layer, may be a link itself (which is then linked, not followed), and keeps its
 * attributes: what the entry says about them is not used. */
static int create_hardlink(struct unpack *u, struct place *p, const struct tar_entry *e, struct wh_err *err)
{
    char target[LIMIT_PATH_BYTES + 1];
    struct stat st, old;
    bool hidden;
    if (unpack_clean(e->link, target, err) < 0)
        return wh_wrap(err, "link target");
    char *slash = strrchr(target, '/');
    const char *base = slash ? slash + 1 : target;
    if (slash)
        *slash = '\0';
    wh_auto_fd folder =
        wh_openat2(u->root, slash ? target : ".", O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    if (folder < 0 || fstatat(folder, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return wh_fail(err, WH_E_INVALID, "link to %.200s, which is not in the layer", e->link);
    if (S_ISDIR(st.st_mode))
        return wh_fail(err, WH_E_INVALID, "link to a folder");
    if (fstatat(p->parent, p->name, &old, AT_SYMLINK_NOFOLLOW) == 0) {
        if (old.st_ino == st.st_ino)
            return 0;
        if (unpack_clear(u, p, &hidden, err) < 0)
            return -1;
    }
    return linkat(folder, base, p->parent, p->name, 0) < 0 ? wh_fail(err, errno, "link") : 0;
}

int unpack_create(struct unpack *u, const struct place *place, const struct tar_entry *e, struct wh_err *err)
{
    static int (*const creators[])(struct unpack *, struct place *, const struct tar_entry *, struct wh_err *) = {
        [TAR_FILE] = create_file,         [TAR_DIR] = create_dir,   [TAR_SYMLINK] = create_symlink,
        [TAR_HARDLINK] = create_hardlink, [TAR_CHAR] = create_node, [TAR_BLOCK_DEVICE] = create_node,
        [TAR_FIFO] = create_node,
    };
    struct place p = *place;
    return check_owner(e, err) < 0 ? -1 : creators[e->type](u, &p, e, err);
}
