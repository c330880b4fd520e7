/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identity of a process: boot id, pid and start time together; a pid alone may be somebody else's by now. */
#include "whale/state.h"
#include "whale/util/file.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PROCESSES_MAX 64
#define SETTLE_NS     (500 * WH_NS_PER_MS)

/* Field 3 (state) follows the last ")", field 22 is the start time in clock ticks since boot. */
static const char *stat_field(const char *stat, int field)
{
    const char *p = strrchr(stat, ')');
    if (!p)
        return NULL;
    p += 2;
    for (int i = 3; i < field && p; i++) {
        p = strchr(p, ' ');
        if (p)
            p++;
    }
    return p;
}

static int read_stat(int pid, struct wh_str *ret)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    return pid > 0 ? wh_file_read(path, 8192, ret, NULL) : -1;
}

uint64_t wh_state_process_start(int pid)
{
    wh_auto_str text = {0};
    if (read_stat(pid, &text) < 0)
        return 0;
    const char *field = stat_field(wh_str_c(&text), 22);
    return field ? strtoull(field, NULL, 10) : 0;
}

/* One that has ended and waits to be reaped is not alive. */
bool wh_state_process_alive(int pid, uint64_t start, const char *boot_id)
{
    wh_auto_str text = {0};
    if (start == 0 || !wh_streq(boot_id, wh_state_boot_id()) || read_stat(pid, &text) < 0)
        return false;
    const char *state = stat_field(wh_str_c(&text), 3), *began = stat_field(wh_str_c(&text), 22);
    return state && began && !strchr("ZX", *state) && strtoull(began, NULL, 10) == start;
}

/* Sleeping for an event, stopped or idle: it does not end by itself within the next moment. */
static bool is_at_rest(int pid)
{
    wh_auto_str text = {0};
    if (read_stat(pid, &text) < 0)
        return false;
    const char *state = stat_field(wh_str_c(&text), 3);
    return state && strchr("SITt", *state);
}

static size_t add_children(int pid, int *pids, size_t n)
{
    char path[64];
    wh_auto_str text = {0};
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
    if (wh_file_read(path, 8192, &text, NULL) < 0)
        return n;
    for (const char *p = wh_str_c(&text); *p && n < PROCESSES_MAX; p += strcspn(p, " "), p += *p == ' ')
        pids[n++] = atoi(p);
    return n;
}

bool wh_state_is_settled(const struct wh_container_state *s, int64_t now_ns)
{
    int pids[PROCESSES_MAX] = {s->pid};
    size_t n = 1;
    if (s->status != WH_CONTAINER_RUNNING || now_ns - s->started_ns > SETTLE_NS || now_ns < s->started_ns)
        return true;
    for (size_t i = 0; i < n; i++) {
        if (!is_at_rest(pids[i]))
            return false;
        n = add_children(pids[i], pids, n);
    }
    return true;
}
