/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image's content for an empty volume, copied by the container's child before it mounts the volume. Under a lock on
 * the volume's folder, as two containers may start with it at once; beside it, so that a start that is killed leaves
 * nothing half: `X.seeding` is an unfinished copy (made again), `X.seeded` a finished one, on disk as a whole, whose
 * entries go into X by rename (finished by the next start). The folder itself stays the same inode, for those who have
 * it mounted already. A volume that is a file system of its own (driver_opts) has both inside: nothing can be renamed
 * into it from beside.
 */
#include "child.h"
#include "copy_tree.h"

#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct seed {
    int volume_fd;
    int parent_fd;
    char seeding[NAME_MAX + 1], seeded[NAME_MAX + 1];
};

static bool is_mount_point(int fd)
{
    struct statx stx;
    return statx(fd, "", AT_EMPTY_PATH, 0, &stx) == 0 && (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* Where the two folders of the copy are, and what they are called. */
static int choose_place(struct seed *s, const char *volume_path)
{
    const char *slash = strrchr(volume_path, '/');
    char parent[PATH_MAX];
    bool inside = is_mount_point(s->volume_fd);
    const char *name = inside ? ".whale" : slash + 1;
    int len = inside ? snprintf(parent, sizeof(parent), "%s", volume_path)
                     : snprintf(parent, sizeof(parent), "%.*s/", (int)(slash - volume_path), volume_path);
    int name_len = snprintf(s->seeding, sizeof(s->seeding), "%s.seeding", name);
    snprintf(s->seeded, sizeof(s->seeded), "%s.seeded", name);
    if (len >= (int)sizeof(parent) || name_len >= (int)sizeof(s->seeding) || !slash[1]) {
        errno = ENAMETOOLONG;
        return -1;
    }
    s->parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return s->parent_fd < 0 ? -1 : 0;
}

static int open_seed(struct seed *s, const char *volume_path)
{
    s->volume_fd = open(volume_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return s->volume_fd < 0 || choose_place(s, volume_path) < 0 ? -1 : flock(s->volume_fd, LOCK_EX);
}

/* Attributes of the root travel with the finished copy, whose folder has them too, but its times only until the first
 * entry leaves it. 1: there was one. */
static int take_finished(struct seed *s)
{
    struct stat st;
    wh_auto_fd done = openat(s->parent_fd, s->seeded, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (done < 0)
        return errno == ENOENT ? 0 : -1;
    if (fstat(done, &st) < 0 || wh_tree_move_entries(done, s->volume_fd) < 0 ||
        wh_tree_copy_attributes(done, s->volume_fd) < 0)
        return -1;
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    if (unlinkat(s->parent_fd, s->seeded, AT_REMOVEDIR) < 0)
        return -1;
    return futimens(s->volume_fd, times) < 0 ? -1 : 1;
}

static int make_copy(struct seed *s, int source_fd)
{
    if (mkdirat(s->parent_fd, s->seeding, 0700) < 0)
        return -1;
    wh_auto_fd to = openat(s->parent_fd, s->seeding, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to < 0 || wh_tree_copy(source_fd, to) < 0 || wh_tree_copy_attributes(source_fd, to) < 0)
        return -1;
    if (wh_tree_is_empty(to) == 0 && syncfs(to) < 0)
        return -1;
    return renameat(s->parent_fd, s->seeding, s->parent_fd, s->seeded);
}

static int seed(struct seed *s, int source_fd, const char *volume_path)
{
    if (open_seed(s, volume_path) < 0)
        return -1;
    int finished = take_finished(s);
    if (finished)
        return finished < 0 ? -1 : 0;
    int empty = wh_tree_remove(s->parent_fd, s->seeding) < 0 ? -1 : wh_tree_is_empty(s->volume_fd);
    if (empty <= 0)
        return empty;
    if (make_copy(s, source_fd) < 0)
        return -1;
    return take_finished(s) < 0 ? -1 : 0;
}

int wh_child_seed_volume(struct wh_report *r, int source_fd, const char *volume_path)
{
    struct seed s = {.volume_fd = -1, .parent_fd = -1};
    int ret = seed(&s, source_fd, volume_path);
    int error = errno;
    wh_close(&s.volume_fd);
    wh_close(&s.parent_fd);
    errno = error;
    return ret < 0 ? wh_report_fail(r, "copy the image's content into the volume") : 0;
}
