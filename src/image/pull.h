/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One image from its registry into the store. */
#ifndef IMAGE_PULL_H
#define IMAGE_PULL_H

#include "command.h"
#include "platform.h"
#include "store.h"

#include <semaphore.h>

struct pull {
    struct request *q;
    struct store *store;
    const char *name; /* as the user wrote it */
    struct wh_ref ref;
    struct platform platform;
    bool keep_blobs;  /* other pulls of this process may want the same */
    sem_t *downloads; /* bounds of the process */
    sem_t *unpacks;
};

int pull_run(struct pull *p, struct wh_err *err);

#endif
