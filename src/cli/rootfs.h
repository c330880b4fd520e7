/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a container as its processes see them, running or not. */
#ifndef WHALE_CLI_ROOTFS_H
#define WHALE_CLI_ROOTFS_H

#include "cli/cli.h"
#include "whale/state.h"

/* with_mounts: volumes and binds too (a running container always has them). *ret_fd: O_PATH. */
int wh_cli_open_root(struct wh_cli *cli, const struct wh_container *c, bool with_mounts, int *ret_fd,
                     struct wh_err *err);

#endif
