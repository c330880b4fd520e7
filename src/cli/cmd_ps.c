/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ps: containers of the project, from the records on disk. */
#include "commands.h"

#include "cli/describe.h"
#include "cli/listing.h"
#include "cli/project.h"
#include "whale/codec/json.h"
#include "whale/util/time.h"

#include <stdio.h>
#include <string.h>

struct ps_options {
    bool all, no_trunc, orphans, quiet, services;
    const char *filter, *format;
    struct wh_opt_list status;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct ps_options, all, 'a', "all", "Also show containers that do not run and one-off ones"),
    WH_OPT_TEXT(struct ps_options, filter, 0, "filter", "string", NULL,
                "Only containers with this property (status=...)"),
    WH_OPT_TEXT(struct ps_options, format, 0, "format", "string", "table",
                "table, table TEMPLATE, json, raw or a Go template"),
    WH_OPT_FLAG(struct ps_options, no_trunc, 0, "no-trunc", "Show ids and commands in full"),
    WH_OPT_FLAG_ON(struct ps_options, orphans, 0, "orphans",
                   "Include containers of services that the file does not define"),
    WH_OPT_FLAG(struct ps_options, quiet, 'q', "quiet", "Only ids"),
    WH_OPT_FLAG(struct ps_options, services, 0, "services", "Only names of services"),
    WH_OPT_LIST(struct ps_options, status, 0, "status", "stringArray",
                "Only containers in this state: created, dead, exited, paused, removing, restarting, running"),
};

#define ID_SHORT      12
#define COMMAND_SHORT 20
#define MOUNT_SHORT   15

static const struct wh_output_field publishers[] = {
    WH_OUTPUT_FIELD("URL", "string", "address of the host"),
    WH_OUTPUT_FIELD("TargetPort", "integer", "port of the container"),
    WH_OUTPUT_FIELD("PublishedPort", "integer", "port of the host, 0 when it is only exposed"),
    WH_OUTPUT_FIELD("Protocol", "string", "tcp, udp or sctp"),
    {0},
};

static const struct wh_output_field fields[] = {
    WH_OUTPUT_FIELD("Command", "string", "in quotes, cut", .heading = "COMMAND"),
    WH_OUTPUT_FIELD("CreatedAt", "string", "local time", .heading = "CREATED AT"),
    WH_OUTPUT_FIELD("ExitCode", "integer", "0 while it runs", .heading = "EXIT CODE"),
    WH_OUTPUT_FIELD("Health", "string", "starting, healthy, unhealthy, or empty", .heading = "HEALTH"),
    WH_OUTPUT_FIELD("ID", "string", "short", .heading = "CONTAINER ID"),
    WH_OUTPUT_FIELD("Image", "string", "as the service names it", .heading = "IMAGE"),
    WH_OUTPUT_FIELD("Labels", "string", "K=V, separated by commas", .heading = "LABELS"),
    WH_OUTPUT_FIELD("LocalVolumes", "string", "number of volumes", .heading = "LOCAL VOLUMES"),
    WH_OUTPUT_FIELD("Mounts", "string", "sources, separated by commas", .heading = "MOUNTS"),
    WH_OUTPUT_FIELD("Name", "string", "of the container", .heading = "NAME"),
    WH_OUTPUT_FIELD("Names", "string", "the same", .heading = "NAMES"),
    WH_OUTPUT_FIELD("Networks", "string", "separated by commas", .heading = "NETWORKS"),
    WH_OUTPUT_FIELD("Ports", "string", "as the table shows them", .heading = "PORTS"),
    WH_OUTPUT_FIELD("Project", "string", "name of the project", .heading = "PROJECT"),
    WH_OUTPUT_FIELD("Publishers", "array", "published and exposed ports", .heading = "PUBLISHERS", .items = publishers),
    WH_OUTPUT_FIELD("RunningFor", "string", "time since it was created", .heading = "CREATED"),
    WH_OUTPUT_FIELD("Service", "string", "name of the service", .heading = "SERVICE"),
    WH_OUTPUT_FIELD("Size", "string", "not measured: 0B", .heading = "SIZE"),
    WH_OUTPUT_FIELD("State", "string", "created, running, paused, restarting, removing, exited or dead",
                    .heading = "STATE"),
    WH_OUTPUT_FIELD("Status", "string", "as the table shows it", .heading = "STATUS"),
    {0},
};

static const struct wh_output output = {"ps", "One line of `ps --format json`", fields, false};

static const struct wh_cli_listing listing = {
    .table = "{{.Name}}\t{{.Image}}\t{{.Command}}\t{{.Service}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}",
    .raw = "container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\n"
           "state: {{.State}}\nstatus: {{.Status}}\nnames: {{.Names}}\nlabels: {{.Labels}}\nports: {{.Ports}}\n",
    .output = &output,
    .min_width = 10,
};

/* ---- one field each -------------------------------------------------------------------------------------------- */

struct row {
    struct wh_arena *arena;
    const struct wh_container *c;
    int64_t now_ns;
    bool full; /* --no-trunc */
    struct wh_node *fields;
};

static void put_command(const struct row *r, const char *key)
{
    wh_auto_str command = {0}, cut = {0}, quoted = {0};
    wh_cli_describe_command(&r->c->rec, &command);
    wh_ui_ellipsis(wh_str_c(&command), r->full ? SIZE_MAX : COMMAND_SHORT, &cut);
    wh_json_quote(&quoted, wh_str_c(&cut), cut.len, false);
    wh_node_put_str(r->arena, r->fields, key, wh_str_c(&quoted));
}

static void put_created(const struct row *r, const char *key)
{
    char text[64];
    struct tm tm;
    time_t t = (time_t)(r->c->rec.created_ns / WH_NS_PER_S);
    localtime_r(&t, &tm);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z %Z", &tm);
    wh_node_put_str(r->arena, r->fields, key, text);
}

static void put_exit_code(const struct row *r, const char *key)
{
    bool is_over = r->c->state.status == WH_CONTAINER_EXITED || r->c->state.status == WH_CONTAINER_DEAD ||
                   r->c->state.status == WH_CONTAINER_RESTARTING;
    wh_node_put_int(r->arena, r->fields, key, is_over ? r->c->state.exit_code : 0);
}

static void put_health(const struct row *r, const char *key)
{
    bool running = r->c->state.status == WH_CONTAINER_RUNNING;
    wh_node_put_str(r->arena, r->fields, key, running ? wh_health_text[r->c->state.health] : "");
}

static void put_id(const struct row *r, const char *key)
{
    size_t len = r->full ? WH_ID_LEN : ID_SHORT;
    wh_node_put_str(r->arena, r->fields, key, wh_arena_strndup(r->arena, r->c->rec.id, len));
}

static void put_image(const struct row *r, const char *key)
{
    wh_node_put_str(r->arena, r->fields, key, r->c->rec.image);
}

static void put_labels(const struct row *r, const char *key)
{
    wh_auto_str out = {0};
    for (size_t i = 0; i < r->c->rec.n_labels; i++)
        wh_str_fmt(&out, "%s%s=%s", i ? "," : "", r->c->rec.labels[i].key, r->c->rec.labels[i].value);
    wh_node_put_str(r->arena, r->fields, key, wh_str_c(&out));
}

static void put_local_volumes(const struct row *r, const char *key)
{
    int n = 0;
    for (size_t i = 0; i < r->c->rec.n_mounts; i++)
        n += strcmp(r->c->rec.mounts[i].type, "volume") == 0;
    wh_node_put_str(r->arena, r->fields, key, wh_arena_fmt(r->arena, "%d", n));
}

static void put_mounts(const struct row *r, const char *key)
{
    wh_auto_str out = {0};
    for (size_t i = 0; i < r->c->rec.n_mounts; i++) {
        const struct wh_mount_rec *m = &r->c->rec.mounts[i];
        const char *name = m->name && *m->name ? m->name : m->source;
        if (!name || strcmp(m->type, "tmpfs") == 0)
            continue;
        wh_str_add(&out, out.len ? "," : "");
        wh_ui_ellipsis(name, r->full ? SIZE_MAX : MOUNT_SHORT, &out);
    }
    wh_node_put_str(r->arena, r->fields, key, wh_str_c(&out));
}

static void put_name(const struct row *r, const char *key)
{
    wh_node_put_str(r->arena, r->fields, key, r->c->rec.name);
}

static void put_networks(const struct row *r, const char *key)
{
    wh_auto_str out = {0};
    for (size_t i = 0; i < r->c->rec.n_networks; i++)
        if (!strchr(r->c->rec.networks[i], ':')) /* "service:web" is somebody else's network */
            wh_str_fmt(&out, "%s%.*s", out.len ? "," : "",
                       (int)strcspn(r->c->rec.networks[i], (const char[]){WH_NETWORK_OWN, '\0'}),
                       r->c->rec.networks[i]);
    wh_node_put_str(r->arena, r->fields, key, wh_str_c(&out));
}

static void put_ports(const struct row *r, const char *key)
{
    wh_auto_vec ports = WH_VEC(struct wh_ui_port);
    wh_auto_str out = {0};
    wh_cli_collect_ports(r->c, &ports);
    wh_ui_ports(ports.items, ports.len, &out);
    wh_node_put_str(r->arena, r->fields, key, wh_str_c(&out));
}

static void put_project(const struct row *r, const char *key)
{
    wh_node_put_str(r->arena, r->fields, key, r->c->rec.project);
}

static void put_publishers(const struct row *r, const char *key)
{
    wh_auto_vec ports = WH_VEC(struct wh_ui_port);
    struct wh_node *list = wh_node_seq(r->arena, NULL);
    wh_cli_collect_ports(r->c, &ports);
    for (size_t i = 0; i < ports.len; i++) {
        const struct wh_ui_port *p = &wh_vec_at(&ports, struct wh_ui_port, i);
        struct wh_node *o = wh_node_map(r->arena, NULL);
        wh_node_put_str(r->arena, o, "URL", p->host_ip);
        wh_node_put_int(r->arena, o, "TargetPort", p->target);
        wh_node_put_int(r->arena, o, "PublishedPort", p->published);
        wh_node_put_str(r->arena, o, "Protocol", p->protocol);
        wh_node_push(r->arena, list, o);
    }
    wh_node_put(r->arena, r->fields, key, list);
}

static void put_running_for(const struct row *r, const char *key)
{
    char text[40];
    wh_ui_duration(r->now_ns - r->c->rec.created_ns, text, sizeof(text));
    wh_node_put_str(r->arena, r->fields, key, wh_arena_fmt(r->arena, "%s ago", text));
}

static void put_service(const struct row *r, const char *key)
{
    wh_node_put_str(r->arena, r->fields, key, r->c->rec.service);
}

static void put_size(const struct row *r, const char *key)
{
    wh_node_put_str(r->arena, r->fields, key, "0B");
}

static void put_state(const struct row *r, const char *key)
{
    wh_node_put_str(r->arena, r->fields, key, wh_container_status_text[r->c->state.status]);
}

static void put_status(const struct row *r, const char *key)
{
    wh_auto_str out = {0};
    wh_cli_describe_status(r->c, r->now_ns, &out);
    wh_node_put_str(r->arena, r->fields, key, wh_str_c(&out));
}

static const struct {
    const char *key;
    void (*put)(const struct row *r, const char *key);
} writers[] = {
    {"Command", put_command},
    {"CreatedAt", put_created},
    {"ExitCode", put_exit_code},
    {"Health", put_health},
    {"ID", put_id},
    {"Image", put_image},
    {"Labels", put_labels},
    {"LocalVolumes", put_local_volumes},
    {"Mounts", put_mounts},
    {"Name", put_name},
    {"Names", put_name},
    {"Networks", put_networks},
    {"Ports", put_ports},
    {"Project", put_project},
    {"Publishers", put_publishers},
    {"RunningFor", put_running_for},
    {"Service", put_service},
    {"Size", put_size},
    {"State", put_state},
    {"Status", put_status},
};

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* only: a template beyond which no field is asked for, or NULL. */
static struct wh_cli_row make_row(struct wh_arena *a, const struct wh_container *c, bool full, const char *only)
{
    struct row r = {.arena = a, .c = c, .now_ns = wh_now_real_ns(), .full = full, .fields = wh_node_map(a, NULL)};
    struct wh_node *methods = wh_node_map(a, NULL), *labels = wh_node_map(a, NULL);
    for (size_t i = 0; i < WH_ARRAY_LEN(writers); i++)
        if (!only || strstr(only, writers[i].key))
            writers[i].put(&r, writers[i].key);
    for (size_t i = 0; !only && i < c->rec.n_labels; i++)
        wh_node_put_str(a, labels, c->rec.labels[i].key, c->rec.labels[i].value);
    wh_node_put(a, methods, "Label", labels);
    return (struct wh_cli_row){r.fields, methods};
}

static void print_services(const struct wh_cli_containers *all)
{
    wh_auto_map seen = {0};
    for (size_t i = 0; i < all->len; i++)
        if (!wh_map_has(&seen, all->items[i].rec.service)) {
            wh_map_set(&seen, all->items[i].rec.service, NULL);
            printf("%s\n", all->items[i].rec.service);
        }
    if (all->len == 0)
        printf("\n");
}

static int read_filter(struct wh_cli *cli, const struct ps_options *o, struct wh_opt_list *status, struct wh_err *err)
{
    *status = (struct wh_opt_list){0};
    for (size_t i = 0; i < o->status.len; i++)
        wh_opt_list_add(&cli->arena, status, o->status.items[i]);
    if (!o->filter || !*o->filter)
        return 0;
    const char *equals = strchr(o->filter, '=');
    if (!equals)
        return wh_fail(err, WH_E_INVALID, "arguments to --filter should be in form KEY=VAL");
    if (!wh_starts(o->filter, "status="))
        return wh_fail(err, WH_E_INVALID, "unknown filter %.*s: only status can be asked for",
                       (int)(equals - o->filter), o->filter);
    return wh_opt_list_add(&cli->arena, status, o->filter + strlen("status="));
}

/* enabled: services of the files (--orphans=false), NULL = all are shown. */
static bool is_shown(const struct wh_container *c, const struct wh_opt_list *status, const struct wh_node *enabled)
{
    if (status->len && !wh_cli_list_has(status, wh_container_status_text[c->state.status]))
        return false;
    return !enabled || wh_node_get(enabled, c->rec.service);
}

static int print_rows(struct wh_cli *cli, const struct ps_options *o, const struct wh_cli_containers *all,
                      struct wh_err *err)
{
    struct wh_cli_row *rows = wh_arena_array(&cli->arena, struct wh_cli_row, all->len + 1);
    if (!rows)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    for (size_t i = 0; i < all->len; i++)
        rows[i] =
            make_row(&cli->arena, &all->items[i], o->no_trunc, wh_streq(o->format, "table") ? listing.table : NULL);
    return wh_cli_print_list(cli, &listing, o->format, rows, all->len, err);
}

static int print_all(struct wh_cli *cli, const struct ps_options *o, const struct wh_cli_containers *all,
                     struct wh_err *err)
{
    if (!o->quiet && !o->services)
        return print_rows(cli, o, all, err);
    if (!o->quiet)
        print_services(all);
    for (size_t i = 0; o->quiet && i < all->len; i++)
        printf("%s\n", all->items[i].rec.id);
    return 0;
}

/* The files are read only to tell orphans apart. */
static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct ps_options *o = values;
    wh_auto_cli_project project = {0};
    struct wh_cli_containers all;
    struct wh_opt_list status;
    unsigned what = o->all || o->status.len || (o->filter && *o->filter) ? WH_CLI_ONEOFF | WH_CLI_STOPPED : 0;
    if (read_filter(cli, o, &status, err) < 0)
        return -1;
    cli->hides_warnings = true;
    int r = o->orphans ? wh_cli_load_or_name(cli, NULL, &project, err) : wh_cli_load(cli, NULL, &project, err);
    if (r < 0 || wh_cli_containers(cli, &project, &cli->parser.args, what, &all, err) < 0)
        return -1;
    const struct wh_node *enabled = o->orphans ? NULL : wh_node_get(project.load.root, "services");
    size_t n = 0;
    for (size_t i = 0; i < all.len; i++)
        if (is_shown(&all.items[i], &status, enabled))
            all.items[n++] = all.items[i];
    all.len = n;
    return print_all(cli, o, &all, err);
}

const struct wh_cmd wh_cmd_ps = {
    .name = "ps",
    .usage = "[OPTIONS] [SERVICE...]",
    .summary = "List containers",
    WH_CMD_OPTIONS(options, struct ps_options),
    .max_args = WH_CMD_ANY_ARGS,
    .output = &output,
    .run = run,
};
