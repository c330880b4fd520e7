/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One caller-owned error object: a root cause, the contexts added on the way up, an optional place in a compose
 * file and an optional hint.
 *
 *   struct wh_err err = {0};
 *   if (do_it(&err) < 0) { wh_err_print(&err, stderr); wh_err_fini(&err); }
 *
 * Convention of every fallible function: 0 success; -1 failure with err filled; > 0 an ordinary outcome that the
 * header documents. A function either fills err or logs, never both. Causes and contexts are lower-case fragments
 * without a full stop. Functions accept err == NULL (the caller does not care why).
 */
#ifndef WHALE_UTIL_ERR_H
#define WHALE_UTIL_ERR_H

#include "whale/util/cleanup.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WH_ERR_FRAMES 12

/* Codes below 1024 are errno values. */
enum wh_err_code {
    WH_E_GENERIC = 1024, /* anything that has no class of its own */
    WH_E_USAGE,          /* the command line is wrong */
    WH_E_INVALID,        /* a compose file, image or message is wrong */
    WH_E_NOT_FOUND,      /* a named thing does not exist */
    WH_E_CONFLICT,       /* a name, port or address is taken */
    WH_E_PROTOCOL,       /* a peer broke the protocol */
    WH_E_LIMIT,          /* a limit of ours was passed */
    WH_E_CANCELLED,      /* the user or a newer command ended it */
    WH_E_BUG,            /* impossible state */
};

/* A place in an input file. file is borrowed (arena or literal); line and column count from 1; 0 = unknown. */
struct wh_mark {
    const char *file;
    uint32_t line;
    uint32_t column;
    uint32_t length; /* characters to underline, 0 = to the end of the word */
};

struct wh_err_frame {
    const char *func;
    const char *file;
    uint32_t line;
    char *text; /* owned */
};

struct wh_err {
    int code;
    uint16_t depth;
    struct wh_err_frame frame[WH_ERR_FRAMES]; /* [0] = root cause, last = what the user asked for */
    struct wh_mark mark;
    char *mark_file; /* owned copy of mark.file */
    char *hint;      /* owned */
    char *value;     /* owned; which value of the project is to blame, when no mark is at hand; see wh_err_in */
};

/* Lets compilers and analyzers see that the result is always -1. */
#define WH_MINUS_ONE(call)                                                                                             \
    __extension__({                                                                                                    \
        (void)(call);                                                                                                  \
        -1;                                                                                                            \
    })

/* Sets the root cause (dropping an older one) and returns -1. With code = an errno value, ": strerror" is added. */
int wh_fail_(struct wh_err *err, const char *func, const char *file, uint32_t line, int code, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
#define wh_fail(err, code, ...) WH_MINUS_ONE(wh_fail_(err, __func__, __FILE__, __LINE__, code, __VA_ARGS__))

/* Adds an outer context and returns -1. */
int wh_wrap_(struct wh_err *err, const char *func, const char *file, uint32_t line, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
#define wh_wrap(err, ...) WH_MINUS_ONE(wh_wrap_(err, __func__, __FILE__, __LINE__, __VA_ARGS__))

/* Attach the place (copied) / the hint; both keep the first one that was set. */
void wh_err_at(struct wh_err *err, const struct wh_mark *mark);
void wh_err_hint(struct wh_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Says from the inside out which value of the project is to blame, as a path of words: wh_err_in(err, "user"), then
 * wh_err_in(err, "services/%s", name) gives "services/web/user". A path that
 * begins with a slash is whole already. Who has the tree with its places turns it into a mark
 * (wh_node_place). A word of a list is an item's text, number, or name, source or target. Returns -1.
 */
void wh_err_in_(struct wh_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define wh_err_in(err, ...) WH_MINUS_ONE(wh_err_in_(err, __VA_ARGS__))

/* The whole chain, outermost context first: "service "db": mount ./data: openat2: No such file or directory".
 * Returns a malloc'ed string (a static text's copy when memory is short, never NULL unless malloc fails). */
char *wh_err_text(const struct wh_err *err);

/* Text, then mark and hint when set, to a stream. */
void wh_err_print(const struct wh_err *err, FILE *out);

void wh_err_fini(struct wh_err *err);
/* Moves src into dst (dst is released first), leaving src empty. */
void wh_err_move(struct wh_err *dst, struct wh_err *src);

#define wh_auto_err WH_CLEANUP(wh_err_fini) struct wh_err

#endif
