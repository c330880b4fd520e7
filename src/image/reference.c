/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Image references: docker's grammar, its short names and its familiar form. */
#include "whale/image.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define DEFAULT_DOMAIN "docker.io"
#define LEGACY_DOMAIN  "index.docker.io"
#define DEFAULT_OWNER  "library/"
#define DEFAULT_TAG    "latest"
#define NAME_MAX_BYTES 255
#define TAG_MAX_BYTES  128
#define DIGEST_PREFIX  "sha256:"
#define DIGEST_DIGITS  64

static bool is_hex_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)text[i]) && (text[i] < 'a' || text[i] > 'f'))
            return false;
    return true;
}

bool wh_digest_valid(const char *text)
{
    size_t prefix = strlen(DIGEST_PREFIX);
    return text && !strncmp(text, DIGEST_PREFIX, prefix) && strlen(text) == prefix + DIGEST_DIGITS &&
           is_hex_digits(text + prefix, DIGEST_DIGITS);
}

static bool is_lower_alnum(char c)
{
    return isdigit((unsigned char)c) || (c >= 'a' && c <= 'z');
}

/* Between two runs of letters and digits: one dot, one or two underscores, any number of dashes. */
static size_t separator_len(const char *s)
{
    if (*s == '.')
        return 1;
    if (*s == '_')
        return s[1] == '_' ? 2 : 1;
    return strspn(s, "-");
}

static bool is_component(const char *s, size_t len)
{
    const char *end = s + len;
    if (!len || !is_lower_alnum(*s))
        return false;
    while (s < end) {
        while (s < end && is_lower_alnum(*s))
            s++;
        if (s == end)
            return true;
        size_t sep = separator_len(s);
        s += sep;
        if (!sep || s >= end || !is_lower_alnum(*s))
            return false;
    }
    return true;
}

static bool is_path(const char *path)
{
    for (const char *s = path;; s++) {
        size_t len = strcspn(s, "/");
        if (!is_component(s, len))
            return false;
        s += len;
        if (!*s)
            return true;
    }
}

static bool is_host_label(const char *s, size_t len)
{
    if (!len || s[0] == '-' || s[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && s[i] != '-')
            return false;
    return true;
}

static bool is_host(const char *s, size_t len)
{
    if (len > 2 && s[0] == '[' && s[len - 1] == ']') {
        for (size_t i = 1; i < len - 1; i++)
            if (!isxdigit((unsigned char)s[i]) && s[i] != ':')
                return false;
        return true;
    }
    const char *end = s + len;
    for (;;) {
        size_t label = 0;
        while (s + label < end && s[label] != '.')
            label++;
        if (!is_host_label(s, label))
            return false;
        s += label;
        if (s == end)
            return true;
        s++;
    }
}

static bool is_domain(const char *domain)
{
    const char *bracket = strrchr(domain, ']');
    const char *colon = strrchr(bracket ? bracket : domain, ':');
    size_t host = colon ? (size_t)(colon - domain) : strlen(domain);
    if (colon && (!colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5))
        return false;
    return is_host(domain, host);
}

static bool is_tag(const char *tag)
{
    size_t len = strlen(tag);
    if (!len || len > TAG_MAX_BYTES || tag[0] == '.' || tag[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)tag[i]) && !strchr("_.-", tag[i]))
            return false;
    return true;
}

/* The part before the first slash names a registry when it looks like a host, as docker decides it. */
static bool names_domain(const char *s, size_t len)
{
    if (len == strlen("localhost") && !strncmp(s, "localhost", len))
        return true;
    for (size_t i = 0; i < len; i++)
        if (strchr(".:[", s[i]) || isupper((unsigned char)s[i]))
            return true;
    return false;
}

static void split_domain(struct wh_arena *a, char *name, struct wh_ref *ret)
{
    char *slash = strchr(name, '/');
    if (slash && names_domain(name, (size_t)(slash - name))) {
        *slash = '\0';
        ret->domain = name;
        ret->path = slash + 1;
    } else {
        ret->domain = DEFAULT_DOMAIN;
        ret->path = name;
    }
    if (wh_streq(ret->domain, LEGACY_DOMAIN))
        ret->domain = DEFAULT_DOMAIN;
    if (wh_streq(ret->domain, DEFAULT_DOMAIN) && !strchr(ret->path, '/'))
        ret->path = wh_arena_fmt(a, DEFAULT_OWNER "%s", ret->path);
}

static bool has_upper(const char *s)
{
    for (; *s; s++)
        if (isupper((unsigned char)*s))
            return true;
    return false;
}

static int check_parts(const char *text, const struct wh_ref *ref, struct wh_err *err)
{
    if (has_upper(ref->path))
        return wh_fail(err, WH_E_INVALID, "invalid reference format: repository name (%s) must be lowercase",
                       ref->path);
    if (!is_domain(ref->domain) || !is_path(ref->path) || (ref->tag && !is_tag(ref->tag)) ||
        (ref->digest && !wh_digest_valid(ref->digest)))
        return wh_fail(err, WH_E_INVALID, "\"%.300s\": invalid reference format", text);
    if (strlen(ref->domain) + 1 + strlen(ref->path) > NAME_MAX_BYTES)
        return wh_fail(err, WH_E_INVALID, "invalid reference format: repository name must not be over %d characters",
                       NAME_MAX_BYTES);
    if (strlen(ref->path) == DIGEST_DIGITS + strlen(DEFAULT_OWNER) && wh_starts(ref->path, DEFAULT_OWNER) &&
        is_hex_digits(ref->path + strlen(DEFAULT_OWNER), DIGEST_DIGITS))
        return wh_fail(err, WH_E_INVALID, "invalid repository name (%s), cannot be 64 hexadecimal digits",
                       ref->path + strlen(DEFAULT_OWNER));
    return 0;
}

int wh_ref_parse(struct wh_arena *a, const char *text, struct wh_ref *ret, struct wh_err *err)
{
    char *name = wh_arena_strdup(a, text);
    if (!name)
        return wh_fail(err, ENOMEM, "reference");
    *ret = (struct wh_ref){0};
    char *at = strchr(name, '@');
    if (at) {
        *at = '\0';
        ret->digest = at + 1;
    }
    char *slash = strrchr(name, '/');
    char *colon = strchr(slash ? slash : name, ':');
    if (colon) {
        *colon = '\0';
        ret->tag = colon + 1;
    } else if (!at) {
        ret->tag = DEFAULT_TAG;
    }
    split_domain(a, name, ret);
    if (!ret->path)
        return wh_fail(err, ENOMEM, "reference");
    return check_parts(text, ret, err);
}

static const char *join(struct wh_arena *a, const char *name, const struct wh_ref *ref)
{
    return wh_arena_fmt(a, "%s%s%s%s%s", name, ref->tag ? ":" : "", ref->tag ? ref->tag : "", ref->digest ? "@" : "",
                        ref->digest ? ref->digest : "");
}

const char *wh_ref_canonical(struct wh_arena *a, const struct wh_ref *ref)
{
    const char *name = wh_arena_fmt(a, "%s/%s", ref->domain, ref->path);
    return name ? join(a, name, ref) : NULL;
}

/* docker.io/example.com/app is not example.com/app: its short form would name another registry. */
static bool is_short_form(const char *path)
{
    const char *slash = strchr(path, '/');
    return !slash || !names_domain(path, (size_t)(slash - path));
}

const char *wh_ref_familiar_name(struct wh_arena *a, const struct wh_ref *ref)
{
    if (!wh_streq(ref->domain, DEFAULT_DOMAIN) || !is_short_form(ref->path))
        return wh_arena_fmt(a, "%s/%s", ref->domain, ref->path);
    const char *path = ref->path;
    if (wh_starts(path, DEFAULT_OWNER) && !strchr(path + strlen(DEFAULT_OWNER), '/'))
        path += strlen(DEFAULT_OWNER);
    return wh_arena_strdup(a, path);
}

const char *wh_ref_familiar(struct wh_arena *a, const struct wh_ref *ref)
{
    const char *name = wh_ref_familiar_name(a, ref);
    return name ? join(a, name, ref) : NULL;
}
