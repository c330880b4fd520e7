/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/outputs.h"

static const struct wh_output_field publishers[] = {
    {"URL", "string", "address of the host", NULL, false},
    {"TargetPort", "integer", "port of the container", NULL, false},
    {"PublishedPort", "integer", "port of the host, 0 when it is only exposed", NULL, false},
    {"Protocol", "string", "tcp, udp or sctp", NULL, false},
    {0},
};
static const struct wh_output_field ps[] = {
    {"Command", "string", "in quotes, cut", NULL, false},
    {"CreatedAt", "string", "local time", NULL, false},
    {"ExitCode", "integer", "0 while it runs", NULL, false},
    {"Health", "string", "starting, healthy, unhealthy, or empty", NULL, false},
    {"ID", "string", "short", NULL, false},
    {"Image", "string", "as the service names it", NULL, false},
    {"Labels", "string", "K=V, separated by commas", NULL, false},
    {"LocalVolumes", "string", "number of volumes", NULL, false},
    {"Mounts", "string", "sources, separated by commas", NULL, false},
    {"Name", "string", "of the container", NULL, false},
    {"Names", "string", "the same", NULL, false},
    {"Networks", "string", "separated by commas", NULL, false},
    {"Ports", "string", "as the table shows them", NULL, false},
    {"Project", "string", "name of the project", NULL, false},
    {"Publishers", "array", "published and exposed ports", publishers, false},
    {"RunningFor", "string", "time since it was created", NULL, false},
    {"Service", "string", "name of the service", NULL, false},
    {"Size", "string", "not measured: 0B", NULL, false},
    {"State", "string", "created, running, paused, restarting, removing, exited or dead", NULL, false},
    {"Status", "string", "as the table shows it", NULL, false},
    {0},
};
static const struct wh_output_field ls[] = {
    {"Name", "string", "of the project", NULL, false},
    {"Status", "string", "running(2), exited(1)", NULL, false},
    {"ConfigFiles", "string", "separated by commas", NULL, false},
    {0},
};
static const struct wh_output_field images[] = {
    {"ID", "string", "sha256:...", NULL, false},
    {"ContainerName", "string", "container that uses it", NULL, false},
    {"Repository", "string", "name without tag", NULL, false},
    {"Tag", "string", "tag", NULL, false},
    {"Platform", "string", "os/architecture", NULL, false},
    {"Size", "integer", "bytes", NULL, false},
    {"Created", "string", "RFC 3339", NULL, false},
    {"LastTagTime", "string", "not kept: the year 1", NULL, false},
    {0},
};
static const struct wh_output_field volumes[] = {
    {"Availability", "string", "N/A", NULL, false},
    {"Driver", "string", "local", NULL, false},
    {"Group", "string", "N/A", NULL, false},
    {"Labels", "string", "K=V, separated by commas", NULL, false},
    {"Links", "string", "N/A", NULL, false},
    {"Mountpoint", "string", "folder on the host", NULL, false},
    {"Name", "string", "of the volume", NULL, false},
    {"Scope", "string", "local", NULL, false},
    {"Size", "string", "N/A", NULL, false},
    {"Status", "string", "N/A", NULL, false},
    {0},
};
static const struct wh_output_field stats[] = {
    {"BlockIO", "string", "read / written", NULL, false},     {"CPUPerc", "string", "of one processor", NULL, false},
    {"Container", "string", "full ID", NULL, false},          {"ID", "string", "short", NULL, false},
    {"MemPerc", "string", "of the limit", NULL, false},       {"MemUsage", "string", "used / limit", NULL, false},
    {"Name", "string", "of the container", NULL, false},      {"NetIO", "string", "received / sent", NULL, false},
    {"PIDs", "string", "processes and threads", NULL, false}, {0},
};
static const struct wh_output_field events[] = {
    {"action", "string", "create, start, die, health_status: healthy ...", NULL, false},
    {"attributes", "object", "image, name, exitCode ...", NULL, false},
    {"id", "string", "of the container", NULL, false},
    {"service", "string", "name of the service", NULL, false},
    {"time", "string", "RFC 3339", NULL, false},
    {"type", "string", "container", NULL, false},
    {0},
};
static const struct wh_output_field version[] = {{"version", "string", "of this program", NULL, false}, {0}};
static const struct wh_output_field places[] = {
    {"file", "string", "path", NULL, true},
    {"line", "integer", "from 1", NULL, true},
    {"column", "integer", "from 1", NULL, true},
    {"label", "string", "what is there", NULL, true},
    {0},
};
static const struct wh_output_field diagnostics[] = {
    {"severity", "string", "error or warning", NULL, false},
    {"message", "string", "one message", NULL, false},
    {"file", "string", "path", NULL, true},
    {"line", "integer", "from 1", NULL, true},
    {"column", "integer", "from 1", NULL, true},
    {"hint", "string", "how to put it right", NULL, true},
    {"places", "array", "further places that belong to it", places, true},
    {0},
};

const struct wh_output wh_outputs[] = {
    {"ps", "One line of `ps --format json`", ps, false},
    {"ls", "What `ls --format json` prints", ls, true},
    {"images", "What `images --format json` prints", images, true},
    {"volumes", "One line of `volumes --format json`", volumes, false},
    {"stats", "One line of `stats --format json`", stats, false},
    {"events", "One line of `events --json`", events, false},
    {"version", "What `version --format json` prints", version, false},
    {"diagnostics", "What `config --errors json` prints on standard error", diagnostics, true},
    {0},
};

static struct wh_node *object_of(struct wh_arena *a, const struct wh_output_field *fields)
{
    struct wh_node *n = wh_node_map(a, NULL), *properties = wh_node_map(a, NULL), *required = wh_node_seq(a, NULL);
    wh_node_put_str(a, n, "type", "object");
    for (const struct wh_output_field *f = fields; properties && required && f->key; f++) {
        struct wh_node *value = wh_node_map(a, NULL);
        wh_node_put_str(a, value, "type", f->type);
        wh_node_put_str(a, value, "description", f->help);
        if (f->items)
            wh_node_put(a, value, "items", object_of(a, f->items));
        wh_node_put(a, properties, f->key, value);
        if (!f->optional)
            wh_node_push_str(a, required, f->key);
    }
    wh_node_put(a, n, "properties", properties);
    wh_node_put(a, n, "required", required);
    wh_node_put_bool(a, n, "additionalProperties", false);
    return n;
}

struct wh_node *wh_output_schema(struct wh_arena *a, const struct wh_output *o)
{
    struct wh_node *n = wh_node_map(a, NULL), *object = object_of(a, o->fields);
    if (!n || !object)
        return NULL;
    wh_node_put_str(a, n, "$schema", "https://json-schema.org/draft/2020-12/schema");
    wh_node_put_str(a, n, "title", o->title);
    if (o->array) {
        wh_node_put_str(a, n, "type", "array");
        wh_node_put(a, n, "items", object);
    }
    for (size_t i = 0; !o->array && i < wh_node_len(object); i++)
        wh_node_put(a, n, object->map.pairs[i].key, object->map.pairs[i].value);
    return a->failed ? NULL : n;
}
