/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image tag, image rm, image prune: names come and go; layers go when nobody uses or holds them. */
#include "command.h"
#include "layout.h"
#include "store.h"
#include "usage.h"
#include "whale/util/size.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

static int lookup(struct wh_arena *a, const struct request *q, const char *name, struct wh_image *ret,
                  struct wh_err *err)
{
    int r = wh_image_lookup(a, q->root, name, ret, err);
    return r > 0 ? wh_fail(err, WH_E_NOT_FOUND, "No such image: %s", name) : r;
}

/* ---- tag ---- */

int cmd_tag(struct request *q, struct wh_err *err)
{
    wh_auto_arena a = {0};
    auto_store s = {.images_fd = -1, .layers_fd = -1, .lock_fd = -1};
    struct wh_image image;
    struct wh_ref ref;
    if (wh_ref_parse(&a, q->args[1], &ref, err) < 0)
        return -1;
    if (ref.digest)
        return wh_fail(err, WH_E_INVALID, "refusing to create a tag with a digest reference");
    if (store_open(&s, q->root, err) < 0 || store_lock(&s, err) < 0)
        return -1;
    int r = lookup(&a, q, q->args[0], &image, err);
    if (r == 0)
        r = store_set_ref(&s, &ref, layout_hex(image.id), err);
    store_unlock(&s);
    return r;
}

/* ---- rm ---- */

struct removal {
    struct request *q;
    struct store *store;
    struct usage usage;
    struct wh_arena *arena;
};

static void say(struct removal *r, const char *what, const char *text)
{
    if (r->q->report.mode == REPORT_PLAIN)
        printf("%s: %s\n", what, text);
}

static int drop_name(struct removal *r, const char *familiar, struct wh_err *err)
{
    struct wh_ref ref;
    if (wh_ref_parse(r->arena, familiar, &ref, err) < 0 || store_del_ref(r->store, &ref, err) < 0)
        return -1;
    say(r, "Untagged", familiar);
    return 0;
}

static int drop_all_names(struct removal *r, const struct wh_image *image, struct wh_err *err)
{
    for (size_t i = 0; i < image->n_repo_tags; i++)
        if (drop_name(r, image->repo_tags[i], err) < 0)
            return -1;
    for (size_t i = 0; i < image->n_repo_digests; i++)
        if (drop_name(r, image->repo_digests[i], err) < 0)
            return -1;
    return 0;
}

/* Whether the user named the image by a name of it (and not by its id), and by which. */
static const char *named_by(struct removal *r, const struct wh_image *image, const char *text)
{
    struct wh_ref ref;
    if (wh_ref_parse(r->arena, text, &ref, NULL) < 0)
        return NULL;
    const char *familiar = wh_ref_familiar(r->arena, &ref);
    for (size_t i = 0; i < image->n_repo_tags; i++)
        if (wh_streq(image->repo_tags[i], familiar))
            return image->repo_tags[i];
    for (size_t i = 0; i < image->n_repo_digests; i++)
        if (wh_streq(image->repo_digests[i], familiar))
            return image->repo_digests[i];
    return NULL;
}

static int refuse_used(const char *text, const char *container, struct wh_err *err)
{
    wh_fail(err, IMAGE_E_IN_USE, "unable to remove image %s: container %s is using it", text, container);
    wh_err_hint(err, "-f removes the name and keeps the image until the container is gone");
    return -1;
}

static int remove_one(struct removal *r, const char *text, struct wh_err *err)
{
    struct wh_image image;
    if (lookup(r->arena, r->q, text, &image, err) < 0)
        return -1;
    const char *name = named_by(r, &image, text), *user = usage_of(&r->usage, image.id);
    if (name && (image.n_repo_tags > 1 || (image.n_repo_tags == 1 && strchr(name, '@'))))
        return drop_name(r, name, err);
    if (!name && image.n_repo_tags > 1 && !r->q->force)
        return wh_fail(err, IMAGE_E_IN_USE, "unable to delete %s: the image has %zu names (-f removes all)", text,
                       image.n_repo_tags);
    if (user && !r->q->force)
        return refuse_used(text, user, err);
    if (drop_all_names(r, &image, err) < 0)
        return -1;
    if (user)
        return 0;
    if (store_del_image(r->store, layout_hex(image.id), err) < 0)
        return -1;
    say(r, "Deleted", image.id);
    return 0;
}

static int remove_all(struct removal *r, struct wh_err *err)
{
    if (store_lock(r->store, err) < 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; i < r->q->n_args && rc == 0; i++)
        rc = remove_one(r, r->q->args[i], err);
    store_unlock(r->store);
    return rc;
}

int cmd_rm(struct request *q, struct wh_err *err)
{
    wh_auto_arena a = {0};
    auto_store s = {.images_fd = -1, .layers_fd = -1, .lock_fd = -1};
    struct removal r = {.q = q, .store = &s, .arena = &a};
    struct store_freed freed;
    if (store_open(&s, q->root, err) < 0 || usage_read(q->root, &r.usage, err) < 0)
        return -1;
    int rc = remove_all(&r, err);
    usage_fini(&r.usage);
    if (store_collect(&s, &freed, rc == 0 ? err : NULL) < 0)
        return -1;
    return rc;
}

/* ---- prune ---- */

/* Downloads that were broken off, unless a pull is at them. */
static void drop_partials(struct store *s)
{
    int fd = openat(s->images_fd, LAYOUT_INGEST, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    wh_auto_dir d = fd < 0 ? NULL : fdopendir(fd);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        wh_auto_fd partial = e->d_name[0] == '.' ? -1 : openat(fd, e->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (partial >= 0 && flock(partial, LOCK_EX | LOCK_NB) == 0)
            (void)unlinkat(fd, e->d_name, 0);
    }
}

static int prune_images(struct removal *r, struct wh_err *err)
{
    struct wh_image *images;
    size_t n;
    if (wh_image_list(r->arena, r->q->root, &images, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if ((images[i].n_repo_tags && !r->q->all) || usage_of(&r->usage, images[i].id))
            continue;
        if (drop_all_names(r, &images[i], err) < 0 || store_del_image(r->store, layout_hex(images[i].id), err) < 0)
            return -1;
        say(r, "Deleted", images[i].id);
    }
    return 0;
}

int cmd_prune(struct request *q, struct wh_err *err)
{
    wh_auto_arena a = {0};
    auto_store s = {.images_fd = -1, .layers_fd = -1, .lock_fd = -1};
    struct removal r = {.q = q, .store = &s, .arena = &a};
    struct store_freed freed;
    char size[40];
    if (store_open(&s, q->root, err) < 0 || usage_read(q->root, &r.usage, err) < 0)
        return -1;
    int rc = store_lock(&s, err);
    if (rc == 0) {
        rc = prune_images(&r, err);
        store_unlock(&s);
    }
    usage_fini(&r.usage);
    drop_partials(&s);
    if (rc < 0 || store_collect(&s, &freed, err) < 0)
        return -1;
    if (q->report.mode == REPORT_PLAIN)
        printf("Total reclaimed space: %s\n", wh_size_format_si(freed.bytes, size, sizeof(size)));
    return 0;
}
