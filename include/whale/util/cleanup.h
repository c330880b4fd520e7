/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scope-bound release of resources. Giving a resource away is written wh_steal*(). */
#ifndef WHALE_UTIL_CLEANUP_H
#define WHALE_UTIL_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WH_CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void wh_cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void wh_cleanup_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void wh_cleanup_file(FILE **f)
{
    if (*f)
        fclose(*f);
}

static inline void wh_cleanup_dir(DIR **d)
{
    if (*d)
        closedir(*d);
}

#define wh_auto_free WH_CLEANUP(wh_cleanup_free)
#define wh_auto_fd   WH_CLEANUP(wh_cleanup_fd) int
#define wh_auto_file WH_CLEANUP(wh_cleanup_file) FILE *
#define wh_auto_dir  WH_CLEANUP(wh_cleanup_dir) DIR *

/* Returns the pointer and clears the variable, so that its cleanup does nothing. */
#define wh_steal(p)                                                                                                    \
    __extension__({                                                                                                    \
        __typeof__(p) stolen_ = (p);                                                                                   \
        (p) = NULL;                                                                                                    \
        stolen_;                                                                                                       \
    })

static inline int wh_steal_fd(int *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

/* Closes *fd when it is open and sets it to -1; keeps errno. */
void wh_close(int *fd);

#define WH_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
