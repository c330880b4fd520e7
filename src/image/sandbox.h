/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives up, for good, what reading hostile bytes does not need. */
#ifndef IMAGE_SANDBOX_H
#define IMAGE_SANDBOX_H

#include "store.h"

#include <stdbool.h>

/* After the store was opened and before the first thread: few capabilities, no new ones, no mounts, namespaces, tracing
 * or modules, changes of files only below the store, no core dumps. may_exec: credential helpers may be started. */
int sandbox_enter(const struct store *s, bool may_exec, struct wh_err *err);

#endif
