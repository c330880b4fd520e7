/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plain scalar means, and how a typed scalar is printed where text is wanted. The rules are those of go-yaml
 * (core schema, legacy octals, dates) and of Go's %v, because users compare our output with docker compose's.
 */
#include "whale/codec/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer texts are never numbers in practice; the bound keeps the copies on the stack. */
#define NUMBER_MAX 400

struct word {
    const char *text;
    enum wh_node_kind kind;
    double value;
};

static const struct word words[] = {
    {"~", WH_NODE_NULL, 0},
    {"null", WH_NODE_NULL, 0},
    {"Null", WH_NODE_NULL, 0},
    {"NULL", WH_NODE_NULL, 0},
    {"true", WH_NODE_BOOL, 1},
    {"True", WH_NODE_BOOL, 1},
    {"TRUE", WH_NODE_BOOL, 1},
    {"false", WH_NODE_BOOL, 0},
    {"False", WH_NODE_BOOL, 0},
    {"FALSE", WH_NODE_BOOL, 0},
    {"-0", WH_NODE_FLOAT, -0.0},
    {"-0.0", WH_NODE_FLOAT, -0.0},
    {".inf", WH_NODE_FLOAT, HUGE_VAL},
    {".Inf", WH_NODE_FLOAT, HUGE_VAL},
    {".INF", WH_NODE_FLOAT, HUGE_VAL},
    {"+.inf", WH_NODE_FLOAT, HUGE_VAL},
    {"+.Inf", WH_NODE_FLOAT, HUGE_VAL},
    {"+.INF", WH_NODE_FLOAT, HUGE_VAL},
    {"-.inf", WH_NODE_FLOAT, -HUGE_VAL},
    {"-.Inf", WH_NODE_FLOAT, -HUGE_VAL},
    {"-.INF", WH_NODE_FLOAT, -HUGE_VAL},
    {".nan", WH_NODE_FLOAT, NAN},
    {".NaN", WH_NODE_FLOAT, NAN},
    {".NAN", WH_NODE_FLOAT, NAN},
};

static bool resolve_word(struct wh_node *n)
{
    if (n->text_len > 5)
        return false;
    for (size_t i = 0; i < WH_ARRAY_LEN(words); i++) {
        if (n->text[0] != words[i].text[0] || strcmp(n->text, words[i].text) != 0)
            continue;
        n->kind = words[i].kind;
        if (n->kind == WH_NODE_BOOL)
            n->boolean = words[i].value != 0;
        else if (n->kind == WH_NODE_FLOAT)
            n->real = words[i].value;
        return true;
    }
    return false;
}

/* Two-letter prefixes choose the base, a lone leading zero means octal. Returns the digits' start. */
static const char *number_base(const char *digits, int *ret_base)
{
    static const struct {
        char letter;
        int base;
    } prefixes[] = {{'x', 16}, {'b', 2}, {'o', 8}};
    *ret_base = 10;
    if (digits[0] != '0' || !digits[1])
        return digits;
    for (size_t i = 0; i < WH_ARRAY_LEN(prefixes); i++)
        if (tolower((unsigned char)digits[1]) == prefixes[i].letter) {
            *ret_base = prefixes[i].base;
            return digits + 2;
        }
    *ret_base = 8;
    return digits + 1;
}

/* 0: an int64; 1: an unsigned one that does not fit; -1: no integer. */
static int parse_integer(const char *plain, int64_t *ret, uint64_t *ret_unsigned)
{
    bool negative = plain[0] == '-';
    const char *digits = plain + (plain[0] == '-' || plain[0] == '+');
    int base;
    digits = number_base(digits, &base);
    if (!isxdigit((unsigned char)*digits))
        return -1;
    char *end;
    errno = 0;
    unsigned long long v = strtoull(digits, &end, base);
    if (*end || end == digits || errno)
        return -1;
    if (negative ? v > (uint64_t)INT64_MAX + 1 : v > INT64_MAX) {
        *ret_unsigned = v;
        return negative ? -1 : 1;
    }
    *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
    return 0;
}

static const char *skip_digits(const char *p)
{
    while (isdigit((unsigned char)*p))
        p++;
    return p;
}

/* [-+]?(.d+|d+(.d*)?)([eE][-+]?d+)? */
static bool is_float_text(const char *p)
{
    p += *p == '-' || *p == '+';
    const char *whole = skip_digits(p), *after = whole;
    if (*whole == '.') {
        after = skip_digits(whole + 1);
        if (whole == p && after == whole + 1)
            return false;
    } else if (whole == p) {
        return false;
    }
    if (*after == 'e' || *after == 'E') {
        after++;
        after += *after == '-' || *after == '+';
        const char *end = skip_digits(after);
        if (end == after)
            return false;
        after = end;
    }
    return *after == '\0';
}

/* A text beyond the range of a double is no number. One too small for it is zero. */
static bool resolve_float(struct wh_node *n, const char *text)
{
    double value = strtod(text, NULL);
    if (!is_float_text(text) || isinf(value))
        return false;
    n->kind = WH_NODE_FLOAT;
    n->real = value;
    return true;
}

/* The text without underscores; false when it is too long. */
static bool plain_digits(const struct wh_node *n, char plain[static NUMBER_MAX])
{
    if (n->text_len >= NUMBER_MAX)
        return false;
    for (const char *p = n->text; *p; p++)
        if (*p != '_')
            *plain++ = *p;
    *plain = '\0';
    return true;
}

static bool resolve_number(struct wh_node *n)
{
    char plain[NUMBER_MAX];
    if (!plain_digits(n, plain))
        return false;
    int64_t integer;
    uint64_t big = 0;
    int rc = parse_integer(plain, &integer, &big);
    if (rc == 0) {
        n->kind = WH_NODE_INT;
        n->integer = integer;
        return true;
    }
    if (rc < 0)
        return resolve_float(n, plain);
    n->kind = WH_NODE_FLOAT;
    n->real = (double)big;
    return true;
}

struct time_parts {
    int year, month, day, hour, minute, second;
    char fraction[10]; /* without trailing zeros */
    int zone_minutes;
    bool utc;
};

/* One or two digits, and the character that must follow them ('\0' = anything). */
static bool take_two(const char **p, char after, int *ret)
{
    if (!isdigit((unsigned char)**p))
        return false;
    *ret = *(*p)++ - '0';
    if (isdigit((unsigned char)**p))
        *ret = *ret * 10 + (*(*p)++ - '0');
    if (!after)
        return true;
    return *(*p)++ == after;
}

static bool take_fraction(const char **p, struct time_parts *t)
{
    if (**p != '.')
        return true;
    const char *start = ++*p;
    *p = skip_digits(start);
    size_t len = (size_t)(*p - start);
    if (len == 0 || len > 9)
        return false;
    memcpy(t->fraction, start, len);
    while (len && t->fraction[len - 1] == '0')
        len--;
    t->fraction[len] = '\0';
    return true;
}

static bool take_zone(const char **p, struct time_parts *t)
{
    if (**p == 'Z') {
        ++*p;
        return true;
    }
    int sign = **p == '-' ? -1 : 1, hours, minutes;
    if (**p != '+' && **p != '-')
        return false;
    ++*p;
    if (!isdigit((unsigned char)(*p)[0]) || !isdigit((unsigned char)(*p)[1]) || !take_two(p, ':', &hours) ||
        !isdigit((unsigned char)(*p)[0]) || !isdigit((unsigned char)(*p)[1]) || !take_two(p, '\0', &minutes))
        return false;
    t->zone_minutes = sign * (hours * 60 + minutes);
    t->utc = t->zone_minutes == 0;
    return hours < 24 && minutes < 60;
}

static bool valid_date(const struct time_parts *t)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (t->month < 1 || t->month > 12 || t->day < 1 || t->day > days[t->month - 1])
        return false;
    bool leap = (t->year % 4 == 0 && t->year % 100 != 0) || t->year % 400 == 0;
    return t->month != 2 || t->day < 29 || leap;
}

/* YYYY-M-D, and optionally [Tt]h:m:s[.f]zone or " h:m:s[.f]" (then UTC). */
static bool parse_time(const char *text, struct time_parts *t)
{
    *t = (struct time_parts){.utc = true};
    const char *p = text;
    for (int i = 0; i < 4; i++, p++) {
        if (!isdigit((unsigned char)*p))
            return false;
        t->year = t->year * 10 + (*p - '0');
    }
    if (*p++ != '-' || !take_two(&p, '-', &t->month) || !take_two(&p, '\0', &t->day) || !valid_date(t))
        return false;
    if (!*p)
        return true;
    char separator = *p++;
    if (!strchr("Tt ", separator) || !take_two(&p, ':', &t->hour) || !take_two(&p, ':', &t->minute) ||
        !take_two(&p, '\0', &t->second) || !take_fraction(&p, t))
        return false;
    if (t->hour > 23 || t->minute > 59 || t->second > 59)
        return false;
    if (separator != ' ' && !take_zone(&p, t))
        return false;
    return *p == '\0';
}

void wh_yaml_resolve_plain(struct wh_node *n)
{
    n->kind = WH_NODE_STR;
    n->is_time = false;
    unsigned char first = (unsigned char)n->text[0];
    if (!first) {
        n->kind = WH_NODE_NULL;
        return;
    }
    if (isdigit(first) || first == '-' || first == '+') {
        struct time_parts t;
        if (isdigit(first) && n->text_len > 4 && n->text[4] == '-' && parse_time(n->text, &t))
            n->is_time = true;
        else if (!resolve_word(n))
            resolve_number(n);
        return;
    }
    if (!resolve_word(n) && first == '.' && !strchr(n->text, '_'))
        resolve_float(n, n->text);
}

/* The fewest digits that read back as the same number, as "d.ddde+XX" parts. */
static int shortest_digits(double v, char *digits, int *ret_exponent)
{
    char text[48];
    for (int precision = 0; precision < 17; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, v);
        if (strtod(text, NULL) == v)
            break;
    }
    int n = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (isdigit((unsigned char)*p))
            digits[n++] = *p;
    *ret_exponent = (int)strtol(p + 1, NULL, 10);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return n;
}

/* Go's %v of a float64: the fewest digits, in exponent form below 1e-4 and from 1e6. */
static const char *float_text(struct wh_arena *a, double v)
{
    if (isnan(v))
        return "NaN";
    if (isinf(v))
        return v < 0 ? "-Inf" : "+Inf";
    if (v == 0)
        return signbit(v) ? "-0" : "0";
    char digits[32];
    int exponent, n = shortest_digits(fabs(v), digits, &exponent);
    const char *sign = v < 0 ? "-" : "";
    if (exponent < -4 || exponent >= 6)
        return wh_arena_fmt(a, "%s%c%s%se%c%02d", sign, digits[0], n > 1 ? "." : "", digits + 1,
                            exponent < 0 ? '-' : '+', abs(exponent));
    return wh_arena_fmt(a, "%s%.*f", sign, n - 1 - exponent > 0 ? n - 1 - exponent : 0, fabs(v));
}

static const char *time_text(struct wh_arena *a, const struct wh_node *n)
{
    struct time_parts t;
    if (!parse_time(n->text, &t))
        return n->text;
    int zone = abs(t.zone_minutes);
    char offset[8];
    snprintf(offset, sizeof(offset), "%c%02d%02d", t.zone_minutes < 0 ? '-' : '+', zone / 60 % 100, zone % 60);
    return wh_arena_fmt(a, "%04d-%02d-%02d %02d:%02d:%02d%s%s %s %s", t.year, t.month, t.day, t.hour, t.minute,
                        t.second, t.fraction[0] ? "." : "", t.fraction, offset, t.utc ? "UTC" : offset);
}

const char *wh_yaml_time_text(struct wh_arena *a, const struct wh_node *n)
{
    struct time_parts t;
    if (!parse_time(n->text, &t))
        return n->text;
    int zone = abs(t.zone_minutes);
    char offset[8] = "Z";
    if (!t.utc)
        snprintf(offset, sizeof(offset), "%c%02d:%02d", t.zone_minutes < 0 ? '-' : '+', zone / 60 % 100, zone % 60);
    return wh_arena_fmt(a, "%04d-%02d-%02dT%02d:%02d:%02d%s%s%s", t.year, t.month, t.day, t.hour, t.minute, t.second,
                        t.fraction[0] ? "." : "", t.fraction, offset);
}

bool wh_yaml_unsigned(const struct wh_node *n, uint64_t *ret)
{
    char plain[NUMBER_MAX];
    int64_t integer;
    return n->kind == WH_NODE_FLOAT && n->text_len && n->real >= 9223372036854775808.0 &&
           n->real <= 18446744073709551616.0 && plain_digits(n, plain) && parse_integer(plain, &integer, ret) > 0;
}

const char *wh_yaml_scalar_text(struct wh_arena *a, const struct wh_node *n)
{
    uint64_t big = 0;
    switch (n->kind) {
    case WH_NODE_NULL:
        return "";
    case WH_NODE_BOOL:
        return n->boolean ? "true" : "false";
    case WH_NODE_INT:
        return wh_arena_fmt(a, "%lld", (long long)n->integer);
    case WH_NODE_FLOAT:
        return wh_yaml_unsigned(n, &big) ? wh_arena_fmt(a, "%llu", (unsigned long long)big) : float_text(a, n->real);
    default:
        return n->is_time ? time_text(a, n) : n->text;
    }
}
