/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build: images of services from their sources. */
#include "commands.h"

#include "cli/progress.h"
#include "cli/project.h"

#include <stdio.h>

struct build_options {
    struct wh_opt_list build_args;
    const char *builder, *memory, *progress, *provenance, *sbom, *ssh;
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
    WH_OPT_ALIAS(struct build_options, progress, WH_OPT_TYPE_TEXT, "progress",
                 "--progress of build is that of all commands: it is better given before the command"),
};

static bool has_build(const struct wh_cli_project *p, const struct wh_opt_list *services)
{
    for (size_t i = 0; i < p->model->services.len; i++) {
        const struct wh_service *s = &p->model->services.items[i];
        if (s->build && (!services->len || wh_cli_list_has(services, s->name)))
            return true;
    }
    return false;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct build_options *o = values;
    wh_auto_cli_project p = {0};
    if (o->progress)
        cli->globals.progress = o->progress;
    if (wh_cli_check_display(cli, err) < 0 || wh_cli_load(cli, &cli->parser.args, &p, err) < 0)
        return -1;
    if (has_build(&p, &cli->parser.args))
        return wh_cli_unsupported(cli, values, err);
    fprintf(stderr, "No services to build\n");
    return 0;
}

const struct wh_cmd wh_cmd_build = {
    .name = "build",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Build or rebuild the images of services",
    WH_CMD_OPTIONS(options, struct build_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
