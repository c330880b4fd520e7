/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of templates: Go's builtins and those that docker adds. One row a function. */
#include "tmpl_internal.h"

#include "whale/codec/json.h"

#include <ctype.h>
#include <string.h>

/* ---- values ---------------------------------------------------------------------------------------------------- */

bool wh_tmpl_truth(const struct wh_node *v)
{
    if (!v)
        return false;
    switch (v->kind) {
    case WH_NODE_BOOL:
        return v->boolean;
    case WH_NODE_INT:
        return v->integer != 0;
    case WH_NODE_FLOAT:
        return v->real < 0 || v->real > 0;
    case WH_NODE_STR:
        return v->text_len != 0;
    case WH_NODE_SEQ:
    case WH_NODE_MAP:
        return wh_node_len(v) != 0;
    case WH_NODE_NULL:
        break;
    }
    return false;
}

/* Maps inside lists are Go structs in docker's data and print without their keys. */
static void print_value(const struct wh_node *v, bool in_list, struct wh_str *out)
{
    if (!v || v->kind == WH_NODE_NULL) {
        wh_str_add(out, "<nil>");
    } else if (v->kind == WH_NODE_SEQ) {
        wh_str_addc(out, '[');
        for (size_t i = 0; i < v->seq.len; i++) {
            wh_str_add(out, i ? " " : "");
            print_value(v->seq.items[i], true, out);
        }
        wh_str_addc(out, ']');
    } else if (v->kind == WH_NODE_MAP) {
        wh_str_add(out, in_list ? "{" : "map[");
        for (size_t i = 0; i < v->map.len; i++) {
            wh_str_add(out, i ? " " : "");
            if (!in_list)
                wh_str_fmt(out, "%s:", v->map.pairs[i].key);
            print_value(v->map.pairs[i].value, false, out);
        }
        wh_str_addc(out, in_list ? '}' : ']');
    } else {
        wh_str_addn(out, v->text, v->text_len);
    }
}

void wh_tmpl_print(const struct wh_node *v, struct wh_str *out)
{
    print_value(v, false, out);
}

static int finish_text(struct tmpl_call *c, struct wh_str *text)
{
    c->result = text->failed ? NULL : wh_node_str(c->arena, NULL, wh_str_c(text));
    return c->result ? 0 : wh_fail(c->err, WH_E_LIMIT, "out of memory");
}

static int finish_bool(struct tmpl_call *c, bool value)
{
    c->result = wh_node_bool(c->arena, NULL, value);
    return c->result ? 0 : wh_fail(c->err, WH_E_LIMIT, "out of memory");
}

static int finish_int(struct tmpl_call *c, int64_t value)
{
    c->result = wh_node_int(c->arena, NULL, value);
    return c->result ? 0 : wh_fail(c->err, WH_E_LIMIT, "out of memory");
}

static int need_text(struct tmpl_call *c, size_t i, const char **ret)
{
    const struct wh_node *v = c->args[i];
    *ret = "";
    if (!v || v->kind != WH_NODE_STR)
        return wh_fail(c->err, WH_E_INVALID, "wrong type of argument %zu; expected string", i + 1);
    *ret = v->text;
    return 0;
}

static int need_int(struct tmpl_call *c, size_t i, int64_t *ret)
{
    const struct wh_node *v = c->args[i];
    *ret = 0;
    if (!v || v->kind != WH_NODE_INT)
        return wh_fail(c->err, WH_E_INVALID, "wrong type of argument %zu; expected int", i + 1);
    *ret = v->integer;
    return 0;
}

/* Index of the byte behind the first n characters. */
static size_t utf8_prefix(const char *s, int64_t n)
{
    size_t i = 0;
    for (; s[i]; i++)
        if (((unsigned char)s[i] & 0xC0) != 0x80 && n-- <= 0)
            break;
    return i;
}

/* ---- Go's ------------------------------------------------------------------------------------------------------ */

static int do_len(struct tmpl_call *c)
{
    const struct wh_node *v = c->args[0];
    if (v && v->kind == WH_NODE_STR)
        return finish_int(c, (int64_t)v->text_len);
    if (v && (v->kind == WH_NODE_SEQ || v->kind == WH_NODE_MAP))
        return finish_int(c, (int64_t)wh_node_len(v));
    return wh_fail(c->err, WH_E_INVALID, "len of type %s", v ? wh_node_kind_text(v->kind) : "nil");
}

static int index_one(struct tmpl_call *c, const struct wh_node *v, const struct wh_node *key,
                     const struct wh_node **ret)
{
    *ret = NULL;
    if (v && v->kind == WH_NODE_MAP && key && key->text) {
        *ret = wh_node_get(v, key->text);
        return 0;
    }
    bool is_list = v && v->kind == WH_NODE_SEQ, is_text = v && v->kind == WH_NODE_STR;
    size_t n = is_list ? v->seq.len : is_text ? v->text_len : 0;
    if (!key || key->kind != WH_NODE_INT || !(is_list || is_text))
        return wh_fail(c->err, WH_E_INVALID, "can't index item of this type");
    if (key->integer < 0 || (uint64_t)key->integer >= n)
        return wh_fail(c->err, WH_E_INVALID, "index out of range: %lld", (long long)key->integer);
    *ret = is_list ? v->seq.items[key->integer] : wh_node_int(c->arena, NULL, (unsigned char)v->text[key->integer]);
    return 0;
}

static int do_index(struct tmpl_call *c)
{
    const struct wh_node *v = c->args[0];
    for (size_t i = 1; i < c->n; i++)
        if (index_one(c, v, c->args[i], &v) < 0)
            return -1;
    c->result = v;
    return 0;
}

static int slice_list(struct tmpl_call *c, const struct wh_node *v, int64_t from, int64_t to)
{
    struct wh_node *out = wh_node_seq(c->arena, NULL);
    for (int64_t i = from; i < to; i++)
        wh_node_push(c->arena, out, v->seq.items[i]);
    c->result = out;
    return 0;
}

static int do_slice(struct tmpl_call *c)
{
    const struct wh_node *v = c->args[0];
    if (!v || (v->kind != WH_NODE_STR && v->kind != WH_NODE_SEQ))
        return wh_fail(c->err, WH_E_INVALID, "can't slice item of this type");
    int64_t len = v->kind == WH_NODE_STR ? (int64_t)v->text_len : (int64_t)v->seq.len, from = 0, to = len;
    if ((c->n > 1 && need_int(c, 1, &from) < 0) || (c->n > 2 && need_int(c, 2, &to) < 0))
        return -1;
    if (from < 0 || to > len || from > to)
        return wh_fail(c->err, WH_E_INVALID, "index out of range");
    if (v->kind == WH_NODE_SEQ)
        return slice_list(c, v, from, to);
    wh_auto_str text = {0};
    wh_str_addn(&text, v->text + from, (size_t)(to - from));
    return finish_text(c, &text);
}

static int do_not(struct tmpl_call *c)
{
    return finish_bool(c, !wh_tmpl_truth(c->args[0]));
}

static bool is_number(const struct wh_node *v)
{
    return v && (v->kind == WH_NODE_INT || v->kind == WH_NODE_FLOAT);
}

static double number_of(const struct wh_node *v)
{
    return v->kind == WH_NODE_INT ? (double)v->integer : v->real;
}

static int compare(struct tmpl_call *c, const struct wh_node *a, const struct wh_node *b, int *ret)
{
    if (is_number(a) && is_number(b)) {
        double x = number_of(a), y = number_of(b);
        *ret = (x > y) - (x < y);
    } else if (a && b && a->kind == b->kind && a->kind == WH_NODE_STR) {
        *ret = strcmp(a->text, b->text);
    } else if (a && b && a->kind == b->kind && a->kind == WH_NODE_BOOL) {
        *ret = a->boolean - b->boolean;
    } else if (!a || !b) {
        *ret = a != b;
    } else {
        return wh_fail(c->err, WH_E_INVALID, "incompatible types for comparison");
    }
    return 0;
}

static int do_eq(struct tmpl_call *c)
{
    for (size_t i = 1; i < c->n; i++) {
        int order;
        if (compare(c, c->args[0], c->args[i], &order) < 0)
            return -1;
        if (order == 0)
            return finish_bool(c, true);
    }
    return finish_bool(c, false);
}

#define DEFINE_COMPARISON(name, relation)                                                                              \
    static int do_##name(struct tmpl_call *c)                                                                          \
    {                                                                                                                  \
        int order;                                                                                                     \
        return compare(c, c->args[0], c->args[1], &order) < 0 ? -1 : finish_bool(c, order relation 0);                 \
    }
DEFINE_COMPARISON(ne, !=)
DEFINE_COMPARISON(lt, <)
DEFINE_COMPARISON(le, <=)
DEFINE_COMPARISON(gt, >)
DEFINE_COMPARISON(ge, >=)

/* Blanks go between two arguments when neither is a string. */
static int do_print(struct tmpl_call *c)
{
    wh_auto_str text = {0};
    for (size_t i = 0; i < c->n; i++) {
        bool apart = i && !(c->args[i] && c->args[i]->kind == WH_NODE_STR) &&
                     !(c->args[i - 1] && c->args[i - 1]->kind == WH_NODE_STR);
        wh_str_add(&text, apart ? " " : "");
        wh_tmpl_print(c->args[i], &text);
    }
    return finish_text(c, &text);
}

static int do_println(struct tmpl_call *c)
{
    wh_auto_str text = {0};
    for (size_t i = 0; i < c->n; i++) {
        wh_str_add(&text, i ? " " : "");
        wh_tmpl_print(c->args[i], &text);
    }
    wh_str_addc(&text, '\n');
    return finish_text(c, &text);
}

static int do_printf(struct tmpl_call *c)
{
    const char *format;
    wh_auto_str text = {0};
    if (need_text(c, 0, &format) < 0)
        return -1;
    wh_tmpl_format(format, c->args + 1, c->n - 1, &text);
    return finish_text(c, &text);
}

static int do_html(struct tmpl_call *c)
{
    static const struct {
        char from;
        const char *to;
    } escapes[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'\'', "&#39;"}, {'"', "&#34;"}};
    wh_auto_str plain = {0}, text = {0};
    wh_tmpl_print(c->args[0], &plain);
    for (size_t i = 0; i < plain.len; i++) {
        const char *to = NULL;
        for (size_t e = 0; e < WH_ARRAY_LEN(escapes); e++)
            to = escapes[e].from == plain.data[i] ? escapes[e].to : to;
        if (to)
            wh_str_add(&text, to);
        else
            wh_str_addc(&text, plain.data[i]);
    }
    return finish_text(c, &text);
}

static int do_urlquery(struct tmpl_call *c)
{
    wh_auto_str plain = {0}, text = {0};
    wh_tmpl_print(c->args[0], &plain);
    for (size_t i = 0; i < plain.len; i++) {
        unsigned char b = (unsigned char)plain.data[i];
        if (isalnum(b) || strchr("-_.~", b))
            wh_str_addc(&text, (char)b);
        else if (b == ' ')
            wh_str_addc(&text, '+');
        else
            wh_str_fmt(&text, "%%%02X", b);
    }
    return finish_text(c, &text);
}

/* and, or: reached only without arguments of their own; the evaluator stops early for all others. */
static int do_logic(struct tmpl_call *c)
{
    return wh_fail(c->err, WH_E_INVALID, "wrong number of args: want at least 1 got 0");
}

/* ---- docker's -------------------------------------------------------------------------------------------------- */

static int do_json(struct tmpl_call *c)
{
    wh_auto_str text = {0};
    if (c->heading) {
        c->result = c->args[0];
        return 0;
    }
    if (c->args[0])
        wh_json_write(c->args[0], WH_JSON_COMPACT, &text);
    else
        wh_str_add(&text, "null");
    return finish_text(c, &text);
}

static int do_split(struct tmpl_call *c)
{
    const char *text, *separator;
    if (need_text(c, 0, &text) < 0 || need_text(c, 1, &separator) < 0)
        return -1;
    struct wh_node *out = wh_node_seq(c->arena, NULL);
    size_t len = strlen(separator);
    for (;;) {
        const char *cut = len ? strstr(text, separator) : *text ? text + utf8_prefix(text, 1) : NULL;
        if (!cut || (!len && !*cut))
            break;
        wh_node_push_str(c->arena, out, wh_arena_strndup(c->arena, text, (size_t)(cut - text)));
        text = cut + len;
    }
    wh_node_push_str(c->arena, out, text);
    c->result = out;
    return 0;
}

static int do_join(struct tmpl_call *c)
{
    const char *separator;
    wh_auto_str text = {0};
    if (!c->args[0] || c->args[0]->kind != WH_NODE_SEQ)
        return wh_fail(c->err, WH_E_INVALID, "wrong type of argument 1; expected a list");
    if (need_text(c, 1, &separator) < 0)
        return -1;
    for (size_t i = 0; i < c->args[0]->seq.len; i++) {
        wh_str_add(&text, i ? separator : "");
        wh_tmpl_print(c->args[0]->seq.items[i], &text);
    }
    return finish_text(c, &text);
}

static int change_case(struct tmpl_call *c, int (*first)(int), int (*others)(int))
{
    const char *from;
    wh_auto_str text = {0};
    if (need_text(c, 0, &from) < 0)
        return -1;
    bool in_word = false;
    for (size_t i = 0; from[i]; i++) {
        int b = (unsigned char)from[i];
        int changed = c->heading ? b : in_word ? (others ? others(b) : b) : first(b);
        wh_str_addc(&text, (char)changed);
        in_word = !isspace(b);
    }
    return finish_text(c, &text);
}

static int do_title(struct tmpl_call *c)
{
    return change_case(c, toupper, NULL);
}

static int do_lower(struct tmpl_call *c)
{
    return change_case(c, tolower, tolower);
}

static int do_upper(struct tmpl_call *c)
{
    return change_case(c, toupper, toupper);
}

#define PAD_MAX 4096

static int do_pad(struct tmpl_call *c)
{
    const char *text;
    int64_t before, after;
    wh_auto_str out = {0};
    if (need_text(c, 0, &text) < 0 || need_int(c, 1, &before) < 0 || need_int(c, 2, &after) < 0)
        return -1;
    if (before < 0 || after < 0 || before > PAD_MAX || after > PAD_MAX)
        return wh_fail(c->err, WH_E_INVALID, "padding out of range");
    if (*text)
        wh_str_fmt(&out, "%*s%s%*s", (int)before, "", text, (int)after, "");
    return finish_text(c, &out);
}

static int do_truncate(struct tmpl_call *c)
{
    const char *text;
    int64_t n;
    wh_auto_str out = {0};
    if (need_text(c, 0, &text) < 0 || need_int(c, 1, &n) < 0)
        return -1;
    wh_str_addn(&out, text, c->heading ? strlen(text) : utf8_prefix(text, n));
    return finish_text(c, &out);
}

static const struct tmpl_function functions[] = {
    {"and", 1, SIZE_MAX, do_logic},
    {"eq", 2, SIZE_MAX, do_eq},
    {"ge", 2, 2, do_ge},
    {"gt", 2, 2, do_gt},
    {"html", 1, 1, do_html},
    {"index", 1, SIZE_MAX, do_index},
    {"join", 2, 2, do_join},
    {"json", 1, 1, do_json},
    {"le", 2, 2, do_le},
    {"len", 1, 1, do_len},
    {"lower", 1, 1, do_lower},
    {"lt", 2, 2, do_lt},
    {"ne", 2, 2, do_ne},
    {"not", 1, 1, do_not},
    {"or", 1, SIZE_MAX, do_logic},
    {"pad", 3, 3, do_pad},
    {"print", 0, SIZE_MAX, do_print},
    {"printf", 1, SIZE_MAX, do_printf},
    {"println", 0, SIZE_MAX, do_println},
    {"slice", 1, 3, do_slice},
    {"split", 2, 2, do_split},
    {"title", 1, 1, do_title},
    {"truncate", 2, 2, do_truncate},
    {"upper", 1, 1, do_upper},
    {"urlquery", 1, 1, do_urlquery},
};

const struct tmpl_function *wh_tmpl_function(const char *name, size_t len)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(functions); i++)
        if (strlen(functions[i].name) == len && memcmp(functions[i].name, name, len) == 0)
            return &functions[i];
    return NULL;
}
