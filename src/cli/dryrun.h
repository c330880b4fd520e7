/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --dry-run: the steps that a request would lead to, from the records on disk. Nothing is sent and nothing written. */
#ifndef WHALE_CLI_DRYRUN_H
#define WHALE_CLI_DRYRUN_H

#include "cli/request.h"

/* Shows the steps of the request in progress. Returns 0, or -1 when the request could not be carried out. */
int wh_cli_dry_run(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_request *r,
                   struct wh_progress *progress, struct wh_err *err);

#endif
