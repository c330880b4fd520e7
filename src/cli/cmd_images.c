/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images: what the created containers were made from. */
#include "commands.h"

#include "cli/listing.h"
#include "cli/project.h"
#include "whale/image.h"
#include "whale/ui.h"
#include "whale/util/size.h"
#include "whale/util/time.h"

#include <stdio.h>
#include <string.h>

struct images_options {
    const char *format;
    bool quiet;
};

static const struct wh_opt options[] = {
    WH_OPT_CHOICE_OR(struct images_options, format, 0, "format", "table", "table|pretty|json",
                     "format value %s could not be parsed: parsing failed", "Layout"),
    WH_OPT_FLAG(struct images_options, quiet, 'q', "quiet", "Only ids"),
};

#define ID_SHORT 12

static const struct wh_output_field fields[] = {
    WH_OUTPUT_FIELD("ID", "string", "sha256:..."),
    WH_OUTPUT_FIELD("ContainerName", "string", "container that uses it", .heading = "CONTAINER"),
    WH_OUTPUT_FIELD("Repository", "string", "name without tag", .heading = "REPOSITORY"),
    WH_OUTPUT_FIELD("Tag", "string", "tag", .heading = "TAG"),
    WH_OUTPUT_FIELD("Platform", "string", "os/architecture", .heading = "PLATFORM"),
    WH_OUTPUT_FIELD("Size", "integer", "bytes"),
    WH_OUTPUT_FIELD("Created", "string", "RFC 3339"),
    WH_OUTPUT_FIELD("LastTagTime", "string", "not kept: the year 1"),
    WH_OUTPUT_FIELD("ShortID", NULL, NULL, .heading = "IMAGE ID"),
    WH_OUTPUT_FIELD("SizeText", NULL, NULL, .heading = "SIZE"),
    WH_OUTPUT_FIELD("Since", NULL, NULL, .heading = "CREATED"),
    {0},
};

static const struct wh_output output = {"images", "What `images --format json` prints", fields, true};

static const struct wh_cli_listing listing = {
    .table = "{{.ContainerName}}\t{{.Repository}}\t{{.Tag}}\t{{.Platform}}\t{{.ShortID}}\t{{.SizeText}}\t{{.Since}}",
    .output = &output,
    .min_width = 20,
};

static const char *platform_of(struct wh_arena *a, const struct wh_image *image)
{
    bool has_variant = image->variant && *image->variant;
    return wh_arena_fmt(a, "%s/%s%s%s", image->os ? image->os : "", image->architecture ? image->architecture : "",
                        has_variant ? "/" : "", has_variant ? image->variant : "");
}

/* What only the table shows: methods, so that it is no part of the JSON. */
static struct wh_node *make_texts(struct wh_arena *a, const char *id, const struct wh_image *image)
{
    struct wh_node *texts = wh_node_map(a, NULL);
    char size[32], since[40];
    const char *hex = wh_starts(id, "sha256:") ? id + strlen("sha256:") : id;
    wh_node_put_str(a, texts, "ShortID", wh_arena_strndup(a, hex, strlen(hex) < ID_SHORT ? strlen(hex) : ID_SHORT));
    wh_node_put_str(a, texts, "SizeText", wh_size_format_si(image->size_bytes, size, sizeof(size)));
    wh_ui_duration(wh_now_real_ns() - image->created_ns, since, sizeof(since));
    wh_node_put_str(a, texts, "Since", image->created_ns ? wh_arena_fmt(a, "%s ago", since) : "N/A");
    return texts;
}

static void split_tag(struct wh_arena *a, const char *image, const char **ret_name, const char **ret_tag)
{
    struct wh_ref ref;
    *ret_name = image;
    *ret_tag = "<none>";
    if (wh_ref_parse(a, image, &ref, NULL) < 0)
        return;
    *ret_name = wh_ref_familiar_name(a, &ref);
    *ret_tag = ref.tag ? ref.tag : "<none>";
}

static struct wh_cli_row make_row(struct wh_arena *a, const struct wh_container *c)
{
    struct wh_image image = {0};
    const char *name, *tag, *id = c->rec.image_id ? c->rec.image_id : "";
    struct wh_node *o = wh_node_map(a, NULL);
    if (wh_image_lookup(a, wh_state_root(), id, &image, NULL) != 0)
        image = (struct wh_image){0};
    split_tag(a, c->rec.image, &name, &tag);
    wh_node_put_str(a, o, "ID", id);
    wh_node_put_str(a, o, "ContainerName", c->rec.name);
    wh_node_put_str(a, o, "Repository", name);
    wh_node_put_str(a, o, "Tag", tag);
    wh_node_put_str(a, o, "Platform", platform_of(a, &image));
    wh_node_put_int(a, o, "Size", image.size_bytes);
    wh_node_put_str(a, o, "Created", image.created ? image.created : "");
    wh_node_put_str(a, o, "LastTagTime", "0001-01-01T00:00:00Z");
    return (struct wh_cli_row){o, make_texts(a, id, &image)};
}

static void print_ids(const struct wh_cli_row *rows, size_t n)
{
    wh_auto_map seen = {0};
    for (size_t i = 0; i < n; i++) {
        const char *id = wh_node_get_str(rows[i].fields, "ID", "");
        if (wh_map_has(&seen, id))
            continue;
        wh_map_set(&seen, id, NULL);
        printf("%s\n", wh_starts(id, "sha256:") ? id + strlen("sha256:") : id);
    }
}

/* Unknown services are no mistake here: they have no images. */
static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct images_options *o = values;
    const struct wh_opt_list *services = &cli->parser.args;
    wh_auto_cli_project project = {0};
    struct wh_cli_containers all;
    size_t n = 0;
    if (wh_cli_load_name(cli, &project, err) < 0 ||
        wh_cli_containers(cli, &project, NULL, WH_CLI_STOPPED | WH_CLI_ONEOFF, &all, err) < 0)
        return -1;
    struct wh_cli_row *rows = wh_arena_array(&cli->arena, struct wh_cli_row, all.len + 1);
    for (size_t i = 0; rows && i < all.len; i++)
        if (!services->len || wh_cli_list_has(services, all.items[i].rec.service))
            rows[n++] = make_row(&cli->arena, &all.items[i]);
    if (o->quiet) {
        print_ids(rows, n);
        return 0;
    }
    if (n == 0 && strcmp(o->format, "json") == 0) {
        printf("null\n\n");
        return 0;
    }
    return wh_cli_print_list(cli, &listing, wh_cli_plain_format(o->format), rows, n, err);
}

const struct wh_cmd wh_cmd_images = {
    .name = "images",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "List the images of created containers",
    WH_CMD_OPTIONS(options, struct images_options),
    .max_args = WH_CMD_ANY_ARGS,
    .output = &output,
    .run = run,
};
