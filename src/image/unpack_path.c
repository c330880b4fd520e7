/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the archive's names to places inside the layer. */
#include "unpack_node.h"
#include "whale/sys/openat2.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define IN_LAYER (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)

int unpack_clean(const char *name, char *buf, struct wh_err *err)
{
    size_t used = 0, depth = 0;
    for (const char *s = name; *s;) {
        size_t len = strcspn(s, "/");
        if (len == 2 && s[0] == '.' && s[1] == '.')
            return wh_fail(err, WH_E_INVALID, "name leads out of the layer");
        if (len > LIMIT_COMPONENT_BYTES || used + len + 1 > LIMIT_PATH_BYTES)
            return wh_fail(err, WH_E_INVALID, "name is too long");
        if (len && !(len == 1 && *s == '.')) {
            if (++depth > LIMIT_DEPTH)
                return wh_fail(err, WH_E_LIMIT, "name is more than %d folders deep", LIMIT_DEPTH);
            if (used)
                buf[used++] = '/';
            memcpy(buf + used, s, len);
            used += len;
        }
        s += len + (s[len] == '/');
    }
    buf[used] = '\0';
    return 0;
}

void unpack_forget_folder(struct unpack *u)
{
    wh_close(&u->folder_fd);
    u->folder[0] = '\0';
    u->stale = false;
}

/* Makes the folder at a prefix of the path; prev holds the folder above it. */
static int make_folder(struct unpack *u, int prev, const char *prefix, struct wh_err *err)
{
    if (mkdirat(prev, wh_path_base(prefix), 0755) < 0)
        return errno == EEXIST ? wh_fail(err, WH_E_INVALID, "folder of the entry is a link that leads nowhere")
                               : wh_fail(err, errno, "make a folder");
    if (wh_strv_add(&u->result->implied, prefix) < 0)
        return wh_fail(err, ENOMEM, "layer");
    return 0;
}

/* Opens the folder and makes what is missing of it, from the outside in. */
static int open_or_make(struct unpack *u, const char *folder, struct wh_err *err)
{
    char prefix[LIMIT_PATH_BYTES + 1];
    wh_auto_fd prev = -1;
    for (size_t len = 0;;) {
        len += strcspn(folder + len, "/");
        memcpy(prefix, folder, len);
        prefix[len] = '\0';
        int fd = wh_openat2(u->root, prefix, O_PATH | O_DIRECTORY, 0, IN_LAYER);
        if (fd < 0 && errno == ENOENT) {
            if (make_folder(u, prev < 0 ? u->root : prev, prefix, err) < 0)
                return -1;
            fd = wh_openat2(u->root, prefix, O_PATH | O_DIRECTORY, 0, IN_LAYER);
        }
        if (fd < 0)
            return errno == ENOTDIR ? wh_fail(err, WH_E_INVALID, "folder of the entry is a file")
                                    : wh_fail(err, errno, "open the folder of the entry");
        wh_close(&prev);
        prev = fd;
        if (!folder[len++])
            return wh_steal_fd(&prev);
    }
}

static int open_folder(struct unpack *u, const char *folder, size_t len, struct wh_err *err)
{
    if (u->folder_fd >= 0 && !u->stale && !strncmp(u->folder, folder, len) && !u->folder[len])
        return 0;
    unpack_forget_folder(u);
    memcpy(u->folder, folder, len);
    u->folder[len] = '\0';
    u->folder_fd = wh_openat2(u->root, u->folder, O_PATH | O_DIRECTORY, 0, IN_LAYER);
    if (u->folder_fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        u->folder_fd = open_or_make(u, u->folder, err);
    else if (u->folder_fd < 0)
        return wh_fail(err, errno, "open the folder of the entry");
    return u->folder_fd < 0 ? -1 : 0;
}

int unpack_locate(struct unpack *u, const char *path, struct place *ret, struct wh_err *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        *ret = (struct place){u->root, path};
        return 0;
    }
    if (open_folder(u, path, (size_t)(slash - path), err) < 0)
        return -1;
    *ret = (struct place){u->folder_fd, slash + 1};
    return 0;
}

int unpack_clear(struct unpack *u, const struct place *p, bool *ret_hidden, struct wh_err *err)
{
    struct stat st;
    *ret_hidden = false;
    if (fstatat(p->parent, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : wh_fail(err, errno, "look for an earlier entry");
    if (S_ISDIR(st.st_mode)) {
        u->result->exact = false;
        if (wh_remove_tree_at(p->parent, p->name, err) < 0)
            return -1;
        u->stale = true;
        return 0;
    }
    u->stale = u->stale || S_ISLNK(st.st_mode);
    *ret_hidden = S_ISCHR(st.st_mode) && st.st_rdev == 0;
    if (S_ISREG(st.st_mode) && st.st_size)
        u->result->exact = false;
    if (unlinkat(p->parent, p->name, 0) < 0)
        return wh_fail(err, errno, "remove an earlier entry");
    return 0;
}
