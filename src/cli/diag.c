/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which diagnostics a command shows, and where. */
#include "cli/diag.h"

#include "whale/ui.h"

#include <stdio.h>

/* The places of more warnings are not worth reading; config --errors json has them. Errors are all shown. */
#define MAX_WARNINGS 100

size_t wh_cli_print_diags(const struct wh_cli *cli, const struct wh_diags *diags, bool errors)
{
    wh_auto_str text = {0};
    size_t printed = 0, warnings = 0;
    bool colour = wh_ui_wants_color(STDERR_FILENO, wh_ui_ansi(cli->globals.ansi));
    if (cli->json_errors)
        return 0;
    for (size_t i = 0; i < diags->items.len; i++) {
        const struct wh_diag *d = wh_vec_at(&diags->items, struct wh_diag *, i);
        bool error = d->severity == WH_SEV_ERROR;
        if (error ? !errors : ++warnings > MAX_WARNINGS)
            continue;
        wh_diag_format(d, colour, &text);
        printed += error;
    }
    if (warnings > MAX_WARNINGS)
        wh_str_fmt(&text, "and %zu more warnings\n", warnings - MAX_WARNINGS);
    fwrite(wh_str_c(&text), 1, text.len, stderr);
    return printed;
}
