/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attributes of a compose file as data: one table per mapping. Validation, conversion to canonical values, the
 * order of `config`, the JSON Schema and completion all read these tables, so that an attribute is added in one place.
 * Sources: the Compose specification and what docker compose prints.
 */
#ifndef WHALE_COMPOSE_FIELDS_H
#define WHALE_COMPOSE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

/* What may be written; WH_K_INT also accepts 2.0, WH_K_NUMBER accepts every number. */
enum wh_kinds {
    WH_K_NULL = 1 << 0,
    WH_K_BOOL = 1 << 1,
    WH_K_INT = 1 << 2,
    WH_K_NUMBER = 1 << 3,
    WH_K_STR = 1 << 4,
    WH_K_LIST = 1 << 5,
    WH_K_MAP = 1 << 6,
};

/* What the canonical value is. The OPT forms keep false and zero, the others leave the attribute out. */
enum wh_form {
    WH_FORM_KEEP,     /* as written */
    WH_FORM_TEXT,     /* string; "" is left out */
    WH_FORM_BOOL,     /* false is left out */
    WH_FORM_OPT_BOOL, /* */
    WH_FORM_OPT_OUT,  /* true is left out */
    WH_FORM_INT,      /* 0 is left out */
    WH_FORM_OPT_INT,  /* */
    WH_FORM_REAL,     /* 32-bit float, 0 is left out */
    WH_FORM_BYTES,    /* "1048576"; 0 is left out */
    WH_FORM_DURATION, /* "1m30s"; 0 is left out */
    WH_FORM_OPT_DURATION,
    WH_FORM_LAX_DURATION, /* with a warning left out when it is none */
    WH_FORM_MODE,         /* "0440"; text is read as octal */
    WH_FORM_PLAIN_MODE,   /* a number; text is refused */
    WH_FORM_WEIGHT,       /* ditto; 0 is left out */
    WH_FORM_COMMAND,      /* null, or a list of words */
    WH_FORM_TEST,         /* health check: a string becomes CMD-SHELL */
    WH_FORM_TEXTS,        /* list of strings; a string is a list of one; empty is left out */
    WH_FORM_PAIRS,        /* map of strings, null is ""; from map or list K=V; empty is left out */
    WH_FORM_ENV,          /* map of strings or null; ditto */
    WH_FORM_HOSTS,        /* sorted list "name=address" */
    WH_FORM_SSH,          /* list "id: path" or "id" */
    WH_FORM_WORDS_MAP,    /* map of lists of strings */
    WH_FORM_COUNT,        /* number; all is -1 */
    WH_FORM_ULIMIT,       /* number, or {soft, hard} */
    WH_FORM_STRUCT,       /* mapping with fixed keys; null is left out */
    WH_FORM_SECTION,      /* ditto; left out when empty */
    WH_FORM_LIST,         /* list of structs; empty is left out */
    WH_FORM_MAP,          /* free keys to structs, values may be null; empty is left out */
};

struct wh_field;

struct wh_type {
    unsigned int kinds;
    enum wh_form form;
    const char *must;         /* what docker compose says is wanted; NULL: derived from kinds */
    const char *const *words; /* strings: the only ones allowed, NULL-terminated */
    const char *pattern;      /* strings: shown in messages and in the schema; matches decides */
    bool (*matches)(const char *text);
    const struct wh_field *fields; /* mapping with fixed keys (x-* is always allowed); ends with key NULL */
    const struct wh_type *values;  /* mapping with free keys: their values */
    const struct wh_type *items;   /* list */
    bool names;                    /* free keys are names: [a-zA-Z0-9._-]+ */
    bool no_empty_key;             /* free keys have at least one character */
    bool open;                     /* mapping with fixed keys: others are ignored */
    bool closed;                   /* ditto: not even x-* is allowed */
    bool no_extensions;            /* ditto: x-* is allowed and forgotten */
    bool unique;                   /* list: no two equal items */
    bool keep_empty;               /* list: a single "" is an entry */
    bool decoded;                  /* docker compose finds a wrong kind only when it decodes the value to text */
    unsigned int natural;          /* numbers: not below 0 (found when values are converted); bits, for the message */
    bool bounded;                  /* numbers: min..max */
    double min, max;
};

enum wh_field_flag {
    WH_FIELD_REQUIRED = 1 << 0,
    WH_FIELD_UNSUPPORTED = 1 << 1, /* this runtime does not act on it: one warning */
    WH_FIELD_JSON_NULL = 1 << 2,   /* JSON prints null when it is absent */
    WH_FIELD_JSON_EMPTY = 1 << 3,  /* JSON prints {} when it is absent */
    WH_FIELD_JSON_SKIP = 1 << 4,   /* JSON leaves it out */
    WH_FIELD_SKIP = 1 << 5,        /* never printed */
    WH_FIELD_ALWAYS = 1 << 6,      /* printed as "" or 0 when it is absent */
};

struct wh_field {
    const char *key;
    const struct wh_type *type;
    unsigned int flags;
    const char *json_key; /* when JSON prints another name */
    const char *help;     /* one line for the schema */
};

extern const struct wh_type wh_type_root;    /* the whole file */
extern const struct wh_type wh_type_service; /* one entry of services */

/* scalars and lists that several tables use */
extern const struct wh_type wh_type_any, wh_type_text, wh_type_bool, wh_type_opt_bool, wh_type_int, wh_type_opt_int,
    wh_type_natural, wh_type_opt_natural, wh_type_real, wh_type_bytes, wh_type_bytes_int, wh_type_duration,
    wh_type_opt_duration, wh_type_texts, wh_type_unique_texts, wh_type_text_or_texts, wh_type_any_text_or_texts,
    wh_type_pairs, wh_type_text_pairs, wh_type_env, wh_type_hosts, wh_type_command, wh_type_file_refs, wh_type_external,
    wh_type_ulimits, wh_type_build_ulimits, wh_type_driver_opts, wh_type_open_external;
extern const struct wh_type wh_type_build, wh_type_deploy, wh_type_gpus, wh_type_hooks, wh_type_start_hooks,
    wh_type_develop;

/* NULL when the type has no such field. */
const struct wh_field *wh_field_find(const struct wh_type *t, const char *key);
/* "boolean or string": what docker compose's validator calls the accepted kinds; buf of at least 96 bytes. */
const char *wh_type_must(const struct wh_type *t, char *buf, size_t size);
bool wh_name_valid(const char *name); /* [a-zA-Z0-9._-]+ */

#endif
