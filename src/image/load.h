/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images out of an archive: the docker format (manifest.json) and the OCI layout (index.json). */
#ifndef IMAGE_LOAD_H
#define IMAGE_LOAD_H

#include "archive.h"
#include "command.h"

struct load {
    struct request *q;
    struct archive *archive;
    size_t n_images; /* loaded so far */
};

int load_docker(struct load *l, const char *manifest, size_t len, struct wh_err *err);
int load_oci(struct load *l, const char *index, size_t len, struct wh_err *err);

/* For both: commits an assembled image under names (familiar or canonical) and reports it. */
int load_commit(struct load *l, struct wh_arena *a, struct assembly *m, const struct wh_strv *names,
                struct wh_err *err);

#endif
