/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors, image manifests and indexes of OCI and of Docker (schema 2), as they come from registries and archives.
 * The caller has checked the digest of the text before. */
#ifndef IMAGE_MANIFEST_H
#define IMAGE_MANIFEST_H

#include "platform.h"
#include "whale/codec/node.h"

#include <stdbool.h>

#define MEDIA_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER       "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

struct descriptor {
    const char *media_type; /* "" when absent */
    const char *digest;     /* checked */
    int64_t size_bytes;
    bool has_platform;
    struct platform platform;
    bool attestation;     /* says something about another manifest: not an image */
    const char *ref_name; /* org.opencontainers.image.ref.name, or NULL */
    const char *name;     /* io.containerd.image.name, or NULL */
};

struct manifest {
    bool is_index;
    struct descriptor config; /* of an image */
    struct descriptor *items; /* layers bottom first, or the manifests of an index */
    size_t n_items;
};

/* media_type is what the descriptor or the registry said ("" = nothing). A text that is both kinds, that says another
 * type than media_type, or that is of schema 1 is refused. */
int manifest_parse(struct wh_arena *a, const char *text, size_t len, const char *media_type, struct manifest *ret,
                   struct wh_err *err);
/* The entry of an index for the platform: highest rank, first among equals. */
int manifest_choose(struct wh_arena *a, const struct manifest *index, const struct platform *want,
                    const struct descriptor **ret, struct wh_err *err);

#endif
