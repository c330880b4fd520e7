/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Record files. They are not fsynced one by one: rename keeps the old or the new content over a crash of a process, and
 * the engine asks for one syncfs at the end of an operation, off its loop, for power loss.
 */
#include "state/record.h"

#include "whale/codec/json.h"
#include "whale/state.h"
#include "whale/util/file.h"
#include "whale/util/log.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT           1
#define RECORD_MAX_BYTES ((size_t)16 << 20)

static int no_memory(struct wh_err *err)
{
    return wh_fail(err, ENOMEM, "record");
}

/* Over the old content, as far as the blocks reach that the old file has: one write, with blanks to the old length, so
 * that it is whole in the end and stays JSON whatever the lengths are. */
static int overwrite(const char *path, struct wh_str *text)
{
    struct stat st;
    wh_auto_fd fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || text->len > (size_t)st.st_blocks * 512)
        return -1;
    while (text->len < (size_t)st.st_size)
        if (wh_str_addc(text, ' ') < 0)
            return -1;
    return pwrite(fd, text->data, text->len, 0) == (ssize_t)text->len ? 0 : -1;
}

/* A full disk must not lose how a container ended. */
static int write_record(const char *path, struct wh_str *text, struct wh_err *err)
{
    struct wh_err cause = {0};
    if (wh_file_replace(path, text->data, text->len, 0600, WH_SYNC_NONE, &cause) == 0)
        return 0;
    bool is_full = cause.code == ENOSPC || cause.code == EDQUOT;
    if (is_full && overwrite(path, text) == 0) {
        wh_err_fini(&cause);
        return 0;
    }
    wh_err_move(err, &cause);
    return -1;
}

int record_save(char *take_path, const struct field *fields, const void *object, struct wh_err *err)
{
    wh_auto_free char *path = take_path;
    wh_auto_arena a = {0};
    wh_auto_str text = {0};
    struct wh_node *map = wh_node_map(&a, NULL);
    if (!path || !map)
        return no_memory(err);
    wh_node_put_int(&a, map, "format", FORMAT);
    fields_put(&a, map, fields, object);
    if (a.failed || wh_json_write(map, WH_JSON_COMPACT, &text) < 0 || wh_str_addc(&text, '\n') < 0)
        return no_memory(err);
    return write_record(path, &text, err);
}

int record_load(struct wh_arena *a, char *take_path, const struct field *fields, void *object, struct wh_err *err)
{
    wh_auto_free char *path = take_path;
    wh_auto_err cause = {0};
    struct wh_node *map;
    if (!path)
        return no_memory(err);
    if (wh_json_load(a, path, RECORD_MAX_BYTES, &map, &cause) < 0) {
        if (cause.code == ENOENT)
            return WH_STATE_ABSENT;
        if (err)
            wh_err_move(err, &cause);
        return -1;
    }
    int64_t format = wh_node_get_int(map, "format", 0);
    if (format != FORMAT)
        return wh_fail(err, WH_E_PROTOCOL, "%s has format %lld, this version knows %d", path, (long long)format,
                       FORMAT);
    fields_get(a, map, fields, object);
    return a->failed ? no_memory(err) : 0;
}

int record_unlink(char *take_path, struct wh_err *err)
{
    wh_auto_free char *path = take_path;
    if (!path)
        return no_memory(err);
    if (unlink(path) < 0 && errno != ENOENT)
        return wh_fail(err, errno, "remove %s", path);
    return 0;
}

int record_list(const char *dir, const char *suffix, struct wh_strv *ret, struct wh_err *err)
{
    wh_auto_dir d = opendir(dir);
    if (!d)
        return errno == ENOENT ? 0 : wh_fail(err, errno, "open %s", dir);
    const struct dirent *e;
    while ((e = readdir(d))) {
        if (e->d_name[0] == '.' || !wh_ends(e->d_name, suffix))
            continue;
        if (wh_strv_fmt(ret, "%.*s", (int)(strlen(e->d_name) - strlen(suffix)), e->d_name) < 0)
            return no_memory(err);
    }
    wh_strv_sort(ret);
    return 0;
}

int record_load_all(const struct wh_strv *names, record_load_fn load, const void *ctx, struct wh_arena *a,
                    struct wh_vec *out, struct wh_err *err)
{
    for (size_t i = 0; i < names->len; i++) {
        wh_auto_err cause = {0};
        void *item = wh_vec_push(out);
        if (!item)
            return no_memory(err);
        int r = load(ctx, a, names->items[i], item, &cause);
        if (r < 0) {
            wh_auto_free char *text = wh_err_text(&cause);
            wh_log_warn("%s", text);
        }
        out->len -= r != 0;
    }
    return 0;
}

int record_hand_over(struct wh_arena *a, const struct wh_vec *found, void **ret_items, size_t *ret_n,
                     struct wh_err *err)
{
    void *items = wh_arena_alloc(a, found->item_size * (found->len + 1));
    if (!items || found->failed)
        return no_memory(err);
    if (found->len)
        memcpy(items, found->items, found->item_size * found->len);
    *ret_items = items;
    *ret_n = found->len;
    return 0;
}

int record_check_name(const char *what, const char *name, struct wh_err *err)
{
    if (!name || !name[0] || name[0] == '.' || strchr(name, '/') || strlen(name) > 200)
        return wh_fail(err, WH_E_INVALID, "\"%s\" cannot be the name of a %s", name ? name : "", what);
    return 0;
}
