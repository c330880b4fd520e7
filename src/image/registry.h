/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A registry (the distribution API, version 2): where it is, tokens, requests with authorization and retries. */
#ifndef IMAGE_REGISTRY_H
#define IMAGE_REGISTRY_H

#include "auth.h"
#include "http.h"
#include "whale/image.h"

#include <pthread.h>

struct registry {
    char *domain;
    char *base; /* "https://registry-1.docker.io" */
    bool insecure;
    struct credentials credentials;
    pthread_mutex_t lock; /* of what follows */
    bool asked_credentials;
    char *scope; /* of the token */
    char *token;
    int64_t token_ends_ns; /* monotonic */
    bool basic;            /* the registry wants Basic */
};

/* Finds the address; for loopback and listed registries it tries whether plain http is spoken there. */
int registry_open(struct registry *r, struct http *h, const char *domain, struct wh_err *err);
void registry_close(struct registry *r);
/* Certificates of the user for this registry; to be called for every http handle. */
void registry_prepare(const struct registry *r, struct http *h);

/* GET (or HEAD) of <base>/v2/<ref path>/<what>. what: "manifests/latest", "blobs/sha256:...". q's url and authorization
 * are filled in here; with a sink, q->range_from is the caller's affair. Answers other than 2xx are errors:
 * WH_E_NOT_FOUND, IMAGE_E_UNAUTHORIZED, ... n_tries counts all tries of passing faults (1 = none again). */
int registry_run(struct registry *r, struct http *h, const struct wh_ref *ref, const char *what,
                 const struct http_request *q, int n_tries, struct http_response *ret, struct wh_err *err);

/* Whether the answer's status may be another one soon (503, 429, ...). */
bool registry_is_passing(long status);

/* Sleeps before try n (0 = the first repetition): 0.5 s doubling up to 30 s with jitter, or what the server asks for.
 */
void registry_back_off(int n, int64_t retry_after_s);

/* ---- registry_token.c ---- */

/* Gets and keeps what a 401 asks for. The caller holds no lock. */
int registry_authorize(struct registry *r, struct http *h, const char *repository, const struct wh_strv *challenges,
                       struct wh_err *err);
/* malloc'ed Authorization value for the repository, NULL = none is known. */
char *registry_authorization(struct registry *r, const char *repository);

#endif
