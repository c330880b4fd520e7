/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One blob into ingest/<hex>: continued where an earlier try broke off, hashed on the way, verified before use. */
#ifndef IMAGE_DOWNLOAD_H
#define IMAGE_DOWNLOAD_H

#include "registry.h"
#include "store.h"

#include <stdatomic.h>

struct download {
    struct store *store;
    struct registry *registry;
    const struct wh_ref *ref;
    const char *digest;
    uint64_t size_bytes;
    atomic_bool *cancelled; /* somebody else has failed: stop */
    void (*progress)(void *ctx, const char *status, uint64_t current);
    void *ctx;
};

/* 0 with *ret_fd a verified file at offset 0 (locked against other downloads of the same blob), or -1. */
int download_run(const struct download *d, struct http *h, int *ret_fd, struct wh_err *err);
/* The blob is not needed any more. */
void download_forget(struct store *s, const char *digest);

#endif
