/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees by descriptor: every folder is opened below its held parent with O_NOFOLLOW, names come from getdents64. */
#include "copy_tree.h"

#include "whale/util/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define MAX_DEPTH   200 /* two descriptors a level, and the usual limit is 1024 */
#define LINK_SLOTS  65536u
#define LINK_BYTES  ((size_t)16 << 20)
#define XATTR_NAMES 4096
#define XATTR_VALUE 16384

/* First path of each file with more than one name; in mapped memory that costs nothing until it is used. */
struct link_slot {
    uint64_t dev, ino;
    uint32_t path; /* offset + 1, 0 = free */
};

struct copy {
    int to_root;
    int depth;
    size_t path_len;
    char path[PATH_MAX]; /* of the entry at work, from the root */
    struct link_slot *slots;
    char *paths;
    size_t paths_used;
};

/* ---- walking ---- */

static bool is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* > 0 from fn ends the walk and is returned. */
static int each_entry(int dir_fd, int (*fn)(void *arg, const char *name), void *arg)
{
    char buf[2048] __attribute__((aligned(8)));
    ssize_t n;
    while ((n = getdents64(dir_fd, buf, sizeof(buf))) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct dirent64 *e = (const void *)(buf + at);
            at += e->d_reclen;
            int ret = is_dots(e->d_name) ? 0 : fn(arg, e->d_name);
            if (ret)
                return ret;
        }
    }
    return n < 0 ? -1 : 0;
}

static int open_folder(int parent_fd, const char *name)
{
    return openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int say_present(void *arg, const char *name)
{
    return 1;
}

int wh_tree_is_empty(int dir_fd)
{
    wh_auto_fd fd = open_folder(dir_fd, ".");
    int ret = fd < 0 ? -1 : each_entry(fd, say_present, NULL);
    return ret < 0 ? -1 : !ret;
}

/* ---- removing and moving ---- */

struct removal {
    int dir_fd;
    int depth;
};

static int remove_entry(void *arg, const char *name)
{
    struct removal *r = arg;
    if (unlinkat(r->dir_fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    if (r->depth >= MAX_DEPTH) {
        errno = ELOOP;
        return -1;
    }
    wh_auto_fd fd = open_folder(r->dir_fd, name);
    struct removal below = {fd, r->depth + 1};
    if (fd < 0 || each_entry(fd, remove_entry, &below) < 0)
        return -1;
    return unlinkat(r->dir_fd, name, AT_REMOVEDIR);
}

int wh_tree_remove(int parent_fd, const char *name)
{
    struct removal r = {parent_fd, 0};
    return remove_entry(&r, name);
}

struct move {
    int from_fd, to_fd;
};

static int move_entry(void *arg, const char *name)
{
    struct move *m = arg;
    return renameat(m->from_fd, name, m->to_fd, name);
}

/* Renaming while reading may make the kernel skip an entry: read again until none is left. */
int wh_tree_move_entries(int from_fd, int to_fd)
{
    struct move m = {from_fd, to_fd};
    for (int empty = 0; !empty;) {
        wh_auto_fd fd = open_folder(from_fd, ".");
        if (fd < 0 || each_entry(fd, move_entry, &m) < 0)
            return -1;
        empty = wh_tree_is_empty(from_fd);
        if (empty < 0)
            return -1;
    }
    return 0;
}

/* ---- attributes ---- */

/* What the target cannot hold (another file system, no labels) is left out. */
static int copy_xattr(int from_fd, int to_fd, const char *name)
{
    char value[XATTR_VALUE];
    ssize_t n = fgetxattr(from_fd, name, value, sizeof(value));
    if (n < 0)
        return errno == ENODATA || errno == ENOTSUP ? 0 : -1;
    if (fsetxattr(to_fd, name, value, (size_t)n, 0) < 0 && errno != ENOTSUP && errno != EPERM)
        return -1;
    return 0;
}

static int copy_xattrs(int from_fd, int to_fd)
{
    char names[XATTR_NAMES];
    ssize_t n = flistxattr(from_fd, names, sizeof(names));
    if (n < 0)
        return errno == ENOTSUP ? 0 : -1;
    for (ssize_t at = 0; at < n; at += (ssize_t)strlen(names + at) + 1) {
        if (copy_xattr(from_fd, to_fd, names + at) < 0)
            return -1;
    }
    return 0;
}

/* Owner first: a change of it clears set-id bits and file capabilities. */
int wh_tree_copy_attributes(int from_fd, int to_fd)
{
    struct stat st;
    if (fstat(from_fd, &st) < 0 || fchown(to_fd, st.st_uid, st.st_gid) < 0 || fchmod(to_fd, st.st_mode & 07777) < 0 ||
        copy_xattrs(from_fd, to_fd) < 0)
        return -1;
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    return futimens(to_fd, times);
}

/* ---- hard links ---- */

static struct link_slot *find_slot(struct copy *c, const struct stat *st)
{
    uint32_t hash = (uint32_t)((uint64_t)st->st_ino * UINT64_C(0x9E3779B97F4A7C15) >> 40);
    for (uint32_t i = 0; i < LINK_SLOTS; i++) {
        struct link_slot *s = &c->slots[(hash + i) % LINK_SLOTS];
        if (!s->path || (s->dev == st->st_dev && s->ino == st->st_ino))
            return s;
    }
    return NULL;
}

/* 1: linked to an earlier copy. A full table makes a second copy of the file instead. */
static int link_to_earlier(struct copy *c, const struct stat *st)
{
    struct link_slot *s = st->st_nlink > 1 ? find_slot(c, st) : NULL;
    if (!s)
        return 0;
    if (s->path)
        return linkat(c->to_root, c->paths + s->path - 1, c->to_root, c->path, 0) < 0 ? -1 : 1;
    if (c->paths_used + c->path_len + 1 > LINK_BYTES)
        return 0;
    memcpy(c->paths + c->paths_used, c->path, c->path_len + 1);
    *s = (struct link_slot){st->st_dev, st->st_ino, (uint32_t)c->paths_used + 1};
    c->paths_used += c->path_len + 1;
    return 0;
}

/* ---- copying ---- */

static int copy_bytes(int from_fd, int to_fd, off_t size)
{
    while (size > 0) {
        ssize_t n = sendfile(to_fd, from_fd, NULL, (size_t)size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -1 : 0;
        size -= n;
    }
    return 0;
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
    struct stat st;
    wh_auto_fd from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (from < 0 || fstat(from, &st) < 0)
        return -1;
    wh_auto_fd to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0 || copy_bytes(from, to, st.st_size) < 0)
        return -1;
    return wh_tree_copy_attributes(from, to);
}

static int copy_symlink(int from_dir, int to_dir, const char *name, const struct stat *st)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);
    if (n < 0)
        return -1;
    target[n] = '\0';
    const struct timespec times[2] = {st->st_atim, st->st_mtim};
    if (symlinkat(target, to_dir, name) < 0 || fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    return utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_node(int to_dir, const char *name, const struct stat *st)
{
    const struct timespec times[2] = {st->st_atim, st->st_mtim};
    if (mknodat(to_dir, name, st->st_mode & (S_IFMT | 07777), st->st_rdev) < 0 ||
        fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    return utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW);
}

struct level {
    struct copy *copy;
    int from, to;
};

static int copy_entry(void *arg, const char *name);

/* Attributes last: times change with every entry, and the mode may forbid them. */
static int copy_folder(struct copy *c, int from_dir, int to_dir, const char *name)
{
    if (++c->depth > MAX_DEPTH) {
        errno = ELOOP;
        return -1;
    }
    wh_auto_fd from = open_folder(from_dir, name);
    if (from < 0 || mkdirat(to_dir, name, 0700) < 0)
        return -1;
    wh_auto_fd to = open_folder(to_dir, name);
    struct level below = {c, from, to};
    if (to < 0 || each_entry(from, copy_entry, &below) < 0)
        return -1;
    c->depth--;
    return wh_tree_copy_attributes(from, to);
}

static int copy_by_type(struct copy *c, const struct level *l, const char *name)
{
    struct stat st;
    if (fstatat(l->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (S_ISDIR(st.st_mode))
        return copy_folder(c, l->from, l->to, name);
    int linked = link_to_earlier(c, &st);
    if (linked)
        return linked < 0 ? -1 : 0;
    if (S_ISREG(st.st_mode))
        return copy_file(l->from, l->to, name);
    return S_ISLNK(st.st_mode) ? copy_symlink(l->from, l->to, name, &st) : copy_node(l->to, name, &st);
}

static int copy_entry(void *arg, const char *name)
{
    const struct level *l = arg;
    struct copy *c = l->copy;
    size_t old_len = c->path_len, len = strlen(name);
    if (old_len + len + 2 > sizeof(c->path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (old_len)
        c->path[c->path_len++] = '/';
    memcpy(c->path + c->path_len, name, len + 1);
    c->path_len += len;
    int ret = copy_by_type(c, l, name);
    c->path_len = old_len;
    c->path[old_len] = '\0';
    return ret;
}

int wh_tree_copy(int from_fd, int to_fd)
{
    struct copy c = {.to_root = to_fd};
    size_t slots_size = LINK_SLOTS * sizeof(struct link_slot);
    void *memory =
        mmap(NULL, slots_size + LINK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    c.slots = memory;
    c.paths = (char *)memory + slots_size;
    wh_auto_fd from = open_folder(from_fd, ".");
    struct level top = {&c, from, to_fd};
    int ret = from < 0 ? -1 : each_entry(from, copy_entry, &top);
    int error = errno;
    munmap(memory, slots_size + LINK_BYTES);
    errno = error;
    return ret;
}
