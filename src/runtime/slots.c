/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slots.h"

#include "whale/runtime.h"
#include "whale/sys/process.h"

#include <fcntl.h>
#include <unistd.h>

#define FIRST   16 /* below are the standard streams, the keeper's socket and what the loop itself consists of */
#define N_SLOTS 24

static int null_fd = -1; /* what an empty slot holds, so that its number is not given away */
static size_t n_filled;

void wh_runtime_reserve(void)
{
    int fd = null_fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
    for (int i = 0; fd >= 0 && i < N_SLOTS; i++) {
        int slot = fcntl(fd, F_DUPFD_CLOEXEC, FIRST + i);
        if (slot == FIRST + i)
            continue;
        if (slot >= 0)
            close(slot);
        return; /* somebody has that number: children get copies of the table */
    }
    null_fd = fd;
}

bool wh_slots_are_there(void)
{
    return null_fd >= 0;
}

int wh_slots_fill(int *const *fds, size_t n)
{
    for (size_t i = 0; i < n && n_filled < N_SLOTS; i++) {
        if (*fds[i] < 0)
            continue;
        int slot = dup3(*fds[i], FIRST + (int)n_filled, O_CLOEXEC);
        if (slot < 0)
            return -1;
        *fds[i] = slot;
        n_filled++;
    }
    return 0;
}

void wh_slots_empty(void)
{
    while (n_filled > 0)
        dup3(null_fd, FIRST + (int)--n_filled, O_CLOEXEC);
}

int wh_slots_take_table(void)
{
    return wh_sys_unshare_files(FIRST + N_SLOTS);
}
