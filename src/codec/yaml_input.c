/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What docker compose reads and libyaml refuses: DEL, the C1 control characters, and \' in double quotes. They are
 * given to it as characters of the last private use plane, and the texts it yields are changed back.
 */
#include "codec/yaml_input.h"

#include <string.h>

/* U+10FF00 and the character: three bytes that all have, and the last one, which is that of UTF-8. */
#define QUOTE_STANDS_AS "\xF4\x8F\xBC\xA7"
#define DEL_STANDS_AS   "\xF4\x8F\xBD\xBF"
#define C1_STANDS_AS    "\xF4\x8F\xBE" /* and 0x80 to 0x9F */
#define HIDDEN_LEN      4

/* Length of the control character that text begins with; NEL, which is a line break, is none. */
static size_t control_len(const char *text, size_t left)
{
    const unsigned char *p = (const unsigned char *)text;
    if (*p == 0x7F)
        return 1;
    return *p == 0xC2 && left > 1 && p[1] >= 0x80 && p[1] <= 0x9F && p[1] != 0x85 ? 2 : 0;
}

static bool is_hidden(const char *text, size_t left)
{
    if (left < HIDDEN_LEN || memcmp(text, DEL_STANDS_AS, 2) != 0)
        return false;
    unsigned char last = (unsigned char)text[3];
    return memcmp(text, DEL_STANDS_AS, HIDDEN_LEN) == 0 || memcmp(text, QUOTE_STANDS_AS, HIDDEN_LEN) == 0 ||
           (memcmp(text, C1_STANDS_AS, HIDDEN_LEN - 1) == 0 && last >= 0x80 && last <= 0x9F);
}

static bool has_controls(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (control_len(text + i, len - i))
            return true;
    return false;
}

/* What would stand for another character stands in the text for itself. */
static bool is_ambiguous(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (is_hidden(text + i, len - i))
            return true;
    return false;
}

int wh_yaml_hide_controls(const char *text, size_t len, struct wh_str *out)
{
    if (!has_controls(text, len) || is_ambiguous(text, len))
        return 0;
    for (size_t i = 0; i < len;) {
        size_t n = control_len(text + i, len - i);
        if (n == 1)
            wh_str_addn(out, DEL_STANDS_AS, HIDDEN_LEN);
        else if (n == 2)
            wh_str_addn(out, (char[]){C1_STANDS_AS[0], C1_STANDS_AS[1], C1_STANDS_AS[2], text[i + 1]}, HIDDEN_LEN);
        else
            wh_str_addc(out, text[i]);
        i += n ? n : 1;
    }
    return out->failed ? -1 : 1;
}

/* Up to the end of the text in double quotes that position at is in. */
static size_t hide_in_quotes(const char *text, size_t len, size_t at, struct wh_str *out)
{
    while (at < len && text[at] != '"') {
        size_t n = text[at] == '\\' && at + 1 < len ? 2 : 1;
        if (n == 2 && text[at + 1] == '\'')
            wh_str_addn(out, QUOTE_STANDS_AS, HIDDEN_LEN);
        else
            wh_str_addn(out, text + at, n);
        at += n;
    }
    return at;
}

int wh_yaml_hide_quotes(const char *text, size_t len, size_t line, size_t column, bool hidden, struct wh_str *out)
{
    size_t at = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0; /* the byte order mark */
    for (; line && at < len; at++)
        line -= text[at] == '\n';
    for (; column && at < len; column--)
        at += wh_utf8_len(text + at, len - at) + !wh_utf8_len(text + at, len - at);
    if (at + 1 >= len || memcmp(text + at, "\\'", 2) != 0 || (!hidden && is_ambiguous(text, len)))
        return 0;
    wh_str_addn(out, text, at);
    at = hide_in_quotes(text, len, at, out);
    wh_str_addn(out, text + at, len - at);
    return out->failed ? -1 : 1;
}

size_t wh_yaml_show_controls(char *text)
{
    size_t to = 0, len = strlen(text);
    for (size_t i = 0; i < len;) {
        if (!is_hidden(text + i, len - i)) {
            text[to++] = text[i++];
            continue;
        }
        if (memcmp(text + i, DEL_STANDS_AS, HIDDEN_LEN) == 0) {
            text[to++] = 0x7F;
        } else if (memcmp(text + i, QUOTE_STANDS_AS, HIDDEN_LEN) == 0) {
            text[to++] = '\'';
        } else {
            text[to++] = (char)0xC2;
            text[to++] = text[i + HIDDEN_LEN - 1];
        }
        i += HIDDEN_LEN;
    }
    text[to] = '\0';
    return to;
}

const char *wh_yaml_find_content(const char *text, size_t len, size_t *ret_lines)
{
    *ret_lines = 0;
    for (const char *p = text, *end = text + len; p < end; ++*ret_lines) {
        const char *start = p, *line = p;
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : end;
        while (line < p && strchr(" \t\r\n", *line) && *line)
            line++;
        bool marker = p - line >= 3 && memcmp(line, "...", 3) == 0 && (line + 3 == end || strchr(" \t\r\n#", line[3]));
        if (line < p && *line != '#' && !marker)
            return start;
    }
    return NULL;
}

/* -1 for what is no base64 digit. */
static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool wh_yaml_decode_base64(const char *text, struct wh_str *out)
{
    unsigned int bits = 0, n = 0, padding = 0;
    for (; *text; text++) {
        int value = base64_value(*text);
        if (*text == '\n' || *text == '\r')
            continue;
        if (*text == '=')
            padding++;
        else if (value < 0 || padding)
            return false;
        else
            bits = bits << 6 | (unsigned int)value;
        if (*text != '=' && ++n % 4 != 1)
            wh_str_addc(out, (char)(bits >> (6 - 2 * ((n - 1) % 4)) & 0xFF));
    }
    return (n + padding) % 4 == 0 && padding <= 2;
}
