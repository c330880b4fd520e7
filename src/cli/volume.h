/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `volumes` and `volume ls` share. */
#ifndef WHALE_CLI_VOLUME_H
#define WHALE_CLI_VOLUME_H

#include "cli/cli.h"
#include "whale/state.h"

int wh_cli_print_volumes(struct wh_cli *cli, const struct wh_volume_rec *items, size_t n, const char *format,
                         bool quiet, struct wh_err *err);

#endif
