/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives every attribute its canonical value, in place: sizes in bytes, durations as Go writes them, lists instead of
 * single strings, maps instead of K=V lists; zero values disappear where docker compose leaves them out.
 */
#include "passes.h"

#include "whale/codec/yaml.h"
#include "whale/util/size.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct wh_node *convert(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                               struct wh_node *n);

struct wh_diag *wh_convert_fail(struct wh_convert *c, const struct wh_path *path, const struct wh_node *n,
                                const char *text)
{
    c->n_errors++;
    struct wh_diag *d =
        wh_diag_error(c->l->diags, &n->mark, "%s: %s", wh_path_text(c->l->arena, path, WH_PATH_INDEX), text);
    if (n->overrode && n->overrode->file)
        wh_diag_place(c->l->diags, d, n->overrode, "replaces the value at");
    return d;
}

static struct wh_node *text_value(struct wh_convert *c, const struct wh_node *n, const char *text)
{
    struct wh_node *made = wh_node_str(c->l->arena, &n->mark, text);
    if (made)
        made->overrode = n->overrode;
    return made;
}

/* ---- numbers ---- */

/* Which values docker compose prints. */
enum bool_print { PRINT_TRUE, PRINT_FALSE, PRINT_BOTH };

static struct wh_node *convert_bool(struct wh_convert *c, const struct wh_path *path, struct wh_node *n,
                                    enum bool_print print)
{
    bool value = false;
    if (n->kind == WH_NODE_BOOL) {
        value = n->boolean;
    } else if (!n->text || wh_compose_read_bool(c->l, n, &value) < 0) { /* interpolation does not read all of them */
        struct wh_diag *d =
            wh_convert_fail(c, path, n, wh_arena_fmt(c->l->arena, "invalid boolean: %s", n->text ? n->text : ""));
        wh_diag_hint(c->l->diags, d, "write true or false");
        return NULL;
    } else {
        n = wh_node_bool(c->l->arena, &n->mark, value);
    }
    return print == PRINT_BOTH || value == (print == PRINT_TRUE) ? n : NULL;
}

/* A number that does not fit loses its upper bits, one beyond 64 bits all but the sign; docker compose says nothing. */
static int64_t take_large(const struct wh_node *n)
{
    uint64_t bits;
    int64_t value;
    if (wh_yaml_unsigned(n, &bits))
        return (int64_t)bits;
    return wh_int_of_real(n->real, &value) == 0 ? value : INT64_MIN;
}

static int read_int(struct wh_convert *c, const struct wh_path *path, const struct wh_node *n, int64_t *ret)
{
    if (n->kind == WH_NODE_INT)
        *ret = n->integer;
    else if (n->kind == WH_NODE_FLOAT)
        *ret = take_large(n);
    else if (wh_int_parse(n->text, INT64_MIN, INT64_MAX, ret) < 0) {
        wh_convert_fail(c, path, n, wh_arena_fmt(c->l->arena, "parsing \"%s\": invalid syntax", n->text));
        return -1;
    }
    return 0;
}

static void warn_large(struct wh_convert *c, const struct wh_path *path, const struct wh_node *n, int64_t value)
{
    wh_diag_warn(c->l->diags, &n->mark, "%s: %s does not fit, it is read as %lld",
                 wh_path_text(c->l->arena, path, WH_PATH_INDEX), n->text, (long long)value);
}

static struct wh_node *convert_signed(struct wh_convert *c, const struct wh_path *path, struct wh_node *n,
                                      bool keep_zero)
{
    int64_t value;
    if (read_int(c, path, n, &value) < 0)
        return NULL;
    if (n->kind == WH_NODE_FLOAT && (double)value != trunc(n->real))
        warn_large(c, path, n, value);
    if (!value && !keep_zero)
        return NULL;
    return n->kind == WH_NODE_INT ? n : wh_node_int(c->l->arena, &n->mark, value);
}

/* Of uint16, uint32 or uint64. */
static struct wh_node *convert_natural(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                                       struct wh_node *n)
{
    int64_t value, fits;
    if (read_int(c, path, n, &value) < 0)
        return NULL;
    if (n->kind == WH_NODE_FLOAT ? n->real < 0 : value < 0) {
        const char *text = n->kind == WH_NODE_FLOAT ? wh_arena_fmt(c->l->arena, "%f", n->real)
                                                    : wh_arena_fmt(c->l->arena, "%lld", (long long)value);
        wh_convert_fail(
            c, path, n,
            wh_arena_fmt(c->l->arena, "cannot parse value as 'uint%u': %s overflows uint", t->natural, text));
        return NULL;
    }
    fits = t->natural < 64 ? value & ((INT64_C(1) << t->natural) - 1) : value;
    if (fits < 0) { /* fits uint64, but not the model */
        wh_convert_fail(c, path, n, wh_arena_fmt(c->l->arena, "\"%s\" is out of range", n->text));
        return NULL;
    }
    if (fits != value)
        warn_large(c, path, n, fits);
    if (!fits && t->form != WH_FORM_OPT_INT)
        return NULL;
    return wh_node_int(c->l->arena, &n->mark, fits);
}

static struct wh_node *convert_number(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                                      struct wh_node *n)
{
    if (t->natural)
        return convert_natural(c, path, t, n);
    return convert_signed(c, path, n, t->form == WH_FORM_OPT_INT);
}

/* Fractions and large numbers are refused where a number is only another way to write a whole number or a text. */
static struct wh_node *refuse_real(struct wh_convert *c, const struct wh_path *path, const struct wh_node *n,
                                   const char *before, const char *after)
{
    const char *text = wh_arena_fmt(c->l->arena, "%s%s%s", before, wh_compose_type_name(n), after);
    struct wh_diag *d = wh_convert_fail(c, path, n, text);
    wh_diag_hint(c->l->diags, d, "write a whole number");
    return NULL;
}

static struct wh_node *convert_real(struct wh_convert *c, const struct wh_path *path, struct wh_node *n)
{
    char text[40];
    float value = n->kind == WH_NODE_INT ? (float)n->integer : (float)n->real;
    if (n->kind == WH_NODE_STR) {
        double real = 0;
        if (wh_real_parse(n->text, &real) < 0) {
            wh_convert_fail(c, path, n, wh_arena_fmt(c->l->arena, "parsing \"%s\": invalid syntax", n->text));
            return NULL;
        }
        value = (float)real;
    }
    if (!isfinite(value)) {
        wh_convert_fail(c, path, n, "the number is too large");
        return NULL;
    }
    if (value == 0)
        return NULL;
    for (int digits = 1; digits <= 9; digits++) { /* the shortest text that reads back as this 32-bit value */
        snprintf(text, sizeof(text), "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    struct wh_node *made = wh_node_float(c->l->arena, &n->mark, strtod(text, NULL));
    if (made)
        made->overrode = n->overrode;
    return made;
}

/* The number ends at the last digit, dot or blank; what stands behind it is the unit. */
static const char *size_fault(struct wh_arena *a, const char *text)
{
    const char *last = NULL;
    for (const char *p = text; *p; p++)
        if (strchr("0123456789. ", *p))
            last = p;
    if (!last)
        return wh_arena_fmt(a, "invalid size: '%s'", text);
    double value;
    char *number = wh_arena_strndup(a, text, (size_t)(last - text) + (*last != ' '));
    char *suffix = wh_arena_strdup(a, last + 1);
    for (char *p = suffix; p && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    if (!number || !suffix)
        return "out of memory";
    if (wh_real_parse(number, &value) < 0)
        return wh_arena_fmt(a, "strconv.ParseFloat: parsing \"%s\": invalid syntax", number);
    if (value < 0)
        return wh_arena_fmt(a, "invalid size: '%s'", text);
    return wh_arena_fmt(a, "invalid suffix: '%s'", suffix);
}

static struct wh_node *convert_bytes(struct wh_convert *c, const struct wh_path *path, struct wh_node *n)
{
    int64_t value = 0;
    if (n->kind == WH_NODE_FLOAT) {
        wh_diag_warn(c->l->diags, &n->mark, "%s is ignored: it is no whole number of bytes, or too large",
                     wh_path_text(c->l->arena, path, WH_PATH_INDEX));
        return NULL;
    }
    if (n->kind == WH_NODE_INT)
        value = n->integer;
    else if (wh_int_parse(n->text, INT64_MIN, INT64_MAX, &value) < 0 &&
             (n->text[0] == '-' || wh_size_parse(n->text, &value) < 0)) {
        struct wh_diag *d = wh_convert_fail(c, path, n, size_fault(c->l->arena, n->text));
        wh_diag_hint(c->l->diags, d, "sizes are written like 64m, 1g or 512kb");
        return NULL;
    }
    return value ? text_value(c, n, wh_arena_fmt(c->l->arena, "%lld", (long long)value)) : NULL;
}

/* ---- durations and modes ---- */

static const char *duration_fault(struct wh_arena *a, const char *text)
{
    const char *p = text + strspn(text, "+-");
    for (;;) {
        size_t digits = strspn(p, "0123456789.");
        if (digits == strspn(p, "."))
            return wh_arena_fmt(a, "time: invalid duration \"%s\"", text);
        p += digits;
        if (!*p)
            return wh_arena_fmt(a, "time: missing unit in duration \"%s\"", text);
        size_t unit = strcspn(p, "0123456789.");
        char one[64];
        snprintf(one, sizeof(one), "1%.*s", (int)(unit > 32 ? 32 : unit), p);
        int64_t ignored;
        if (wh_duration_parse(one, &ignored) < 0)
            return wh_arena_fmt(a, "time: unknown unit \"%.*s\" in duration \"%s\"", (int)unit, p, text);
        p += unit;
        if (!*p)
            return wh_arena_fmt(a, "time: invalid duration \"%s\"", text);
    }
}

static struct wh_node *convert_duration(struct wh_convert *c, const struct wh_path *path, struct wh_node *n,
                                        enum wh_form form)
{
    int64_t ns;
    char text[48];
    if (form == WH_FORM_LAX_DURATION && wh_duration_parse(n->text, &ns) < 0) {
        wh_diag_warn(c->l->diags, &n->mark, "%s is ignored: %s", wh_path_text(c->l->arena, path, WH_PATH_INDEX),
                     duration_fault(c->l->arena, n->text));
        return NULL;
    }
    if (wh_duration_parse(n->text, &ns) < 0) {
        struct wh_diag *d = wh_convert_fail(c, path, n, duration_fault(c->l->arena, n->text));
        wh_diag_hint(c->l->diags, d, "durations are written like 30s, 1m30s or 2h");
        return NULL;
    }
    if (ns == 0 && form != WH_FORM_OPT_DURATION)
        return NULL;
    return text_value(c, n, wh_duration_format(ns, text, sizeof(text)));
}

/* mode: 440 is decimal: what was probably meant has a leading zero. */
static void warn_decimal_mode(struct wh_convert *c, const struct wh_path *path, const struct wh_node *n)
{
    size_t len = n->text ? strlen(n->text) : 0;
    if (n->kind != WH_NODE_INT || len < 3 || n->text[0] == '0' || strspn(n->text, "01234567") != len)
        return;
    struct wh_diag *d = wh_diag_warn(c->l->diags, &n->mark, "%s: %s is a decimal number, octal 0%llo",
                                     wh_path_text(c->l->arena, path, WH_PATH_INDEX), n->text, (long long)n->integer);
    wh_diag_hint(c->l->diags, d, "write 0%s", n->text);
}

static struct wh_node *convert_mode(struct wh_convert *c, const struct wh_path *path, struct wh_node *n)
{
    char *end;
    if (n->kind == WH_NODE_FLOAT)
        return refuse_real(c, path, n, "unexpected value type ", " for mode");
    long long value = n->kind == WH_NODE_INT ? n->integer : 0;
    warn_decimal_mode(c, path, n);
    if (n->kind == WH_NODE_STR) {
        errno = 0;
        value = strtoll(n->text, &end, 8);
        if (errno || *end || end == n->text) {
            wh_convert_fail(c, path, n,
                            wh_arena_fmt(c->l->arena, "strconv.ParseInt: parsing \"%s\": invalid syntax", n->text));
            return NULL;
        }
    }
    unsigned long long digits = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
    return text_value(c, n, wh_arena_fmt(c->l->arena, "0%s%llo", value < 0 ? "-" : "", digits));
}

static struct wh_node *convert_weight(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                                      struct wh_node *n)
{
    if (n->kind != WH_NODE_STR)
        return convert_number(c, path, t, n);
    struct wh_diag *d = wh_convert_fail(c, path, n, "expected type 'uint16', got unconvertible type 'string'");
    wh_diag_hint(c->l->diags, d, "write the number without quotes");
    return NULL;
}

static struct wh_node *convert_plain_mode(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                                          struct wh_node *n)
{
    if (n->kind != WH_NODE_STR) {
        warn_decimal_mode(c, path, n);
        return convert_number(c, path, t, n);
    }
    struct wh_diag *d = wh_convert_fail(c, path, n, "expected type 'uint32', got unconvertible type 'string'");
    wh_diag_hint(c->l->diags, d, "write the octal number without quotes: 0o%s", n->text + strspn(n->text, "0o"));
    return NULL;
}

static struct wh_node *convert_count(struct wh_convert *c, const struct wh_path *path, struct wh_node *n)
{
    int64_t value = n->kind == WH_NODE_INT ? n->integer : -1;
    if (n->kind == WH_NODE_FLOAT)
        return refuse_real(c, path, n, "invalid type ", " for device count");
    if (n->kind == WH_NODE_STR && strcasecmp(n->text, "all") != 0 &&
        wh_int_parse(n->text, INT64_MIN, INT64_MAX, &value) < 0) {
        wh_convert_fail(
            c, path, n,
            wh_arena_fmt(c->l->arena, "invalid value \"%s\", the only value allowed is 'all' or a number", n->text));
        return NULL;
    }
    return value ? wh_node_int(c->l->arena, &n->mark, value) : NULL;
}

bool wh_convert_is_text(struct wh_convert *c, const struct wh_path *path, const struct wh_node *n)
{
    if (n->kind != WH_NODE_FLOAT)
        return true;
    refuse_real(c, path, n, "expected type 'string', got unconvertible type '", "'");
    return false;
}

static struct wh_node *convert_text(struct wh_convert *c, const struct wh_path *path, struct wh_node *n)
{
    if (n->kind == WH_NODE_NULL || !wh_convert_is_text(c, path, n))
        return NULL;
    if (n->kind != WH_NODE_STR || n->is_time)
        n = text_value(c, n, wh_yaml_scalar_text(c->l->arena, n));
    return n && *n->text ? n : NULL;
}

/* ---- structures ---- */

static struct wh_node *convert_struct(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                                      struct wh_node *n)
{
    for (size_t i = 0; n->kind == WH_NODE_MAP && i < n->map.len;) {
        struct wh_pair *pair = &n->map.pairs[i];
        const struct wh_field *f = wh_field_find(t, pair->key);
        struct wh_path here = {.up = path, .key = pair->key};
        struct wh_node *value = f ? convert(c, &here, f->type, pair->value) : pair->value;
        if (!value) {
            wh_node_del(n, pair->key);
            continue;
        }
        pair->value = value;
        i++;
    }
    return n->kind == WH_NODE_NULL ? NULL : n;
}

static struct wh_node *convert_list(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                                    struct wh_node *n)
{
    for (size_t i = 0; i < n->seq.len; i++) {
        struct wh_path here = {.up = path, .index = i};
        struct wh_node *item = convert(c, &here, t->items, n->seq.items[i]);
        if (item)
            n->seq.items[i] = item;
    }
    return n->seq.len ? n : NULL;
}

static struct wh_node *convert_map(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                                   struct wh_node *n)
{
    for (size_t i = 0; i < n->map.len; i++) {
        struct wh_pair *pair = &n->map.pairs[i];
        struct wh_path here = {.up = path, .key = pair->key};
        struct wh_node *value = pair->value->kind == WH_NODE_NULL ? NULL : convert(c, &here, t->values, pair->value);
        if (value)
            pair->value = value;
    }
    return n->map.len ? n : NULL;
}

static struct wh_node *convert_limit(struct wh_convert *c, const struct wh_path *path, struct wh_node *n)
{
    if (n->kind == WH_NODE_FLOAT)
        return refuse_real(c, path, n, "invalid type ", " for external");
    return convert_signed(c, path, n, true);
}

static struct wh_node *convert_ulimit(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                                      struct wh_node *n)
{
    if (n->kind != WH_NODE_MAP)
        return convert_limit(c, path, n);
    for (size_t i = 0; i < n->map.len; i++) {
        struct wh_path here = {.up = path, .key = n->map.pairs[i].key};
        struct wh_node *value = wh_field_find(t, here.key) ? convert_limit(c, &here, n->map.pairs[i].value) : NULL;
        if (value)
            n->map.pairs[i].value = value;
    }
    return n;
}

static struct wh_node *convert_shape(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                                     struct wh_node *n)
{
    switch (t->form) {
    case WH_FORM_STRUCT:
        return convert_struct(c, path, t, n);
    case WH_FORM_SECTION:
        n = convert_struct(c, path, t, n);
        return wh_node_len(n) ? n : NULL;
    case WH_FORM_LIST:
        return n->kind == WH_NODE_SEQ ? convert_list(c, path, t, n) : n;
    case WH_FORM_MAP:
        return n->kind == WH_NODE_MAP ? convert_map(c, path, t, n) : n;
    case WH_FORM_ULIMIT:
        return convert_ulimit(c, path, t, n);
    case WH_FORM_PAIRS:
    case WH_FORM_ENV:
        return wh_convert_pairs(c, path, n, t->form == WH_FORM_ENV);
    case WH_FORM_HOSTS:
        return wh_convert_hosts(c, path, n);
    case WH_FORM_COMMAND:
        return wh_convert_command(c, path, n);
    case WH_FORM_TEXTS:
        return wh_convert_texts(c, path, n, t->keep_empty);
    case WH_FORM_TEST:
        return wh_convert_test(c, path, n);
    case WH_FORM_SSH:
        return wh_convert_ssh(c, n);
    case WH_FORM_WORDS_MAP:
        return wh_convert_words_map(c, n);
    default:
        return n;
    }
}

static struct wh_node *convert(struct wh_convert *c, const struct wh_path *path, const struct wh_type *t,
                               struct wh_node *n)
{
    switch (t->form) {
    case WH_FORM_TEXT:
        return convert_text(c, path, n);
    case WH_FORM_BOOL:
        return convert_bool(c, path, n, PRINT_TRUE);
    case WH_FORM_OPT_BOOL:
        return convert_bool(c, path, n, PRINT_BOTH);
    case WH_FORM_OPT_OUT:
        return convert_bool(c, path, n, PRINT_FALSE);
    case WH_FORM_INT:
    case WH_FORM_OPT_INT:
        return convert_number(c, path, t, n);
    case WH_FORM_REAL:
        return convert_real(c, path, n);
    case WH_FORM_BYTES:
        return convert_bytes(c, path, n);
    case WH_FORM_DURATION:
    case WH_FORM_OPT_DURATION:
    case WH_FORM_LAX_DURATION:
        return convert_duration(c, path, n, t->form);
    case WH_FORM_MODE:
        return convert_mode(c, path, n);
    case WH_FORM_PLAIN_MODE:
        return convert_plain_mode(c, path, t, n);
    case WH_FORM_WEIGHT:
        return convert_weight(c, path, t, n);
    case WH_FORM_COUNT:
        return convert_count(c, path, n);
    default:
        return convert_shape(c, path, t, n);
    }
}

/* networks: {x: } is a network without attributes. */
static void fill_nulls(struct wh_load *l, struct wh_node *map)
{
    for (size_t i = 0; i < map->map.len; i++)
        if (map->map.pairs[i].value->kind == WH_NODE_NULL)
            map->map.pairs[i].value = wh_node_map(l->arena, &map->map.pairs[i].value->mark);
}

int wh_compose_convert(struct wh_load *l, struct wh_node *root)
{
    struct wh_convert c = {.l = l};
    for (size_t i = 0; i < root->map.len; i++) {
        struct wh_pair *pair = &root->map.pairs[i];
        const struct wh_field *f = wh_field_find(&wh_type_root, pair->key);
        struct wh_path here = {.key = pair->key};
        if (!f || f->type->form != WH_FORM_MAP || pair->value->kind != WH_NODE_MAP)
            continue;
        fill_nulls(l, pair->value);
        convert(&c, &here, f->type, pair->value); /* stays even when empty: later passes look for it */
    }
    return c.n_errors ? -1 : 0;
}
