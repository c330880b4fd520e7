/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths as text: nothing here touches the disk. */
#include "whale/util/file.h"

#include <string.h>

char *wh_path_join(const char *dir, const char *name)
{
    if (name[0] == '/' || !dir || !*dir)
        return wh_path_clean(name);
    wh_auto_free char *joined = wh_fmt("%s/%s", dir, name);
    return joined ? wh_path_clean(joined) : NULL;
}

/* Drops the last component of out, unless there is nothing to drop. */
static bool drop_last(struct wh_str *out, bool absolute)
{
    size_t root = absolute ? 1 : 0;
    if (out->len <= root || wh_streq(wh_str_c(out), "..") || wh_ends(wh_str_c(out), "/.."))
        return false;
    const char *slash = strrchr(wh_str_c(out), '/');
    size_t cut = slash ? (size_t)(slash - out->data) : 0;
    wh_str_cut(out, cut < root ? root : cut);
    return true;
}

char *wh_path_clean(const char *path)
{
    bool absolute = path[0] == '/';
    wh_auto_str out = {0};
    if (absolute)
        wh_str_addc(&out, '/');
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        if (n == 2 && memcmp(p, "..", 2) == 0) {
            if (!drop_last(&out, absolute) && !absolute)
                wh_str_fmt(&out, "%s..", out.len ? "/" : "");
        } else if (n && !(n == 1 && *p == '.')) {
            if (out.len > (absolute ? 1U : 0U))
                wh_str_addc(&out, '/');
            wh_str_addn(&out, p, n);
        }
        p += n;
        p += strspn(p, "/");
    }
    if (!out.len)
        wh_str_addc(&out, '.');
    return wh_str_take(&out);
}

const char *wh_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *wh_path_dir(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    if (slash == path)
        return strdup("/");
    return strndup(path, (size_t)(slash - path));
}
