/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ls: projects that have containers. */
#include "commands.h"

#include "cli/listing.h"
#include "cli/project.h"
#include "whale/state.h"
#include "whale/util/map.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

struct ls_options {
    bool all, quiet;
    struct wh_opt_list filter;
    const char *format;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct ls_options, all, 'a', "all", "Also show projects without a running container"),
    WH_OPT_LIST(struct ls_options, filter, 0, "filter", "filter", "Only projects with this property (name=...)"),
    WH_OPT_CHOICE_OR(struct ls_options, format, 0, "format", "table", "table|pretty|json",
                     "format value %s could not be parsed: parsing failed", "Layout"),
    WH_OPT_FLAG(struct ls_options, quiet, 'q', "quiet", "Only names"),
};

static const struct wh_output_field fields[] = {
    WH_OUTPUT_FIELD("Name", "string", "of the project", .heading = "NAME"),
    WH_OUTPUT_FIELD("Status", "string", "running(2), exited(1)", .heading = "STATUS"),
    WH_OUTPUT_FIELD("ConfigFiles", "string", "separated by commas", .heading = "CONFIG FILES"),
    {0},
};

static const struct wh_output output = {"ls", "What `ls --format json` prints", fields, true};

static const struct wh_cli_listing listing = {
    .table = "{{.Name}}\t{{.Status}}\t{{.ConfigFiles}}",
    .output = &output,
    .min_width = 20,
};

struct summary {
    const char *name, *config_files;
    size_t counts[WH_CONTAINER_STATUS_MAX_];
};

static struct summary *find_summary(struct wh_cli *cli, struct wh_map *by_name, const struct wh_container *c)
{
    struct summary *s = wh_map_get(by_name, c->rec.project);
    if (s)
        return s;
    s = wh_arena_new(&cli->arena, struct summary);
    const char *files = wh_container_label(&c->rec, "com.docker.compose.project.config_files");
    if (s)
        *s = (struct summary){.name = c->rec.project, .config_files = files ? files : ""};
    return s && wh_map_set(by_name, c->rec.project, s) == 0 ? s : NULL;
}

static int compare_texts(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* "exited(1), running(2)" */
static void describe_counts(const struct summary *s, struct wh_str *out)
{
    const char *names[WH_CONTAINER_STATUS_MAX_];
    memcpy(names, wh_container_status_text, sizeof(names));
    qsort(names, WH_ARRAY_LEN(names), sizeof(*names), compare_texts);
    for (size_t n = 0; n < WH_ARRAY_LEN(names); n++)
        for (size_t i = 0; i < WH_CONTAINER_STATUS_MAX_; i++)
            if (s->counts[i] && strcmp(wh_container_status_text[i], names[n]) == 0)
                wh_str_fmt(out, "%s%s(%zu)", out->len ? ", " : "", names[n], s->counts[i]);
}

static int check_filters(const struct wh_opt_list *filters, struct wh_err *err)
{
    for (size_t i = 0; i < filters->len; i++) {
        if (!filters->items[i][0])
            continue;
        const char *text = filters->items[i], *equals = strchr(text, '=');
        if (!equals)
            return wh_fail(err, WH_E_USAGE,
                           "invalid argument \"%s\" for \"--filter\" flag: bad format of filter (expected name=value)",
                           text);
        if (!wh_starts(text, "name="))
            return wh_fail(err, WH_E_INVALID, "invalid filter '%.*s': only name can be asked for", (int)(equals - text),
                           text);
    }
    return 0;
}

/* A pattern that is no regular expression matches as text. */
static bool matches(const struct wh_opt_list *filters, const char *name)
{
    bool any = filters->len == 0;
    for (size_t i = 0; i < filters->len && !any; i++) {
        const char *text = filters->items[i], *pattern = *text ? text + strlen("name=") : text;
        regex_t re;
        if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
            any = strstr(name, pattern) != NULL;
            continue;
        }
        any = regexec(&re, name, 0, NULL, 0) == 0;
        regfree(&re);
    }
    return any;
}

static struct wh_cli_row make_row(struct wh_cli *cli, const struct summary *s)
{
    wh_auto_str status = {0};
    struct wh_node *o = wh_node_map(&cli->arena, NULL);
    describe_counts(s, &status);
    wh_node_put_str(&cli->arena, o, "Name", s->name);
    wh_node_put_str(&cli->arena, o, "Status", wh_str_c(&status));
    wh_node_put_str(&cli->arena, o, "ConfigFiles", s->config_files);
    return (struct wh_cli_row){.fields = o};
}

static int compare_rows(const void *x, const void *y)
{
    const struct wh_cli_row *a = x, *b = y;
    return strcmp(wh_node_get_str(a->fields, "Name", ""), wh_node_get_str(b->fields, "Name", ""));
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct ls_options *o = values;
    struct wh_container *items = NULL;
    size_t n = 0, n_rows = 0;
    wh_auto_map by_name = {0};
    if (check_filters(&o->filter, err) < 0 || wh_state_containers(&cli->arena, NULL, &items, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct summary *s = o->all || wh_cli_is_up(&items[i]) ? find_summary(cli, &by_name, &items[i]) : NULL;
        if (s)
            s->counts[items[i].state.status]++;
    }
    struct wh_cli_row *rows = wh_arena_array(&cli->arena, struct wh_cli_row, by_name.len + 1);
    for (size_t i = 0; rows && i < by_name.len; i++)
        if (matches(&o->filter, by_name.entries[i].key))
            rows[n_rows++] = make_row(cli, by_name.entries[i].value);
    if (n_rows)
        qsort(rows, n_rows, sizeof(*rows), compare_rows);
    for (size_t i = 0; i < n_rows && o->quiet; i++)
        printf("%s\n", wh_node_get_str(rows[i].fields, "Name", ""));
    return o->quiet ? 0 : wh_cli_print_list(cli, &listing, wh_cli_plain_format(o->format), rows, n_rows, err);
}

const struct wh_cmd wh_cmd_ls = {
    .name = "ls",
    .usage = "[OPTIONS]",
    .summary = "List projects",
    WH_CMD_OPTIONS(options, struct ls_options),
    .output = &output,
    .run = run,
};
