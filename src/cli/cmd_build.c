/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build: images of services from their sources. */
#include "commands.h"

struct build_options {
    struct wh_opt_list build_args;
    const char *builder, *memory, *provenance, *sbom, *ssh;
    bool check, no_cache, print, pull, push, quiet, with_dependencies, compress, force_rm, no_rm, parallel;
};

static const struct wh_opt options[] = {
    WH_OPT_LIST(struct build_options, build_args, 0, "build-arg", "stringArray", "Set a variable of the build"),
    WH_OPT_TEXT(struct build_options, builder, 0, "builder", "string", NULL, "Builder to use"),
    WH_OPT_FLAG(struct build_options, check, 0, "check", "Check the build's definition only"),
    WH_OPT_TEXT(struct build_options, memory, 'm', "memory", "bytes", NULL, "Memory limit of the build"),
    WH_OPT_FLAG(struct build_options, no_cache, 0, "no-cache", "Build everything anew"),
    WH_OPT_FLAG(struct build_options, print, 0, "print", "Print the equivalent bake file"),
    WH_OPT_TEXT(struct build_options, provenance, 0, "provenance", "string", NULL, "Add a provenance attestation"),
    WH_OPT_FLAG(struct build_options, pull, 0, "pull", "Look for newer base images"),
    WH_OPT_FLAG(struct build_options, push, 0, "push", "Push the built images"),
    WH_OPT_FLAG(struct build_options, quiet, 'q', "quiet", "No output"),
    WH_OPT_TEXT(struct build_options, sbom, 0, "sbom", "string", NULL, "Add a software bill of materials"),
    WH_OPT_TEXT(struct build_options, ssh, 0, "ssh", "string", NULL, "SSH agent or keys for the build"),
    WH_OPT_FLAG(struct build_options, with_dependencies, 0, "with-dependencies", "Also build services they depend on"),
    WH_OPT_FLAG_HIDDEN(struct build_options, compress, 0, "compress"),
    WH_OPT_FLAG_HIDDEN(struct build_options, force_rm, 0, "force-rm"),
    WH_OPT_FLAG_HIDDEN(struct build_options, no_rm, 0, "no-rm"),
    WH_OPT_FLAG_HIDDEN(struct build_options, parallel, 0, "parallel"),
};

const struct wh_cmd wh_cmd_build = {
    .name = "build",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Build or rebuild the images of services",
    WH_CMD_OPTIONS(options, struct build_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = wh_cli_unsupported,
};
