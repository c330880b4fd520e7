/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URLs by curl's parser, so that what is checked is what is fetched. */
#include "http.h"

#include "http_zone.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static char *get_part(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    if (curl_url_get(u, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return NULL;
    char *copy = strdup(text);
    curl_free(text);
    return copy;
}

bool http_same_origin(const char *a, const char *b)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    CURLU *x = curl_url(), *y = curl_url();
    bool same = x && y && curl_url_set(x, CURLUPART_URL, a, 0) == CURLUE_OK &&
                curl_url_set(y, CURLUPART_URL, b, 0) == CURLUE_OK;
    for (size_t i = 0; i < WH_ARRAY_LEN(parts) && same; i++) {
        wh_auto_free char *p = get_part(x, parts[i]);
        wh_auto_free char *q = get_part(y, parts[i]);
        same = p && q && !strcasecmp(p, q);
    }
    curl_url_cleanup(x);
    curl_url_cleanup(y);
    return same;
}

char *http_host_of(const char *url)
{
    CURLU *u = curl_url();
    char *host = NULL;
    if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK)
        host = get_part(u, CURLUPART_HOST);
    for (char *c = host; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 'a' - 'A');
    curl_url_cleanup(u);
    return host;
}

char *http_resolve(const char *base, const char *location)
{
    CURLU *u = curl_url();
    char *text = NULL, *copy = NULL;
    if (u && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_URL, location, CURLU_DISALLOW_USER) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK)
        copy = strdup(text);
    curl_free(text);
    curl_url_cleanup(u);
    return copy;
}

char *http_escape(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    char *copy = escaped ? strdup(escaped) : NULL;
    curl_free(escaped);
    return copy;
}

/* ---- zones ---- */

static enum http_zone zone_of_v4(uint32_t a)
{
    static const struct {
        uint32_t net, mask;
        enum http_zone zone;
    } nets[] = {
        {0x7f000000, 0xff000000, HTTP_ZONE_LOOPBACK},   {0x00000000, 0xff000000, HTTP_ZONE_LOOPBACK},
        {0xa9fe0000, 0xffff0000, HTTP_ZONE_LINK_LOCAL}, {0x0a000000, 0xff000000, HTTP_ZONE_PRIVATE},
        {0xac100000, 0xfff00000, HTTP_ZONE_PRIVATE},    {0xc0a80000, 0xffff0000, HTTP_ZONE_PRIVATE},
        {0x64400000, 0xffc00000, HTTP_ZONE_PRIVATE},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(nets); i++)
        if ((a & nets[i].mask) == nets[i].net)
            return nets[i].zone;
    return HTTP_ZONE_PUBLIC;
}

static enum http_zone zone_of_v6(const struct in6_addr *a)
{
    if (IN6_IS_ADDR_V4MAPPED(a))
        return zone_of_v4(((uint32_t)a->s6_addr[12] << 24) | ((uint32_t)a->s6_addr[13] << 16) |
                          ((uint32_t)a->s6_addr[14] << 8) | a->s6_addr[15]);
    if (IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a))
        return HTTP_ZONE_LOOPBACK;
    if (IN6_IS_ADDR_LINKLOCAL(a))
        return HTTP_ZONE_LINK_LOCAL;
    return (a->s6_addr[0] & 0xfe) == 0xfc ? HTTP_ZONE_PRIVATE : HTTP_ZONE_PUBLIC;
}

enum http_zone http_zone_of(const struct sockaddr *sa)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    switch (sa->sa_family) {
    case AF_INET:
        memcpy(&v4, sa, sizeof(v4));
        return zone_of_v4(ntohl(v4.sin_addr.s_addr));
    case AF_INET6:
        memcpy(&v6, sa, sizeof(v6));
        return zone_of_v6(&v6.sin6_addr);
    }
    return HTTP_ZONE_LINK_LOCAL;
}

bool http_is_loopback_host(const char *host_port)
{
    char host[256];
    struct in_addr v4;
    if (wh_starts(host_port, "[::1]"))
        return true;
    snprintf(host, sizeof(host), "%.*s", (int)strcspn(host_port, ":"), host_port);
    if (wh_streq(host, "localhost"))
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}
