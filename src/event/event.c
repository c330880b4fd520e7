/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events to and from JSON objects; one table gives both directions. */
#include "whale/event.h"

#include "whale/util/str.h"

#include <stddef.h>

const char *const wh_event_kind_text[WH_EVENT_KIND_MAX_] = {
    [WH_EVENT_PROGRESS] = "progress", [WH_EVENT_LIFECYCLE] = "lifecycle", [WH_EVENT_LOG_EXIT] = "log_exit",
    [WH_EVENT_HOOK] = "hook",         [WH_EVENT_WARNING] = "warning",     [WH_EVENT_DONE] = "done",
};

const char *const wh_event_status_text[WH_STATUS_MAX_] = {
    [WH_STATUS_WORKING] = "Working",
    [WH_STATUS_DONE] = "Done",
    [WH_STATUS_WARNING] = "Warning",
    [WH_STATUS_ERROR] = "Error",
};

static const struct {
    const char *key;
    size_t offset;
} string_fields[] = {
    {"id", offsetof(struct wh_event, id)},
    {"parent_id", offsetof(struct wh_event, parent_id)},
    {"text", offsetof(struct wh_event, text)},
    {"details", offsetof(struct wh_event, details)},
    {"action", offsetof(struct wh_event, action)},
    {"container_id", offsetof(struct wh_event, container_id)},
    {"container", offsetof(struct wh_event, container)},
    {"service", offsetof(struct wh_event, service)},
    {"hint", offsetof(struct wh_event, hint)},
    {"value", offsetof(struct wh_event, value)},
};

static const struct {
    const char *key;
    size_t offset;
} number_fields[] = {
    {"current", offsetof(struct wh_event, current_bytes)},
    {"total", offsetof(struct wh_event, total_bytes)},
    {"time_ns", offsetof(struct wh_event, time_ns)},
};

struct wh_node *wh_event_to_node(struct wh_arena *a, const struct wh_event *e)
{
    struct wh_node *n = wh_node_map(a, NULL);
    if (!n)
        return NULL;
    wh_node_put_str(a, n, "kind", wh_event_kind_text[e->kind]);
    wh_node_put_str(a, n, "status", wh_event_status_text[e->status]);
    for (size_t i = 0; i < WH_ARRAY_LEN(string_fields); i++)
        wh_node_put_str(a, n, string_fields[i].key, *(const char *const *)((const char *)e + string_fields[i].offset));
    for (size_t i = 0; i < WH_ARRAY_LEN(number_fields); i++) {
        int64_t value = *(const int64_t *)((const char *)e + number_fields[i].offset);
        if (value)
            wh_node_put_int(a, n, number_fields[i].key, value);
    }
    if (e->exit_code)
        wh_node_put_int(a, n, "exit_code", e->exit_code);
    if (e->restarting)
        wh_node_put_bool(a, n, "restarting", true);
    if (e->attributes)
        wh_node_put(a, n, "attributes", wh_node_clone(a, e->attributes));
    return a->failed ? NULL : n;
}

static int find_text(const char *const *texts, int n, const char *text)
{
    for (int i = 0; i < n; i++)
        if (wh_streq(texts[i], text))
            return i;
    return -1;
}

int wh_event_from_node(const struct wh_node *n, struct wh_event *ret, struct wh_err *err)
{
    const char *kind_text = wh_node_get_str(n, "kind", "");
    int kind = find_text(wh_event_kind_text, WH_EVENT_KIND_MAX_, kind_text);
    if (kind < 0)
        return wh_fail(err, WH_E_PROTOCOL, "unknown kind of event \"%s\"", kind_text);
    struct wh_event e = {.kind = (enum wh_event_kind)kind};
    int status = find_text(wh_event_status_text, WH_STATUS_MAX_, wh_node_get_str(n, "status", "Working"));
    e.status = status < 0 ? WH_STATUS_WORKING : (enum wh_event_status)status;
    for (size_t i = 0; i < WH_ARRAY_LEN(string_fields); i++)
        *(const char **)((char *)&e + string_fields[i].offset) = wh_node_get_str(n, string_fields[i].key, NULL);
    for (size_t i = 0; i < WH_ARRAY_LEN(number_fields); i++)
        *(int64_t *)((char *)&e + number_fields[i].offset) = wh_node_get_int(n, number_fields[i].key, 0);
    e.exit_code = (int)wh_node_get_int(n, "exit_code", 0);
    e.restarting = wh_node_get_bool(n, "restarting", false);
    e.attributes = wh_node_get(n, "attributes");
    *ret = e;
    return 0;
}
