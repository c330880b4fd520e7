/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `logging:` of a service means here: Docker's own drivers, with the options that each of them takes. json-file
 * and local are kept by us, none is not kept; the drivers that send output elsewhere are accepted, so that a file made
 * for an engine runs, and their output is kept as json-file does (the loader warns of it).
 */
#include "engine/check.h"

#include "whale/logs.h"
#include "whale/util/size.h"
#include "whale/util/str.h"

#include <string.h>

#define DEFAULT_LOG_BYTES (INT64_C(10) << 20)
#define DEFAULT_LOG_FILES 3

static const struct {
    const char *name;
    const char *options; /* separated by blanks; NULL: not checked */
} drivers[] = {
    {"json-file", "max-size max-file compress labels labels-regex env env-regex tag"},
    {"local", "max-size max-file compress"},
    {"none", NULL},
    {"syslog", "syslog-address syslog-facility syslog-format syslog-tls-ca-cert syslog-tls-cert syslog-tls-key "
               "syslog-tls-skip-verify labels labels-regex env env-regex tag"},
    {"journald", "labels labels-regex env env-regex tag"},
    {"gelf", NULL},
    {"fluentd", NULL},
    {"awslogs", NULL},
    {"splunk", NULL},
    {"gcplogs", NULL},
    {"logentries", NULL},
    {"etwlogs", NULL},
};

static const char *driver_of(const struct wh_logging *l)
{
    return l->driver && l->driver[0] ? l->driver : "json-file";
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = words; *p; p += strcspn(p, " "), p += strspn(p, " "))
        if (strcspn(p, " ") == len && strncmp(p, word, len) == 0)
            return true;
    return false;
}

static int check_mode(const struct wh_logging *l, struct wh_err *err)
{
    const char *mode = wh_pairs_get(&l->options, "mode"), *buffer = wh_pairs_get(&l->options, "max-buffer-size");
    int64_t bytes;
    if (mode && mode[0] && !wh_streq(mode, "blocking") && !wh_streq(mode, "non-blocking"))
        return wh_fail(err, WH_E_INVALID, "logging mode \"%s\" is neither blocking nor non-blocking", mode);
    if (buffer && !wh_streq(mode, "non-blocking"))
        return wh_fail(err, WH_E_INVALID, "max-buffer-size goes with the logging mode non-blocking only");
    if (buffer && wh_size_parse(buffer, &bytes) < 0)
        return wh_fail(err, WH_E_INVALID, "max-buffer-size: invalid size: \"%s\"", buffer);
    return 0;
}

static int check_names(const struct wh_logging *l, const char *driver, const char *known, struct wh_err *err)
{
    for (size_t i = 0; i < l->options.len; i++) {
        const char *key = l->options.items[i].key;
        if (!has_word("mode max-buffer-size", key) && !has_word(known, key))
            return wh_fail(err, WH_E_INVALID, "unknown log opt '%s' for %s log driver", key, driver);
    }
    return 0;
}

int logging_check(const struct wh_service *s, struct wh_err *err)
{
    const struct wh_logging *l = s->logging;
    if (!l)
        return 0;
    const char *driver = driver_of(l);
    for (size_t i = 0; i < WH_ARRAY_LEN(drivers); i++) {
        if (strcmp(drivers[i].name, driver) != 0)
            continue;
        const char *known = drivers[i].options;
        bool fine = !known || (check_names(l, driver, known, err) == 0 && check_mode(l, err) == 0);
        return fine ? 0 : wh_err_in(err, "logging/options");
    }
    wh_fail(err, WH_E_INVALID, "logging driver \"%s\" is not supported: no log driver named '%s' is registered", driver,
            driver);
    wh_err_hint(err, "json-file, local and none are");
    return wh_err_in(err, "logging/driver");
}

static int parse_limits(const struct wh_pairs *options, struct wh_log_config *ret, struct wh_err *err)
{
    const char *size = wh_pairs_get(options, "max-size"), *n = wh_pairs_get(options, "max-file");
    int64_t files = 1;
    if (size && (wh_size_parse(size, &ret->max_size_bytes) < 0 || ret->max_size_bytes <= 0))
        return wh_fail(err, WH_E_INVALID, "max-size: invalid size: '%s'", size);
    if (n && wh_int_parse(n, INT32_MIN, INT32_MAX, &files) < 0)
        return wh_fail(err, WH_E_INVALID, "max-file: \"%s\" is no number", n);
    if (files < 1)
        return wh_fail(err, WH_E_INVALID, "max-file cannot be less than 1");
    ret->max_files = (int)files;
    ret->compress = wh_streq(wh_pairs_get(options, "compress"), "true");
    if (ret->compress && (files == 1 || !size) && (size || n))
        return wh_fail(err, WH_E_INVALID,
                       "compress cannot be true when max-file is less than 2 or max-size is not set");
    return 0;
}

int logging_limits(const struct wh_service *s, struct wh_log_config *ret, struct wh_err *err)
{
    const struct wh_logging *l = s->logging;
    ret->max_size_bytes = 0;
    bool is_given = l && (wh_pairs_get(&l->options, "max-size") || wh_pairs_get(&l->options, "max-file"));
    if (is_given && !wh_streq(l->driver, "none"))
        return parse_limits(&l->options, ret, err) < 0 ? wh_err_in(err, "logging/options") : 0;
    ret->max_size_bytes = DEFAULT_LOG_BYTES;
    ret->max_files = DEFAULT_LOG_FILES;
    return 0;
}
