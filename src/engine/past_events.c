/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Past events read back; apart from their writing, so that commands do not need the loop. */
#include "engine/event_log.h"

#include "whale/codec/json.h"
#include "whale/engine.h"
#include "whale/state.h"
#include "whale/util/file.h"

#include <string.h>

char *wh_event_log_path(const char *project, bool older)
{
    wh_auto_free char *dir = wh_state_project_run_dir(project);
    return dir ? wh_fmt("%s/%s", dir, older ? "events.1" : "events") : NULL;
}

/* A line that is not whole (it is being written, or the machine was) is passed over. */
static void read_line(const char *line, size_t len, void (*fn)(void *data, const struct wh_event *e), void *data)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    struct wh_node *n = NULL;
    struct wh_event e;
    if (wh_json_parse(&a, line, len, "events", &n, &err) == 0 && wh_event_from_node(n, &e, &err) == 0)
        fn(data, &e);
}

int wh_engine_past_events(const char *project, void (*fn)(void *data, const struct wh_event *e), void *data,
                          struct wh_err *err)
{
    for (int older = 1; older >= 0; older--) {
        wh_auto_free char *path = wh_event_log_path(project, older);
        wh_auto_str text = {0};
        if (!path || !wh_path_exists(path))
            continue;
        if (wh_file_read(path, WH_EVENT_LOG_MAX_BYTES * 4, &text, err) < 0)
            return wh_wrap(err, "past events of project \"%s\"", project);
        for (const char *at = wh_str_c(&text), *end; (end = strchr(at, '\n')); at = end + 1)
            read_line(at, (size_t)(end - at), fn, data);
    }
    return 0;
}
