/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudo terminals by descriptor (TIOCGPTPEER, Linux 4.13) and window size. Nothing here allocates. */
#ifndef WHALE_SYS_TTY_H
#define WHALE_SYS_TTY_H

#include <stdint.h>

/* A pair of the devpts instance whose root or ptmx's folder is dirfd. 0 or -1 with errno. */
int wh_sys_pty_open(int pts_dirfd, int *ret_master, int *ret_slave);
int wh_sys_tty_set_size(int fd, uint16_t rows, uint16_t cols);
int wh_sys_tty_get_size(int fd, uint16_t *ret_rows, uint16_t *ret_cols);
int wh_sys_tty_make_controlling(int fd); /* of the calling session leader */

#endif
