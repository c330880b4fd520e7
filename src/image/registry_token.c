/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a 401 asks for: a bearer token from its realm, or Basic. Credentials go only where the registry's own site is.
 */
#include "challenge.h"
#include "limits.h"
#include "registry.h"
#include "report.h"
#include "whale/codec/json.h"
#include "whale/util/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define DEFAULT_TOKEN_S 60
#define SAFETY_S        5 /* a token this close to its end is not used any more */
#define CLIENT_ID       "whale-compose"

/* ---- may the realm be asked, and may it see credentials? ---- */

/* The last two labels: hub and token servers live below one registered name. Addresses must be equal. */
static bool same_site(const char *a, const char *b)
{
    struct in_addr v4;
    if (wh_streq(a, b))
        return true;
    if (inet_pton(AF_INET, a, &v4) == 1 || inet_pton(AF_INET, b, &v4) == 1 || strchr(a, ':') || strchr(b, ':'))
        return false;
    const char *hosts[2] = {a, b}, *tails[2];
    for (int i = 0; i < 2; i++) {
        const char *last = strrchr(hosts[i], '.');
        if (!last)
            return false;
        tails[i] = hosts[i];
        for (const char *c = hosts[i]; c < last; c++)
            if (*c == '.')
                tails[i] = c + 1;
    }
    return wh_streq(tails[0], tails[1]);
}

static int check_realm(const struct registry *r, const char *realm, bool *ret_trusted, struct wh_err *err)
{
    wh_auto_free char *host = http_host_of(realm);
    wh_auto_free char *home = http_host_of(r->base);
    if (!host || !home)
        return wh_fail(err, WH_E_PROTOCOL, "registry %s names a malformed token server", r->domain);
    bool plain = wh_starts(realm, "http://");
    if (!plain && !wh_starts(realm, "https://"))
        return wh_fail(err, WH_E_PROTOCOL, "registry %s names a token server that is neither http nor https",
                       r->domain);
    if (plain && wh_starts(r->base, "https://"))
        return wh_fail(err, WH_E_PROTOCOL, "registry %s names the token server %s without TLS: refused", r->domain,
                       host);
    *ret_trusted = same_site(host, home);
    return 0;
}

/* ---- asking ---- */

static int add_parameter(struct wh_str *url, char separator, const char *name, const char *value)
{
    wh_auto_free char *escaped = http_escape(value);
    if (!escaped)
        return -1;
    return wh_str_fmt(url, "%c%s=%s", separator, name, escaped);
}

static char *token_url(const struct challenge *c, const char *scope)
{
    wh_auto_str url = {0};
    char separator = strchr(c->realm, '?') ? '&' : '?';
    wh_str_add(&url, c->realm);
    if (*c->service) {
        if (add_parameter(&url, separator, "service", c->service) < 0)
            return NULL;
        separator = '&';
    }
    return add_parameter(&url, separator, "scope", scope) < 0 ? NULL : wh_str_take(&url);
}

/* The form for a stored identity token (OAuth2 refresh). */
static char *refresh_form(const struct registry *r, const struct challenge *c, const char *scope)
{
    wh_auto_str form = {0};
    wh_str_add(&form, "grant_type=refresh_token&client_id=" CLIENT_ID);
    if (add_parameter(&form, '&', "service", c->service) < 0 || add_parameter(&form, '&', "scope", scope) < 0 ||
        add_parameter(&form, '&', "refresh_token", r->credentials.identity_token) < 0)
        return NULL;
    return wh_str_take(&form);
}

static void set_text(char **field, char *take_text)
{
    if (*field)
        explicit_bzero(*field, strlen(*field));
    free(*field);
    *field = take_text;
}

static int keep_token(struct registry *r, const char *scope, const struct http_response *answer, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_node *doc;
    if (wh_json_parse(&a, wh_str_c(&answer->body), answer->body.len, "token", &doc, err) < 0)
        return wh_wrap(err, "token server's answer");
    const char *token = wh_node_get_str(doc, "token", NULL);
    if (!token || !*token)
        token = wh_node_get_str(doc, "access_token", NULL);
    if (!token || !*token || strpbrk(token, "\r\n"))
        return wh_fail(err, WH_E_PROTOCOL, "token server's answer has no token");
    int64_t life_s = wh_node_get_int(doc, "expires_in", DEFAULT_TOKEN_S);
    if (life_s < DEFAULT_TOKEN_S)
        life_s = DEFAULT_TOKEN_S;
    set_text(&r->token, strdup(token));
    set_text(&r->scope, strdup(scope));
    r->token_ends_ns = wh_now_mono_ns() + (life_s - SAFETY_S) * WH_NS_PER_S;
    return 0;
}

static int ask_token(struct registry *r, struct http *h, const struct challenge *c, const char *scope, bool trusted,
                     struct wh_err *err)
{
    auto_http_response answer = {0};
    bool refresh = trusted && r->credentials.identity_token;
    wh_auto_free char *url = token_url(c, scope);
    wh_auto_free char *basic = trusted && !refresh ? auth_basic(&r->credentials) : NULL;
    wh_auto_free char *form = refresh ? refresh_form(r, c, scope) : NULL;
    if (!url || (refresh && !form))
        return wh_fail(err, ENOMEM, "token");
    struct http_request q = {.url = refresh ? c->realm : url,
                             .authorization = basic,
                             .post_form = form,
                             .max_bytes = LIMIT_TOKEN_BYTES,
                             .elsewhere = true};
    if (http_run(h, &q, &answer, err) < 0)
        return wh_wrap(err, "token server of %s", r->domain);
    if (answer.status == 401 || answer.status == 403)
        return wh_fail(err, IMAGE_E_UNAUTHORIZED, "token server of %s refuses%s", r->domain,
                       basic || refresh ? " the stored credentials" : "");
    if (answer.status != 200)
        return wh_fail(err, WH_E_PROTOCOL, "token server of %s answers with status %ld", r->domain, answer.status);
    return keep_token(r, scope, &answer, err);
}

static char *scope_of(const char *repository)
{
    return wh_fmt("repository:%s:pull", repository);
}

static int authorize(struct registry *r, struct http *h, const char *repository, const struct challenge *c,
                     struct wh_err *err)
{
    bool trusted = false;
    if (!r->asked_credentials && auth_find(r->domain, &r->credentials, err) < 0)
        return -1;
    r->asked_credentials = true;
    if (!c->bearer || !*c->realm) {
        if (!c->basic || !r->credentials.user)
            return wh_fail(err, IMAGE_E_UNAUTHORIZED, "registry %s wants credentials", r->domain);
        r->basic = true;
        return 0;
    }
    wh_auto_free char *scope = scope_of(repository);
    if (!scope)
        return wh_fail(err, ENOMEM, "token");
    return check_realm(r, c->realm, &trusted, err) < 0 ? -1 : ask_token(r, h, c, scope, trusted, err);
}

int registry_authorize(struct registry *r, struct http *h, const char *repository, const struct wh_strv *challenges,
                       struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct challenge c = {.realm = "", .service = "", .scope = "", .error = ""};
    for (size_t i = 0; i < challenges->len; i++)
        (void)challenge_read(&a, challenges->items[i], &c);
    pthread_mutex_lock(&r->lock);
    int rc = authorize(r, h, repository, &c, err);
    pthread_mutex_unlock(&r->lock);
    return rc;
}

char *registry_authorization(struct registry *r, const char *repository)
{
    char *value = NULL;
    wh_auto_free char *scope = scope_of(repository);
    pthread_mutex_lock(&r->lock);
    if (r->basic)
        value = auth_basic(&r->credentials);
    else if (r->credentials.registry_token)
        value = wh_fmt("Bearer %s", r->credentials.registry_token);
    else if (r->token && wh_streq(r->scope, scope) && wh_now_mono_ns() < r->token_ends_ns)
        value = wh_fmt("Bearer %s", r->token);
    pthread_mutex_unlock(&r->lock);
    return value;
}
