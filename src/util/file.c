/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files: read with a cap, replace atomically, remove trees by descriptor. */
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

int wh_fd_read_all(int fd, size_t max, struct wh_str *ret, struct wh_err *err)
{
    for (;;) {
        if (wh_str_reserve(ret, 8192) < 0)
            return wh_fail(err, ENOMEM, "read");
        ssize_t n = read(fd, ret->data + ret->len, ret->cap - ret->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return wh_fail(err, errno, "read");
        if (n == 0)
            return 0;
        ret->len += (size_t)n;
        ret->data[ret->len] = 0;
        if (ret->len > max)
            return wh_fail(err, WH_E_LIMIT, "larger than %zu bytes", max);
    }
}

int wh_file_read_at(int dirfd, const char *path, size_t max, struct wh_str *ret, struct wh_err *err)
{
    struct stat st;
    wh_auto_fd fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return wh_fail(err, errno, "open %s", path);
    if (fstat(fd, &st) < 0)
        return wh_fail(err, errno, "stat %s", path);
    if (S_ISDIR(st.st_mode))
        return wh_fail(err, EISDIR, "read %s", path);
    if (!S_ISREG(st.st_mode))
        return wh_fail(err, WH_E_INVALID, "read %s: not a regular file", path);
    if (wh_fd_read_all(fd, max, ret, err) < 0)
        return wh_wrap(err, "%s", path);
    return 0;
}

int wh_file_read(const char *path, size_t max, struct wh_str *ret, struct wh_err *err)
{
    return wh_file_read_at(AT_FDCWD, path, max, ret, err);
}

int wh_write_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int sync_folder_of(const char *path)
{
    wh_auto_free char *dir = wh_path_dir(path);
    wh_auto_fd fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return fd < 0 ? -1 : fsync(fd);
}

static int fill_temp(const char *temp, const void *data, size_t len, mode_t mode, enum wh_sync sync)
{
    wh_auto_fd fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    if (fchmod(fd, mode) < 0 || wh_write_all(fd, data, len) < 0)
        return -1;
    return sync == WH_SYNC_FILE ? fsync(fd) : 0;
}

int wh_file_replace(const char *path, const void *data, size_t len, mode_t mode, enum wh_sync sync, struct wh_err *err)
{
    char tag[9];
    if (wh_random_hex(tag, 8, err) < 0)
        return -1;
    wh_auto_free char *temp = wh_fmt("%s.tmp.%s", path, tag);
    if (!temp)
        return wh_fail(err, ENOMEM, "write %s", path);
    if (fill_temp(temp, data, len, mode, sync) < 0 || rename(temp, path) < 0) {
        int code = errno;
        unlink(temp);
        return wh_fail(err, code, "write %s", path);
    }
    if (sync == WH_SYNC_FILE && sync_folder_of(path) < 0)
        return wh_fail(err, errno, "sync the folder of %s", path);
    return 0;
}

int wh_file_poke_at(int dirfd, const char *path, const char *value, struct wh_err *err)
{
    wh_auto_fd fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return wh_fail(err, errno, "open %s", path);
    if (write(fd, value, strlen(value)) < 0)
        return wh_fail(err, errno, "write \"%s\" to %s", value, path);
    return 0;
}

int wh_file_poke(const char *path, const char *value, struct wh_err *err)
{
    return wh_file_poke_at(AT_FDCWD, path, value, err);
}

int wh_mkdir_p(const char *path, mode_t mode, struct wh_err *err)
{
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return 0; /* its parents are there nearly always */
    wh_auto_free char *copy = strdup(path);
    if (!copy)
        return wh_fail(err, ENOMEM, "create folder %s", path);
    for (char *p = copy + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char end = *p;
        *p = 0;
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            return wh_fail(err, errno, "create folder %s", copy);
        if (!end)
            return 0;
        *p = end;
    }
}

static int remove_entry(int dirfd, const char *name, dev_t dev);

static int remove_children(int fd, dev_t dev)
{
    wh_auto_dir dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return -1;
    }
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (remove_entry(dirfd(dir), e->d_name, dev) < 0)
            return -1;
    }
    return 0;
}

/* Recursion depth is that of the tree; image unpacking refuses trees deeper than 256 levels. */
static int remove_entry(int dirfd, const char *name, dev_t dev)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    struct stat st;
    if (fstat(fd, &st) < 0 || (dev && st.st_dev != dev)) {
        close(fd);
        errno = EXDEV;
        return -1;
    }
    if (remove_children(fd, st.st_dev) < 0)
        return -1;
    return unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

int wh_remove_tree_at(int dirfd, const char *name, struct wh_err *err)
{
    if (remove_entry(dirfd, name, 0) < 0)
        return wh_fail(err, errno, "remove %s", name);
    return 0;
}

int wh_remove_tree(const char *path, struct wh_err *err)
{
    return wh_remove_tree_at(AT_FDCWD, path, err);
}

bool wh_path_exists(const char *path)
{
    return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int wh_random_hex(char *buf, size_t n, struct wh_err *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[64];
    size_t need = (n + 1) / 2;
    if (need > sizeof(bytes) || getrandom(bytes, need, 0) != (ssize_t)need)
        return wh_fail(err, errno, "getrandom");
    for (size_t i = 0; i < n; i++)
        buf[i] = digits[i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4];
    buf[n] = 0;
    return 0;
}
