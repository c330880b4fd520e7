/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "whale/util/cleanup.h"

#include <errno.h>

void wh_close(int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno;
    close(*fd);
    *fd = -1;
    errno = saved;
}
