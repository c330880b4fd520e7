/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volumes: of the project. */
#include "commands.h"

#include "cli/listing.h"
#include "cli/project.h"
#include "cli/volume.h"

#include <stdio.h>
#include <string.h>

struct volumes_options {
    const char *format;
    bool quiet;
};

static const struct wh_opt options[] = {
    WH_OPT_TEXT(struct volumes_options, format, 0, "format", "string", "table",
                "table, table TEMPLATE, json or a Go template"),
    WH_OPT_FLAG(struct volumes_options, quiet, 'q', "quiet", "Only names"),
};

static bool mounts_volume(const struct wh_container *c, const char *name)
{
    for (size_t i = 0; i < c->rec.n_mounts; i++)
        if (wh_streq(c->rec.mounts[i].name, name))
            return true;
    return false;
}

static bool is_shown(const struct wh_cli_containers *users, bool only_used, const struct wh_volume_rec *v,
                     const char *project)
{
    if (v->anonymous || !wh_streq(v->project, project))
        return false;
    for (size_t i = 0; only_used && i < users->len; i++)
        if (mounts_volume(&users->items[i], v->name))
            return true;
    return !only_used;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct volumes_options *o = values;
    wh_auto_cli_project project = {0};
    struct wh_cli_containers users;
    struct wh_volume_rec *items = NULL;
    size_t n = 0, kept = 0;
    if (wh_cli_load_name(cli, &project, err) < 0 ||
        wh_cli_containers(cli, &project, &cli->parser.args, WH_CLI_ONEOFF, &users, err) < 0 ||
        wh_state_volumes(&cli->arena, &items, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (is_shown(&users, cli->parser.args.len > 0, &items[i], project.name))
            items[kept++] = items[i];
    return wh_cli_print_volumes(cli, items, kept, o->format, o->quiet, err);
}

const struct wh_cmd wh_cmd_volumes = {
    .name = "volumes",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "List volumes",
    WH_CMD_OPTIONS(options, struct volumes_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
