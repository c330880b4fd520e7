/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option parser: what each spelling sets, what is said about mistakes, how help is laid out. */
#include "tests/unit/test.h"

#include "cli/opt.h"

struct values {
    bool detach, all, on;
    const char *file, *pull;
    int64_t timeout;
    struct wh_opt_list env;
};

struct common_values {
    bool dry_run;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct values, detach, 'd', "detach", "Leave it running"),
    WH_OPT_FLAG(struct values, all, 'a', "all", "Everything"),
    WH_OPT_FLAG_ON(struct values, on, 0, "on", "Is on"),
    WH_OPT_TEXT(struct values, file, 'f', "file", "string", "x.yaml", "A file"),
    WH_OPT_CHOICE(struct values, pull, 0, "pull", "policy", "always|never|policy", "When to pull"),
    WH_OPT_INT(struct values, timeout, 't', "timeout", NULL, "Seconds"),
    WH_OPT_LIST(struct values, env, 'e', "env", "stringArray", "Variables"),
};

static const struct wh_opt common[] = {WH_OPT_FLAG(struct common_values, dry_run, 0, "dry-run", "Change nothing")};

struct fixture {
    struct wh_arena arena;
    struct values v;
    struct common_values c;
    struct wh_opt_parser p;
    char *argv[16];
    int argc;
};

/* Words separated by blanks; '~' stands for an empty word. */
static int parse(struct fixture *f, const char *line, bool stop, struct wh_err *err)
{
    char *copy = wh_arena_strdup(&f->arena, line), *save = NULL;
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        f->argv[f->argc++] = strcmp(word, "~") == 0 ? word + 1 : word;
    f->p = (struct wh_opt_parser){
        .arena = &f->arena,
        .tables = {{options, WH_ARRAY_LEN(options), &f->v}, {common, WH_ARRAY_LEN(common), &f->c}},
        .stop_at_argument = stop,
    };
    return wh_opt_parse(&f->p, f->argc, f->argv, 0, err);
}

static void describe(const struct fixture *f, struct wh_str *out)
{
    wh_str_fmt(out, "%s%s%s%s", f->v.detach ? "d" : "", f->v.all ? "a" : "", f->v.on ? "o" : "",
               f->c.dry_run ? "n" : "");
    wh_str_fmt(out, " f=%s p=%s t=%lld e=", f->v.file, f->v.pull, (long long)f->v.timeout);
    for (size_t i = 0; i < f->v.env.len; i++)
        wh_str_fmt(out, "%s%s", i ? "," : "", f->v.env.items[i]);
    wh_str_add(out, " |");
    for (size_t i = 0; i < f->p.args.len; i++)
        wh_str_fmt(out, " %s", f->p.args.items[i]);
}

static void spellings(void **state)
{
    static const struct {
        const char *line;
        bool stop;
        const char *want;
    } rows[] = {
        {"", false, "o f=x.yaml p=policy t=0 e= |"},
        {"-d", false, "do f=x.yaml p=policy t=0 e= |"},
        {"-da", false, "dao f=x.yaml p=policy t=0 e= |"},
        {"--detach --all", false, "dao f=x.yaml p=policy t=0 e= |"},
        {"--detach=false --on=false", false, " f=x.yaml p=policy t=0 e= |"},
        {"--detach=1 -a=t", false, "dao f=x.yaml p=policy t=0 e= |"},
        {"--detach false", false, "do f=x.yaml p=policy t=0 e= | false"},
        {"-f y", false, "o f=y p=policy t=0 e= |"},
        {"-fy", false, "o f=y p=policy t=0 e= |"},
        {"-f=y", false, "o f=y p=policy t=0 e= |"},
        {"--file=y=z", false, "o f=y=z p=policy t=0 e= |"},
        {"--file -d", false, "o f=-d p=policy t=0 e= |"},
        {"-dfy", false, "do f=y p=policy t=0 e= |"},
        {"--file=", false, "o f= p=policy t=0 e= |"},
        {"-t 5 -t-7", false, "o f=x.yaml p=policy t=-7 e= |"},
        {"--pull never", false, "o f=x.yaml p=never t=0 e= |"},
        {"-e A=1 --env B -eC=", false, "o f=x.yaml p=policy t=0 e=A=1,B,C= |"},
        {"x -d y", false, "do f=x.yaml p=policy t=0 e= | x y"},
        {"x -d y", true, "o f=x.yaml p=policy t=0 e= | x -d y"},
        {"-d x -- y", true, "do f=x.yaml p=policy t=0 e= | x -- y"},
        {"-- x -d", false, "o f=x.yaml p=policy t=0 e= | x -d"},
        {"-- x --", true, "o f=x.yaml p=policy t=0 e= | x --"},
        {"- ~", false, "o f=x.yaml p=policy t=0 e= | - "},
        {"--dry-run", false, "on f=x.yaml p=policy t=0 e= |"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct fixture f = {0};
        wh_auto_err err = {0};
        wh_auto_str got = {0};
        if (parse(&f, rows[i].line, rows[i].stop, &err) < 0)
            fail_msg("%s: %s", rows[i].line, wh_err_text(&err));
        describe(&f, &got);
        expect_str(rows[i].line, wh_str_c(&got), rows[i].want);
        wh_arena_fini(&f.arena);
    }
}

static void mistakes(void **state)
{
    static const struct {
        const char *line, *want;
    } rows[] = {
        {"--nosuch", "unknown flag: --nosuch"},
        {"--nosuch=1", "unknown flag: --nosuch"},
        {"-dZ", "unknown shorthand flag: 'Z' in -Z"},
        {"-f", "flag needs an argument: 'f' in -f"},
        {"--file", "flag needs an argument: --file"},
        {"-t abc",
         "invalid argument \"abc\" for \"-t, --timeout\" flag: strconv.ParseInt: parsing \"abc\": invalid syntax"},
        {"--all=maybe", "invalid argument \"maybe\" for \"-a, --all\" flag"},
        {"--pull sometimes", "invalid argument \"sometimes\" for \"--pull\" flag"},
        {"--pull alway", "invalid argument \"alway\""},
        {"--=x", "bad flag syntax: --=x"},
        {"---x", "bad flag syntax: ---x"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct fixture f = {0};
        wh_auto_err err = {0};
        expect_int(rows[i].line, parse(&f, rows[i].line, false, &err), -1);
        expect_err(rows[i].line, &err, rows[i].want);
        wh_arena_fini(&f.arena);
    }
}

static void help_and_given(void **state)
{
    struct fixture f = {0}, g = {0};
    wh_auto_err err = {0};
    assert_int_equal(parse(&f, "-d --help --nosuch", false, &err), 0);
    expect_true("help ends parsing", f.p.help);
    assert_int_equal(parse(&g, "-t 0 --file=x.yaml", false, &err), 0);
    expect_true("timeout", wh_opt_given(&g.p, "timeout"));
    expect_true("file with its default", wh_opt_given(&g.p, "file"));
    expect_true("all", !wh_opt_given(&g.p, "all"));
    wh_arena_fini(&f.arena);
    wh_arena_fini(&g.arena);
}

static const struct wh_opt wide[] = {
    WH_OPT_FLAG(struct values, detach, 0, "abort-on-container-failure", "Short"),
    WH_OPT_FLAG(struct values, all, 'm', "menu",
                "Offer keyboard shortcuts; not with --detach (COMPOSE_MENU sets the default)"),
    WH_OPT_FLAG_HIDDEN(struct values, on, 0, "hidden"),
};

static const struct wh_opt extra[] = {
    {.name = "explain", .type = WH_OPT_TYPE_TEXT, .arg = "PATH", .own = true, .text = "Who set it"},
};

static void help_is_laid_out(void **state)
{
    static const struct {
        const char *name;
        struct wh_opt_table tables[2];
        const char *want;
    } rows[] = {
        {"defaults and choices",
         {{options, WH_ARRAY_LEN(options), NULL}, {common, 1, NULL}},
         "  -a, --all               Everything\n"
         "  -d, --detach            Leave it running\n"
         "      --dry-run           Change nothing\n"
         "  -e, --env stringArray   Variables\n"
         "  -f, --file string       A file (default \"x.yaml\")\n"
         "      --on                Is on (default true)\n"
         "      --pull string       When to pull (always|never|policy) (default\n"
         "                          \"policy\")\n"
         "  -t, --timeout int       Seconds\n"},
        {"wrapping",
         {{wide, WH_ARRAY_LEN(wide), NULL}, {common, 1, NULL}},
         "      --abort-on-container-failure   Short\n"
         "      --dry-run                      Change nothing\n"
         "  -m, --menu                         Offer keyboard shortcuts; not with\n"
         "                                     --detach (COMPOSE_MENU sets the default)\n"},
        {"own options come last, at the margin",
         {{extra, WH_ARRAY_LEN(extra), NULL}, {common, 1, NULL}},
         "      --dry-run   Change nothing\n"
         "\nOptions that docker compose does not have:\n"
         "--explain PATH   Who set it\n"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        wh_opt_help(rows[i].tables, 2, 80, &out);
        expect_str(rows[i].name, wh_str_c(&out), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(help_and_given),
        cmocka_unit_test(help_is_laid_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
