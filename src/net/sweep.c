/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing everything of a project that the kernel still has, found by derived names alone. */
#include "net_private.h"

#include "whale/sys/rtnl.h"

static int remove_devices(const struct wh_net_scope *scope, struct wh_err *err)
{
    struct wh_rtnl rt;
    if (wh_rtnl_open(&rt, err) < 0)
        return -1;
    wh_rtnl_del_group(&rt, wh_net_group(scope));
    int ret = wh_rtnl_flush(&rt, err);
    wh_rtnl_close(&rt);
    return ret;
}

int wh_net_sweep(const struct wh_net_scope *scope, struct wh_err *err)
{
    int devices = remove_devices(scope, err);
    int rules = wh_net_delete_rules(scope, devices < 0 ? NULL : err);
    return devices < 0 || rules < 0 ? wh_wrap(err, "remove the networks of project %s", scope->project) : 0;
}
