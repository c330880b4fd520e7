/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of a project's containers read from their log files: history merged by time, then, when following, new lines
 * as they come, of restarted and of later containers too. Used by `logs` and by attached `up`; no supervisor is needed
 * to read.
 */
#ifndef WHALE_CLI_FOLLOW_H
#define WHALE_CLI_FOLLOW_H

#include "cli/project.h"
#include "whale/logs.h"
#include "whale/ui.h"

#include <poll.h>

struct wh_cli_follow_options {
    struct wh_log_query query;   /* for containers that exist at the first scan; later ones are read from their start */
    struct wh_opt_list services; /* empty = all */
    struct wh_opt_list hidden;   /* services that are never shown (--no-attach) */
    int64_t index;               /* replica, 0 = all */
};

struct wh_cli_follow;

struct wh_cli_follow *wh_cli_follow_new(const char *project, struct wh_logview *view,
                                        const struct wh_cli_follow_options *o);
void wh_cli_follow_free(struct wh_cli_follow *f);

/* Looks for containers that came or went; cheap when the project's folder did not change. */
int wh_cli_follow_scan(struct wh_cli_follow *f, struct wh_err *err);
/* Writes what is there, oldest first. */
int wh_cli_follow_pump(struct wh_cli_follow *f, struct wh_err *err);
/* The container has ended: writes the rest of its output, also what lacks a newline. name: of the container. */
int wh_cli_follow_end(struct wh_cli_follow *f, const char *container, struct wh_err *err);
/* Ends everything that is left in the same way. */
int wh_cli_follow_finish(struct wh_cli_follow *f, struct wh_err *err);
/* Descriptors to wait for: at most `max`, the number is returned. */
size_t wh_cli_follow_fds(const struct wh_cli_follow *f, struct pollfd *fds, size_t max);
/* Made since the first scan and not started yet: it is about to run. */
bool wh_cli_follow_is_new(const struct wh_cli_follow *f, const struct wh_container *c);
/* What the prefix shows for a container that is or was followed; NULL when it is not shown. */
const char *wh_cli_follow_label(const struct wh_cli_follow *f, const char *container);

/* RFC 3339, seconds since the epoch, or a duration back from now. NULL = 0. */
int wh_cli_parse_time(const char *option, const char *text, int64_t *ret_ns, struct wh_err *err);

#endif
