/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image on its way into the store: its config is known, its layers are looked up or drafted, then all is committed.
 */
#ifndef IMAGE_ASSEMBLY_H
#define IMAGE_ASSEMBLY_H

#include "store.h"
#include "stream.h"

struct assembly {
    struct store *store;
    const char *config; /* exact text, borrowed */
    size_t config_len;
    struct slot *slots; /* bottom first */
    struct draft *drafts;
    size_t n;
    struct wh_image image; /* os, architecture, ... of the config */
};

/* Reads the config (its digest was checked) and finds the layers that are in the store. n_layers is what the manifest
 * has; the config must have as many. */
int assembly_begin(struct assembly *m, struct wh_arena *a, struct store *s, const char *config, size_t config_len,
                   size_t n_layers, struct wh_err *err);
bool assembly_needs(const struct assembly *m, size_t i); /* layer i is neither in the store nor drafted */
/* Unpacks the source as layer i and compares its digest with the config. ret (may be NULL) gets the counts. */
int assembly_unpack(struct assembly *m, size_t i, struct source source, bool hash_input, struct stream_result *ret,
                    struct wh_err *err);
/* Layer i has the same content as a layer below layers/<home> of the store, draft or final. */
int assembly_copy(struct assembly *m, size_t i, const char *home, struct wh_err *err);
/* Takes a draft that was unpacked before its image was known. */
void assembly_take(struct assembly *m, size_t i, struct draft *take_d);
int assembly_commit(struct assembly *m, const struct wh_ref *const *refs, size_t n_refs, char ret_id[WH_SHA256_HEX],
                    struct wh_err *err);
void assembly_end(struct assembly *m);
#define auto_assembly WH_CLEANUP(assembly_end) struct assembly

/* Unpacks a source into a new draft. */
int draft_unpack(struct store *s, struct draft *d, struct source source, bool hash_input, struct stream_result *ret,
                 struct wh_err *err);

#endif
