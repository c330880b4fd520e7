/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The raw call; glibc has no wrapper. */
#include "whale/sys/openat2.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A rename anywhere on the host can make a ".." walk undecidable (EAGAIN): try again, but not for ever. */
#define MAX_TRIES 64

int wh_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
    if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
        how.mode = mode;
    long fd = -1;
    for (int i = 0; i < MAX_TRIES; i++) {
        fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return (int)fd;
}
