/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cgroup files share: places of folders, small values in them. */
#ifndef RUNTIME_CGROUP_H
#define RUNTIME_CGROUP_H

#include "whale/runtime.h"

#include <limits.h>

extern const char *const wh_cgroup_ctl_text[WH_CTL_MAX_]; /* names of v1 controllers */

/* Path of a cgroup's folder: ctl -1 = the unified tree. malloc'ed; NULL when there is no such tree. */
char *wh_cgroup_path(const struct wh_cgroup_layout *layout, int ctl, const char *name);
/* The tree in which a controller's limits are set: ctl for its v1 tree, -1 for the unified one, -2 = not available. */
int wh_cgroup_tree_of(const struct wh_cgroup_layout *layout, enum wh_cgroup_ctl ctl);
/* A file of the cgroup in the tree of a controller (or -1). */
int wh_cgroup_open_file(const struct wh_cgroup *cg, int tree, const char *file, int flags);
ssize_t wh_cgroup_read(const struct wh_cgroup *cg, int tree, const char *file, char *buf, size_t size);
/* "key value" in a flat keyed text; false when absent. */
bool wh_cgroup_keyed(const char *text, const char *key, uint64_t *ret);

/* cgroup_limits.c: bit per wh_cgroup_ctl that needs a folder of its own in a v1 tree. */
uint32_t wh_cgroup_needs(const struct wh_cgroup_layout *layout, const struct wh_resources *res);
int wh_cgroup_set_limits(const struct wh_cgroup *cg, const struct wh_resources *res, struct wh_err *err);

/* cgroup_devices.c: the access list as a program on the unified folder, or the v1 files. */
int wh_cgroup_set_devices(const struct wh_cgroup *cg, const struct wh_resources *res, struct wh_err *err);

#endif
