/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `config` can print; each function appends to out. */
#ifndef WHALE_CLI_CONFIG_PARTS_H
#define WHALE_CLI_CONFIG_PARTS_H

#include "cli/cli.h"
#include "whale/compose.h"

struct wh_config_options {
    bool environment, images, lock_image_digests, models, networks, no_consistency, no_env_resolution, no_interpolate;
    bool no_normalize, no_path_resolution, profiles, quiet, resolve_image_digests, services, variables, volumes;
    const char *format, *hash, *output, *explain, *errors;
};

typedef int wh_config_print(struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r,
                            struct wh_str *out, struct wh_err *err);

wh_config_print wh_config_whole, wh_config_environment, wh_config_services, wh_config_volumes, wh_config_networks,
    wh_config_models, wh_config_profiles, wh_config_images, wh_config_variables, wh_config_hash, wh_config_explain;

/* Gives every image its digest, and for --lock-image-digests drops all else; nothing without these options. */
int wh_config_pin(const struct wh_config_options *o, struct wh_load_result *r, struct wh_err *err);

/* Errors and warnings of the load, one JSON array. */
void wh_config_diags_json(struct wh_load_result *r, struct wh_str *out);

#endif
