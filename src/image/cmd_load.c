/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image load: finds out what the input is and reports what was loaded. */
#include "layout.h"
#include "load.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int parse_names(struct wh_arena *a, const struct wh_strv *names, const struct wh_ref ***ret, struct wh_err *err)
{
    const struct wh_ref **refs = wh_arena_array(a, const struct wh_ref *, names->len + 1);
    struct wh_ref *parsed = wh_arena_array(a, struct wh_ref, names->len + 1);
    if (!refs || !parsed)
        return wh_fail(err, ENOMEM, "image names");
    for (size_t i = 0; i < names->len; i++) {
        refs[i] = &parsed[i];
        if (wh_ref_parse(a, names->items[i], &parsed[i], err) < 0)
            return -1;
    }
    *ret = refs;
    return 0;
}

int load_commit(struct load *l, struct wh_arena *a, struct assembly *m, const struct wh_strv *names, struct wh_err *err)
{
    const struct wh_ref **refs = NULL;
    char hex[WH_SHA256_HEX];
    if (parse_names(a, names, &refs, err) < 0 || assembly_commit(m, refs, names->len, hex, err) < 0)
        return -1;
    archive_settle(l->archive, m);
    l->n_images++;
    const char *id = wh_arena_fmt(a, "sha256:%s", hex);
    for (size_t i = 0; i < names->len; i++)
        report_image(&l->q->report, wh_ref_familiar(a, refs[i]), "loaded", id);
    if (!names->len)
        report_image(&l->q->report, NULL, "loaded", id);
    return 0;
}

static int load_all(struct load *l, struct wh_err *err)
{
    const char *text;
    size_t len;
    int r = archive_text(l->archive, "manifest.json", &text, &len, err);
    if (r == 0)
        return load_docker(l, text, len, err);
    if (r == 1)
        r = archive_text(l->archive, "index.json", &text, &len, err);
    if (r == 0)
        return load_oci(l, text, len, err);
    if (r == 1)
        wh_fail(err, WH_E_INVALID, "neither a docker archive nor an OCI image (no manifest.json, no index.json)");
    return -1;
}

static int open_input(const struct request *q, int *ret, struct wh_err *err)
{
    if (!q->file && isatty(STDIN_FILENO))
        return wh_fail(err, WH_E_USAGE, "requested load from stdin, but stdin is empty");
    *ret = q->file ? open(q->file, O_RDONLY | O_CLOEXEC) : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    return *ret < 0 ? wh_fail(err, errno, "open %s", q->file ? q->file : "stdin") : 0;
}

int cmd_load(struct request *q, struct wh_err *err)
{
    auto_store s = {.images_fd = -1, .layers_fd = -1, .lock_fd = -1};
    struct archive archive;
    struct load l = {.q = q, .archive = &archive};
    struct stat st;
    wh_auto_fd fd = -1;
    if (open_input(q, &fd, err) < 0 || store_open(&s, q->root, err) < 0 || sandbox_enter(&s, false, err) < 0)
        return -1;
    if (fstat(fd, &st) < 0)
        return wh_fail(err, errno, "input");
    struct source_fd input = {fd, q->file ? q->file : "stdin"};
    int r = S_ISDIR(st.st_mode) ? archive_open_folder(&archive, &s, q->file ? q->file : ".", err)
                                : archive_open_stream(&archive, &s, source_of_fd(&input), err);
    if (r == 0) {
        r = load_all(&l, err);
        archive_close(&archive);
    }
    return r < 0 ? wh_wrap(err, "load %s", input.name) : 0;
}
