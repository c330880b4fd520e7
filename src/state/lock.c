/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flock on files. A project's file goes when its last supervisor ends: whoever has waited for a lock looks whether the
 * file is still the one of that name. */
#include "whale/state.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_GONE = 2 }; /* the file was removed meanwhile */

static bool is_still(int fd, const char *path)
{
    struct stat held, now;
    return fstat(fd, &held) == 0 && stat(path, &now) == 0 && held.st_ino == now.st_ino && held.st_dev == now.st_dev;
}

static int lock_file(const char *path, int flags, bool wait, int *ret_fd, struct wh_err *err)
{
    wh_auto_fd fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (fd < 0)
        return errno == ENOENT ? LOCK_GONE : wh_fail(err, errno, "open %s", path);
    int r;
    do
        r = flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return errno == EWOULDBLOCK ? WH_LOCK_BUSY : wh_fail(err, errno, "lock %s", path);
    if (!is_still(fd, path))
        return LOCK_GONE;
    *ret_fd = wh_steal_fd(&fd);
    return 0;
}

/* The folder may be removed together with the file. */
static int lock_in(const char *dir, const char *path, bool wait, int *ret_fd, struct wh_err *err)
{
    int r;
    do {
        if (wh_mkdir_p(dir, 0700, err) < 0)
            return -1;
        r = lock_file(path, O_CREAT, wait, ret_fd, err);
    } while (r == LOCK_GONE);
    return r;
}

int wh_state_lock_global(int *ret_fd, struct wh_err *err)
{
    wh_auto_free char *path = wh_fmt("%s/global.lock", wh_state_run());
    if (!path)
        return wh_fail(err, ENOMEM, "lock");
    return lock_in(wh_state_run(), path, true, ret_fd, err);
}

int wh_state_lock_project(const char *project, bool wait, int *ret_fd, struct wh_err *err)
{
    wh_auto_free char *dir = wh_state_project_run_dir(project);
    wh_auto_free char *path = dir ? wh_fmt("%s/lock", dir) : NULL;
    if (!path)
        return wh_fail(err, ENOMEM, "lock");
    return lock_in(dir, path, wait, ret_fd, err);
}

int wh_state_project_is_locked(const char *project, struct wh_err *err)
{
    wh_auto_free char *dir = wh_state_project_run_dir(project);
    wh_auto_free char *path = dir ? wh_fmt("%s/lock", dir) : NULL;
    wh_auto_fd fd = -1;
    int r = path ? lock_file(path, 0, false, &fd, err) : wh_fail(err, ENOMEM, "lock");
    return r < 0 ? -1 : r == WH_LOCK_BUSY;
}

void wh_state_remove_run_dir(const char *project)
{
    static const char *const names[] = {"supervisor.log", "lock"}; /* from then on it can be somebody else's */
    wh_auto_free char *dir = wh_state_project_run_dir(project);
    for (size_t i = 0; dir && i < WH_ARRAY_LEN(names); i++) {
        wh_auto_free char *path = wh_fmt("%s/%s", dir, names[i]);
        if (path)
            unlink(path);
    }
    if (dir)
        rmdir(dir);
}
