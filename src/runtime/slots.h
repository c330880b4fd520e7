/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors for a child that is cloned with the caller's table. A supervisor of a hundred containers has two thousand
 * of them; to copy the table for each child and to close the copies again costs more than the rest of the clone. So the
 * few that a child needs are laid under low numbers, which are kept free for that, and the child's first act is to get
 * a table of its own that ends behind them.
 */
#ifndef RUNTIME_SLOTS_H
#define RUNTIME_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether there are slots: wh_runtime_reserve was called, and in time. */
bool wh_slots_are_there(void);
/* Moves *fds[i] (borrowed; -1 stays) to a slot each. One user at a time: until wh_slots_empty. -1 with errno. */
int wh_slots_fill(int *const *fds, size_t n);
void wh_slots_empty(void);
/* In the child: an own table, without what lies above the slots. */
int wh_slots_take_table(void);

#endif
