/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a spec whose "unset" is not zero; copies. */
#include "child.h"

#include "whale/runtime.h"

#include <string.h>

void wh_resources_init(struct wh_resources *resources)
{
    *resources = (struct wh_resources){.swappiness = WH_UNSET};
}

void wh_process_spec_init(struct wh_process_spec *process)
{
    *process = (struct wh_process_spec){.umask = -1};
}

void wh_mount_init(struct wh_mount *mount, enum wh_mount_type type)
{
    *mount = (struct wh_mount){.type = type, .tmpfs_mode = -1};
}

void wh_container_spec_init(struct wh_container_spec *spec)
{
    memset(spec, 0, sizeof(*spec));
    spec->net.fd = spec->pid.fd = spec->ipc.fd = spec->uts.fd = -1;
    wh_process_spec_init(&spec->process);
    wh_resources_init(&spec->resources);
}

static const char *const *copy_texts(struct wh_arena *a, const char *const *texts)
{
    size_t n = 0;
    while (texts && texts[n])
        n++;
    const char **copy = texts ? wh_arena_array(a, const char *, n + 1) : NULL;
    for (size_t i = 0; copy && i < n; i++)
        copy[i] = wh_arena_strdup(a, texts[i]);
    return copy;
}

static const char *copy_text(struct wh_arena *a, const char *text)
{
    return text ? wh_arena_strdup(a, text) : NULL;
}

static const struct wh_rlimit *copy_rlimits(struct wh_arena *a, const struct wh_rlimit *limits, size_t n)
{
    struct wh_rlimit *copy = wh_arena_array(a, struct wh_rlimit, n + 1);
    for (size_t i = 0; copy && i < n; i++)
        copy[i] = (struct wh_rlimit){wh_arena_strdup(a, limits[i].name), limits[i].soft, limits[i].hard};
    return copy;
}

int wh_exec_spec_copy(struct wh_arena *a, const struct wh_exec_spec *spec, struct wh_exec_spec *ret)
{
    struct wh_exec_spec copy = *spec;
    const char *const **const lists[] = {&copy.process.argv, &copy.process.env, &copy.process.extra_groups,
                                         &copy.process.cap_add, &copy.process.cap_drop};
    const char **const texts[] = {&copy.process.cwd, &copy.process.user, &copy.seccomp_path, &copy.apparmor,
                                  &copy.cache_dir};
    for (size_t i = 0; i < WH_ARRAY_LEN(lists); i++)
        *lists[i] = copy_texts(a, *lists[i]);
    for (size_t i = 0; i < WH_ARRAY_LEN(texts); i++)
        *texts[i] = copy_text(a, *texts[i]);
    copy.rlimits = copy_rlimits(a, spec->rlimits, spec->n_rlimits);
    *ret = copy;
    return a->failed ? -1 : 0;
}
