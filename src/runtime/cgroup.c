/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cgroup folders: which trees the host has, making, opening and removing one container's folders in them. On a hybrid
 * host the unified tree carries the life cycle and a v1 tree is used only where a limit needs it.
 */
#include "cgroup.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MOUNTINFO ((size_t)16 << 20)
#define MAX_DEPTH     16

const char *const wh_cgroup_ctl_text[WH_CTL_MAX_] = {
    [WH_CTL_CPU] = "cpu",   [WH_CTL_CPUACCT] = "cpuacct", [WH_CTL_CPUSET] = "cpuset",   [WH_CTL_MEMORY] = "memory",
    [WH_CTL_PIDS] = "pids", [WH_CTL_BLKIO] = "blkio",     [WH_CTL_DEVICES] = "devices", [WH_CTL_FREEZER] = "freezer",
};

/* ---- which trees there are -------------------------------------------------------------------------------------- */

static bool has_word(const char *list, const char *word, const char *separators)
{
    size_t len = strlen(word);
    for (const char *p = list; *p; p += strcspn(p, separators), p += strspn(p, separators))
        if (strcspn(p, separators) == len && strncmp(p, word, len) == 0)
            return true;
    return false;
}

/* One line of mountinfo: "... mount-point options - type source super-options". */
static void take_mount(struct wh_cgroup_layout *layout, const char *root, char *line)
{
    char *dash = strstr(line, " - ");
    char point[PATH_MAX], type[32], super[1024];
    if (!dash || sscanf(line, "%*s %*s %*s %*s %4095s", point) != 1 ||
        sscanf(dash + 3, "%31s %*s %1023s", type, super) != 2)
        return;
    if (strcmp(type, "cgroup2") == 0 && !layout->unified)
        layout->unified = wh_fmt("%s%s", root, point);
    for (int i = 0; i < WH_CTL_MAX_ && strcmp(type, "cgroup") == 0; i++)
        if (!layout->v1[i] && has_word(super, wh_cgroup_ctl_text[i], ","))
            layout->v1[i] = wh_fmt("%s%s", root, point);
}

static void read_v2_controllers(struct wh_cgroup_layout *layout)
{
    wh_auto_free char *path = wh_fmt("%s/cgroup.controllers", layout->unified);
    wh_auto_str text = {0};
    if (!path || wh_file_read(path, 4096, &text, NULL) < 0)
        return;
    for (int i = 0; i < WH_CTL_MAX_; i++)
        if (has_word(wh_str_c(&text), i == WH_CTL_BLKIO ? "io" : wh_cgroup_ctl_text[i], " \n"))
            layout->v2_controllers |= 1u << i;
}

int wh_cgroup_layout_detect(const char *root, struct wh_cgroup_layout *ret, struct wh_err *err)
{
    struct wh_cgroup_layout layout = {0};
    wh_auto_free char *path = wh_fmt("%s/proc/self/mountinfo", root ? root : "");
    wh_auto_str text = {0};
    if (!path || wh_file_read(path, MAX_MOUNTINFO, &text, err) < 0)
        return wh_wrap(err, "look for cgroups");
    char *save = NULL;
    for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        take_mount(&layout, root ? root : "", line);
    bool any_v1 = false;
    for (int i = 0; i < WH_CTL_MAX_; i++)
        any_v1 = any_v1 || layout.v1[i];
    if (layout.unified)
        read_v2_controllers(&layout);
    layout.mode = layout.unified ? (any_v1 ? WH_CGROUP_HYBRID : WH_CGROUP_V2) : any_v1 ? WH_CGROUP_V1 : WH_CGROUP_NONE;
    *ret = layout;
    return 0;
}

void wh_cgroup_layout_fini(struct wh_cgroup_layout *layout)
{
    free(layout->unified);
    free(layout->unified_root);
    for (int i = 0; i < WH_CTL_MAX_; i++) {
        free(layout->v1[i]);
        free(layout->v1_root[i]);
    }
    *layout = (struct wh_cgroup_layout){0};
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

char *wh_cgroup_path(const struct wh_cgroup_layout *layout, int ctl, const char *name)
{
    const char *mount = ctl < 0 ? layout->unified : layout->v1[ctl];
    const char *own = ctl < 0 ? layout->unified_root : layout->v1_root[ctl];
    return mount ? wh_fmt("%s%s%s/%s", mount, own && own[0] ? "/" : "", own ? own : "", name) : NULL;
}

int wh_cgroup_tree_of(const struct wh_cgroup_layout *layout, enum wh_cgroup_ctl ctl)
{
    if (layout->unified && layout->v2_controllers & 1u << ctl)
        return -1;
    return layout->v1[ctl] ? (int)ctl : -2;
}

int wh_cgroup_open_file(const struct wh_cgroup *cg, int tree, const char *file, int flags)
{
    if (tree == -1 && cg->dir_fd >= 0)
        return openat(cg->dir_fd, file, flags | O_CLOEXEC);
    wh_auto_free char *dir = tree == -2 ? NULL : wh_cgroup_path(cg->layout, tree, cg->name);
    wh_auto_free char *path = dir ? wh_fmt("%s/%s", dir, file) : NULL;
    if (path)
        return open(path, flags | O_CLOEXEC);
    errno = ENOENT;
    return -1;
}

ssize_t wh_cgroup_read(const struct wh_cgroup *cg, int tree, const char *file, char *buf, size_t size)
{
    wh_auto_fd fd = wh_cgroup_open_file(cg, tree, file, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);
    buf[n > 0 ? n : 0] = '\0';
    return n;
}

bool wh_cgroup_keyed(const char *text, const char *key, uint64_t *ret)
{
    size_t len = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, key, len) == 0 && line[len] == ' ') {
            *ret = strtoull(line + len + 1, NULL, 10);
            return true;
        }
    return false;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

/* Controllers that the container may be limited by, switched on for the children of a folder. Each by its own write:
 * one that the host does not allow must not keep the others out. */
static void enable_controllers(const struct wh_cgroup_layout *layout, const char *dir)
{
    wh_auto_free char *path = wh_fmt("%s/cgroup.subtree_control", dir);
    for (int i = 0; path && i < WH_CTL_MAX_; i++) {
        char word[32];
        if (!(layout->v2_controllers & 1u << i))
            continue;
        snprintf(word, sizeof(word), "+%s", i == WH_CTL_BLKIO ? "io" : wh_cgroup_ctl_text[i]);
        wh_file_poke(path, word, NULL);
    }
}

/* A cpuset of v1 admits nobody until both files are filled. */
static void inherit_cpuset(const char *dir)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    wh_auto_free char *parent = wh_path_dir(dir);
    for (size_t i = 0; parent && i < WH_ARRAY_LEN(files); i++) {
        wh_auto_free char *from = wh_path_join(parent, files[i]), *to = wh_path_join(dir, files[i]);
        wh_auto_str text = {0};
        if (from && to && wh_file_read(from, 4096, &text, NULL) == 0)
            wh_file_poke(to, wh_str_c(&text), NULL);
    }
}

/* Makes the folders of name one below the other. A sibling's removal may take a parent away meanwhile: then again. */
static int make_folders(const struct wh_cgroup_layout *layout, int ctl, const char *name, struct wh_err *err)
{
    wh_auto_free char *full = wh_cgroup_path(layout, ctl, name);
    if (!full)
        return wh_fail(err, ENOMEM, "cgroup");
    size_t base = strlen(full) - strlen(name);
    for (int attempt = 0; attempt < 10; attempt++) {
        bool lost = false;
        for (char *slash = full + base - 1; slash && !lost;) {
            char *next = strchr(slash + 1, '/');
            if (ctl < 0 && layout->v2_controllers) {
                *slash = '\0';
                enable_controllers(layout, full);
                *slash = '/';
            }
            if (next)
                *next = '\0';
            bool made = mkdir(full, 0755) == 0;
            if (!made && errno != EEXIST && errno != ENOENT)
                return wh_fail(err, errno, "make cgroup %s", full);
            lost = !made && errno == ENOENT;
            if (made && ctl == WH_CTL_CPUSET)
                inherit_cpuset(full);
            if (next)
                *next = '/';
            slash = next;
        }
        if (!lost)
            return 0;
    }
    return wh_fail(err, ENOENT, "make cgroup %s", full);
}

static int open_trees(struct wh_cgroup *cg, uint32_t v1_wanted, struct wh_err *err)
{
    wh_auto_free char *dir = wh_cgroup_path(cg->layout, -1, cg->name);
    if (dir)
        cg->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir && cg->dir_fd < 0)
        return wh_fail(err, errno == ENOENT ? WH_E_NOT_FOUND : errno, "open cgroup %s", dir);
    for (int i = 0; i < WH_CTL_MAX_; i++) {
        if (!(v1_wanted & 1u << i) || !cg->layout->v1[i])
            continue;
        cg->v1_fd[i] = wh_cgroup_open_file(cg, i, "cgroup.procs", O_WRONLY);
        if (cg->v1_fd[i] < 0 && errno != ENOENT)
            return wh_fail(err, errno, "open the %s cgroup", wh_cgroup_ctl_text[i]);
    }
    return 0;
}

static int init_cgroup(const struct wh_cgroup_layout *layout, const char *name, struct wh_cgroup *ret,
                       struct wh_err *err)
{
    *ret = (struct wh_cgroup){.layout = layout, .name = strdup(name), .dir_fd = -1};
    for (int i = 0; i < WH_CTL_MAX_; i++)
        ret->v1_fd[i] = -1;
    return ret->name ? 0 : wh_fail(err, ENOMEM, "cgroup");
}

static int make_all(struct wh_cgroup *cg, const struct wh_resources *res, struct wh_err *err)
{
    uint32_t needed = wh_cgroup_needs(cg->layout, res);
    if (cg->layout->unified && make_folders(cg->layout, -1, cg->name, err) < 0)
        return -1;
    for (int i = 0; i < WH_CTL_MAX_; i++)
        if (needed & 1u << i && make_folders(cg->layout, i, cg->name, err) < 0)
            return -1;
    if (open_trees(cg, needed, err) < 0 || wh_cgroup_set_limits(cg, res, err) < 0)
        return -1;
    return wh_cgroup_set_devices(cg, res, err);
}

int wh_cgroup_create(const struct wh_cgroup_layout *layout, const char *name, const struct wh_resources *res,
                     struct wh_cgroup *ret, struct wh_err *err)
{
    struct wh_cgroup cg;
    if (init_cgroup(layout, name, &cg, err) < 0)
        return -1;
    if (make_all(&cg, res, err) < 0) {
        wh_cgroup_close(&cg);
        wh_cgroup_remove(layout, name, NULL);
        return -1;
    }
    *ret = cg;
    return 0;
}

int wh_cgroup_open(const struct wh_cgroup_layout *layout, const char *name, struct wh_cgroup *ret, struct wh_err *err)
{
    struct wh_cgroup cg;
    if (init_cgroup(layout, name, &cg, err) < 0)
        return -1;
    if (open_trees(&cg, ~0u, err) < 0) {
        wh_cgroup_close(&cg);
        return -1;
    }
    *ret = cg;
    return 0;
}

void wh_cgroup_close(struct wh_cgroup *cg)
{
    wh_close(&cg->dir_fd);
    for (int i = 0; i < WH_CTL_MAX_; i++)
        wh_close(&cg->v1_fd[i]);
    free(cg->name);
    cg->name = NULL;
}

uint64_t wh_cgroup_id(const struct wh_cgroup *cg)
{
    struct stat st;
    return cg->dir_fd >= 0 && fstat(cg->dir_fd, &st) == 0 ? st.st_ino : 0;
}

/* ---- removing and listing --------------------------------------------------------------------------------------- */

/* rmdir of the folder and of what the container made below. 0, WH_CGROUP_BUSY or -1 with errno. */
static int remove_folder(int parent_fd, const char *name, int depth)
{
    if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if ((errno != EBUSY && errno != ENOTEMPTY) || depth > MAX_DEPTH)
        return -1;
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    wh_auto_dir dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return errno == ENOENT ? 0 : -1;
    for (struct dirent *e; (e = readdir(dir));)
        if (e->d_type == DT_DIR && e->d_name[0] != '.' && remove_folder(fd, e->d_name, depth + 1) != 0)
            return WH_CGROUP_BUSY;
    if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    return errno == EBUSY ? WH_CGROUP_BUSY : -1;
}

static void remove_empty_parents(char *path, size_t base)
{
    for (char *slash; (slash = strrchr(path, '/')) && (size_t)(slash - path) > base;) {
        *slash = '\0';
        if (rmdir(path) < 0)
            return;
    }
}

static int remove_in_tree(const struct wh_cgroup_layout *layout, int ctl, const char *name)
{
    wh_auto_free char *path = wh_cgroup_path(layout, ctl, name);
    if (!path)
        return 0;
    int r = remove_folder(AT_FDCWD, path, 0);
    if (r == 0)
        remove_empty_parents(path, strlen(path) - strlen(name));
    return r;
}

int wh_cgroup_remove(const struct wh_cgroup_layout *layout, const char *name, struct wh_err *err)
{
    int r = 0;
    for (int ctl = -1; ctl < WH_CTL_MAX_ && r == 0; ctl++)
        r = remove_in_tree(layout, ctl, name);
    return r < 0 ? wh_fail(err, errno, "remove cgroup %s", name) : r;
}

int wh_cgroup_list(const struct wh_cgroup_layout *layout, const char *prefix, struct wh_strv *ret, struct wh_err *err)
{
    wh_auto_free char *path = wh_cgroup_path(layout, layout->unified ? -1 : WH_CTL_FREEZER, prefix);
    wh_auto_dir dir = path ? opendir(path) : NULL;
    if (!dir)
        return !path || errno == ENOENT ? 0 : wh_fail(err, errno, "list cgroup %s", path);
    for (struct dirent *e; (e = readdir(dir));)
        if (e->d_type == DT_DIR && e->d_name[0] != '.' && wh_strv_add(ret, e->d_name) < 0)
            return wh_fail(err, ENOMEM, "list cgroup %s", path);
    return 0;
}
