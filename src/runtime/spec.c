/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a container spec whose "unset" is not zero. */
#include "whale/spec.h"

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
