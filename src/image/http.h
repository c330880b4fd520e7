/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP(S) requests under the rules for registries: redirects are followed here, one by one, at most ten, never from
 * https to http, never into a more private network than the registry's own, and without credentials to another origin;
 * slow and silent peers are given up; every body has a cap.
 */
#ifndef IMAGE_HTTP_H
#define IMAGE_HTTP_H

#include "whale/util/err.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

#include <stdbool.h>
#include <stdint.h>

/* How far inside a network an address is. A server may not send us further in than it is itself. */
enum http_zone { HTTP_ZONE_PUBLIC, HTTP_ZONE_PRIVATE, HTTP_ZONE_LOOPBACK, HTTP_ZONE_LINK_LOCAL };

struct http; /* one connection at a time; not for several threads at once */

struct http_request {
    const char *url;
    bool head;
    const char *accept;        /* header value, or NULL */
    const char *authorization; /* header value, sent to the origin of url only, or NULL */
    const char *post_form;     /* body of a POST, or NULL */
    uint64_t range_from;       /* > 0: "Range: bytes=N-" */
    size_t max_bytes;          /* of a body kept in memory */
    bool elsewhere;            /* url was chosen by the registry (a token realm): zone rule from the first hop on */
    /* Gets the body of a 200 or 206 answer piece by piece; NULL: it is kept in memory. -1 ends the transfer with err.
     */
    int (*sink)(void *ctx, const void *data, size_t len, struct wh_err *err);
    /* Called before the first piece: status 200 or 206, and where the range starts. */
    int (*begin)(void *ctx, long status, uint64_t range_start, struct wh_err *err);
    void *ctx;
};

struct http_response {
    long status;
    struct wh_str body; /* of an answer that went to no sink: at most max_bytes, or LIMIT_ERROR_BYTES of an error */
    char *content_type; /* owned, "" when absent, as all of these */
    char *digest;       /* Docker-Content-Digest */
    struct wh_strv challenges;
    int64_t retry_after_s; /* -1 when absent */
    bool has_range;
    uint64_t range_start;
    bool may_retry; /* after -1: the fault may pass */
    bool is_plain;  /* after -1: TLS was tried on a port that does not speak it */
};

struct http *http_open(struct wh_err *err);
void http_close(struct http *h);
/* A PEM file of further authorities for this handle, or NULL. */
void http_set_authority(struct http *h, const char *pem_path);
/* No certificate checks: for registries that the user has listed as insecure, and loopback. */
void http_set_insecure(struct http *h, bool insecure);

/* 0 = there is an answer, whatever its status; -1. Fini ret in both cases. Codes: ECONNREFUSED, ETIMEDOUT,
 * IMAGE_E_TLS, WH_E_LIMIT, WH_E_PROTOCOL, or what the sink said. */
int http_run(struct http *h, const struct http_request *q, struct http_response *ret, struct wh_err *err);
void http_response_fini(struct http_response *r);
#define auto_http_response WH_CLEANUP(http_response_fini) struct http_response

bool http_is_loopback_host(const char *host_port);
/* Whether both URLs have the same scheme, host and port. */
bool http_same_origin(const char *a, const char *b);
/* malloc'ed lower-case host of a URL, NULL when it has none, or has a user name in it. */
char *http_host_of(const char *url);
/* malloc'ed percent-encoding of text for a query. */
char *http_escape(const char *text);

#endif
