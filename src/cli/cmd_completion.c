/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * completion: small shell scripts that ask the hidden command __complete, which answers from the option tables, the
 * project's services and profiles, and the names of known projects.
 */
#include "commands.h"

#include "cli/project.h"
#include "whale/state.h"

#include <stdio.h>
#include <string.h>

/* ---- scripts --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *shell, *script;
} scripts[] = {
    {"bash", "_whale_compose() {\n"
             "    local IFS=$'\\n'\n"
             "    COMPREPLY=($(whale-compose __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
             "}\n"
             "complete -o default -F _whale_compose whale-compose\n"},
    {"zsh", "#compdef whale-compose\n"
            "_whale_compose() {\n"
            "    local -a found\n"
            "    found=(${(f)\"$(whale-compose __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
            "    if (( ${#found} )); then compadd -a found; else _files; fi\n"
            "}\n"
            "compdef _whale_compose whale-compose\n"},
    {"fish", "function __whale_compose\n"
             "    set -l words (commandline -opc) (commandline -ct)\n"
             "    whale-compose __complete $words[2..-1] 2>/dev/null\n"
             "end\n"
             "complete -c whale-compose -a '(__whale_compose)'\n"},
};

static int run_completion(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const char *shell = cli->parser.args.items[0];
    for (size_t i = 0; i < WH_ARRAY_LEN(scripts); i++)
        if (strcmp(scripts[i].shell, shell) == 0) {
            fputs(scripts[i].script, stdout);
            return 0;
        }
    return wh_fail(err, WH_E_INVALID, "no completion for the shell \"%s\": there are bash, zsh and fish", shell);
}

const struct wh_cmd wh_cmd_completion = {
    .name = "completion",
    .usage = "bash|zsh|fish",
    .summary = "Print a script that completes command lines",
    .section = "More commands",
    .min_args = 1,
    .max_args = 1,
    .run = run_completion,
};

/* ---- answers --------------------------------------------------------------------------------------------------- */

struct question {
    struct wh_cli *cli;
    const struct wh_cmd *cmd;   /* NULL: its name is being typed */
    const struct wh_opt *wants; /* option whose value is being typed, or NULL */
    const char *word;           /* the last one, maybe "" */
};

static void offer(const struct question *q, const char *text)
{
    if (wh_starts(text, q->word))
        printf("%s\n", text);
}

static const struct wh_opt *find_option(const struct wh_opt_table *t, const char *word)
{
    for (size_t i = 0; i < t->len; i++) {
        const struct wh_opt *o = &t->items[i];
        bool is_long = wh_starts(word, "--") && strcmp(word + 2, o->name) == 0;
        if (is_long || (word[0] == '-' && o->letter && word[1] == o->letter && word[2] == '\0'))
            return o;
    }
    return NULL;
}

/* Walks the words before the last: global options, the command, its options. The values of global options that decide
 * which project is meant are kept. */
static struct question read_words(struct wh_cli *cli)
{
    const struct wh_opt_list *words = &cli->parser.args;
    struct question q = {.cli = cli, .word = words->len ? words->items[words->len - 1] : ""};
    for (size_t i = 0; i + 1 < words->len; i++) {
        struct wh_opt_table own = q.cmd ? (struct wh_opt_table){q.cmd->options, q.cmd->n_options, NULL}
                                        : (struct wh_opt_table){wh_cli_global_options, wh_cli_n_global_options, NULL};
        const struct wh_opt *o = find_option(&own, words->items[i]);
        if (o && !o->bare && i + 2 == words->len)
            q.wants = o;
        if (o && !o->bare && !q.cmd && i + 2 < words->len) {
            if (strcmp(o->name, "file") == 0)
                wh_opt_list_add(&cli->arena, &cli->globals.files, words->items[i + 1]);
            else if (strcmp(o->name, "project-name") == 0)
                cli->globals.project_name = words->items[i + 1];
        }
        i += o && !o->bare;
        if (!o && words->items[i][0] != '-' && !q.cmd)
            q.cmd = wh_cli_find_command(words->items[i]);
    }
    return q;
}

static void offer_options(const struct question *q)
{
    const struct wh_opt *options = q->cmd ? q->cmd->options : wh_cli_global_options;
    size_t n = q->cmd ? q->cmd->n_options : wh_cli_n_global_options;
    for (size_t i = 0; i < n; i++)
        if (!options[i].hidden)
            offer(q, wh_arena_fmt(&q->cli->arena, "--%s", options[i].name));
    offer(q, "--help");
    offer(q, "--dry-run");
}

static void offer_commands(const struct question *q)
{
    for (size_t i = 0; wh_commands[i]; i++)
        if (!wh_streq(wh_commands[i]->section, ""))
            offer(q, wh_commands[i]->name);
}

static void offer_keys(const struct question *q, const struct wh_node *map)
{
    for (size_t i = 0; i < wh_node_len(map); i++)
        offer(q, map->map.pairs[i].key);
}

/* A project that cannot be loaded offers nothing and says nothing. */
static void offer_from_project(const struct question *q, bool profiles)
{
    wh_auto_load struct wh_load_result r = {0};
    wh_auto_err err = {0};
    struct wh_load_options o = {
        .files = q->cli->globals.files.items,
        .n_files = q->cli->globals.files.len,
        .environ = q->cli->envp,
        .cwd = q->cli->cwd,
        .no_consistency = true,
        .no_env_resolution = true,
        .all_services = true,
    };
    if (wh_compose_load(&o, &r, &err) < 0)
        return;
    if (!profiles) {
        offer_keys(q, wh_node_get(r.root, "services"));
        return;
    }
    const struct wh_node *services = wh_node_get(r.root, "services");
    for (size_t i = 0; i < wh_node_len(services); i++) {
        const struct wh_node *own = wh_node_get(services->map.pairs[i].value, "profiles");
        for (size_t n = 0; n < wh_node_len(own); n++)
            offer(q, own->seq.items[n]->text);
    }
}

static void offer_projects(const struct question *q)
{
    wh_auto_strv names = {0};
    wh_auto_err err = {0};
    if (wh_state_project_names(&names, &err) < 0)
        return;
    for (size_t i = 0; i < names.len; i++)
        offer(q, names.items[i]);
}

static void offer_choices(const struct question *q)
{
    for (const char *at = q->wants->choices; *at;) {
        size_t len = strcspn(at, "|");
        offer(q, wh_arena_strndup(&q->cli->arena, at, len));
        at += len + (at[len] == '|');
    }
}

static int run_complete(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    struct question q = read_words(cli);
    if (q.wants && q.wants->choices)
        offer_choices(&q);
    else if (q.wants && strcmp(q.wants->name, "project-name") == 0)
        offer_projects(&q);
    else if (q.wants && strcmp(q.wants->name, "profile") == 0)
        offer_from_project(&q, true);
    else if (q.wants)
        return 0;
    else if (q.word[0] == '-')
        offer_options(&q);
    else if (!q.cmd)
        offer_commands(&q);
    else if (strstr(q.cmd->usage, "SERVICE"))
        offer_from_project(&q, false);
    return 0;
}

const struct wh_cmd wh_cmd_complete = {
    .name = "__complete",
    .usage = "[WORD...]",
    .summary = "Answer a shell that completes a command line",
    .section = "",
    .max_args = WH_CMD_ANY_ARGS,
    .raw_args = true,
    .run = run_complete,
};
