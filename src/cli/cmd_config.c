/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config: the project as the loader sees it, whole or one aspect of it. */
#include "commands.h"

#include "cli/config_parts.h"
#include "cli/diag.h"
#include "cli/outputs.h"
#include "cli/project.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAG(field, name, text) WH_OPT_FLAG(struct wh_config_options, field, 0, name, text)

static const struct wh_opt options[] = {
    FLAG(environment, "environment", "Print the variables that interpolation uses"),
    WH_OPT_TEXT(struct wh_config_options, format, 0, "format", "string", NULL, "Layout: yaml or json"),
    WH_OPT_TEXT(struct wh_config_options, hash, 0, "hash", "string", NULL,
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
    WH_OPT_TEXT(struct wh_config_options, output, 'o', "output", "string", NULL,
                "File to write instead of standard output"),
    FLAG(profiles, "profiles", "Print the names of profiles"),
    WH_OPT_FLAG(struct wh_config_options, quiet, 'q', "quiet", "Only check, print nothing"),
    FLAG(resolve_image_digests, "resolve-image-digests", "Pin image tags to digests"),
    FLAG(services, "services", "Print the names of services"),
    FLAG(variables, "variables", "Print the variables of the files and their defaults"),
    FLAG(volumes, "volumes", "Print the names of volumes"),
    {.name = "explain",
     .type = WH_OPT_TYPE_TEXT,
     .offset = offsetof(struct wh_config_options, explain),
     .arg = "PATH|VARIABLE",
     .own = true,
     .text = "Print who set the value of a path or variable, and what it replaced"},
    {.name = "errors",
     .type = WH_OPT_TYPE_TEXT,
     .offset = offsetof(struct wh_config_options, errors),
     .arg = "string",
     .choices = "text|json",
     .value = "text",
     .own = true,
     .text = "How errors and warnings are printed"},
};

static const struct wh_output_field places[] = {
    WH_OUTPUT_FIELD("file", "string", "path", .optional = true),
    WH_OUTPUT_FIELD("line", "integer", "from 1", .optional = true),
    WH_OUTPUT_FIELD("column", "integer", "from 1", .optional = true),
    WH_OUTPUT_FIELD("label", "string", "what is there", .optional = true),
    {0},
};

static const struct wh_output_field fields[] = {
    WH_OUTPUT_FIELD("severity", "string", "error or warning"),
    WH_OUTPUT_FIELD("message", "string", "one message"),
    WH_OUTPUT_FIELD("file", "string", "path", .optional = true),
    WH_OUTPUT_FIELD("line", "integer", "from 1", .optional = true),
    WH_OUTPUT_FIELD("column", "integer", "from 1", .optional = true),
    WH_OUTPUT_FIELD("hint", "string", "how to put it right", .optional = true),
    WH_OUTPUT_FIELD("places", "array", "further places that belong to it", .items = places, .optional = true),
    {0},
};

static const struct wh_output output = {"diagnostics", "What `config --errors json` prints on standard error", fields,
                                        true};

#define AT(member) offsetof(struct wh_config_options, member)

/* One aspect instead of the whole: the option that asks for it and what prints it; the first one wanted wins. */
static const struct part {
    size_t option;
    bool text; /* the option has a value, which is not empty when it is wanted */
    wh_config_print *print;
    bool whole_project; /* named services do not matter */
    bool no_env;        /* nor env files */
} parts[] = {
    {AT(services), false, wh_config_services, true, true},
    {AT(volumes), false, wh_config_volumes, true, true},
    {AT(networks), false, wh_config_networks, true, true},
    {AT(models), false, wh_config_models, true, true},
    {AT(hash), true, wh_config_hash, true, false},
    {AT(profiles), false, wh_config_profiles, false, false},
    {AT(images), false, wh_config_images, false, false},
    {AT(variables), false, wh_config_variables, true, true},
    {AT(environment), false, wh_config_environment, false, false},
    {AT(explain), true, wh_config_explain, true, false},
};
static const struct part whole = {.print = wh_config_whole};

static bool is_wanted(const struct wh_config_options *o, const struct part *part)
{
    const char *at = (const char *)o + part->option;
    if (!part->text)
        return *(const bool *)at;
    const char *value = *(const char *const *)(const void *)at;
    return value && *value;
}

static const struct part *choose_part(const struct wh_config_options *o)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(parts); i++)
        if (is_wanted(o, &parts[i]))
            return &parts[i];
    return &whole;
}

static struct wh_load_options load_options(const struct wh_cli *cli, const struct wh_config_options *o,
                                           const struct part *part)
{
    struct wh_load_options load = wh_cli_load_options(cli);
    load.services = cli->parser.args.items;
    load.n_services = part->whole_project ? 0 : cli->parser.args.len;
    load.no_interpolate = o->no_interpolate;
    load.no_normalize = o->no_normalize || cli->globals.compatibility;
    load.no_path_resolution = o->no_path_resolution;
    load.no_consistency = o->no_consistency;
    load.any_container_names = part != &whole;
    load.no_env_resolution = o->no_env_resolution || part->no_env;
    load.want_variables = part->print == wh_config_variables;
    load.note_variables = part->print == wh_config_explain;
    return load;
}

static void warn_ignored(const struct wh_cli *cli, const char *option, const char *what)
{
    if (cli->parser.args.len)
        fprintf(stderr, "warning: service filtering is not applied when --%s is set, %s\n", option, what);
}

static int check_options(const struct wh_config_options *o, struct wh_err *err)
{
    bool table = o->variables && o->format && strcmp(o->format, "table") == 0;
    if (o->format && *o->format && !table && strcmp(o->format, "yaml") != 0 && strcmp(o->format, "json") != 0)
        return wh_fail(err, WH_E_USAGE, "unsupported format \"%s\"", o->format);
    return 0;
}

static void print_diags(const struct wh_cli *cli, const struct wh_config_options *o, struct wh_load_result *r)
{
    wh_auto_str text = {0};
    if (strcmp(o->errors, "json") != 0) {
        wh_cli_print_diags(cli, &r->diags, true);
        return;
    }
    wh_config_diags_json(r, &text);
    fwrite(wh_str_c(&text), 1, text.len, stderr);
}

static int write_out(const char *path, const struct wh_str *text, struct wh_err *err)
{
    struct stat st;
    if (!path || !*path) {
        fwrite(wh_str_c(text), 1, text->len, stdout);
        if (text->len && text->data[text->len - 1] != '\n' && isatty(STDOUT_FILENO))
            putchar('\n'); /* the prompt of the shell is no part of the JSON */
        return 0;
    }
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* /dev/stdout, a pipe: written, not replaced */
        wh_auto_fd fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0 || wh_write_all(fd, wh_str_c(text), text->len) < 0)
            return wh_fail(err, errno, "%s", path);
        return 0;
    }
    return wh_file_replace(path, wh_str_c(text), text->len, 0644, WH_SYNC_NONE, err);
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct wh_config_options *o = values;
    wh_auto_load struct wh_load_result r = {0};
    wh_auto_str text = {0};
    if (check_options(o, err) < 0)
        return -1;
    const struct part *part = choose_part(o);
    struct wh_load_options load = load_options(cli, o, part);
    if (load.want_variables)
        warn_ignored(cli, "variables", "variables from the full model are shown");
    else if (o->no_interpolate)
        warn_ignored(cli, "no-interpolate", "the full model is shown");
    int status = wh_compose_load(&load, &r, err);
    print_diags(cli, o, &r);
    if (status < 0) {
        if (r.diags.n_errors)
            wh_err_fini(err); /* said already, with place and excerpt */
        return -1;
    }
    if (o->quiet && (part == &whole || part->print == wh_config_environment)) /* lists of names are printed anyway */
        return 0;
    if (part == &whole && wh_config_pin(o, &r, err) < 0)
        return -1;
    if (part->print(cli, o, &r, &text, err) < 0)
        return -1;
    return write_out(part == &whole ? o->output : NULL, &text, err);
}

const struct wh_cmd wh_cmd_config = {
    .name = "config",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "Check the compose files and print them in canonical form",
    WH_CMD_OPTIONS(options, struct wh_config_options),
    .max_args = WH_CMD_ANY_ARGS,
    .output = &output,
    .run = run,
};
