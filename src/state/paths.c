/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where everything is: the two roots from the environment and the folders below them. */
#include "whale/codec/digest.h"
#include "whale/state.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE_MAX 4096

struct place {
    const char *variable, *fallback;
    char path[PLACE_MAX];
};

static struct place root = {.variable = "WHALE_COMPOSE_ROOT", .fallback = "/var/lib/whale-compose"};
static struct place run = {.variable = "WHALE_COMPOSE_RUN", .fallback = "/run/whale-compose"};

static void resolve_place(struct place *p)
{
    const char *value = getenv(p->variable);
    if (!value || !value[0])
        value = p->fallback;
    char cwd[PLACE_MAX] = "";
    if (value[0] != '/' && !getcwd(cwd, sizeof(cwd)))
        cwd[0] = '\0';
    wh_auto_free char *joined = wh_path_join(cwd[0] ? cwd : "/", value);
    wh_auto_free char *clean = joined ? wh_path_clean(joined) : NULL;
    snprintf(p->path, sizeof(p->path), "%s", clean ? clean : p->fallback);
}

static const char *place_path(struct place *p)
{
    if (!p->path[0])
        resolve_place(p);
    return p->path;
}

const char *wh_state_root(void)
{
    return place_path(&root);
}

const char *wh_state_run(void)
{
    return place_path(&run);
}

const char *wh_state_instance(void)
{
    static char digits[7];
    if (!digits[0]) {
        char hex[WH_SHA256_HEX];
        wh_sha256_of(wh_state_run(), strlen(wh_state_run()), hex);
        memcpy(digits, hex, 6);
    }
    return digits;
}

static int ensure_place(struct place *p, struct wh_err *err)
{
    const char *path = place_path(p);
    if (wh_mkdir_p(path, 0700, err) == 0 && access(path, W_OK) == 0)
        return 0;
    int cause = errno;
    wh_err_hint(err, "run it as root, or set %s to a folder that you may write", p->variable);
    return err && err->depth ? -1 : wh_fail(err, cause, "cannot use %s", path);
}

int wh_state_ensure_roots(struct wh_err *err)
{
    if (ensure_place(&root, err) < 0)
        return -1;
    return ensure_place(&run, err);
}

char *wh_state_project_dir(const char *project)
{
    return wh_fmt("%s/projects/%s", wh_state_root(), project);
}

char *wh_state_container_dir(const char *project, const char *id)
{
    return wh_fmt("%s/projects/%s/containers/%s", wh_state_root(), project, id);
}

char *wh_state_project_run_dir(const char *project)
{
    return wh_fmt("%s/projects/%s", wh_state_run(), project);
}

char *wh_state_volume_dir(const char *name)
{
    return wh_fmt("%s/volumes/%s/_data", wh_state_root(), name);
}

const char *wh_state_boot_id(void)
{
    static char id[64];
    if (!id[0]) {
        wh_auto_str text = {0};
        if (wh_file_read("/proc/sys/kernel/random/boot_id", 256, &text, NULL) < 0)
            return "unknown";
        snprintf(id, sizeof(id), "%.*s", (int)strcspn(wh_str_c(&text), "\n"), wh_str_c(&text));
    }
    return id;
}
