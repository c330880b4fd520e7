/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the relative paths of a model absolute, in place. What is absolute already is not cleaned, `~` is the home
 * folder, and texts that are no local path (URLs, service:name, named volumes) stay.
 */
#include "internal.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct resolver {
    struct wh_load *l;
    const char *dir;
    bool failed;
};

typedef void resolve_fn(struct resolver *r, struct wh_node *n);

static const char *home_of(const struct wh_load *l)
{
    for (char **e = l->opts->environ; e && *e; e++)
        if (wh_starts(*e, "HOME=") && (*e)[5])
            return *e + 5;
    return NULL;
}

static void set_text(struct resolver *r, struct wh_node *n, const char *text)
{
    if (!text || !(text = wh_arena_strdup(r->l->arena, text)))
        return;
    n->text = text;
    n->text_len = strlen(text);
}

static void set_joined(struct resolver *r, struct wh_node *n, const char *dir, const char *name)
{
    wh_auto_free char *joined = wh_fmt("%s/%s", dir, name);
    wh_auto_free char *clean = joined ? wh_path_clean(joined) : NULL;
    set_text(r, n, clean);
}

/* True when it was a home path and is absolute now. */
static bool expand_home(struct resolver *r, struct wh_node *n)
{
    if (n->text[0] != '~')
        return false;
    const char *home = home_of(r->l);
    if (!home) {
        wh_diag_warn(r->l->diags, &n->mark, "cannot expand '~', because the environment lacks HOME");
        return false;
    }
    set_joined(r, n, home, n->text + 1);
    return true;
}

static bool is_windows_path(const char *text)
{
    return wh_starts(text, "\\\\") ||
           (isalpha((unsigned char)text[0]) && text[1] == ':' && strchr("\\/", text[2]) && text[2]);
}

static void resolve_path(struct resolver *r, struct wh_node *n)
{
    if (n->kind != WH_NODE_STR || !*n->text || expand_home(r, n) || n->text[0] == '/')
        return;
    set_joined(r, n, r->dir, n->text);
}

/* Unlike other paths an empty one is the folder itself: that is what ${UNSET} gives. */
static void resolve_any_path(struct resolver *r, struct wh_node *n)
{
    if (n->kind == WH_NODE_STR && !*n->text)
        set_text(r, n, r->dir);
    else if (n->kind == WH_NODE_STR && !is_windows_path(n->text))
        resolve_path(r, n);
}

static void resolve_context(struct resolver *r, struct wh_node *n)
{
    static const char *const remote[] = {"service:", "https://", "http://", "git://", "ssh://", "github.com/", "git@"};
    if (n->kind != WH_NODE_STR || strstr(n->text, "://"))
        return;
    for (size_t i = 0; i < WH_ARRAY_LEN(remote); i++)
        if (wh_starts(n->text, remote[i]))
            return;
    resolve_path(r, n);
}

/* A rule of watch: symbolic links are followed where the path exists. */
static void resolve_watched(struct resolver *r, struct wh_node *n)
{
    if (n->kind != WH_NODE_STR)
        return;
    resolve_path(r, n);
    wh_auto_free char *real = realpath(n->text, NULL);
    set_text(r, n, real);
}

static void resolve_mount(struct resolver *r, struct wh_node *n)
{
    if (!wh_streq(wh_node_get_str(n, "type", NULL), "bind"))
        return;
    struct wh_node *source = wh_node_get(n, "source");
    if (!source) {
        r->failed = true;
        struct wh_diag *d = wh_diag_error(r->l->diags, &n->mark,
                                          "invalid mount config for type \"bind\": field Source must not be empty");
        wh_diag_hint(r->l->diags, d, "add `source:` with the path on the host");
        return;
    }
    resolve_any_path(r, source);
}

/* driver: local with o: bind is a bind mount in disguise. */
static void resolve_volume(struct resolver *r, struct wh_node *n)
{
    struct wh_node *opts = wh_node_get(n, "driver_opts"), *device = wh_node_get(opts, "device");
    if (device && device->kind == WH_NODE_STR && device->text[0] != '~' &&
        wh_streq(wh_node_get_str(n, "driver", NULL), "local") && wh_streq(wh_node_get_str(opts, "o", NULL), "bind"))
        resolve_any_path(r, device);
}

static void each(struct resolver *r, const struct wh_node *n, resolve_fn *run)
{
    for (size_t i = 0; n && n->kind == WH_NODE_SEQ && i < n->seq.len; i++)
        run(r, n->seq.items[i]);
    for (size_t i = 0; n && n->kind == WH_NODE_MAP && i < n->map.len; i++)
        run(r, n->map.pairs[i].value);
}

static void one(struct resolver *r, const struct wh_node *map, const char *key, resolve_fn *run)
{
    struct wh_node *n = wh_node_get(map, key);
    if (n)
        run(r, n);
}

static void resolve_env_file(struct resolver *r, struct wh_node *n)
{
    one(r, n, "path", resolve_path);
}

static void resolve_rule(struct resolver *r, struct wh_node *n)
{
    one(r, n, "path", resolve_watched);
}

static void resolve_file(struct resolver *r, struct wh_node *n)
{
    one(r, n, "file", resolve_any_path);
}

static void resolve_service(struct resolver *r, struct wh_node *n)
{
    const struct wh_node *build = wh_node_get(n, "build");
    one(r, build, "context", resolve_context);
    each(r, wh_node_get(build, "additional_contexts"), resolve_context);
    each(r, wh_node_get(build, "ssh"), resolve_path);
    each(r, wh_node_get(n, "env_file"), resolve_env_file);
    each(r, wh_node_get(n, "label_file"), resolve_path);
    each(r, wh_node_get(wh_node_get(n, "develop"), "watch"), resolve_rule);
    each(r, wh_node_get(n, "volumes"), resolve_mount);
}

int wh_compose_resolve_paths(struct wh_load *l, struct wh_node *root, const char *dir)
{
    struct resolver r = {.l = l, .dir = dir};
    each(&r, wh_node_get(root, "services"), resolve_service);
    each(&r, wh_node_get(root, "volumes"), resolve_volume);
    each(&r, wh_node_get(root, "configs"), resolve_file);
    each(&r, wh_node_get(root, "secrets"), resolve_file);
    return r.failed ? -1 : 0;
}
