/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ulimits by name. */
#ifndef RUNTIME_RLIMIT_H
#define RUNTIME_RLIMIT_H

#include "report.h"

#include "whale/spec.h"

/* Docker's default open-file limits unless given, then those of the list. */
int wh_child_set_rlimits(struct wh_report *r, const struct wh_rlimit *limits, size_t n);

#endif
