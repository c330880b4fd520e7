/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parsed template, shared by parser, evaluator and functions. */
#ifndef WHALE_CODEC_TMPL_INTERNAL_H
#define WHALE_CODEC_TMPL_INTERNAL_H

#include "whale/codec/tmpl.h"

#define WH_TMPL_MAX_DEPTH 64

enum tmpl_operand_kind { TMPL_DOT, TMPL_VARIABLE, TMPL_LITERAL, TMPL_FUNCTION, TMPL_PAREN };

struct tmpl_pipe;

struct tmpl_operand {
    enum tmpl_operand_kind kind;
    const char *name;              /* variable ("" is $) or function */
    const struct wh_node *literal; /* NULL is nil */
    const struct tmpl_pipe *pipe;  /* in parentheses */
    const char **chain;            /* .A.B behind it */
    size_t n_chain;
    struct tmpl_operand *next;
};

struct tmpl_command {
    struct tmpl_operand *args;
    struct tmpl_command *next;
};

struct tmpl_pipe {
    const char *variables[2]; /* $x := or, in range, $i, $x := */
    size_t n_variables;
    bool assigns; /* = instead of := */
    struct tmpl_command *commands;
    const char *source; /* for messages, whole action */
    size_t source_len;
};

enum tmpl_kind { TMPL_TEXT, TMPL_ACTION, TMPL_IF, TMPL_WITH, TMPL_RANGE, TMPL_BREAK, TMPL_CONTINUE };

struct tmpl_stmt {
    enum tmpl_kind kind;
    const char *text;
    size_t len;
    struct tmpl_pipe *pipe;
    struct tmpl_stmt *body, *otherwise;
    struct tmpl_stmt *next;
};

struct wh_tmpl {
    struct tmpl_stmt *body;
};

/* ---- functions ---- */

struct tmpl_call {
    struct wh_arena *arena; /* results */
    const struct wh_node *const *args;
    size_t n;
    bool heading;
    const struct wh_node *result; /* NULL is nil */
    struct wh_err *err;
};

struct tmpl_function {
    const char *name;
    size_t min, max; /* arguments; max SIZE_MAX = any */
    int (*call)(struct tmpl_call *c);
};
const struct tmpl_function *wh_tmpl_function(const char *name, size_t len);

bool wh_tmpl_truth(const struct wh_node *v);
/* As fmt's %v. */
void wh_tmpl_print(const struct wh_node *v, struct wh_str *out);
/* As fmt.Sprintf. */
void wh_tmpl_format(const char *format, const struct wh_node *const *args, size_t n, struct wh_str *out);

#endif
