/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small texts: relative times, cut and measured strings, foreign text made safe for a terminal. */
#include "whale/ui.h"
#include "whale/util/time.h"

#include <string.h>
#include <wchar.h>

/* ---- durations: the words of docker's units package ------------------------------------------------------------ */

#define HOUR_S INT64_C(3600)

static const struct {
    int64_t below_hours;
    int64_t unit_hours;
    const char *name;
} long_units[] = {
    {48, 1, "hours"},
    {24 * 7 * 2, 24, "days"},
    {24 * 30 * 2, 24 * 7, "weeks"},
    {24 * 365 * 2, 24 * 30, "months"},
    {INT64_MAX, 24 * 365, "years"},
};

static char *format_hours(int64_t hours, char *buf, size_t size)
{
    size_t i = 0;
    while (hours >= long_units[i].below_hours && i + 1 < WH_ARRAY_LEN(long_units))
        i++;
    snprintf(buf, size, "%lld %s", (long long)(hours / long_units[i].unit_hours), long_units[i].name);
    return buf;
}

char *wh_ui_duration(int64_t ns, char *buf, size_t size)
{
    int64_t seconds = ns / WH_NS_PER_S, minutes = seconds / 60, hours = (seconds + HOUR_S / 2) / HOUR_S;
    if (seconds < 1)
        snprintf(buf, size, "Less than a second");
    else if (seconds == 1)
        snprintf(buf, size, "1 second");
    else if (seconds < 60)
        snprintf(buf, size, "%lld seconds", (long long)seconds);
    else if (minutes == 1)
        snprintf(buf, size, "About a minute");
    else if (minutes < 60)
        snprintf(buf, size, "%lld minutes", (long long)minutes);
    else if (hours == 1)
        snprintf(buf, size, "About an hour");
    else
        return format_hours(hours, buf, size);
    return buf;
}

/* ---- UTF-8 ----------------------------------------------------------------------------------------------------- */

/* Length of the well-formed sequence at s, 1 for a byte that starts none. */
static size_t decode(const unsigned char *s, size_t len, uint32_t *ret)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xF0 && s[0] < 0xF8 ? 4 : s[0] >= 0xE0 ? 3 : s[0] >= 0xC2 ? 2 : 0;
    *ret = 0xFFFD;
    if (n == 0 || n > len || s[0] >= 0xF8)
        return 1;
    uint32_t c = n == 1 ? s[0] : s[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 1;
        c = c << 6 | (s[i] & 0x3F);
    }
    if (c < smallest[n] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return 1;
    *ret = c;
    return n;
}

size_t wh_ui_width(const char *text, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c;
        i += decode((const unsigned char *)text + i, len - i, &c);
        int w = wcwidth((wchar_t)c); /* -1 for what the locale does not know */
        columns += w < 0 ? 1 : (size_t)w;
    }
    return columns;
}

void wh_ui_ellipsis(const char *text, size_t max, struct wh_str *out)
{
    size_t len = strlen(text), n = 0, keep = 0;
    for (size_t i = 0; i < len; n++) {
        uint32_t c;
        if (n + 1 == max)
            keep = i;
        i += decode((const unsigned char *)text + i, len - i, &c);
    }
    if (n <= max) {
        wh_str_addn(out, text, len);
    } else {
        wh_str_addn(out, text, keep);
        wh_str_add(out, "\xe2\x80\xa6");
    }
}

/* ---- foreign text ---------------------------------------------------------------------------------------------- */

/* Length of the escape sequence at s (s[0] is ESC); *ret_sgr when it only sets colours and attributes. */
static size_t escape_length(const char *s, size_t len, bool *ret_sgr)
{
    *ret_sgr = false;
    if (len < 2)
        return 1;
    if (s[1] == '[') {
        size_t i = 2;
        bool plain = true;
        for (; i < len && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] <= 0x3F; i++)
            plain &= (s[i] >= '0' && s[i] <= '9') || s[i] == ';' || s[i] == ':';
        *ret_sgr = i < len && s[i] == 'm' && plain;
        return i < len && (unsigned char)s[i] >= 0x40 && (unsigned char)s[i] <= 0x7E ? i + 1 : i;
    }
    if (strchr("]PX^_", s[1])) { /* strings: up to BEL or ESC \ */
        for (size_t i = 2; i < len; i++) {
            if (s[i] == '\a')
                return i + 1;
            if (s[i] == '\033')
                return i + 1 < len && s[i + 1] == '\\' ? i + 2 : i;
        }
        return len;
    }
    return (unsigned char)s[1] >= 0x20 && (unsigned char)s[1] < 0x7F ? 2 : 1;
}

void wh_ui_filter(const char *text, size_t len, struct wh_str *out)
{
    for (size_t i = 0; i < len;) {
        unsigned char b = (unsigned char)text[i];
        uint32_t c;
        bool is_sgr = false, keep;
        size_t n;
        if (b == '\033') {
            n = escape_length(text + i, len - i, &is_sgr);
            keep = is_sgr;
        } else {
            n = decode((const unsigned char *)text + i, len - i, &c);
            keep = (c >= 0x20 || c == '\t' || c == '\n') && !(c >= 0x7F && c < 0xA0);
        }
        if (keep && !is_sgr && n == 1 && b >= 0x80)
            wh_str_add(out, "\xef\xbf\xbd");
        else if (keep)
            wh_str_addn(out, text + i, n);
        i += n;
    }
}
