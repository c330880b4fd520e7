/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials for registries, from docker's config file and its credential helpers. */
#ifndef IMAGE_AUTH_H
#define IMAGE_AUTH_H

#include "whale/util/err.h"

struct credentials {
    char *user; /* owned, wiped on release; NULL = none */
    char *secret;
    char *identity_token; /* OAuth2 refresh token instead of user and secret */
    char *registry_token; /* ready bearer token */
};

/* What is known for a registry ("docker.io", "host:port"): $DOCKER_CONFIG/config.json or ~/.docker/config.json.
 * credHelpers wins over credsStore, which wins over auths. Finding nothing is success with everything NULL. */
int auth_find(const char *domain, struct credentials *ret, struct wh_err *err);
void auth_fini(struct credentials *c);
/* malloc'ed "Basic ..." header value, NULL when there are no user and secret. */
char *auth_basic(const struct credentials *c);

/* docker-credential-<name> get: fills ret; nothing found is success. */
int auth_ask_helper(const char *name, const char *server, struct credentials *ret, struct wh_err *err);

#endif
