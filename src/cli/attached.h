/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `up` in the foreground: the request is followed by the containers' output until they have ended or a signal comes. */
#ifndef WHALE_CLI_ATTACHED_H
#define WHALE_CLI_ATTACHED_H

#include "cli/request.h"

struct wh_cli_attached_options {
    struct wh_opt_list services; /* what was asked for: stopped by a signal, waited for at the end; none = all */
    struct wh_opt_list shown;    /* whose output is shown */
    bool prefix, color, timestamps;
    bool abort_on_exit, abort_on_failure;
    const char *exit_code_from; /* or NULL */
    int64_t timeout_s;          /* of stopping; -1 = each service's own */
};

/* Returns the exit status: 130 after a signal. */
int wh_cli_run_attached(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_request *up,
                        const struct wh_cli_attached_options *o, struct wh_progress *progress, struct wh_err *err);

#endif
