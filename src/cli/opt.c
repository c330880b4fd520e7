/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing of argv against option tables. */
#include "opt.h"

#include "whale/util/size.h"

#include <stdio.h>
#include <string.h>

int wh_opt_list_add(struct wh_arena *a, struct wh_opt_list *list, const char *item)
{
    size_t n = list->len;
    if ((n & (n - 1)) == 0) { /* full at 0, 1, 2, 4, 8 ... */
        const char **grown = wh_arena_array(a, const char *, n ? n * 2 : 1);
        if (!grown)
            return -1;
        if (n)
            memcpy(grown, list->items, n * sizeof(*grown));
        list->items = grown;
    }
    list->items[list->len++] = item;
    return 0;
}

static void *find_value(const struct wh_opt_parser *p, const struct wh_opt *o)
{
    for (size_t t = 0; t < WH_OPT_TABLES; t++)
        if (o >= p->tables[t].items && o < p->tables[t].items + p->tables[t].len)
            return (char *)p->tables[t].values + o->offset;
    return NULL;
}

/* ---- conversion of one value, a function per type -------------------------------------------------------------- */

static int set_flag(struct wh_arena *a, void *value, const char *text)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < WH_ARRAY_LEN(yes); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *(bool *)value = strcmp(text, yes[i]) == 0;
            return 0;
        }
    }
    return -1;
}

static int set_text(struct wh_arena *a, void *value, const char *text)
{
    *(const char **)value = text;
    return 0;
}

static int set_list(struct wh_arena *a, void *value, const char *text)
{
    return wh_opt_list_add(a, value, text);
}

static int set_int(struct wh_arena *a, void *value, const char *text)
{
    return wh_int_parse(text, INT64_MIN, INT64_MAX, value);
}

static const struct {
    int (*set)(struct wh_arena *a, void *value, const char *text);
    const char *complaint; /* how Go words what it could not read */
} types[] = {
    [WH_OPT_TYPE_FLAG] = {set_flag, "strconv.ParseBool"},
    [WH_OPT_TYPE_TEXT] = {set_text, ""},
    [WH_OPT_TYPE_LIST] = {set_list, ""},
    [WH_OPT_TYPE_INT] = {set_int, "strconv.ParseInt"},
};

static bool is_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);
    for (const char *at = choices; at && len; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (strncmp(at, text, len) == 0 && (at[len] == '|' || at[len] == '\0'))
            return true;
    return false;
}

static void format_option(const struct wh_opt *o, char *buf, size_t size)
{
    if (o->letter)
        snprintf(buf, size, "-%c, --%s", o->letter, o->name);
    else
        snprintf(buf, size, "--%s", o->name);
}

static int fail_choice(const struct wh_opt *o, const char *text, struct wh_err *err)
{
    char shown[80];
    const char *hole = o->wrong ? strstr(o->wrong, "%s") : NULL;
    format_option(o, shown, sizeof(shown));
    if (hole)
        wh_fail(err, WH_E_USAGE, "%.*s\"%s\"%s", (int)(hole - o->wrong), o->wrong, text, hole + 2);
    else
        wh_fail(err, WH_E_USAGE, "invalid argument \"%s\" for \"%s\" flag", text, shown);
    wh_err_hint(err, "it is one of %s", o->choices);
    return -1;
}

static int set_option(struct wh_opt_parser *p, const struct wh_opt *o, const char *text, struct wh_err *err)
{
    char shown[80];
    format_option(o, shown, sizeof(shown));
    if (o->choices && *text && !is_choice(o->choices, text))
        return fail_choice(o, text, err);
    if (o->choices && !*text)
        text = o->value;
    if (types[o->type].set(p->arena, find_value(p, o), text) < 0)
        return wh_fail(err, WH_E_USAGE, "invalid argument \"%s\" for \"%s\" flag: %s: parsing \"%s\": invalid syntax",
                       text, shown, types[o->type].complaint, text);
    if (o->note && !wh_opt_given(p, o->name))
        fprintf(stderr, "%s\n", o->note);
    if (!wh_opt_given(p, o->name) && p->n_changed < WH_ARRAY_LEN(p->changed))
        p->changed[p->n_changed++] = o;
    return 0;
}

/* ---- finding the option ---------------------------------------------------------------------------------------- */

static const struct wh_opt *find_long(const struct wh_opt_parser *p, const char *name, size_t len)
{
    for (size_t t = 0; t < WH_OPT_TABLES; t++)
        for (size_t i = 0; i < p->tables[t].len; i++) {
            const struct wh_opt *o = &p->tables[t].items[i];
            if (strncmp(o->name, name, len) == 0 && o->name[len] == '\0')
                return o;
        }
    return NULL;
}

static const struct wh_opt *find_letter(const struct wh_opt_parser *p, char letter)
{
    for (size_t t = 0; t < WH_OPT_TABLES; t++)
        for (size_t i = 0; i < p->tables[t].len; i++)
            if (p->tables[t].items[i].letter == letter)
                return &p->tables[t].items[i];
    return NULL;
}

struct cursor {
    int argc, at; /* argv[at] is the word that is being read */
    char **argv;
};

static int set_help(struct wh_opt_parser *p, const char *text, struct wh_err *err)
{
    if (set_flag(p->arena, &p->help, text) < 0)
        return wh_fail(err, WH_E_USAGE,
                       "invalid argument \"%s\" for \"-h, --help\" flag: %s: parsing \"%s\": invalid syntax", text,
                       types[WH_OPT_TYPE_FLAG].complaint, text);
    return 0;
}

static int parse_long(struct wh_opt_parser *p, struct cursor *c, struct wh_err *err)
{
    const char *name = c->argv[c->at] + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    if (len == 0 || name[0] == '-')
        return wh_fail(err, WH_E_USAGE, "bad flag syntax: %s", c->argv[c->at]);
    const struct wh_opt *o = find_long(p, name, len);
    if (!o && len == 4 && strncmp(name, "help", 4) == 0)
        return set_help(p, equals ? equals + 1 : "true", err);
    if (!o)
        return wh_fail(err, WH_E_USAGE, "unknown flag: --%.*s", (int)len, name);
    if (equals)
        return set_option(p, o, equals + 1, err);
    if (o->bare)
        return set_option(p, o, o->bare, err);
    if (c->at + 1 >= c->argc)
        return wh_fail(err, WH_E_USAGE, "flag needs an argument: --%s", o->name);
    return set_option(p, o, c->argv[++c->at], err);
}

/* One letter of "-abc". Returns 1 when the rest of the word was its value. */
static int parse_letter(struct wh_opt_parser *p, struct cursor *c, const char *at, struct wh_err *err)
{
    const struct wh_opt *o = find_letter(p, *at);
    if (!o && *at == 'h') {
        p->help = true;
        return 1;
    }
    if (!o)
        return wh_fail(err, WH_E_USAGE, "unknown shorthand flag: '%c' in -%s", *at, at);
    if (at[1] == '=')
        return set_option(p, o, at + 2, err) < 0 ? -1 : 1;
    if (o->bare)
        return set_option(p, o, o->bare, err);
    if (at[1])
        return set_option(p, o, at + 1, err) < 0 ? -1 : 1;
    if (c->at + 1 >= c->argc)
        return wh_fail(err, WH_E_USAGE, "flag needs an argument: '%c' in -%s", *at, at);
    return set_option(p, o, c->argv[++c->at], err) < 0 ? -1 : 1;
}

static int parse_letters(struct wh_opt_parser *p, struct cursor *c, struct wh_err *err)
{
    int r = 0;
    for (const char *at = c->argv[c->at] + 1; *at && r == 0; at++)
        r = parse_letter(p, c, at, err);
    return r < 0 ? -1 : 0;
}

static int set_defaults(struct wh_opt_parser *p, struct wh_err *err)
{
    for (size_t t = 0; t < WH_OPT_TABLES; t++)
        for (size_t i = 0; i < p->tables[t].len; i++) {
            const struct wh_opt *o = &p->tables[t].items[i];
            if (o->value && types[o->type].set(p->arena, find_value(p, o), o->value) < 0)
                return wh_fail(err, WH_E_BUG, "default of --%s", o->name);
        }
    return 0;
}

static int add_argument(struct wh_opt_parser *p, const char *text, struct wh_err *err)
{
    return wh_opt_list_add(p->arena, &p->args, text) < 0 ? wh_fail(err, WH_E_LIMIT, "out of memory") : 0;
}

int wh_opt_parse(struct wh_opt_parser *p, int argc, char **argv, int first, struct wh_err *err)
{
    struct cursor c = {.argc = argc, .at = first, .argv = argv};
    bool only_arguments = false;
    if (set_defaults(p, err) < 0)
        return -1;
    for (; c.at < argc && !p->help; c.at++) {
        const char *word = argv[c.at];
        int r;
        if (only_arguments || word[0] != '-' || word[1] == '\0') {
            r = add_argument(p, word, err);
            only_arguments |= p->stop_at_argument;
        } else if (strcmp(word, "--") == 0) {
            r = 0;
            only_arguments = true;
        } else {
            r = word[1] == '-' ? parse_long(p, &c, err) : parse_letters(p, &c, err);
        }
        if (r < 0)
            return -1;
    }
    return 0;
}

bool wh_opt_given(const struct wh_opt_parser *p, const char *name)
{
    for (size_t i = 0; i < p->n_changed; i++)
        if (strcmp(p->changed[i]->name, name) == 0)
            return true;
    return false;
}
