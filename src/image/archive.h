/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of an image archive or of an OCI layout folder, by name.
 *
 * An archive is read once, in whatever order and from a pipe if need be: documents are kept in memory, and whatever
 * looks like a layer is unpacked at once, before it is known which image wants it. Layers of a folder are unpacked when
 * an image wants them.
 */
#ifndef IMAGE_ARCHIVE_H
#define IMAGE_ARCHIVE_H

#include "assembly.h"

struct member {
    char *text; /* document, owned; NULL for a layer */
    size_t text_len;
    char *alias; /* the member that this is a link to, owned */
    struct draft draft;
    char input_hex[WH_SHA256_HEX];
    char diff_hex[WH_SHA256_HEX];
    char home[STORE_NAME_BYTES]; /* where the unpacked layer is, below layers/ */
    int64_t input_bytes;
    struct wh_err failure; /* looked like a layer, but could not be unpacked */
};

struct archive {
    struct store *store;
    int folder_fd;         /* an OCI layout folder, or -1 */
    struct wh_map members; /* name -> struct member */
    size_t text_bytes;
};

int archive_open_stream(struct archive *x, struct store *s, struct source source, struct wh_err *err);
int archive_open_folder(struct archive *x, struct store *s, const char *path, struct wh_err *err);
void archive_close(struct archive *x);

/* A document. 0, 1 = there is none of this name, -1. The text is valid until close. */
int archive_text(struct archive *x, const char *name, const char **ret, size_t *ret_len, struct wh_err *err);
/* A blob of an OCI layout, whose digest and size are checked. */
int archive_blob(struct archive *x, const char *digest, int64_t size_bytes, const char **ret, size_t *ret_len,
                 struct wh_err *err);
/* Provides layer i of an image from a member. digest NULL: only the config's diff id is checked. */
int archive_layer(struct archive *x, struct assembly *m, size_t i, const char *name, const char *digest,
                  struct wh_err *err);
/* After a commit: remembers where the layers went, for the next image. */
void archive_settle(struct archive *x, const struct assembly *m);

#endif
