/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a container's cgroup is. */
#include "cli/processes.h"

#include "whale/util/str.h"

#include <errno.h>

int wh_cli_open_cgroup(const struct wh_cgroup_layout *layout, const struct wh_container *c, struct wh_cgroup *ret,
                       struct wh_err *err)
{
    wh_auto_free char *name = wh_fmt("whale/%s-%s/%s", wh_state_instance(), c->rec.project, c->rec.id);
    return name ? wh_cgroup_open(layout, name, ret, err) : wh_fail(err, ENOMEM, "name of a cgroup");
}
