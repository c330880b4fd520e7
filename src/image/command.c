/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command line of whale-image: the tables of commands and options, parsing, help, exit status. */
#include "command.h"

#include "whale/image/program.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_ROOT "/var/lib/whale-compose"

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST };

struct option {
    const char *name;
    char letter;
    enum option_kind kind;
    size_t offset;        /* in struct request */
    const char *commands; /* blank-separated */
    const char *help;
};

#define AT(field) offsetof(struct request, field)

static const struct option options[] = {
    {"change", 'c', OPTION_LIST, AT(changes), " import ", "Dockerfile instruction to apply to the image's config"},
    {"message", 'm', OPTION_TEXT, AT(message), " import ", "comment in the image's history"},
    {"platform", 0, OPTION_TEXT, AT(platform), " import load pull ", "os/architecture[/variant]"},
    {"input", 'i', OPTION_TEXT, AT(file), " load ", "archive or layout folder to read instead of stdin"},
    {"output", 'o', OPTION_TEXT, AT(output), " save ", "file to write instead of stdout"},
    {"progress", 0, OPTION_TEXT, AT(progress), " import load pull rm prune tag ", "plain, json or quiet"},
    {"policy", 0, OPTION_TEXT, AT(policy), " pull ", "always, missing, if_not_present, never, daily or weekly"},
    {"format", 0, OPTION_TEXT, AT(format), " ls ", "table, json or {{json .}}"},
    {"force", 'f', OPTION_FLAG, AT(force), " rm prune ", "remove although several names or containers use it"},
    {"quiet", 'q', OPTION_FLAG, AT(quiet), " ls load pull ", "less output; with ls: ids only"},
    {"no-trunc", 0, OPTION_FLAG, AT(no_trunc), " ls ", "whole ids"},
    {"all", 'a', OPTION_FLAG, AT(all), " ls prune ", "with prune: also images that no container uses"},
};

struct command {
    const char *name;
    const char *usage;
    const char *help;
    size_t min_args, max_args;
    int (*run)(struct request *q, struct wh_err *err);
};

#define MANY SIZE_MAX

static const struct command commands[] = {
    {"import", "[OPTIONS] FILE|- [NAME[:TAG]]", "Make an image of a root file system's tar", 1, 2, cmd_import},
    {"inspect", "IMAGE [IMAGE...]", "Show images as JSON", 1, MANY, cmd_inspect},
    {"load", "[OPTIONS]", "Load images from a docker archive, an OCI archive or an OCI layout", 0, 0, cmd_load},
    {"ls", "[OPTIONS] [NAME[:TAG]]", "List images", 0, 1, cmd_ls},
    {"prune", "[OPTIONS]", "Remove unused data", 0, 0, cmd_prune},
    {"pull", "[OPTIONS] NAME[:TAG|@DIGEST]...", "Fetch images from a registry", 1, MANY, cmd_pull},
    {"rm", "[OPTIONS] IMAGE [IMAGE...]", "Remove images", 1, MANY, cmd_rm},
    {"save", "[OPTIONS] IMAGE [IMAGE...]", "Write images to an archive", 1, MANY, cmd_save},
    {"tag", "IMAGE NAME[:TAG]", "Give an image another name", 2, 2, cmd_tag},
};

static bool belongs(const struct option *o, const struct command *c)
{
    char word[24];
    snprintf(word, sizeof(word), " %s ", c->name);
    return strstr(o->commands, word);
}

/* ---- help ---- */

static void print_command_help(const struct command *c)
{
    printf("Usage: whale-image %s %s\n\n%s\n", c->name, c->usage, c->help);
    bool any = false;
    for (size_t i = 0; i < WH_ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];
        if (!belongs(o, c))
            continue;
        char letter[5] = "    ", name[40];
        if (o->letter)
            snprintf(letter, sizeof(letter), "-%c, ", o->letter);
        snprintf(name, sizeof(name), "--%s%s", o->name, o->kind == OPTION_FLAG ? "" : " TEXT");
        printf("%s  %s%-20s %s\n", any ? "" : "\nOptions:\n", letter, name, o->help);
        any = true;
    }
}

static void print_help(void)
{
    printf("Usage: whale-image COMMAND\n\nCommands:\n");
    for (size_t i = 0; i < WH_ARRAY_LEN(commands); i++)
        printf("  %-9s %s\n", commands[i].name, commands[i].help);
}

/* ---- parsing ---- */

static void set_option(struct request *q, const struct option *o, const char *value)
{
    void *field = (char *)q + o->offset;
    if (o->kind == OPTION_FLAG)
        *(bool *)field = !value || !wh_streq(value, "false");
    else if (o->kind == OPTION_TEXT)
        *(const char **)field = value;
    else
        wh_strv_add(field, value);
}

static const struct option *find_option(const struct command *c, const char *name, size_t len, char letter)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];
        bool hit = letter ? o->letter == letter : strlen(o->name) == len && !strncmp(o->name, name, len);
        if (hit && belongs(o, c))
            return o;
    }
    return NULL;
}

static int unknown_option(const char *arg, struct wh_err *err)
{
    return wh_fail(err, WH_E_USAGE, "unknown %s: %s", arg[1] == '-' ? "flag" : "shorthand flag", arg);
}

/* The value of an option that takes one: attached, or the next argument. */
static int take_value(struct request *q, const struct option *o, const char *attached, char **argv, size_t *i,
                      struct wh_err *err)
{
    const char *value = attached ? attached : argv[++*i];
    if (!value)
        return wh_fail(err, WH_E_USAGE, "flag needs an argument: --%s", o->name);
    set_option(q, o, value);
    return 0;
}

/* "--name", "--name=value", "--name value". */
static int parse_long(struct request *q, const struct command *c, char **argv, size_t *i, struct wh_err *err)
{
    const char *name = argv[*i] + 2;
    size_t len = strcspn(name, "=");
    const struct option *o = find_option(c, name, len, '\0');
    const char *attached = name[len] == '=' ? name + len + 1 : NULL;
    if (!o)
        return unknown_option(argv[*i], err);
    if (o->kind != OPTION_FLAG)
        return take_value(q, o, attached, argv, i, err);
    set_option(q, o, attached);
    return 0;
}

/* "-q", "-aq", "-c value", "-cvalue", "-c=value". */
static int parse_short(struct request *q, const struct command *c, char **argv, size_t *i, struct wh_err *err)
{
    for (const char *s = argv[*i] + 1; *s; s++) {
        const struct option *o = find_option(c, "", 0, *s);
        if (!o)
            return unknown_option(argv[*i], err);
        if (o->kind != OPTION_FLAG)
            return take_value(q, o, s[1] ? s + 1 + (s[1] == '=') : NULL, argv, i, err);
        set_option(q, o, NULL);
    }
    return 0;
}

/* 0, 1 = help was asked for, -1. The rest of argv is moved together as args. */
static int parse_args(struct request *q, const struct command *c, char **argv, struct wh_err *err)
{
    bool only_args = false;
    q->args = argv;
    for (size_t i = 0; argv[i]; i++) {
        if (only_args || argv[i][0] != '-' || !argv[i][1]) {
            q->args[q->n_args++] = argv[i];
        } else if (wh_streq(argv[i], "--")) {
            only_args = true;
        } else if (wh_streq(argv[i], "--help") || wh_streq(argv[i], "-h")) {
            return 1;
        } else if ((argv[i][1] == '-' ? parse_long : parse_short)(q, c, argv, &i, err) < 0) {
            return -1;
        }
    }
    if (q->n_args < c->min_args || q->n_args > c->max_args)
        return wh_fail(err, WH_E_USAGE, "\"whale-image %s\" takes %s", c->name, c->usage);
    return 0;
}

static int parse_progress(struct request *q, struct wh_err *err)
{
    static const struct {
        const char *name;
        enum report_mode mode;
    } modes[] = {{"plain", REPORT_PLAIN}, {"auto", REPORT_PLAIN}, {"json", REPORT_JSON}, {"quiet", REPORT_QUIET}};
    const char *name = q->progress ? q->progress : q->quiet ? "quiet" : "plain";
    for (size_t i = 0; i < WH_ARRAY_LEN(modes); i++)
        if (wh_streq(modes[i].name, name)) {
            q->report.mode = modes[i].mode;
            return 0;
        }
    return wh_fail(err, WH_E_USAGE, "unknown progress style \"%s\"", name);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(commands); i++)
        if (wh_streq(commands[i].name, name))
            return &commands[i];
    return NULL;
}

/* ---- running ---- */

/* Descriptors 0 to 2 must be taken, or the first file opened becomes one of them. */
static void prepare_process(void)
{
    while (open("/dev/null", O_RDWR) >= 0 && fcntl(STDERR_FILENO, F_GETFD) < 0)
        ;
    signal(SIGPIPE, SIG_IGN);
    umask(0);
}

static int run_command(struct request *q, const struct command *c, char **argv)
{
    wh_auto_err err = {0};
    int r = parse_args(q, c, argv, &err);
    if (r == 1) {
        print_command_help(c);
        return 0;
    }
    if (r == 0)
        r = parse_progress(q, &err);
    if (r == 0)
        r = c->run(q, &err);
    if (r == 0 && fflush(stdout) == EOF)
        r = wh_fail(&err, errno, "write to stdout");
    if (r == 0)
        return 0;
    if (!q->reported)
        report_error(&q->report, NULL, &err);
    return err.code == WH_E_USAGE ? 2 : 1;
}

int wh_image_main(int argc, char **argv)
{
    const char *root = getenv("WHALE_COMPOSE_ROOT");
    struct request q = {.root = root && *root ? root : DEFAULT_ROOT};
    prepare_process();
    report_begin(&q.report, REPORT_PLAIN);
    if (argc < 2 || wh_streq(argv[1], "--help") || wh_streq(argv[1], "-h")) {
        print_help();
        return argc < 2 ? 2 : 0;
    }
    const struct command *c = find_command(argv[1]);
    if (!c) {
        fprintf(stderr, "Error: unknown command \"%s\" for whale-image\n", argv[1]);
        return 2;
    }
    int status = run_command(&q, c, argv + 2);
    wh_strv_fini(&q.changes);
    return status;
}
