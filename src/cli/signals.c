/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signalfd around the signals a command handles itself. */
#include "cli/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

const int wh_cli_ending_signals[2] = {SIGINT, SIGTERM};

int wh_cli_signals_open(struct wh_cli_signals *s, const int *signals, size_t n, struct wh_err *err)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < n; i++)
        sigaddset(&set, signals[i]);
    s->fd = -1;
    if (sigprocmask(SIG_BLOCK, &set, &s->before) < 0)
        return wh_fail(err, errno, "block signals");
    s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->fd >= 0)
        return 0;
    wh_fail(err, errno, "signalfd");
    sigprocmask(SIG_SETMASK, &s->before, NULL);
    return -1;
}

int wh_cli_signals_next(struct wh_cli_signals *s)
{
    struct signalfd_siginfo info;
    return read(s->fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

void wh_cli_signals_close(struct wh_cli_signals *s)
{
    if (s->fd < 0)
        return;
    close(s->fd);
    s->fd = -1;
    sigprocmask(SIG_SETMASK, &s->before, NULL);
}
