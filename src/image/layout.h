/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names inside the store, shared by its readers and its writers; include/whale/image.h draws the tree. */
#ifndef IMAGE_LAYOUT_H
#define IMAGE_LAYOUT_H

#include "whale/image.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

#define LAYOUT_VERSION 1

#define LAYOUT_IMAGES  "images"
#define LAYOUT_BLOBS   "blobs/sha256"
#define LAYOUT_LAYERS  "layers"
#define LAYOUT_CHAINS  "chains"
#define LAYOUT_RECORDS "records"
#define LAYOUT_REFS    "refs"
#define LAYOUT_NEW     ".new-" /* + pid: a link in either that is about to get its name */
#define LAYOUT_INGEST  "ingest"

#define LAYER_TREE   "fs"
#define LAYER_RECORD "layer.json"
#define LAYER_LOCK   "lock"
#define LAYER_SPLIT  "split.zst"

/* Caps on foreign and own JSON documents. */
#define LAYOUT_MAX_JSON_BYTES ((size_t)4 << 20)
#define LAYOUT_MAX_LAYERS     500

/* The hex digits of "sha256:<hex>". */
const char *layout_hex(const char *digest);

/* "<root>/images/<format...>", arena-owned. */
char *layout_path(struct wh_arena *a, const char *root, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The symlink's path below images/ of a reference: its digest when there is one, else its tag. */
char *layout_ref_path(struct wh_arena *a, const struct wh_ref *ref);

/* One name of the store. */
struct layout_ref {
    const char *hex;  /* of the image id */
    const char *text; /* familiar: "busybox:latest" or "busybox@sha256:..." */
    struct wh_ref ref;
    bool is_digest;
};
/* All names, sorted by text; a missing store has none. Items are struct layout_ref in the arena. */
int layout_refs(struct wh_arena *a, const char *root, struct wh_vec *ret, struct wh_err *err);

#endif
