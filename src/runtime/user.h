/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's side of user look-up. */
#ifndef RUNTIME_USER_H
#define RUNTIME_USER_H

#include "report.h"

#include "whale/runtime.h"

int wh_child_resolve_user(struct wh_report *r, int root_fd, const char *user, const char *const *extra_groups,
                          struct wh_user *ret);

#endif
