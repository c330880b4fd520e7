/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals as something to poll: blocked while a command waits, so that nothing is interrupted in the middle. */
#ifndef WHALE_CLI_SIGNALS_H
#define WHALE_CLI_SIGNALS_H

#include "whale/util/err.h"

#include <signal.h>
#include <stddef.h>

struct wh_cli_signals {
    int fd; /* signalfd, -1 = not open */
    sigset_t before;
};

/* Open it only after helpers and supervisors were started: they would inherit the blocked signals. */
int wh_cli_signals_open(struct wh_cli_signals *s, const int *signals, size_t n, struct wh_err *err);
int wh_cli_signals_next(struct wh_cli_signals *s); /* a pending signal, 0 = none */
void wh_cli_signals_close(struct wh_cli_signals *s);
#define wh_auto_signals WH_CLEANUP(wh_cli_signals_close) struct wh_cli_signals

/* SIGINT, SIGTERM: what ends a command. */
extern const int wh_cli_ending_signals[2];

#endif
