/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named and anonymous volumes of the project. */
#ifndef ENGINE_VOLUMES_H
#define ENGINE_VOLUMES_H

#include "engine/policy.h"

#include "whale/model.h"

int volume_create(struct wh_policy *p, const struct wh_volume *v, const char *hash, struct wh_err *err);
int volume_create_anonymous(struct wh_policy *p, const char *name, struct wh_err *err);
/* 1 = a container uses it. */
int volume_remove(struct wh_policy *p, const char *name, struct wh_err *err);

#endif
