/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table: one array per command gives parsing, messages and --help. Semantics and messages are those that
 * users of docker compose know: -abc, -tVALUE, -t=VALUE, --flag=value, --flag value, `--`, options between arguments.
 *
 *   struct ps_opts { bool all; const char *format; };
 *   static const struct wh_opt options[] = {
 *       WH_OPT_FLAG(struct ps_opts, all, 'a', "all", "also show containers that do not run"),
 *       WH_OPT_TEXT(struct ps_opts, format, 0, "format", "string", "table", "layout: table, json or a template"),
 *   };
 *
 * Values land in the command's own struct at the given offset, so a command reads `o->all`.
 */
#ifndef WHALE_CLI_OPT_H
#define WHALE_CLI_OPT_H

#include "whale/util/arena.h"
#include "whale/util/err.h"
#include "whale/util/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wh_opt_type {
    WH_OPT_TYPE_FLAG, /* bool */
    WH_OPT_TYPE_TEXT, /* const char *, NULL or the default */
    WH_OPT_TYPE_LIST, /* struct wh_opt_list, repeatable */
    WH_OPT_TYPE_INT,  /* int64_t */
};

struct wh_opt_list {
    const char **items;
    size_t len;
};

struct wh_opt {
    const char *name; /* long name without dashes */
    char letter;      /* 0 = none */
    enum wh_opt_type type;
    size_t offset;       /* of the value in the command's struct */
    const char *arg;     /* what --help calls the argument; NULL for flags */
    const char *value;   /* default as text, or NULL (false, NULL, empty, 0) */
    const char *bare;    /* value of the option given without one (then "--opt value" does not take the value) */
    const char *choices; /* "auto|tty|plain": the only accepted values besides "" (the default), or NULL */
    const char *wrong;   /* what is said of another value, "invalid --pull option %s"; NULL: the usual words */
    const char *note;    /* said when the option is met: that it is an old spelling, or without effect; or NULL */
    const char *text;    /* for --help; lower-case start is fine, no full stop */
    bool hidden;
    bool own; /* docker compose has no such option: --help lists it apart, after the common ones */
};

#define WH_OPT_FLAG(T, field, l, n, t)                                                                                 \
    {                                                                                                                  \
        .name = (n), .letter = (l), .type = WH_OPT_TYPE_FLAG, .offset = offsetof(T, field), .bare = "true",            \
        .text = (t)                                                                                                    \
    }
/* A flag that is on unless `--name=false` is given. */
#define WH_OPT_FLAG_ON(T, field, l, n, t)                                                                              \
    {                                                                                                                  \
        .name = (n), .letter = (l), .type = WH_OPT_TYPE_FLAG, .offset = offsetof(T, field), .bare = "true",            \
        .value = "true", .text = (t)                                                                                   \
    }
#define WH_OPT_FLAG_HIDDEN(T, field, l, n)                                                                             \
    {                                                                                                                  \
        .name = (n), .letter = (l), .type = WH_OPT_TYPE_FLAG, .offset = offsetof(T, field), .bare = "true",            \
        .text = "", .hidden = true                                                                                     \
    }
/* Another spelling that is accepted, with what is said about it (or NULL). */
#define WH_OPT_ALIAS(T, field, k, n, s)                                                                                \
    {                                                                                                                  \
        .name = (n), .type = (k), .offset = offsetof(T, field), .bare = (k) == WH_OPT_TYPE_FLAG ? "true" : NULL,       \
        .note = (s), .text = "", .hidden = true                                                                        \
    }
#define WH_OPT_TEXT(T, field, l, n, a, v, t)                                                                           \
    {                                                                                                                  \
        .name = (n), .letter = (l), .type = WH_OPT_TYPE_TEXT, .offset = offsetof(T, field), .arg = (a), .value = (v),  \
        .text = (t)                                                                                                    \
    }
#define WH_OPT_CHOICE(T, field, l, n, v, c, t)                                                                         \
    {                                                                                                                  \
        .name = (n), .letter = (l), .type = WH_OPT_TYPE_TEXT, .offset = offsetof(T, field), .arg = "string",           \
        .value = (v), .choices = (c), .text = (t)                                                                      \
    }
/* w: the words users of docker compose know for a wrong value, with %s in the place of the quoted value. */
#define WH_OPT_CHOICE_OR(T, field, l, n, v, c, w, t)                                                                   \
    {                                                                                                                  \
        .name = (n), .letter = (l), .type = WH_OPT_TYPE_TEXT, .offset = offsetof(T, field), .arg = "string",           \
        .value = (v), .choices = (c), .wrong = (w), .text = (t)                                                        \
    }
#define WH_OPT_LIST(T, field, l, n, a, t)                                                                              \
    {                                                                                                                  \
        .name = (n), .letter = (l), .type = WH_OPT_TYPE_LIST, .offset = offsetof(T, field), .arg = (a), .text = (t)    \
    }
#define WH_OPT_INT(T, field, l, n, v, t)                                                                               \
    {                                                                                                                  \
        .name = (n), .letter = (l), .type = WH_OPT_TYPE_INT, .offset = offsetof(T, field), .arg = "int", .value = (v), \
        .text = (t)                                                                                                    \
    }

struct wh_opt_table {
    const struct wh_opt *items;
    size_t len;
    void *values; /* struct that the offsets are relative to; NULL where only --help is rendered */
};

#define WH_OPT_TABLES 2 /* a command's own table and the options that every command has */

struct wh_opt_parser {
    struct wh_arena *arena; /* list values and arguments live here; texts are borrowed from argv */
    struct wh_opt_table tables[WH_OPT_TABLES];
    bool stop_at_argument; /* everything from the first argument on is left alone (run, exec, the program itself) */

    struct wh_opt_list args; /* result: arguments that are no options, `--` taken out */
    bool help;               /* result: -h or --help was met; parsing ended there */
    const struct wh_opt *changed[64];
    size_t n_changed;
};

/* Defaults into the values, then argv[first...]. 0, or -1 with WH_E_USAGE and the message users know. */
int wh_opt_parse(struct wh_opt_parser *p, int argc, char **argv, int first, struct wh_err *err);
/* Whether the option was given on the command line. */
bool wh_opt_given(const struct wh_opt_parser *p, const char *name);
int wh_opt_list_add(struct wh_arena *a, struct wh_opt_list *list, const char *item);

/* The "Options:" lines of all tables sorted by name, texts wrapped to `columns`. */
void wh_opt_help(const struct wh_opt_table *tables, size_t n_tables, size_t columns, struct wh_str *out);

#endif
