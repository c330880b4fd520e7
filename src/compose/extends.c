/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * extends: a service takes over another one of its file or of another file, and merges itself over it. Resolved for
 * each file before it is merged, so a base is never a service of an earlier -f.
 */
#include "compose/loader.h"

#include "whale/util/file.h"

#include <string.h>

/* Of services that extend each other; the chain is followed by recursion. */
#define MAX_CHAIN 200

struct link {
    const struct link *up;
    unsigned int depth;
    const char *file;
    const char *name;
};

struct reference {
    const char *service;
    const struct wh_node *file; /* NULL: the same file */
    const struct wh_mark *mark;
};

static int resolve_service(struct wh_scope *s, const struct wh_base *base, const char *name, const struct link *chain);

static int read_reference(struct wh_scope *s, const char *name, const struct wh_node *extends, struct reference *ret)
{
    *ret = (struct reference){.service = "", .mark = &extends->mark};
    if (extends->kind == WH_NODE_STR)
        ret->service = extends->text;
    if (extends->kind != WH_NODE_MAP)
        return 0;
    const struct wh_node *service = wh_node_get(extends, "service");
    ret->file = wh_node_get(extends, "file");
    if (ret->file && ret->file->kind == WH_NODE_NULL)
        ret->file = NULL;
    if (ret->file && ret->file->kind != WH_NODE_STR) {
        wh_diag_error(s->load->diags, &ret->file->mark, "services.%s.extends.file must be a string", name);
        return -1;
    }
    if (!service || service->kind != WH_NODE_STR) {
        wh_diag_error(s->load->diags, &extends->mark, "extends.%s.service is required", name);
        return -1;
    }
    ret->service = service->text;
    return 0;
}

static void chain_text(const struct link *l, struct wh_str *out)
{
    if (l->up)
        chain_text(l->up, out);
    wh_str_fmt(out, "\n  %s%s in %s", l->up ? "extends " : "", l->name, l->file);
}

static int check_cycle(struct wh_scope *s, const struct link *chain, const struct wh_mark *mark)
{
    if (chain->depth > MAX_CHAIN) {
        wh_diag_error(s->load->diags, mark, "more than %d services extend each other in a row", MAX_CHAIN);
        return -1;
    }
    for (const struct link *l = chain->up; l; l = l->up) {
        if (strcmp(l->file, chain->file) != 0 || strcmp(l->name, chain->name) != 0)
            continue;
        wh_auto_str text = {0};
        chain_text(chain, &text);
        wh_diag_error(s->load->diags, mark, "Circular reference:%s", wh_str_c(&text));
        return -1;
    }
    return 0;
}

static void suggest(struct wh_load *l, struct wh_diag *d, const struct wh_node *services, const char *name)
{
    size_t n = wh_node_len(services);
    const char **names = wh_arena_array(l->arena, const char *, n + 1);
    for (size_t i = 0; names && i < n; i++)
        names[i] = services->map.pairs[i].key;
    const char *close = names ? wh_did_you_mean(name, names, n) : NULL;
    if (close)
        wh_diag_hint(l->diags, d, "did you mean \"%s\"?", close);
}

/* The base that the reference leads to, or NULL after an error. */
static const struct wh_base *find_base(struct wh_scope *s, const struct wh_base *own, const char *name,
                                       const struct reference *ref)
{
    struct wh_load *l = s->load;
    const struct wh_base *base = own;
    if (ref->file) {
        if (wh_compose_refuse_remote(l, ref->file->text, &ref->file->mark) < 0)
            return NULL;
        base = wh_compose_load_base(s, wh_compose_join(l, own->dir, ref->file->text), name, &ref->file->mark);
        if (!base)
            return NULL;
    }
    if (wh_node_pair(base->services, ref->service))
        return base;
    struct wh_diag *d =
        wh_diag_error(l->diags, ref->mark, "cannot extend service \"%s\" in %s: service \"%s\" not found%s%s", name,
                      s->file, ref->service, ref->file ? " in " : "", ref->file ? ref->file->text : "");
    suggest(l, d, base->services, ref->service);
    return NULL;
}

/* Merges service over a copy of source, whose resets of the extending file are applied first. */
static struct wh_node *extend(struct wh_scope *s, const struct wh_base *own, const char *name,
                              const struct wh_node *source, struct wh_node *service)
{
    struct wh_load *l = s->load;
    struct wh_node *copy = wh_node_clone(l->arena, source);
    if (!copy) {
        l->diags->failed = true;
        return NULL;
    }
    wh_resets_apply(l, own->resets, "services", name, copy);
    copy->mark = service->mark;
    return wh_compose_merge_entry(l, "services", name, copy, service);
}

/* A service without anything gives nothing: docker compose leaves the reference in the model, and its file's path. */
static int keep_reference(const struct wh_scope *s, const struct wh_base *own, struct wh_node *extends,
                          const struct reference *ref)
{
    if (ref->file && !s->load->opts->no_path_resolution)
        wh_node_put_str(s->load->arena, extends, "file", wh_compose_join(s->load, own->dir, ref->file->text));
    return 0;
}

static int resolve_extends(struct wh_scope *s, const struct wh_base *base, const char *name,
                           const struct wh_node *extends, const struct link *chain)
{
    struct reference ref;
    struct wh_node *service = wh_node_get(base->services, name);
    if (read_reference(s, name, extends, &ref) < 0 || check_cycle(s, chain, ref.mark) < 0)
        return -1;
    const struct wh_base *from = find_base(s, base, name, &ref);
    if (!from || resolve_service(s, from, ref.service, chain) < 0)
        return -1;
    const struct wh_node *source = wh_node_get(from->services, ref.service);
    if (source->kind == WH_NODE_NULL)
        return keep_reference(s, base, wh_node_get(service, "extends"), &ref);
    struct wh_node *merged = extend(s, base, name, source, service);
    if (!merged)
        return -1;
    wh_node_del(merged, "extends");
    return wh_node_set(s->load->arena, base->services, name, NULL, merged);
}

/* Afterwards the service has no extends any more, whatever happened: each error is reported once. */
static int resolve_service(struct wh_scope *s, const struct wh_base *base, const char *name, const struct link *chain)
{
    struct wh_node *service = wh_node_get(base->services, name);
    struct link here = {chain, chain ? chain->depth + 1 : 1, base->path, name};
    if (service->kind == WH_NODE_NULL)
        return 0;
    if (service->kind != WH_NODE_MAP) {
        wh_diag_error(s->load->diags, &service->mark, "services.%s must be a mapping", name);
        return -1;
    }
    const struct wh_node *extends = wh_node_get(service, "extends");
    if (!extends)
        return 0;
    int rc = resolve_extends(s, base, name, extends, &here);
    if (rc < 0)
        wh_node_del(service, "extends");
    return rc;
}

int wh_compose_apply_extends(struct wh_scope *s, struct wh_node *doc, const struct wh_reset *resets)
{
    struct wh_node *services = wh_node_get(doc, "services");
    int rc = 0;
    if (!services)
        return 0;
    if (services->kind != WH_NODE_MAP) {
        struct wh_diag *d = wh_diag_error(s->load->diags, &services->mark, "services must be a mapping");
        if (services->kind == WH_NODE_NULL)
            wh_diag_hint(s->load->diags, d, "leave the key out when there are none");
        services->reported = true;
        return -1;
    }
    struct wh_base own = {.path = s->file, .dir = s->dir, .services = services, .resets = resets};
    for (size_t i = 0; i < services->map.len; i++)
        if (resolve_service(s, &own, services->map.pairs[i].key, NULL) < 0)
            rc = -1;
    return rc;
}
