/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What docker compose reads and libyaml refuses. DEL and the C1 control characters are given to it as characters of the
 * last private use plane, and the texts it yields are changed back.
 */
#include "codec/yaml_input.h"

#include <string.h>

/* U+10FF00 and the character: three bytes that all have, and the last one, which is that of UTF-8. */
#define DEL_STANDS_AS "\xF4\x8F\xBD\xBF"
#define C1_STANDS_AS  "\xF4\x8F\xBE" /* and 0x80 to 0x9F */
#define HIDDEN_LEN    4

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
    return memcmp(text, DEL_STANDS_AS, HIDDEN_LEN) == 0 ||
           (memcmp(text, C1_STANDS_AS, HIDDEN_LEN - 1) == 0 && last >= 0x80 && last <= 0x9F);
}

static size_t count_controls(const char *text, size_t len, bool *ret_ambiguous)
{
    size_t n = 0;
    *ret_ambiguous = false;
    for (size_t i = 0; i < len; i++) {
        n += control_len(text + i, len - i) > 0;
        *ret_ambiguous |= is_hidden(text + i, len - i);
    }
    return n;
}

int wh_yaml_hide_controls(const char *text, size_t len, struct wh_str *out)
{
    bool ambiguous;
    if (!count_controls(text, len, &ambiguous) || ambiguous)
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
