/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers use an image, from their records <root>/projects/<p>/containers/<c>/container.json. */
#ifndef IMAGE_USAGE_H
#define IMAGE_USAGE_H

#include "whale/util/err.h"
#include "whale/util/vec.h"

/* Collects "image id" -> names of containers: two parallel lists. */
struct usage {
    struct wh_strv image_ids;
    struct wh_strv containers;
};
int usage_read(const char *root, struct usage *ret, struct wh_err *err);
/* The first container that uses the image, or NULL. */
const char *usage_of(const struct usage *u, const char *image_id);
void usage_fini(struct usage *u);
#define auto_usage WH_CLEANUP(usage_fini) struct usage

#endif
