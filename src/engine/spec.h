/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translation of a service and its image into what the runtime, the record and the container's files say. */
#ifndef ENGINE_SPEC_H
#define ENGINE_SPEC_H

#include "engine/ctr.h"

/* image_node.c */
struct wh_node *image_to_node(struct wh_arena *a, const struct wh_image *image);
const struct wh_image *image_from_node(struct wh_arena *a, const struct wh_node *n);

/* labels.c */
/* "TARGET=IMAGE_ID,..." of the images that the service mounts, as they are now; NULL without any. */
const char *labels_image_volumes(struct wh_arena *a, const struct wh_service *s);
int labels_make(struct wh_arena *a, const struct wh_policy *p, const struct create_request *r,
                const struct wh_image *image, struct wh_container_rec *rec);

/* spec.c: the parts that depend only on the record; namespaces are the caller's. Everything lives in `a`. */
int spec_build(struct wh_arena *a, const struct ctr *c, struct wh_container_spec *ret, struct wh_err *err);
bool spec_propagation_is_known(const char *word); /* of a bind mount */
int spec_resources(struct wh_arena *a, const struct wh_service *s, struct wh_resources *ret, struct wh_err *err);
int spec_mounts(struct wh_arena *a, const struct ctr *c, struct wh_container_spec *ret, struct wh_err *err);
/* A process as `exec`, hooks and health checks have it. argv is NULL-terminated. */
struct exec_wish {
    const char *const *argv;
    const struct wh_pairs *env; /* over the container's */
    const char *user, *workdir; /* NULL = the container's */
    bool privileged, tty;
};
int spec_exec(struct wh_arena *a, const struct ctr *c, const struct exec_wish *wish, struct wh_exec_spec *ret,
              struct wh_err *err);
const char *const *spec_argv(struct wh_arena *a, const struct wh_service *s, const struct wh_image *image);
const char *const *spec_env(struct wh_arena *a, const struct ctr *c, const struct wh_pairs *more, bool tty);

/* files.c: hosts, hostname, resolv.conf in the container's folder */
int ctr_write_files(struct ctr *c, struct wh_err *err);

/* mounts_plan.c: rec.mounts of a new container */
int mounts_plan(struct wh_policy *p, const struct create_request *r, const struct wh_image *image, struct wh_arena *a,
                struct wh_container_rec *rec, struct wh_err *err);

#endif
