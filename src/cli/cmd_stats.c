/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats: resource usage of containers. */
#include "commands.h"

#include "cli/listing.h"
#include "cli/processes.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "whale/ui.h"
#include "whale/util/size.h"
#include "whale/util/time.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct stats_options {
    bool all, no_stream, no_trunc;
    const char *format;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct stats_options, all, 'a', "all", "Also show containers that do not run"),
    WH_OPT_TEXT(struct stats_options, format, 0, "format", "string", NULL,
                "table, table TEMPLATE, json or a Go template"),
    WH_OPT_FLAG(struct stats_options, no_stream, 0, "no-stream", "Print once and end"),
    WH_OPT_FLAG(struct stats_options, no_trunc, 0, "no-trunc", "Show ids in full"),
};

#define ID_SHORT    12
#define INTERVAL_MS 500

static const struct wh_output_field fields[] = {
    WH_OUTPUT_FIELD("BlockIO", "string", "read / written", .heading = "BLOCK I/O"),
    WH_OUTPUT_FIELD("CPUPerc", "string", "of one processor", .heading = "CPU %"),
    WH_OUTPUT_FIELD("Container", "string", "full ID", .heading = "CONTAINER"),
    WH_OUTPUT_FIELD("ID", "string", "short", .heading = "CONTAINER ID"),
    WH_OUTPUT_FIELD("MemPerc", "string", "of the limit", .heading = "MEM %"),
    WH_OUTPUT_FIELD("MemUsage", "string", "used / limit", .heading = "MEM USAGE / LIMIT"),
    WH_OUTPUT_FIELD("Name", "string", "of the container", .heading = "NAME"),
    WH_OUTPUT_FIELD("NetIO", "string", "received / sent", .heading = "NET I/O"),
    WH_OUTPUT_FIELD("PIDs", "string", "processes and threads", .heading = "PIDS"),
    {0},
};

static const struct wh_output output = {"stats", "One line of `stats --format json`", fields, false};

static const struct wh_cli_listing listing = {
    .table = "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
    .output = &output,
    .min_width = 10,
};

/* One reading of a container; two of them give the share of CPU. */
struct sample {
    struct wh_cgroup_stats stats;
    uint64_t net_received, net_sent;
    int64_t at_ns;
    bool valid;
};

/* Bytes of all interfaces but loopback, as the container's first process sees them. */
static void read_network(pid_t pid, struct sample *s)
{
    char path[64], line[512], name[64];
    unsigned long long received, sent;
    snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
    wh_auto_file file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, " %63[^:]: %llu %*u %*u %*u %*u %*u %*u %*u %llu", name, &received, &sent) == 3 &&
            strcmp(name, "lo") != 0) {
            s->net_received += received;
            s->net_sent += sent;
        }
}

static struct sample take_sample(const struct wh_cgroup_layout *layout, const struct wh_container *c)
{
    struct sample s = {.at_ns = wh_now_mono_ns()};
    struct wh_cgroup cgroup;
    wh_auto_err gone = {0};
    if (!wh_cli_is_up(c) || wh_cli_open_cgroup(layout, c, &cgroup, &gone) < 0)
        return s;
    s.valid = wh_cgroup_stats(&cgroup, &s.stats, &gone) == 0;
    wh_cgroup_close(&cgroup);
    read_network(c->state.pid, &s);
    return s;
}

static double cpu_percent(const struct sample *before, const struct sample *now)
{
    if (!before->valid || now->at_ns <= before->at_ns || now->stats.cpu_usage_ns < before->stats.cpu_usage_ns)
        return 0;
    return (double)(now->stats.cpu_usage_ns - before->stats.cpu_usage_ns) * 100 / (double)(now->at_ns - before->at_ns);
}

static uint64_t memory_limit(const struct sample *s)
{
    uint64_t host = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    return s->stats.memory_limit_bytes < host ? s->stats.memory_limit_bytes : host;
}

static const char *pair_of(struct wh_arena *a, uint64_t x, uint64_t y, char *(*format)(int64_t, char *, size_t))
{
    char first[32], second[32];
    return wh_arena_fmt(a, "%s / %s", format((int64_t)x, first, sizeof(first)),
                        format((int64_t)y, second, sizeof(second)));
}

static struct wh_cli_row make_row(struct wh_arena *a, const struct wh_container *c, const struct sample *before,
                                  const struct sample *now, bool full)
{
    struct wh_node *o = wh_node_map(a, NULL);
    uint64_t limit = now->valid ? memory_limit(now) : 0;
    double memory = limit ? (double)now->stats.memory_bytes * 100 / (double)limit : 0;
    wh_node_put_str(a, o, "BlockIO",
                    pair_of(a, now->stats.io_read_bytes, now->stats.io_write_bytes, wh_size_format_si));
    wh_node_put_str(a, o, "CPUPerc", wh_arena_fmt(a, "%.2f%%", cpu_percent(before, now)));
    wh_node_put_str(a, o, "Container", c->rec.id);
    wh_node_put_str(a, o, "ID", full ? c->rec.id : wh_arena_strndup(a, c->rec.id, ID_SHORT));
    wh_node_put_str(a, o, "MemPerc", wh_arena_fmt(a, "%.2f%%", memory));
    wh_node_put_str(a, o, "MemUsage", pair_of(a, now->stats.memory_bytes, limit, wh_size_format_iec));
    wh_node_put_str(a, o, "Name", c->rec.name);
    wh_node_put_str(a, o, "NetIO", pair_of(a, now->net_received, now->net_sent, wh_size_format_si));
    wh_node_put_str(a, o, "PIDs", wh_arena_fmt(a, "%llu", (unsigned long long)now->stats.pids));
    return (struct wh_cli_row){.fields = o};
}

static bool is_shown(const struct wh_cli *cli, const struct wh_container *c)
{
    return !cli->parser.args.len || wh_cli_list_has(&cli->parser.args, c->rec.service);
}

struct round {
    struct wh_cli *cli;
    const struct stats_options *o;
    struct wh_cli_project *project;
    const struct wh_cgroup_layout *layout;
    struct wh_cli_signals *signals;
};

/* Two samples INTERVAL_MS apart, then the listing. 1: a signal came. */
static int print_round(struct round *r, struct wh_err *err)
{
    struct wh_arena *a = &r->cli->arena;
    struct wh_cli_containers all;
    wh_auto_str out = {0};
    size_t n = 0;
    unsigned what = WH_CLI_ONEOFF | (r->o->all ? WH_CLI_STOPPED : 0);
    if (wh_cli_containers(r->cli, r->project, NULL, what, &all, err) < 0)
        return -1;
    struct sample *before = wh_arena_array(a, struct sample, all.len + 1);
    struct wh_cli_row *rows = wh_arena_array(a, struct wh_cli_row, all.len + 1);
    for (size_t i = 0; before && i < all.len; i++)
        before[i] = take_sample(r->layout, &all.items[i]);
    poll(&(struct pollfd){.fd = r->signals->fd, .events = POLLIN}, 1, all.len ? INTERVAL_MS : 0);
    if (wh_cli_signals_next(r->signals))
        return 1;
    for (size_t i = 0; before && rows && i < all.len; i++) {
        struct sample now = take_sample(r->layout, &all.items[i]);
        if (is_shown(r->cli, &all.items[i]))
            rows[n++] = make_row(a, &all.items[i], &before[i], &now, r->o->no_trunc);
    }
    if (n && wh_cli_list(r->cli, &listing, r->o->format, rows, n, &out, err) < 0)
        return -1;
    printf("%s%s", !r->o->no_stream && wh_ui_is_terminal(STDOUT_FILENO) ? "\033[H\033[J" : "", wh_str_c(&out));
    fflush(stdout);
    return 0;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    wh_auto_cli_project p = {0};
    struct wh_cgroup_layout layout = {0};
    wh_auto_signals signals = {.fd = -1};
    struct round round = {.cli = cli, .o = values, .project = &p, .layout = &layout, .signals = &signals};
    if (wh_cli_load_name(cli, &p, err) < 0 || wh_cgroup_layout_detect(NULL, &layout, err) < 0 ||
        wh_cli_signals_open(&signals, wh_cli_ending_signals, WH_ARRAY_LEN(wh_cli_ending_signals), err) < 0)
        return -1;
    int r = print_round(&round, err);
    while (r == 0 && !round.o->no_stream)
        r = print_round(&round, err);
    wh_cgroup_layout_fini(&layout);
    return r > 0 ? WH_EXIT_CANCELLED : r;
}

const struct wh_cmd wh_cmd_stats = {
    .name = "stats",
    .usage = "[OPTIONS] [SERVICE]",
    .summary = "Show the resource usage of containers",
    WH_CMD_OPTIONS(options, struct stats_options),
    .max_args = 1,
    .output = &output,
    .run = run,
};
