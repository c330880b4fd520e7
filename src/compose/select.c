/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which services take part: profiles, services named on the command line with what they need, pruning. */
#include "passes.h"

#include "whale/util/str.h"

#include <fnmatch.h>
#include <string.h>

static struct wh_node *services_of(const struct wh_node *root)
{
    struct wh_node *n = wh_node_get(root, "services");
    return n && n->kind == WH_NODE_MAP ? n : NULL;
}

static struct wh_node *disabled_of(struct wh_load *l)
{
    if (!l->res->disabled_services)
        l->res->disabled_services = wh_node_map(l->arena, NULL);
    return l->res->disabled_services;
}

static void move(struct wh_load *l, struct wh_node *to, const struct wh_pair *p)
{
    wh_node_set(l->arena, to, p->key, &p->key_mark, p->value);
}

/* ---- profiles ---- */

static bool is_active(const struct wh_load *l, const char *profile)
{
    for (size_t i = 0; i < l->res->profiles.len; i++) {
        const char *active = wh_vec_at(&l->res->profiles, const char *, i);
        if (strcmp(active, "*") == 0 || strcmp(active, profile) == 0)
            return true;
    }
    return false;
}

static bool is_enabled(const struct wh_load *l, const struct wh_node *service)
{
    const struct wh_node *profiles = wh_node_get(service, "profiles");
    if (wh_node_len(profiles) == 0)
        return true;
    for (size_t i = 0; i < profiles->seq.len; i++)
        if (is_active(l, profiles->seq.items[i]->text))
            return true;
    return false;
}

/* Sorts all services, enabled or not, by the profiles that are active now. */
static void split(struct wh_load *l, struct wh_node *root)
{
    const struct wh_node *all[] = {services_of(root), disabled_of(l)};
    struct wh_node *enabled = wh_node_map(l->arena, NULL), *disabled = wh_node_map(l->arena, NULL);
    for (size_t k = 0; enabled && disabled && k < WH_ARRAY_LEN(all); k++)
        for (size_t i = 0; all[k] && i < all[k]->map.len; i++)
            move(l, is_enabled(l, all[k]->map.pairs[i].value) ? enabled : disabled, &all[k]->map.pairs[i]);
    if (enabled)
        wh_node_put(l->arena, root, "services", enabled);
    l->res->disabled_services = disabled;
}

static size_t collect_profiles(const struct wh_node *services, const char **names, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; services && i < services->map.len; i++) {
        const struct wh_node *own = wh_node_get(services->map.pairs[i].value, "profiles");
        for (size_t k = 0; k < wh_node_len(own) && n < max; k++)
            names[n++] = own->seq.items[k]->text;
    }
    return n;
}

/* A profile that no service has is probably misspelt. */
static void warn_unknown_profiles(struct wh_load *l, const struct wh_node *services)
{
    const char *known[256];
    size_t n = collect_profiles(services, known, WH_ARRAY_LEN(known));
    for (size_t i = 0; n < WH_ARRAY_LEN(known) && i < l->opts->n_profiles; i++) {
        const char *name = l->opts->profiles[i];
        bool found = !*name || strcmp(name, "*") == 0; /* "" is active where none is given */
        for (size_t k = 0; k < n && !found; k++)
            found = strcmp(known[k], name) == 0;
        if (found)
            continue;
        struct wh_diag *d = wh_diag_warn(l->diags, NULL, "no service has the profile \"%s\"", name);
        const char *near = wh_did_you_mean(name, known, n);
        if (near)
            wh_diag_hint(l->diags, d, "did you mean %s?", near);
    }
}

int wh_compose_apply_profiles(struct wh_load *l, struct wh_node *root)
{
    const struct wh_node *services = services_of(root);
    bool all = true;
    for (size_t i = 0; services && i < services->map.len; i++)
        all = all && is_enabled(l, services->map.pairs[i].value);
    disabled_of(l);
    if (l->opts->n_profiles) /* COMPOSE_PROFILES may serve several projects */
        warn_unknown_profiles(l, services);
    if (!l->opts->all_services && !all)
        split(l, root);
    return 0;
}

/* Naming a service of an inactive profile activates its profiles. */
static void enable_named(struct wh_load *l, struct wh_node *root)
{
    bool changed = false;
    for (size_t i = 0; i < l->opts->n_services; i++) {
        const char *name = l->opts->services[i];
        const struct wh_node *service = wh_node_get(disabled_of(l), name);
        const struct wh_node *profiles = wh_node_get(service, "profiles");
        if (wh_node_get(services_of(root), name) || !profiles)
            continue;
        for (size_t k = 0; k < wh_node_len(profiles); k++)
            wh_vec_push_ptr(&l->res->profiles, profiles->seq.items[k]->text);
        changed = true;
    }
    if (changed)
        split(l, root);
}

/* ---- services named on the command line ---- */

struct selection {
    struct wh_load *l;
    const struct wh_node *services;
    struct wh_map chosen;
    struct wh_vec todo; /* of const struct wh_pair * */
};

static void choose(struct selection *s, const struct wh_pair *p)
{
    if (wh_map_has(&s->chosen, p->key))
        return;
    wh_map_set(&s->chosen, p->key, (void *)(uintptr_t)p);
    wh_vec_push_ptr(&s->todo, p);
}

static void no_such_service(struct selection *s, const char *name, const struct wh_mark *mark)
{
    const char *names[256];
    size_t n = 0;
    for (size_t i = 0; s->services && i < s->services->map.len && n < WH_ARRAY_LEN(names); i++)
        names[n++] = s->services->map.pairs[i].key;
    struct wh_diag *d = wh_diag_error(s->l->diags, mark, "no such service: %s", name);
    const char *near = wh_did_you_mean(name, names, n);
    if (wh_node_get(disabled_of(s->l), name))
        wh_diag_hint(s->l->diags, d, "%s is in a profile that is not active", name);
    else if (near)
        wh_diag_hint(s->l->diags, d, "did you mean %s?", near);
}

static void choose_named(struct selection *s, const char *pattern)
{
    const struct wh_pair *exact = wh_node_pair(s->services, pattern);
    bool found = exact != NULL;
    if (exact)
        choose(s, exact);
    for (size_t i = 0; !exact && s->services && i < s->services->map.len; i++) {
        if (fnmatch(pattern, s->services->map.pairs[i].key, 0) != 0)
            continue;
        choose(s, &s->services->map.pairs[i]);
        found = true;
    }
    if (!found)
        no_such_service(s, pattern, NULL);
}

static void choose_dependencies(struct selection *s, const struct wh_pair *p)
{
    const struct wh_node *deps = wh_node_get(p->value, "depends_on");
    for (size_t i = 0; deps && deps->kind == WH_NODE_MAP && i < deps->map.len; i++) {
        const struct wh_pair *dep = &deps->map.pairs[i], *target = wh_node_pair(s->services, dep->key);
        if (target)
            choose(s, target);
        else if (wh_node_get_bool(dep->value, "required", true))
            no_such_service(s, dep->key, &dep->key_mark);
    }
}

/* Dependencies on what was not chosen are forgotten. */
static void forget_others(struct selection *s, const struct wh_pair *p)
{
    struct wh_node *deps = wh_node_get(p->value, "depends_on");
    for (size_t i = deps && deps->kind == WH_NODE_MAP ? deps->map.len : 0; i-- > 0;)
        if (!wh_map_has(&s->chosen, deps->map.pairs[i].key))
            wh_node_del(deps, deps->map.pairs[i].key);
    if (deps && wh_node_len(deps) == 0)
        wh_node_del(p->value, "depends_on");
}

static void keep_chosen(struct selection *s, struct wh_node *root)
{
    struct wh_node *enabled = wh_node_map(s->l->arena, NULL), *disabled = disabled_of(s->l);
    for (size_t i = 0; enabled && s->services && i < s->services->map.len; i++) {
        const struct wh_pair *p = &s->services->map.pairs[i];
        bool chosen = wh_map_has(&s->chosen, p->key);
        if (chosen)
            forget_others(s, p);
        move(s->l, chosen ? enabled : disabled, p);
    }
    if (enabled)
        wh_node_put(s->l->arena, root, "services", enabled);
}

int wh_compose_select(struct wh_load *l, struct wh_node *root)
{
    size_t before = l->diags->n_errors;
    if (l->opts->n_services == 0 || wh_compose_read_env_files(l, services_of(root)) < 0)
        return l->diags->n_errors > before ? -1 : 0;
    enable_named(l, root);
    struct selection s = {.l = l, .services = services_of(root), .todo = WH_VEC(const struct wh_pair *)};
    for (size_t i = 0; i < l->opts->n_services; i++)
        choose_named(&s, l->opts->services[i]);
    for (size_t i = 0; i < s.todo.len; i++)
        choose_dependencies(&s, wh_vec_at(&s.todo, const struct wh_pair *, i));
    if (l->diags->n_errors == before)
        keep_chosen(&s, root);
    wh_map_fini(&s.chosen);
    wh_vec_fini(&s.todo);
    return l->diags->n_errors > before ? -1 : 0;
}

/* ---- pruning ---- */

struct usage {
    struct wh_map networks, volumes, secrets, configs, models;
};

static void use_keys(struct wh_map *used, const struct wh_node *map)
{
    for (size_t i = 0; map && map->kind == WH_NODE_MAP && i < map->map.len; i++)
        wh_map_set(used, map->map.pairs[i].key, used);
}

static void use_sources(struct wh_map *used, const struct wh_node *list, const char *type)
{
    for (size_t i = 0; list && list->kind == WH_NODE_SEQ && i < list->seq.len; i++) {
        const char *source = wh_node_get_str(list->seq.items[i], "source", NULL);
        if (source && (!type || wh_streq(wh_node_get_str(list->seq.items[i], "type", NULL), type)))
            wh_map_set(used, source, used);
    }
}

static void use_service(struct usage *u, const struct wh_node *service)
{
    use_keys(&u->networks, wh_node_get(service, "networks"));
    use_keys(&u->models, wh_node_get(service, "models"));
    use_sources(&u->volumes, wh_node_get(service, "volumes"), "volume");
    use_sources(&u->secrets, wh_node_get(service, "secrets"), NULL);
    use_sources(&u->secrets, wh_node_get(wh_node_get(service, "build"), "secrets"), NULL);
    use_sources(&u->configs, wh_node_get(service, "configs"), NULL);
}

static void drop_unused(struct wh_node *root, const char *section, struct wh_map *used)
{
    struct wh_node *map = wh_node_get(root, section);
    for (size_t i = map && map->kind == WH_NODE_MAP ? map->map.len : 0; i-- > 0;)
        if (!wh_map_has(used, map->map.pairs[i].key))
            wh_node_del(map, map->map.pairs[i].key);
    if (map && wh_node_len(map) == 0)
        wh_node_del(root, section);
    wh_map_fini(used);
}

void wh_compose_prune(struct wh_load *l, struct wh_node *root)
{
    struct usage u = {0};
    const struct wh_node *services = services_of(root);
    for (size_t i = 0; services && i < services->map.len; i++)
        use_service(&u, services->map.pairs[i].value);
    drop_unused(root, "networks", &u.networks);
    drop_unused(root, "volumes", &u.volumes);
    drop_unused(root, "secrets", &u.secrets);
    drop_unused(root, "configs", &u.configs);
    drop_unused(root, "models", &u.models);
}
