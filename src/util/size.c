/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte sizes and numbers. */
#include "whale/util/size.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Longer texts are never numbers in practice; the bound keeps the copies on the stack. */
#define NUMBER_MAX 128

static const struct {
    const char *suffix;
    int shift;
} units[] = {
    {"", 0},    {"b", 0},    {"k", 10}, {"kb", 10}, {"kib", 10}, {"m", 20}, {"mb", 20}, {"mib", 20}, {"g", 30},
    {"gb", 30}, {"gib", 30}, {"t", 40}, {"tb", 40}, {"tib", 40}, {"p", 50}, {"pb", 50}, {"pib", 50},
};

/* "64m" or "10 m": the number ends at the last digit or dot, or before the last blank; the rest is the unit. */
static const char *cut_number(const char *text, char *number, size_t size)
{
    const char *last = NULL;
    for (const char *p = text; *p; p++)
        if (strchr("0123456789. ", *p))
            last = p;
    size_t len = last ? (size_t)(last - text) + (*last != ' ') : size;
    if (len >= size)
        return NULL;
    memcpy(number, text, len);
    number[len] = '\0';
    return last + 1;
}

int wh_size_parse(const char *text, int64_t *ret_bytes)
{
    char number[NUMBER_MAX];
    double value;
    const char *unit = cut_number(text, number, sizeof(number));
    if (!unit || wh_real_parse(number, &value) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcasecmp(unit, units[i].suffix) == 0)
            return wh_int_of_real(ldexp(value, units[i].shift), ret_bytes);
    return -1;
}

/* Copies text without the underscores that stand between digits. */
static int drop_separators(const char *text, char *plain, size_t size)
{
    size_t len = 0;
    for (const char *p = text; *p; p++) {
        bool between = p > text && isxdigit((unsigned char)p[-1]) && isxdigit((unsigned char)p[1]);
        if (*p == '_' && between)
            continue;
        if (len + 1 >= size)
            return -1;
        plain[len++] = *p;
    }
    plain[len] = '\0';
    return 0;
}

int wh_real_parse(const char *text, double *ret)
{
    char plain[NUMBER_MAX], *end;
    if (drop_separators(text, plain, sizeof(plain)) < 0)
        return -1;
    bool hex_without_exponent = strpbrk(plain, "xX") && !strpbrk(plain, "pP");
    double value = strtod(plain, &end);
    if (end == plain || *end || strpbrk(plain, "( \t\n\v\f\r") || hex_without_exponent || !isfinite(value))
        return -1;
    *ret = value;
    return 0;
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
