/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One image record and its config, read together. */
#ifndef IMAGE_RECORD_H
#define IMAGE_RECORD_H

#include "whale/codec/node.h"
#include "whale/image.h"
#include "whale/util/vec.h"

/* 0, WH_IMAGE_ABSENT, or -1. ret_config (may be NULL) gets the whole config document. refs is a vector of struct
 * layout_ref from which the names of the image are taken. */
int record_read(struct wh_arena *a, const char *root, const char *hex, const struct wh_vec *refs, struct wh_image *ret,
                struct wh_node **ret_config, struct wh_err *err);

/* The hex digits of all records whose name starts with prefix ("" = all). */
int record_scan(struct wh_arena *a, const char *root, const char *prefix, struct wh_strv *ret, struct wh_err *err);

#endif
