/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a descriptor leads to: terminal or not, its size, whether colour is wanted. */
#include "whale/ui.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum wh_ansi wh_ui_ansi(const char *text)
{
    return wh_streq(text, "always") ? WH_ANSI_ALWAYS : wh_streq(text, "never") ? WH_ANSI_NEVER : WH_ANSI_AUTO;
}

bool wh_ui_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

void wh_ui_terminal_size(int fd, int *ret_rows, int *ret_columns)
{
    struct winsize ws = {0};
    bool known = ioctl(fd, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0;
    *ret_rows = known ? ws.ws_row : 24;
    *ret_columns = known ? ws.ws_col : 80;
}

bool wh_ui_wants_color(int fd, enum wh_ansi ansi)
{
    const char *no_color = getenv("NO_COLOR");
    if (no_color && *no_color)
        return false;
    return ansi == WH_ANSI_ALWAYS || (ansi == WH_ANSI_AUTO && wh_ui_is_terminal(fd));
}
