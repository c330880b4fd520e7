/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON: jansson reads, we write. This is the only file that names jansson's types. */
#include "whale/codec/json.h"

#include "whale/codec/yaml.h"
#include "whale/util/file.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX_DEPTH 128

static struct wh_node *convert(struct wh_arena *a, const json_t *j, const struct wh_mark *mark, int depth);

static struct wh_node *convert_object(struct wh_arena *a, json_t *j, const struct wh_mark *mark, int depth)
{
    struct wh_node *n = wh_node_map(a, mark);
    const char *key;
    json_t *value;
    json_object_foreach(j, key, value)
    {
        struct wh_node *child = convert(a, value, mark, depth + 1);
        if (!child || wh_node_set(a, n, key, mark, child) < 0)
            return NULL;
    }
    return n;
}

static struct wh_node *convert_array(struct wh_arena *a, const json_t *j, const struct wh_mark *mark, int depth)
{
    struct wh_node *n = wh_node_seq(a, mark);
    for (size_t i = 0; i < json_array_size(j); i++) {
        struct wh_node *child = convert(a, json_array_get(j, i), mark, depth + 1);
        if (!child || wh_node_push(a, n, child) < 0)
            return NULL;
    }
    return n;
}

static struct wh_node *convert_string(struct wh_arena *a, const json_t *j, const struct wh_mark *mark)
{
    struct wh_node *n = wh_node_str(a, mark, "");
    if (!n)
        return NULL;
    n->quoted = true;
    n->text_len = json_string_length(j);
    n->text = wh_arena_strndup(a, json_string_value(j), n->text_len);
    return n->text ? n : NULL;
}

static struct wh_node *convert(struct wh_arena *a, const json_t *j, const struct wh_mark *mark, int depth)
{
    if (depth > JSON_MAX_DEPTH)
        return NULL;
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return convert_object(a, (json_t *)j, mark, depth);
    case JSON_ARRAY:
        return convert_array(a, j, mark, depth);
    case JSON_STRING:
        return convert_string(a, j, mark);
    case JSON_INTEGER:
        return wh_node_int(a, mark, json_integer_value(j));
    case JSON_REAL:
        return wh_node_float(a, mark, json_real_value(j));
    case JSON_TRUE:
    case JSON_FALSE:
        return wh_node_bool(a, mark, json_is_true(j));
    case JSON_NULL:
        break;
    }
    return wh_node_null(a, mark);
}

int wh_json_parse(struct wh_arena *a, const char *text, size_t len, const char *name, struct wh_node **ret,
                  struct wh_err *err)
{
    json_error_t problem;
    json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (!j) {
        struct wh_mark at = {.file = name,
                             .line = (uint32_t)(problem.line > 0 ? problem.line : 1),
                             .column = (uint32_t)(problem.column > 0 ? problem.column : 1)};
        wh_fail(err, WH_E_INVALID, "%s: line %u: %s", name, at.line, problem.text);
        wh_err_at(err, &at);
        return -1;
    }
    struct wh_mark mark = {.file = wh_arena_strdup(a, name)};
    struct wh_node *n = convert(a, j, &mark, 0);
    json_decref(j);
    if (!n)
        return wh_fail(err, a->failed ? ENOMEM : WH_E_LIMIT, "%s: nested deeper than %d levels", name, JSON_MAX_DEPTH);
    *ret = n;
    return 0;
}

int wh_json_load(struct wh_arena *a, const char *path, size_t max, struct wh_node **ret, struct wh_err *err)
{
    wh_auto_str text = {0};
    if (wh_file_read(path, max, &text, err) < 0)
        return -1;
    return wh_json_parse(a, wh_str_c(&text), text.len, path, ret, err);
}

static void quote_ascii(struct wh_str *out, unsigned char c, bool html_escape)
{
    static const char short_escapes[] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'};
    if (c < sizeof(short_escapes) && short_escapes[c])
        wh_str_fmt(out, "\\%c", short_escapes[c]);
    else if (c < 0x20 || c == 0x7f || (html_escape && (c == '<' || c == '>' || c == '&')))
        wh_str_fmt(out, "\\u%04x", c);
    else
        wh_str_addc(out, (char)c);
}

void wh_json_quote(struct wh_str *out, const char *text, size_t len, bool html_escape)
{
    const unsigned char *p = (const unsigned char *)text;
    wh_str_addc(out, '"');
    for (size_t i = 0; i < len;) {
        size_t plain = i;
        while (plain < len && p[plain] >= 0x20 && p[plain] < 0x7f && p[plain] != '"' && p[plain] != '\\' &&
               !(html_escape && (p[plain] == '<' || p[plain] == '>' || p[plain] == '&')))
            plain++;
        wh_str_addn(out, text + i, plain - i);
        i = plain;
        if (i == len)
            break;
        size_t n = wh_utf8_len(text + i, len - i);
        if (n == 1)
            quote_ascii(out, p[i], html_escape);
        else if (html_escape && n == 3 &&
                 (memcmp(p + i, "\xe2\x80\xa8", 3) == 0 || memcmp(p + i, "\xe2\x80\xa9", 3) == 0))
            wh_str_fmt(out, "\\u20%02x", p[i + 2] - 0x80);
        else if (n)
            wh_str_addn(out, text + i, n);
        else
            wh_str_add(out, "\xef\xbf\xbd");
        i += n ? n : 1;
    }
    wh_str_addc(out, '"');
}

static void indent(struct wh_str *out, enum wh_json_style style, int depth)
{
    if (!(style & WH_JSON_PRETTY))
        return;
    wh_str_addc(out, '\n');
    for (int i = 0; i < depth; i++)
        wh_str_add(out, style & WH_JSON_WIDE ? "    " : "  ");
}

/* The shortest text that reads back as the same number; with an exponent only where Go has one. */
static void write_real(double value, struct wh_str *out)
{
    char text[48] = "null";
    int digits = 1;
    for (; isfinite(value) && digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value)
            break;
    }
    const char *e = strchr(text, 'e');
    int exponent = e ? (int)strtol(e + 1, NULL, 10) : 0, decimals = digits - 1 - exponent;
    if (e && decimals < 0 && exponent < 21) /* the digits that do not matter are zeros */
        wh_str_fmt(out, "%.*s%.*s%0*d", 1 + (value < 0), text, digits - 1, text + 2 + (value < 0), -decimals, 0);
    else if (e && exponent >= -6 && exponent < 21)
        wh_str_fmt(out, "%.*f", decimals, value);
    else
        wh_str_add(out, text);
}

static void write_node(const struct wh_node *n, enum wh_json_style style, int depth, struct wh_str *out)
{
    uint64_t big;
    switch (n->kind) {
    case WH_NODE_NULL:
        wh_str_add(out, "null");
        break;
    case WH_NODE_BOOL:
        wh_str_add(out, n->boolean ? "true" : "false");
        break;
    case WH_NODE_INT:
        wh_str_fmt(out, "%lld", (long long)n->integer);
        break;
    case WH_NODE_FLOAT:
        if (wh_yaml_unsigned(n, &big))
            wh_str_fmt(out, "%llu", (unsigned long long)big);
        else
            write_real(n->real, out);
        break;
    case WH_NODE_STR:
        wh_json_quote(out, n->text, n->text_len, style & WH_JSON_HTML);
        break;
    case WH_NODE_SEQ:
        wh_str_addc(out, '[');
        for (size_t i = 0; i < n->seq.len; i++) {
            if (i)
                wh_str_addc(out, ',');
            indent(out, style, depth + 1);
            write_node(n->seq.items[i], style, depth + 1, out);
        }
        if (n->seq.len)
            indent(out, style, depth);
        wh_str_addc(out, ']');
        break;
    case WH_NODE_MAP:
        wh_str_addc(out, '{');
        for (size_t i = 0; i < n->map.len; i++) {
            if (i)
                wh_str_addc(out, ',');
            indent(out, style, depth + 1);
            wh_json_quote(out, n->map.pairs[i].key, strlen(n->map.pairs[i].key), style & WH_JSON_HTML);
            wh_str_add(out, style & WH_JSON_PRETTY ? ": " : ":");
            write_node(n->map.pairs[i].value, style, depth + 1, out);
        }
        if (n->map.len)
            indent(out, style, depth);
        wh_str_addc(out, '}');
        break;
    }
}

int wh_json_write(const struct wh_node *n, enum wh_json_style style, struct wh_str *out)
{
    write_node(n, style, 0, out);
    return out->failed ? -1 : 0;
}
