/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From argv to a command and from its result to an exit status; the only place that prints usage and final errors. */
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "whale/cli.h"
#include "whale/codec/json.h"
#include "whale/util/vec.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define DEFAULT_COLUMNS 80

const char wh_cli_program[] = "whale-compose";
const char wh_cli_version[] = "0.1.0";

const struct wh_opt wh_cli_global_options[] = {
    WH_OPT_FLAG(struct wh_cli_globals, all_resources, 0, "all-resources",
                "Keep networks and volumes that no service uses"),
    WH_OPT_CHOICE(struct wh_cli_globals, ansi, 0, "ansi", "auto", "never|always|auto",
                  "When to use colours and movement"),
    WH_OPT_FLAG(struct wh_cli_globals, compatibility, 0, "compatibility", "Join names with _ as older versions did"),
    WH_OPT_LIST(struct wh_cli_globals, env_files, 0, "env-file", "stringArray", "File with variables instead of .env"),
    WH_OPT_LIST(struct wh_cli_globals, files, 'f', "file", "stringArray", "Compose file, may be given several times"),
    WH_OPT_INT(struct wh_cli_globals, parallel, 0, "parallel", "-1", "Most operations at a time, -1 for no limit"),
    WH_OPT_LIST(struct wh_cli_globals, profiles, 0, "profile", "stringArray", "Profile to enable"),
    WH_OPT_TEXT(struct wh_cli_globals, progress, 0, "progress", "string", NULL,
                "How progress is shown (auto|tty|plain|json|quiet|none)"),
    WH_OPT_TEXT(struct wh_cli_globals, project_directory, 0, "project-directory", "string", NULL,
                "Folder that relative paths start from (default: that of the first compose file)"),
    WH_OPT_TEXT(struct wh_cli_globals, project_name, 'p', "project-name", "string", NULL, "Name of the project"),
    WH_OPT_FLAG_HIDDEN(struct wh_cli_globals, verbose, 0, "verbose"),
    WH_OPT_FLAG_HIDDEN(struct wh_cli_globals, verbose, 'D', "debug"),
    WH_OPT_FLAG_HIDDEN(struct wh_cli_globals, version, 'v', "version"),
    WH_OPT_FLAG_HIDDEN(struct wh_cli_globals, no_ansi, 0, "no-ansi"),
    {.name = "workdir",
     .type = WH_OPT_TYPE_TEXT,
     .offset = offsetof(struct wh_cli_globals, workdir),
     .arg = "string",
     .text = "",
     .hidden = true},
};

const size_t wh_cli_n_global_options = WH_ARRAY_LEN(wh_cli_global_options);

static const struct wh_opt common_options[] = {
    WH_OPT_FLAG(struct wh_cli_common, dry_run, 0, "dry-run", "Show what would be done and change nothing"),
};

static size_t terminal_columns(void)
{
    struct winsize ws;
    return ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0 ? ws.ws_col : DEFAULT_COLUMNS;
}

static void print_str(const struct wh_str *s, FILE *out)
{
    fwrite(wh_str_c(s), 1, s->len, out);
}

static void print_usage_line(const struct wh_cmd *cmd, FILE *out)
{
    if (cmd)
        fprintf(out, "Usage:  %s %s %s\n", wh_cli_program, cmd->name, cmd->usage);
    else
        fprintf(out, "Usage:  %s [OPTIONS] COMMAND\n", wh_cli_program);
}

static void print_command_help(const struct wh_cmd *cmd)
{
    const struct wh_opt_table tables[] = {
        {.items = cmd->options, .len = cmd->n_options},
        {.items = common_options, .len = WH_ARRAY_LEN(common_options)},
    };
    wh_auto_str text = {0};
    wh_opt_help(tables, WH_ARRAY_LEN(tables), terminal_columns(), &text);
    print_usage_line(cmd, stdout);
    printf("\n%s\n", cmd->summary);
    if (cmd->alias)
        printf("\nAliases:\n  %s, %s\n", cmd->name, cmd->alias);
    printf("\nOptions:\n");
    print_str(&text, stdout);
}

static bool is_in_section(const struct wh_cmd *cmd, const char *section)
{
    return wh_streq(cmd->section ? cmd->section : "Commands", section);
}

static void print_section(const char *section)
{
    printf("\n%s:\n", section);
    for (size_t i = 0; wh_commands[i]; i++)
        if (is_in_section(wh_commands[i], section))
            printf("  %-11s %s\n", wh_commands[i]->name, wh_commands[i]->summary);
}

static void print_program_help(void)
{
    const struct wh_opt_table tables[] = {
        {.items = wh_cli_global_options, .len = WH_ARRAY_LEN(wh_cli_global_options)},
        {.items = common_options, .len = WH_ARRAY_LEN(common_options)},
    };
    wh_auto_str text = {0};
    wh_opt_help(tables, WH_ARRAY_LEN(tables), terminal_columns(), &text);
    print_usage_line(NULL, stdout);
    printf("\nRun the services of a compose file on this host\n\nOptions:\n");
    print_str(&text, stdout);
    print_section("Commands");
    print_section("More commands");
    printf("\nRun '%s COMMAND --help' for more information on a command.\n", wh_cli_program);
}

const struct wh_cmd *wh_cli_find_command(const char *name)
{
    for (size_t i = 0; wh_commands[i]; i++)
        if (strcmp(wh_commands[i]->name, name) == 0 || wh_streq(wh_commands[i]->alias, name))
            return wh_commands[i];
    return NULL;
}

static int fail_unknown_command(const char *name, struct wh_err *err)
{
    const char *names[64];
    size_t n = 0;
    for (; n < WH_ARRAY_LEN(names) && wh_commands[n]; n++)
        names[n] = wh_commands[n]->name;
    const char *near = wh_did_you_mean(name, names, n);
    wh_fail(err, WH_E_USAGE, "unknown command: \"%s\"", name);
    if (near)
        wh_err_hint(err, "did you mean %s?", near);
    return -1;
}

/* ---- errors ---------------------------------------------------------------------------------------------------- */

static void print_error_json(const struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_str out = {0};
    wh_auto_free char *text = wh_err_text(err);
    struct wh_node *o = wh_node_map(&a, NULL);
    wh_node_put_bool(&a, o, "error", true);
    wh_node_put_str(&a, o, "message", text);
    wh_node_put_str(&a, o, "hint", err->hint);
    wh_json_write(o, WH_JSON_COMPACT, &out);
    fprintf(stderr, "%s\n", wh_str_c(&out));
}

static int report(const struct wh_cli *cli, const struct wh_err *err)
{
    if (err->code == 0)
        return 1; /* everything was said already */
    fflush(stdout);
    if (cli->json_errors) {
        print_error_json(err);
    } else {
        wh_err_print(err, stderr);
    }
    if (err->code == WH_E_USAGE && !cli->json_errors) {
        fputc('\n', stderr);
        print_usage_line(cli->cmd, stderr);
        fprintf(stderr, "\nRun '%s%s%s --help' for more information\n", wh_cli_program, cli->cmd ? " " : "",
                cli->cmd ? cli->cmd->name : "");
    }
    return err->code == WH_E_CANCELLED ? WH_EXIT_CANCELLED : 1;
}

/* ---- dispatch -------------------------------------------------------------------------------------------------- */

static int check_argument_count(const struct wh_cli *cli, struct wh_err *err)
{
    const struct wh_cmd *cmd = cli->cmd;
    int n = (int)cli->parser.args.len;
    bool too_many = cmd->max_args >= 0 && n > cmd->max_args;
    if (too_many && cmd->ignores_more) {
        fprintf(stderr, "warning: \"%s\" and what follows it is ignored\n", cli->parser.args.items[cmd->max_args]);
        return 0;
    }
    if (too_many && cmd->max_args == 0)
        return wh_fail(err, WH_E_USAGE, "unknown command \"%s\" for \"%s %s\"", cli->parser.args.items[0],
                       wh_cli_program, cmd->name);
    if (cmd->min_args == cmd->max_args && !cmd->ignores_more && n != cmd->min_args)
        return wh_fail(err, WH_E_USAGE, "\"%s %s\" requires %d argument%s", wh_cli_program, cmd->name, cmd->min_args,
                       cmd->min_args == 1 ? "" : "s");
    if (n < cmd->min_args)
        return wh_fail(err, WH_E_USAGE, "\"%s %s\" requires at least %d arg(s), only received %d", wh_cli_program,
                       cmd->name, cmd->min_args, n);
    if (too_many)
        return wh_fail(err, WH_E_USAGE, "\"%s %s\" accepts at most %d arg(s), received %d", wh_cli_program, cmd->name,
                       cmd->max_args, n);
    return 0;
}

/* Old spellings still work, and say so. */
static int check_globals(struct wh_cli *cli, struct wh_err *err)
{
    const struct wh_cli_globals *g = &cli->globals;
    int64_t parallel;
    if (g->no_ansi && !wh_streq(g->ansi, "auto"))
        return wh_fail(err, WH_E_INVALID,
                       "cannot specify DEPRECATED \"--no-ansi\" and \"--ansi\". Please use only \"--ansi\"");
    if (g->workdir && g->project_directory)
        return wh_fail(err, WH_E_INVALID,
                       "cannot specify DEPRECATED \"--workdir\" and \"--project-directory\". Please "
                       "use only \"--project-directory\" instead");
    if (g->no_ansi)
        fputs("option '--no-ansi' is DEPRECATED ! Please use '--ansi' instead.\n", stderr);
    if (g->workdir)
        fputs("option '--workdir' is DEPRECATED at root level! Please use '--project-directory' instead.\n", stderr);
    return wh_cli_parallel(cli, &parallel, err) < 0 ? -1 : wh_cli_check_display(cli, err);
}

static int run_command(struct wh_cli *cli, int argc, char **argv, int first, struct wh_err *err)
{
    const struct wh_cmd *cmd = cli->cmd;
    void *values = wh_arena_alloc(&cli->arena, cmd->options_size + 1);
    if (!values)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    cli->parser = (struct wh_opt_parser){
        .arena = &cli->arena,
        .tables = {{cmd->options, cmd->n_options, values},
                   {common_options, WH_ARRAY_LEN(common_options), &cli->common}},
        .stop_at_argument = cmd->stop_at_argument,
    };
    if (cmd->raw_args) {
        for (int i = first; i < argc; i++)
            wh_opt_list_add(&cli->arena, &cli->parser.args, argv[i]);
        return cmd->run(cli, values, err);
    }
    if (wh_opt_parse(&cli->parser, argc, argv, first, err) < 0)
        return -1;
    if (cli->parser.help) {
        print_command_help(cmd);
        return 0;
    }
    if (check_argument_count(cli, err) < 0 || check_globals(cli, err) < 0)
        return -1;
    return cmd->run(cli, values, err);
}

static int help_on(struct wh_cli *cli, const char *name, struct wh_err *err)
{
    const struct wh_cmd *cmd = name ? wh_cli_find_command(name) : NULL;
    if (name && !cmd)
        return fail_unknown_command(name, err);
    if (cmd)
        print_command_help(cmd);
    else
        print_program_help();
    return 0;
}

static int find_own_folder(struct wh_cli *cli, struct wh_err *err)
{
    wh_auto_free char *cwd = getcwd(NULL, 0);
    cli->cwd = cwd ? wh_arena_strdup(&cli->arena, cwd) : NULL;
    return cli->cwd ? 0 : wh_fail(err, errno, "current folder");
}

/* `whale-compose --version` is the command `version`. */
static int run(struct wh_cli *cli, int argc, char **argv, struct wh_err *err)
{
    struct wh_opt_parser p = {
        .arena = &cli->arena,
        .tables = {{wh_cli_global_options, WH_ARRAY_LEN(wh_cli_global_options), &cli->globals},
                   {common_options, WH_ARRAY_LEN(common_options), &cli->common}},
        .stop_at_argument = true,
    };
    if (find_own_folder(cli, err) < 0 || wh_opt_parse(&p, argc, argv, 1, err) < 0)
        return -1;
    const char *name = p.args.len ? p.args.items[0] : cli->globals.version ? "version" : NULL;
    if (p.help || !name)
        return help_on(cli, NULL, err);
    if (strcmp(name, "help") == 0)
        return help_on(cli, p.args.len > 1 ? p.args.items[1] : NULL, err);
    cli->json_errors = wh_streq(cli->globals.progress, "json");
    cli->cmd = wh_cli_find_command(name);
    if (!cli->cmd)
        return fail_unknown_command(name, err);
    return run_command(cli, argc, argv, argc - (int)(p.args.len ? p.args.len - 1 : 0), err);
}

int wh_cli_main(int argc, char **argv, char **envp)
{
    struct wh_cli cli = {.envp = envp};
    wh_auto_err err = {0};
    setlocale(LC_CTYPE, ""); /* widths of characters */
    int status = run(&cli, argc, argv, &err);
    if (status < 0)
        status = report(&cli, &err);
    if (fflush(stdout) != 0 && status == 0)
        status = 1;
    wh_arena_fini(&cli.arena);
    return status;
}

int wh_cli_unsupported(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    return wh_fail(err, WH_E_GENERIC, "%s %s is not supported yet", wh_cli_program, cli->cmd->name);
}
