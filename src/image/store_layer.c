/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drafts, chain ids, final layers and the commit of an image. */
#include "hash.h"
#include "layout.h"
#include "store.h"
#include "whale/codec/json.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define COUNTER_NAME    "counter"
#define TMP_PREFIX      "tmp."
#define N_RANDOM_DIGITS 16

/* ---- drafts ---- */

static int make_draft(struct store *s, struct draft *d, struct wh_err *err)
{
    if (mkdirat(s->layers_fd, d->name, 0700) < 0)
        return wh_fail(err, errno, "make a layer's folder");
    d->dir_fd = openat(s->layers_fd, d->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->dir_fd < 0 || flock(d->dir_fd, LOCK_EX | LOCK_NB) < 0)
        return wh_fail(err, errno, "open a layer's folder");
    return 0;
}

int draft_begin(struct store *s, struct draft *d, struct wh_err *err)
{
    char random[N_RANDOM_DIGITS + 1];
    *d = (struct draft){.dir_fd = -1};
    if (wh_random_hex(random, N_RANDOM_DIGITS, err) < 0 || store_lock(s, err) < 0)
        return -1; /* the lock: a sweeper must not see the folder before it is locked */
    snprintf(d->name, sizeof(d->name), TMP_PREFIX "%s", random);
    int r = make_draft(s, d, err);
    store_unlock(s);
    return r;
}

void draft_drop(struct store *s, struct draft *d)
{
    if (d->name[0])
        (void)wh_remove_tree_at(s->layers_fd, d->name, NULL);
    d->name[0] = '\0';
    wh_close(&d->dir_fd);
    unpack_result_fini(&d->unpacked);
}

/* ---- chains ---- */

void store_chain(struct slot *slots, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char text[2 * WH_SHA256_HEX + 32];
        if (i == 0) {
            snprintf(slots[i].chain_hex, WH_SHA256_HEX, "%s", slots[i].diff_hex);
            continue;
        }
        snprintf(text, sizeof(text), "sha256:%s sha256:%s", slots[i - 1].chain_hex, slots[i].diff_hex);
        wh_sha256_of(text, strlen(text), slots[i].chain_hex);
    }
}

static int lock_slot(struct store *s, struct slot *slot, struct wh_err *err)
{
    char path[2 * STORE_NAME_BYTES];
    snprintf(path, sizeof(path), "%s/" LAYER_LOCK, slot->name);
    slot->lock_fd = openat(s->layers_fd, path, O_RDONLY | O_CLOEXEC);
    if (slot->lock_fd < 0 || flock(slot->lock_fd, LOCK_SH) < 0)
        return wh_fail(err, errno, "lock layer %s", slot->name);
    return 0;
}

static int read_size(struct store *s, struct slot *slot, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_node *doc;
    char *path = layout_path(&a, s->root, LAYOUT_LAYERS "/%s/" LAYER_RECORD, slot->name);
    if (!path)
        return wh_fail(err, ENOMEM, "layer");
    if (wh_json_load(&a, path, LAYOUT_MAX_JSON_BYTES, &doc, err) < 0)
        return -1;
    slot->size_bytes = wh_node_get_int(doc, "size", 0);
    return 0;
}

/* The short name of the slot's chain, by its symlink. The caller holds the lock. */
static int read_chain(struct store *s, struct slot *slot)
{
    char path[sizeof(LAYOUT_CHAINS) + WH_SHA256_HEX], target[STORE_NAME_BYTES + sizeof(LAYOUT_LAYERS) + 4];
    snprintf(path, sizeof(path), LAYOUT_CHAINS "/%s", slot->chain_hex);
    ssize_t n = readlinkat(s->images_fd, path, target, sizeof(target) - 1);
    if (n <= 0)
        return 1;
    target[n] = '\0';
    snprintf(slot->name, sizeof(slot->name), "%s", wh_path_base(target));
    return faccessat(s->layers_fd, slot->name, F_OK, 0) == 0 ? 0 : 1;
}

static int find_locked(struct store *s, struct slot *slot, struct wh_err *err)
{
    int r = read_chain(s, slot);
    if (r != 0)
        return r;
    return lock_slot(s, slot, err) < 0 || read_size(s, slot, err) < 0 ? -1 : 0;
}

int store_find_layer(struct store *s, struct slot *slot, struct wh_err *err)
{
    slot->lock_fd = -1;
    if (store_lock(s, err) < 0)
        return -1;
    int r = find_locked(s, slot, err);
    store_unlock(s);
    return r;
}

void store_release(struct slot *slots, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wh_close(&slots[i].lock_fd);
}

/* ---- from draft to layer ---- */

static int write_layer_record(struct store *s, const struct slot *slot, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_str text = {0};
    const struct unpack_result *u = &slot->draft->unpacked;
    struct wh_node *doc = wh_node_map(&a, NULL);
    wh_node_put_int(&a, doc, "version", LAYOUT_VERSION);
    wh_node_put_str(&a, doc, "diff_id", wh_arena_fmt(&a, "sha256:%s", slot->diff_hex));
    wh_node_put_str(&a, doc, "chain_id", wh_arena_fmt(&a, "sha256:%s", slot->chain_hex));
    wh_node_put_int(&a, doc, "size", (int64_t)u->files_bytes);
    wh_node_put_int(&a, doc, "tar_size", (int64_t)u->tar_bytes);
    wh_node_put_int(&a, doc, "entries", (int64_t)u->n_entries);
    wh_node_put_bool(&a, doc, "exact", u->exact);
    if (a.failed || wh_json_write(doc, WH_JSON_PRETTY, &text) < 0)
        return wh_fail(err, ENOMEM, "layer record");
    wh_auto_fd fd = openat(slot->draft->dir_fd, LAYER_RECORD, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    wh_auto_fd lock = openat(slot->draft->dir_fd, LAYER_LOCK, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || lock < 0 || wh_write_all(fd, text.data, text.len) < 0)
        return wh_fail(err, errno, "write the layer record");
    return 0;
}

static int open_tree(struct store *s, const struct slot *slot)
{
    char path[2 * STORE_NAME_BYTES];
    snprintf(path, sizeof(path), "%s/" LAYER_TREE, slot->draft ? slot->draft->name : slot->name);
    return openat(s->layers_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Descriptors of the trees below slot i, top-most first. */
static int inherit_slot(struct store *s, struct slot *slots, size_t i, struct wh_err *err)
{
    int lowers[LAYOUT_MAX_LAYERS];
    size_t n = 0;
    wh_auto_fd tree = open_tree(s, &slots[i]);
    int r = tree < 0 ? wh_fail(err, errno, "open a layer") : 0;
    for (size_t j = i; r == 0 && j-- > 0 && n < LAYOUT_MAX_LAYERS;) {
        lowers[n] = open_tree(s, &slots[j]);
        if (lowers[n] < 0)
            r = wh_fail(err, errno, "open a lower layer");
        else
            n++;
    }
    if (r == 0)
        r = unpack_inherit(tree, &slots[i].draft->unpacked, lowers, n, err);
    while (n)
        close(lowers[--n]);
    return r;
}

static bool needs_lowers(const struct slot *slot)
{
    return slot->draft && (slot->draft->unpacked.implied.len || slot->draft->unpacked.opaque_root);
}

/* All that must be on the disk before the first rename, with one sync for all layers. */
static int finish_drafts(struct store *s, struct slot *slots, size_t n, struct wh_err *err)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (!slots[i].draft)
            continue;
        any = true;
        if (needs_lowers(&slots[i]) && inherit_slot(s, slots, i, err) < 0)
            return -1;
        if (write_layer_record(s, &slots[i], err) < 0)
            return -1;
    }
    if (any && syncfs(s->layers_fd) < 0)
        return wh_fail(err, errno, "write the layers to the disk");
    return 0;
}

/* The next short name; never one that was used before. The caller holds the lock. */
static int next_name(struct store *s, char ret[STORE_NAME_BYTES], struct wh_err *err)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    wh_auto_str text = {0};
    char buf[16];
    size_t at = sizeof(buf);
    uint64_t n = 0;
    if (faccessat(s->images_fd, COUNTER_NAME, F_OK, 0) == 0) {
        if (wh_file_read_at(s->images_fd, COUNTER_NAME, 64, &text, err) < 0)
            return -1;
        n = strtoull(wh_str_c(&text), NULL, 10);
    }
    char next[24];
    snprintf(next, sizeof(next), "%llu\n", (unsigned long long)n + 1);
    buf[--at] = '\0';
    do {
        buf[--at] = digits[n % 36];
        n /= 36;
    } while (n && at);
    snprintf(ret, STORE_NAME_BYTES, "%s", buf + at);
    return store_put_file(s, COUNTER_NAME, next, strlen(next), err);
}

static int link_chain(struct store *s, const struct slot *slot, struct wh_err *err)
{
    char target[STORE_NAME_BYTES + 16], path[sizeof(LAYOUT_CHAINS) + WH_SHA256_HEX], temp[64];
    snprintf(target, sizeof(target), "../" LAYOUT_LAYERS "/%s", slot->name);
    snprintf(path, sizeof(path), LAYOUT_CHAINS "/%s", slot->chain_hex);
    snprintf(temp, sizeof(temp), LAYOUT_CHAINS "/" LAYOUT_NEW "%d", (int)getpid());
    (void)unlinkat(s->images_fd, temp, 0);
    if (symlinkat(target, s->images_fd, temp) < 0 || renameat(s->images_fd, temp, s->images_fd, path) < 0)
        return wh_fail(err, errno, "note the layer's chain id");
    return 0;
}

/* The caller holds the lock. A layer that somebody else has made meanwhile is taken instead of the draft. */
static int place_draft(struct store *s, struct slot *slot, struct wh_err *err)
{
    int r = find_locked(s, slot, err);
    if (r <= 0)
        return r;
    if (next_name(s, slot->name, err) < 0)
        return -1;
    if (renameat(s->layers_fd, slot->draft->name, s->layers_fd, slot->name) < 0)
        return wh_fail(err, errno, "rename the layer");
    slot->draft->name[0] = '\0';
    slot->size_bytes = (int64_t)slot->draft->unpacked.files_bytes;
    return lock_slot(s, slot, err) < 0 ? -1 : link_chain(s, slot, err);
}

/* ---- the image ---- */

static int write_record(struct store *s, const char *id_hex, const struct slot *slots, size_t n, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_str text = {0};
    int64_t total = 0;
    struct wh_node *doc = wh_node_map(&a, NULL), *list = wh_node_seq(&a, NULL);
    for (size_t i = 0; i < n; i++) {
        struct wh_node *l = wh_node_map(&a, NULL);
        wh_node_put_str(&a, l, "name", slots[i].name);
        wh_node_put_str(&a, l, "diff_id", wh_arena_fmt(&a, "sha256:%s", slots[i].diff_hex));
        wh_node_put_str(&a, l, "chain_id", wh_arena_fmt(&a, "sha256:%s", slots[i].chain_hex));
        wh_node_put_int(&a, l, "size", slots[i].size_bytes);
        wh_node_push(&a, list, l);
        total += slots[i].size_bytes;
    }
    wh_node_put_int(&a, doc, "version", LAYOUT_VERSION);
    wh_node_put_str(&a, doc, "id", wh_arena_fmt(&a, "sha256:%s", id_hex));
    wh_node_put_int(&a, doc, "size", total);
    wh_node_put(&a, doc, "layers", list);
    char *path = wh_arena_fmt(&a, LAYOUT_RECORDS "/%s.json", id_hex);
    if (a.failed || wh_json_write(doc, WH_JSON_PRETTY, &text) < 0)
        return wh_fail(err, ENOMEM, "image record");
    return store_put_file(s, path, text.data, text.len, err);
}

static int commit_locked(struct store *s, const void *config, size_t config_len, struct slot *slots, size_t n_slots,
                         const struct wh_ref *const *refs, size_t n_refs, const char *id_hex, struct wh_err *err)
{
    char path[sizeof(LAYOUT_BLOBS) + WH_SHA256_HEX];
    for (size_t i = 0; i < n_slots; i++)
        if (slots[i].draft && place_draft(s, &slots[i], err) < 0)
            return -1;
    if (store_sync_folder(s, LAYOUT_LAYERS, err) < 0 || store_sync_folder(s, LAYOUT_CHAINS, err) < 0)
        return -1;
    snprintf(path, sizeof(path), LAYOUT_BLOBS "/%s", id_hex);
    if (store_put_file(s, path, config, config_len, err) < 0 || write_record(s, id_hex, slots, n_slots, err) < 0)
        return -1;
    for (size_t i = 0; i < n_refs; i++)
        if (store_set_ref(s, refs[i], id_hex, err) < 0)
            return -1;
    return 0;
}

int store_commit(struct store *s, const void *config, size_t config_len, struct slot *slots, size_t n_slots,
                 const struct wh_ref *const *refs, size_t n_refs, char ret_id_hex[WH_SHA256_HEX], struct wh_err *err)
{
    if (hash_of(config, config_len, ret_id_hex) < 0)
        return wh_fail(err, ENOMEM, "image id");
    store_chain(slots, n_slots);
    if (finish_drafts(s, slots, n_slots, err) < 0 || store_lock(s, err) < 0)
        return -1;
    int r = commit_locked(s, config, config_len, slots, n_slots, refs, n_refs, ret_id_hex, err);
    store_unlock(s);
    return r;
}
