/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ${...} substitution. Grammar: $NAME, ${NAME}, ${NAME<op>word} with op one of :- - :+ + :? ?, $$ for a dollar sign;
 * a $ before anything else stays. The word ends at the brace that balances, holds no line feed, and is substituted
 * itself only when it is used.
 */
#include "compose/template.h"

#include <ctype.h>
#include <string.h>

#define MAX_DEPTH        64
#define MAX_RESULT_BYTES ((size_t)4 << 20)
/* Variables may repeat a long value in many places; a project that needs more memory than this is no project. */
#define MAX_TOTAL_BYTES ((size_t)128 << 20)

struct expansion {
    const struct wh_template *t;
    const char *part; /* the template, or the word of it, that is being read: what messages show */
    size_t part_len;
    struct wh_err *err;
    unsigned int depth;
};

static int expand(const struct expansion *x, const char *text, size_t len, struct wh_str *out);

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static size_t name_len(const char *p, size_t len)
{
    size_t n = 0;
    if (!len || !is_name_start(*p))
        return 0;
    while (n < len && (is_name_start(p[n]) || isdigit((unsigned char)p[n])))
        n++;
    return n;
}

/*
 * p stands behind "${"; the offset of the brace that closes it, or -1. When braces do not balance, as in ${A:-{}, the
 * last one of the line closes.
 */
static ssize_t closing_brace(const char *p, size_t len)
{
    int open = 1;
    ssize_t last = -1;
    for (size_t i = 0; i < len && p[i] != '\n'; i++) {
        if (p[i] == '{')
            open++;
        else if (p[i] == '}')
            last = (ssize_t)i;
        if (p[i] == '}' && --open == 0)
            break;
    }
    return last;
}

int wh_template_parse(const char *p, size_t len, struct wh_template_ref *ret)
{
    *ret = (struct wh_template_ref){0};
    ssize_t end = closing_brace(p, len);
    ret->name_len = end < 0 ? 0 : name_len(p, (size_t)end);
    if (!ret->name_len)
        return -1;
    ret->name = p;
    ret->total = (size_t)end;
    const char *op = p + ret->name_len;
    const char *stop = p + end;
    if (op == stop)
        return 0;
    ret->nonempty = *op == ':';
    op += ret->nonempty;
    if (op == stop || !strchr("-+?", *op))
        return -1;
    ret->op = *op;
    ret->word = op + 1;
    ret->word_len = (size_t)(stop - ret->word);
    return 0;
}

static int fail_required(const struct expansion *x, const struct wh_template_ref *ref, const char *name)
{
    wh_auto_str message = {0};
    if (expand(x, ref->word, ref->word_len, &message) < 0)
        return -1;
    return wh_fail(x->err, WH_E_NOT_FOUND, "required variable %s is missing a value%s%s", name, message.len ? ": " : "",
                   wh_str_c(&message));
}

static int substitute(const struct expansion *x, const struct wh_template_ref *ref, struct wh_str *out)
{
    char *name = wh_arena_strndup(x->t->arena, ref->name, ref->name_len);
    if (!name)
        return wh_fail(x->err, WH_E_LIMIT, "out of memory");
    const char *value = x->t->lookup(x->t->ctx, name);
    bool present = value && (!ref->nonempty || *value);
    switch (ref->op) {
    case '+':
        return present ? expand(x, ref->word, ref->word_len, out) : 0;
    case '-':
        return present ? wh_str_add(out, value) : expand(x, ref->word, ref->word_len, out);
    case '?':
        return present ? wh_str_add(out, value) : fail_required(x, ref, name);
    default:
        break;
    }
    if (value)
        return wh_str_add(out, value);
    if (x->t->unset)
        x->t->unset(x->t->ctx, name);
    return 0;
}

/* p stands on a dollar sign; appends what it gives and returns how many bytes it took, or -1. */
static ssize_t expand_dollar(const struct expansion *x, const char *p, size_t len, struct wh_str *out)
{
    struct wh_template_ref ref = {0};
    if (len > 1 && p[1] == '$') {
        wh_str_addc(out, '$');
        return 2;
    }
    if (len > 1 && p[1] == '{') {
        if (wh_template_parse(p + 2, len - 2, &ref) < 0)
            return wh_fail(x->err, WH_E_INVALID, "%.*s", (int)x->part_len, x->part);
        return substitute(x, &ref, out) < 0 ? -1 : (ssize_t)ref.total + 3;
    }
    ref.name = p + 1;
    ref.name_len = name_len(p + 1, len - 1);
    if (!ref.name_len) {
        wh_str_addc(out, '$');
        return 1;
    }
    return substitute(x, &ref, out) < 0 ? -1 : (ssize_t)ref.name_len + 1;
}

static int expand(const struct expansion *x, const char *text, size_t len, struct wh_str *out)
{
    struct expansion inner = {.t = x->t, .part = text, .part_len = len, .err = x->err, .depth = x->depth + 1};
    if (inner.depth > MAX_DEPTH)
        return wh_fail(x->err, WH_E_LIMIT, "more than %d nested ${}", MAX_DEPTH);
    for (size_t i = 0; i < len;) {
        const char *dollar = memchr(text + i, '$', len - i);
        size_t plain = dollar ? (size_t)(dollar - text) - i : len - i;
        wh_str_addn(out, text + i, plain);
        i += plain;
        if (!dollar)
            break;
        ssize_t took = expand_dollar(&inner, dollar, len - i, out);
        if (took < 0)
            return -1;
        i += (size_t)took;
    }
    return 0;
}

const char *wh_template_expand(const struct wh_template *t, const char *text, struct wh_err *err)
{
    if (!strchr(text, '$'))
        return text;
    wh_auto_str out = {.max = MAX_RESULT_BYTES};
    struct expansion x = {.t = t, .err = err};
    int rc = expand(&x, text, strlen(text), &out);
    if (rc < 0 && !out.failed)
        return NULL;
    if (out.failed || t->arena->used_bytes > MAX_TOTAL_BYTES) {
        size_t limit = out.failed ? MAX_RESULT_BYTES : MAX_TOTAL_BYTES;
        wh_fail(err, WH_E_LIMIT, "%s variables expand to more than %zu MiB", out.failed ? "its" : "all", limit >> 20);
        return NULL;
    }
    const char *result = wh_arena_strndup(t->arena, wh_str_c(&out), out.len);
    if (!result)
        wh_fail(err, WH_E_LIMIT, "out of memory");
    return result;
}
