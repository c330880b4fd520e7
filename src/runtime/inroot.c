/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and making paths in a tree whose symlinks are an attacker's. */
#include "inroot.h"

#include "whale/sys/openat2.h"
#include "whale/sys/process.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LINKS 40

int wh_inroot_of(int pidfd)
{
    char path[32];
    pid_t pid = wh_sys_pidfd_pid(pidfd);
    snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
    wh_auto_fd fd = pid > 0 ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (wh_sys_pidfd_is_alive(pidfd)) /* then the number was still its own */
        return wh_steal_fd(&fd);
    errno = ESRCH;
    return -1;
}

int wh_inroot_open(int root_fd, const char *path, int flags)
{
    return wh_openat2(root_fd, path, (uint64_t)(unsigned)flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int wh_inroot_open_plain(int root_fd, const char *path, int flags)
{
    return wh_openat2(root_fd, path, (uint64_t)(unsigned)flags, 0,
                      RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
}

/* Splits "a/b/c" at the last slash: parent "a/b" (or ".") into buf, name borrowed from path. */
static const char *split_last(const char *path, char *parent, size_t size)
{
    size_t len = strlen(path);
    const char *slash = memrchr(path, '/', len);
    if (!slash) {
        snprintf(parent, size, ".");
        return path;
    }
    snprintf(parent, size, "%.*s", (int)(slash - path), path);
    if (!parent[0])
        snprintf(parent, size, ".");
    return slash + 1;
}

/* path := where the symlink parent/name points to, from the root. */
static int follow_link(int parent_fd, const char *parent, const char *name, char *path, size_t size)
{
    char link[PATH_MAX];
    ssize_t n = readlinkat(parent_fd, name, link, sizeof(link) - 1);
    if (n < 0)
        return -1;
    link[n] = '\0';
    int len = link[0] == '/' ? snprintf(path, size, "%s", link) : snprintf(path, size, "%s/%s", parent, link);
    if (len >= 0 && (size_t)len < size)
        return 0;
    errno = ENAMETOOLONG;
    return -1;
}

static void trim_slashes(char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
}

static int ensure(int root_fd, const char *path, bool dir, int depth);

/* The last name does not resolve; its parent is held. It is missing, or a symlink to something missing. */
static int make_last(int root_fd, int parent_fd, const char *parent, const char *name, bool dir, int depth)
{
    wh_auto_fd made = -1;
    int ret = dir ? mkdirat(parent_fd, name, 0755)
                  : (made = openat(parent_fd, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644));
    if (ret >= 0)
        return openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (errno != EEXIST)
        return -1;
    char target[PATH_MAX];
    if (follow_link(parent_fd, parent, name, target, sizeof(target)) < 0)
        return errno == EINVAL ? openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
    return ensure(root_fd, target, dir, depth + 1);
}

/* mkdir's mode is cut by the umask, which the child has set to 0. */
static int ensure(int root_fd, const char *path, bool dir, int depth)
{
    char copy[PATH_MAX], parent[PATH_MAX];
    int fd = wh_inroot_open(root_fd, path, O_PATH | (dir ? O_DIRECTORY : 0));
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (depth >= MAX_LINKS * 2 || strlen(path) >= sizeof(copy)) {
        errno = depth >= MAX_LINKS * 2 ? ELOOP : ENAMETOOLONG;
        return -1;
    }
    snprintf(copy, sizeof(copy), "%s", path);
    trim_slashes(copy);
    const char *name = split_last(copy, parent, sizeof(parent));
    if (!strcmp(name, "..") || !strcmp(name, ".")) {
        errno = ENOENT;
        return -1;
    }
    wh_auto_fd parent_fd = ensure(root_fd, parent, true, depth + 1);
    if (parent_fd < 0)
        return -1;
    return make_last(root_fd, parent_fd, parent, name, dir, depth);
}

int wh_inroot_ensure_dir(int root_fd, const char *path)
{
    return ensure(root_fd, path, true, 0);
}

int wh_inroot_ensure_file(int root_fd, const char *path)
{
    return ensure(root_fd, path, false, 0);
}
