/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks, Go durations and RFC 3339. */
#include "whale/util/time.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t clock_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * WH_NS_PER_S + ts.tv_nsec;
}

int64_t wh_now_mono_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t wh_now_real_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

int64_t wh_real_elapsed_ns(int64_t since_ns)
{
    int64_t elapsed_ns = wh_now_real_ns() - since_ns;
    return elapsed_ns > 0 ? elapsed_ns : 0;
}

static const struct {
    const char *name;
    double ns;
} duration_units[] = {
    {"ns", 1},  {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3}, {"ms", 1e6},
    {"s", 1e9}, {"m", 60e9}, {"h", 3600e9},      {"d", 86400e9},     {"w", 604800e9},
};

/* The longest unit that text starts with; -1 when none. */
static int match_unit(const char *text, size_t *ret_len)
{
    int best = -1;
    *ret_len = 0;
    for (size_t i = 0; i < sizeof(duration_units) / sizeof(duration_units[0]); i++) {
        size_t n = strlen(duration_units[i].name);
        if (n > *ret_len && strncmp(text, duration_units[i].name, n) == 0) {
            best = (int)i;
            *ret_len = n;
        }
    }
    return best;
}

int wh_duration_parse(const char *text, int64_t *ret_ns)
{
    const char *p = text;
    double sign = 1, total = 0;
    if (*p == '-' || *p == '+')
        sign = *p++ == '-' ? -1 : 1;
    if (strcmp(p, "0") == 0) {
        *ret_ns = 0;
        return 0;
    }
    if (!*p)
        return -1;
    while (*p) {
        if (!isdigit((unsigned char)*p) && *p != '.')
            return -1;
        char *end;
        double value = strtod(p, &end);
        size_t unit_len;
        if (end == p || memchr(p, 'e', (size_t)(end - p)) || memchr(p, 'x', (size_t)(end - p)))
            return -1;
        int unit = match_unit(end, &unit_len);
        if (unit < 0)
            return -1;
        total += value * duration_units[unit].ns;
        p = end + unit_len;
    }
    if (total >= 9.2e18)
        return -1;
    *ret_ns = (int64_t)(sign * total + (sign > 0 ? 0.5 : -0.5));
    return 0;
}

/* Prints value with up to nine decimals, without trailing zeros. */
static void format_fraction(char *buf, size_t size, int64_t value, int64_t unit, const char *suffix)
{
    char digits[32];
    int64_t whole = value / unit, rest = value % unit;
    if (!rest) {
        snprintf(buf, size, "%lld%s", (long long)whole, suffix);
        return;
    }
    size_t n = 0;
    for (int64_t u = unit / 10; rest; u /= 10) {
        digits[n++] = (char)('0' + rest / u);
        rest %= u;
    }
    digits[n] = 0;
    snprintf(buf, size, "%lld.%s%s", (long long)whole, digits, suffix);
}

char *wh_duration_format(int64_t ns, char *buf, size_t size)
{
    char seconds[48];
    const char *sign = ns < 0 ? "-" : "";
    if (ns < 0)
        ns = -ns;
    if (ns == 0) {
        snprintf(buf, size, "0s");
        return buf;
    }
    if (ns < WH_NS_PER_S) {
        int64_t unit = ns < 1000 ? 1 : ns < WH_NS_PER_MS ? 1000 : WH_NS_PER_MS;
        format_fraction(seconds, sizeof(seconds), ns, unit, unit == 1 ? "ns" : unit == 1000 ? "\xc2\xb5s" : "ms");
        snprintf(buf, size, "%s%s", sign, seconds);
        return buf;
    }
    int64_t hours = ns / (3600 * WH_NS_PER_S), minutes = ns / (60 * WH_NS_PER_S) % 60;
    format_fraction(seconds, sizeof(seconds), ns % (60 * WH_NS_PER_S), WH_NS_PER_S, "s");
    if (hours)
        snprintf(buf, size, "%s%lldh%lldm%s", sign, (long long)hours, (long long)minutes, seconds);
    else if (minutes)
        snprintf(buf, size, "%s%lldm%s", sign, (long long)minutes, seconds);
    else
        snprintf(buf, size, "%s%s", sign, seconds);
    return buf;
}

char *wh_time_format(int64_t real_ns, char *buf, size_t size)
{
    time_t seconds = (time_t)(real_ns / WH_NS_PER_S);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02d.%09lldZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, (long long)(real_ns % WH_NS_PER_S));
    return buf;
}

static int64_t parse_fraction(const char **p)
{
    int64_t ns = 0, scale = 100000000;
    if (**p != '.' && **p != ',')
        return 0;
    for ((*p)++; isdigit((unsigned char)**p); (*p)++) {
        ns += (**p - '0') * scale;
        scale /= 10;
    }
    return ns;
}

static int parse_zone(const char *p, int64_t *ret_offset_s)
{
    int hours, minutes, used = 0;
    *ret_offset_s = 0;
    if (!*p || strcmp(p, "Z") == 0 || strcmp(p, "z") == 0)
        return 0;
    if ((*p != '+' && *p != '-') || sscanf(p + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || p[1 + used])
        return -1;
    *ret_offset_s = (*p == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
    return 0;
}

int wh_time_parse(const char *text, int64_t *ret_real_ns)
{
    struct tm tm = {0};
    int used = 0;
    int64_t fraction = 0, offset = 0;
    const char *p = text;
    if (sscanf(p, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) == 3) {
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        p += used;
        if (*p == 'T' || *p == 't' || *p == ' ') {
            used = 0;
            if (sscanf(p + 1, "%2d:%2d%n:%2d%n", &tm.tm_hour, &tm.tm_min, &used, &tm.tm_sec, &used) < 2)
                return -1;
            p += 1 + used;
            fraction = parse_fraction(&p);
        }
        if (parse_zone(p, &offset) < 0)
            return -1;
        int64_t ns; /* the years 1678 to 2262 fit; what lies outside is the end of that span */
        if (__builtin_mul_overflow((int64_t)timegm(&tm) - offset, WH_NS_PER_S, &ns) ||
            __builtin_add_overflow(ns, fraction, ret_real_ns))
            *ret_real_ns = tm.tm_year > 70 ? INT64_MAX : INT64_MIN;
        return 0;
    }
    if (!isdigit((unsigned char)*p))
        return -1;
    char *end;
    long long seconds = strtoll(p, &end, 10);
    p = end;
    fraction = parse_fraction(&p);
    if (*p || seconds > INT64_MAX / WH_NS_PER_S)
        return -1;
    *ret_real_ns = seconds * WH_NS_PER_S + fraction;
    return 0;
}
