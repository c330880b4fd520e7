/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The write side of the store. Order of every change: drafts (tmp.* folders, locked while their maker lives) are
 * unpacked, one syncfs, renamed to their final names, then the record, then the names. Whatever a crash leaves behind
 * is either complete or a tmp.* without a lock, which the next command that writes removes.
 */
#ifndef IMAGE_STORE_H
#define IMAGE_STORE_H

#include "unpack.h"
#include "whale/codec/digest.h"
#include "whale/image.h"

#include <pthread.h>

struct store {
    const char *root; /* borrowed */
    int images_fd;    /* <root>/images */
    int layers_fd;    /* <root>/images/layers */
    int lock_fd;
    pthread_mutex_t mutex; /* a flock does not keep threads of one process apart */
};

/* Makes the folders that are missing (0700) and removes what crashed commands have left. */
int store_open(struct store *s, const char *root, struct wh_err *err);
void store_close(struct store *s);
#define auto_store WH_CLEANUP(store_close) struct store

/* The short global lock: names, records, final layers change only under it. Not recursive. */
int store_lock(struct store *s, struct wh_err *err);
void store_unlock(struct store *s);

/* ---- layers ---- */

#define STORE_NAME_BYTES 32

struct draft {
    char name[STORE_NAME_BYTES]; /* "tmp.<hex>"; "" = none */
    int dir_fd;
    char diff_hex[WH_SHA256_HEX];
    struct unpack_result unpacked;
};

int draft_begin(struct store *s, struct draft *d, struct wh_err *err);
/* Removes what was unpacked; nothing to do after a commit. */
void draft_drop(struct store *s, struct draft *d);

/* One layer of an image that is put together, bottom first. */
struct slot {
    const char *diff_hex;
    char chain_hex[WH_SHA256_HEX];
    struct draft *draft;         /* NULL: the layer is in the store */
    char name[STORE_NAME_BYTES]; /* short name once it is known */
    int64_t size_bytes;
    int lock_fd; /* shared lock while the image is not recorded */
};

/* chain ids from the diff ids of slots[0..n). */
void store_chain(struct slot *slots, size_t n);
/* Takes the layer of a slot from the store, with its lock. 0 = there, 1 = not there, -1. */
int store_find_layer(struct store *s, struct slot *slot, struct wh_err *err);
void store_release(struct slot *slots, size_t n);

/* Makes an image of final and drafted layers; the names are set last. config is the exact text whose digest is the
 * id. Every slot has a draft or was found. */
int store_commit(struct store *s, const void *config, size_t config_len, struct slot *slots, size_t n_slots,
                 const struct wh_ref *const *refs, size_t n_refs, char ret_id_hex[WH_SHA256_HEX], struct wh_err *err);

/* ---- names ---- (the caller holds the lock) */

int store_set_ref(struct store *s, const struct wh_ref *ref, const char *id_hex, struct wh_err *err);
int store_del_ref(struct store *s, const struct wh_ref *ref, struct wh_err *err);

/* ---- removal ---- */

/* The record and config of an image (its names are gone already). The caller holds the lock. */
int store_del_image(struct store *s, const char *id_hex, struct wh_err *err);

struct store_freed {
    size_t n_layers;
    int64_t bytes;
    size_t n_kept; /* unused by images, but held by a container */
};
/* Removes layers that no image uses and nobody holds, and lost blobs. Takes the lock. */
int store_collect(struct store *s, struct store_freed *ret, struct wh_err *err);

/* ---- for store*.c ---- */

int store_put_file(struct store *s, const char *path, const void *data, size_t len, struct wh_err *err);
int store_sync_folder(struct store *s, const char *path, struct wh_err *err);
/* Sweeps tmp.* folders whose maker is gone. */
void store_sweep(struct store *s);

#endif
