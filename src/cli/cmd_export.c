/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export: a container's files as a tar archive. */
#include "commands.h"

#include "cli/project.h"
#include "cli/rootfs.h"
#include "cli/tree.h"
#include "whale/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct export_options {
    int64_t index;
    const char *output;
};

static const struct wh_opt options[] = {
    WH_OPT_INT(struct export_options, index, 0, "index", "0", "Which replica, when there are several"),
    WH_OPT_TEXT(struct export_options, output, 'o', "output", "string", NULL,
                "File to write instead of standard output"),
};

static int write_tar(int root_fd, int out_fd, struct wh_err *err)
{
    struct wh_tar_writer tar = {.fd = out_fd, .name = ""};
    const struct wh_tree_sink sink = wh_tar_writer_sink(&tar);
    const struct wh_tree_walk walk = {.dir_fd = root_fd, .name = ".", .one_mount = true};
    return wh_tree_walk(&walk, &sink, err) < 0 ? -1 : wh_tar_finish(&tar, err);
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct export_options *o = values;
    const char *service = cli->parser.args.items[0];
    wh_auto_cli_project p = {0};
    wh_auto_fd root = -1, out = -1;
    struct wh_cli_containers all;
    if (wh_cli_load_name(cli, &p, err) < 0 || wh_cli_containers(cli, &p, NULL, WH_CLI_STOPPED, &all, err) < 0)
        return -1;
    const struct wh_container *c = wh_cli_pick(&all, service, o->index);
    if (!c)
        return wh_engine_fail_not_running(err, service, o->index);
    if (!o->output && isatty(STDOUT_FILENO))
        return wh_fail(err, WH_E_INVALID, "a tar archive is not for a terminal: use -o or redirect");
    if (cli->common.dry_run)
        return 0;
    if (wh_cli_open_root(cli, c, false, &root, err) < 0)
        return -1;
    if (o->output && (out = open(o->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
        return wh_fail(err, errno, "%s", o->output);
    return write_tar(root, o->output ? out : STDOUT_FILENO, err);
}

const struct wh_cmd wh_cmd_export = {
    .name = "export",
    .usage = "[OPTIONS] SERVICE",
    .summary = "Export a service's container's files as a tar archive",
    WH_CMD_OPTIONS(options, struct export_options),
    .min_args = 1,
    .max_args = 1,
    .ignores_more = true,
    .run = run,
};
