/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options and variables to one way of showing progress. */
#include "cli/progress.h"

#include "cli/project.h"

#include <string.h>

enum wh_ansi wh_cli_ansi(const struct wh_cli *cli)
{
    const char *text = cli->globals.ansi;
    if (!text || strcmp(text, "auto") == 0)
        text = wh_cli_env(cli, "COMPOSE_ANSI");
    return cli->globals.no_ansi ? WH_ANSI_NEVER : wh_ui_ansi(text);
}

static const struct {
    const char *name;
    enum wh_progress_mode mode;
} modes[] = {
    {"auto", WH_PROGRESS_AUTO}, {"tty", WH_PROGRESS_TTY},     {"plain", WH_PROGRESS_PLAIN},
    {"json", WH_PROGRESS_JSON}, {"quiet", WH_PROGRESS_QUIET}, {"none", WH_PROGRESS_QUIET},
};

static int find_mode(const struct wh_cli *cli, enum wh_progress_mode *ret, struct wh_err *err)
{
    const char *text = cli->globals.progress ? cli->globals.progress : wh_cli_env(cli, "COMPOSE_PROGRESS");
    *ret = WH_PROGRESS_AUTO;
    if (!text || !*text)
        return 0;
    for (size_t i = 0; i < WH_ARRAY_LEN(modes); i++)
        if (strcmp(modes[i].name, text) == 0) {
            *ret = modes[i].mode;
            return 0;
        }
    return wh_fail(err, WH_E_INVALID, "unsupported --progress value \"%s\"", text);
}

int wh_cli_check_display(struct wh_cli *cli, struct wh_err *err)
{
    enum wh_progress_mode mode;
    enum wh_ansi ansi = wh_cli_ansi(cli);
    if (find_mode(cli, &mode, err) < 0)
        return -1;
    if (mode == WH_PROGRESS_PLAIN && ansi == WH_ANSI_ALWAYS)
        return wh_fail(err, WH_E_INVALID, "can't use --progress plain while ANSI support is forced");
    if (mode == WH_PROGRESS_TTY && ansi == WH_ANSI_NEVER)
        return wh_fail(err, WH_E_INVALID, "can't use --progress tty while ANSI support is disabled");
    cli->json_errors = mode == WH_PROGRESS_JSON;
    return 0;
}

struct wh_progress *wh_cli_progress_new(struct wh_cli *cli, const char *title, bool quiet, struct wh_err *err)
{
    struct wh_progress_options o = {
        .ansi = wh_cli_ansi(cli),
        .stream = wh_cli_env_is_true(cli, "COMPOSE_STATUS_STDOUT") ? stdout : stderr,
        .title = title,
        .dry_run = cli->common.dry_run,
    };
    if (wh_cli_check_display(cli, err) < 0 || find_mode(cli, &o.mode, err) < 0)
        return NULL;
    if (quiet)
        o.mode = WH_PROGRESS_QUIET;
    struct wh_progress *p = wh_progress_new(&o);
    if (!p)
        wh_fail(err, WH_E_LIMIT, "out of memory");
    return p;
}
