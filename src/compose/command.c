/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cuts the string form of a command into words. No shell runs: quotes and backslashes are read, and an unquoted
 * operator (| > < ; &) ends the command silently, as with docker compose; the caller warns about that.
 */
#include "canonical.h"

#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

enum quote { QUOTE_NONE, QUOTE_SINGLE, QUOTE_DOUBLE, QUOTE_BACK, QUOTE_DOLLAR };

struct words {
    struct wh_arena *arena;
    const struct wh_mark *mark;
    struct wh_node *list;
    struct wh_str word;
    enum quote quote;
    bool in_word;
    bool bad;
};

static void end_word(struct words *w)
{
    if (w->in_word)
        wh_node_push(w->arena, w->list, wh_node_str(w->arena, w->mark, wh_str_c(&w->word)));
    wh_str_clear(&w->word);
    w->in_word = false;
}

static void add(struct words *w, char c)
{
    w->in_word = true;
    wh_str_addc(&w->word, c);
}

/* Quote characters; true when c was one that leaves no trace in the word. */
static bool take_quote(struct words *w, char c)
{
    enum quote mine = c == '"' ? QUOTE_DOUBLE : QUOTE_SINGLE;
    if (w->quote != QUOTE_NONE && w->quote != mine)
        return false;
    w->in_word = w->in_word || w->quote == mine;
    w->quote = w->quote == mine ? QUOTE_NONE : mine;
    return true;
}

/* Backquotes and $(...) stay in the word; they only keep blanks and operators from acting. */
static void take_substitution(struct words *w, char c)
{
    bool after_dollar = wh_ends(wh_str_c(&w->word), "$");
    if (c == '`' && (w->quote == QUOTE_NONE || w->quote == QUOTE_BACK))
        w->quote = w->quote == QUOTE_BACK ? QUOTE_NONE : QUOTE_BACK;
    else if (c == '(' && w->quote == QUOTE_NONE && after_dollar)
        w->quote = QUOTE_DOLLAR;
    else if (c == ')' && w->quote == QUOTE_DOLLAR)
        w->quote = QUOTE_NONE;
    else if (c != '`' && (w->quote == QUOTE_NONE || w->quote == QUOTE_DOLLAR))
        w->bad = true;
    add(w, c);
}

static bool all_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* One character outside an escape; false when an operator ends the command. */
static bool take_char(struct words *w, char c)
{
    if (strchr(" \t\r\n", c)) {
        if (w->quote == QUOTE_NONE)
            end_word(w);
        else
            wh_str_addc(&w->word, c);
    } else if (strchr("`()", c)) {
        take_substitution(w, c);
    } else if ((c == '"' || c == '\'') && take_quote(w, c)) {
        return true;
    } else if (strchr(";&|<>", c) && w->quote == QUOTE_NONE) {
        if (c == '>' && all_digits(wh_str_c(&w->word))) /* the 2 of 2>file */
            w->in_word = false;
        return false;
    } else {
        add(w, c);
    }
    return true;
}

static char unescape(char c)
{
    return c == 't' ? '\t' : c == 'n' ? '\n' : c;
}

struct wh_node *wh_split_command(struct wh_arena *a, const char *text, const struct wh_mark *mark, struct wh_cut *ret,
                                 struct wh_err *err)
{
    struct words w = {.arena = a, .mark = mark, .list = wh_node_seq(a, mark)};
    bool escaped = false;
    *ret = (struct wh_cut){0};
    const char *p = text;
    for (; w.list && *p && !w.bad; p++) {
        if (escaped) {
            add(&w, unescape(*p));
            escaped = false;
        } else if (*p == '\\' && w.quote != QUOTE_SINGLE) {
            escaped = true;
        } else if (!take_char(&w, *p)) {
            *ret = (struct wh_cut){.op = *p, .offset = (size_t)(p - text)};
            break;
        }
    }
    bool open = escaped || w.quote != QUOTE_NONE || w.bad;
    end_word(&w);
    wh_str_fini(&w.word);
    if (w.list && !open && !a->failed)
        return w.list;
    if (open)
        wh_fail(err, WH_E_INVALID, "invalid command line string");
    else
        wh_fail(err, ENOMEM, "command");
    return NULL;
}
