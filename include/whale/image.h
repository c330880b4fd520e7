/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images, seen from outside: references, the read side of the store, locks on layers in use, and the client of the
 * helper program `whale-image`, which alone fetches, unpacks and deletes. Nothing declared here needs curl, OpenSSL or
 * a decompressor, so that the front end and the supervisor stay small.
 *
 * The store, below <root>/images/ (root is 0700 and owned by the caller):
 *   blobs/sha256/<hex>      image configs and manifests, exact bytes
 *   layers/<short>/fs       one unpacked layer; <short> is a base-36 counter, so that 500 lowers fit one overlay mount
 *   layers/<short>/layer.json, split.zst, lock
 *   chains/<hex>            symlink to ../layers/<short>; <hex> is the chain id
 *   records/<hex>.json      one image; <hex> is the image id; written only when all its layers are final
 *   refs/<domain>/<path>/:<tag>             symlink, its text is the image id's hex
 *   refs/<domain>/<path>/@sha256:<hex>      the same for a digest that a registry gave the image
 */
#ifndef WHALE_IMAGE_H
#define WHALE_IMAGE_H

#include "whale/util/arena.h"
#include "whale/util/err.h"
#include "whale/util/map.h"
#include "whale/util/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- references ---- */

/* "busybox" is docker.io / library/busybox : latest. Strings live in the arena given to wh_ref_parse. */
struct wh_ref {
    const char *domain; /* "docker.io", "localhost:5000" */
    const char *path;   /* "library/busybox" */
    const char *tag;    /* "latest" when neither tag nor digest was given; NULL when only a digest was */
    const char *digest; /* "sha256:..." or NULL */
};

/* 0, or -1 with WH_E_INVALID when the text breaks docker's grammar. */
int wh_ref_parse(struct wh_arena *a, const char *text, struct wh_ref *ret, struct wh_err *err);
/* "docker.io/library/busybox:latest". Arena-owned, as all of these. */
const char *wh_ref_canonical(struct wh_arena *a, const struct wh_ref *ref);
/* The form docker prints: "busybox:latest", "localhost:5000/x:1". */
const char *wh_ref_familiar(struct wh_arena *a, const struct wh_ref *ref);
const char *wh_ref_familiar_name(struct wh_arena *a, const struct wh_ref *ref); /* without tag and digest */
/* "sha256:" and 64 lower-case hex digits. */
bool wh_digest_valid(const char *text);

/* ---- images ---- */

#define WH_IMAGE_ABSENT 1 /* ordinary outcome: no such image */

struct wh_image_layer {
    const char *name; /* short name: the tree is <layers_dir>/<name>/fs */
    const char *diff_id;
    const char *chain_id;
    int64_t size_bytes;
};

struct wh_image_health {
    const char **test; /* as in the config: "NONE" | "CMD", arg... | "CMD-SHELL", text; NULL-terminated */
    size_t n_test;
    int64_t interval_ns; /* 0 = not given, for all of these */
    int64_t timeout_ns;
    int64_t start_period_ns;
    int64_t start_interval_ns;
    int64_t retries;
};

struct wh_image_label {
    const char *key;
    const char *value;
};

/* The part of an image config that a container starts from. The lists are NULL-terminated as well as counted. */
struct wh_image_config {
    const char **env; /* "KEY=value"; entries without '=' or with an empty key were dropped on reading */
    size_t n_env;
    const char **entrypoint;
    size_t n_entrypoint;
    const char **cmd;
    size_t n_cmd;
    const char **shell;
    size_t n_shell;
    const char **exposed_ports; /* "8080/tcp", sorted */
    size_t n_exposed_ports;
    const char **volumes; /* absolute paths inside the container, sorted; hostile text: resolve in-root */
    size_t n_volumes;
    const char **on_build;
    size_t n_on_build;
    const struct wh_image_label *labels; /* in the order of the config, without those that steer us */
    size_t n_labels;
    const char *user;        /* "" when not given */
    const char *working_dir; /* "" when not given */
    const char *stop_signal; /* "" when not given */
    bool has_health;
    struct wh_image_health health;
};

struct wh_image {
    const char *id; /* "sha256:..." */
    const char **repo_tags;
    size_t n_repo_tags; /* familiar form, sorted */
    const char **repo_digests;
    size_t n_repo_digests; /* "busybox@sha256:..." */
    const char *os, *architecture, *variant;
    const char *created; /* RFC 3339 text of the config, "" when absent */
    int64_t created_ns;  /* 0 when absent */
    int64_t size_bytes;  /* of the unpacked files of all layers */
    const char *layers_dir;
    const struct wh_image_layer *layers; /* top-most first, as overlay's lowerdir wants them */
    size_t n_layers;
    struct wh_image_config config;
};

/* name is "name[:tag][@digest]", an id ("sha256:<hex>" or <hex>) or a unique prefix of an id; a reference wins over an
 * id. root is the state root (not its images folder). Everything returned lives in the arena.
 * 0, WH_IMAGE_ABSENT, or -1. */
int wh_image_lookup(struct wh_arena *a, const char *root, const char *name, struct wh_image *ret, struct wh_err *err);

/* Whether it is for the platform ("linux/arm64/v8"); nothing is for a text that names none. */
bool wh_image_is_for(struct wh_arena *a, const struct wh_image *image, const char *platform);

/* All images, newest first. A record that cannot be read is left out. A store that does not exist is empty. */
int wh_image_list(struct wh_arena *a, const char *root, struct wh_image **ret, size_t *ret_n, struct wh_err *err);

/* ---- layers in use ---- */

/* A set of shared locks, one descriptor per different layer. While it is open, `image rm` keeps the layer's files even
 * when the image's name goes. Whoever has a layer mounted, holds it. Zero-initialised = empty. */
struct wh_image_hold {
    struct wh_map fds; /* short name -> descriptor */
};
/* 0; WH_IMAGE_ABSENT when a layer was deleted since the lookup (then nothing is added); or -1. */
int wh_image_hold_add(struct wh_image_hold *h, const struct wh_image *image, struct wh_err *err);
void wh_image_hold_fini(struct wh_image_hold *h);
#define wh_auto_image_hold WH_CLEANUP(wh_image_hold_fini) struct wh_image_hold

/* ---- the helper program ---- */

/*
 * `whale-image SUBCOMMAND --progress=json ...` writes one JSON object a line to stdout:
 *   {"event":"image","ref":"busybox","status":S}
 *        S: pulling | pulled | exists (the policy needs no pull) | loaded | imported
 *        with "id":"sha256:..." once it is known
 *   {"event":"layer","ref":"busybox","layer":"3f4d90098f5b","status":S,"current":N,"total":N}
 *        S: waiting | downloading | retrying | verifying | extracting | complete | exists
 *        current and total are bytes, total 0 = not known; layer is 12 digits of the blob's digest
 *   {"event":"warning","ref":"busybox","text":"..."}
 *   {"event":"error","ref":"busybox","text":"...","reason":R,"hint":"..."}      always before exit status 1
 *        R: not_found | unauthorized | tls | refused | timeout | no_space | digest | invalid | limit | in_use | usage |
 *           other
 * ref is the reference as it was given on the command line, and absent when a line belongs to none.
 * Exit status: 0, or 1 after an error line (2 for a wrong command line).
 */
struct wh_image_progress {
    const char *event; /* never NULL; other texts are "" when absent; valid during the call */
    const char *ref;
    const char *status;
    const char *id;
    const char *layer;
    const char *text;
    const char *reason;
    const char *hint;
    int64_t current;
    int64_t total;
};
typedef void (*wh_image_progress_fn)(void *ctx, const struct wh_image_progress *p);

/* Runs it to its end; it is looked for in $WHALE_COMPOSE_LIBEXEC/, the running program's folder and
 * ../libexec/whale-compose/ beside that. args without the program's name: {"pull", "--progress=json", "busybox", NULL}.
 * root is passed on as WHALE_COMPOSE_ROOT. stdin is the null device, stderr the caller's. fn gets every line and may be
 * NULL. 0, or -1 with the text, hint and class of its first error line. */
int wh_image_helper_run(const char *root, const char *const *args, wh_image_progress_fn fn, void *ctx,
                        struct wh_err *err);
/* Replaces this process by the helper (for `whale-compose image ...`): returns only with -1. */
int wh_image_helper_exec(const char *const *args, struct wh_err *err);

#endif
