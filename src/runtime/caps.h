/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capability names and the sets that cap_add, cap_drop and privileged make. */
#ifndef RUNTIME_CAPS_H
#define RUNTIME_CAPS_H

#include "whale/spec.h"
#include "whale/util/err.h"

/* Bit mask, clipped to the caller's own bounding set. */
int wh_caps_of_process(const struct wh_process_spec *process, uint64_t *ret, struct wh_err *err);
/* "CAP_SYS_ADMIN" or "sys_admin" -> 21; -1 unknown. */
int wh_caps_number(const char *name);

/* Child: what is done before the identity changes and after. errno. */
int wh_caps_drop_bounding(uint64_t keep);
int wh_caps_apply(uint64_t caps, bool is_root);

#endif
