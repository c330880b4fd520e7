/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removed trees are renamed into the trash and deleted later: ext4 searches linearly past inodes that were deleted in
 * the last 35 s, so deleting upper folders in the middle of a recreate makes the new ones slow.
 */
#include "whale/state.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"
#include "whale/util/str.h"

#include "state/record.h"

#include <errno.h>
#include <stdio.h>

static int move_to_trash(const char *path, struct wh_err *err)
{
    char tag[17];
    if (wh_random_hex(tag, 16, err) < 0)
        return -1;
    wh_auto_free char *dir = wh_fmt("%s/trash", wh_state_root());
    wh_auto_free char *to = dir ? wh_fmt("%s/%s", dir, tag) : NULL;
    if (!to)
        return wh_fail(err, ENOMEM, "trash");
    if (wh_mkdir_p(dir, 0700, err) < 0)
        return -1;
    if (rename(path, to) < 0 && errno != ENOENT)
        return wh_fail(err, errno, "move %s to the trash", path);
    return 0;
}

int wh_state_container_remove(const char *project, const char *id, struct wh_err *err)
{
    wh_auto_free char *dir = wh_state_container_dir(project, id);
    if (!dir)
        return wh_fail(err, ENOMEM, "container record");
    return move_to_trash(dir, err);
}

int wh_state_volume_remove(const char *name, struct wh_err *err)
{
    if (record_check_name("volume", name, err) < 0)
        return -1;
    if (record_unlink(wh_fmt("%s/volumes/%s.json", wh_state_root(), name), err) < 0)
        return -1;
    wh_auto_free char *dir = wh_fmt("%s/volumes/%s", wh_state_root(), name);
    if (!dir)
        return wh_fail(err, ENOMEM, "volume");
    return move_to_trash(dir, err);
}

int wh_state_empty_trash(struct wh_err *err)
{
    wh_auto_free char *dir = wh_fmt("%s/trash", wh_state_root());
    wh_auto_strv names = {0};
    if (!dir || record_list(dir, "", &names, err) < 0)
        return -1;
    int r = 0;
    for (size_t i = 0; i < names.len; i++) {
        wh_auto_free char *path = wh_fmt("%s/%s", dir, names.items[i]);
        if (!path || wh_remove_tree(path, r == 0 ? err : NULL) < 0)
            r = -1;
    }
    return r;
}
