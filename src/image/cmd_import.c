/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image import: one tar becomes an image of one layer, as `docker import` does it. */
#include "assembly.h"
#include "change.h"
#include "command.h"
#include "platform.h"
#include "sandbox.h"
#include "whale/codec/json.h"
#include "whale/util/time.h"

#include <errno.h>
#include <fcntl.h>

static int open_input(const char *name, int *ret, struct wh_err *err)
{
    *ret = wh_streq(name, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(name, O_RDONLY | O_CLOEXEC);
    return *ret < 0 ? wh_fail(err, errno, "open %s", name) : 0;
}

static struct wh_node *make_history(struct wh_arena *a, const char *created, const char *comment)
{
    struct wh_node *list = wh_node_seq(a, NULL), *entry = wh_node_map(a, NULL);
    wh_node_put_str(a, entry, "created", created);
    wh_node_put_str(a, entry, "comment", comment);
    wh_node_push(a, list, entry);
    return list;
}

static struct wh_node *make_rootfs(struct wh_arena *a, const char *diff_hex)
{
    struct wh_node *rootfs = wh_node_map(a, NULL), *ids = wh_node_seq(a, NULL);
    wh_node_put_str(a, rootfs, "type", "layers");
    wh_node_push_str(a, ids, wh_arena_fmt(a, "sha256:%s", diff_hex));
    wh_node_put(a, rootfs, "diff_ids", ids);
    return rootfs;
}

/* The image config but for its rootfs, so that mistakes in instructions are found before any work. */
static struct wh_node *make_config(struct wh_arena *a, const struct request *q, struct wh_err *err)
{
    char created[40];
    struct platform p;
    struct wh_node *doc = wh_node_map(a, NULL), *config = wh_node_map(a, NULL);
    if ((q->platform ? platform_parse(a, q->platform, &p, err) : platform_host(a, &p, err)) < 0)
        return NULL;
    for (size_t i = 0; i < q->changes.len; i++)
        if (change_apply(a, config, q->changes.items[i], err) < 0)
            return NULL;
    wh_time_format(wh_now_real_ns(), created, sizeof(created));
    wh_node_put_str(a, doc, "architecture", p.architecture);
    wh_node_put(a, doc, "config", config);
    wh_node_put_str(a, doc, "created", created);
    wh_node_put(a, doc, "history",
                make_history(a, created, q->message ? q->message : wh_arena_fmt(a, "Imported from %s", q->args[0])));
    wh_node_put_str(a, doc, "os", p.os);
    if (*p.variant)
        wh_node_put_str(a, doc, "variant", p.variant);
    if (a->failed)
        wh_fail(err, ENOMEM, "image config");
    return a->failed ? NULL : doc;
}

static int commit(struct request *q, struct store *s, struct wh_arena *a, struct draft *d, struct wh_node *config,
                  const struct wh_ref *ref, struct wh_err *err)
{
    wh_auto_str text = {0};
    char id[WH_SHA256_HEX];
    struct slot slot = {.diff_hex = d->diff_hex, .draft = d, .lock_fd = -1};
    wh_node_put(a, config, "rootfs", make_rootfs(a, d->diff_hex));
    if (a->failed || wh_json_write(config, WH_JSON_COMPACT, &text) < 0)
        return wh_fail(err, ENOMEM, "image config");
    int r = store_commit(s, text.data, text.len, &slot, 1, &ref, ref ? 1 : 0, id, err);
    store_release(&slot, 1);
    if (r == 0)
        report_image(&q->report, q->n_args > 1 ? q->args[1] : NULL, "imported", wh_arena_fmt(a, "sha256:%s", id));
    return r;
}

int cmd_import(struct request *q, struct wh_err *err)
{
    wh_auto_arena a = {0};
    auto_store s = {.images_fd = -1, .layers_fd = -1, .lock_fd = -1};
    wh_auto_fd fd = -1;
    struct wh_ref ref;
    struct draft d = {.dir_fd = -1};
    const char *name = q->n_args > 1 ? q->args[1] : NULL;
    struct wh_node *config = make_config(&a, q, err);
    if (!config || (name && wh_ref_parse(&a, name, &ref, err) < 0))
        return -1;
    if (name && ref.digest)
        return wh_fail(err, WH_E_INVALID, "cannot import digest reference");
    if (open_input(q->args[0], &fd, err) < 0 || store_open(&s, q->root, err) < 0 || sandbox_enter(&s, false, err) < 0)
        return -1;
    struct source_fd input = {fd, q->args[0]};
    struct stream_result result;
    int r = draft_unpack(&s, &d, source_of_fd(&input), false, &result, err);
    if (r == 0)
        r = commit(q, &s, &a, &d, config, name ? &ref : NULL, err);
    draft_drop(&s, &d);
    return r < 0 ? wh_wrap(err, "import %s", q->args[0]) : 0;
}
