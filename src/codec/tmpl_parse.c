/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Template text to statements: a recursive descent over the bytes, without a token list in between. */
#include "tmpl_internal.h"

#include <ctype.h>
#include <string.h>

struct parser {
    struct wh_arena *arena;
    const char *start, *at; /* at is inside an action or at text */
    int depth;
    int loops; /* open ranges: break and continue need one */
    struct wh_err *err;
};

enum block_end { END_OF_TEXT, END_END, END_ELSE };

static int fail(struct parser *p, const char *what)
{
    int line = 1;
    for (const char *c = p->start; c < p->at; c++)
        line += *c == '\n';
    return wh_fail(p->err, WH_E_INVALID, "template parsing error: template: :%d: %s", line, what);
}

static void *make(struct parser *p, size_t size)
{
    void *m = wh_arena_alloc(p->arena, size);
    if (!m)
        wh_fail(p->err, WH_E_LIMIT, "out of memory");
    return m;
}

static bool is_word(char c)
{
    return c == '_' || isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static void skip_space(struct parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
        p->at++;
}

static bool is_trim_end(const char *at)
{
    return at[0] == '-' && at[1] == '}' && at[2] == '}' && strchr(" \t\r\n", at[-1]);
}

static bool at_action_end(const struct parser *p)
{
    return (p->at[0] == '}' && p->at[1] == '}') || is_trim_end(p->at);
}

static bool take_word(struct parser *p, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(p->at, word, len) != 0 || is_word(p->at[len]))
        return false;
    p->at += len;
    return true;
}

static const char *read_name(struct parser *p)
{
    const char *from = p->at;
    while (is_word(*p->at))
        p->at++;
    return wh_arena_strndup(p->arena, from, (size_t)(p->at - from));
}

/* ---- literals -------------------------------------------------------------------------------------------------- */

static int read_escape(struct parser *p, struct wh_str *out)
{
    static const char from[] = "abfnrtv\\\"'", to[] = "\a\b\f\n\r\t\v\\\"'";
    const char *found = *p->at ? strchr(from, *p->at) : NULL;
    if (!found)
        return fail(p, "unknown escape in string");
    p->at++;
    return wh_str_addc(out, to[found - from]);
}

static int read_quoted(struct parser *p, char quote, const struct wh_node **ret)
{
    wh_auto_str text = {0};
    for (p->at++; *p->at != quote;) {
        if (*p->at == '\0' || (quote != '`' && *p->at == '\n'))
            return fail(p, "unterminated quoted string");
        if (*p->at == '\\' && quote != '`') {
            p->at++;
            if (read_escape(p, &text) < 0)
                return -1;
        } else {
            wh_str_addc(&text, *p->at++);
        }
    }
    p->at++;
    *ret = quote == '\'' ? wh_node_int(p->arena, NULL, (unsigned char)*wh_str_c(&text))
                         : wh_node_str(p->arena, NULL, wh_str_c(&text));
    return *ret ? 0 : wh_fail(p->err, WH_E_LIMIT, "out of memory");
}

static int read_number(struct parser *p, const struct wh_node **ret)
{
    char *end_int, *end_float;
    long long i = strtoll(p->at, &end_int, 0);
    double f = strtod(p->at, &end_float);
    bool is_float = end_float > end_int;
    p->at = is_float ? end_float : end_int;
    if (is_word(*p->at))
        return fail(p, "bad number syntax");
    *ret = is_float ? wh_node_float(p->arena, NULL, f) : wh_node_int(p->arena, NULL, i);
    return *ret ? 0 : wh_fail(p->err, WH_E_LIMIT, "out of memory");
}

/* ---- operands, commands, pipelines ----------------------------------------------------------------------------- */

static int parse_pipe(struct parser *p, char end, struct tmpl_pipe **ret);

static int read_chain(struct parser *p, struct tmpl_operand *o)
{
    while (*p->at == '.' && is_word(p->at[1])) {
        const char **grown = make(p, (o->n_chain + 1) * sizeof(*grown));
        if (!grown)
            return -1;
        if (o->n_chain)
            memcpy(grown, o->chain, o->n_chain * sizeof(*grown));
        p->at++;
        grown[o->n_chain++] = read_name(p);
        o->chain = grown;
    }
    return 0;
}

static int read_paren(struct parser *p, struct tmpl_operand *o)
{
    struct tmpl_pipe *inner = NULL;
    p->at++;
    o->kind = TMPL_PAREN;
    if (parse_pipe(p, ')', &inner) < 0)
        return -1;
    p->at++;
    o->pipe = inner;
    return 0;
}

static int read_identifier(struct parser *p, struct tmpl_operand *o)
{
    o->kind = TMPL_LITERAL;
    if (take_word(p, "true") || take_word(p, "false")) {
        o->literal = wh_node_bool(p->arena, NULL, p->at[-2] == 'u');
        return o->literal ? 0 : wh_fail(p->err, WH_E_LIMIT, "out of memory");
    }
    if (take_word(p, "nil"))
        return 0;
    o->kind = TMPL_FUNCTION;
    o->name = read_name(p);
    if (!o->name)
        return wh_fail(p->err, WH_E_LIMIT, "out of memory");
    if (wh_tmpl_function(o->name, strlen(o->name)))
        return 0;
    return wh_fail(p->err, WH_E_INVALID, "template parsing error: template: :1: function \"%s\" not defined", o->name);
}

static int read_operand(struct parser *p, struct tmpl_operand *o)
{
    char c = *p->at;
    if (c == '(')
        return read_paren(p, o);
    if (c == '"' || c == '`' || c == '\'') {
        o->kind = TMPL_LITERAL;
        return read_quoted(p, c, &o->literal);
    }
    if (isdigit((unsigned char)c) || ((c == '-' || c == '+') && isdigit((unsigned char)p->at[1]))) {
        o->kind = TMPL_LITERAL;
        return read_number(p, &o->literal);
    }
    if (c == '.') {
        o->kind = TMPL_DOT;
        p->at += !is_word(p->at[1]);
        return 0;
    }
    if (c == '$') {
        p->at++;
        o->kind = TMPL_VARIABLE;
        o->name = read_name(p);
        return o->name ? 0 : wh_fail(p->err, WH_E_LIMIT, "out of memory");
    }
    return is_word(c) ? read_identifier(p, o) : fail(p, "unexpected character in command");
}

static bool ends_command(const struct parser *p, char end)
{
    return *p->at == '|' || *p->at == '\0' || (end ? *p->at == end : at_action_end(p));
}

static int parse_command(struct parser *p, char end, struct tmpl_command *command)
{
    struct tmpl_operand **tail = &command->args;
    skip_space(p);
    while (!ends_command(p, end)) {
        struct tmpl_operand *o = make(p, sizeof(*o));
        if (!o || read_operand(p, o) < 0 || read_chain(p, o) < 0)
            return -1;
        *tail = o;
        tail = &o->next;
        if (!strchr(" \t\r\n|)}", *p->at))
            return fail(p, "unexpected character in operand");
        skip_space(p);
    }
    return command->args ? 0 : fail(p, "missing value for command");
}

/* "$x :=", "$i, $x :=" or "$x ="; anything else leaves the place as it was. */
static void parse_declaration(struct parser *p, struct tmpl_pipe *pipe)
{
    const char *from = p->at;
    size_t n = 0;
    while (*p->at == '$' && n < 2) {
        p->at++;
        pipe->variables[n++] = read_name(p);
        skip_space(p);
        if (*p->at != ',' || n == 2)
            break;
        p->at++;
        skip_space(p);
    }
    bool declares = p->at[0] == ':' && p->at[1] == '=';
    bool assigns = p->at[0] == '=' && n == 1;
    if (n && (declares || assigns)) {
        p->at += declares ? 2 : 1;
        pipe->n_variables = n;
        pipe->assigns = assigns;
    } else {
        p->at = from;
    }
}

static int parse_pipe(struct parser *p, char end, struct tmpl_pipe **ret)
{
    if (++p->depth > WH_TMPL_MAX_DEPTH)
        return fail(p, "nested too deeply");
    struct tmpl_pipe *pipe = make(p, sizeof(*pipe));
    if (!pipe)
        return -1;
    skip_space(p);
    pipe->source = p->at;
    parse_declaration(p, pipe);
    struct tmpl_command **tail = &pipe->commands;
    for (;;) {
        struct tmpl_command *command = make(p, sizeof(*command));
        if (!command || parse_command(p, end, command) < 0)
            return -1;
        *tail = command;
        tail = &command->next;
        if (*p->at != '|')
            break;
        p->at++;
    }
    if (*p->at == '\0')
        return fail(p, "unclosed action");
    pipe->source_len = (size_t)(p->at - pipe->source);
    p->depth--;
    *ret = pipe;
    return 0;
}

/* ---- statements ------------------------------------------------------------------------------------------------ */

static int parse_block(struct parser *p, struct tmpl_stmt **ret, enum block_end *ret_end);

static int close_action(struct parser *p)
{
    skip_space(p);
    bool trim = is_trim_end(p->at);
    if (!at_action_end(p))
        return fail(p, *p->at ? "unexpected text in action" : "unclosed action");
    p->at += trim ? 3 : 2;
    if (trim)
        skip_space(p);
    return 0;
}

static int parse_control(struct parser *p, enum tmpl_kind kind, struct tmpl_stmt *s);

/* Behind {{else: either "}}" and a block up to {{end}}, or a further condition that shares our {{end}}. */
static int parse_else(struct parser *p, struct tmpl_stmt *s)
{
    enum block_end end;
    skip_space(p);
    bool again_if = s->kind == TMPL_IF && take_word(p, "if");
    bool again_with = s->kind == TMPL_WITH && take_word(p, "with");
    if (again_if || again_with) {
        s->otherwise = make(p, sizeof(*s->otherwise));
        return s->otherwise ? parse_control(p, s->kind, s->otherwise) : -1;
    }
    if (close_action(p) < 0 || parse_block(p, &s->otherwise, &end) < 0)
        return -1;
    return end == END_END ? close_action(p) : fail(p, end == END_ELSE ? "unexpected {{else}}" : "unexpected EOF");
}

static int parse_control(struct parser *p, enum tmpl_kind kind, struct tmpl_stmt *s)
{
    enum block_end end;
    s->kind = kind;
    if (++p->depth > WH_TMPL_MAX_DEPTH)
        return fail(p, "nested too deeply");
    p->loops += kind == TMPL_RANGE;
    if (parse_pipe(p, 0, &s->pipe) < 0 || close_action(p) < 0 || parse_block(p, &s->body, &end) < 0)
        return -1;
    p->loops -= kind == TMPL_RANGE;
    int r = end == END_ELSE ? parse_else(p, s) : end == END_END ? close_action(p) : fail(p, "unexpected EOF");
    p->depth--;
    return r;
}

static int parse_jump(struct parser *p, enum tmpl_kind kind, struct tmpl_stmt *s)
{
    s->kind = kind;
    return p->loops ? close_action(p) : fail(p, "{{break}} or {{continue}} outside {{range}}");
}

static const struct {
    const char *word;
    enum tmpl_kind kind;
    int (*parse)(struct parser *p, enum tmpl_kind kind, struct tmpl_stmt *s);
} keywords[] = {
    {"if", TMPL_IF, parse_control},    {"with", TMPL_WITH, parse_control},      {"range", TMPL_RANGE, parse_control},
    {"break", TMPL_BREAK, parse_jump}, {"continue", TMPL_CONTINUE, parse_jump},
};

static int parse_action(struct parser *p, struct tmpl_stmt *s)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(keywords); i++)
        if (take_word(p, keywords[i].word))
            return keywords[i].parse(p, keywords[i].kind, s);
    s->kind = TMPL_ACTION;
    return parse_pipe(p, 0, &s->pipe) < 0 ? -1 : close_action(p);
}

static int skip_comment(struct parser *p)
{
    const char *end = strstr(p->at, "*/");
    if (!end)
        return fail(p, "unclosed comment");
    p->at = end + 2;
    return close_action(p);
}

/* Text up to the next action, trimmed at its end when that action begins with "{{- ". */
static struct tmpl_stmt *read_text(struct parser *p)
{
    const char *from = p->at, *open = strstr(p->at, "{{");
    const char *end = open ? open : from + strlen(from);
    p->at = end;
    bool trims = open && open[2] == '-' && open[3] && strchr(" \t\r\n", open[3]);
    while (trims && end > from && strchr(" \t\r\n", end[-1]))
        end--;
    struct tmpl_stmt *s = make(p, sizeof(*s));
    if (s)
        *s = (struct tmpl_stmt){.kind = TMPL_TEXT, .text = from, .len = (size_t)(end - from)};
    return s;
}

/* At "{{". 1 when the block ended (end or else), with *ret_end set. */
static int read_action(struct parser *p, struct tmpl_stmt **ret, enum block_end *ret_end)
{
    p->at += 2;
    if (p->at[0] == '-' && p->at[1] && strchr(" \t\r\n", p->at[1]))
        p->at++;
    skip_space(p);
    *ret = NULL;
    if (p->at[0] == '/' && p->at[1] == '*')
        return skip_comment(p);
    bool is_end = take_word(p, "end"), is_else = !is_end && take_word(p, "else");
    if (is_end || is_else) {
        *ret_end = is_end ? END_END : END_ELSE;
        return 1;
    }
    *ret = make(p, sizeof(**ret));
    return *ret ? parse_action(p, *ret) : -1;
}

static int parse_block(struct parser *p, struct tmpl_stmt **ret, enum block_end *ret_end)
{
    struct tmpl_stmt **tail = ret;
    *ret_end = END_OF_TEXT;
    while (*p->at) {
        struct tmpl_stmt *s = read_text(p);
        if (!s)
            return -1;
        *tail = s;
        tail = &s->next;
        if (!*p->at)
            break;
        int r = read_action(p, &s, ret_end);
        if (r != 0)
            return r < 0 ? -1 : 0;
        if (s) {
            *tail = s;
            tail = &s->next;
        }
    }
    return 0;
}

int wh_tmpl_parse(struct wh_arena *a, const char *text, struct wh_tmpl **ret, struct wh_err *err)
{
    /* A leading newline keeps the look-behind of is_trim_end inside the buffer. */
    const char *copy = wh_arena_fmt(a, "\n%s", text);
    struct wh_tmpl *t = wh_arena_new(a, struct wh_tmpl);
    enum block_end end;
    if (!copy || !t)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    struct parser p = {.arena = a, .start = copy + 1, .at = copy + 1, .err = err};
    if (parse_block(&p, &t->body, &end) < 0)
        return -1;
    if (end != END_OF_TEXT)
        return fail(&p, end == END_END ? "unexpected {{end}}" : "unexpected {{else}}");
    *ret = t;
    return 0;
}
