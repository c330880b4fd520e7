/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes from anywhere: a file, memory, a member of an archive, a download. */
#ifndef IMAGE_SOURCE_H
#define IMAGE_SOURCE_H

#include "whale/util/err.h"

#include <stdint.h>
#include <sys/types.h>

struct source {
    /* Up to cap bytes into buf; 0 at the end; -1 with err. */
    ssize_t (*read)(void *ctx, void *buf, size_t cap, struct wh_err *err);
    void *ctx;
};

/* Reads a descriptor from where it stands. The struct must outlive the source. */
struct source_fd {
    int fd;
    const char *name; /* for messages */
};
struct source source_of_fd(struct source_fd *s);

struct source_memory {
    const unsigned char *data;
    size_t left;
};
struct source source_of_memory(struct source_memory *s);

#endif
