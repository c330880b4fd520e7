/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life-cycle events written down. */
#include "engine/event_log.h"

#include "whale/codec/json.h"
#include "whale/util/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void make_room(int fd, const char *project, const char *path)
{
    struct stat st;
    wh_auto_free char *older = wh_event_log_path(project, true);
    if (older && fstat(fd, &st) == 0 && (size_t)st.st_size > WH_EVENT_LOG_MAX_BYTES)
        rename(path, older);
}

void wh_event_log_flush(struct wh_event_log *log)
{
    log->is_scheduled = false;
    wh_auto_free char *path = wh_event_log_path(log->project, false);
    wh_auto_fd fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (fd >= 0 && wh_write_all(fd, wh_str_c(&log->pending), log->pending.len) == 0)
        make_room(fd, log->project, path);
    wh_str_fini(&log->pending);
}

static void flush_later(void *data)
{
    wh_event_log_flush(data);
}

void wh_event_log_add(struct wh_event_log *log, const struct wh_event *e)
{
    wh_auto_arena a = {0};
    struct wh_node *n = wh_event_to_node(&a, e);
    if (!n || wh_json_write(n, WH_JSON_COMPACT, &log->pending) < 0 || wh_str_addc(&log->pending, '\n') < 0)
        return;
    if (!log->is_scheduled)
        wh_loop_defer(log->loop, flush_later, log);
    log->is_scheduled = true;
}
