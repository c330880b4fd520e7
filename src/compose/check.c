/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consistency of the whole project: what services refer to must exist, attributes must not contradict each other,
 * dependencies must not form a circle. Messages have docker compose's core wording; all of them are reported.
 */
#include "passes.h"

#include "whale/util/str.h"

#include <string.h>

struct check {
    struct wh_load *l;
    const struct wh_node *root;
    const struct wh_node *services, *disabled;
    const char *name; /* of the service at hand */
    const struct wh_node *service;
    struct wh_mark mark; /* of its key */
};

typedef void check_fn(struct check *c);

static const struct wh_node *list_of(const struct wh_node *map, const char *key)
{
    const struct wh_node *n = wh_node_get(map, key);
    return n && n->kind == WH_NODE_SEQ ? n : NULL;
}

static const struct wh_node *map_of(const struct wh_node *map, const char *key)
{
    const struct wh_node *n = wh_node_get(map, key);
    return n && n->kind == WH_NODE_MAP ? n : NULL;
}

static const char *text_of(const struct wh_node *map, const char *key)
{
    return wh_node_get_str(map, key, "");
}

static const struct wh_mark *mark_of(const struct check *c, const struct wh_node *n)
{
    return n && n->mark.line ? &n->mark : &c->mark;
}

static void suggest(struct check *c, struct wh_diag *d, const char *word, const struct wh_node *map)
{
    const char *names[256];
    size_t n = 0;
    for (size_t i = 0; map && map->kind == WH_NODE_MAP && i < map->map.len && n < WH_ARRAY_LEN(names); i++)
        names[n++] = map->map.pairs[i].key;
    const char *near = wh_did_you_mean(word, names, n);
    if (near)
        wh_diag_hint(c->l->diags, d, "did you mean %s?", near);
}

/* ---- image and build ---- */

static void check_source(struct check *c)
{
    if (wh_node_get(c->service, "build") || *text_of(c->service, "image") || wh_node_get(c->service, "provider"))
        return;
    struct wh_diag *d = wh_diag_error(c->l->diags, &c->mark,
                                      "service \"%s\" has neither an image nor a build context specified", c->name);
    wh_diag_hint(c->l->diags, d, "add `image: NAME` or `build: FOLDER`");
}

static void check_dockerfile(struct check *c)
{
    const struct wh_node *build = wh_node_get(c->service, "build");
    if (*text_of(build, "dockerfile_inline") && *text_of(build, "dockerfile"))
        wh_diag_error(c->l->diags,
                      mark_of(c, wh_node_get(build, "dockerfile_inline")), /* their spelling, searched for */
                      "service \"%s\" declares mutualy exclusive dockerfile and dockerfile_inline", c->name);
}

static void check_contexts(struct check *c)
{
    const struct wh_node *map = map_of(wh_node_get(c->service, "build"), "additional_contexts");
    for (size_t i = 0; map && i < map->map.len; i++) {
        const struct wh_pair *p = &map->map.pairs[i];
        if (p->value->kind != WH_NODE_STR || !wh_starts(p->value->text, "service:"))
            continue;
        const char *target = p->value->text + 8;
        const struct wh_node *service = wh_node_get(c->services, target);
        if (service && wh_node_get(service, "build"))
            continue;
        struct wh_diag *d = wh_diag_error(c->l->diags, mark_of(c, p->value),
                                          "service \"%s\" declares %s service \"%s\" as additional contexts %s",
                                          c->name, service ? "non-buildable" : "unknown", target, p->key);
        if (!service)
            suggest(c, d, target, c->services);
    }
}

static void check_platforms(struct check *c)
{
    const struct wh_node *list = list_of(wh_node_get(c->service, "build"), "platforms");
    const char *platform = text_of(c->service, "platform");
    if (!list || !list->seq.len || !*platform)
        return;
    for (size_t i = 0; i < list->seq.len; i++)
        if (wh_streq(list->seq.items[i]->text, platform))
            return;
    wh_diag_error(c->l->diags, mark_of(c, list),
                  "services.%s: service.build.platforms MUST include service.platform \"%s\"", c->name, platform);
}

/* ---- references ---- */

static void undefined(struct check *c, const struct wh_mark *mark, const char *what, const char *name,
                      const struct wh_node *known)
{
    struct wh_diag *d = wh_diag_error(c->l->diags, mark->line ? mark : &c->mark,
                                      "service \"%s\" refers to undefined %s %s", c->name, what, name);
    suggest(c, d, name, known);
}

static void check_keys(struct check *c, const char *attribute, const char *section, const char *what)
{
    const struct wh_node *map = map_of(c->service, attribute), *known = wh_node_get(c->root, section);
    for (size_t i = 0; map && i < map->map.len; i++)
        if (!wh_node_pair(known, map->map.pairs[i].key))
            undefined(c, &map->map.pairs[i].key_mark, what, map->map.pairs[i].key, known);
}

static void check_networks(struct check *c)
{
    const struct wh_node *mode = wh_node_get(c->service, "network_mode");
    if (mode && wh_node_len(wh_node_get(c->service, "networks"))) {
        struct wh_diag *d =
            wh_diag_error(c->l->diags, mark_of(c, mode),
                          "service %s declares mutually exclusive `network_mode` and `networks`", c->name);
        wh_diag_place(c->l->diags, d, &wh_node_get(c->service, "networks")->mark, "networks");
    }
    check_keys(c, "networks", "networks", "network");
}

static void check_models(struct check *c)
{
    check_keys(c, "models", "models", "model");
}

static void check_refs(struct check *c, const struct wh_node *list, const char *section, const char *what)
{
    const struct wh_node *known = wh_node_get(c->root, section);
    for (size_t i = 0; list && i < list->seq.len; i++) {
        const struct wh_node *source = wh_node_get(list->seq.items[i], "source");
        const char *name = source && source->kind == WH_NODE_STR ? source->text : "";
        if (!wh_node_pair(known, name))
            undefined(c, &list->seq.items[i]->mark, what, name, known);
    }
}

static void check_files(struct check *c)
{
    check_refs(c, list_of(wh_node_get(c->service, "build"), "secrets"), "secrets", "build secret");
    check_refs(c, list_of(c->service, "configs"), "configs", "config");
    check_refs(c, list_of(c->service, "secrets"), "secrets", "secret");
}

static void check_volumes(struct check *c)
{
    const struct wh_node *list = list_of(c->service, "volumes"), *known = wh_node_get(c->root, "volumes");
    for (size_t i = 0; list && i < list->seq.len; i++) {
        const struct wh_node *mount = list->seq.items[i];
        const char *source = text_of(mount, "source");
        if (!*source || !wh_streq(text_of(mount, "type"), "volume") || wh_node_pair(known, source))
            continue;
        struct wh_diag *d = wh_diag_error(c->l->diags, mark_of(c, mount),
                                          "service \"%s\" refers to undefined volume %s", c->name, source);
        if (strchr(source, '/'))
            wh_diag_hint(c->l->diags, d, "for a folder of the host write ./%s", source);
        else
            wh_diag_hint(c->l->diags, d, "declare it: `volumes: {%s: }` at top level", source);
    }
}

static void check_dependencies(struct check *c)
{
    const struct wh_node *map = map_of(c->service, "depends_on");
    for (size_t i = 0; map && i < map->map.len; i++) {
        const struct wh_pair *p = &map->map.pairs[i];
        bool required = wh_node_get_bool(p->value, "required", true);
        bool disabled = wh_node_get(c->disabled, p->key) != NULL;
        if (wh_node_get(c->services, p->key) || (disabled && !required))
            continue;
        struct wh_diag *d = wh_diag_error(c->l->diags, p->key_mark.line ? &p->key_mark : &c->mark,
                                          "service \"%s\" depends on undefined service \"%s\"", c->name, p->key);
        if (disabled)
            wh_diag_hint(c->l->diags, d, "%s is in a profile that is not active; enable it or set `required: false`",
                         p->key);
        else
            suggest(c, d, p->key, c->services);
    }
}

/* A dependency that may be missing does not help a service that lives in its network; a required one was reported. */
static void check_shared_network(struct check *c)
{
    static const char prefix[] = "service:";
    const struct wh_node *mode = wh_node_get(c->service, "network_mode");
    if (!mode || !wh_starts(mode->text, prefix))
        return;
    const char *name = mode->text + strlen(prefix);
    const struct wh_node *dependency = wh_node_get(map_of(c->service, "depends_on"), name);
    if (wh_node_get(c->services, name) || (dependency && wh_node_get_bool(dependency, "required", true)))
        return;
    struct wh_diag *d = wh_diag_error(c->l->diags, mark_of(c, mode),
                                      "service \"%s\" not found for network_mode 'service:%s'", name, name);
    if (!wh_node_get(c->disabled, name))
        suggest(c, d, name, c->services);
    else
        wh_diag_hint(c->l->diags, d, "%s is in a profile that is not active; enable it", name);
}

/* ---- values that contradict each other ---- */

static void check_health(struct check *c)
{
    static const char *const words[] = {"CMD", "CMD-SHELL", "NONE"};
    const struct wh_node *test = list_of(wh_node_get(c->service, "healthcheck"), "test");
    if (!test || !test->seq.len)
        return;
    for (size_t i = 0; i < WH_ARRAY_LEN(words); i++)
        if (wh_streq(test->seq.items[0]->text, words[i]))
            return;
    struct wh_diag *d =
        wh_diag_error(c->l->diags, mark_of(c, test),
                      "services.%s: healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"", c->name);
    wh_diag_hint(c->l->diags, d, "put \"CMD\" in front of the words, or write the test as one string");
}

static void differ(struct check *c, const struct wh_node *at, const char *one, const char *other)
{
    wh_diag_error(c->l->diags, mark_of(c, at), "services.%s: can't set distinct values on '%s' and '%s'", c->name, one,
                  other);
}

static void negative(struct check *c, const struct wh_node *n, const char *what)
{
    if (n && n->kind == WH_NODE_INT && n->integer < 0)
        wh_diag_error(c->l->diags, mark_of(c, n), "services.%s.%s: must be greater than or equal to 0", c->name, what);
}

static void check_scale(struct check *c)
{
    struct wh_node *scale = wh_node_get(c->service, "scale"), *deploy = wh_node_get(c->service, "deploy");
    const struct wh_node *replicas = wh_node_get(deploy, "replicas");
    if (scale && replicas && !wh_node_equal(scale, replicas))
        differ(c, scale, "scale", "deploy.replicas");
    negative(c, scale, "scale");
    negative(c, replicas, "deploy.replicas");
    const struct wh_node *count = scale ? scale : replicas;
    if (count && count->kind == WH_NODE_INT && count->integer > 1 && *text_of(c->service, "container_name")) {
        struct wh_diag *d =
            wh_diag_error(c->l->diags, mark_of(c, count),
                          "services.%s.%s: can't set container_name and %s as container name must be unique", c->name,
                          scale ? "scale" : "deploy.replicas", c->name);
        wh_diag_place(c->l->diags, d, &wh_node_get(c->service, "container_name")->mark, "container_name");
        wh_diag_hint(c->l->diags, d, "several containers cannot have one name: drop container_name");
    }
    if (scale && deploy && deploy->kind == WH_NODE_MAP && !replicas)
        wh_node_put(c->l->arena, deploy, "replicas", scale);
}

static void check_limits(struct check *c)
{
    static const struct {
        const char *key, *section, *inner, *other;
    } rows[] = {
        {"cpus", "limits", "cpus", "deploy.resources.limits.cpus"},
        {"mem_limit", "limits", "memory", "deploy.resources.limits.memory"},
        {"mem_reservation", "reservations", "memory", "deploy.resources.reservations.memory"},
        {"pids_limit", "limits", "pids", "deploy.resources.limits.pids"},
    };
    const struct wh_node *resources = wh_node_get(wh_node_get(c->service, "deploy"), "resources");
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        const struct wh_node *value = wh_node_get(c->service, rows[i].key);
        const struct wh_node *part = wh_node_get(resources, rows[i].section);
        const struct wh_node *other = wh_node_get(part, rows[i].inner);
        if (value && part && (!other || !wh_node_equal(value, other)))
            differ(c, value, rows[i].key, rows[i].other);
    }
}

static void check_watch(struct check *c)
{
    const struct wh_node *rules = list_of(wh_node_get(c->service, "develop"), "watch");
    for (size_t i = 0; rules && i < rules->seq.len; i++) {
        const char *action = text_of(rules->seq.items[i], "action");
        if (!*text_of(rules->seq.items[i], "target") && !wh_streq(action, "rebuild") && !wh_streq(action, "restart"))
            wh_diag_error(c->l->diags, mark_of(c, rules->seq.items[i]),
                          "services.%s.develop.watch: target is required for non-rebuild actions", c->name);
    }
}

static void check_target(struct check *c, struct wh_map *seen, const char *target, const char *where,
                         const struct wh_node *at)
{
    const char *other = wh_map_get(seen, target);
    if (other)
        wh_diag_error(c->l->diags, mark_of(c, at), "%s: target %s already mounted as %s", where, target, other);
    else
        wh_map_set(seen, target, (void *)(uintptr_t)where);
}

static void check_targets(struct check *c)
{
    wh_auto_map seen = {0};
    struct wh_arena *a = c->l->arena;
    const struct wh_node *tmpfs = list_of(c->service, "tmpfs"), *volumes = list_of(c->service, "volumes");
    for (size_t i = 0; tmpfs && i < tmpfs->seq.len; i++) {
        const char *text = tmpfs->seq.items[i]->text;
        const char *target = wh_arena_strndup(a, text, strcspn(text, ":"));
        check_target(c, &seen, target, wh_arena_fmt(a, "services.%s.tmpfs[%zu]", c->name, i), tmpfs->seq.items[i]);
    }
    if (wh_node_len(volumes) + seen.len < 2)
        return;
    for (size_t i = 0; volumes && i < volumes->seq.len; i++)
        check_target(c, &seen, text_of(volumes->seq.items[i], "target"),
                     wh_arena_fmt(a, "services.%s.volumes[%zu]", c->name, i), volumes->seq.items[i]);
}

static void check_secret_source(struct check *c, const struct wh_pair *p)
{
    if (wh_node_get_bool(p->value, "external", false) || *text_of(p->value, "file") ||
        *text_of(p->value, "environment"))
        return;
    wh_diag_error(c->l->diags, &p->key_mark, "secret \"%s\" must declare either `file` or `environment`", p->key);
}

static void check_service(struct check *c)
{
    static check_fn *const checks[] = {
        check_source, check_dockerfile,   check_contexts,       check_platforms, check_networks,
        check_health, check_dependencies, check_shared_network, check_volumes,   check_files,
        check_models, check_scale,        check_limits,         check_watch,     check_targets,
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(checks); i++)
        checks[i](c);
}

int wh_compose_check(struct wh_load *l, struct wh_node *root)
{
    size_t before = l->diags->n_errors;
    struct check c = {
        .l = l, .root = root, .services = map_of(root, "services"), .disabled = l->res->disabled_services};
    for (size_t i = 0; c.services && i < c.services->map.len; i++) {
        const struct wh_pair *p = &c.services->map.pairs[i];
        c.name = p->key;
        c.service = p->value;
        c.mark = p->key_mark;
        check_service(&c);
    }
    const struct wh_node *secrets = map_of(root, "secrets");
    for (size_t i = 0; secrets && i < secrets->map.len; i++)
        check_secret_source(&c, &secrets->map.pairs[i]);
    wh_compose_check_cycles(l, root);
    return l->diags->n_errors > before ? -1 : 0;
}

void wh_compose_check_container_names(struct wh_load *l, const struct wh_node *root)
{
    wh_auto_map taken = {0};
    const struct wh_node *services = map_of(root, "services");
    for (size_t i = 0; services && i < services->map.len; i++) {
        const struct wh_pair *p = &services->map.pairs[i];
        const struct wh_node *name = wh_node_get(p->value, "container_name");
        const char *other = name ? wh_map_get(&taken, name->text) : NULL;
        if (other)
            wh_diag_error(l->diags, &name->mark,
                          "services.%s: container name \"%s\" is already in use by service \"%s\"", p->key, name->text,
                          other);
        else if (name)
            wh_map_set(&taken, name->text, (void *)(uintptr_t)p->key);
    }
}
