/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a Dockerfile instruction: quotes, backslashes and variables. */
#include "change.h"

#include "whale/util/str.h"
#include "whale/util/vec.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define BLANKS " \t\r\n\v\f"

struct lexer {
    struct wh_arena *arena;
    const struct wh_node *config; /* NULL: variables are left alone */
    const char *at;
    struct wh_str word;
    bool one_word; /* blanks do not end it */
};

static const char *find_variable(const struct lexer *l, const char *name, size_t len)
{
    const struct wh_node *env = wh_node_get(l->config, "Env");
    for (size_t i = 0; i < wh_node_len(env); i++) {
        const char *text = env->seq.items[i]->text;
        if (!strncmp(text, name, len) && text[len] == '=')
            return text + len + 1;
    }
    return NULL;
}

static size_t name_len(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_')
        n++;
    return n;
}

/* "${" stands at l->at. */
static int read_braced(struct lexer *l, struct wh_err *err)
{
    const char *name = l->at + 2, *end = strchr(name, '}');
    size_t len = name_len(name);
    if (!end || !len)
        return wh_fail(err, WH_E_INVALID, "bad substitution in \"%s\"", l->at);
    const char *value = find_variable(l, name, len), *op = name + len;
    bool colon = *op == ':';
    bool set = value && (!colon || *value);
    op += colon;
    if (op == end && !colon) {
        wh_str_add(&l->word, value ? value : "");
    } else if (*op == '-') {
        set ? wh_str_add(&l->word, value) : wh_str_addn(&l->word, op + 1, (size_t)(end - op - 1));
    } else if (*op == '+') {
        if (set)
            wh_str_addn(&l->word, op + 1, (size_t)(end - op - 1));
    } else {
        return wh_fail(err, WH_E_INVALID, "unsupported substitution in \"%s\"", l->at);
    }
    l->at = end + 1;
    return 0;
}

static int read_variable(struct lexer *l, struct wh_err *err)
{
    if (l->config && l->at[1] == '{')
        return read_braced(l, err);
    size_t len = name_len(l->at + 1);
    if (!l->config || !len) {
        wh_str_addc(&l->word, *l->at++);
        return 0;
    }
    const char *value = find_variable(l, l->at + 1, len);
    wh_str_add(&l->word, value ? value : "");
    l->at += len + 1;
    return 0;
}

static int read_single_quoted(struct lexer *l, struct wh_err *err)
{
    const char *end = strchr(++l->at, '\'');
    if (!end)
        return wh_fail(err, WH_E_INVALID, "a quote is not closed");
    wh_str_addn(&l->word, l->at, (size_t)(end - l->at));
    l->at = end + 1;
    return 0;
}

static int read_double_quoted(struct lexer *l, struct wh_err *err)
{
    for (l->at++; *l->at != '"';) {
        if (!*l->at)
            return wh_fail(err, WH_E_INVALID, "a quote is not closed");
        if (*l->at == '$') {
            if (read_variable(l, err) < 0)
                return -1;
            continue;
        }
        if (*l->at == '\\' && l->at[1] && strchr("\"$\\", l->at[1]))
            l->at++;
        wh_str_addc(&l->word, *l->at++);
    }
    l->at++;
    return 0;
}

static int read_piece(struct lexer *l, struct wh_err *err)
{
    switch (*l->at) {
    case '\'':
        return read_single_quoted(l, err);
    case '"':
        return read_double_quoted(l, err);
    case '$':
        return read_variable(l, err);
    case '\\':
        if (l->at[1])
            l->at++;
    }
    wh_str_addc(&l->word, *l->at++);
    return 0;
}

/* 1 = a word in l->word, 0 = the end, -1. */
static int next_word(struct lexer *l, struct wh_err *err)
{
    wh_str_clear(&l->word);
    l->at += strspn(l->at, BLANKS);
    if (!*l->at)
        return 0;
    while (*l->at && (l->one_word || !strchr(BLANKS, *l->at)))
        if (read_piece(l, err) < 0)
            return -1;
    return l->word.failed ? wh_fail(err, ENOMEM, "instruction") : 1;
}

int change_words(struct wh_arena *a, const struct wh_node *config, const char *text, const char ***ret, size_t *ret_n,
                 struct wh_err *err)
{
    struct lexer l = {.arena = a, .config = config, .at = text};
    size_t n = 0;
    const char **out = wh_arena_array(a, const char *, strlen(text) / 2 + 2);
    int r = out ? 1 : wh_fail(err, ENOMEM, "instruction");
    while (r > 0 && (r = next_word(&l, err)) > 0)
        out[n++] = wh_arena_strdup(a, wh_str_c(&l.word));
    wh_str_fini(&l.word);
    *ret = out;
    *ret_n = n;
    return r < 0 ? -1 : 0;
}

int change_word(struct wh_arena *a, const struct wh_node *config, const char *text, const char **ret,
                struct wh_err *err)
{
    struct lexer l = {.arena = a, .config = config, .at = text, .one_word = true};
    int r = next_word(&l, err);
    *ret = r < 0 ? NULL : wh_arena_strdup(a, wh_str_c(&l.word));
    wh_str_fini(&l.word);
    return r < 0 ? -1 : 0;
}

/* "ENV key some value": everything after the first blank. */
static int old_pair(struct wh_arena *a, const struct wh_node *config, const char *text, const char **ret_key,
                    const char **ret_value, struct wh_err *err)
{
    size_t len = strcspn(text, " \t");
    const char *rest = text + len + strspn(text + len, " \t");
    if (!*rest)
        return wh_fail(err, WH_E_INVALID, "%s needs a value", text);
    *ret_key = wh_arena_strndup(a, text, len);
    return change_word(a, config, rest, ret_value, err);
}

int change_pairs(struct wh_arena *a, const struct wh_node *config, const char *text, const char ***ret_keys,
                 const char ***ret_values, size_t *ret_n, struct wh_err *err)
{
    const char **words;
    if (change_words(a, config, text, &words, ret_n, err) < 0)
        return -1;
    *ret_keys = wh_arena_array(a, const char *, *ret_n + 1);
    *ret_values = wh_arena_array(a, const char *, *ret_n + 1);
    if (!*ret_keys || !*ret_values)
        return wh_fail(err, ENOMEM, "instruction");
    if (!*ret_n || !strchr(words[0], '=')) {
        *ret_n = 1;
        return old_pair(a, config, text, *ret_keys, *ret_values, err);
    }
    for (size_t i = 0; i < *ret_n; i++) {
        const char *eq = strchr(words[i], '=');
        if (!eq || eq == words[i])
            return wh_fail(err, WH_E_INVALID, "\"%s\" is not of the form name=value", words[i]);
        (*ret_keys)[i] = wh_arena_strndup(a, words[i], (size_t)(eq - words[i]));
        (*ret_values)[i] = eq + 1;
    }
    return 0;
}
