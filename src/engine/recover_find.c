/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first process of a container that was cloned and never registered: the loop was killed in between, and only the
 * cgroup, made before the clone, knows of it. It is a child of the keeper's and pid 1 of a pid namespace; processes of
 * exec are the former and not the latter.
 */
#include "engine/ctr.h"

#include "whale/sys/process.h"
#include "whale/util/file.h"
#include "whale/util/str.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The number after the last blank of a status line, as in "NSpid: 4711 1". */
static long last_number(const char *status, const char *key)
{
    const char *line = strstr(status, key);
    if (!line)
        return -1;
    size_t len = strcspn(line + 1, "\n") + 1;
    while (len && line[len - 1] != ' ' && line[len - 1] != '\t')
        len--;
    return strtol(line + len, NULL, 10);
}

static bool is_first_process(pid_t pid)
{
    wh_auto_free char *path = wh_fmt("/proc/%d/status", pid);
    wh_auto_str status = {0};
    if (!path || wh_file_read(path, 16384, &status, NULL) < 0)
        return false;
    return last_number(wh_str_c(&status), "\nPPid:") == getppid() && last_number(wh_str_c(&status), "\nNSpid:") == 1;
}

/* Not yet: until then the process is a copy of this one. Nobody has the end of its report. */
static bool runs_its_program(pid_t pid)
{
    struct stat own, its;
    char path[40];
    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    return stat("/proc/self/exe", &own) == 0 && stat(path, &its) == 0 &&
           (own.st_dev != its.st_dev || own.st_ino != its.st_ino);
}

bool recover_find_unregistered(const struct ctr *c, struct wh_keeper_process *ret)
{
    wh_auto_free char *name = ctr_cgroup_name(c);
    struct wh_cgroup cg;
    struct wh_vec pids;
    bool found = false;
    if (!name || wh_cgroup_open(&c->p->layout, name, &cg, NULL) < 0)
        return false;
    if (wh_cgroup_pids(&cg, &pids, NULL) == 0) {
        for (size_t i = 0; i < pids.len && !found; i++) {
            pid_t pid = wh_vec_at(&pids, pid_t, i);
            wh_auto_fd pidfd = wh_sys_pidfd_open(pid); /* first: the number cannot change its owner afterwards */
            found = pidfd >= 0 && is_first_process(pid) && runs_its_program(pid);
            if (found)
                *ret = (struct wh_keeper_process){
                    .pid = pid, .pidfd = wh_steal_fd(&pidfd), .cgroup_id = wh_cgroup_id(&cg)};
        }
        wh_vec_fini(&pids);
        /* Nothing that can be told apart: nothing that was announced as running either. Not by cgroup.kill: some
         * kernels (seen on 6.18) afterwards kill every process that is cloned into that cgroup, and the next life may
         * be. */
        if (!found)
            wh_cgroup_signal(&cg, SIGKILL, NULL);
    }
    wh_cgroup_close(&cg);
    return found;
}
