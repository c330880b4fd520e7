/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image: the image store; everything is passed on to whale-image. */
#include "commands.h"

#include "whale/image.h"

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct wh_opt_list *args = &cli->parser.args;
    const char **argv = wh_arena_array(&cli->arena, const char *, args->len + 2);
    if (!argv)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    for (size_t i = 0; i < args->len; i++)
        argv[i] = args->items[i];
    if (args->len == 0)
        argv[0] = "--help";
    return wh_image_helper_exec(argv, err);
}

const struct wh_cmd wh_cmd_image = {
    .name = "image",
    .usage = "COMMAND [ARGS...]",
    .summary = "Manage images",
    .max_args = WH_CMD_ANY_ARGS,
    .section = "More commands",
    .raw_args = true,
    .run = run,
};
