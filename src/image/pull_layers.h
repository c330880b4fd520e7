/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to pull*.c: the state of one pull, and its layers. */
#ifndef IMAGE_PULL_LAYERS_H
#define IMAGE_PULL_LAYERS_H

#include "assembly.h"
#include "download.h"
#include "manifest.h"
#include "pull.h"

struct pull_job {
    struct pull *p;
    struct wh_arena *arena; /* of the pull's main thread */
    struct registry registry;
    struct http *http; /* of the pull's main thread */
    char top_hex[WH_SHA256_HEX];
};

/* Downloads and unpacks what the store lacks, several layers at a time. */
int pull_layers(struct pull_job *j, struct assembly *m, const struct manifest *man, struct wh_err *err);

#endif
