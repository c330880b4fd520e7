/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hot path of capture: eight plain bytes at a time. */
#include "logs/encode.h"

#include "whale/util/str.h"
#include "whale/util/time.h"

#include <string.h>

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Not 0 when a byte of v is below 0x20, a quote, a backslash, DEL or not ASCII (the classic zero-byte trick; a false
 * alarm is possible and harmless, a miss is not). */
static uint64_t has_special(uint64_t v)
{
    uint64_t quote = v ^ (ONES * '"');
    uint64_t slash = v ^ (ONES * '\\');
    uint64_t del = v ^ (ONES * 0x7f);
    uint64_t found = (v - ONES * 0x20) & ~v;
    found |= (quote - ONES) & ~quote;
    found |= (slash - ONES) & ~slash;
    found |= (del - ONES) & ~del;
    return (found | v) & HIGHS;
}

static char *put_control(char *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char names[] = {['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'};
    *out++ = '\\';
    if (c < sizeof(names) && names[c]) {
        *out++ = names[c];
        return out;
    }
    const char digits[] = {'u', '0', '0', hex[c >> 4], hex[c & 15]};
    memcpy(out, digits, sizeof(digits));
    return out + sizeof(digits);
}

static char *put_text(char *out, const unsigned char *p, size_t len)
{
    const unsigned char *end = p + len;
    while (p < end) {
        uint64_t eight;
        while (end - p >= 8 && (memcpy(&eight, p, 8), !has_special(eight))) {
            memcpy(out, &eight, 8);
            out += 8;
            p += 8;
        }
        if (p == end)
            break;
        if (*p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\') {
            *out++ = (char)*p++;
        } else if (*p < 0x80) {
            out = put_control(out, *p++);
        } else {
            size_t n = wh_utf8_len((const char *)p, (size_t)(end - p));
            memcpy(out, n ? (const char *)p : "\xef\xbf\xbd", n ? n : 3);
            out += n ? n : 3;
            p += n ? n : 1;
        }
    }
    return out;
}

static char *put_time(char *out, struct wh_log_clock *clock, int64_t time_ns)
{
    int64_t second = time_ns / WH_NS_PER_S;
    uint32_t ns = (uint32_t)(time_ns % WH_NS_PER_S);
    if (clock->second != second) {
        char full[40];
        wh_time_format(second * WH_NS_PER_S, full, sizeof(full));
        memcpy(clock->text, full, 19);
        clock->second = second;
    }
    memcpy(out, clock->text, 19);
    out[19] = '.';
    for (int i = 28; i > 19; i--, ns /= 10)
        out[i] = (char)('0' + ns % 10);
    out[29] = 'Z';
    return out + 30;
}

static char *put_literal(char *out, const char *text, size_t len)
{
    memcpy(out, text, len);
    return out + len;
}
#define PUT(out, literal) put_literal((out), (literal), sizeof(literal) - 1)

size_t wh_log_encode(char *out, struct wh_log_clock *clock, int64_t time_ns, bool is_stderr, const char *text,
                     size_t len)
{
    char *p = PUT(out, "{\"log\":\"");
    p = put_text(p, (const unsigned char *)text, len);
    p = is_stderr ? PUT(p, "\",\"stream\":\"stderr\",\"time\":\"") : PUT(p, "\",\"stream\":\"stdout\",\"time\":\"");
    p = put_time(p, clock, time_ns);
    p = PUT(p, "\"}\n");
    return (size_t)(p - out);
}

/* Bytes of text[0..len) that do not cut a UTF-8 sequence which may go on behind. */
static size_t whole_characters(const char *text, size_t len)
{
    for (size_t back = 1; back <= 3 && back < len; back++) {
        unsigned char c = (unsigned char)text[len - back];
        if ((c & 0xc0) == 0x80)
            continue;
        size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
        return need > back ? len - back : len;
    }
    return len;
}

size_t wh_log_next_piece(const char *text, size_t len, bool final)
{
    size_t look = len < WH_LOG_MAX_TEXT ? len : WH_LOG_MAX_TEXT;
    const char *newline = memchr(text, '\n', look);
    if (newline)
        return (size_t)(newline - text) + 1;
    if (len >= WH_LOG_MAX_TEXT)
        return whole_characters(text, WH_LOG_MAX_TEXT);
    return final ? len : 0;
}
