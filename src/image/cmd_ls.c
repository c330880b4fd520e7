/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image ls: docker's table, ids, or JSON lines. */
#include "command.h"
#include "layout.h"
#include "whale/codec/json.h"
#include "whale/image.h"
#include "whale/util/size.h"
#include "whale/util/time.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define N_COLUMNS    5
#define MIN_WIDTH    10
#define PADDING      3
#define SHORT_ID_LEN 12

struct row {
    const char *cell[N_COLUMNS]; /* repository, tag, id, created, size */
    const struct wh_image *image;
};

static const char *const headings[N_COLUMNS] = {"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"};

/* "About a minute ago", as docker says it. */
static const struct {
    int64_t below_s;
    int64_t unit_s;
    const char *format;
} ages[] = {
    {1, 1, "Less than a second ago"},
    {2, 1, "1 second ago"},
    {60, 1, "%" PRId64 " seconds ago"},
    {120, 60, "About a minute ago"},
    {46 * 60, 60, "%" PRId64 " minutes ago"},
    {90 * 60, 3600, "About an hour ago"},
    {48 * 3600, 3600, "%" PRId64 " hours ago"},
    {14 * 86400, 86400, "%" PRId64 " days ago"},
    {60 * 86400, 7 * 86400, "%" PRId64 " weeks ago"},
    {730 * 86400, 30 * 86400, "%" PRId64 " months ago"},
    {INT64_MAX, 365 * 86400, "%" PRId64 " years ago"},
};

static const char *age_text(struct wh_arena *a, int64_t created_ns)
{
    char buf[64];
    int64_t s = (wh_now_real_ns() - created_ns) / WH_NS_PER_S;
    size_t i = 0;
    if (!created_ns)
        return "N/A";
    while (s >= ages[i].below_s)
        i++;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* every format of the table takes this one argument or none */
#pragma GCC diagnostic ignored "-Wformat-extra-args"
    snprintf(buf, sizeof(buf), ages[i].format, s / ages[i].unit_s);
#pragma GCC diagnostic pop
    return wh_arena_strdup(a, buf);
}

static const char *id_text(struct wh_arena *a, const struct request *q, const struct wh_image *image)
{
    return q->no_trunc ? image->id : wh_arena_strndup(a, layout_hex(image->id), SHORT_ID_LEN);
}

/* name is "busybox:latest" or "busybox@sha256:..."; NULL = the image has no name. */
static int add_row(struct wh_arena *a, const struct request *q, struct wh_vec *rows, const struct wh_image *image,
                   const char *name)
{
    char size[40];
    struct row *r = wh_vec_push(rows);
    if (!r)
        return -1;
    const char *slash = name ? strrchr(name, '/') : NULL;
    const char *at = name ? strchr(name, '@') : NULL;
    const char *colon = name && !at ? strrchr(slash ? slash : name, ':') : NULL;
    const char *end = at ? at : colon;
    r->image = image;
    r->cell[0] = end ? wh_arena_strndup(a, name, (size_t)(end - name)) : "<none>";
    r->cell[1] = colon ? colon + 1 : "<none>";
    r->cell[2] = id_text(a, q, image);
    r->cell[3] = age_text(a, image->created_ns);
    r->cell[4] = wh_arena_strdup(a, wh_size_format_si(image->size_bytes, size, sizeof(size)));
    return 0;
}

static int add_rows(struct wh_arena *a, const struct request *q, struct wh_vec *rows, const struct wh_image *image)
{
    for (size_t i = 0; i < image->n_repo_tags; i++)
        if (add_row(a, q, rows, image, image->repo_tags[i]) < 0)
            return -1;
    if (image->n_repo_tags)
        return 0;
    return add_row(a, q, rows, image, image->n_repo_digests ? image->repo_digests[0] : NULL);
}

/* The argument of `image ls`: a name with any tag, or with one tag. */
static bool is_wanted(const struct row *r, const char *filter)
{
    if (!filter)
        return true;
    wh_auto_free char *full = wh_fmt("%s:%s", r->cell[0], r->cell[1]);
    return wh_streq(r->cell[0], filter) || wh_streq(full, filter);
}

/* ---- output ---- */

static void print_table(const struct wh_vec *rows)
{
    int width[N_COLUMNS];
    for (size_t c = 0; c < N_COLUMNS; c++) {
        size_t max = strlen(headings[c]);
        for (size_t i = 0; i < rows->len; i++) {
            size_t len = strlen(wh_vec_at(rows, struct row, i).cell[c]);
            max = len > max ? len : max;
        }
        width[c] = max + PADDING < MIN_WIDTH ? MIN_WIDTH : (int)max + PADDING;
    }
    for (size_t c = 0; c < N_COLUMNS; c++)
        printf("%-*s", c + 1 < N_COLUMNS ? width[c] : 0, headings[c]);
    putchar('\n');
    for (size_t i = 0; i < rows->len; i++) {
        for (size_t c = 0; c < N_COLUMNS; c++)
            printf("%-*s", c + 1 < N_COLUMNS ? width[c] : 0, wh_vec_at(rows, struct row, i).cell[c]);
        putchar('\n');
    }
}

static void print_ids(const struct wh_vec *rows)
{
    const struct wh_image *last = NULL;
    for (size_t i = 0; i < rows->len; i++) {
        const struct row *r = &wh_vec_at(rows, struct row, i);
        if (r->image != last)
            puts(r->cell[2]);
        last = r->image;
    }
}

static int print_json(struct wh_arena *a, const struct wh_vec *rows, struct wh_err *err)
{
    static const char *const keys[N_COLUMNS] = {"Repository", "Tag", "ID", "CreatedSince", "Size"};
    for (size_t i = 0; i < rows->len; i++) {
        wh_auto_str line = {0};
        const struct row *r = &wh_vec_at(rows, struct row, i);
        struct wh_node *n = wh_node_map(a, NULL);
        wh_node_put_str(a, n, "CreatedAt", r->image->created);
        for (size_t c = 0; c < N_COLUMNS; c++)
            wh_node_put_str(a, n, keys[c], r->cell[c]);
        wh_node_put_str(a, n, "Digest",
                        r->image->n_repo_digests ? strchr(r->image->repo_digests[0], '@') + 1 : "<none>");
        if (a->failed || wh_json_write(n, WH_JSON_COMPACT, &line) < 0)
            return wh_fail(err, ENOMEM, "image list");
        puts(wh_str_c(&line));
    }
    return 0;
}

int cmd_ls(struct request *q, struct wh_err *err)
{
    wh_auto_arena a = {0};
    wh_auto_vec rows = WH_VEC(struct row);
    wh_auto_vec wanted = WH_VEC(struct row);
    struct wh_image *images;
    size_t n;
    bool json = wh_streq(q->format, "json") || wh_streq(q->format, "{{json .}}");
    if (q->format && !json && !wh_streq(q->format, "table"))
        return wh_fail(err, WH_E_USAGE, "unknown format \"%s\"", q->format);
    if (wh_image_list(&a, q->root, &images, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (add_rows(&a, q, &rows, &images[i]) < 0)
            return wh_fail(err, ENOMEM, "image list");
    for (size_t i = 0; i < rows.len; i++) {
        const struct row *r = &wh_vec_at(&rows, struct row, i);
        struct row *w = is_wanted(r, q->n_args ? q->args[0] : NULL) ? wh_vec_push(&wanted) : NULL;
        if (w)
            *w = *r;
    }
    if (json)
        return print_json(&a, &wanted, err);
    q->quiet ? print_ids(&wanted) : print_table(&wanted);
    return 0;
}
