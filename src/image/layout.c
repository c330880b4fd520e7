/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths inside the store and the walk over its names. The tree is ours alone (0700), so plain paths are safe in it. */
#include "layout.h"

#include "whale/codec/digest.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *layout_hex(const char *digest)
{
    const char *colon = strchr(digest, ':');
    return colon ? colon + 1 : digest;
}

char *layout_path(struct wh_arena *a, const char *root, const char *fmt, ...)
{
    wh_auto_str s = {0};
    va_list ap;
    va_start(ap, fmt);
    wh_str_fmt(&s, "%s/" LAYOUT_IMAGES "/", root);
    wh_str_vfmt(&s, fmt, ap);
    va_end(ap);
    return s.failed ? NULL : wh_arena_strdup(a, wh_str_c(&s));
}

char *layout_ref_path(struct wh_arena *a, const struct wh_ref *ref)
{
    return wh_arena_fmt(a, LAYOUT_REFS "/%s/%s/%c%s", ref->domain, ref->path, ref->digest ? '@' : ':',
                        ref->digest ? ref->digest : ref->tag);
}

/* ---- the walk over refs/ ---- */

struct walk {
    struct wh_arena *arena;
    struct wh_vec *found;
    size_t root_len;
};

static bool is_leaf(const char *name)
{
    return name[0] == ':' || name[0] == '@';
}

static int add_leaf(struct walk *w, const char *dir, const char *name)
{
    char hex[WH_SHA256_HEX];
    char *path = wh_arena_fmt(w->arena, "%s/%s", dir, name);
    ssize_t n = path ? readlink(path, hex, sizeof(hex) - 1) : -1;
    if (n <= 0)
        return 0; /* gone since the folder was read, or not a name of ours */
    hex[n] = '\0';
    const char *below = dir + w->root_len;
    const char *slash = strchr(below, '/');
    if (!slash)
        return 0;
    struct layout_ref *r = wh_vec_push(w->found);
    if (!r)
        return -1;
    r->is_digest = name[0] == '@';
    r->ref.domain = wh_arena_strndup(w->arena, below, (size_t)(slash - below));
    r->ref.path = slash + 1;
    *(r->is_digest ? &r->ref.digest : &r->ref.tag) = path + strlen(dir) + 2;
    r->hex = wh_arena_strdup(w->arena, hex);
    r->text = wh_ref_familiar(w->arena, &r->ref);
    return r->hex && r->text ? 0 : -1;
}

static int walk_dir(struct walk *w, const char *dir)
{
    wh_auto_dir d = opendir(dir);
    if (!d)
        return errno == ENOENT ? 0 : -1;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        if (is_leaf(e->d_name)) {
            if (add_leaf(w, dir, e->d_name) < 0)
                return -1;
            continue;
        }
        char *sub = wh_arena_fmt(w->arena, "%s/%s", dir, e->d_name);
        if (!sub || walk_dir(w, sub) < 0)
            return -1;
    }
    return 0;
}

static int compare_refs(const void *a, const void *b)
{
    return strcmp(((const struct layout_ref *)a)->text, ((const struct layout_ref *)b)->text);
}

int layout_refs(struct wh_arena *a, const char *root, struct wh_vec *ret, struct wh_err *err)
{
    char *dir = layout_path(a, root, LAYOUT_REFS);
    if (!dir)
        return wh_fail(err, ENOMEM, "image names");
    struct walk w = {.arena = a, .found = ret, .root_len = strlen(dir) + 1};
    if (walk_dir(&w, dir) < 0)
        return wh_fail(err, errno, "read image names below %s", dir);
    if (ret->len)
        qsort(ret->items, ret->len, sizeof(struct layout_ref), compare_refs);
    return 0;
}
