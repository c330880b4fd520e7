/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudo terminals: the slave is taken from the master, never by its name (CVE-2025-52565). */
#include "whale/sys/tty.h"
#include "whale/util/cleanup.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

int wh_sys_pty_open(int pts_dirfd, int *ret_master, int *ret_slave)
{
    wh_auto_fd master = openat(pts_dirfd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    int unlock = 0;
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
        return -1;
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return -1;
    *ret_slave = slave;
    *ret_master = wh_steal_fd(&master);
    return 0;
}

int wh_sys_tty_set_size(int fd, uint16_t rows, uint16_t cols)
{
    struct winsize size = {.ws_row = rows, .ws_col = cols};
    return ioctl(fd, TIOCSWINSZ, &size);
}

int wh_sys_tty_get_size(int fd, uint16_t *ret_rows, uint16_t *ret_cols)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        return -1;
    *ret_rows = size.ws_row;
    *ret_cols = size.ws_col;
    return 0;
}

int wh_sys_tty_make_controlling(int fd)
{
    return ioctl(fd, TIOCSCTTY, 0);
}
