/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request: options, headers, body, redirects, and what curl's errors mean to a user. */
#include "http.h"

#include "http_zone.h"
#include "limits.h"
#include "report.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define USER_AGENT        "whale-compose"
#define MAX_HOPS          10
#define CONNECT_TIMEOUT_S 30L
#define SLOW_BYTES_PER_S  1024L
#define SLOW_SECONDS      60L
#define STALL_VARIABLE    "WHALE_COMPOSE_PULL_STALL" /* seconds instead of SLOW_SECONDS */
#define MAX_HEADERS       200

struct http {
    CURL *curl;
    char error[CURL_ERROR_SIZE];
    char *authority;
    bool insecure;
    /* of the running request */
    const struct http_request *request;
    struct http_response *response;
    struct wh_err *err;
    char *location;
    int hop;
    int n_headers;
    enum http_zone home; /* where the registry is */
    bool zone_refused, sink_failed, began, too_large;
};

struct http *http_open(struct wh_err *err)
{
    struct http *h = calloc(1, sizeof(*h));
    if (h && (h->curl = curl_easy_init()))
        return h;
    free(h);
    wh_fail(err, ENOMEM, "HTTP client");
    return NULL;
}

void http_close(struct http *h)
{
    if (!h)
        return;
    curl_easy_cleanup(h->curl);
    free(h->authority);
    free(h->location);
    free(h);
}

void http_set_authority(struct http *h, const char *pem_path)
{
    free(h->authority);
    h->authority = pem_path ? strdup(pem_path) : NULL;
}

void http_set_insecure(struct http *h, bool insecure)
{
    h->insecure = insecure;
}

void http_response_fini(struct http_response *r)
{
    wh_str_fini(&r->body);
    wh_strv_fini(&r->challenges);
    free(r->content_type);
    free(r->digest);
    *r = (struct http_response){0};
}

/* ---- headers ---- */

static void keep_text(char **field, const char *value)
{
    free(*field);
    *field = strdup(value);
}

static void keep_content_type(struct http *h, const char *value)
{
    keep_text(&h->response->content_type, value);
}

static void keep_digest(struct http *h, const char *value)
{
    keep_text(&h->response->digest, value);
}

static void keep_location(struct http *h, const char *value)
{
    keep_text(&h->location, value);
}

static void keep_challenge(struct http *h, const char *value)
{
    if (h->response->challenges.len < 16)
        wh_strv_add(&h->response->challenges, value);
}

static void keep_retry_after(struct http *h, const char *value)
{
    char *end;
    long s = strtol(value, &end, 10); /* the date form is rare enough to count as absent */
    if (end != value && !*end && s >= 0)
        h->response->retry_after_s = s;
}

static void keep_range(struct http *h, const char *value)
{
    char *end;
    if (!wh_starts(value, "bytes "))
        return;
    unsigned long long start = strtoull(value + strlen("bytes "), &end, 10);
    if (*end != '-' || end == value + strlen("bytes "))
        return;
    h->response->has_range = true;
    h->response->range_start = start;
}

static const struct {
    const char *name;
    void (*keep)(struct http *h, const char *value);
} headers[] = {
    {"Content-Type", keep_content_type},  {"Docker-Content-Digest", keep_digest}, {"Location", keep_location},
    {"WWW-Authenticate", keep_challenge}, {"Retry-After", keep_retry_after},      {"Content-Range", keep_range},
};

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
    struct http *h = ctx;
    size_t len = size * n;
    char *colon = memchr(data, ':', len);
    h->too_large = ++h->n_headers > MAX_HEADERS;
    if (h->too_large)
        return 0;
    if (!colon)
        return len;
    size_t name_len = (size_t)(colon - data);
    char *start = colon + 1, *end = data + len;
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (end > start && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    wh_auto_free char *value = strndup(start, (size_t)(end - start));
    for (size_t i = 0; value && i < WH_ARRAY_LEN(headers); i++)
        if (strlen(headers[i].name) == name_len && !strncasecmp(headers[i].name, data, name_len))
            headers[i].keep(h, value);
    return len;
}

/* ---- body ---- */

static size_t to_memory(struct http *h, const char *data, size_t len)
{
    size_t max = h->response->status / 100 == 2 ? h->request->max_bytes : LIMIT_ERROR_BYTES;
    if (h->response->body.len + len > max || wh_str_addn(&h->response->body, data, len) < 0) {
        h->too_large = true;
        return 0;
    }
    return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct http *h = ctx;
    const struct http_request *q = h->request;
    size_t len = size * n;
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &h->response->status);
    if (!q->sink || (h->response->status != 200 && h->response->status != 206))
        return to_memory(h, data, len);
    int r = 0;
    if (!h->began)
        r = q->begin(q->ctx, h->response->status, h->response->range_start, h->err);
    h->began = true;
    if (r == 0)
        r = q->sink(q->ctx, data, len, h->err);
    h->sink_failed = r < 0;
    return r < 0 ? 0 : len;
}

/* ---- addresses ---- */

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct http *h = ctx;
    enum http_zone zone = http_zone_of(&a->addr);
    if (h->hop == 0 && !h->request->elsewhere) {
        h->home = zone;
    } else if (zone > h->home) {
        h->zone_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* Through a proxy the socket's address is the proxy's: the rule about zones has nothing to look at. */
static bool has_proxy(void)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++)
        if (getenv(names[i]))
            return true;
    return false;
}

/* ---- errors ---- */

static const struct {
    CURLcode curl;
    int code;
    bool may_retry;
    const char *text;
} faults[] = {
    {CURLE_COULDNT_RESOLVE_HOST, WH_E_GENERIC, false, "the host name cannot be resolved"},
    {CURLE_COULDNT_RESOLVE_PROXY, WH_E_GENERIC, false, "the proxy's name cannot be resolved"},
    {CURLE_COULDNT_CONNECT, ECONNREFUSED, true, NULL},
    {CURLE_OPERATION_TIMEDOUT, ETIMEDOUT, true, NULL},
    {CURLE_PEER_FAILED_VERIFICATION, IMAGE_E_TLS, false, NULL},
    {CURLE_SSL_CONNECT_ERROR, IMAGE_E_TLS, false, "TLS handshake failed"},
    {CURLE_SSL_CACERT_BADFILE, IMAGE_E_TLS, false, "the certificate authorities cannot be read"},
    {CURLE_GOT_NOTHING, WH_E_PROTOCOL, true, "the server closed the connection without an answer"},
    {CURLE_PARTIAL_FILE, WH_E_PROTOCOL, true, "the transfer ended early"},
    {CURLE_RECV_ERROR, WH_E_PROTOCOL, true, "the connection broke"},
    {CURLE_SEND_ERROR, WH_E_PROTOCOL, true, "the connection broke"},
    {CURLE_UNSUPPORTED_PROTOCOL, WH_E_PROTOCOL, false, "the address is neither http nor https"},
    {CURLE_URL_MALFORMAT, WH_E_PROTOCOL, false, "the address is malformed"},
    {CURLE_OUT_OF_MEMORY, ENOMEM, false, "out of memory"},
};

/* X509_V_ERR_* of OpenSSL that users meet. */
static const struct {
    long result;
    const char *text;
} verify_texts[] = {
    {9, "the certificate is not valid yet (is this machine's clock right?)"},
    {10, "the certificate has expired (or this machine's clock is wrong)"},
    {18, "the certificate is self-signed"},
    {19, "the certificate is signed by an unknown authority (self-signed in its chain)"},
    {20, "the certificate is signed by an unknown authority"},
    {21, "the certificate is signed by an unknown authority"},
    {62, "the certificate is for another host"},
    {64, "the certificate is for another host"},
};

static const char *verify_text(struct http *h)
{
    long result = 0;
    curl_easy_getinfo(h->curl, CURLINFO_SSL_VERIFYRESULT, &result);
    for (size_t i = 0; i < WH_ARRAY_LEN(verify_texts); i++)
        if (verify_texts[i].result == result)
            return verify_texts[i].text;
    return result && !strstr(h->error, "subject name") ? h->error : "the certificate is for another host";
}

static int fail_connect(struct http *h, const char *url, struct wh_err *err)
{
    long e = 0;
    const char *host = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    curl_easy_getinfo(h->curl, CURLINFO_OS_ERRNO, &e);
    return wh_fail(err, e ? (int)e : ECONNREFUSED, "connect to %.*s", (int)strcspn(host, "/?"), host);
}

static int fail_transfer(struct http *h, CURLcode c, const char *url, struct wh_err *err)
{
    wh_auto_free char *found = http_host_of(url);
    const char *host = found ? found : "registry";
    if (h->zone_refused)
        return wh_fail(err, WH_E_PROTOCOL, "%s leads into a more private network than the registry's: refused", host);
    if (h->too_large)
        return wh_fail(err, WH_E_LIMIT, "%s: the answer is larger than allowed", host);
    for (size_t i = 0; i < WH_ARRAY_LEN(faults); i++) {
        if (faults[i].curl != c)
            continue;
        h->response->may_retry = faults[i].may_retry;
        h->response->is_plain = c == CURLE_SSL_CONNECT_ERROR;
        if (c == CURLE_COULDNT_CONNECT)
            return fail_connect(h, url, err);
        if (c == CURLE_OPERATION_TIMEDOUT)
            return wh_fail(err, ETIMEDOUT, "%s is too slow or silent", host);
        wh_fail(err, faults[i].code, "%s: %s", host, faults[i].text ? faults[i].text : verify_text(h));
        if (c == CURLE_SSL_CONNECT_ERROR)
            wh_err_hint(err, "%s", h->error);
        return -1;
    }
    h->response->may_retry = true; /* HTTP/2 stream errors and the like */
    return wh_fail(err, WH_E_PROTOCOL, "%s: %s", host, h->error[0] ? h->error : curl_easy_strerror(c));
}

/* ---- one hop ---- */

static long stall_seconds(void)
{
    const char *text = getenv(STALL_VARIABLE);
    long s = text ? strtol(text, NULL, 10) : 0;
    return s > 0 ? s : SLOW_SECONDS;
}

static void set_options(struct http *h, const char *url)
{
    CURL *c = h->curl;
    const struct http_request *q = h->request;
    curl_easy_reset(c); /* keeps the connections */
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, USER_AGENT);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT,
                     CONNECT_TIMEOUT_S < stall_seconds() ? CONNECT_TIMEOUT_S : stall_seconds());
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_PER_S);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, stall_seconds());
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, h->insecure ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, h->insecure ? 0L : 2L);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, h);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(c, CURLOPT_NOBODY, q->head ? 1L : 0L);
    if (h->authority)
        curl_easy_setopt(c, CURLOPT_CAINFO, h->authority);
    if (q->post_form)
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->post_form);
    if (has_proxy())
        return;
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
}

static int add_header(struct curl_slist **list, const char *name, const char *value)
{
    if (!value)
        return 0;
    wh_auto_free char *line = wh_fmt("%s: %s", name, value);
    struct curl_slist *longer = line ? curl_slist_append(*list, line) : NULL;
    if (!longer)
        return -1;
    *list = longer;
    return 0;
}

static int run_hop(struct http *h, const char *url, bool with_auth, struct wh_err *err)
{
    const struct http_request *q = h->request;
    struct curl_slist *list = NULL;
    char range[32];
    snprintf(range, sizeof(range), "bytes=%llu-", (unsigned long long)q->range_from);
    wh_str_clear(&h->response->body);
    wh_strv_fini(&h->response->challenges);
    h->response->has_range = false;
    h->response->retry_after_s = -1;
    h->response->status = 0;
    h->zone_refused = h->sink_failed = h->began = h->too_large = false;
    h->n_headers = 0;
    h->error[0] = '\0';
    keep_text(&h->location, "");
    set_options(h, url);
    int r = add_header(&list, "Accept", q->accept);
    if (r == 0 && with_auth)
        r = add_header(&list, "Authorization", q->authorization);
    if (r == 0 && q->range_from)
        r = add_header(&list, "Range", range);
    if (r == 0) {
        curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, list);
        CURLcode c = curl_easy_perform(h->curl);
        curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &h->response->status);
        r = c == CURLE_OK ? 0 : h->sink_failed ? -1 : fail_transfer(h, c, url, err);
    } else {
        wh_fail(err, ENOMEM, "HTTP request");
    }
    curl_slist_free_all(list);
    return r;
}

/* ---- redirects ---- */

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static int next_hop(struct http *h, char **url, struct wh_err *err)
{
    wh_auto_free char *host = http_host_of(*url);
    char *next = h->location && *h->location ? http_resolve(*url, h->location) : NULL;
    if (!next)
        return wh_fail(err, WH_E_PROTOCOL, "%s: redirect to a malformed address", host ? host : "registry");
    if (!wh_starts(next, "https://") && !(wh_starts(next, "http://") && !wh_starts(*url, "https://"))) {
        wh_fail(err, WH_E_PROTOCOL, "%s: redirect from %.5s to %.40s refused", host ? host : "registry", *url, next);
        free(next);
        return -1;
    }
    free(*url);
    *url = next;
    return 0;
}

int http_run(struct http *h, const struct http_request *q, struct http_response *ret, struct wh_err *err)
{
    *ret = (struct http_response){.retry_after_s = -1, .body.max = q->max_bytes + LIMIT_ERROR_BYTES};
    h->request = q;
    h->response = ret;
    h->err = err;
    keep_text(&ret->content_type, "");
    keep_text(&ret->digest, "");
    wh_auto_free char *url = strdup(q->url);
    if (!url)
        return wh_fail(err, ENOMEM, "HTTP request");
    bool with_auth = true;
    for (h->hop = 0; h->hop <= MAX_HOPS; h->hop++) {
        if (run_hop(h, url, with_auth, err) < 0)
            return -1;
        if (!is_redirect(ret->status))
            return 0;
        if (next_hop(h, &url, err) < 0)
            return -1;
        with_auth = with_auth && http_same_origin(q->url, url); /* once lost, never given back */
    }
    return wh_fail(err, WH_E_PROTOCOL, "more than %d redirects", MAX_HOPS);
}
