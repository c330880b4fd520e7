/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removal: images, unused layers, and what crashed commands left behind. */
#include "layout.h"
#include "record.h"
#include "store.h"
#include "whale/codec/json.h"
#include "whale/util/file.h"
#include "whale/util/map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define TMP_PREFIX        "tmp."
#define MAX_PARTIAL_AGE_S (INT64_C(7) * 24 * 3600)

static DIR *open_list(struct store *s, const char *path)
{
    int fd = openat(s->images_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? NULL : fdopendir(fd);
}

/* ---- the sweep ---- */

/* Its maker holds the lock of the folder as long as it lives. */
static void sweep_draft(struct store *s, const char *name)
{
    wh_auto_fd fd = openat(s->layers_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)wh_remove_tree_at(s->layers_fd, name, NULL);
}

/* Partial downloads are kept for a week, to be continued. */
static void sweep_partial(struct store *s, DIR *d, const char *name)
{
    struct stat st;
    wh_auto_fd fd = openat(dirfd(d), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &st) == 0 && time(NULL) - st.st_mtime > MAX_PARTIAL_AGE_S &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)unlinkat(dirfd(d), name, 0);
}

/* They are made and renamed under the store's lock, which the caller holds: nobody is about to rename these. */
static void sweep_links(struct store *s, const char *folder)
{
    wh_auto_dir d = open_list(s, folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (wh_starts(e->d_name, LAYOUT_NEW))
            (void)unlinkat(dirfd(d), e->d_name, 0);
}

void store_sweep(struct store *s)
{
    wh_auto_dir layers = open_list(s, LAYOUT_LAYERS);
    wh_auto_dir ingest = open_list(s, LAYOUT_INGEST);
    if (!layers || !ingest || store_lock(s, NULL) < 0)
        return;
    for (struct dirent *e; (e = readdir(layers));)
        if (wh_starts(e->d_name, TMP_PREFIX))
            sweep_draft(s, e->d_name);
    for (struct dirent *e; (e = readdir(ingest));)
        if (e->d_name[0] != '.')
            sweep_partial(s, ingest, e->d_name);
    sweep_links(s, LAYOUT_CHAINS);
    sweep_links(s, LAYOUT_REFS);
    store_unlock(s);
}

/* ---- images ---- */

int store_del_image(struct store *s, const char *id_hex, struct wh_err *err)
{
    char path[sizeof(LAYOUT_RECORDS) + WH_SHA256_HEX + 16];
    snprintf(path, sizeof(path), LAYOUT_RECORDS "/%s.json", id_hex);
    if (unlinkat(s->images_fd, path, 0) < 0 && errno != ENOENT)
        return wh_fail(err, errno, "remove the image record");
    if (store_sync_folder(s, LAYOUT_RECORDS, err) < 0)
        return -1;
    snprintf(path, sizeof(path), LAYOUT_BLOBS "/%s", id_hex);
    (void)unlinkat(s->images_fd, path, 0);
    return 0;
}

/* ---- unused layers ---- */

struct collection {
    struct store *store;
    struct wh_map used;  /* short names and blob digests that some image uses */
    struct wh_strv gone; /* tmp.* names of layers that were renamed away */
    struct store_freed *freed;
};

static int mark_used(struct wh_arena *a, struct collection *c, struct wh_err *err)
{
    wh_auto_strv ids = {0};
    wh_auto_vec no_refs = WH_VEC(struct layout_ref);
    if (record_scan(a, c->store->root, "", &ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.len; i++) {
        struct wh_image image;
        if (record_read(a, c->store->root, ids.items[i], &no_refs, &image, NULL, err) != 0)
            return wh_wrap(err, "nothing was removed");
        wh_map_set(&c->used, ids.items[i], c);
        for (size_t j = 0; j < image.n_layers; j++)
            if (wh_map_set(&c->used, image.layers[j].name, c) < 0)
                return wh_fail(err, ENOMEM, "image store");
    }
    return 0;
}

static int64_t layer_size(struct store *s, const char *name)
{
    wh_auto_arena a = {0};
    struct wh_node *doc = NULL;
    char *path = layout_path(&a, s->root, LAYOUT_LAYERS "/%s/" LAYER_RECORD, name);
    if (!path || wh_json_load(&a, path, LAYOUT_MAX_JSON_BYTES, &doc, NULL) < 0)
        return 0;
    return wh_node_get_int(doc, "size", 0);
}

/* Renames an unused layer away, unless somebody holds it. */
static void retire_layer(struct collection *c, const char *name)
{
    char path[2 * STORE_NAME_BYTES], gone[STORE_NAME_BYTES + 16];
    struct store *s = c->store;
    snprintf(path, sizeof(path), "%.*s/" LAYER_LOCK, STORE_NAME_BYTES, name);
    wh_auto_fd lock = openat(s->layers_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0) {
        c->freed->n_kept++;
        return;
    }
    snprintf(gone, sizeof(gone), TMP_PREFIX "gone-%.*s", STORE_NAME_BYTES, name);
    c->freed->bytes += layer_size(s, name);
    if (renameat(s->layers_fd, name, s->layers_fd, gone) < 0)
        return;
    c->freed->n_layers++;
    wh_strv_add(&c->gone, gone);
}

static int retire_layers(struct collection *c, struct wh_err *err)
{
    wh_auto_dir d = open_list(c->store, LAYOUT_LAYERS);
    if (!d)
        return wh_fail(err, errno, "read the layers");
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.' && !wh_starts(e->d_name, TMP_PREFIX) && !wh_map_has(&c->used, e->d_name))
            retire_layer(c, e->d_name);
    return 0;
}

/* Symlinks of chains whose layer is gone. */
static void drop_chains(struct collection *c)
{
    wh_auto_dir d = open_list(c->store, LAYOUT_CHAINS);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.' && faccessat(dirfd(d), e->d_name, F_OK, 0) < 0 && errno == ENOENT)
            (void)unlinkat(dirfd(d), e->d_name, 0);
}

static void drop_blobs(struct collection *c)
{
    wh_auto_dir d = open_list(c->store, LAYOUT_BLOBS);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.' && !wh_map_has(&c->used, e->d_name))
            (void)unlinkat(dirfd(d), e->d_name, 0);
}

int store_collect(struct store *s, struct store_freed *ret, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct collection c = {.store = s, .freed = ret};
    *ret = (struct store_freed){0};
    if (store_lock(s, err) < 0)
        return -1;
    int r = mark_used(&a, &c, err);
    if (r == 0)
        r = retire_layers(&c, err);
    if (r == 0) {
        drop_chains(&c);
        drop_blobs(&c);
    }
    store_unlock(s);
    for (size_t i = 0; i < c.gone.len; i++)
        if (wh_remove_tree_at(s->layers_fd, c.gone.items[i], r == 0 ? err : NULL) < 0)
            r = -1;
    wh_map_fini(&c.used);
    wh_strv_fini(&c.gone);
    return r;
}
