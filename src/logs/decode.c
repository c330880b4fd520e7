/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fast path knows the form that capture and docker write: {"log":"...","stream":"...",...,"time":"..."}. Any other
 * JSON object with these keys goes through the general parser.
 */
#include "logs/decode.h"

#include "whale/codec/json.h"
#include "whale/util/arena.h"
#include "whale/util/time.h"

#include <string.h>

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* First quote or backslash at or after p, or end. */
static char *find_special(char *p, char *end)
{
    for (uint64_t v; end - p >= 8; p += 8) {
        memcpy(&v, p, 8);
        uint64_t quote = v ^ (ONES * '"');
        uint64_t slash = v ^ (ONES * '\\');
        if ((((quote - ONES) & ~quote) | ((slash - ONES) & ~slash)) & HIGHS)
            break;
    }
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int32_t read_hex4(const char *p, const char *end)
{
    int32_t value = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static char *put_utf8(char *out, int32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    } else {
        *out++ = (char)(0xf0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    }
    return out;
}

/* \uXXXX at *p (behind the u); a surrogate without its other half becomes U+FFFD. */
static bool decode_unicode(char **p, const char *end, char **out)
{
    int32_t c = read_hex4(*p, end);
    if (c < 0)
        return false;
    *p += 4;
    if (c >= 0xd800 && c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        int32_t low = read_hex4(*p + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            *p += 6;
        }
    }
    *out = put_utf8(*out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    return true;
}

/* Decodes the string whose first character is at p, in place; *ret_next is behind the closing quote. The result never
 * is longer than its source. Length, or -1. */
static ssize_t decode_string(char *p, char *end, char **ret_next)
{
    static const char plain[256] = {
        ['n'] = '\n', ['r'] = '\r', ['t'] = '\t', ['b'] = '\b', ['f'] = '\f', ['"'] = '"', ['\\'] = '\\', ['/'] = '/'};
    char *start = p, *out = p;
    for (;;) {
        char *special = find_special(p, end);
        if (out != p)
            memmove(out, p, (size_t)(special - p));
        out += special - p;
        if (special == end)
            return -1;
        p = special + 1;
        if (*special == '"')
            break;
        if (p == end)
            return -1;
        unsigned char c = (unsigned char)*p++;
        if (plain[c])
            *out++ = plain[c];
        else if (c != 'u' || !decode_unicode(&p, end, &out))
            return -1;
    }
    *ret_next = p;
    return out - start;
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static int64_t parse_time(struct wh_log_decoder *d, const char *text, size_t len)
{
    char copy[48];
    int64_t ns = 0;
    if (len < 20 || len >= sizeof(copy))
        return 0;
    if (text[len - 1] != 'Z' || text[19] != '.') {
        memcpy(copy, text, len);
        copy[len] = '\0';
        return wh_time_parse(copy, &ns) == 0 ? ns : 0;
    }
    if (memcmp(d->second, text, 19) != 0) {
        memcpy(copy, text, 19);
        memcpy(copy + 19, "Z", 2);
        if (wh_time_parse(copy, &d->second_ns) < 0)
            return 0;
        memcpy(d->second, text, 19);
    }
    int64_t scale = WH_NS_PER_S;
    for (size_t i = 20; i < len - 1 && scale > 1; i++) {
        scale /= 10;
        ns += (text[i] - '0') * scale;
    }
    return d->second_ns + ns;
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

static bool starts(const char *p, const char *end, const char *literal, size_t len)
{
    return (size_t)(end - p) >= len && memcmp(p, literal, len) == 0;
}
#define STARTS(p, end, literal) starts((p), (end), (literal), sizeof(literal) - 1)

static bool decode_general(struct wh_log_decoder *d, char *line, size_t len, struct wh_log_record *ret)
{
    wh_auto_arena a = {0};
    struct wh_node *n;
    if (wh_json_parse(&a, line, len, "log", &n, NULL) < 0)
        return false;
    const struct wh_node *text = wh_node_get(n, "log");
    const char *time = wh_node_get_str(n, "time", "");
    const char *stream = wh_node_get_str(n, "stream", "stdout");
    if (!text || text->kind != WH_NODE_STR || text->text_len > len)
        return false;
    ret->time_ns = parse_time(d, time, strlen(time));
    ret->is_stderr = strcmp(stream, "stderr") == 0;
    memcpy(line, text->text, text->text_len);
    ret->text = line;
    ret->len = text->text_len;
    return true;
}

/* 1 = done, 0 = not in the usual form (line unchanged), -1 = changed and useless. */
static int decode_usual(struct wh_log_decoder *d, char *line, char *end, struct wh_log_record *ret)
{
    static const char middle[] = ",\"stream\":\"std", time_key[] = ",\"time\":\"";
    if (!STARTS(line, end, "{\"log\":\""))
        return 0;
    /* The end first, which must not change when the general parser is to see it: time is the last key. */
    const char *close = end - 2;
    if (end - line < 60 || close[0] != '"' || close[1] != '}')
        return 0;
    const char *time = close;
    while (time > line && time[-1] != '"')
        time--;
    if (close - time > 40 || time - line < (ssize_t)sizeof(time_key) ||
        memcmp(time - (sizeof(time_key) - 1), time_key, sizeof(time_key) - 1) != 0)
        return 0;
    char *next;
    ret->text = line + 8;
    ssize_t len = decode_string(line + 8, end, &next);
    if (len < 0 || !STARTS(next, end, middle))
        return -1;
    ret->len = (size_t)len;
    ret->is_stderr = STARTS(next + sizeof(middle) - 1, end, "err");
    ret->time_ns = parse_time(d, time, (size_t)(close - time));
    return 1;
}

bool wh_log_decode(struct wh_log_decoder *d, char *line, size_t len, struct wh_log_record *ret)
{
    int r = decode_usual(d, line, line + len, ret);
    if (r < 0 || (r == 0 && !decode_general(d, line, len, ret)))
        return false;
    ret->partial = ret->len == 0 || ret->text[ret->len - 1] != '\n';
    return true;
}

bool wh_log_ends_line(const char *end, size_t have)
{
    static const char key[] = "\",\"stream\":\"";
    const char *begin = end - (have < 256 ? have : 256);
    const char *newline = memrchr(begin, '\n', (size_t)(end - begin)); /* of the record before */
    if (newline)
        begin = newline + 1;
    const char *found = memmem(begin, (size_t)(end - begin), key, sizeof(key) - 1);
    if (!found || found - begin < 2)
        return true; /* not ours to judge */
    if (found[-1] != 'n')
        return false;
    size_t slashes = 0;
    while (found - 2 - slashes >= begin && found[-2 - (ssize_t)slashes] == '\\')
        slashes++;
    return slashes % 2 == 1;
}
