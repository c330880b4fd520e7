/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of services: found in the store, or pulled as the pull policy says. */
#ifndef WHALE_CLI_IMAGES_H
#define WHALE_CLI_IMAGES_H

#include "cli/project.h"
#include "whale/ui.h"

struct wh_cli_image_options {
    const char *policy; /* --pull: always, missing, never; NULL or "policy": each service's own */
    bool quiet_pull;
    bool no_deps;
};

/* The named services (none = all) and, without no_deps, what they need. In the arena of cli. */
int wh_cli_closure(struct wh_cli *cli, const struct wh_project *m, const struct wh_opt_list *services, bool no_deps,
                   struct wh_opt_list *ret, struct wh_err *err);

/* Makes the images of these services present. *ret: map of service -> image id, of other services too when their image
 * is there. -1: an image is missing and may not be pulled or would have to be built, or a pull failed. */
int wh_cli_ensure_images(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_opt_list *services,
                         const struct wh_cli_image_options *o, struct wh_progress *progress, struct wh_node **ret,
                         struct wh_err *err);

/* whale-image pull of these references with progress. policy: always, missing, daily,
 * weekly, every_<duration>. platform: of `platform:`, or NULL for the host's. */
int wh_cli_pull(struct wh_cli *cli, const struct wh_opt_list *refs, const char *policy, const char *platform,
                struct wh_progress *progress, struct wh_err *err);

#endif
