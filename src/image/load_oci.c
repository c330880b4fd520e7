/* SPDX-License-Identifier: GPL-2.0-or-later */
/* index.json of an OCI layout: manifests by digest, indexes inside indexes, names in annotations. */
#include "layout.h"
#include "load.h"
#include "manifest.h"

#include <errno.h>
#include <string.h>

#define MAX_DEPTH 4

static int load_manifest(struct load *l, struct wh_arena *a, const struct descriptor *d, const char *name, int depth,
                         struct wh_err *err);

static int wanted_platform(struct load *l, struct wh_arena *a, struct platform *ret, struct wh_err *err)
{
    return l->q->platform ? platform_parse(a, l->q->platform, ret, err) : platform_host(a, ret, err);
}

/* The annotation is a whole reference, or (as the specification has it) only a tag, which alone names nothing. */
static int add_name(struct wh_arena *a, const char *name, struct wh_strv *ret, struct wh_err *err)
{
    struct wh_ref ref;
    if (!name || (!strpbrk(name, "/:")) || wh_ref_parse(a, name, &ref, NULL) < 0 || ref.digest)
        return 0;
    return wh_strv_add(ret, name) < 0 ? wh_fail(err, ENOMEM, "image name") : 0;
}

static int load_image(struct load *l, struct wh_arena *a, const struct manifest *man, const char *name,
                      struct wh_err *err)
{
    char blob[sizeof(LAYOUT_BLOBS) + WH_SHA256_HEX];
    wh_auto_strv names = {0};
    auto_assembly m = {0};
    const char *config;
    size_t config_len;
    if (archive_blob(l->archive, man->config.digest, man->config.size_bytes, &config, &config_len, err) < 0 ||
        assembly_begin(&m, a, l->archive->store, config, config_len, man->n_items, err) < 0)
        return -1;
    for (size_t i = 0; i < man->n_items; i++) {
        snprintf(blob, sizeof(blob), LAYOUT_BLOBS "/%s", layout_hex(man->items[i].digest));
        if (archive_layer(l->archive, &m, i, blob, man->items[i].digest, err) < 0)
            return -1;
    }
    return add_name(a, name, &names, err) < 0 ? -1 : load_commit(l, a, &m, &names, err);
}

/* An index inside the layout's index is one image for several platforms. */
static int load_index(struct load *l, struct wh_arena *a, const struct manifest *index, const char *name, int depth,
                      struct wh_err *err)
{
    struct platform want;
    const struct descriptor *d = NULL;
    if (wanted_platform(l, a, &want, err) < 0 || manifest_choose(a, index, &want, &d, err) < 0)
        return -1;
    return load_manifest(l, a, d, name, depth + 1, err);
}

static int load_manifest(struct load *l, struct wh_arena *a, const struct descriptor *d, const char *name, int depth,
                         struct wh_err *err)
{
    struct manifest man;
    const char *text;
    size_t len;
    if (depth > MAX_DEPTH)
        return wh_fail(err, WH_E_LIMIT, "image index has more than %d levels", MAX_DEPTH);
    if (archive_blob(l->archive, d->digest, d->size_bytes, &text, &len, err) < 0 ||
        manifest_parse(a, text, len, d->media_type, &man, err) < 0)
        return -1;
    return man.is_index ? load_index(l, a, &man, name, depth, err) : load_image(l, a, &man, name, err);
}

/* Several entries with one name and different platforms are alternatives; the rest are images of their own. */
static bool is_alternative(const struct manifest *top, size_t i, const struct descriptor *chosen)
{
    const struct descriptor *d = &top->items[i];
    return d != chosen && d->has_platform && chosen->has_platform && wh_streq(d->ref_name, chosen->ref_name) &&
           wh_streq(d->name, chosen->name);
}

int load_oci(struct load *l, const char *index, size_t len, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct manifest top;
    struct platform want;
    const struct descriptor *chosen = NULL;
    if (wanted_platform(l, &a, &want, err) < 0 || manifest_parse(&a, index, len, MEDIA_OCI_INDEX, &top, err) < 0 ||
        manifest_choose(&a, &top, &want, &chosen, err) < 0)
        return wh_wrap(err, "index.json");
    for (size_t i = 0; i < top.n_items; i++) {
        const struct descriptor *d = &top.items[i];
        if (d->attestation || is_alternative(&top, i, chosen))
            continue;
        if (load_manifest(l, &a, d, d->name ? d->name : d->ref_name, 0, err) < 0)
            return -1;
    }
    return 0;
}
