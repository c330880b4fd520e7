/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flock on files that are never removed: a lock file that is deleted would be two locks for a moment. */
#include "whale/state.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

static int lock_file(const char *path, bool wait, int *ret_fd, struct wh_err *err)
{
    wh_auto_fd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return wh_fail(err, errno, "open %s", path);
    int r;
    do
        r = flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return errno == EWOULDBLOCK ? WH_LOCK_BUSY : wh_fail(err, errno, "lock %s", path);
    *ret_fd = wh_steal_fd(&fd);
    return 0;
}

int wh_state_lock_global(int *ret_fd, struct wh_err *err)
{
    wh_auto_free char *path = wh_fmt("%s/global.lock", wh_state_run());
    if (!path)
        return wh_fail(err, ENOMEM, "lock");
    return lock_file(path, true, ret_fd, err);
}

int wh_state_lock_project(const char *project, bool wait, int *ret_fd, struct wh_err *err)
{
    wh_auto_free char *dir = wh_state_project_run_dir(project);
    wh_auto_free char *path = dir ? wh_fmt("%s/lock", dir) : NULL;
    if (!path)
        return wh_fail(err, ENOMEM, "lock");
    if (wh_mkdir_p(dir, 0700, err) < 0)
        return -1;
    return lock_file(path, wait, ret_fd, err);
}
