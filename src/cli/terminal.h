/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own terminal: while it belongs to a process in a container, and to ask. */
#ifndef WHALE_CLI_TERMINAL_H
#define WHALE_CLI_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

struct wh_cli_terminal {
    bool raw; /* standard input was switched and must be put back */
    struct termios before;
};

void wh_cli_terminal_raw(struct wh_cli_terminal *t); /* nothing when standard input is no terminal */
void wh_cli_terminal_restore(struct wh_cli_terminal *t);
#define wh_auto_terminal WH_CLEANUP(wh_cli_terminal_restore) struct wh_cli_terminal
/* Gives the size of our terminal to the one behind master. */
void wh_cli_terminal_copy_size(int master);

/* Asks on standard output and reads a line of standard input; only a terminal is shown the choice. No answer is no. */
bool wh_cli_ask(const char *question, const char *choice);

#endif
