/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a command shows progress: --progress, --ansi and their variables put together. */
#ifndef WHALE_CLI_PROGRESS_H
#define WHALE_CLI_PROGRESS_H

#include "cli/cli.h"
#include "whale/ui.h"

enum wh_ansi wh_cli_ansi(const struct wh_cli *cli);
/* Whether --progress and --ansi contradict each other. 0 or -1. */
int wh_cli_check_display(struct wh_cli *cli, struct wh_err *err);
/* title: "up". quiet: nothing is shown whatever --progress says. NULL with err. */
struct wh_progress *wh_cli_progress_new(struct wh_cli *cli, const char *title, bool quiet, struct wh_err *err);

static inline void wh_cli_cleanup_progress(struct wh_progress **p)
{
    wh_progress_free(*p);
}
#define wh_auto_progress WH_CLEANUP(wh_cli_cleanup_progress) struct wh_progress

#endif
