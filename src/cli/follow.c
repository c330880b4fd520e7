/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One log reader per container, merged. */
#include "cli/follow.h"

#include "whale/util/map.h"
#include "whale/util/time.h"
#include "whale/util/vec.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct follower {
    char *id, *container, *label;
    struct wh_log_reader *reader;
    struct wh_logsource *source;
    struct wh_log_record record; /* read ahead; valid with has_record */
    bool has_record;
};

struct wh_cli_follow {
    char *project;
    struct wh_logview *view;
    struct wh_cli_follow_options options;
    struct wh_vec items;     /* struct follower * */
    struct timespec changed; /* of the containers folder at the last scan */
    bool scanned;
    int64_t scanned_ns; /* first */
};

int wh_cli_parse_time(const char *option, const char *text, int64_t *ret_ns, struct wh_err *err)
{
    int64_t back_ns, at_ns;
    *ret_ns = 0;
    if (!text || !*text)
        return 0;
    if (wh_time_parse(text, &at_ns) == 0) {
        *ret_ns = at_ns == 0 ? 1 : at_ns == INT64_MIN ? 0 : at_ns; /* 0 is no limit, as is what lies before all times */
        return 0;
    }
    if (wh_duration_parse(text, &back_ns) < 0)
        return wh_fail(err, WH_E_INVALID, "invalid value for \"%s\": failed to parse value as time or duration: \"%s\"",
                       option, text);
    *ret_ns = wh_now_real_ns() - back_ns;
    return 0;
}

struct wh_cli_follow *wh_cli_follow_new(const char *project, struct wh_logview *view,
                                        const struct wh_cli_follow_options *o)
{
    struct wh_cli_follow *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->project = strdup(project);
    f->view = view;
    f->options = *o;
    f->items = WH_VEC(struct follower *);
    return f;
}

static void free_follower(struct follower *w)
{
    wh_log_reader_free(w->reader);
    free(w->id);
    free(w->container);
    free(w->label);
    free(w);
}

void wh_cli_follow_free(struct wh_cli_follow *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->items.len; i++)
        free_follower(wh_vec_at(&f->items, struct follower *, i));
    wh_vec_fini(&f->items);
    free(f->project);
    free(f);
}

/* ---- which containers ------------------------------------------------------------------------------------------ */

static struct follower *find_by_id(const struct wh_cli_follow *f, const char *id)
{
    for (size_t i = 0; i < f->items.len; i++)
        if (strcmp(wh_vec_at(&f->items, struct follower *, i)->id, id) == 0)
            return wh_vec_at(&f->items, struct follower *, i);
    return NULL;
}

static struct follower *find_by_name(const struct wh_cli_follow *f, const char *container)
{
    for (size_t i = f->items.len; i > 0; i--)
        if (strcmp(wh_vec_at(&f->items, struct follower *, i - 1)->container, container) == 0)
            return wh_vec_at(&f->items, struct follower *, i - 1);
    return NULL;
}

static bool is_followed(const struct wh_cli_follow *f, const struct wh_container_rec *rec)
{
    const struct wh_cli_follow_options *o = &f->options;
    if (rec->oneoff || (o->index && rec->number != o->index) || wh_cli_list_has(&o->hidden, rec->service))
        return false;
    return !o->services.len || wh_cli_list_has(&o->services, rec->service);
}

static int add_follower(struct wh_cli_follow *f, const struct wh_container_rec *rec, struct wh_err *err)
{
    struct wh_log_query query = f->options.query;
    wh_auto_free char *dir = wh_state_container_dir(f->project, rec->id);
    bool is_again = find_by_name(f, rec->name) != NULL;
    struct follower *w = calloc(1, sizeof(*w));
    if (!w || !dir || wh_vec_push_ptr(&f->items, w) < 0) {
        free(w);
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    }
    if (f->scanned) {
        query.since_ns = 0;
        query.tail = -1;
        if (is_again)
            wh_logview_status(f->view, wh_cli_short_name(rec), "has been recreated");
    }
    w->id = strdup(rec->id);
    w->container = strdup(rec->name);
    w->label = strdup(wh_cli_short_name(rec));
    w->source = wh_logview_source(f->view, w->label ? w->label : rec->name, rec->service);
    if (!w->id || !w->container || !w->label || !w->source)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    if (wh_log_reader_open(dir, &query, &w->reader, err) < 0) {
        if (err->code != ENOENT)
            return wh_wrap(err, "log of %s", rec->name);
        wh_err_fini(err); /* removed in the meantime */
    }
    return 0;
}

/* Whether the folder of containers has changed since the last scan. */
static bool is_changed(struct wh_cli_follow *f)
{
    struct stat st = {0};
    wh_auto_free char *dir = wh_state_project_dir(f->project);
    wh_auto_free char *containers = dir ? wh_fmt("%s/containers", dir) : NULL;
    if (containers && stat(containers, &st) == 0 && f->scanned && st.st_mtim.tv_sec == f->changed.tv_sec &&
        st.st_mtim.tv_nsec == f->changed.tv_nsec)
        return false;
    f->changed = st.st_mtim;
    return true;
}

int wh_cli_follow_scan(struct wh_cli_follow *f, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_container *items = NULL;
    size_t n = 0;
    if (!is_changed(f))
        return 0;
    if (wh_state_containers(&a, f->project, &items, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (is_followed(f, &items[i].rec) && !find_by_id(f, items[i].rec.id) && add_follower(f, &items[i].rec, err) < 0)
            return -1;
    if (!f->scanned)
        f->scanned_ns = wh_now_real_ns();
    f->scanned = true;
    return 0;
}

bool wh_cli_follow_is_new(const struct wh_cli_follow *f, const struct wh_container *c)
{
    return c->state.status == WH_CONTAINER_CREATED && f->scanned_ns && c->rec.created_ns > f->scanned_ns;
}

/* ---- output ---------------------------------------------------------------------------------------------------- */

static int read_ahead(struct wh_cli_follow *f, struct follower *w, struct wh_err *err)
{
    if (w->has_record || !w->reader)
        return 0;
    int r = wh_log_reader_next(w->reader, &w->record, err);
    if (r < 0)
        return wh_wrap(err, "log of %s", w->container);
    w->has_record = r == 0;
    if (w->has_record)
        wh_logview_expect(f->view, w->source);
    return 0;
}

static void write_record(struct wh_cli_follow *f, struct follower *w)
{
    wh_logview_add(f->view, w->source, w->record.time_ns, w->record.is_stderr, w->record.text, w->record.len);
    w->has_record = false;
}

/* Writes records of w up to the time of the next oldest container. */
static int write_run(struct wh_cli_follow *f, struct follower *w, int64_t until_ns, struct wh_err *err)
{
    while (w->has_record && w->record.time_ns <= until_ns) {
        write_record(f, w);
        if (read_ahead(f, w, err) < 0)
            return -1;
    }
    return 0;
}

int wh_cli_follow_pump(struct wh_cli_follow *f, struct wh_err *err)
{
    for (size_t i = 0; i < f->items.len; i++)
        if (read_ahead(f, wh_vec_at(&f->items, struct follower *, i), err) < 0)
            return -1;
    for (;;) {
        struct follower *oldest = NULL;
        int64_t next_ns = INT64_MAX;
        for (size_t i = 0; i < f->items.len; i++) {
            struct follower *w = wh_vec_at(&f->items, struct follower *, i);
            if (!w->has_record)
                continue;
            if (!oldest || w->record.time_ns < oldest->record.time_ns) {
                next_ns = oldest ? oldest->record.time_ns : INT64_MAX;
                oldest = w;
            } else if (w->record.time_ns < next_ns) {
                next_ns = w->record.time_ns;
            }
        }
        if (!oldest)
            break;
        if (write_run(f, oldest, next_ns, err) < 0)
            return -1;
    }
    wh_logview_flush(f->view);
    return 0;
}

int wh_cli_follow_end(struct wh_cli_follow *f, const char *container, struct wh_err *err)
{
    struct follower *w = find_by_name(f, container);
    if (wh_cli_follow_pump(f, err) < 0)
        return -1;
    if (w)
        wh_logview_end(f->view, w->source);
    return 0;
}

int wh_cli_follow_finish(struct wh_cli_follow *f, struct wh_err *err)
{
    int r = wh_cli_follow_pump(f, err);
    for (size_t i = 0; i < f->items.len; i++)
        wh_logview_end(f->view, wh_vec_at(&f->items, struct follower *, i)->source);
    wh_logview_flush(f->view);
    return r;
}

size_t wh_cli_follow_fds(const struct wh_cli_follow *f, struct pollfd *fds, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < f->items.len && n < max; i++) {
        const struct follower *w = wh_vec_at(&f->items, struct follower *, i);
        int fd = w->reader ? wh_log_reader_fd(w->reader) : -1;
        if (fd >= 0)
            fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    return n;
}

const char *wh_cli_follow_label(const struct wh_cli_follow *f, const char *container)
{
    const struct follower *w = find_by_name(f, container);
    return w ? w->label : NULL;
}
