/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parent's half of a start: everything that allocates, reads host files or can be refused before a process exists.
 */
#include "caps.h"
#include "child.h"
#include "init.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Entries without a name or without '=' never come from a user's file but from a hostile image (CVE-2026-57231). */
static int copy_env(struct wh_arena *a, const char *const *env, struct wh_launch *ret)
{
    size_t n = 0;
    while (env && env[n])
        n++;
    ret->env = wh_arena_array(a, char *, n + 3);
    if (!ret->env)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(env[i], '=');
        if (equals && equals != env[i])
            ret->env[ret->n_env++] = (char *)(uintptr_t)env[i];
    }
    return 0;
}

int wh_launch_prepare(struct wh_arena *a, const struct wh_process_spec *process, struct wh_launch *ret,
                      struct wh_err *err)
{
    *ret = (struct wh_launch){.process = process,
                              .status_fd = -1,
                              .stdio = {-1, -1, -1},
                              .root_fd = -1,
                              .proc_fd = -1,
                              .null_fd = -1,
                              .pts_fd = -1,
                              .init_fd = -1};
    if (!process->argv || !process->argv[0])
        return wh_fail(err, WH_E_INVALID, "no command specified");
    if (!process->argv[0][0])
        return wh_fail(err, WH_E_INVALID, "exec: \"\": executable file not found in $PATH");
    if (copy_env(a, process->env, ret) < 0)
        return wh_fail(err, ENOMEM, "environment");
    return wh_caps_of_process(process, &ret->caps, err);
}

static int compare_mounts(const void *a, const void *b)
{
    const struct wh_prepared_mount *x = a, *y = b;
    int order = strcmp(x->target, y->target);
    return order ? order : (x->mount > y->mount) - (x->mount < y->mount);
}

/* Equal targets: the later one of the list stays. */
static size_t drop_covered(struct wh_prepared_mount *m, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && !strcmp(m[i].target, m[i + 1].target))
            continue;
        m[kept++] = m[i];
    }
    return kept;
}

static int check_mount(const struct wh_mount *m, struct wh_err *err)
{
    if (!m->target || m->target[0] != '/')
        return wh_fail(err, WH_E_INVALID, "mount target \"%s\" is not absolute", m->target ? m->target : "");
    if ((m->type == WH_MOUNT_BIND || m->type == WH_MOUNT_VOLUME) && (!m->source || m->source[0] != '/'))
        return wh_fail(err, WH_E_INVALID, "mount on %s: source \"%s\" is not absolute", m->target,
                       m->source ? m->source : "");
    if (m->type == WH_MOUNT_FS && !m->fs_type)
        return wh_fail(err, WH_E_INVALID, "mount on %s: no file system type", m->target);
    return 0;
}

static int prepare_mount(struct wh_arena *a, const struct wh_mount *m, struct wh_prepared_mount *ret,
                         struct wh_err *err)
{
    if (check_mount(m, err) < 0)
        return -1;
    char *clean = wh_path_clean(m->target);
    const char *target = clean ? wh_arena_strdup(a, clean) : NULL;
    free(clean);
    if (!target)
        return wh_fail(err, ENOMEM, "mounts");
    if (!strcmp(target, "/"))
        return wh_fail(err, WH_E_INVALID, "mount on \"/\": a mount cannot cover the whole root");
    *ret = (struct wh_prepared_mount){.mount = m, .target = target, .early_fd = -1};
    return 0;
}

/* Sorted by name, a folder comes before what lies in it. */
static int prepare_mounts(struct wh_arena *a, struct wh_child *c, struct wh_err *err)
{
    const struct wh_container_spec *s = c->spec;
    c->mounts = wh_arena_array(a, struct wh_prepared_mount, s->n_mounts + 1);
    c->images = wh_arena_array(a, struct wh_overlay, s->n_mounts + 1);
    if (!c->mounts || !c->images)
        return wh_fail(err, ENOMEM, "mounts");
    for (size_t i = 0; i < s->n_mounts; i++) {
        if (prepare_mount(a, &s->mounts[i], &c->mounts[i], err) < 0)
            return -1;
    }
    qsort(c->mounts, s->n_mounts, sizeof(*c->mounts), compare_mounts);
    c->n_mounts = drop_covered(c->mounts, s->n_mounts);
    for (size_t i = 0; i < c->n_mounts; i++) {
        const struct wh_mount *m = c->mounts[i].mount;
        if (m->type == WH_MOUNT_IMAGE && wh_overlay_prepare(a, &m->layers, &c->images[i], err) < 0)
            return wh_wrap(err, "mount on %s", m->target);
    }
    return 0;
}

static int check_sysctls(const struct wh_container_spec *s, struct wh_err *err)
{
    bool net = s->net.kind == WH_NS_PRIVATE || (s->net.kind == WH_NS_JOIN && s->net.owned);
    for (size_t i = 0; i < s->n_sysctls; i++) {
        const struct wh_kv *kv = &s->sysctls[i];
        if (wh_runtime_check_sysctl(kv->key, net, s->ipc.kind == WH_NS_PRIVATE, err) < 0)
            return -1;
        if (strpbrk(kv->value, "\n") || strlen(kv->value) > 4000)
            return wh_fail(err, WH_E_INVALID, "sysctl %s: the value is not one line", kv->key);
    }
    return 0;
}

static int check_content_files(const struct wh_container_spec *s, struct wh_err *err)
{
    for (size_t i = 0; i < s->n_content_files; i++) {
        const char *target = s->content_files[i].target;
        if (!target || target[0] != '/')
            return wh_fail(err, WH_E_INVALID, "file target \"%s\" is not absolute", target ? target : "");
    }
    return 0;
}

static int prepare_launch(struct wh_arena *a, const struct wh_container_spec *s, struct wh_launch *l,
                          struct wh_err *err)
{
    if (wh_launch_prepare(a, &s->process, l, err) < 0)
        return -1;
    l->rlimits = s->rlimits;
    l->n_rlimits = s->n_rlimits;
    l->oom_score_adj = s->oom_score_adj;
    l->make_cwd = true;
    return s->init ? wh_init_program(&l->init_fd, err) : 0;
}

int wh_child_prepare(struct wh_arena *a, const struct wh_container_spec *spec, struct wh_child *ret, struct wh_err *err)
{
    *ret = (struct wh_child){.spec = spec, .gate_fd = -1, .dev_fd = -1, .shm_fd = -1};
    ret->root_mount_point = spec->rootfs.upper      ? spec->rootfs.work
                            : spec->rootfs.n_lowers ? spec->rootfs.lowers[0]
                                                    : NULL;
    if (prepare_launch(a, spec, &ret->launch, err) < 0 || wh_overlay_prepare(a, &spec->rootfs, &ret->root, err) < 0 ||
        prepare_mounts(a, ret, err) < 0 || check_sysctls(spec, err) < 0)
        return -1;
    return check_content_files(spec, err);
}
