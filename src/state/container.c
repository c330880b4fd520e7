/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of containers: what was decided at create (container.json) and what has happened since (state.json). */
#include "whale/state.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"
#include "whale/util/log.h"
#include "whale/util/map.h"
#include "whale/util/str.h"

#include "state/record.h"

#include <errno.h>
#include <string.h>

const char *const wh_container_status_text[WH_CONTAINER_STATUS_MAX_] = {
    [WH_CONTAINER_CREATED] = "created",   [WH_CONTAINER_RUNNING] = "running",
    [WH_CONTAINER_PAUSED] = "paused",     [WH_CONTAINER_RESTARTING] = "restarting",
    [WH_CONTAINER_REMOVING] = "removing", [WH_CONTAINER_EXITED] = "exited",
    [WH_CONTAINER_DEAD] = "dead",
};

const char *const wh_health_text[WH_HEALTH_MAX_] = {
    [WH_HEALTH_NONE] = "",
    [WH_HEALTH_STARTING] = "starting",
    [WH_HEALTH_HEALTHY] = "healthy",
    [WH_HEALTH_UNHEALTHY] = "unhealthy",
};

static const struct field mount_fields[] = {
    F_TEXT(wh_mount_rec, type, "bind"),
    F_TEXT(wh_mount_rec, name, NULL),
    F_TEXT(wh_mount_rec, source, ""),
    F_TEXT(wh_mount_rec, target, ""),
    F(wh_mount_rec, FIELD_BOOL, anonymous),
    F(wh_mount_rec, FIELD_BOOL, read_only),
    F_END,
};

static const struct field rec_fields[] = {
    F_TEXT(wh_container_rec, id, NULL),
    F_TEXT(wh_container_rec, name, NULL),
    F_TEXT(wh_container_rec, project, ""),
    F_TEXT(wh_container_rec, service, ""),
    F(wh_container_rec, FIELD_INT, number),
    F(wh_container_rec, FIELD_BOOL, oneoff),
    F(wh_container_rec, FIELD_BOOL, auto_remove),
    F_TEXT(wh_container_rec, hook, NULL),
    F_TEXT(wh_container_rec, image, ""),
    F_TEXT(wh_container_rec, image_id, ""),
    F_TEXT(wh_container_rec, config_hash, ""),
    F(wh_container_rec, FIELD_INT64, created_ns),
    F_LIST(wh_container_rec, FIELD_LABELS, labels),
    F_LIST(wh_container_rec, FIELD_TEXTS, argv),
    F_ITEMS(wh_container_rec, mounts, mount_fields),
    F_LIST(wh_container_rec, FIELD_TEXTS, networks),
    F(wh_container_rec, FIELD_BOOL, tty),
    F(wh_container_rec, FIELD_BOOL, stdin_open),
    F_TEXT(wh_container_rec, log_driver, "json-file"),
    F(wh_container_rec, FIELD_NODE, service_node),
    F(wh_container_rec, FIELD_NODE, image_node),
    F(wh_container_rec, FIELD_NODE, extra),
    F_END,
};

static const struct field probe_fields[] = {
    F(wh_health_probe, FIELD_INT64, start_ns),
    F(wh_health_probe, FIELD_INT64, end_ns),
    F(wh_health_probe, FIELD_INT, exit_code),
    F_TEXT(wh_health_probe, output, ""),
    F_END,
};

static const struct field port_fields[] = {
    F_TEXT(wh_port_rec, host_ip, ""),
    F(wh_port_rec, FIELD_UINT16, host_port),
    F(wh_port_rec, FIELD_UINT16, container_port),
    F_TEXT(wh_port_rec, protocol, "tcp"),
    F_END,
};

static const struct field endpoint_fields[] = {
    F_TEXT(wh_endpoint_rec, network, ""),
    F_TEXT(wh_endpoint_rec, ipv4, NULL),
    F_TEXT(wh_endpoint_rec, ipv6, NULL),
    F_TEXT(wh_endpoint_rec, mac, NULL),
    F_TEXT(wh_endpoint_rec, ifname, NULL),
    F_TEXT(wh_endpoint_rec, host_if, NULL),
    F_END,
};

static const struct field state_fields[] = {
    F(wh_container_state, FIELD_INT, status),
    F(wh_container_state, FIELD_INT, health),
    F(wh_container_state, FIELD_INT, failing_streak),
    {.key = "last_probes",
     .kind = FIELD_INLINE,
     .offset = offsetof(struct wh_container_state, last_probes),
     .count_offset = offsetof(struct wh_container_state, n_probes),
     .item = probe_fields,
     .item_size = sizeof(struct wh_health_probe),
     .max = WH_ARRAY_LEN(((struct wh_container_state *)NULL)->last_probes)},
    F(wh_container_state, FIELD_INT, pid),
    F(wh_container_state, FIELD_UINT64, pid_start),
    F_TEXT(wh_container_state, boot_id, ""),
    F(wh_container_state, FIELD_INT, exit_code),
    F(wh_container_state, FIELD_BOOL, oom_killed),
    F(wh_container_state, FIELD_BOOL, stopped_by_user),
    F_TEXT(wh_container_state, error, ""),
    F(wh_container_state, FIELD_INT64, started_ns),
    F(wh_container_state, FIELD_INT64, finished_ns),
    F(wh_container_state, FIELD_INT, restart_count),
    F_ITEMS(wh_container_state, ports, port_fields),
    F_ITEMS(wh_container_state, endpoints, endpoint_fields),
    F_END,
};

static char *container_file(const char *project, const char *id, const char *name)
{
    wh_auto_free char *dir = wh_state_container_dir(project, id);
    return dir ? wh_fmt("%s/%s", dir, name) : NULL;
}

int wh_state_container_save_rec(const struct wh_container_rec *rec, struct wh_err *err)
{
    wh_auto_free char *dir = wh_state_container_dir(rec->project, rec->id);
    if (!dir)
        return wh_fail(err, ENOMEM, "container record");
    if (wh_mkdir_p(dir, 0700, err) < 0)
        return -1;
    if (record_save(container_file(rec->project, rec->id, "container.json"), rec_fields, rec, err) < 0)
        return wh_wrap(err, "container %s", rec->name);
    return 0;
}

int wh_state_container_save_state(const struct wh_container_rec *rec, const struct wh_container_state *state,
                                  struct wh_err *err)
{
    if (record_save(container_file(rec->project, rec->id, "state.json"), state_fields, state, err) < 0)
        return wh_wrap(err, "state of container %s", rec->name);
    return 0;
}

static bool is_alive_status(enum wh_container_status status)
{
    return status == WH_CONTAINER_RUNNING || status == WH_CONTAINER_PAUSED;
}

/* pid stays set, so that a supervisor that takes over sees that the record did not know of the end. */
static void correct_state(struct wh_container_state *s)
{
    if ((int)s->status < 0 || s->status >= WH_CONTAINER_STATUS_MAX_)
        s->status = WH_CONTAINER_EXITED;
    if ((int)s->health < 0 || s->health >= WH_HEALTH_MAX_)
        s->health = WH_HEALTH_NONE;
    bool gone = is_alive_status(s->status)
                    ? !wh_state_process_alive(s->pid, s->pid_start, s->boot_id)
                    : s->status == WH_CONTAINER_RESTARTING && !wh_streq(s->boot_id, wh_state_boot_id());
    if (!gone)
        return;
    s->status = WH_CONTAINER_EXITED;
    s->health = WH_HEALTH_NONE;
    s->exit_code = 255;
}

/* A damaged state (a power failure) does not take the container away: what has happened to it is then unknown. */
static int load_state(struct wh_arena *a, const char *project, const char *id, struct wh_container_state *ret,
                      struct wh_err *err)
{
    wh_auto_err cause = {0};
    int r = record_load(a, container_file(project, id, "state.json"), state_fields, ret, &cause);
    if (r < 0 && cause.code == WH_E_INVALID) {
        wh_auto_free char *text = wh_err_text(&cause);
        wh_log_warn("its state is unknown: %s", text);
        r = WH_STATE_ABSENT;
    }
    if (r < 0) {
        wh_err_move(err, &cause);
        return -1;
    }
    if (r == WH_STATE_ABSENT)
        fields_get(a, NULL, state_fields, ret);
    correct_state(ret);
    return 0;
}

int wh_state_container_load(struct wh_arena *a, const char *project, const char *id, struct wh_container *ret,
                            struct wh_err *err)
{
    memset(ret, 0, sizeof(*ret));
    int r = record_load(a, container_file(project, id, "container.json"), rec_fields, &ret->rec, err);
    if (r != 0)
        return r < 0 ? wh_wrap(err, "record of container %.12s", id) : r;
    if (!ret->rec.id || !ret->rec.name || strcmp(ret->rec.id, id) != 0)
        return wh_fail(err, WH_E_INVALID, "record of container %.12s is damaged", id);
    r = load_state(a, project, id, &ret->state, err);
    return r < 0 ? wh_wrap(err, "state of container %s", ret->rec.name) : 0;
}

/* "web-2" before "web-10": runs of digits compare as numbers. */
static int compare_names(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
            char *end_a, *end_b;
            unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);
            if (x != y)
                return x < y ? -1 : 1;
            a = end_a - 1;
            b = end_b - 1;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

static int compare_containers(const void *x, const void *y)
{
    const struct wh_container *a = x, *b = y;
    return compare_names(a->rec.name, b->rec.name);
}

static int load_one(const void *project, struct wh_arena *a, const char *id, void *item, struct wh_err *err)
{
    return wh_state_container_load(a, project, id, item, err);
}

static int load_project_containers(struct wh_arena *a, const char *project, struct wh_vec *out, struct wh_err *err)
{
    wh_auto_free char *dir = wh_fmt("%s/projects/%s/containers", wh_state_root(), project);
    wh_auto_strv ids = {0};
    if (!dir || record_list(dir, "", &ids, err) < 0)
        return -1;
    return record_load_all(&ids, load_one, project, a, out, err);
}

static bool is_damaged(const char *project, const char *id)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    struct wh_container scratch;
    int r = wh_state_container_load(&a, project, id, &scratch, &err);
    return r == WH_STATE_ABSENT || (r < 0 && err.code == WH_E_INVALID);
}

int wh_state_containers_damaged(const char *project, struct wh_strv *ret_ids, struct wh_err *err)
{
    wh_auto_free char *dir = wh_fmt("%s/projects/%s/containers", wh_state_root(), project);
    wh_auto_strv ids = {0};
    if (!dir || record_list(dir, "", &ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.len; i++)
        if (is_damaged(project, ids.items[i]) && wh_strv_add(ret_ids, ids.items[i]) < 0)
            return wh_fail(err, ENOMEM, "containers");
    return 0;
}

static int hand_over(struct wh_arena *a, const struct wh_vec *found, struct wh_container **ret_items, size_t *ret_n,
                     struct wh_err *err)
{
    void *items;
    if (record_hand_over(a, found, &items, ret_n, err) < 0)
        return -1;
    if (*ret_n)
        qsort(items, *ret_n, sizeof(struct wh_container), compare_containers);
    *ret_items = items;
    return 0;
}

int wh_state_containers(struct wh_arena *a, const char *project, struct wh_container **ret_items, size_t *ret_n,
                        struct wh_err *err)
{
    wh_auto_vec found = WH_VEC(struct wh_container);
    wh_auto_strv projects = {0};
    int r = project ? wh_strv_add(&projects, project) : wh_state_project_names(&projects, err);
    for (size_t i = 0; r == 0 && i < projects.len; i++)
        r = load_project_containers(a, projects.items[i], &found, err);
    return r < 0 ? -1 : hand_over(a, &found, ret_items, ret_n, err);
}

/* ---- listings --------------------------------------------------------------------------------------------------- */

static uint32_t listing_version(void)
{
    uint32_t parts[] = {fields_version(rec_fields), fields_version(state_fields)};
    return wh_hash_bytes(parts, sizeof(parts));
}

int wh_state_listing_begin(struct wh_str *out)
{
    uint32_t version = listing_version();
    return wh_str_addn(out, &version, sizeof(version));
}

int wh_state_listing_add(struct wh_str *out, const struct wh_container_rec *rec, const struct wh_container_state *state)
{
    fields_pack(out, rec_fields, rec);
    fields_pack(out, state_fields, state);
    return out->failed ? -1 : 0;
}

int wh_state_listing_read(struct wh_arena *a, const char *take_bytes, size_t len, struct wh_container **ret_items,
                          size_t *ret_n, struct wh_err *err)
{
    wh_auto_vec found = WH_VEC(struct wh_container);
    struct unpacking u = {.arena = a, .at = take_bytes, .end = take_bytes + len};
    uint32_t version;
    if (len < sizeof(version) || (memcpy(&version, u.at, sizeof(version)), version != listing_version()))
        return wh_fail(err, WH_E_PROTOCOL, "a list of containers of another version");
    u.at += sizeof(version);
    while (u.at < u.end && !u.failed) {
        struct wh_container c = {0};
        fields_unpack(&u, rec_fields, &c.rec);
        fields_unpack(&u, state_fields, &c.state);
        struct wh_container *slot = wh_vec_push(&found);
        if (slot)
            *slot = c;
    }
    if (u.failed)
        return wh_fail(err, WH_E_PROTOCOL, "a damaged list of containers");
    return hand_over(a, &found, ret_items, ret_n, err);
}

const char *wh_container_label(const struct wh_container_rec *rec, const char *key)
{
    for (size_t i = 0; i < rec->n_labels; i++)
        if (strcmp(rec->labels[i].key, key) == 0)
            return rec->labels[i].value;
    return NULL;
}
