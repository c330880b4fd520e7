/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the statements of a template over data. Values are document nodes; NULL is nil. */
#include "tmpl_internal.h"

#include <string.h>

#define MAX_VARIABLES 64
#define MAX_ARGS      32

struct variable {
    const char *name;
    const struct wh_node *value;
};

struct exec {
    struct wh_arena arena;
    const struct wh_tmpl_data *data;
    const struct wh_node *dot;
    struct variable variables[MAX_VARIABLES];
    size_t n_variables;
    int depth;
    struct wh_str *out;
    struct wh_err *err;
};

enum flow { FLOW_FAILED = -1, FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE };

static int eval_pipe(struct exec *x, const struct tmpl_pipe *pipe, const struct wh_node **ret);

/* ---- operands -------------------------------------------------------------------------------------------------- */

/* Fields of the record that --format is about must exist; keys of other maps may be missing. */
static int get_field(struct exec *x, const struct wh_node *v, const char *name, const struct wh_node **ret)
{
    *ret = wh_node_get(v, name);
    if (*ret)
        return 0;
    if (v == x->data->fields) {
        *ret = wh_node_get(x->data->methods, name);
        return *ret ? 0
                    : wh_fail(x->err, WH_E_INVALID, "template: :1: executing \"\" at <.%s>: can't evaluate field %s",
                              name, name);
    }
    if (!v || v->kind == WH_NODE_NULL || v->kind == WH_NODE_MAP)
        return 0;
    return wh_fail(x->err, WH_E_INVALID, "template: :1: executing \"\" at <.%s>: can't evaluate field %s in a %s", name,
                   name, wh_node_kind_text(v->kind));
}

static int get_variable(struct exec *x, const char *name, const struct wh_node **ret)
{
    for (size_t i = x->n_variables; i > 0; i--)
        if (strcmp(x->variables[i - 1].name, name) == 0) {
            *ret = x->variables[i - 1].value;
            return 0;
        }
    return wh_fail(x->err, WH_E_INVALID, "template: :1: undefined variable \"$%s\"", name);
}

static int eval_base(struct exec *x, const struct tmpl_operand *o, const struct wh_node **ret)
{
    switch (o->kind) {
    case TMPL_DOT:
        *ret = x->dot;
        return 0;
    case TMPL_VARIABLE:
        return get_variable(x, o->name, ret);
    case TMPL_PAREN:
        return eval_pipe(x, o->pipe, ret);
    case TMPL_LITERAL:
    case TMPL_FUNCTION:
        break;
    }
    *ret = o->literal;
    return 0;
}

static int call_function(struct exec *x, const char *name, const struct wh_node **args, size_t n,
                         const struct wh_node **ret)
{
    const struct tmpl_function *f = wh_tmpl_function(name, strlen(name));
    struct tmpl_call call = {.arena = &x->arena, .args = args, .n = n, .heading = x->data->heading, .err = x->err};
    if (n < f->min || n > f->max)
        return wh_fail(x->err, WH_E_INVALID, "template: :1: wrong number of args for %s: got %zu", name, n);
    if (f->call(&call) < 0)
        return wh_wrap(x->err, "template: :1: error calling %s", name);
    *ret = call.result;
    return 0;
}

static int eval_operand(struct exec *x, const struct tmpl_operand *o, const struct wh_node **ret)
{
    int r = o->kind == TMPL_FUNCTION ? call_function(x, o->name, NULL, 0, ret) : eval_base(x, o, ret);
    for (size_t i = 0; r == 0 && i < o->n_chain; i++)
        r = get_field(x, *ret, o->chain[i], ret);
    return r;
}

/* ---- commands and pipelines ------------------------------------------------------------------------------------ */

/* The arguments behind the first operand and, last, what came through the pipe. */
static int eval_args(struct exec *x, const struct tmpl_command *c, bool piped, const struct wh_node *input,
                     const struct wh_node **args, size_t *ret_n)
{
    size_t n = 0;
    for (const struct tmpl_operand *o = c->args->next; o; o = o->next) {
        if (n == MAX_ARGS - 1)
            return wh_fail(x->err, WH_E_LIMIT, "template: too many arguments");
        if (eval_operand(x, o, &args[n++]) < 0)
            return -1;
    }
    if (piped)
        args[n++] = input;
    *ret_n = n;
    return 0;
}

/* The heading of {{.Label "org.x.my-key"}} is "my key". */
static const struct wh_node *method_heading(struct wh_arena *a, const char *key)
{
    const char *dot = strrchr(key, '.');
    char *text = wh_arena_strdup(a, dot ? dot + 1 : key);
    for (char *at = text; at && *at; at++)
        if (*at == '-' || *at == '_')
            *at = ' ';
    return wh_node_str(a, NULL, text ? text : "");
}

/* {{.Label "k"}}: a field that holds a map, called with a key. */
static int call_method(struct exec *x, const struct tmpl_operand *o, const struct wh_node **args, size_t n,
                       const struct wh_node **ret)
{
    const struct wh_node *map = NULL;
    bool is_call = o->n_chain > 0 && n == 1 && args[0] && args[0]->text;
    if (x->data->heading && is_call && o->kind == TMPL_DOT && !wh_node_get(x->dot, o->chain[0])) {
        *ret = method_heading(&x->arena, args[0]->text);
        return 0;
    }
    if (eval_operand(x, o, &map) < 0)
        return -1;
    if (!is_call || !map || map->kind != WH_NODE_MAP)
        return wh_fail(x->err, WH_E_INVALID, "template: :1: can't give argument to non-function");
    const struct wh_node *found = wh_node_get(map, args[0]->text);
    *ret = found ? found : wh_node_str(&x->arena, NULL, "");
    return 0;
}

static bool wants_more(const char *name, const struct wh_node *v)
{
    return (strcmp(name, "and") == 0) == wh_tmpl_truth(v);
}

/* and, or: arguments are evaluated only until the answer is known. */
static int eval_lazy(struct exec *x, const struct tmpl_command *c, bool piped, const struct wh_node *input,
                     const struct wh_node **ret)
{
    const char *name = c->args->name;
    const struct tmpl_operand *o = c->args->next;
    if (!o && !piped)
        return wh_fail(x->err, WH_E_INVALID, "template: :1: wrong number of args for %s: want at least 1 got 0", name);
    for (; o; o = o->next) {
        if (eval_operand(x, o, ret) < 0)
            return -1;
        if (!wants_more(name, *ret))
            return 0;
    }
    if (piped)
        *ret = input;
    return 0;
}

static int eval_command(struct exec *x, const struct tmpl_command *c, bool piped, const struct wh_node *input,
                        const struct wh_node **ret)
{
    const struct wh_node *args[MAX_ARGS];
    const struct tmpl_operand *first = c->args;
    size_t n = 0;
    bool is_function = first->kind == TMPL_FUNCTION && first->n_chain == 0;
    if (is_function && (strcmp(first->name, "and") == 0 || strcmp(first->name, "or") == 0))
        return eval_lazy(x, c, piped, input, ret);
    if (eval_args(x, c, piped, input, args, &n) < 0)
        return -1;
    if (is_function)
        return call_function(x, first->name, args, n, ret);
    return n ? call_method(x, first, args, n, ret) : eval_operand(x, first, ret);
}

static int push_variable(struct exec *x, const char *name, const struct wh_node *value)
{
    if (x->n_variables == MAX_VARIABLES)
        return wh_fail(x->err, WH_E_LIMIT, "template: too many variables");
    x->variables[x->n_variables++] = (struct variable){name, value};
    return 0;
}

static int assign_variable(struct exec *x, const char *name, const struct wh_node *value)
{
    for (size_t i = x->n_variables; i > 0; i--)
        if (strcmp(x->variables[i - 1].name, name) == 0) {
            x->variables[i - 1].value = value;
            return 0;
        }
    return wh_fail(x->err, WH_E_INVALID, "template: :1: undefined variable \"$%s\"", name);
}

/* The value only; range declares its variables itself. */
static int eval_commands(struct exec *x, const struct tmpl_pipe *pipe, const struct wh_node **ret)
{
    const struct wh_node *v = NULL;
    if (++x->depth > WH_TMPL_MAX_DEPTH * 2)
        return wh_fail(x->err, WH_E_LIMIT, "template: nested too deeply");
    for (const struct tmpl_command *c = pipe->commands; c; c = c->next)
        if (eval_command(x, c, c != pipe->commands, v, &v) < 0)
            return -1;
    x->depth--;
    *ret = v;
    return 0;
}

static int eval_pipe(struct exec *x, const struct tmpl_pipe *pipe, const struct wh_node **ret)
{
    if (eval_commands(x, pipe, ret) < 0)
        return -1;
    if (pipe->n_variables == 0)
        return 0;
    return pipe->assigns ? assign_variable(x, pipe->variables[0], *ret) : push_variable(x, pipe->variables[0], *ret);
}

/* ---- statements ------------------------------------------------------------------------------------------------ */

static enum flow run_block(struct exec *x, const struct tmpl_stmt *s);

/* Runs a block with its own `.` and variables. */
static enum flow run_scope(struct exec *x, const struct tmpl_stmt *body, const struct wh_node *dot)
{
    const struct wh_node *outer = x->dot;
    size_t n = x->n_variables;
    x->dot = dot;
    enum flow f = run_block(x, body);
    x->dot = outer;
    x->n_variables = n;
    return f;
}

static enum flow run_condition(struct exec *x, const struct tmpl_stmt *s)
{
    const struct wh_node *v = NULL;
    size_t n = x->n_variables;
    if (eval_pipe(x, s->pipe, &v) < 0)
        return FLOW_FAILED;
    bool yes = wh_tmpl_truth(v);
    enum flow f = run_scope(x, yes ? s->body : s->otherwise, yes && s->kind == TMPL_WITH ? v : x->dot);
    x->n_variables = n;
    return f;
}

static enum flow run_item(struct exec *x, const struct tmpl_stmt *s, const struct wh_node *key,
                          const struct wh_node *item)
{
    const struct tmpl_pipe *pipe = s->pipe;
    size_t n = x->n_variables;
    bool ok = true;
    if (pipe->n_variables == 2)
        ok = push_variable(x, pipe->variables[0], key) == 0;
    if (ok && pipe->n_variables > 0)
        ok = push_variable(x, pipe->variables[pipe->n_variables - 1], item) == 0;
    enum flow f = ok ? run_scope(x, s->body, item) : FLOW_FAILED;
    x->n_variables = n;
    return f;
}

static enum flow run_items(struct exec *x, const struct tmpl_stmt *s, const struct wh_node *v)
{
    enum flow f = FLOW_NEXT;
    for (size_t i = 0; i < wh_node_len(v) && f != FLOW_BREAK && f != FLOW_FAILED; i++) {
        bool is_map = v->kind == WH_NODE_MAP;
        const struct wh_node *key =
            is_map ? wh_node_str(&x->arena, NULL, v->map.pairs[i].key) : wh_node_int(&x->arena, NULL, (int64_t)i);
        f = run_item(x, s, key, is_map ? v->map.pairs[i].value : v->seq.items[i]);
    }
    return f == FLOW_FAILED ? f : FLOW_NEXT;
}

static enum flow run_range(struct exec *x, const struct tmpl_stmt *s)
{
    const struct wh_node *v = NULL;
    if (eval_commands(x, s->pipe, &v) < 0)
        return FLOW_FAILED;
    if (v && wh_node_is_scalar(v) && v->kind != WH_NODE_NULL) {
        wh_fail(x->err, WH_E_INVALID, "template: :1: range can't iterate over %s", v->text ? v->text : "a value");
        return FLOW_FAILED;
    }
    return v && wh_node_len(v) ? run_items(x, s, v) : run_scope(x, s->otherwise, x->dot);
}

static enum flow run_action(struct exec *x, const struct tmpl_stmt *s)
{
    const struct wh_node *v = NULL;
    if (eval_pipe(x, s->pipe, &v) < 0)
        return FLOW_FAILED;
    if (s->pipe->n_variables)
        return FLOW_NEXT;
    if (v)
        wh_tmpl_print(v, x->out);
    else
        wh_str_add(x->out, "<no value>");
    return FLOW_NEXT;
}

static enum flow run_text(struct exec *x, const struct tmpl_stmt *s)
{
    wh_str_addn(x->out, s->text, s->len);
    return FLOW_NEXT;
}

static enum flow run_break(struct exec *x, const struct tmpl_stmt *s)
{
    return FLOW_BREAK;
}

static enum flow run_continue(struct exec *x, const struct tmpl_stmt *s)
{
    return FLOW_CONTINUE;
}

static enum flow (*const runners[])(struct exec *x, const struct tmpl_stmt *s) = {
    [TMPL_TEXT] = run_text,   [TMPL_ACTION] = run_action, [TMPL_IF] = run_condition,      [TMPL_WITH] = run_condition,
    [TMPL_RANGE] = run_range, [TMPL_BREAK] = run_break,   [TMPL_CONTINUE] = run_continue,
};

static enum flow run_block(struct exec *x, const struct tmpl_stmt *s)
{
    enum flow f = FLOW_NEXT;
    for (; s && f == FLOW_NEXT; s = s->next)
        f = runners[s->kind](x, s);
    return f;
}

int wh_tmpl_execute(const struct wh_tmpl *t, const struct wh_tmpl_data *data, struct wh_str *out, struct wh_err *err)
{
    struct exec x = {.data = data, .dot = data->fields, .out = out, .err = err};
    push_variable(&x, "", data->fields);
    enum flow f = run_block(&x, t->body);
    bool failed = x.arena.failed || out->failed;
    wh_arena_fini(&x.arena);
    if (f != FLOW_FAILED && failed)
        return wh_fail(err, WH_E_LIMIT, "template: out of memory");
    return f == FLOW_FAILED ? -1 : 0;
}
