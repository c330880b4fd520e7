/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container uses, from whichever version of a controller is there; from /proc where there is none. */
#include "cgroup.h"

#include "whale/util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_BYTES 8192

static bool read_number(const struct wh_cgroup *cg, int tree, const char *file, uint64_t *ret)
{
    char text[64];
    if (wh_cgroup_read(cg, tree, file, text, sizeof(text)) <= 0)
        return false;
    *ret = strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
    return true;
}

/* cpu.stat of the unified tree needs no controller. */
static void read_cpu(const struct wh_cgroup *cg, struct wh_cgroup_stats *s)
{
    char text[TEXT_BYTES];
    uint64_t us;
    if (wh_cgroup_read(cg, -1, "cpu.stat", text, sizeof(text)) > 0) {
        s->cpu_usage_ns = wh_cgroup_keyed(text, "usage_usec", &us) ? us * 1000 : 0;
        s->cpu_user_ns = wh_cgroup_keyed(text, "user_usec", &us) ? us * 1000 : 0;
        s->cpu_system_ns = wh_cgroup_keyed(text, "system_usec", &us) ? us * 1000 : 0;
        s->throttled_ns = wh_cgroup_keyed(text, "throttled_usec", &us) ? us * 1000 : 0;
        wh_cgroup_keyed(text, "nr_throttled", &s->throttled_periods);
    } else {
        read_number(cg, WH_CTL_CPUACCT, "cpuacct.usage", &s->cpu_usage_ns);
    }
    if (cg->v1_fd[WH_CTL_CPU] >= 0 && wh_cgroup_read(cg, WH_CTL_CPU, "cpu.stat", text, sizeof(text)) > 0) {
        wh_cgroup_keyed(text, "nr_throttled", &s->throttled_periods);
        wh_cgroup_keyed(text, "throttled_time", &s->throttled_ns);
    }
}

/* Resident pages of the processes: shared ones count several times, which no controller would do. */
static uint64_t sum_resident(const struct wh_cgroup *cg)
{
    struct wh_vec pids;
    uint64_t pages = 0;
    if (wh_cgroup_pids(cg, &pids, NULL) < 0)
        return 0;
    for (size_t i = 0; i < pids.len; i++) {
        char path[40], text[128] = "";
        unsigned long resident = 0;
        snprintf(path, sizeof(path), "/proc/%d/statm", wh_vec_at(&pids, pid_t, i));
        wh_auto_file f = fopen(path, "re");
        if (f && fgets(text, sizeof(text), f) && sscanf(text, "%*u %lu", &resident) == 1)
            pages += resident;
    }
    wh_vec_fini(&pids);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* v1's "no limit" is a page-rounded LONG_MAX. */
static uint64_t as_limit(uint64_t value)
{
    return value >= UINT64_C(1) << 62 ? UINT64_MAX : value;
}

static void read_memory(const struct wh_cgroup *cg, struct wh_cgroup_stats *s)
{
    char text[TEXT_BYTES];
    int tree = wh_cgroup_tree_of(cg->layout, WH_CTL_MEMORY);
    bool v2 = tree == -1;
    uint64_t usage = 0, inactive = 0, limit = UINT64_MAX;
    if (!read_number(cg, tree, v2 ? "memory.current" : "memory.usage_in_bytes", &usage)) {
        s->memory_bytes = sum_resident(cg);
        s->memory_limit_bytes = UINT64_MAX;
        return;
    }
    read_number(cg, tree, v2 ? "memory.max" : "memory.limit_in_bytes", &limit);
    if (wh_cgroup_read(cg, tree, "memory.stat", text, sizeof(text)) > 0) {
        wh_cgroup_keyed(text, v2 ? "inactive_file" : "total_inactive_file", &inactive);
        wh_cgroup_keyed(text, v2 ? "file" : "total_cache", &s->memory_cache_bytes);
    }
    s->memory_bytes = usage > inactive ? usage - inactive : 0;
    s->memory_limit_bytes = as_limit(limit);
}

/* Threads, as the controller counts: each is a folder. */
static uint64_t count_threads(const struct wh_cgroup *cg)
{
    struct wh_vec pids;
    uint64_t n = 0;
    if (wh_cgroup_pids(cg, &pids, NULL) < 0)
        return 0;
    for (size_t i = 0; i < pids.len; i++) {
        char path[40];
        struct stat st;
        snprintf(path, sizeof(path), "/proc/%d/task", wh_vec_at(&pids, pid_t, i));
        if (stat(path, &st) == 0 && st.st_nlink > 2)
            n += st.st_nlink - 2;
    }
    wh_vec_fini(&pids);
    return n;
}

static void read_pids(const struct wh_cgroup *cg, struct wh_cgroup_stats *s)
{
    int tree = wh_cgroup_tree_of(cg->layout, WH_CTL_PIDS);
    if (read_number(cg, tree, "pids.current", &s->pids)) {
        if (!read_number(cg, tree, "pids.max", &s->pids_limit) || s->pids_limit == UINT64_MAX)
            s->pids_limit = 0;
    } else {
        s->pids = count_threads(cg);
    }
}

/* "8:0 Read 4096" lines. */
static void sum_blkio(const char *text, uint64_t *ret_read, uint64_t *ret_write)
{
    char word[16];
    unsigned long long n;
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (sscanf(line, "%*u:%*u %15s %llu", word, &n) == 2) {
            *ret_read += strcmp(word, "Read") == 0 ? n : 0;
            *ret_write += strcmp(word, "Write") == 0 ? n : 0;
        }
}

static uint64_t sum_key(const char *text, const char *key)
{
    uint64_t sum = 0;
    for (const char *at = text; (at = strstr(at, key)); at += strlen(key))
        sum += strtoull(at + strlen(key), NULL, 10);
    return sum;
}

static void read_io(const struct wh_cgroup *cg, struct wh_cgroup_stats *s)
{
    char text[TEXT_BYTES];
    int tree = wh_cgroup_tree_of(cg->layout, WH_CTL_BLKIO);
    if (tree == -1 && wh_cgroup_read(cg, tree, "io.stat", text, sizeof(text)) > 0) {
        s->io_read_bytes = sum_key(text, "rbytes=");
        s->io_write_bytes = sum_key(text, "wbytes=");
        s->io_read_ops = sum_key(text, "rios=");
        s->io_write_ops = sum_key(text, "wios=");
    } else if (tree >= 0) {
        if (wh_cgroup_read(cg, tree, "blkio.throttle.io_service_bytes", text, sizeof(text)) > 0)
            sum_blkio(text, &s->io_read_bytes, &s->io_write_bytes);
        if (wh_cgroup_read(cg, tree, "blkio.throttle.io_serviced", text, sizeof(text)) > 0)
            sum_blkio(text, &s->io_read_ops, &s->io_write_ops);
    }
}

uint64_t wh_cgroup_oom_kills(const struct wh_cgroup *cg)
{
    char text[TEXT_BYTES];
    uint64_t n = 0;
    int tree = wh_cgroup_tree_of(cg->layout, WH_CTL_MEMORY);
    if (wh_cgroup_read(cg, tree, tree == -1 ? "memory.events" : "memory.oom_control", text, sizeof(text)) > 0)
        wh_cgroup_keyed(text, "oom_kill", &n);
    return n;
}

int wh_cgroup_stats(const struct wh_cgroup *cg, struct wh_cgroup_stats *ret, struct wh_err *err)
{
    struct wh_cgroup_stats s = {0};
    if (wh_cgroup_is_populated(cg) < 0)
        return wh_fail(err, WH_E_NOT_FOUND, "cgroup %s is gone", cg->name);
    read_cpu(cg, &s);
    read_memory(cg, &s);
    read_pids(cg, &s);
    read_io(cg, &s);
    s.oom_kills = wh_cgroup_oom_kills(cg);
    *ret = s;
    return 0;
}
