/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manifest, platform, config, then the commit; the layers are in pull_layers.c. */
#include "pull.h"

#include "hash.h"
#include "layout.h"
#include "limits.h"
#include "manifest.h"
#include "pull_layers.h"

#include <errno.h>
#include <string.h>

#define MAX_INDEX_DEPTH 4
#define N_TRIES         5

static const char accepted[] =
    MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_LIST ", " MEDIA_DOCKER_MANIFEST;

/* A document of the registry by tag (digest NULL) or by digest, which is checked. The text lives in the arena. */
static int fetch_manifest(struct pull_job *j, const char *digest, int64_t size_bytes, const char **ret_text,
                          size_t *ret_len, const char **ret_type, char ret_hex[WH_SHA256_HEX], struct wh_err *err)
{
    auto_http_response answer = {0};
    struct http_request q = {.accept = accepted, .max_bytes = LIMIT_MANIFEST_BYTES};
    const char *what = wh_arena_fmt(j->arena, "manifests/%s", digest ? digest : j->p->ref.tag);
    if (!what)
        return wh_fail(err, ENOMEM, "manifest");
    if (registry_run(&j->registry, j->http, &j->p->ref, what, &q, N_TRIES, &answer, err) < 0)
        return err && err->code == WH_E_NOT_FOUND ? wh_wrap(err, "manifest for %s", j->p->name) : -1;
    *ret_text = wh_arena_strndup(j->arena, wh_str_c(&answer.body), answer.body.len);
    *ret_len = answer.body.len;
    *ret_type = wh_arena_strdup(j->arena, answer.content_type);
    if (!*ret_text || !*ret_type || hash_of(wh_str_c(&answer.body), answer.body.len, ret_hex) < 0)
        return wh_fail(err, ENOMEM, "manifest");
    if (digest && !wh_streq(layout_hex(digest), ret_hex))
        return wh_fail(err, IMAGE_E_DIGEST, "manifest %.19s: the registry sent other bytes (sha256:%.12s)", digest,
                       ret_hex);
    if (size_bytes >= 0 && (size_t)size_bytes != *ret_len)
        return wh_fail(err, IMAGE_E_DIGEST, "manifest %.19s has another size than announced", digest);
    return 0;
}

/* Follows indexes to the image's manifest. The descriptor's type wins over what the server says (CVE-2021-41190). */
static int resolve(struct pull_job *j, struct manifest *ret, struct wh_err *err)
{
    const struct descriptor *d = NULL;
    for (int depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
        const char *text = "", *type = "";
        char hex[WH_SHA256_HEX];
        size_t len = 0;
        const char *digest = d ? d->digest : j->p->ref.digest;
        if (fetch_manifest(j, digest, d ? d->size_bytes : -1, &text, &len, &type, hex, err) < 0)
            return -1;
        if (!d)
            memcpy(j->top_hex, hex, sizeof(hex));
        if (manifest_parse(j->arena, text, len, d && *d->media_type ? d->media_type : type, ret, err) < 0)
            return -1;
        if (!ret->is_index)
            return 0;
        struct manifest *index = wh_arena_new(j->arena, struct manifest);
        if (!index)
            return wh_fail(err, ENOMEM, "manifest");
        *index = *ret;
        if (manifest_choose(j->arena, index, &j->p->platform, &d, err) < 0)
            return -1;
    }
    return wh_fail(err, WH_E_LIMIT, "image index has more than %d levels", MAX_INDEX_DEPTH);
}

static int fetch_config(struct pull_job *j, const struct descriptor *d, const char **ret, struct wh_err *err)
{
    auto_http_response answer = {0};
    char hex[WH_SHA256_HEX];
    struct http_request q = {.max_bytes = LIMIT_MANIFEST_BYTES};
    if ((uint64_t)d->size_bytes > LIMIT_MANIFEST_BYTES)
        return wh_fail(err, WH_E_LIMIT, "image config is larger than %zu bytes", LIMIT_MANIFEST_BYTES);
    const char *what = wh_arena_fmt(j->arena, "blobs/%s", d->digest);
    if (!what)
        return wh_fail(err, ENOMEM, "image config");
    if (registry_run(&j->registry, j->http, &j->p->ref, what, &q, N_TRIES, &answer, err) < 0)
        return wh_wrap(err, "image config");
    if (hash_of(wh_str_c(&answer.body), answer.body.len, hex) < 0)
        return wh_fail(err, ENOMEM, "image config");
    if (answer.body.len != (size_t)d->size_bytes || !wh_streq(hex, layout_hex(d->digest)))
        return wh_fail(err, IMAGE_E_DIGEST, "image config %.19s: the registry sent other bytes", d->digest);
    *ret = wh_arena_strndup(j->arena, wh_str_c(&answer.body), answer.body.len);
    return *ret ? 0 : wh_fail(err, ENOMEM, "image config");
}

static int check_platform(struct pull_job *j, const struct assembly *m, struct wh_err *err)
{
    struct platform have = {m->image.os, m->image.architecture, m->image.variant};
    if (!*have.architecture || platform_rank(&j->p->platform, &have))
        return 0;
    const char *got = platform_text(j->arena, &have), *want = platform_text(j->arena, &j->p->platform);
    if (j->p->q->platform)
        return wh_fail(err, WH_E_NOT_FOUND, "image was found but is for %s, not for the platform asked for (%s)", got,
                       want);
    const char *text = wh_arena_fmt(
        j->arena, "The requested image's platform (%s) does not match the detected host platform (%s)", got, want);
    report_warning(&j->p->q->report, j->p->name, text);
    return 0;
}

/* The tag (when one was asked for) and the digest under which the registry knows the image. */
static size_t names_of(struct pull_job *j, struct wh_ref names[2], const struct wh_ref *ret[2])
{
    size_t n = 0;
    if (j->p->ref.tag && !j->p->ref.digest) {
        names[n] = j->p->ref;
        ret[n] = &names[n];
        n++;
    }
    names[n] = j->p->ref;
    names[n].tag = NULL;
    names[n].digest = wh_arena_fmt(j->arena, "sha256:%s", j->top_hex);
    ret[n] = &names[n];
    return n + 1;
}

/* What has arrived stays after a failure of the network, to be continued from, but not when it cannot help again. */
static bool is_hopeless(int code)
{
    static const int codes[] = {ENOSPC, EDQUOT, IMAGE_E_DIGEST, WH_E_INVALID, WH_E_LIMIT, WH_E_NOT_FOUND};
    for (size_t i = 0; i < WH_ARRAY_LEN(codes); i++)
        if (codes[i] == code)
            return true;
    return false;
}

static void forget_blobs(struct pull_job *j, const struct manifest *man)
{
    for (size_t i = 0; i < man->n_items; i++)
        download_forget(j->p->store, man->items[i].digest);
}

static int commit(struct pull_job *j, struct assembly *m, struct wh_err *err)
{
    struct wh_ref names[2];
    const struct wh_ref *refs[2];
    char id[WH_SHA256_HEX];
    size_t n = names_of(j, names, refs);
    if (j->arena->failed)
        return wh_fail(err, ENOMEM, "image name");
    if (assembly_commit(m, refs, n, id, err) < 0)
        return -1;
    report_image(&j->p->q->report, j->p->name, "pulled", wh_arena_fmt(j->arena, "sha256:%s", id));
    return 0;
}

static int fetch_image(struct pull_job *j, struct wh_err *err)
{
    struct manifest man;
    auto_assembly m = {0};
    const char *config;
    if (resolve(j, &man, err) < 0 || fetch_config(j, &man.config, &config, err) < 0)
        return -1;
    if (assembly_begin(&m, j->arena, j->p->store, config, (size_t)man.config.size_bytes, man.n_items, err) < 0 ||
        check_platform(j, &m, err) < 0)
        return -1;
    int r = pull_layers(j, &m, &man, err);
    if (r == 0)
        r = commit(j, &m, err);
    if (r == 0 || is_hopeless(err->code))
        forget_blobs(j, &man);
    return r;
}

int pull_run(struct pull *p, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_err own = {0};
    struct pull_job j = {.p = p, .arena = &a};
    j.http = http_open(&own);
    if (!j.http) {
        wh_err_move(err, &own);
        return -1;
    }
    report_image(&p->q->report, p->name, "pulling", NULL);
    int r = registry_open(&j.registry, j.http, p->ref.domain, &own);
    if (r == 0)
        r = fetch_image(&j, &own);
    registry_close(&j.registry);
    http_close(j.http);
    if (r < 0) {
        wh_err_move(err, &own);
        wh_wrap(err, "pull %s", p->name);
    }
    return r;
}
