/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds tar archives, honest and hostile, from a few lines of text. One line an entry:
 *   TYPE PATH[|key=value...]
 * TYPE is the type flag ('0' file, '1' hard link, '2' link, '3' '4' devices, '5' folder, '6' pipe, 'x' pax records for
 * the next entry, 'g' global ones, 'L' 'K' GNU long names, anything else raw).
 * Keys: d data, t link target, m mode (octal), u uid, g gid, v major,minor, s size field (raw text), M mtime field (raw
 * text), U uid field (raw), n number of zero data bytes, c=bad wrong checksum, G=1 GNU magic, V=1 no magic (v7).
 * In any text: {c*N} is N times the character c, \0 a NUL byte, \n a newline, \s a bar, \xHH a byte.
 * For x and g, d holds "key=value\n"... without the lengths, which are added. A line "END" writes the end mark, "CUT N"
 * cuts N bytes off, "ZERO" adds one zero block, "RAW text" adds bytes as they are.
 */
#ifndef WHALE_TESTS_TAR_MAKER_H
#define WHALE_TESTS_TAR_MAKER_H

#include "whale/util/str.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAKER_BLOCK 512

static void maker_repeat(struct wh_str *out, const char **at)
{
    char c = (*at)[1];
    long n = strtol(*at + 3, (char **)at, 10);
    for (long i = 0; i < n; i++)
        wh_str_addc(out, c);
    (*at)++;
}

static void maker_escape(struct wh_str *out, const char **at)
{
    char c = (*at)[1];
    *at += 2;
    if (c == 'x') {
        char hex[3] = {(*at)[0], (*at)[1], 0};
        wh_str_addc(out, (char)strtol(hex, NULL, 16));
        *at += 2;
        return;
    }
    wh_str_addc(out, c == '0' ? '\0' : c == 'n' ? '\n' : c == 's' ? '|' : c);
}

static void maker_expand(struct wh_str *out, const char *text, size_t len)
{
    for (const char *at = text; at < text + len;) {
        if (*at == '{' && at[1] && at[2] == '*')
            maker_repeat(out, &at);
        else if (*at == '\\')
            maker_escape(out, &at);
        else
            wh_str_addc(out, *at++);
    }
}

/* The expanded value of a key in "|key=value|...", false when it is not there. */
static bool maker_value(const char *line, const char *key, struct wh_str *ret)
{
    size_t len = strlen(key);
    wh_str_clear(ret);
    for (const char *s = strchr(line, '|'); s; s = strchr(s + 1, '|'))
        if (!strncmp(s + 1, key, len) && s[1 + len] == '=') {
            const char *value = s + 2 + len;
            maker_expand(ret, value, strcspn(value, "|"));
            return true;
        }
    return false;
}

/* "key=value\n" lines to "LEN key=value\n" records. */
static void maker_records(struct wh_str *out, const struct wh_str *lines)
{
    for (size_t at = 0; at < lines->len;) {
        const char *end = memchr(lines->data + at, '\n', lines->len - at);
        size_t n = end ? (size_t)(end - lines->data) - at + 1 : lines->len - at;
        size_t total = n + 2;
        char text[24];
        for (size_t last = 0; last != total;) {
            last = total;
            total = (size_t)snprintf(text, sizeof(text), "%zu ", total) + n;
        }
        wh_str_fmt(out, "%zu ", total);
        wh_str_addn(out, lines->data + at, n);
        at += n;
    }
}

static void maker_octal(char *field, size_t len, unsigned long value)
{
    char text[32];
    snprintf(text, sizeof(text), "%0*lo", (int)len - 1, value);
    memcpy(field, text, strlen(text) < len ? strlen(text) : len);
}

static unsigned long maker_number(const char *line, const char *key, int base, unsigned long fallback)
{
    wh_auto_str v = {0};
    return maker_value(line, key, &v) ? strtoul(wh_str_c(&v), NULL, base) : fallback;
}

static void maker_raw_field(const char *line, const char *key, char *field, size_t len)
{
    wh_auto_str v = {0};
    if (!maker_value(line, key, &v))
        return;
    memset(field, 0, len);
    memcpy(field, v.data, v.len < len ? v.len : len);
}

static void maker_checksum(const char *line, char *block)
{
    unsigned int sum = 0;
    memset(block + 148, ' ', 8);
    for (int i = 0; i < MAKER_BLOCK; i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 8, "%06o", sum + (strstr(line, "|c=bad") ? 1u : 0u));
}

static void maker_header(struct wh_str *out, const char *line, const struct wh_str *path, size_t size)
{
    char b[MAKER_BLOCK] = {0};
    wh_auto_str link = {0};
    char type = line[0];
    memcpy(b, path->data ? path->data : "", path->len < 100 ? path->len : 100);
    maker_octal(b + 100, 8, maker_number(line, "m", 8, type == '5' ? 0755 : 0644));
    maker_octal(b + 108, 8, maker_number(line, "u", 10, 0));
    maker_octal(b + 116, 8, maker_number(line, "g", 10, 0));
    maker_octal(b + 124, 12, size);
    maker_octal(b + 136, 12, 1000000000);
    b[156] = type == '_' ? '\0' : type;
    if (maker_value(line, "t", &link))
        memcpy(b + 157, wh_str_c(&link), link.len < 100 ? link.len : 100);
    if (!strstr(line, "|V=1"))
        memcpy(b + 257, strstr(line, "|G=1") ? "ustar  " : "ustar\00000", 8);
    if (maker_value(line, "v", &link)) {
        char *comma = strchr(wh_str_c(&link), ',');
        maker_octal(b + 329, 8, strtoul(wh_str_c(&link), NULL, 10));
        maker_octal(b + 337, 8, comma ? strtoul(comma + 1, NULL, 10) : 0);
    }
    maker_raw_field(line, "s", b + 124, 12);
    maker_raw_field(line, "M", b + 136, 12);
    maker_raw_field(line, "U", b + 108, 8);
    maker_raw_field(line, "P", b + 345, 155);
    maker_raw_field(line, "Z", b + 386, 120); /* the old GNU sparse map and what follows it */
    maker_checksum(line, b);
    wh_str_addn(out, b, sizeof(b));
}

static void maker_pad(struct wh_str *out, size_t size)
{
    static const char zeros[MAKER_BLOCK];
    if (size % MAKER_BLOCK)
        wh_str_addn(out, zeros, MAKER_BLOCK - size % MAKER_BLOCK);
}

static void maker_entry(struct wh_str *out, const char *line)
{
    wh_auto_str path = {0};
    wh_auto_str data = {0};
    wh_auto_str value = {0};
    maker_expand(&path, line + 2, strcspn(line + 2, "|"));
    if (maker_value(line, "d", &value)) {
        if (line[0] == 'x' || line[0] == 'g')
            maker_records(&data, &value);
        else
            wh_str_addn(&data, wh_str_c(&value), value.len);
    }
    for (unsigned long n = maker_number(line, "n", 10, 0); n; n--)
        wh_str_addc(&data, '\0');
    maker_header(out, line, &path, data.len);
    wh_str_addn(out, wh_str_c(&data), data.len);
    maker_pad(out, data.len);
}

static void maker_line(struct wh_str *out, const char *line)
{
    static const char zeros[2 * MAKER_BLOCK];
    if (wh_streq(line, "END"))
        wh_str_addn(out, zeros, sizeof(zeros));
    else if (wh_streq(line, "ZERO"))
        wh_str_addn(out, zeros, MAKER_BLOCK);
    else if (wh_starts(line, "CUT "))
        wh_str_cut(out, out->len - strtoul(line + 4, NULL, 10));
    else if (wh_starts(line, "RAW "))
        maker_expand(out, line + 4, strlen(line + 4));
    else if (*line)
        maker_entry(out, line);
}

static void make_tar(const char *script, struct wh_str *out)
{
    while (*script) {
        size_t len = strcspn(script, "\n");
        char *line = strndup(script, len);
        maker_line(out, line);
        free(line);
        script += len + (script[len] == '\n');
    }
}

#endif
