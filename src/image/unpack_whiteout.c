/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The marks by which a layer removes what is below it: ".wh.NAME" becomes overlay's device 0:0, ".wh..wh..opq" its
 * xattr. And what overlay leaves to us: folders that a layer only implies, and an opaque root.
 */
#include "unpack_node.h"
#include "whale/sys/openat2.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define PREFIX     ".wh."
#define PREFIX_LEN 4
#define META       ".wh..wh."
#define OPAQUE     ".wh..wh..opq"
#define IN_LAYER   (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)

int unpack_set_opaque(int parent, const char *name, struct wh_err *err)
{
    wh_auto_fd fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fsetxattr(fd, OPAQUE_XATTR, "y", 1, 0) < 0)
        return wh_fail(err, errno, "mark a folder as opaque");
    return 0;
}

/* The folder that holds the current entry becomes opaque. */
static int mark_opaque(struct unpack *u, struct wh_err *err)
{
    struct place p;
    char *slash = strrchr(u->path, '/');
    if (!slash) {
        u->result->opaque_root = true;
        return 0;
    }
    if (unpack_locate(u, u->path, &p, err) < 0)
        return -1;
    return unpack_set_opaque(p.parent, ".", err);
}

/* A mark hides only what is in lower layers: an entry of this layer stays, and a folder of it starts empty. */
static int hide(struct unpack *u, const char *hidden_name, struct wh_err *err)
{
    struct place p;
    struct stat st;
    if (unpack_locate(u, u->path, &p, err) < 0)
        return -1;
    if (fstatat(p.parent, hidden_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return S_ISDIR(st.st_mode) ? unpack_set_opaque(p.parent, hidden_name, err) : 0;
    if (mknodat(p.parent, hidden_name, S_IFCHR, 0) < 0)
        return wh_fail(err, errno, "make the mark of a removed file");
    return 0;
}

static bool has_meta_folder(const char *path)
{
    for (const char *s = path; (s = strstr(s, META)); s++)
        if (s == path || s[-1] == '/')
            return true;
    return false;
}

int unpack_whiteout(struct unpack *u, struct wh_err *err)
{
    const char *base = wh_path_base(u->path);
    if (wh_streq(base, OPAQUE))
        return mark_opaque(u, err) < 0 ? -1 : 1;
    if (has_meta_folder(u->path)) /* aufs' own files */
        return 1;
    if (!wh_starts(base, PREFIX))
        return 0;
    const char *hidden = base + PREFIX_LEN;
    if (!*hidden || wh_streq(hidden, ".") || wh_streq(hidden, ".."))
        return wh_fail(err, WH_E_INVALID, "mark of a removed file without a name");
    return hide(u, hidden, err) < 0 ? -1 : 1;
}

/* ---- what depends on the layers below ---- */

static int inherit_from(int fs_fd, const char *path, int lower, struct wh_err *err)
{
    struct stat st;
    wh_auto_fd from = wh_openat2(lower, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, IN_LAYER);
    if (from < 0 || fstat(from, &st) < 0)
        return 1;
    wh_auto_fd to = wh_openat2(fs_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, IN_LAYER);
    struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, st.st_mtim};
    if (to < 0 || fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0 || futimens(to, t) < 0)
        return wh_fail(err, errno, "folder %.200s", path);
    return 0;
}

static bool is_hidden(int lower, const char *path)
{
    struct stat st;
    wh_auto_fd fd = wh_openat2(lower, path, O_PATH | O_NOFOLLOW, 0, IN_LAYER);
    return fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode);
}

static int inherit(int fs_fd, const char *path, const int *lowers, size_t n_lowers, struct wh_err *err)
{
    for (size_t i = 0; i < n_lowers; i++) {
        int r = inherit_from(fs_fd, path, lowers[i], err);
        if (r <= 0)
            return r;
        if (is_hidden(lowers[i], path))
            return 0;
    }
    return 0;
}

/* One entry of a lower layer's root, below a layer with an opaque root. */
static int hide_lower_entry(int fs_fd, const char *name, struct wh_err *err)
{
    struct stat st;
    if (fstatat(fs_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return S_ISDIR(st.st_mode) ? unpack_set_opaque(fs_fd, name, err) : 0;
    if (mknodat(fs_fd, name, S_IFCHR, 0) < 0)
        return wh_fail(err, errno, "make the mark of a removed file");
    return 0;
}

static int hide_lower_root(int fs_fd, int lower, struct wh_err *err)
{
    int fd = openat(lower, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    wh_auto_dir d = fd < 0 ? NULL : fdopendir(fd);
    if (!d)
        return wh_fail(err, errno, "read a lower layer");
    for (struct dirent *e; (e = readdir(d));)
        if (!wh_streq(e->d_name, ".") && !wh_streq(e->d_name, "..") && hide_lower_entry(fs_fd, e->d_name, err) < 0)
            return -1;
    return 0;
}

int unpack_inherit(int fs_fd, const struct unpack_result *r, const int *lowers, size_t n_lowers, struct wh_err *err)
{
    for (size_t i = 0; i < r->implied.len; i++)
        if (inherit(fs_fd, r->implied.items[i], lowers, n_lowers, err) < 0)
            return -1;
    for (size_t i = 0; r->opaque_root && i < n_lowers; i++)
        if (hide_lower_root(fs_fd, lowers[i], err) < 0)
            return -1;
    return 0;
}
