/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A root to copy from and to: that of the first process, or layers and mounts put together for the moment. */
#include "cli/rootfs.h"

#include "cli/project.h"
#include "whale/image.h"
#include "whale/runtime.h"

#include <errno.h>
#include <string.h>
#include <sys/pidfd.h>

static int open_running(const struct wh_container *c, int *ret_fd, struct wh_err *err)
{
    wh_auto_fd pidfd = pidfd_open(c->state.pid, 0);
    if (pidfd < 0 || !wh_state_process_alive(c->state.pid, c->state.pid_start, c->state.boot_id))
        return wh_fail(err, ESRCH, "container %s has just ended", c->rec.name);
    return wh_runtime_open_root(c->state.pid, pidfd, ret_fd, err);
}

/* What a listing of containers leaves out. */
static bool is_read_only(struct wh_cli *cli, const struct wh_container *c)
{
    wh_auto_err ignored = {0}; /* removed in the meantime: opening its root says so */
    struct wh_container full;
    int r = wh_state_container_load(&cli->arena, c->rec.project, c->rec.id, &full, &ignored);
    return r == 0 && wh_node_get_bool(full.rec.service_node, "read_only", false);
}

static int fill_rootfs(struct wh_cli *cli, const struct wh_container *c, struct wh_rootfs *ret, struct wh_err *err)
{
    struct wh_image image;
    wh_auto_free char *dir = wh_state_container_dir(c->rec.project, c->rec.id);
    int r = wh_image_lookup(&cli->arena, wh_state_root(), c->rec.image_id, &image, err);
    if (r != 0)
        return r < 0 ? -1 : wh_fail(err, WH_E_NOT_FOUND, "image of container %s is gone", c->rec.name);
    const char **lowers = wh_arena_array(&cli->arena, const char *, image.n_layers + 1);
    for (size_t i = 0; lowers && i < image.n_layers; i++)
        lowers[i] = wh_arena_fmt(&cli->arena, "%s/%s/fs", image.layers_dir, image.layers[i].name);
    *ret = (struct wh_rootfs){
        .lowers = lowers,
        .n_lowers = image.n_layers,
        .upper = wh_arena_fmt(&cli->arena, "%s/upper", dir),
        .work = wh_arena_fmt(&cli->arena, "%s/work", dir),
        .readonly = is_read_only(cli, c),
    };
    return cli->arena.failed ? wh_fail(err, ENOMEM, "layers of container %s", c->rec.name) : 0;
}

/* Where the files of a mount are on the host; NULL for what is only there while the container runs. */
static const char *source_of(struct wh_cli *cli, const struct wh_mount_rec *m)
{
    wh_auto_err ignored = {0}; /* a volume that is gone has no files */
    struct wh_volume_rec volume;
    if (wh_streq(m->type, "bind") || (wh_streq(m->type, "volume") && m->source && *m->source))
        return m->source;
    if (!wh_streq(m->type, "volume") || wh_state_volume_load(&cli->arena, m->name, &volume, &ignored) != 0)
        return NULL;
    return volume.mountpoint;
}

static struct wh_mount *make_mounts(struct wh_cli *cli, const struct wh_container *c, size_t *ret_n)
{
    struct wh_mount *mounts = wh_arena_array(&cli->arena, struct wh_mount, c->rec.n_mounts + 1);
    *ret_n = 0;
    for (size_t i = 0; mounts && i < c->rec.n_mounts; i++) {
        const struct wh_mount_rec *m = &c->rec.mounts[i];
        const char *source = source_of(cli, m);
        if (!source || !*source)
            continue;
        struct wh_mount *to = &mounts[(*ret_n)++];
        wh_mount_init(to, WH_MOUNT_BIND);
        to->source = source;
        to->target = m->target;
        to->readonly = m->read_only;
    }
    return mounts;
}

int wh_cli_open_root(struct wh_cli *cli, const struct wh_container *c, bool with_mounts, int *ret_fd,
                     struct wh_err *err)
{
    struct wh_container_spec spec;
    if (c->state.status == WH_CONTAINER_RUNNING || c->state.status == WH_CONTAINER_PAUSED)
        return open_running(c, ret_fd, err);
    wh_container_spec_init(&spec);
    spec.id = c->rec.id;
    if (fill_rootfs(cli, c, &spec.rootfs, err) < 0)
        return -1;
    if (with_mounts)
        spec.mounts = make_mounts(cli, c, &spec.n_mounts);
    return wh_runtime_open_stopped_root(&spec, ret_fd, err);
}
