/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of networks and volumes; the folders of projects. */
#include "whale/state.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include "state/record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct field network_fields[] = {
    F_TEXT(wh_network_rec, name, NULL),          F_TEXT(wh_network_rec, id, ""),
    F_TEXT(wh_network_rec, project, ""),         F_TEXT(wh_network_rec, key, ""),
    F_TEXT(wh_network_rec, driver, "bridge"),    F_TEXT(wh_network_rec, bridge, ""),
    F_TEXT(wh_network_rec, subnet4, NULL),       F_TEXT(wh_network_rec, gateway4, NULL),
    F_TEXT(wh_network_rec, subnet6, NULL),       F_TEXT(wh_network_rec, gateway6, NULL),
    F_TEXT(wh_network_rec, ip_range, NULL),      F(wh_network_rec, FIELD_INT, mtu),
    F(wh_network_rec, FIELD_BOOL, internal),     F_TEXT(wh_network_rec, config_hash, ""),
    F(wh_network_rec, FIELD_INT64, created_ns),  F_LIST(wh_network_rec, FIELD_LABELS, labels),
    F(wh_network_rec, FIELD_NODE, network_node), F_END,
};

static const struct field volume_fields[] = {
    F_TEXT(wh_volume_rec, name, NULL),
    F_TEXT(wh_volume_rec, project, ""),
    F_TEXT(wh_volume_rec, key, ""),
    F_TEXT(wh_volume_rec, driver, "local"),
    F_TEXT(wh_volume_rec, mountpoint, ""),
    F_TEXT(wh_volume_rec, config_hash, ""),
    F(wh_volume_rec, FIELD_BOOL, anonymous),
    F(wh_volume_rec, FIELD_INT64, created_ns),
    F_LIST(wh_volume_rec, FIELD_LABELS, labels),
    F(wh_volume_rec, FIELD_NODE, driver_opts),
    F_END,
};

/* A kind of named record, one file each in a folder of its own. */
struct kind {
    const char *what, *folder;
    const struct field *fields;
    size_t size, name_offset;
};
static const struct kind network_kind = {"network", "networks", network_fields, sizeof(struct wh_network_rec),
                                         offsetof(struct wh_network_rec, name)};
static const struct kind volume_kind = {"volume", "volumes", volume_fields, sizeof(struct wh_volume_rec),
                                        offsetof(struct wh_volume_rec, name)};

static char *kind_path(const struct kind *k, const char *name)
{
    return wh_fmt("%s/%s/%s.json", wh_state_root(), k->folder, name);
}

static int kind_save(const struct kind *k, const void *rec, struct wh_err *err)
{
    const char *name = *(const char *const *)((const char *)rec + k->name_offset);
    if (record_check_name(k->what, name, err) < 0)
        return -1;
    wh_auto_free char *dir = wh_fmt("%s/%s", wh_state_root(), k->folder);
    if (!dir)
        return wh_fail(err, ENOMEM, "%s %s", k->what, name);
    if (wh_mkdir_p(dir, 0700, err) < 0 || record_save(kind_path(k, name), k->fields, rec, err) < 0)
        return wh_wrap(err, "%s %s", k->what, name);
    return 0;
}

static int kind_load(const void *kind, struct wh_arena *a, const char *name, void *ret, struct wh_err *err)
{
    const struct kind *k = kind;
    memset(ret, 0, k->size);
    if (record_check_name(k->what, name, err) < 0)
        return -1;
    int r = record_load(a, kind_path(k, name), k->fields, ret, err);
    return r < 0 ? wh_wrap(err, "record of %s %s", k->what, name) : r;
}

static int kind_list(const struct kind *k, struct wh_arena *a, void **ret_items, size_t *ret_n, struct wh_err *err)
{
    wh_auto_free char *dir = wh_fmt("%s/%s", wh_state_root(), k->folder);
    wh_auto_vec found = {.item_size = k->size};
    wh_auto_strv names = {0};
    if (!dir || record_list(dir, ".json", &names, err) < 0 || record_load_all(&names, kind_load, k, a, &found, err) < 0)
        return -1;
    return record_hand_over(a, &found, ret_items, ret_n, err);
}

int wh_state_network_save(const struct wh_network_rec *rec, struct wh_err *err)
{
    return kind_save(&network_kind, rec, err);
}

int wh_state_network_load(struct wh_arena *a, const char *name, struct wh_network_rec *ret, struct wh_err *err)
{
    return kind_load(&network_kind, a, name, ret, err);
}

int wh_state_networks(struct wh_arena *a, struct wh_network_rec **ret_items, size_t *ret_n, struct wh_err *err)
{
    void *items;
    int r = kind_list(&network_kind, a, &items, ret_n, err);
    *ret_items = r == 0 ? items : NULL;
    return r;
}

int wh_state_network_remove(const char *name, struct wh_err *err)
{
    if (record_check_name("network", name, err) < 0)
        return -1;
    return record_unlink(kind_path(&network_kind, name), err);
}

int wh_state_volume_save(const struct wh_volume_rec *rec, struct wh_err *err)
{
    return kind_save(&volume_kind, rec, err);
}

int wh_state_volume_make(struct wh_volume_rec *rec, struct wh_err *err)
{
    wh_auto_free char *dir = wh_state_volume_dir(rec->name);
    if (!dir)
        return wh_fail(err, ENOMEM, "volume");
    rec->mountpoint = dir;
    rec->created_ns = wh_now_real_ns();
    int r = wh_state_volume_save(rec, err) < 0 ? -1 : wh_mkdir_p(dir, 0755, err);
    rec->mountpoint = NULL;
    return r;
}

int wh_state_volume_load(struct wh_arena *a, const char *name, struct wh_volume_rec *ret, struct wh_err *err)
{
    return kind_load(&volume_kind, a, name, ret, err);
}

int wh_state_volumes(struct wh_arena *a, struct wh_volume_rec **ret_items, size_t *ret_n, struct wh_err *err)
{
    void *items;
    int r = kind_list(&volume_kind, a, &items, ret_n, err);
    *ret_items = r == 0 ? items : NULL;
    return r;
}

int wh_state_project_names(struct wh_strv *ret, struct wh_err *err)
{
    wh_auto_free char *dir = wh_fmt("%s/projects", wh_state_root());
    return dir ? record_list(dir, "", ret, err) : wh_fail(err, ENOMEM, "projects");
}

int wh_state_project_remove(const char *name, struct wh_err *err)
{
    if (record_check_name("project", name, err) < 0)
        return -1;
    wh_auto_free char *dir = wh_state_project_dir(name);
    wh_auto_free char *containers = dir ? wh_fmt("%s/containers", dir) : NULL;
    if (!containers)
        return wh_fail(err, ENOMEM, "project %s", name);
    if ((rmdir(containers) < 0 && errno != ENOENT) || (rmdir(dir) < 0 && errno != ENOENT))
        return wh_fail(err, errno, "remove the folder of project %s", name);
    return 0;
}
