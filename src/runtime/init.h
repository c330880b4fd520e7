/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `init: true`: a pid 1 of some hundred bytes that forwards signals to the program and reaps orphans. */
#ifndef RUNTIME_INIT_H
#define RUNTIME_INIT_H

#include "child.h"

/* Sealed memory file with the program, made once in the supervisor's life; borrowed. */
int wh_init_program(int *ret_fd, struct wh_err *err);

/* Child: forks; the parent becomes the init program (never returns but on failure), the child goes on, 0. */
int wh_init_split(struct wh_launch *l);

#endif
