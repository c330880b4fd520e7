/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config --resolve-image-digests and --lock-image-digests: images by the digest that the local store knows for them. */
#include "cli/config_parts.h"

#include "whale/image.h"
#include "whale/state.h"

#include <errno.h>
#include <string.h>

/* The digest of "docker.io/library/busybox@sha256:..." entries whose name is that of ref; NULL when there is none. */
static const char *known_digest(struct wh_arena *a, const struct wh_image *image, const struct wh_ref *ref)
{
    for (size_t i = 0; i < image->n_repo_digests; i++) {
        struct wh_ref known;
        if (wh_ref_parse(a, image->repo_digests[i], &known, NULL) == 0 && known.digest &&
            wh_streq(wh_ref_familiar_name(a, &known), wh_ref_familiar_name(a, ref)))
            return known.digest;
    }
    return NULL;
}

static const char *pin(struct wh_arena *a, const char *name, struct wh_err *err)
{
    struct wh_ref ref;
    struct wh_image image;
    if (wh_ref_parse(a, name, &ref, err) < 0)
        return NULL;
    if (ref.digest)
        return name;
    int rc = wh_image_lookup(a, wh_state_root(), name, &image, err);
    if (rc < 0)
        return NULL;
    const char *digest = rc == 0 ? known_digest(a, &image, &ref) : NULL;
    if (digest)
        return wh_arena_fmt(a, "%s@%s", wh_ref_canonical(a, &ref), digest);
    wh_fail(err, WH_E_NOT_FOUND, "the digest of image %s is not known here", name);
    wh_err_hint(err, "run `whale-compose pull` first; an image that was built or imported has none");
    return NULL;
}

static int pin_key(struct wh_arena *a, struct wh_node *map, const char *key, struct wh_err *err)
{
    const char *name = wh_node_get_str(map, key, "");
    const char *pinned = *name ? pin(a, name, err) : NULL;
    if (pinned)
        wh_node_put_str(a, map, key, pinned);
    return *name && !pinned ? -1 : 0;
}

static bool is_image_mount(const struct wh_node *mount)
{
    return wh_streq(wh_node_get_str(mount, "type", ""), "image");
}

static int pin_service(struct wh_load_result *r, const struct wh_node *services, struct wh_node *service,
                       struct wh_err *err)
{
    const struct wh_node *hooks = wh_node_get(service, "pre_start"), *mounts = wh_node_get(service, "volumes");
    if (pin_key(&r->arena, service, "image", err) < 0)
        return -1;
    for (size_t i = 0; hooks && i < hooks->seq.len; i++)
        if (pin_key(&r->arena, hooks->seq.items[i], "image", err) < 0)
            return -1;
    for (size_t i = 0; mounts && i < mounts->seq.len; i++) {
        struct wh_node *mount = mounts->seq.items[i];
        bool service_name = wh_node_get(services, wh_node_get_str(mount, "source", "")) != NULL;
        if (is_image_mount(mount) && !service_name && pin_key(&r->arena, mount, "source", err) < 0)
            return -1;
    }
    return 0;
}

/* Only what an override file must say: images and mounts of images. */
static struct wh_node *locked_service(struct wh_arena *a, const struct wh_node *service)
{
    struct wh_node *n = wh_node_map(a, NULL), *list = wh_node_seq(a, NULL);
    const struct wh_node *mounts = wh_node_get(service, "volumes");
    if (!n || !list)
        return NULL;
    wh_node_put_str(a, n, "image", wh_node_get_str(service, "image", NULL));
    for (size_t i = 0; mounts && i < mounts->seq.len; i++)
        if (is_image_mount(mounts->seq.items[i]))
            wh_node_push(a, list, mounts->seq.items[i]);
    if (list->seq.len)
        wh_node_put(a, n, "volumes", list);
    return n;
}

static void keep_locks(struct wh_load_result *r, const struct wh_node *services)
{
    struct wh_node *root = wh_node_map(&r->arena, NULL), *locked = wh_node_map(&r->arena, NULL);
    for (size_t i = 0; locked && services && i < services->map.len; i++) {
        struct wh_node *n = locked_service(&r->arena, services->map.pairs[i].value);
        if (n)
            wh_node_put(&r->arena, locked, services->map.pairs[i].key, n);
    }
    if (!root || !locked)
        return;
    wh_node_put(&r->arena, root, "services", locked);
    r->root = root;
}

int wh_config_pin(const struct wh_config_options *o, struct wh_load_result *r, struct wh_err *err)
{
    const struct wh_node *services = wh_node_get(r->root, "services");
    if (!o->resolve_image_digests && !o->lock_image_digests)
        return 0;
    for (size_t i = 0; services && services->kind == WH_NODE_MAP && i < services->map.len; i++)
        if (pin_service(r, services, services->map.pairs[i].value, err) < 0)
            return wh_wrap(err, "service \"%s\"", services->map.pairs[i].key);
    if (o->lock_image_digests)
        keep_locks(r, services);
    return r->arena.failed ? wh_fail(err, ENOMEM, "image digests") : 0;
}
