/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared locks on layers in use. The remover takes the same lock exclusively without waiting, so a held layer is never
 * deleted; it renames the layer away before it lets go, so a late holder sees that its lock file has another place.
 */
#include "layout.h"
#include "whale/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Descriptors are kept in the map's value pointers, plus one so that 0 is not NULL. */
static void *fd_to_value(int fd)
{
    return (void *)(intptr_t)(fd + 1);
}

static int value_to_fd(void *value)
{
    return (int)(intptr_t)value - 1;
}

static bool still_there(int fd, const char *path)
{
    struct stat held, now;
    return fstat(fd, &held) == 0 && stat(path, &now) == 0 && held.st_ino == now.st_ino && held.st_dev == now.st_dev;
}

static int lock_layer(const struct wh_image *image, const char *name, int *ret_fd, struct wh_err *err)
{
    wh_auto_free char *path = wh_fmt("%s/%s/" LAYER_LOCK, image->layers_dir, name);
    if (!path)
        return wh_fail(err, ENOMEM, "layer lock");
    wh_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? WH_IMAGE_ABSENT : wh_fail(err, errno, "open %s", path);
    while (flock(fd, LOCK_SH) < 0)
        if (errno != EINTR)
            return wh_fail(err, errno, "lock %s", path);
    if (!still_there(fd, path))
        return WH_IMAGE_ABSENT;
    *ret_fd = wh_steal_fd(&fd);
    return 0;
}

static void drop_layer(struct wh_image_hold *h, const char *name)
{
    int fd = value_to_fd(wh_map_del(&h->fds, name));
    wh_close(&fd);
}

int wh_image_hold_add(struct wh_image_hold *h, const struct wh_image *image, struct wh_err *err)
{
    size_t had = h->fds.len;
    int r = 0;
    for (size_t i = 0; i < image->n_layers && r == 0; i++) {
        const char *name = image->layers[i].name;
        int fd = -1;
        if (wh_map_has(&h->fds, name))
            continue;
        r = lock_layer(image, name, &fd, err);
        if (r == 0 && wh_map_set(&h->fds, name, fd_to_value(fd)) < 0) {
            wh_close(&fd);
            r = wh_fail(err, ENOMEM, "layer lock");
        }
    }
    while (r != 0 && h->fds.len > had)
        drop_layer(h, h->fds.entries[h->fds.len - 1].key);
    return r;
}

void wh_image_hold_fini(struct wh_image_hold *h)
{
    for (size_t i = 0; i < h->fds.len; i++)
        close(value_to_fd(h->fds.entries[i].value));
    wh_map_fini(&h->fds);
}
