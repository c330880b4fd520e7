/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Acting on the processes of a cgroup: kill, freeze, signal, list, move in. */
#include "cgroup.h"

#include "whale/util/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KILL_ROUNDS 50
#define MAX_DEPTH   16

/* ---- who is in it ----------------------------------------------------------------------------------------------- */

static int read_procs(int dir_fd, struct wh_vec *ret)
{
    int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    wh_auto_file f = fd < 0 ? NULL : fdopen(fd, "r");
    int pid;
    if (!f)
        return -1;
    while (fscanf(f, "%d", &pid) == 1) {
        pid_t *item = wh_vec_push(ret);
        if (!item)
            return -1;
        *item = pid;
    }
    return 0;
}

/* With the folders that the container made below. */
static int read_tree(int dir_fd, struct wh_vec *ret, int depth)
{
    if (read_procs(dir_fd, ret) < 0)
        return -1;
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    wh_auto_dir dir = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *e; dir && depth < MAX_DEPTH && (e = readdir(dir));) {
        if (e->d_type != DT_DIR || e->d_name[0] == '.')
            continue;
        wh_auto_fd child = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0)
            read_tree(child, ret, depth + 1);
    }
    return 0;
}

static int open_life_dir(const struct wh_cgroup *cg)
{
    if (cg->dir_fd >= 0)
        return fcntl(cg->dir_fd, F_DUPFD_CLOEXEC, 3);
    wh_auto_free char *path = wh_cgroup_path(cg->layout, WH_CTL_FREEZER, cg->name);
    errno = ENOENT;
    return path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

int wh_cgroup_pids(const struct wh_cgroup *cg, struct wh_vec *ret, struct wh_err *err)
{
    struct wh_vec pids = WH_VEC(pid_t);
    wh_auto_fd fd = open_life_dir(cg);
    if (fd < 0 || read_tree(fd, &pids, 0) < 0) {
        wh_vec_fini(&pids);
        return wh_fail(err, errno, "processes of cgroup %s", cg->name);
    }
    *ret = pids;
    return 0;
}

int wh_cgroup_is_populated(const struct wh_cgroup *cg)
{
    char text[256];
    uint64_t populated;
    if (cg->dir_fd >= 0)
        return wh_cgroup_read(cg, -1, "cgroup.events", text, sizeof(text)) > 0 &&
                       wh_cgroup_keyed(text, "populated", &populated)
                   ? populated != 0
                   : -1;
    struct wh_vec pids;
    if (wh_cgroup_pids(cg, &pids, NULL) < 0)
        return -1;
    bool any = pids.len > 0;
    wh_vec_fini(&pids);
    return any;
}

/* ---- acting on them --------------------------------------------------------------------------------------------- */

int wh_cgroup_signal(const struct wh_cgroup *cg, int signo, struct wh_err *err)
{
    struct wh_vec pids;
    if (wh_cgroup_pids(cg, &pids, err) < 0)
        return -1;
    for (size_t i = 0; i < pids.len; i++)
        kill(wh_vec_at(&pids, pid_t, i), signo);
    wh_vec_fini(&pids);
    return 0;
}

static int kill_by_rounds(const struct wh_cgroup *cg, struct wh_err *err)
{
    wh_cgroup_freeze(cg, false, NULL); /* a frozen task of v1 does not act on SIGKILL */
    for (int i = 0; i < KILL_ROUNDS && wh_cgroup_is_populated(cg) == 1; i++)
        if (wh_cgroup_signal(cg, SIGKILL, err) < 0)
            return -1;
    return 0;
}

/* cgroup.kill is there since Linux 5.14. */
int wh_cgroup_kill(const struct wh_cgroup *cg, struct wh_err *err)
{
    if (wh_cgroup_is_populated(cg) == 0) /* and the cgroup stays one that a process may be cloned into */
        return 0;
    if (cg->dir_fd >= 0 && wh_file_poke_at(cg->dir_fd, "cgroup.kill", "1", NULL) == 0)
        return 0;
    return kill_by_rounds(cg, err);
}

int wh_cgroup_freeze(const struct wh_cgroup *cg, bool frozen, struct wh_err *err)
{
    if (cg->dir_fd >= 0)
        return wh_file_poke_at(cg->dir_fd, "cgroup.freeze", frozen ? "1" : "0", err);
    wh_auto_fd fd = open_life_dir(cg);
    if (fd < 0)
        return wh_fail(err, errno, "freeze cgroup %s", cg->name);
    return wh_file_poke_at(fd, "freezer.state", frozen ? "FROZEN" : "THAWED", err);
}
