/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config: the project as the loader sees it. */
#include "commands.h"

struct config_options {
    bool environment, images, lock_image_digests, models, networks, no_consistency, no_env_resolution, no_interpolate;
    bool no_normalize, no_path_resolution, profiles, quiet, resolve_image_digests, services, variables, volumes;
    const char *format, *hash, *output;
};

#define FLAG(field, name, text) WH_OPT_FLAG(struct config_options, field, 0, name, text)

static const struct wh_opt options[] = {
    FLAG(environment, "environment", "Print the variables that interpolation uses"),
    WH_OPT_CHOICE(struct config_options, format, 0, "format", NULL, "yaml|json", "Layout"),
    WH_OPT_TEXT(struct config_options, hash, 0, "hash", "string", NULL,
                "Print the hash of a service's configuration, * for all, or several separated by commas"),
    FLAG(images, "images", "Print the names of images"),
    FLAG(lock_image_digests, "lock-image-digests", "Print an override file that pins the digests of images"),
    FLAG(models, "models", "Print the names of models"),
    FLAG(networks, "networks", "Print the names of networks"),
    FLAG(no_consistency, "no-consistency", "Do not check the model"),
    FLAG(no_env_resolution, "no-env-resolution", "Do not read the env files of services"),
    FLAG(no_interpolate, "no-interpolate", "Do not replace variables"),
    FLAG(no_normalize, "no-normalize", "Do not add defaults"),
    FLAG(no_path_resolution, "no-path-resolution", "Do not make paths absolute"),
    WH_OPT_TEXT(struct config_options, output, 'o', "output", "string", NULL,
                "File to write instead of standard output"),
    FLAG(profiles, "profiles", "Print the names of profiles"),
    WH_OPT_FLAG(struct config_options, quiet, 'q', "quiet", "Only check, print nothing"),
    FLAG(resolve_image_digests, "resolve-image-digests", "Pin image tags to digests"),
    FLAG(services, "services", "Print the names of services"),
    FLAG(variables, "variables", "Print the variables of the files and their defaults"),
    FLAG(volumes, "volumes", "Print the names of volumes"),
};

const struct wh_cmd wh_cmd_config = {
    .name = "config",
    .alias = "convert",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Check the compose files and print them in canonical form",
    WH_CMD_OPTIONS(options, struct config_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
