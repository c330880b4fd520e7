/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte sizes and integers. */
#include "whale/util/size.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *suffix;
    int shift;
} units[] = {
    {"", 0},    {"b", 0},    {"k", 10}, {"kb", 10}, {"kib", 10}, {"m", 20}, {"mb", 20}, {"mib", 20}, {"g", 30},
    {"gb", 30}, {"gib", 30}, {"t", 40}, {"tb", 40}, {"tib", 40}, {"p", 50}, {"pb", 50}, {"pib", 50},
};

int wh_size_parse(const char *text, int64_t *ret_bytes)
{
    /* strtod alone would take "0x10", "1e3" and "inf". */
    const char *digits = text + (*text == '-'), *end = digits + strspn(digits, "0123456789.");
    char *stop;
    double value = strtod(text, &stop);
    if (!isdigit((unsigned char)digits[*digits == '.']) || stop != end)
        return -1;
    if (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(end, units[i].suffix) != 0)
            continue;
        double bytes = ldexp(value, units[i].shift);
        if (bytes >= 9223372036854775807.0 || bytes <= -9223372036854775807.0)
            return -1;
        *ret_bytes = (int64_t)bytes;
        return 0;
    }
    return -1;
}

int wh_int_parse(const char *text, int64_t min, int64_t max, int64_t *ret)
{
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    if (!isdigit((unsigned char)*digits))
        return -1;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || value < min || value > max)
        return -1;
    *ret = value;
    return 0;
}

int wh_int_of_real(double value, int64_t *ret)
{
    if (!(value > -9223372036854775808.0 && value < 9223372036854775808.0)) /* also not a number */
        return -1;
    *ret = (int64_t)value;
    return 0;
}

static char *format_scaled(double value, double base, const char *const *suffixes, size_t n, int digits, char *buf,
                           size_t size)
{
    size_t i = 0;
    while (value >= base && i + 1 < n) {
        value /= base;
        i++;
    }
    snprintf(buf, size, "%.*g%s", digits, value, suffixes[i]);
    return buf;
}

char *wh_size_format_si(int64_t bytes, char *buf, size_t size)
{
    static const char *const names[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    return format_scaled((double)bytes, 1000.0, names, 6, 3, buf, size);
}

char *wh_size_format_iec(int64_t bytes, char *buf, size_t size)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    return format_scaled((double)bytes, 1024.0, names, 6, 4, buf, size);
}
