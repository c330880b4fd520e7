/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of names, hashes and variables that `config` prints, all in a fixed order. */
#include "cli/config_parts.h"

#include "whale/codec/json.h"
#include "whale/codec/yaml.h"
#include "whale/model.h"
#include "whale/util/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int wh_config_whole(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r, struct wh_str *out,
                    struct wh_err *err)
{
    bool json = o->format && strcmp(o->format, "json") == 0;
    return wh_compose_print(r, json ? WH_COMPOSE_JSON : WH_COMPOSE_YAML, out, err);
}

void wh_config_diags_json(struct wh_load_result *r, struct wh_str *out)
{
    const struct wh_node *list = wh_diags_to_node(&r->arena, &r->diags);
    if (list && wh_json_write(list, WH_JSON_PRETTY, out) == 0)
        wh_str_addc(out, '\n');
}

/* ---- names ---- */

static int add_lines(struct wh_strv *names, struct wh_str *out, struct wh_err *err)
{
    wh_strv_sort(names);
    for (size_t i = 0; i < names->len; i++)
        if (i == 0 || strcmp(names->items[i], names->items[i - 1]) != 0)
            wh_str_fmt(out, "%s\n", names->items[i]);
    return names->failed || out->failed ? wh_fail(err, ENOMEM, "names") : 0;
}

static int add_keys(struct wh_load_result *r, const char *section, struct wh_str *out, struct wh_err *err)
{
    wh_auto_strv names = {0};
    const struct wh_node *map = wh_node_get(r->root, section);
    for (size_t i = 0; map && map->kind == WH_NODE_MAP && i < map->map.len; i++)
        wh_strv_add(&names, map->map.pairs[i].key);
    return add_lines(&names, out, err);
}

int wh_config_services(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                       struct wh_str *out, struct wh_err *err)
{
    const struct wh_node *names = wh_compose_services(r);
    for (size_t i = 0; i < wh_node_len(names); i++)
        wh_str_fmt(out, "%s\n", names->seq.items[i]->text);
    return names ? 0 : wh_fail(err, ENOMEM, "services");
}

int wh_config_volumes(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                      struct wh_str *out, struct wh_err *err)
{
    return add_keys(r, "volumes", out, err);
}

int wh_config_networks(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                       struct wh_str *out, struct wh_err *err)
{
    return add_keys(r, "networks", out, err);
}

int wh_config_models(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                     struct wh_str *out, struct wh_err *err)
{
    wh_auto_strv names = {0};
    const struct wh_node *map = wh_node_get(r->root, "models");
    for (size_t i = 0; map && map->kind == WH_NODE_MAP && i < map->map.len; i++)
        wh_strv_add(&names, wh_node_get_str(map->map.pairs[i].value, "model", ""));
    return add_lines(&names, out, err);
}

static void add_profiles(const struct wh_node *services, struct wh_strv *names)
{
    for (size_t i = 0; i < wh_node_len(services); i++) {
        const struct wh_node *profiles = wh_node_get(services->map.pairs[i].value, "profiles");
        for (size_t k = 0; k < wh_node_len(profiles); k++)
            wh_strv_add(names, profiles->seq.items[k]->text);
    }
}

int wh_config_profiles(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                       struct wh_str *out, struct wh_err *err)
{
    wh_auto_strv names = {0};
    add_profiles(wh_node_get(r->root, "services"), &names);
    add_profiles(r->disabled_services, &names);
    return add_lines(&names, out, err);
}

static void add_images(const struct wh_project *p, const struct wh_service *s, struct wh_strv *names)
{
    wh_auto_free char *own = s->image ? NULL : wh_fmt("%s-%s", p->name, s->name);
    const char *image = s->image ? s->image : own;
    wh_strv_add(names, image ? image : "");
    for (size_t i = 0; i < s->pre_start.len; i++)
        if (s->pre_start.items[i].image && !wh_streq(s->pre_start.items[i].image, image))
            wh_strv_add(names, s->pre_start.items[i].image);
}

/* One line for each service, also when they are equal. */
int wh_config_images(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                     struct wh_str *out, struct wh_err *err)
{
    wh_auto_strv names = {0};
    struct wh_project *p;
    if (wh_compose_project(r, &p, err) < 0)
        return -1;
    for (size_t i = 0; i < p->services.len; i++)
        add_images(p, &p->services.items[i], &names);
    wh_strv_sort(&names);
    for (size_t i = 0; i < names.len; i++)
        wh_str_fmt(out, "%s\n", names.items[i]);
    return names.failed || out->failed ? wh_fail(err, ENOMEM, "images") : 0;
}

int wh_config_environment(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                          struct wh_str *out, struct wh_err *err)
{
    wh_auto_strv lines = {0};
    for (size_t i = 0; i < r->env.map.len; i++) {
        const struct wh_env_var *v = r->env.map.entries[i].value;
        wh_strv_fmt(&lines, "%s=%s", r->env.map.entries[i].key, v->value);
    }
    return add_lines(&lines, out, err);
}

/* ---- hashes ---- */

static int add_hash(const struct wh_service *s, struct wh_str *out, struct wh_err *err)
{
    char hex[WH_HASH_HEX];
    if (wh_service_hash(s, hex, err) < 0)
        return -1;
    return wh_str_fmt(out, "%s %s\n", s->name, hex);
}

int wh_config_hash(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r, struct wh_str *out,
                   struct wh_err *err)
{
    struct wh_project *p;
    if (wh_compose_project(r, &p, err) < 0)
        return -1;
    if (strcmp(o->hash, "*") == 0) {
        for (size_t i = 0; i < p->services.len; i++)
            if (add_hash(&p->services.items[i], out, err) < 0)
                return -1;
        return 0;
    }
    wh_auto_strv names = {0};
    char *rest = wh_arena_strdup(&r->arena, o->hash);
    for (char *name = strsep(&rest, ","); name; name = strsep(&rest, ","))
        wh_strv_add(&names, name);
    wh_strv_sort(&names);
    for (size_t i = 0; i < names.len; i++) {
        const struct wh_service *s = wh_project_service(p, names.items[i]);
        if (!s)
            return wh_fail(err, WH_E_NOT_FOUND, "no such service: %s", names.items[i]);
        if ((i == 0 || strcmp(names.items[i], names.items[i - 1]) != 0) && add_hash(s, out, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- variables ---- */

static int compare_variables(const void *x, const void *y)
{
    const struct wh_variable *a = *(struct wh_variable *const *)x, *b = *(struct wh_variable *const *)y;
    return strcmp(a->name, b->name);
}

/* JSON has the names of Go's fields, YAML the same in lower case. */
static struct wh_node *variables_node(struct wh_load_result *r, bool json)
{
    struct wh_arena *a = &r->arena;
    struct wh_node *map = wh_node_map(a, NULL);
    for (size_t i = 0; map && i < r->variables.len; i++) {
        const struct wh_variable *v = wh_vec_at(&r->variables, struct wh_variable *, i);
        struct wh_node *n = wh_node_map(a, NULL);
        if (!n)
            return NULL;
        wh_node_put_str(a, n, json ? "Name" : "name", v->name);
        wh_node_put_str(a, n, json ? "DefaultValue" : "defaultvalue", v->default_value);
        wh_node_put_str(a, n, json ? "PresenceValue" : "presencevalue", v->alternate_value);
        wh_node_put_bool(a, n, json ? "Required" : "required", v->required);
        wh_node_put(a, map, v->name, n);
    }
    return map;
}

/* Columns are as wide as their widest cell and two blanks, at least 20. */
static int column_width(const struct wh_load_result *r, const char *title, size_t offset)
{
    size_t width = strlen(title);
    for (size_t i = 0; i < r->variables.len; i++) {
        const struct wh_variable *v = wh_vec_at(&r->variables, struct wh_variable *, i);
        size_t len = strlen(*(const char *const *)((const char *)v + offset));
        width = len > width ? len : width;
    }
    return width + 3 > 20 ? (int)width + 3 : 20;
}

static void add_table(const struct wh_load_result *r, struct wh_str *out)
{
    int name = column_width(r, "NAME", offsetof(struct wh_variable, name));
    int word = column_width(r, "DEFAULT VALUE", offsetof(struct wh_variable, default_value));
    wh_str_fmt(out, "%-*s%-20s%-*sALTERNATE VALUE\n", name, "NAME", "REQUIRED", word, "DEFAULT VALUE");
    for (size_t i = 0; i < r->variables.len; i++) {
        const struct wh_variable *v = wh_vec_at(&r->variables, struct wh_variable *, i);
        wh_str_fmt(out, "%-*s%-20s%-*s%s\n", name, v->name, v->required ? "true" : "false", word, v->default_value,
                   v->alternate_value);
    }
}

/* YAML with four blanks a level, which docker compose has here and nowhere else. */
static void add_wide_yaml(const struct wh_node *map, struct wh_str *out)
{
    wh_auto_str text = {0};
    wh_yaml_write(map, 0, &text);
    for (const char *line = wh_str_c(&text); *line;) {
        size_t blanks = strspn(line, " "), len = strcspn(line, "\n");
        wh_str_fmt(out, "%*s%.*s\n", (int)blanks, "", (int)len, line);
        line += len + (line[len] == '\n');
    }
}

int wh_config_variables(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                        struct wh_str *out, struct wh_err *err)
{
    if (r->variables.len)
        qsort(r->variables.items, r->variables.len, sizeof(void *), compare_variables);
    if (!o->format || strcmp(o->format, "table") == 0) {
        add_table(r, out);
        return 0;
    }
    bool json = strcmp(o->format, "json") == 0;
    const struct wh_node *map = variables_node(r, json);
    if (!map)
        return wh_fail(err, ENOMEM, "variables");
    if (json) {
        wh_json_write(map, WH_JSON_PRETTY | WH_JSON_WIDE, out);
        wh_str_add(out, "\n\n");
    } else {
        add_wide_yaml(map, out);
    }
    return 0;
}

int wh_config_explain(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                      struct wh_str *out, struct wh_err *err)
{
    return wh_compose_explain(r, o->explain, out, err);
}
