/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command is, and what it is given: a descriptor (name, usage, option table) at the end of its cmd_<name>.c and
 * one function. commands.c lists the descriptors; main.c parses, dispatches and prints the error that comes back.
 */
#ifndef WHALE_CLI_CLI_H
#define WHALE_CLI_CLI_H

#include "cli/opt.h"
#include "whale/compose.h"
#include "whale/util/arena.h"
#include "whale/util/err.h"

#include <stdbool.h>
#include <stddef.h>

#define WH_EXIT_CANCELLED 130

/* Options before the command. */
struct wh_cli_globals {
    bool all_resources, compatibility, version, verbose, no_ansi;
    const char *ansi, *progress; /* NULL = not given */
    const char *project_directory, *project_name, *workdir;
    struct wh_opt_list env_files, files, profiles;
    int64_t parallel;
};

/* Options that every command takes, before or after its name. */
struct wh_cli_common {
    bool dry_run;
};

struct wh_cmd;
struct wh_output;

struct wh_cli {
    bool hides_warnings;   /* of the files: commands that only list say nothing but errors */
    struct wh_arena arena; /* lives as long as the process */
    char **envp;
    const char *cwd; /* absolute */
    struct wh_cli_globals globals;
    struct wh_cli_common common;
    const struct wh_cmd *cmd;
    struct wh_opt_parser parser; /* of the command: parser.args, wh_opt_given */
    bool json_errors;            /* --progress json: the last error is a JSON object */
    const struct wh_env *env;    /* of the loaded project: COMPOSE_* from .env count as exported; NULL before */
};

struct wh_cmd {
    const char *name;
    const char *alias;   /* or NULL */
    const char *usage;   /* behind the name: "[OPTIONS] [SERVICE...]" */
    const char *summary; /* one sentence without a full stop */
    const char *section; /* heading in the list of commands; NULL = "Commands", "" = not listed */
    const struct wh_opt *options;
    size_t n_options;
    size_t options_size;            /* of the struct that the table fills */
    const struct wh_output *output; /* what it prints as JSON, or NULL */
    int min_args;
    int max_args;      /* -1 = any number */
    bool ignores_more; /* arguments beyond max_args are no error, as with docker compose, but are named in a warning */
    bool stop_at_argument;
    bool raw_args; /* options are not parsed at all: args is everything behind the name (image) */
    /* values: the filled struct. Returns the exit status, or -1 with err. */
    int (*run)(struct wh_cli *cli, const void *values, struct wh_err *err);
};

#define WH_CMD_OPTIONS(table, type) .options = (table), .n_options = WH_ARRAY_LEN(table), .options_size = sizeof(type)
#define WH_CMD_ANY_ARGS             (-1)

extern const struct wh_cmd *const wh_commands[]; /* in the order of --help; NULL at the end */

const struct wh_cmd *wh_cli_find_command(const char *name); /* also by alias; NULL when there is none */
extern const struct wh_opt wh_cli_global_options[];
extern const size_t wh_cli_n_global_options;

/* run of a command whose work is not there yet. */
int wh_cli_unsupported(struct wh_cli *cli, const void *values, struct wh_err *err);

/* "" never, as the program was called: "whale-compose". */
extern const char wh_cli_program[];
extern const char wh_cli_version[]; /* "0.1.0" */

#endif
