/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line as a whole: argv in, exit status out. The rest of cli is private to its folder. */
#ifndef WHALE_CLI_H
#define WHALE_CLI_H

/* Runs one invocation of whale-compose. envp is the process environment. Returns the exit status: 0, 1 for every
 * failure, 130 when interrupted, or the status of a container's process (run, exec, attach, wait, --exit-code-from). */
int wh_cli_main(int argc, char **argv, char **envp);

#endif
