/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interpolation of one document: values only, never keys. A string at a place where the model wants a number or a
 * boolean is read as one afterwards; which places these are is the fixed list of docker compose, not every typed field.
 */
#include "compose/loader.h"
#include "compose/template.h"

#include "whale/util/size.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum cast { CAST_INT = 1, CAST_FLOAT, CAST_BOOL };

static const struct wh_rule cast_table[] = {
    {"services.*.init", CAST_BOOL},
    {"services.*.privileged", CAST_BOOL},
    {"services.*.read_only", CAST_BOOL},
    {"services.*.stdin_open", CAST_BOOL},
    {"services.*.tty", CAST_BOOL},
    {"services.*.oom_kill_disable", CAST_BOOL},
    {"services.*.oom_score_adj", CAST_INT},
    {"services.*.cpu_count", CAST_INT},
    {"services.*.cpu_percent", CAST_FLOAT},
    {"services.*.cpu_period", CAST_INT},
    {"services.*.cpu_quota", CAST_INT},
    {"services.*.cpu_rt_period", CAST_INT},
    {"services.*.cpu_rt_runtime", CAST_INT},
    {"services.*.cpu_shares", CAST_INT},
    {"services.*.cpus", CAST_FLOAT},
    {"services.*.pids_limit", CAST_INT},
    {"services.*.scale", CAST_INT},
    {"services.*.depends_on.*.required", CAST_BOOL},
    {"services.*.depends_on.*.restart", CAST_BOOL},
    {"services.*.deploy.replicas", CAST_INT},
    {"services.*.deploy.update_config.parallelism", CAST_INT},
    {"services.*.deploy.update_config.max_failure_ratio", CAST_FLOAT},
    {"services.*.deploy.rollback_config.parallelism", CAST_INT},
    {"services.*.deploy.rollback_config.max_failure_ratio", CAST_FLOAT},
    {"services.*.deploy.restart_policy.max_attempts", CAST_INT},
    {"services.*.deploy.placement.max_replicas_per_node", CAST_INT},
    {"services.*.deploy.resources.limits.pids", CAST_INT},
    {"services.*.healthcheck.retries", CAST_INT},
    {"services.*.healthcheck.disable", CAST_BOOL},
    {"services.*.ports.[].target", CAST_INT},
    {"services.*.ulimits.*", CAST_INT},
    {"services.*.ulimits.*.hard", CAST_INT},
    {"services.*.ulimits.*.soft", CAST_INT},
    {"services.*.volumes.[].read_only", CAST_BOOL},
    {"services.*.volumes.[].volume.nocopy", CAST_BOOL},
    {"networks.*.external", CAST_BOOL},
    {"networks.*.internal", CAST_BOOL},
    {"networks.*.attachable", CAST_BOOL},
    {"networks.*.enable_ipv4", CAST_BOOL},
    {"networks.*.enable_ipv6", CAST_BOOL},
    {"volumes.*.external", CAST_BOOL},
    {"secrets.*.external", CAST_BOOL},
    {"configs.*.external", CAST_BOOL},
};

struct walk {
    struct wh_scope *scope;
    const struct wh_node *at; /* the scalar being substituted, for warnings */
    int failed;
};

static struct wh_diags *diags(const struct walk *w)
{
    return w->scope->load->diags;
}

static const char *brackets(const struct walk *w, const struct wh_path *path)
{
    return wh_path_text(w->scope->load->arena, path, WH_PATH_BRACKETS);
}

static const char *lookup_env(void *ctx, const char *name)
{
    return wh_env_get(((struct walk *)ctx)->scope->env, name);
}

static void warn_env(void *ctx, const char *name)
{
    struct walk *w = ctx;
    wh_compose_warn_unset(w->scope->load, name, &w->at->mark);
}

/* ---- conversion ---- */

static bool word_in(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(word, list[i]) == 0)
            return true;
    return false;
}

int wh_compose_read_bool(struct wh_load *l, const struct wh_node *n, bool *ret)
{
    static const char *const yes[] = {"true", "y", "yes", "on"}, *const no[] = {"false", "n", "no", "off"};
    *ret = word_in(n->text, yes, WH_ARRAY_LEN(yes));
    if (!*ret && !word_in(n->text, no, WH_ARRAY_LEN(no)))
        return -1;
    if (strcasecmp(n->text, yes[0]) != 0 && strcasecmp(n->text, no[0]) != 0)
        wh_diag_warn(l->diags, &n->mark, "\"%s\" for boolean is not supported by YAML 1.2, please use `%s`", n->text,
                     *ret ? "true" : "false");
    return 0;
}

static bool to_bool(struct walk *w, struct wh_node *n)
{
    bool value;
    if (wh_compose_read_bool(w->scope->load, n, &value) < 0)
        return false;
    n->kind = WH_NODE_BOOL;
    n->boolean = value;
    return true;
}

static bool to_int(struct wh_node *n)
{
    const char *digits = n->text + (*n->text == '+');
    int64_t value;
    if (!isdigit((unsigned char)*digits) && *digits != '-')
        return false;
    if (wh_int_parse(digits, INT64_MIN, INT64_MAX, &value) < 0)
        return false;
    n->kind = WH_NODE_INT;
    n->integer = value;
    return true;
}

static bool to_float(struct wh_node *n)
{
    double value;
    if (wh_real_parse(n->text, &value) < 0)
        return false;
    n->kind = WH_NODE_FLOAT;
    n->real = value;
    return true;
}

static void cast_scalar(struct walk *w, const struct wh_path *path, struct wh_node *n, enum cast cast)
{
    bool ok = cast == CAST_BOOL ? to_bool(w, n) : cast == CAST_INT ? to_int(n) : to_float(n);
    if (ok) {
        n->quoted = false;
        return;
    }
    w->failed = -1;
    const char *place = brackets(w, path);
    struct wh_diag *d;
    if (cast == CAST_BOOL)
        d = wh_diag_error(diags(w), &n->mark,
                          "error while interpolating %s: failed to cast to expected type: invalid boolean: %s", place,
                          n->text);
    else
        d = wh_diag_error(
            diags(w), &n->mark,
            "error while interpolating %s: failed to cast to expected type: parsing \"%s\": invalid syntax", place,
            n->text);
    d->covers = true;
}

/* ---- substitution ---- */

static void report(struct walk *w, const struct wh_path *path, const struct wh_node *n, struct wh_err *err)
{
    const char *place = brackets(w, path);
    wh_auto_free char *text = wh_err_text(err);
    struct wh_diag *d;
    w->failed = -1;
    if (err->code != WH_E_INVALID) {
        d = wh_diag_error(diags(w), &n->mark, "error while interpolating %s: %s", place, text ? text : "out of memory");
        d->covers = true;
        return;
    }
    d = wh_diag_error(diags(w), &n->mark,
                      "invalid interpolation format for %s.\n"
                      "You may need to escape any $ with another $.\n%s",
                      place, text ? text : n->text);
    d->covers = true;
    wh_diag_hint(diags(w), d, "${NAME}, ${NAME:-default}, ${NAME:?message} are valid; a literal $ is written $$");
}

static void substitute(struct walk *w, const struct wh_path *path, struct wh_node *n)
{
    wh_auto_err err = {0};
    struct wh_template t = {.arena = w->scope->load->arena, .ctx = w, .lookup = lookup_env, .unset = warn_env};
    w->at = n;
    const char *text = wh_template_expand(&t, n->text, &err);
    if (!text) {
        report(w, path, n, &err);
        return;
    }
    n->text = text;
    n->text_len = strlen(text);
}

static void visit(struct walk *w, const struct wh_path *path, const struct wh_rules *rules, struct wh_node *n)
{
    if (n->kind == WH_NODE_MAP) {
        for (size_t i = 0; i < n->map.len; i++) {
            const struct wh_pair *p = &n->map.pairs[i];
            visit(w, &(struct wh_path){path, p->key, 0}, wh_rules_key(rules, p->key), p->value);
        }
    } else if (n->kind == WH_NODE_SEQ) {
        for (size_t i = 0; i < n->seq.len; i++)
            visit(w, &(struct wh_path){path, NULL, i}, wh_rules_item(rules), n->seq.items[i]);
    } else if (n->kind == WH_NODE_STR && !n->is_time) {
        int failed = w->failed;
        w->failed = 0;
        if (memchr(n->text, '$', n->text_len))
            substitute(w, path, n);
        if (!w->failed && wh_rules_value(rules))
            cast_scalar(w, path, n, (enum cast)wh_rules_value(rules));
        w->failed |= failed;
    }
}

int wh_compose_interpolate(struct wh_scope *s, struct wh_node *root)
{
    struct wh_load *l = s->load;
    if (!l->cast_rules)
        l->cast_rules = wh_rules_build(l->arena, cast_table, WH_ARRAY_LEN(cast_table));
    struct walk w = {.scope = s};
    visit(&w, NULL, l->cast_rules, root);
    return w.failed;
}
