/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts of a service that no engine can make: Docker's rules and, where users search for them, its words. */
#include "engine/check.h"
#include "engine/spec.h"

#include "whale/util/str.h"

#include <string.h>

static int check_target(const char *target, struct wh_err *err)
{
    if (target[0] != '/')
        return wh_fail(err, WH_E_INVALID, "invalid mount path: '%s' mount path must be absolute", target);
    return target[1] ? 0 : wh_fail(err, WH_E_INVALID, "invalid specification: destination can't be '/'");
}

static int check_bind(const struct wh_service_mount *m, struct wh_err *err)
{
    if (m->volume && m->volume->nocopy)
        return wh_fail(err, WH_E_INVALID,
                       "invalid mount config for type \"bind\": field VolumeOptions must not be specified");
    if (m->bind && m->bind->propagation && m->bind->propagation[0] && !spec_propagation_is_known(m->bind->propagation))
        return wh_fail(err, WH_E_INVALID, "invalid propagation mode: %s", m->bind->propagation);
    return 0;
}

static int check_volume(const struct wh_service_mount *m, struct wh_err *err)
{
    if (m->bind && m->bind->propagation && m->bind->propagation[0])
        return wh_fail(err, WH_E_INVALID,
                       "invalid mount config for type \"volume\": field BindOptions must not be specified");
    if (m->read_only && (!m->source || !m->source[0]))
        return wh_fail(err, WH_E_INVALID,
                       "invalid mount config for type \"volume\": must not set ReadOnly mode when "
                       "using anonymous volumes");
    return 0;
}

static int check_tmpfs(const struct wh_service_mount *m, struct wh_err *err)
{
    return m->source && m->source[0]
               ? wh_fail(err, WH_E_INVALID,
                         "invalid mount config for type \"tmpfs\": field Source must not be specified")
               : 0;
}

static const struct {
    const char *type;
    int (*check)(const struct wh_service_mount *m, struct wh_err *err);
} types[] = {{"bind", check_bind}, {"volume", check_volume}, {"tmpfs", check_tmpfs}, {"image", NULL}};

static int check_one(const struct wh_service_mount *m, struct wh_err *err)
{
    if (check_target(m->target ? m->target : "", err) < 0)
        return -1;
    for (size_t i = 0; i < WH_ARRAY_LEN(types); i++)
        if (wh_streq(types[i].type, m->type))
            return types[i].check ? types[i].check(m, err) : 0;
    return wh_fail(err, WH_E_INVALID, "invalid mount config for type \"%s\": mount type unknown", m->type);
}

int check_mounts(const struct wh_service *s, struct wh_err *err)
{
    for (size_t i = 0; i < s->mounts.len; i++)
        if (check_one(&s->mounts.items[i], err) < 0)
            return wh_err_in(err, "volumes/%zu", i);
    for (size_t i = 0; i < s->tmpfs.len; i++) {
        wh_auto_free char *target = strndup(s->tmpfs.items[i].text, strcspn(s->tmpfs.items[i].text, ":"));
        if (!target || check_target(target, err) < 0)
            return wh_err_in(err, "tmpfs/%zu", i);
    }
    return 0;
}
