/* SPDX-License-Identifier: GPL-2.0-or-later */
/* printf of templates: the verbs of Go's fmt for strings, numbers and booleans, with its notes on mistakes. */
#include "tmpl_internal.h"

#include "whale/codec/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WIDTH_MAX 4096

struct spec {
    bool minus, plus, zero, space, alternate;
    int width, precision; /* -1 = not given */
    char verb;
};

static int read_count(const char **at)
{
    int n = 0;
    while (isdigit((unsigned char)**at)) {
        n = n * 10 + (**at - '0');
        n = n > WIDTH_MAX ? WIDTH_MAX : n;
        (*at)++;
    }
    return n;
}

static struct spec read_spec(const char **at)
{
    struct spec s = {.width = 0, .precision = -1};
    for (; **at && strchr("-+0 #", **at); (*at)++) {
        s.minus |= **at == '-';
        s.plus |= **at == '+';
        s.zero |= **at == '0';
        s.space |= **at == ' ';
        s.alternate |= **at == '#';
    }
    s.width = read_count(at);
    if (**at == '.') {
        (*at)++;
        s.precision = read_count(at);
    }
    s.verb = **at;
    if (s.verb)
        (*at)++;
    return s;
}

static size_t count_characters(const char *s, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

static void add_padded(const struct spec *s, const char *text, size_t len, struct wh_str *out)
{
    size_t cells = count_characters(text, len);
    int pad = (size_t)s->width > cells ? s->width - (int)cells : 0;
    bool zero = s->zero && !s->minus;
    if (!s->minus)
        for (int i = 0; i < pad; i++)
            wh_str_addc(out, zero ? '0' : ' ');
    wh_str_addn(out, text, len);
    if (s->minus)
        wh_str_fmt(out, "%*s", pad, "");
}

static void format_text(const struct spec *s, const char *text, struct wh_str *out)
{
    wh_auto_str done = {0};
    size_t len = strlen(text);
    if (s->precision >= 0)
        for (size_t i = 0, n = 0; i < len; i++)
            if (((unsigned char)text[i] & 0xC0) != 0x80 && n++ == (size_t)s->precision)
                len = i;
    if (s->verb == 'q') {
        wh_json_quote(&done, text, len, false);
    } else if (s->verb == 'x' || s->verb == 'X') {
        for (size_t i = 0; i < len; i++)
            wh_str_fmt(&done, s->verb == 'x' ? "%02x" : "%02X", (unsigned char)text[i]);
    } else {
        wh_str_addn(&done, text, len);
    }
    add_padded(s, wh_str_c(&done), done.len, out);
}

static void format_int(const struct spec *s, long long value, struct wh_str *out)
{
    char buf[96];
    unsigned long long magnitude = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
    const char *sign = value < 0 ? "-" : s->plus ? "+" : s->space ? " " : "";
    int zeros = s->zero && !s->minus ? (s->width > 64 ? 64 : s->width) - (int)strlen(sign) : 1;
    int digits = s->precision >= 0 ? (s->precision > 64 ? 64 : s->precision) : zeros < 1 ? 1 : zeros;
    if (s->verb == 'x')
        snprintf(buf, sizeof(buf), "%s%s%.*llx", sign, s->alternate ? "0x" : "", digits, magnitude);
    else if (s->verb == 'X')
        snprintf(buf, sizeof(buf), "%s%s%.*llX", sign, s->alternate ? "0X" : "", digits, magnitude);
    else if (s->verb == 'o')
        snprintf(buf, sizeof(buf), "%s%.*llo", sign, digits, magnitude);
    else if (s->verb == 'c' && value > 0 && value < 128)
        snprintf(buf, sizeof(buf), "%c", (char)value);
    else
        snprintf(buf, sizeof(buf), "%s%.*llu", sign, digits, magnitude);
    struct spec blanks = *s;
    blanks.zero = false;
    add_padded(&blanks, buf, strlen(buf), out);
}

static void format_float(const struct spec *s, double value, struct wh_str *out)
{
    char buf[512];
    int precision = s->precision < 0 ? 6 : s->precision > 64 ? 64 : s->precision;
    if (s->verb == 'f' || s->verb == 'F')
        snprintf(buf, sizeof(buf), "%.*f", precision, value);
    else if (s->verb == 'e')
        snprintf(buf, sizeof(buf), "%.*e", precision, value);
    else
        snprintf(buf, sizeof(buf), "%.*g", s->precision < 0 ? 15 : precision, value);
    add_padded(s, buf, strlen(buf), out);
}

static const char *go_type(const struct wh_node *v)
{
    static const char *const names[] = {[WH_NODE_NULL] = "<nil>",
                                        [WH_NODE_BOOL] = "bool",
                                        [WH_NODE_INT] = "int",
                                        [WH_NODE_STR] = "string",
                                        [WH_NODE_FLOAT] = "float64",
                                        [WH_NODE_SEQ] = "[]interface {}",
                                        [WH_NODE_MAP] = "map[string]interface {}"};
    return v ? names[v->kind] : "<nil>";
}

/* A verb that does not fit the value, in fmt's words: %!d(string=abc). */
static void format_mistake(const struct spec *s, const struct wh_node *v, struct wh_str *out)
{
    wh_str_fmt(out, "%%!%c(%s", s->verb, go_type(v));
    if (v && v->kind != WH_NODE_NULL) {
        wh_str_addc(out, '=');
        wh_tmpl_print(v, out);
    }
    wh_str_addc(out, ')');
}

static void format_value(const struct spec *s, const struct wh_node *v, struct wh_str *out)
{
    wh_auto_str text = {0};
    bool is_text = v && v->kind == WH_NODE_STR, is_int = v && v->kind == WH_NODE_INT;
    bool is_composite = v && !wh_node_is_scalar(v);
    bool as_is = s->verb == 'v' || (s->verb == 's' && is_composite) || (s->verb == 't' && v && v->kind == WH_NODE_BOOL);
    if (s->verb == 'T') {
        add_padded(s, go_type(v), strlen(go_type(v)), out);
    } else if (as_is && !is_text) {
        wh_tmpl_print(v, &text);
        add_padded(s, wh_str_c(&text), text.len, out);
    } else if (is_text && strchr("svqxX", s->verb)) {
        format_text(s, v->text, out);
    } else if (is_int && strchr("dxXoc", s->verb)) {
        format_int(s, v->integer, out);
    } else if (v && v->kind == WH_NODE_FLOAT && strchr("feFgG", s->verb)) {
        format_float(s, v->real, out);
    } else {
        format_mistake(s, v, out);
    }
}

void wh_tmpl_format(const char *format, const struct wh_node *const *args, size_t n, struct wh_str *out)
{
    size_t used = 0;
    for (const char *at = format; *at;) {
        if (*at != '%') {
            wh_str_addc(out, *at++);
            continue;
        }
        at++;
        struct spec s = read_spec(&at);
        if (s.verb == '%')
            wh_str_addc(out, '%');
        else if (s.verb == '\0')
            wh_str_add(out, "%!(NOVERB)");
        else if (used < n)
            format_value(&s, args[used++], out);
        else
            wh_str_fmt(out, "%%!%c(MISSING)", s.verb);
    }
    for (size_t i = used; i < n; i++) {
        wh_str_fmt(out, "%s%s=", i == used ? "%!(EXTRA " : ", ", go_type(args[i]));
        wh_tmpl_print(args[i], out);
    }
    if (used < n)
        wh_str_addc(out, ')');
}
