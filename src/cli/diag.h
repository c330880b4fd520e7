/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics of the loader on stderr. */
#ifndef WHALE_CLI_DIAG_H
#define WHALE_CLI_DIAG_H

#include "cli/cli.h"
#include "whale/compose.h"

/* Prints warnings, and errors when `errors` is set. Returns how many errors were printed. With --progress json nothing
 * is printed: the caller's error is reported as an object. */
size_t wh_cli_print_diags(const struct wh_cli *cli, const struct wh_diags *diags, bool errors);

#endif
