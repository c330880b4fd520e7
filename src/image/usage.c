/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads other people's records: only a few keys of them, and a record that cannot be read uses nothing. */
#include "usage.h"

#include "layout.h"
#include "whale/codec/json.h"
#include "whale/util/file.h"

#include <errno.h>
#include <glob.h>
#include <string.h>

static int add_use(struct usage *u, const char *image_id, const char *container)
{
    return wh_strv_add(&u->image_ids, image_id) < 0 ? -1 : wh_strv_add(&u->containers, container);
}

/* "TARGET=IMAGE_ID,..." of the images that the container mounts. */
static int add_mounted(struct usage *u, const char *text, const char *container)
{
    for (const char *p = text; *p; p += strspn(p, ",")) {
        size_t item = strcspn(p, ","), target = strcspn(p, "=,");
        wh_auto_free char *id = target < item ? strndup(p + target + 1, item - target - 1) : NULL;
        if (id && add_use(u, id, container) < 0)
            return -1;
        p += item;
    }
    return 0;
}

static int add_record(struct usage *u, const char *path)
{
    wh_auto_arena a = {0};
    struct wh_node *doc = NULL;
    if (wh_json_load(&a, path, LAYOUT_MAX_JSON_BYTES, &doc, NULL) < 0)
        return 0;
    const char *id = wh_node_get_str(doc, "image_id", NULL);
    wh_auto_free char *folder = wh_path_dir(path);
    if (!id || !folder)
        return 0;
    const char *name = wh_node_get_str(doc, "name", wh_path_base(folder));
    const char *mounted = wh_node_get_str(wh_node_get(doc, "labels"), "com.docker.compose.image-volume-digest", "");
    return add_use(u, id, name) < 0 ? -1 : add_mounted(u, mounted, name);
}

int usage_read(const char *root, struct usage *ret, struct wh_err *err)
{
    glob_t found = {0};
    *ret = (struct usage){0};
    wh_auto_free char *pattern = wh_fmt("%s/projects/*/containers/*/container.json", root);
    if (!pattern)
        return wh_fail(err, ENOMEM, "container records");
    int r = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (r != 0 && r != GLOB_NOMATCH)
        return wh_fail(err, WH_E_GENERIC, "cannot read the container records below %s", root);
    r = 0;
    for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
        r = add_record(ret, found.gl_pathv[i]);
    globfree(&found);
    return r < 0 ? wh_fail(err, ENOMEM, "container records") : 0;
}

const char *usage_of(const struct usage *u, const char *image_id)
{
    for (size_t i = 0; i < u->image_ids.len; i++)
        if (wh_streq(u->image_ids.items[i], image_id))
            return u->containers.items[i];
    return NULL;
}

void usage_fini(struct usage *u)
{
    wh_strv_fini(&u->image_ids);
    wh_strv_fini(&u->containers);
}
