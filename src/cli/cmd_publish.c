/* SPDX-License-Identifier: GPL-2.0-or-later */
/* publish: the project as an artefact in a registry. */
#include "commands.h"

struct publish_options {
    bool app, resolve_image_digests, with_env, yes;
    const char *oci_version;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct publish_options, app, 0, "app", "Include the images of the services"),
    WH_OPT_TEXT(struct publish_options, oci_version, 0, "oci-version", "string", NULL,
                "Version of the OCI artefact specification"),
    WH_OPT_FLAG(struct publish_options, resolve_image_digests, 0, "resolve-image-digests", "Pin image tags to digests"),
    WH_OPT_FLAG(struct publish_options, with_env, 0, "with-env", "Include environment variables"),
    WH_OPT_FLAG(struct publish_options, yes, 'y', "yes", "Answer yes to all questions"),
};

const struct wh_cmd wh_cmd_publish = {
    .name = "publish",
    .usage = "[OPTIONS] REPOSITORY[:TAG]",
    .summary = "Publish the project to a registry",
    WH_CMD_OPTIONS(options, struct publish_options),
    .min_args = 1,
    .max_args = 1,
    .run = wh_cli_unsupported,
};
