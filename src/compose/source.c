/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input files: each is read once, by its absolute name; what was read is recorded for records and watchers. */
#include "compose/internal.h"

#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILE_BYTES ((size_t)16 << 20)

static bool is_listed(const struct wh_vec *names, const char *path)
{
    for (size_t i = 0; i < names->len; i++)
        if (strcmp(wh_vec_at(names, const char *, i), path) == 0)
            return true;
    return false;
}

static int check_kind(const char *path, int fd, bool given, struct wh_err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return wh_fail(err, errno, "stat %s", path);
    if (S_ISDIR(st.st_mode))
        return wh_fail(err, EISDIR, "read %s", path);
    if (S_ISREG(st.st_mode) || given || strcmp(path, "/dev/null") == 0)
        return 0;
    return wh_fail(err, WH_E_INVALID, "read %s: not a regular file", path);
}

/*
 * What the user names on the command line may be a pipe, as in `-f <(generate)`; what a file names, or what is found
 * by its name, must be a file.
 */
static int read_text(struct wh_load *l, const char *path, struct wh_str *ret, struct wh_err *err)
{
    if (strcmp(path, "-") == 0)
        return wh_fd_read_all(STDIN_FILENO, MAX_FILE_BYTES, ret, err);
    bool given = (!l->searched && is_listed(&l->res->config_files, path)) || is_listed(&l->res->env_files, path);
    wh_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (given ? 0 : O_NONBLOCK));
    if (fd < 0)
        return wh_fail(err, errno, "open %s", path);
    if (check_kind(path, fd, given, err) < 0)
        return -1;
    if (wh_fd_read_all(fd, MAX_FILE_BYTES, ret, err) < 0)
        return wh_wrap(err, "%s", path);
    return 0;
}

static struct wh_source *new_source(struct wh_load *l, const char *path, const struct wh_str *text)
{
    struct wh_source *s = wh_arena_new(l->arena, struct wh_source);
    if (!s)
        return NULL;
    s->path = wh_arena_strdup(l->arena, path);
    s->text = wh_arena_strndup(l->arena, wh_str_c(text), text->len);
    s->len = text->len;
    if (!s->path || !s->text || wh_map_set(&l->sources, path, s) < 0)
        return NULL;
    return wh_vec_push_ptr(&l->res->read_files, s->path) < 0 ? NULL : s;
}

const struct wh_source *wh_compose_read(struct wh_load *l, const char *path, struct wh_err *err)
{
    const struct wh_source *known = wh_map_get(&l->sources, path);
    if (known)
        return known;
    wh_auto_str text = {0};
    if (read_text(l, path, &text, err) < 0)
        return NULL;
    const struct wh_source *s = new_source(l, path, &text);
    if (!s)
        wh_fail(err, WH_E_LIMIT, "out of memory");
    return s;
}

const char *wh_compose_join(struct wh_load *l, const char *dir, const char *name)
{
    wh_auto_free char *joined = wh_path_join(dir, name);
    const char *path = joined ? wh_arena_strdup(l->arena, joined) : NULL;
    return path ? path : name;
}
