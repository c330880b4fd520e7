/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw mode with restoring, window size, questions. */
#include "cli/terminal.h"

#include "whale/sys/tty.h"

#include <stdio.h>
#include <unistd.h>

void wh_cli_terminal_raw(struct wh_cli_terminal *t)
{
    t->raw = false;
    if (tcgetattr(STDIN_FILENO, &t->before) < 0)
        return;
    struct termios raw = t->before;
    cfmakeraw(&raw);
    t->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void wh_cli_terminal_restore(struct wh_cli_terminal *t)
{
    if (t->raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
    t->raw = false;
}

void wh_cli_terminal_copy_size(int master)
{
    static const int own[] = {STDOUT_FILENO, STDIN_FILENO, STDERR_FILENO};
    uint16_t rows, columns;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (wh_sys_tty_get_size(own[i], &rows, &columns) == 0) {
            wh_sys_tty_set_size(master, rows, columns);
            return;
        }
}

bool wh_cli_ask(const char *question, const char *choice)
{
    char answer[16] = "";
    printf("%s%s", question, isatty(STDIN_FILENO) ? choice : "");
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}
