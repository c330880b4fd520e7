/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, requests, retries, and what an answer's status means. */
#include "registry.h"

#include "limits.h"
#include "report.h"
#include "whale/codec/json.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HUB_DOMAIN        "docker.io"
#define HUB_BASE          "https://registry-1.docker.io"
#define INSECURE_VARIABLE "WHALE_COMPOSE_INSECURE_REGISTRIES" /* "host:port,host" */
#define CERTS_VARIABLE    "WHALE_COMPOSE_CERTS"               /* a folder like those below, tried first */
#define MAX_BACK_OFF_MS   30000
#define MAX_RETRY_AFTER_S 60

static const char *const certificate_folders[] = {"/etc/whale-compose/certs.d", "/etc/docker/certs.d"};

/* ---- address ---- */

static bool is_listed(const char *list, const char *domain)
{
    size_t len = strlen(domain);
    for (const char *s = list; s && *s;) {
        size_t n = strcspn(s, ", ");
        if (n == len && !strncmp(s, domain, n))
            return true;
        s += n + strspn(s + n, ", ");
    }
    return false;
}

void registry_prepare(const struct registry *r, struct http *h)
{
    const char *own = getenv(CERTS_VARIABLE);
    const char *folders[] = {own ? own : "", certificate_folders[0], certificate_folders[1]};
    http_set_insecure(h, r->insecure);
    http_set_authority(h, NULL);
    for (size_t i = 0; i < WH_ARRAY_LEN(folders); i++) {
        wh_auto_free char *path = *folders[i] ? wh_fmt("%s/%s/ca.crt", folders[i], r->domain) : NULL;
        if (path && wh_path_exists(path)) {
            http_set_authority(h, path);
            return;
        }
    }
}

/* Plain http first: a TLS server answers that at once, while a plain server may wait long for the end of a TLS hello.
 */
static int probe_plain(struct registry *r, struct http *h, struct wh_err *err)
{
    auto_http_response answer = {0};
    wh_auto_free char *url = wh_fmt("http://%s/v2/", r->domain);
    if (!url)
        return wh_fail(err, ENOMEM, "registry");
    struct http_request q = {.url = url, .max_bytes = LIMIT_ERROR_BYTES};
    int rc = http_run(h, &q, &answer, err);
    if (rc < 0 && (err->code == ECONNREFUSED || err->code == ETIMEDOUT))
        return -1; /* any other fault may be a TLS server's way to say no */
    bool plain = rc == 0 && answer.status != 400;
    if (rc < 0)
        wh_err_fini(err);
    r->base = wh_fmt("%s://%s", plain ? "http" : "https", r->domain);
    return r->base ? 0 : wh_fail(err, ENOMEM, "registry");
}

int registry_open(struct registry *r, struct http *h, const char *domain, struct wh_err *err)
{
    *r = (struct registry){.domain = strdup(domain)};
    pthread_mutex_init(&r->lock, NULL);
    if (!r->domain)
        return wh_fail(err, ENOMEM, "registry");
    r->insecure = http_is_loopback_host(domain) || is_listed(getenv(INSECURE_VARIABLE), domain);
    registry_prepare(r, h);
    if (r->insecure)
        return probe_plain(r, h, err);
    r->base = wh_streq(domain, HUB_DOMAIN) ? strdup(HUB_BASE) : wh_fmt("https://%s", domain);
    return r->base ? 0 : wh_fail(err, ENOMEM, "registry");
}

void registry_close(struct registry *r)
{
    auth_fini(&r->credentials);
    if (r->token)
        explicit_bzero(r->token, strlen(r->token));
    free(r->domain);
    free(r->base);
    free(r->scope);
    free(r->token);
    pthread_mutex_destroy(&r->lock);
}

/* ---- retries ---- */

void registry_back_off(int n, int64_t retry_after_s)
{
    int64_t ms = n > 6 ? MAX_BACK_OFF_MS : INT64_C(500) << n;
    if (ms > MAX_BACK_OFF_MS)
        ms = MAX_BACK_OFF_MS;
    ms += wh_now_mono_ns() % 250;
    if (retry_after_s >= 0)
        ms = (retry_after_s < MAX_RETRY_AFTER_S ? retry_after_s : MAX_RETRY_AFTER_S) * 1000;
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

bool registry_is_passing(long status)
{
    static const long list[] = {408, 425, 429, 500, 502, 503, 504};
    for (size_t i = 0; i < WH_ARRAY_LEN(list); i++)
        if (list[i] == status)
            return true;
    return false;
}

/* ---- answers ---- */

/* The registry's own words: {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}. */
static const char *message_of(struct wh_arena *a, const struct http_response *answer)
{
    struct wh_node *doc;
    if (wh_json_parse(a, wh_str_c(&answer->body), answer->body.len, "error", &doc, NULL) < 0)
        return "";
    const struct wh_node *list = wh_node_get(doc, "errors");
    if (!list || list->kind != WH_NODE_SEQ || !list->seq.len)
        return "";
    const char *message = wh_node_get_str(list->seq.items[0], "message", "");
    return *message ? message : wh_node_get_str(list->seq.items[0], "code", "");
}

static const struct {
    long status;
    int code;
    const char *text;
} status_texts[] = {
    {401, IMAGE_E_UNAUTHORIZED, "pull access denied, repository does not exist or may require 'docker login'"},
    {403, IMAGE_E_UNAUTHORIZED, "pull access denied, repository does not exist or may require 'docker login'"},
    {404, WH_E_NOT_FOUND, "not found"},
    {429, WH_E_LIMIT, "the registry's rate limit is reached"},
};

static int fail_status(const struct registry *r, const struct http_response *answer, struct wh_err *err)
{
    wh_auto_arena a = {0};
    const char *message = message_of(&a, answer);
    for (size_t i = 0; i < WH_ARRAY_LEN(status_texts); i++)
        if (status_texts[i].status == answer->status)
            return wh_fail(err, status_texts[i].code, "%s%s%.300s", status_texts[i].text, *message ? ": " : "",
                           message);
    return wh_fail(err, WH_E_PROTOCOL, "registry %s answers with status %ld%s%.300s", r->domain, answer->status,
                   *message ? ": " : "", message);
}

/* ---- requests ---- */

static int run_once(struct registry *r, struct http *h, const struct wh_ref *ref, const char *url,
                    const struct http_request *q, struct http_response *ret, struct wh_err *err)
{
    struct http_request full = *q;
    wh_auto_free char *authorization = registry_authorization(r, ref->path);
    full.url = url;
    full.authorization = authorization;
    if (http_run(h, &full, ret, err) < 0)
        return -1;
    if (ret->status != 401)
        return 0;
    if (registry_authorize(r, h, ref->path, &ret->challenges, err) < 0)
        return -1;
    wh_auto_free char *second = registry_authorization(r, ref->path);
    http_response_fini(ret);
    full.authorization = second;
    return http_run(h, &full, ret, err); /* a second 401 is final */
}

int registry_run(struct registry *r, struct http *h, const struct wh_ref *ref, const char *what,
                 const struct http_request *q, int n_tries, struct http_response *ret, struct wh_err *err)
{
    wh_auto_free char *url = wh_fmt("%s/v2/%s/%s", r->base, ref->path, what);
    if (!url)
        return wh_fail(err, ENOMEM, "registry");
    *ret = (struct http_response){0};
    for (int i = 0;; i++) {
        http_response_fini(ret);
        int rc = run_once(r, h, ref, url, q, ret, err);
        bool again = rc < 0 ? ret->may_retry && (!err || err->code != ECONNREFUSED) : registry_is_passing(ret->status);
        if (rc == 0 && ret->status / 100 == 2)
            return 0;
        if (!again || i + 1 >= n_tries)
            return rc < 0 ? -1 : fail_status(r, ret, err);
        registry_back_off(i, rc == 0 ? ret->retry_after_s : -1);
    }
}
