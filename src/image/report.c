/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for programs and lines for people. */
#include "report.h"

#include "whale/codec/json.h"
#include "whale/util/file.h"

#include <errno.h>
#include <string.h>

void report_begin(struct report *r, enum report_mode mode)
{
    *r = (struct report){.mode = mode};
    pthread_mutex_init(&r->lock, NULL);
}

/* One write a line, so that lines of several threads do not mix. */
static void put(struct report *r, int fd, struct wh_str *line)
{
    wh_str_addc(line, '\n');
    pthread_mutex_lock(&r->lock);
    if (!r->lost && wh_write_all(fd, wh_str_c(line), line->len) < 0)
        r->lost = true;
    pthread_mutex_unlock(&r->lock);
}

static void put_node(struct report *r, const struct wh_node *n)
{
    wh_auto_str line = {0};
    if (wh_json_write(n, WH_JSON_COMPACT, &line) == 0)
        put(r, STDOUT_FILENO, &line);
}

static struct wh_node *begin_event(struct wh_arena *a, const char *event, const char *ref)
{
    struct wh_node *n = wh_node_map(a, NULL);
    wh_node_put_str(a, n, "event", event);
    wh_node_put_str(a, n, "ref", ref);
    return n;
}

/* ---- people ---- */

static const struct {
    const char *status;
    const char *text; /* with the reference, or the id */
} image_texts[] = {
    {"loaded", "Loaded image: %s"},
    {"pulled", "Pulled %s"},
    {"pulling", "Pulling %s"},
    {"exists", "Image is up to date for %s"},
};

static const struct {
    const char *status;
    const char *text;
} layer_texts[] = {
    {"complete", "Pull complete"},
    {"exists", "Already exists"},
    {"retrying", "Retrying"},
};

static void say_image(struct report *r, const char *ref, const char *status, const char *id)
{
    wh_auto_str line = {0};
    if (wh_streq(status, "imported")) { /* as docker import: the id alone */
        wh_str_add(&line, id);
        put(r, STDOUT_FILENO, &line);
        return;
    }
    for (size_t i = 0; i < WH_ARRAY_LEN(image_texts); i++)
        if (wh_streq(image_texts[i].status, status)) {
            const char *at = strstr(image_texts[i].text, "%s");
            wh_str_addn(&line, image_texts[i].text, (size_t)(at - image_texts[i].text));
            wh_str_add(&line, ref ? ref : id ? id : "");
            put(r, STDOUT_FILENO, &line);
        }
}

static void say_layer(struct report *r, const char *layer, const char *status)
{
    wh_auto_str line = {0};
    for (size_t i = 0; i < WH_ARRAY_LEN(layer_texts); i++)
        if (wh_streq(layer_texts[i].status, status)) {
            wh_str_fmt(&line, "%s: %s", layer, layer_texts[i].text);
            put(r, STDOUT_FILENO, &line);
        }
}

/* ---- both ---- */

void report_image(struct report *r, const char *ref, const char *status, const char *id)
{
    wh_auto_arena a = {0};
    if (r->mode == REPORT_PLAIN)
        say_image(r, ref, status, id);
    if (r->mode != REPORT_JSON)
        return;
    struct wh_node *n = begin_event(&a, "image", ref);
    wh_node_put_str(&a, n, "status", status);
    wh_node_put_str(&a, n, "id", id);
    put_node(r, n);
}

void report_layer(struct report *r, const char *ref, const char *layer, const char *status, uint64_t current,
                  uint64_t total)
{
    wh_auto_arena a = {0};
    if (r->mode == REPORT_PLAIN)
        say_layer(r, layer, status);
    if (r->mode != REPORT_JSON)
        return;
    struct wh_node *n = begin_event(&a, "layer", ref);
    wh_node_put_str(&a, n, "layer", layer);
    wh_node_put_str(&a, n, "status", status);
    wh_node_put_int(&a, n, "current", (int64_t)current);
    wh_node_put_int(&a, n, "total", (int64_t)total);
    put_node(r, n);
}

void report_warning(struct report *r, const char *ref, const char *text)
{
    wh_auto_arena a = {0};
    wh_auto_str line = {0};
    if (r->mode == REPORT_JSON) {
        struct wh_node *n = begin_event(&a, "warning", ref);
        wh_node_put_str(&a, n, "text", text);
        put_node(r, n);
        return;
    }
    wh_str_fmt(&line, "WARNING: %s", text);
    put(r, STDERR_FILENO, &line);
}

static const struct {
    int code;
    const char *reason;
} reasons[] = {
    {WH_E_NOT_FOUND, "not_found"}, {ENOENT, "not_found"},      {IMAGE_E_UNAUTHORIZED, "unauthorized"},
    {IMAGE_E_TLS, "tls"},          {ECONNREFUSED, "refused"},  {ETIMEDOUT, "timeout"},
    {ENOSPC, "no_space"},          {EDQUOT, "no_space"},       {IMAGE_E_DIGEST, "digest"},
    {WH_E_INVALID, "invalid"},     {WH_E_PROTOCOL, "invalid"}, {WH_E_LIMIT, "limit"},
    {IMAGE_E_IN_USE, "in_use"},    {WH_E_CONFLICT, "in_use"},  {WH_E_USAGE, "usage"},
};

static const char *reason_of(int code)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(reasons); i++)
        if (reasons[i].code == code)
            return reasons[i].reason;
    return "other";
}

void report_error(struct report *r, const char *ref, const struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_str line = {0};
    wh_auto_free char *text = wh_err_text(err);
    if (r->mode == REPORT_JSON) {
        struct wh_node *n = begin_event(&a, "error", ref);
        wh_node_put_str(&a, n, "text", text ? text : "out of memory");
        wh_node_put_str(&a, n, "reason", reason_of(err->code));
        wh_node_put_str(&a, n, "hint", err->hint);
        put_node(r, n);
        return;
    }
    wh_str_fmt(&line, "Error: %s", text ? text : "out of memory");
    if (err->hint)
        wh_str_fmt(&line, "\nhint: %s", err->hint);
    put(r, STDERR_FILENO, &line);
}
