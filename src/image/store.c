/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens the store, its lock, its small files and names. */
#include "store.h"

#include "layout.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LOCK_NAME "lock"

static int open_folder(int at, const char *name, int *ret, struct wh_err *err)
{
    *ret = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret < 0 ? wh_fail(err, errno, "open %s", name) : 0;
}

/* A store that others may enter is not trusted with device nodes and set-id files. */
static int make_private(int fd, const char *path, struct wh_err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return wh_fail(err, errno, "%s", path);
    if (st.st_uid != geteuid())
        return wh_fail(err, EPERM, "%s belongs to another user", path);
    if ((st.st_mode & 077) && fchmod(fd, 0700) < 0)
        return wh_fail(err, errno, "make %s private", path);
    return 0;
}

static int open_root(struct store *s, struct wh_err *err)
{
    wh_auto_free char *images = wh_path_join(s->root, LAYOUT_IMAGES);
    if (!images)
        return wh_fail(err, ENOMEM, "image store");
    if (wh_mkdir_p(images, 0700, err) < 0)
        return -1;
    s->images_fd = open(images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->images_fd < 0)
        return wh_fail(err, errno, "open %s", images);
    return make_private(s->images_fd, images, err);
}

static int make_folders(struct store *s, struct wh_err *err)
{
    static const char *const folders[] = {"blobs",        LAYOUT_BLOBS, LAYOUT_LAYERS, LAYOUT_CHAINS,
                                          LAYOUT_RECORDS, LAYOUT_REFS,  LAYOUT_INGEST};
    for (size_t i = 0; i < WH_ARRAY_LEN(folders); i++)
        if (mkdirat(s->images_fd, folders[i], 0700) < 0 && errno != EEXIST)
            return wh_fail(err, errno, "make %s/" LAYOUT_IMAGES "/%s", s->root, folders[i]);
    s->lock_fd = openat(s->images_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        return wh_fail(err, errno, "open the lock of the image store");
    return open_folder(s->images_fd, LAYOUT_LAYERS, &s->layers_fd, err);
}

int store_open(struct store *s, const char *root, struct wh_err *err)
{
    *s = (struct store){.root = root, .images_fd = -1, .layers_fd = -1, .lock_fd = -1};
    pthread_mutex_init(&s->mutex, NULL);
    if (open_root(s, err) < 0 || make_folders(s, err) < 0) {
        store_close(s);
        return wh_wrap(err, "image store");
    }
    store_sweep(s);
    return 0;
}

void store_close(struct store *s)
{
    wh_close(&s->lock_fd);
    wh_close(&s->layers_fd);
    wh_close(&s->images_fd);
}

int store_lock(struct store *s, struct wh_err *err)
{
    pthread_mutex_lock(&s->mutex);
    while (flock(s->lock_fd, LOCK_EX) < 0) {
        if (errno == EINTR)
            continue;
        pthread_mutex_unlock(&s->mutex);
        return wh_fail(err, errno, "lock the image store");
    }
    return 0;
}

void store_unlock(struct store *s)
{
    flock(s->lock_fd, LOCK_UN);
    pthread_mutex_unlock(&s->mutex);
}

int store_put_file(struct store *s, const char *path, const void *data, size_t len, struct wh_err *err)
{
    wh_auto_free char *full = wh_fmt("%s/" LAYOUT_IMAGES "/%s", s->root, path);
    return full ? wh_file_replace(full, data, len, 0600, WH_SYNC_FILE, err) : wh_fail(err, ENOMEM, "image store");
}

int store_sync_folder(struct store *s, const char *path, struct wh_err *err)
{
    wh_auto_fd fd = openat(s->images_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? wh_fail(err, errno, "sync %s", path) : 0;
}

/* ---- names ---- */

/* Makes the folders above a name. */
static int make_name_folders(struct store *s, char *path, struct wh_err *err)
{
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int r = mkdirat(s->images_fd, path, 0700);
        *slash = '/';
        if (r < 0 && errno != EEXIST)
            return wh_fail(err, errno, "make the folder of an image name");
    }
    return 0;
}

static int sync_name(struct store *s, char *path, struct wh_err *err)
{
    char *slash = strrchr(path, '/');
    *slash = '\0';
    int r = store_sync_folder(s, path, err);
    *slash = '/';
    return r;
}

int store_set_ref(struct store *s, const struct wh_ref *ref, const char *id_hex, struct wh_err *err)
{
    wh_auto_arena a = {0};
    char *path = layout_ref_path(&a, ref);
    char *temp = path ? wh_arena_fmt(&a, LAYOUT_REFS "/" LAYOUT_NEW "%d", (int)getpid()) : NULL;
    if (!temp)
        return wh_fail(err, ENOMEM, "image name");
    if (make_name_folders(s, path, err) < 0)
        return -1;
    (void)unlinkat(s->images_fd, temp, 0);
    if (symlinkat(id_hex, s->images_fd, temp) < 0 || renameat(s->images_fd, temp, s->images_fd, path) < 0)
        return wh_fail(err, errno, "set the image name %s", wh_ref_familiar(&a, ref));
    return sync_name(s, path, err);
}

int store_del_ref(struct store *s, const struct wh_ref *ref, struct wh_err *err)
{
    wh_auto_arena a = {0};
    char *path = layout_ref_path(&a, ref);
    if (!path)
        return wh_fail(err, ENOMEM, "image name");
    if (unlinkat(s->images_fd, path, 0) < 0 && errno != ENOENT)
        return wh_fail(err, errno, "remove the image name");
    for (char *slash; (slash = strrchr(path, '/')) && slash > path + strlen(LAYOUT_REFS);) {
        *slash = '\0';
        if (unlinkat(s->images_fd, path, AT_REMOVEDIR) < 0)
            break;
    }
    return 0;
}
