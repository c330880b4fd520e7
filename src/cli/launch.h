/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What up, create, scale and run have in common: the project with --scale applied, images, the request. */
#ifndef WHALE_CLI_LAUNCH_H
#define WHALE_CLI_LAUNCH_H

#include "cli/images.h"
#include "cli/request.h"

/* The services that "web=3" texts name. -1: not of that form, bad number. */
int wh_cli_scaled_services(struct wh_arena *a, const struct wh_opt_list *scale, struct wh_opt_list *ret,
                           struct wh_err *err);

/* Applies "web=3" texts to the loaded project. -1: bad number, unknown service. */
int wh_cli_apply_scale(struct wh_cli *cli, struct wh_cli_project *p, const struct wh_opt_list *scale, bool is_option,
                       struct wh_err *err);

struct wh_cli_launch {
    struct wh_opt_list services; /* named on the command line */
    struct wh_cli_image_options images;
    bool build; /* --build: refused, there is no building yet */
};
/* Images are made present and the request gets project, services, images. */
int wh_cli_make_launch(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_launch *l,
                       const char *op, struct wh_progress *progress, struct wh_cli_request *ret, struct wh_err *err);

/* Volumes whose definition has changed lose their data only when somebody says so: -y, or the answer to a question. */
int wh_cli_put_remade_volumes(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_launch *l,
                              bool yes, struct wh_cli_request *r, struct wh_err *err);

/* Flags that exclude each other: rows end with a == NULL. */
struct wh_cli_conflict {
    bool both;
    const char *text;
};
int wh_cli_check_conflicts(const struct wh_cli_conflict *rows, size_t n, struct wh_err *err);

#endif
