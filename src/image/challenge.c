/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small recursive-descent reader: scheme, then "name=value" pairs separated by commas, until the next scheme. */
#include "challenge.h"

#include "whale/util/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MAX_HEADER_BYTES 16384

static bool is_token(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_len(const char *s)
{
    size_t n = 0;
    while (is_token(s[n]))
        n++;
    return n;
}

static const char *skip(const char *s, const char *set)
{
    return s + strspn(s, set);
}

/* A token, or a quoted string with backslash escapes. NULL when malformed. */
static const char *read_value(struct wh_arena *a, const char *s, const char **ret)
{
    if (*s != '"') {
        /* realm URLs without quotes are seen in the wild: everything up to a comma or blank */
        size_t n = strcspn(s, ", \t\"");
        *ret = wh_arena_strndup(a, s, n);
        return n ? s + n : NULL;
    }
    char *out = wh_arena_alloc(a, strlen(s) + 1), *o = out;
    if (!out)
        return NULL;
    for (s++; *s && *s != '"'; s++) {
        if (*s == '\\' && s[1])
            s++;
        *o++ = *s;
    }
    *ret = out;
    return *s ? s + 1 : NULL;
}

static void keep(struct challenge *c, const char *name, size_t len, const char *value)
{
    const struct {
        const char *name;
        const char **field;
    } fields[] = {{"realm", &c->realm}, {"service", &c->service}, {"scope", &c->scope}, {"error", &c->error}};
    for (size_t i = 0; i < WH_ARRAY_LEN(fields); i++)
        if (strlen(fields[i].name) == len && !strncasecmp(fields[i].name, name, len))
            *fields[i].field = value;
}

/* The pairs after a scheme. Ends before the next scheme (a token that is not followed by '='). */
static const char *read_pairs(struct wh_arena *a, const char *s, bool wanted, struct challenge *c)
{
    for (;;) {
        const char *value, *start = skip(s, " \t,");
        size_t len = token_len(start);
        const char *eq = skip(start + len, " \t");
        if (!len || *eq != '=')
            return start;
        s = read_value(a, skip(eq + 1, " \t"), &value);
        if (!s)
            return NULL;
        if (wanted)
            keep(c, start, len, value);
    }
}

int challenge_read(struct wh_arena *a, const char *header, struct challenge *io)
{
    if (strlen(header) > MAX_HEADER_BYTES)
        return -1;
    for (const char *s = skip(header, " \t,"); *s;) {
        size_t len = token_len(s);
        if (!len)
            return -1;
        bool bearer = len == strlen("Bearer") && !strncasecmp(s, "Bearer", len);
        io->bearer = io->bearer || bearer;
        io->basic = io->basic || (len == strlen("Basic") && !strncasecmp(s, "Basic", len));
        s = read_pairs(a, s + len, bearer, io);
        if (!s)
            return -1;
    }
    return 0;
}
