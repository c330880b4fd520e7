/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image config document (OCI image-spec "config", docker's config.json) as plain data. */
#ifndef IMAGE_CONFIG_H
#define IMAGE_CONFIG_H

#include "whale/codec/node.h"
#include "whale/image.h"

/* Fills os, architecture, variant, created and config of ret. The document is foreign: wrong types are errors. */
int config_read(struct wh_arena *a, const struct wh_node *doc, struct wh_image *ret, struct wh_err *err);

/* The diff ids of rootfs.diff_ids, bottom first, each a valid digest, at most LAYOUT_MAX_LAYERS. */
int config_diff_ids(struct wh_arena *a, const struct wh_node *doc, const char ***ret, size_t *ret_n,
                    struct wh_err *err);

#endif
