/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top: processes of running containers. */
#include "commands.h"

#include "cli/processes.h"
#include "cli/project.h"
#include "whale/ui.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROC_MAX   ((size_t)1 << 20)
#define MIN_COLUMN 4
#define COLUMN_GAP 2

struct process {
    pid_t pid, parent;
    uid_t uid;
    int64_t start_ticks; /* since boot */
    int64_t cpu_ticks;
    int tty;
    char name[64];
};

/* Fields behind the name, which may hold blanks and parentheses itself. */
static int parse_stat(const char *text, struct process *ret)
{
    long long user, system, start;
    int parent, tty;
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open)
        return -1;
    snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(close - open - 1), open + 1);
    if (sscanf(close + 1, " %*c %d %*d %*d %d %*d %*u %*u %*u %*u %*u %lld %lld %*d %*d %*d %*d %*d %*d %lld", &parent,
               &tty, &user, &system, &start) != 5)
        return -1;
    ret->parent = parent;
    ret->tty = tty;
    ret->cpu_ticks = user + system;
    ret->start_ticks = start;
    return 0;
}

static void read_uid(pid_t pid, uid_t *ret)
{
    char path[64];
    unsigned uid = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    wh_auto_file file = fopen(path, "re");
    char line[256];
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "Uid: %*u %u", &uid) == 1)
            break;
    *ret = uid;
}

static int read_process(pid_t pid, struct process *ret)
{
    char path[64];
    wh_auto_str text = {0};
    *ret = (struct process){.pid = pid};
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (wh_file_read(path, PROC_MAX, &text, NULL) < 0 || parse_stat(wh_str_c(&text), ret) < 0)
        return -1;
    read_uid(pid, &ret->uid);
    return 0;
}

/* Words of the command line with blanks between; kernel-made names in brackets when it is empty. */
static void read_command(const struct process *p, struct wh_str *out)
{
    char path[64];
    wh_auto_str raw = {0}, plain = {0};
    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)p->pid);
    wh_file_read(path, PROC_MAX, &raw, NULL);
    const char *text = wh_str_c(&raw);
    size_t n = raw.len;
    while (n && text[n - 1] == '\0')
        n--;
    for (size_t i = 0; i < n; i++)
        wh_str_addc(&plain, text[i] == '\0' || text[i] == '\t' || text[i] == '\n' ? ' ' : text[i]);
    if (n == 0)
        wh_str_fmt(&plain, "[%s]", p->name);
    wh_ui_filter(wh_str_c(&plain), plain.len, out);
}

static int64_t ticks_to_ns(int64_t ticks)
{
    return ticks * (WH_NS_PER_S / sysconf(_SC_CLK_TCK));
}

static int64_t uptime_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return ts.tv_sec * WH_NS_PER_S + ts.tv_nsec;
}

static void add_row(const struct wh_container *c, const struct process *p, struct wh_str *rows)
{
    char start[16];
    struct tm tm;
    const struct passwd *user = getpwuid(p->uid);
    int64_t age_ns = uptime_ns() - ticks_to_ns(p->start_ticks), cpu_s = ticks_to_ns(p->cpu_ticks) / WH_NS_PER_S;
    time_t started = (time_t)((wh_now_real_ns() - age_ns) / WH_NS_PER_S);
    localtime_r(&started, &tm);
    strftime(start, sizeof(start), age_ns < 24 * 3600 * WH_NS_PER_S ? "%H:%M" : "%b%d", &tm);
    if (c->rec.oneoff)
        wh_str_fmt(rows, "%s\t\t", c->rec.service);
    else
        wh_str_fmt(rows, "%s\t%d\t", c->rec.service, c->rec.number);
    if (user)
        wh_str_fmt(rows, "%s\t", user->pw_name);
    else
        wh_str_fmt(rows, "%u\t", p->uid);
    wh_str_fmt(rows, "%d\t%d\t%lld\t%s\t%s\t%02lld:%02lld:%02lld\t", (int)p->pid, (int)p->parent,
               age_ns > 0 ? (long long)(ticks_to_ns(p->cpu_ticks) * 100 / age_ns) : 0LL, start, p->tty ? "pts/0" : "?",
               (long long)(cpu_s / 3600), (long long)(cpu_s / 60 % 60), (long long)(cpu_s % 60));
    read_command(p, rows);
    wh_str_addc(rows, '\n');
}

static int compare_pids(const void *x, const void *y)
{
    pid_t a = *(const pid_t *)x, b = *(const pid_t *)y;
    return (a > b) - (a < b);
}

static int add_container(const struct wh_cgroup_layout *layout, const struct wh_container *c, struct wh_str *rows,
                         struct wh_err *err)
{
    struct wh_cgroup cgroup;
    wh_auto_err gone = {0};
    wh_auto_vec pids = {0};
    if (wh_cli_open_cgroup(layout, c, &cgroup, &gone) < 0)
        return 0; /* ended in the meantime */
    int r = wh_cgroup_pids(&cgroup, &pids, err);
    wh_cgroup_close(&cgroup);
    if (r < 0)
        return wh_wrap(err, "processes of %s", c->rec.name);
    qsort(pids.items, pids.len, sizeof(pid_t), compare_pids);
    for (size_t i = 0; i < pids.len; i++) {
        struct process p;
        if (read_process(wh_vec_at(&pids, pid_t, i), &p) == 0)
            add_row(c, &p, rows);
    }
    return 0;
}

/* Unknown services are no mistake here: they have no processes. */
static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct wh_opt_list *services = &cli->parser.args;
    wh_auto_cli_project p = {0};
    struct wh_cli_containers all;
    struct wh_cgroup_layout layout = {0};
    wh_auto_str rows = {0}, table = {0};
    if (wh_cli_load_name(cli, &p, err) < 0 || wh_cli_containers(cli, &p, NULL, WH_CLI_ONEOFF, &all, err) < 0 ||
        wh_cgroup_layout_detect(NULL, &layout, err) < 0)
        return -1;
    int r = 0;
    wh_str_add(&rows, "SERVICE\t#\tUID\tPID\tPPID\tC\tSTIME\tTTY\tTIME\tCMD\n");
    size_t heading = rows.len;
    for (size_t i = 0; i < all.len && r == 0; i++)
        if (!services->len || wh_cli_list_has(services, all.items[i].rec.service))
            r = add_container(&layout, &all.items[i], &rows, err);
    wh_cgroup_layout_fini(&layout);
    if (r < 0 || rows.len == heading)
        return r;
    wh_ui_table(wh_str_c(&rows), MIN_COLUMN, COLUMN_GAP, &table);
    printf("%s", wh_str_c(&table));
    return 0;
}

const struct wh_cmd wh_cmd_top = {
    .name = "top",
    .usage = "[SERVICES...]",
    .summary = "List the running processes of services",
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
