/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds images by reference, by id and by a prefix of an id; lists them. */
#include "layout.h"
#include "record.h"
#include "whale/codec/digest.h"
#include "whale/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ID_PREFIX "sha256:"

static bool is_hex(const char *text)
{
    return *text && strspn(text, "0123456789abcdef") == strlen(text) && strlen(text) < WH_SHA256_HEX;
}

/* The image id of a name, or NULL: one readlink. */
static const char *find_by_ref(struct wh_arena *a, const char *root, const char *name)
{
    struct wh_ref ref;
    char hex[WH_SHA256_HEX];
    if (wh_digest_valid(name) || wh_ref_parse(a, name, &ref, NULL) < 0)
        return NULL;
    char *below = layout_ref_path(a, &ref);
    char *path = below ? layout_path(a, root, "%s", below) : NULL;
    ssize_t n = path ? readlink(path, hex, sizeof(hex) - 1) : -1;
    if (n <= 0)
        return NULL;
    hex[n] = '\0';
    return wh_arena_strdup(a, hex);
}

/* 0 with *ret NULL when nothing fits; -1 when several do. */
static int find_by_id(struct wh_arena *a, const char *root, const char *name, const char **ret, struct wh_err *err)
{
    wh_auto_strv found = {0};
    const char *prefix = wh_starts(name, ID_PREFIX) ? name + strlen(ID_PREFIX) : name;
    *ret = NULL;
    if (!is_hex(prefix))
        return 0;
    if (record_scan(a, root, prefix, &found, err) < 0)
        return -1;
    if (found.len > 1)
        return wh_fail(err, WH_E_CONFLICT, "multiple images have an id that starts with %s", prefix);
    if (found.len == 1)
        *ret = wh_arena_strdup(a, found.items[0]);
    return 0;
}

int wh_image_lookup(struct wh_arena *a, const char *root, const char *name, struct wh_image *ret, struct wh_err *err)
{
    wh_auto_vec refs = WH_VEC(struct layout_ref);
    const char *hex = find_by_ref(a, root, name);
    if (!hex && find_by_id(a, root, name, &hex, err) < 0)
        return -1;
    if (!hex)
        return WH_IMAGE_ABSENT;
    if (layout_refs(a, root, &refs, err) < 0)
        return -1;
    return record_read(a, root, hex, &refs, ret, NULL, err);
}

static int compare_age(const void *a, const void *b)
{
    const struct wh_image *x = a, *y = b;
    if (x->created_ns != y->created_ns)
        return x->created_ns < y->created_ns ? 1 : -1;
    return strcmp(x->id, y->id);
}

int wh_image_list(struct wh_arena *a, const char *root, struct wh_image **ret, size_t *ret_n, struct wh_err *err)
{
    wh_auto_vec refs = WH_VEC(struct layout_ref);
    wh_auto_strv ids = {0};
    *ret_n = 0;
    if (layout_refs(a, root, &refs, err) < 0 || record_scan(a, root, "", &ids, err) < 0)
        return -1;
    struct wh_image *out = wh_arena_array(a, struct wh_image, ids.len + 1);
    if (!out)
        return wh_fail(err, ENOMEM, "image list");
    size_t n = 0;
    for (size_t i = 0; i < ids.len; i++)
        if (record_read(a, root, ids.items[i], &refs, &out[n], NULL, NULL) == 0)
            n++;
    if (n)
        qsort(out, n, sizeof(*out), compare_age);
    *ret = out;
    *ret_n = n;
    return 0;
}
