/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Document tree to YAML text in go-yaml's block style, so that `config` prints what docker compose prints. libyaml's
 * emitter cannot indent lists below their key, hence our own; which characters forbid which style is the same
 * analysis as there.
 */
#include "whale/codec/yaml.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define INDENT 2
/* A longer key, or one of several lines, cannot be written before its colon. */
#define SIMPLE_KEY_MAX 128

enum style { STYLE_PLAIN, STYLE_SINGLE, STYLE_DOUBLE, STYLE_LITERAL };

/* What a text contains that restricts the styles. */
struct traits {
    bool indicators;  /* would read as syntax when plain */
    bool line_breaks; /* spans lines */
    bool edge_blank;  /* begins or ends with a blank or line break */
    bool end_space;   /* ends with a blank */
    bool break_space; /* a blank begins a line after the first */
    bool space_break; /* a blank ends a line */
    bool special;     /* needs an escape */
    bool tab;
};

/* One UTF-8 character: its length in bytes; 1 for a broken one. */
static size_t utf8_len(const unsigned char *p)
{
    size_t n = *p < 0x80 ? 1 : *p < 0xC0 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 1;
    return n;
}

static uint32_t utf8_code(const unsigned char *p, size_t n)
{
    uint32_t code = n == 1 ? *p : n == 2 ? *p & 0x1FU : n == 3 ? *p & 0x0FU : *p & 0x07U;
    for (size_t i = 1; i < n; i++)
        code = code << 6 | (p[i] & 0x3FU);
    return code;
}

/* As libyaml: nothing above the basic plane counts as printable. */
static bool is_printable(uint32_t code)
{
    return code == '\n' || (code >= 0x20 && code <= 0x7E) || (code >= 0xA0 && code < 0xD800) ||
           (code >= 0xE000 && code <= 0xFFFD && code != 0xFEFF);
}

static bool is_line_break(uint32_t code)
{
    return code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 || code == 0x2029;
}

static bool is_blank_or_end(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Syntax characters count at the start, or inside where they would end the scalar. */
static bool is_indicator(const char *text, size_t i)
{
    char c = text[i];
    if (i == 0) {
        if (strchr("#,[]{}&*!|>'\"%@`", c))
            return true;
        return strchr("?:-", c) && is_blank_or_end(text[1]);
    }
    if (c == ':')
        return is_blank_or_end(text[i + 1]);
    return c == '#' && is_blank_or_end(text[i - 1]);
}

static void note_blank(struct traits *t, char before, bool is_break, bool first, bool last)
{
    t->edge_blank |= first || last;
    t->line_breaks |= is_break;
    t->end_space |= last && !is_break;
    t->break_space |= !is_break && before == '\n';
    t->space_break |= is_break && before == ' ';
}

static struct traits analyze(const char *text, size_t len)
{
    struct traits t = {0};
    char before = '\0';
    t.indicators = strncmp(text, "---", 3) == 0 || strncmp(text, "...", 3) == 0;
    for (size_t i = 0, n; i < len; i += n) {
        const unsigned char *p = (const unsigned char *)text + i;
        n = utf8_len(p);
        uint32_t code = utf8_code(p, n);
        bool is_break = is_line_break(code);
        t.indicators |= n == 1 && is_indicator(text, i);
        t.tab |= code == '\t';
        t.special |= (code != '\t' && !is_printable(code)) || (n == 1 && *p >= 0x80);
        if (is_break || code == ' ')
            note_blank(&t, before, is_break, i == 0, i + n == len);
        before = is_break ? '\n' : code == ' ' ? ' ' : 'x';
    }
    return t;
}

/* The YAML 1.1 words for booleans, which older readers would misread, and the merge key. */
static bool is_old_word(const char *text)
{
    static const char *const words[] = {"<<", "y", "Y",  "yes", "Yes", "YES", "on",  "On", "ON",
                                        "n",  "N", "no", "No",  "NO",  "off", "Off", "OFF"};
    for (size_t i = 0; i < WH_ARRAY_LEN(words); i++)
        if (words[i][0] == text[0] && strcmp(words[i], text) == 0)
            return true;
    return false;
}

/* 1:30 and 22:22:22 are numbers in YAML 1.1. */
static bool is_base60(const char *text)
{
    const char *p = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)*p))
        return false;
    p += strspn(p, "0123456789_");
    int parts = 0;
    for (; *p == ':'; parts++) {
        p++;
        if (!isdigit((unsigned char)*p))
            return false;
        p += *p <= '5' && isdigit((unsigned char)p[1]) ? 2 : 1;
    }
    if (*p == '.')
        p += 1 + strspn(p + 1, "0123456789_");
    return parts > 0 && !*p;
}

static bool reads_as_other_type(const char *text, size_t len)
{
    struct wh_node n = {.text = text, .text_len = len};
    wh_yaml_resolve_plain(&n);
    return n.kind != WH_NODE_STR || n.is_time;
}

static enum style choose_style(const char *text, size_t len)
{
    struct traits t = analyze(text, len);
    bool never_single = t.break_space || t.space_break || t.tab || t.special;
    if (strchr(text, '\n')) {
        bool blank = text[strspn(text, " \t\n\v\f\r")] == '\0';
        bool literal = !blank && !t.end_space && !t.space_break && !t.special;
        return literal ? STYLE_LITERAL : STYLE_DOUBLE;
    }
    if (never_single || reads_as_other_type(text, len))
        return STYLE_DOUBLE;
    bool plain = !t.edge_blank && !t.indicators && !t.line_breaks;
    return plain && !is_old_word(text) && !is_base60(text) ? STYLE_PLAIN : STYLE_SINGLE;
}

struct writer {
    struct wh_str *out;
    size_t width;            /* a blank beyond this column becomes a line break; 0: never */
    struct wh_arena scratch; /* texts of numbers */
};

static void write_spaces(struct wh_str *out, int n)
{
    for (int i = 0; i < n; i++)
        wh_str_addc(out, ' ');
}

/* Characters on the line that is being written. */
static size_t column(const struct wh_str *out)
{
    size_t n = 0;
    for (size_t i = out->len; i > 0 && out->data[i - 1] != '\n'; i--)
        n += ((unsigned char)out->data[i - 1] & 0xC0) != 0x80;
    return n;
}

/*
 * Writes the blank at p, the at-th character of a text, or breaks the line instead. Only the first blank of several
 * may break, and a plain or single quoted text would lose the others behind it.
 */
static void write_blank(struct writer *w, const char *p, size_t at, int indent, bool keeps_blanks)
{
    bool edge = at == 0 || !p[1], run = at > 0 && p[-1] == ' ';
    bool foldable = indent && w->width && !edge && !run && (p[1] != ' ' || keeps_blanks);
    if (!foldable || column(w->out) <= w->width) {
        wh_str_addc(w->out, ' ');
        return;
    }
    wh_str_addc(w->out, '\n');
    write_spaces(w->out, indent);
    if (p[1] == ' ')
        wh_str_addc(w->out, '\\');
}

static void write_plain(struct writer *w, const char *text, int indent)
{
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == ' ')
            write_blank(w, text + i, i, indent, false);
        else
            wh_str_addc(w->out, text[i]);
    }
}

static void write_single(struct writer *w, const char *text, int indent)
{
    wh_str_addc(w->out, '\'');
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == '\'')
            wh_str_addc(w->out, '\'');
        if (text[i] == ' ')
            write_blank(w, text + i, i, indent, false);
        else
            wh_str_addc(w->out, text[i]);
    }
    wh_str_addc(w->out, '\'');
}

static void write_escape(struct wh_str *out, uint32_t code)
{
    static const struct {
        uint32_t code;
        char letter;
    } short_forms[] = {{0, '0'},     {7, 'a'},    {8, 'b'},    {9, 't'},      {10, 'n'},
                       {11, 'v'},    {12, 'f'},   {13, 'r'},   {0x1B, 'e'},   {'"', '"'},
                       {'\\', '\\'}, {0x85, 'N'}, {0xA0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
    for (size_t i = 0; i < WH_ARRAY_LEN(short_forms); i++)
        if (short_forms[i].code == code) {
            wh_str_fmt(out, "\\%c", short_forms[i].letter);
            return;
        }
    if (code <= 0xFF)
        wh_str_fmt(out, "\\x%02X", code);
    else if (code <= 0xFFFF)
        wh_str_fmt(out, "\\u%04X", code);
    else
        wh_str_fmt(out, "\\U%08X", code);
}

static void write_double(struct writer *w, const char *text, size_t len, int indent)
{
    struct wh_str *out = w->out;
    wh_str_addc(out, '"');
    for (size_t i = 0, n; i < len; i += n) {
        const unsigned char *p = (const unsigned char *)text + i;
        n = utf8_len(p);
        uint32_t code = utf8_code(p, n);
        bool broken = n == 1 && *p >= 0x80;
        if (broken || !is_printable(code) || is_line_break(code) || code == '"' || code == '\\')
            write_escape(out, code);
        else if (code == ' ')
            write_blank(w, text + i, i, indent, true);
        else
            wh_str_addn(out, p, n);
    }
    wh_str_addc(out, '"');
}

static void write_literal(struct wh_str *out, const char *text, size_t len, int indent)
{
    wh_str_addc(out, '|');
    /* go-yaml forgets the digit after empty lines and before tabs, and then its own text does not read back */
    char first = text[strspn(text, "\n")];
    if (first == ' ' || first == '\t')
        wh_str_fmt(out, "%d", INDENT);
    if (text[len - 1] != '\n')
        wh_str_addc(out, '-');
    else if (len == 1 || text[len - 2] == '\n')
        wh_str_addc(out, '+');
    const char *p = text;
    while (*p) {
        size_t line = strcspn(p, "\n");
        wh_str_addc(out, '\n');
        if (line)
            write_spaces(out, indent);
        wh_str_addn(out, p, line);
        p += line + (p[line] == '\n');
    }
}

/* indent is that of further lines; 0: there may be none. */
static void write_text(struct writer *w, const char *text, size_t len, int indent)
{
    switch (choose_style(text, len)) {
    case STYLE_PLAIN:
        write_plain(w, text, indent);
        break;
    case STYLE_SINGLE:
        write_single(w, text, indent);
        break;
    case STYLE_DOUBLE:
        write_double(w, text, len, indent);
        break;
    case STYLE_LITERAL:
        write_literal(w->out, text, len, indent);
        break;
    }
}

static void write_float(struct wh_str *out, struct wh_arena *a, const struct wh_node *n)
{
    if (isnan(n->real))
        wh_str_add(out, ".nan");
    else if (isinf(n->real))
        wh_str_add(out, n->real < 0 ? "-.inf" : ".inf");
    else
        wh_str_add(out, wh_yaml_scalar_text(a, n));
}

static void write_scalar(struct writer *w, const struct wh_node *n, int indent)
{
    if (n->kind == WH_NODE_NULL)
        wh_str_add(w->out, "null");
    else if (n->kind == WH_NODE_FLOAT)
        write_float(w->out, &w->scratch, n);
    else if (n->kind == WH_NODE_STR && !n->is_time)
        write_text(w, n->text, n->text_len, indent);
    else if (n->kind == WH_NODE_STR)
        wh_str_add(w->out, n->text);
    else
        wh_str_add(w->out, wh_yaml_scalar_text(&w->scratch, n));
}

static void write_map(struct writer *w, const struct wh_node *n, int indent);
static void write_seq(struct writer *w, const struct wh_node *n, int indent);

static bool is_empty_collection(const struct wh_node *n)
{
    return !wh_node_is_scalar(n) && wh_node_len(n) == 0;
}

/* The value behind "key:" or "-"; indent is that of the line it stands on. */
static void write_inline(struct writer *w, const struct wh_node *n, int indent)
{
    if (is_empty_collection(n))
        wh_str_add(w->out, n->kind == WH_NODE_MAP ? "{}" : "[]");
    else
        write_scalar(w, n, indent + INDENT);
    wh_str_addc(w->out, '\n');
}

static void write_key(struct writer *w, const char *key, int indent)
{
    size_t len = strlen(key);
    if (len <= SIMPLE_KEY_MAX && !analyze(key, len).line_breaks) {
        write_text(w, key, len, 0);
        return;
    }
    wh_str_add(w->out, "? ");
    write_text(w, key, len, indent + INDENT);
    wh_str_addc(w->out, '\n');
    write_spaces(w->out, indent);
}

static void write_pair(struct writer *w, const struct wh_pair *p, int indent)
{
    write_key(w, p->key, indent);
    wh_str_addc(w->out, ':');
    if (wh_node_is_scalar(p->value) || is_empty_collection(p->value)) {
        wh_str_addc(w->out, ' ');
        write_inline(w, p->value, indent);
        return;
    }
    wh_str_addc(w->out, '\n');
    write_spaces(w->out, indent + INDENT);
    if (p->value->kind == WH_NODE_MAP)
        write_map(w, p->value, indent + INDENT);
    else
        write_seq(w, p->value, indent + INDENT);
}

/* Both begin on a line that is already indented, and end with a newline. */
static void write_map(struct writer *w, const struct wh_node *n, int indent)
{
    for (size_t i = 0; i < n->map.len; i++) {
        if (i)
            write_spaces(w->out, indent);
        write_pair(w, &n->map.pairs[i], indent);
    }
}

static void write_seq(struct writer *w, const struct wh_node *n, int indent)
{
    for (size_t i = 0; i < n->seq.len; i++) {
        const struct wh_node *item = n->seq.items[i];
        if (i)
            write_spaces(w->out, indent);
        wh_str_add(w->out, "- ");
        if (wh_node_is_scalar(item) || is_empty_collection(item))
            write_inline(w, item, indent);
        else if (item->kind == WH_NODE_MAP)
            write_map(w, item, indent + INDENT);
        else
            write_seq(w, item, indent + INDENT);
    }
}

void wh_yaml_write(const struct wh_node *n, size_t width, struct wh_str *out)
{
    struct writer w = {.out = out, .width = width};
    if (wh_node_is_scalar(n) || is_empty_collection(n))
        write_inline(&w, n, 0);
    else if (n->kind == WH_NODE_MAP)
        write_map(&w, n, 0);
    else
        write_seq(&w, n, 0);
    if (w.scratch.failed)
        out->failed = true;
    wh_arena_fini(&w.scratch);
}
