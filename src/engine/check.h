/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no kernel could do or no driver knows is refused before anything is changed, with the place of the value. */
#ifndef ENGINE_CHECK_H
#define ENGINE_CHECK_H

#include "engine/ctr.h"

struct wh_log_config;

/* check.c: nothing is changed; finds what would make ctr_create or a start fail. */
int ctr_check(struct wh_policy *p, const struct create_request *r, struct wh_err *err);

/* check.c, check_limits.c, check_network.c, check_mounts.c: before anything is changed */
int check_limits(const struct wh_service *s, struct wh_err *err);
int check_network(const struct wh_service *s, struct wh_err *err);
int check_mounts(const struct wh_service *s, struct wh_err *err);

/* logging.c: the driver and the names of its options, before anything is made; their values when it starts */
int logging_check(const struct wh_service *s, struct wh_err *err);
int logging_limits(const struct wh_service *s, struct wh_log_config *ret, struct wh_err *err);

/* blame.c: completes the path of an error (wh_err_in) that names an attribute of the service; without one nothing. */
void blame_service(const struct wh_service *s, struct wh_err *err);

/* The error about one item of a list or map of the service. */
#define fail_item(err, attribute, item, ...)                                                                           \
    (wh_fail(err, WH_E_INVALID, __VA_ARGS__), wh_err_in(err, "%s/%s", attribute, item))
#define fail_attribute(err, attribute, ...) (wh_fail(err, WH_E_INVALID, __VA_ARGS__), wh_err_in(err, attribute))

#endif
