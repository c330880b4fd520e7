/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of single values and of lists and maps of them, which the tables of attributes are made of. */
#include "fields.h"

#include <stdio.h>
#include <string.h>

/* ---- scalars ---- */

const struct wh_type wh_type_any = {.kinds = WH_K_NULL | WH_K_BOOL | WH_K_NUMBER | WH_K_STR | WH_K_LIST | WH_K_MAP,
                                    .form = WH_FORM_KEEP};
const struct wh_type wh_type_text = {.kinds = WH_K_STR, .form = WH_FORM_TEXT};
const struct wh_type wh_type_bool = {.kinds = WH_K_BOOL | WH_K_STR, .form = WH_FORM_BOOL};
const struct wh_type wh_type_opt_bool = {.kinds = WH_K_BOOL | WH_K_STR, .form = WH_FORM_OPT_BOOL};
const struct wh_type wh_type_int = {.kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_INT};
const struct wh_type wh_type_opt_int = {.kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_OPT_INT};
const struct wh_type wh_type_natural = {.kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_INT, .natural = 64};
const struct wh_type wh_type_opt_natural = {.kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_OPT_INT, .natural = 64};
const struct wh_type wh_type_real = {.kinds = WH_K_NUMBER | WH_K_STR, .form = WH_FORM_REAL};
const struct wh_type wh_type_bytes = {.kinds = WH_K_NUMBER | WH_K_STR, .form = WH_FORM_BYTES};
const struct wh_type wh_type_bytes_int = {.kinds = WH_K_INT | WH_K_STR, .form = WH_FORM_BYTES};
const struct wh_type wh_type_duration = {.kinds = WH_K_STR, .form = WH_FORM_DURATION};
const struct wh_type wh_type_opt_duration = {.kinds = WH_K_STR, .form = WH_FORM_OPT_DURATION};

/* ---- lists of strings ---- */

const struct wh_type wh_type_texts = {.kinds = WH_K_LIST, .form = WH_FORM_TEXTS, .items = &wh_type_text};
const struct wh_type wh_type_unique_texts = {
    .kinds = WH_K_LIST, .form = WH_FORM_TEXTS, .items = &wh_type_text, .unique = true};
const struct wh_type wh_type_text_or_texts = {
    .kinds = WH_K_STR | WH_K_LIST, .form = WH_FORM_TEXTS, .must = "string", .items = &wh_type_text, .unique = true};
const struct wh_type wh_type_any_text_or_texts = {.kinds = WH_K_STR | WH_K_LIST,
                                                  .form = WH_FORM_TEXTS,
                                                  .must = "string",
                                                  .items = &wh_type_text,
                                                  .unique = true,
                                                  .keep_empty = true};
const struct wh_type wh_type_command = {
    .kinds = WH_K_NULL | WH_K_STR | WH_K_LIST, .form = WH_FORM_COMMAND, .must = "null", .items = &wh_type_text};

/* ---- maps of scalars ---- */

static const struct wh_type scalar = {.kinds = WH_K_BOOL | WH_K_NULL | WH_K_NUMBER | WH_K_STR, .form = WH_FORM_KEEP};
static const struct wh_type number_or_text = {.kinds = WH_K_NUMBER | WH_K_STR, .form = WH_FORM_KEEP};
const struct wh_type wh_type_pairs = {.kinds = WH_K_MAP | WH_K_LIST,
                                      .form = WH_FORM_PAIRS,
                                      .must = "mapping",
                                      .values = &scalar,
                                      .items = &wh_type_text,
                                      .unique = true,
                                      .no_empty_key = true};
const struct wh_type wh_type_env = {.kinds = WH_K_MAP | WH_K_LIST,
                                    .form = WH_FORM_ENV,
                                    .must = "mapping",
                                    .values = &scalar,
                                    .items = &wh_type_text,
                                    .unique = true,
                                    .no_empty_key = true};
const struct wh_type wh_type_driver_opts = {.kinds = WH_K_MAP, .form = WH_FORM_PAIRS, .values = &number_or_text};
const struct wh_type wh_type_text_pairs = {
    .kinds = WH_K_MAP, .form = WH_FORM_PAIRS, .values = &wh_type_text, .no_empty_key = true};

static const struct wh_type addresses = {
    .kinds = WH_K_STR | WH_K_LIST, .form = WH_FORM_KEEP, .must = "string", .items = &wh_type_text};
const struct wh_type wh_type_hosts = {.kinds = WH_K_MAP | WH_K_LIST,
                                      .form = WH_FORM_HOSTS,
                                      .must = "mapping",
                                      .values = &addresses,
                                      .items = &wh_type_text,
                                      .unique = true,
                                      .no_empty_key = true};

/* ---- small structures used in several places ---- */

static const struct wh_type mode = {.kinds = WH_K_NUMBER | WH_K_STR, .form = WH_FORM_MODE};
static const struct wh_field file_ref_fields[] = {
    {"source", &wh_type_text, 0, NULL, "name of a config or secret of the file"},
    {"target", &wh_type_text, 0, NULL, "path inside the container"},
    {"uid", &wh_type_text, 0, NULL, "owner inside the container"},
    {"gid", &wh_type_text, 0, NULL, "group inside the container"},
    {"mode", &mode, 0, NULL, "permissions, octal"},
    {0},
};
static const struct wh_type file_ref = {
    .kinds = WH_K_STR | WH_K_MAP, .form = WH_FORM_STRUCT, .must = "string", .fields = file_ref_fields};
const struct wh_type wh_type_file_refs = {.kinds = WH_K_LIST, .form = WH_FORM_LIST, .items = &file_ref};

static const struct wh_field ulimit_fields[] = {
    {"soft", &wh_type_int, WH_FIELD_REQUIRED, NULL, "limit that applies"},
    {"hard", &wh_type_int, WH_FIELD_REQUIRED, NULL, "ceiling of the soft limit"},
    {0},
};
static const struct wh_type ulimit = {.kinds = WH_K_INT | WH_K_STR | WH_K_MAP,
                                      .form = WH_FORM_ULIMIT,
                                      .must = "integer or string",
                                      .fields = ulimit_fields};
static const struct wh_type whole = {.kinds = WH_K_INT, .form = WH_FORM_INT, .must = "integer or string"};
static const struct wh_field build_ulimit_fields[] = {
    {"soft", &whole, WH_FIELD_REQUIRED, NULL, "limit that applies"},
    {"hard", &whole, WH_FIELD_REQUIRED, NULL, "ceiling of the soft limit"},
    {0},
};
static const struct wh_type build_ulimit = {.kinds = WH_K_INT | WH_K_STR | WH_K_MAP,
                                            .form = WH_FORM_ULIMIT,
                                            .must = "integer or string",
                                            .fields = build_ulimit_fields};
const struct wh_type wh_type_build_ulimits = {.kinds = WH_K_MAP, .form = WH_FORM_MAP, .values = &build_ulimit};
const struct wh_type wh_type_ulimits = {.kinds = WH_K_MAP, .form = WH_FORM_MAP, .values = &ulimit};

static const struct wh_field external_fields[] = {{"name", &wh_type_text, 0, NULL, "old way to write `name`"}, {0}};
const struct wh_type wh_type_external = {.kinds = WH_K_BOOL | WH_K_STR | WH_K_MAP,
                                         .form = WH_FORM_BOOL,
                                         .must = "boolean, mapping or string",
                                         .fields = external_fields};
const struct wh_type wh_type_open_external = {.kinds = WH_K_BOOL | WH_K_STR | WH_K_MAP,
                                              .form = WH_FORM_BOOL,
                                              .must = "boolean, mapping or string",
                                              .fields = external_fields,
                                              .open = true};

/* ---- reading the tables ---- */

const struct wh_field *wh_field_find(const struct wh_type *t, const char *key)
{
    for (const struct wh_field *f = t->fields; f && f->key; f++)
        if (f->key[0] == key[0] && strcmp(f->key, key) == 0)
            return f;
    return NULL;
}

const char *wh_type_must(const struct wh_type *t, char *buf, size_t size)
{
    static const struct {
        unsigned int kind;
        const char *text;
    } names[] = {{WH_K_LIST, "array"}, {WH_K_BOOL, "boolean"},  {WH_K_INT, "integer"}, {WH_K_MAP, "mapping"},
                 {WH_K_NULL, "null"},  {WH_K_NUMBER, "number"}, {WH_K_STR, "string"}};
    if (t->must)
        return t->must;
    unsigned int left = t->kinds;
    int len = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!(left & names[i].kind))
            continue;
        left &= ~names[i].kind;
        const char *glue = len == 0 ? "" : left ? ", " : " or ";
        len += snprintf(buf + len, size - (size_t)len, "%s%s", glue, names[i].text);
    }
    return buf;
}

bool wh_name_valid(const char *name)
{
    return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}
