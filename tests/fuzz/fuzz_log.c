/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log records. The input is read as a line of a log file (no crash, text inside the line), and as container output:
 * encoded, it must be found whole again by the decoder, with what is not UTF-8 replaced.
 */
#include "logs/decode.h"
#include "logs/encode.h"

#include "whale/util/time.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void read_as_line(const uint8_t *data, size_t size)
{
    struct wh_log_decoder d = {0};
    struct wh_log_record r = {0};
    char *line = malloc(size ? size : 1);
    memcpy(line, data, size);
    wh_log_ends_line(line + size, size);
    if (wh_log_decode(&d, line, size, &r))
        require(r.text >= line && r.text + r.len <= line + size);
    free(line);
}

static bool is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static void write_and_read(const char *text, size_t len)
{
    struct wh_log_clock clock = {0};
    struct wh_log_decoder d = {0};
    struct wh_log_record r = {0};
    int64_t time_ns = INT64_C(1700000000) * WH_NS_PER_S + (int64_t)len * 7919;
    char *out = malloc(WH_LOG_RECORD_BOUND(len));
    size_t n = wh_log_encode(out, &clock, time_ns, len % 2, text, len);
    require(n <= WH_LOG_RECORD_BOUND(len) && out[n - 1] == '\n' && !memchr(out, '\n', n - 1));
    bool ends_line = len && text[len - 1] == '\n';
    require(wh_log_ends_line(out + n - 1, n - 1) == ends_line);
    require(wh_log_decode(&d, out, n - 1, &r));
    require(r.time_ns == time_ns && r.is_stderr == (len % 2 != 0) && r.partial != ends_line);
    if (is_ascii(text, len))
        require(r.len == len && memcmp(r.text, text, len) == 0);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    read_as_line(data, size);
    for (size_t at = 0, piece; at < size && (piece = wh_log_next_piece(text + at, size - at, true)); at += piece) {
        require(piece <= size - at);
        write_and_read(text + at, piece);
    }
    return 0;
}
