/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dockerfile instructions that change an image's config, as `docker import --change` takes them. */
#ifndef IMAGE_CHANGE_H
#define IMAGE_CHANGE_H

#include "whale/codec/node.h"

/* Applies one instruction ("CMD [\"sh\"]", "ENV a=1 b=$a") to the "config" object of an image config.
 * CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD SHELL STOPSIGNAL USER VOLUME WORKDIR. */
int change_apply(struct wh_arena *a, struct wh_node *config, const char *instruction, struct wh_err *err);

/* ---- for change*.c ---- */

/* Splits into words at blanks; quotes and backslashes are removed, $NAME, ${NAME}, ${NAME:-word} and ${NAME:+word}
 * are replaced from the config's Env when config is not NULL. *ret is NULL-terminated. */
int change_words(struct wh_arena *a, const struct wh_node *config, const char *text, const char ***ret, size_t *ret_n,
                 struct wh_err *err);
/* The whole text as one word. */
int change_word(struct wh_arena *a, const struct wh_node *config, const char *text, const char **ret,
                struct wh_err *err);
/* key=value pairs, or the old form "key the rest is the value". */
int change_pairs(struct wh_arena *a, const struct wh_node *config, const char *text, const char ***ret_keys,
                 const char ***ret_values, size_t *ret_n, struct wh_err *err);

#endif
