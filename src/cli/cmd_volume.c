/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volume ls, volume rm: volumes of all projects, and those that no project has any more. */
#include "commands.h"

#include "cli/listing.h"
#include "cli/project.h"
#include "cli/volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN "N/A" /* facts of cluster volumes, and sizes that nobody has counted */

static const struct wh_output_field fields[] = {
    WH_OUTPUT_FIELD("Availability", "string", "N/A", .heading = "AVAILABILITY"),
    WH_OUTPUT_FIELD("Driver", "string", "local", .heading = "DRIVER"),
    WH_OUTPUT_FIELD("Group", "string", "N/A", .heading = "GROUP"),
    WH_OUTPUT_FIELD("Labels", "string", "K=V, separated by commas", .heading = "LABELS"),
    WH_OUTPUT_FIELD("Links", "string", "N/A", .heading = "LINKS"),
    WH_OUTPUT_FIELD("Mountpoint", "string", "folder on the host", .heading = "MOUNTPOINT"),
    WH_OUTPUT_FIELD("Name", "string", "of the volume", .heading = "VOLUME NAME"),
    WH_OUTPUT_FIELD("Scope", "string", "local", .heading = "SCOPE"),
    WH_OUTPUT_FIELD("Size", "string", "N/A", .heading = "SIZE"),
    WH_OUTPUT_FIELD("Status", "string", "N/A", .heading = "STATUS"),
    {0},
};

static const struct wh_output output = {"volumes", "One line of `volumes --format json`", fields, false};

static const struct wh_cli_listing listing = {
    .table = "{{.Driver}}\t{{.Name}}",
    .raw = "name: {{.Name}}\ndriver: {{.Driver}}\n",
    .output = &output,
    .min_width = 10,
};

static int compare_labels(const void *a, const void *b)
{
    return strcmp(((const struct wh_label *)a)->key, ((const struct wh_label *)b)->key);
}

static struct wh_cli_row make_row(struct wh_arena *a, const struct wh_volume_rec *v)
{
    wh_auto_str labels = {0};
    struct wh_node *o = wh_node_map(a, NULL), *methods = wh_node_map(a, NULL), *by_name = wh_node_map(a, NULL);
    struct wh_label *sorted = wh_arena_array(a, struct wh_label, v->n_labels + 1);
    for (size_t i = 0; sorted && i < v->n_labels; i++)
        sorted[i] = v->labels[i];
    if (sorted)
        qsort(sorted, v->n_labels, sizeof(*sorted), compare_labels);
    for (size_t i = 0; sorted && i < v->n_labels; i++) {
        wh_str_fmt(&labels, "%s%s=%s", i ? "," : "", sorted[i].key, sorted[i].value);
        wh_node_put_str(a, by_name, sorted[i].key, sorted[i].value);
    }
    wh_node_put_str(a, o, "Availability", UNKNOWN);
    wh_node_put_str(a, o, "Driver", v->driver);
    wh_node_put_str(a, o, "Group", UNKNOWN);
    wh_node_put_str(a, o, "Labels", wh_str_c(&labels));
    wh_node_put_str(a, o, "Links", UNKNOWN);
    wh_node_put_str(a, o, "Mountpoint", v->mountpoint);
    wh_node_put_str(a, o, "Name", v->name);
    wh_node_put_str(a, o, "Scope", "local");
    wh_node_put_str(a, o, "Size", UNKNOWN);
    wh_node_put_str(a, o, "Status", UNKNOWN);
    wh_node_put(a, methods, "Label", by_name);
    return (struct wh_cli_row){.fields = o, .methods = methods};
}

int wh_cli_print_volumes(struct wh_cli *cli, const struct wh_volume_rec *items, size_t n, const char *format,
                         bool quiet, struct wh_err *err)
{
    struct wh_cli_row *rows = wh_arena_array(&cli->arena, struct wh_cli_row, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (quiet)
            printf("%s\n", items[i].name);
        else if (rows)
            rows[i] = make_row(&cli->arena, &items[i]);
    }
    return quiet ? 0 : wh_cli_print_list(cli, &listing, format, rows, rows ? n : 0, err);
}

/* ---- the subcommands ------------------------------------------------------------------------------------------- */

struct volume_options {
    const char *format;
    bool quiet, force;
};

static const struct wh_opt ls_options[] = {
    WH_OPT_TEXT(struct volume_options, format, 0, "format", "string", "table",
                "table, table TEMPLATE, json or a Go template"),
    WH_OPT_FLAG(struct volume_options, quiet, 'q', "quiet", "Only names"),
};

static const struct wh_opt rm_options[] = {
    WH_OPT_FLAG(struct volume_options, force, 'f', "force", "Volumes that do not exist are no mistake"),
};

static int run_ls(struct wh_cli *cli, const struct volume_options *o, struct wh_err *err)
{
    struct wh_volume_rec *items = NULL;
    size_t n = 0;
    if (wh_state_volumes(&cli->arena, &items, &n, err) < 0)
        return -1;
    return wh_cli_print_volumes(cli, items, n, o->format, o->quiet, err);
}

static const char *find_user(const struct wh_container *all, size_t n, const char *volume)
{
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < all[i].rec.n_mounts; m++)
            if (wh_streq(all[i].rec.mounts[m].name, volume))
                return all[i].rec.name;
    return NULL;
}

static int remove_volume(struct wh_cli *cli, const char *name, bool force, struct wh_err *err)
{
    struct wh_volume_rec rec;
    struct wh_container *all = NULL;
    size_t n = 0;
    int r = wh_state_volume_load(&cli->arena, name, &rec, err);
    if (r == WH_STATE_ABSENT)
        return force ? 0 : wh_fail(err, WH_E_NOT_FOUND, "no such volume: %s", name);
    if (r < 0 || wh_state_containers(&cli->arena, NULL, &all, &n, err) < 0)
        return -1;
    const char *user = find_user(all, n, name);
    if (user)
        return wh_fail(err, WH_E_CONFLICT, "volume %s is in use by container %s", name, user);
    if (wh_state_volume_remove(name, err) < 0)
        return wh_wrap(err, "volume %s", name);
    printf("%s\n", name);
    return 0;
}

/* The lock keeps a container that is being created from getting a volume that goes away. */
static int run_rm(struct wh_cli *cli, const struct volume_options *o, struct wh_err *err)
{
    wh_auto_fd lock = -1;
    if (cli->parser.args.len == 0)
        return wh_fail(err, WH_E_USAGE, "\"%s volume rm\" requires at least 1 argument", wh_cli_program);
    if (wh_state_ensure_roots(err) < 0 || wh_state_lock_global(&lock, err) < 0)
        return -1;
    for (size_t i = 0; i < cli->parser.args.len; i++)
        if (remove_volume(cli, cli->parser.args.items[i], o->force, err) < 0)
            return -1;
    return 0;
}

static const struct {
    const char *name, *alias, *summary;
    const struct wh_opt *options;
    size_t n_options;
    int (*run)(struct wh_cli *cli, const struct volume_options *o, struct wh_err *err);
} subcommands[] = {
    {"ls", "list", "List volumes", ls_options, WH_ARRAY_LEN(ls_options), run_ls},
    {"rm", "remove", "Remove volumes that no container uses", rm_options, WH_ARRAY_LEN(rm_options), run_rm},
};

static int print_help(void)
{
    printf("Usage:  %s volume COMMAND\n\nManage volumes\n\nCommands:\n", wh_cli_program);
    for (size_t i = 0; i < WH_ARRAY_LEN(subcommands); i++)
        printf("  %-11s %s\n", subcommands[i].name, subcommands[i].summary);
    return 0;
}

static int run_subcommand(struct wh_cli *cli, size_t which, char **argv, int argc, struct wh_err *err)
{
    struct volume_options o = {0};
    cli->parser = (struct wh_opt_parser){
        .arena = &cli->arena,
        .tables = {{subcommands[which].options, subcommands[which].n_options, &o}},
    };
    if (wh_opt_parse(&cli->parser, argc, argv, 1, err) < 0)
        return -1;
    if (!cli->parser.help)
        return subcommands[which].run(cli, &o, err);
    wh_auto_str text = {0};
    wh_opt_help(cli->parser.tables, 1, 80, &text);
    printf("Usage:  %s volume %s [OPTIONS]\n\n%s\n\nOptions:\n%s", wh_cli_program, subcommands[which].name,
           subcommands[which].summary, wh_str_c(&text));
    return 0;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    struct wh_opt_list words = cli->parser.args;
    const char *name = words.len ? words.items[0] : "--help";
    char **argv = wh_arena_array(&cli->arena, char *, words.len + 1);
    for (size_t i = 0; argv && i < words.len; i++)
        argv[i] = wh_arena_strdup(&cli->arena, words.items[i]);
    for (size_t i = 0; argv && i < WH_ARRAY_LEN(subcommands); i++)
        if (strcmp(subcommands[i].name, name) == 0 || strcmp(subcommands[i].alias, name) == 0)
            return run_subcommand(cli, i, argv, (int)words.len, err);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return print_help();
    return wh_fail(err, WH_E_USAGE, "unknown command: \"volume %s\"", name);
}

const struct wh_cmd wh_cmd_volume = {
    .name = "volume",
    .usage = "ls|rm [VOLUME...]",
    .summary = "Manage volumes",
    .section = "More commands",
    .max_args = WH_CMD_ANY_ARGS,
    .raw_args = true,
    .output = &output,
    .run = run,
};
