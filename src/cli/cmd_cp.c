/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cp: files between containers and the host. */
#include "commands.h"

#include "cli/progress.h"
#include "cli/project.h"
#include "cli/rootfs.h"
#include "cli/tree.h"
#include "whale/engine.h"
#include "whale/sys/openat2.h"
#include "whale/util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel follows */

struct cp_options {
    bool all, archive, follow_link;
    int64_t index;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct cp_options, all, 0, "all", "Include one-off containers"),
    WH_OPT_FLAG(struct cp_options, archive, 'a', "archive", "Keep owners"),
    WH_OPT_FLAG(struct cp_options, follow_link, 'L', "follow-link", "Follow a symbolic link at the source"),
    WH_OPT_INT(struct cp_options, index, 0, "index", "0", "Which replica, when there are several"),
};

/* One end of the copy. */
struct end {
    const char *service; /* NULL: the host */
    const char *path;    /* "-" on the host: a tar stream */
    int root_fd;         /* paths are resolved below it: the container's root, or the host's */
};

/* SERVICE:PATH, unless the text is a path with a slash before the colon. */
static struct end parse_end(struct wh_cli *cli, const char *text)
{
    const char *colon = strchr(text, ':');
    bool is_local =
        !colon || colon == text || text[0] == '/' || text[0] == '.' || memchr(text, '/', (size_t)(colon - text));
    if (is_local)
        return (struct end){.path = text, .root_fd = -1};
    return (struct end){
        .service = wh_arena_strndup(&cli->arena, text, (size_t)(colon - text)), .path = colon + 1, .root_fd = -1};
}

/* In a container paths start at its root; on the host the kernel walks as for any program. */
static int open_in(const struct end *e, const char *path, uint64_t flags)
{
    if (e->service)
        return wh_openat2(e->root_fd, *path ? path : "/", flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    return open(path, (int)flags | O_CLOEXEC);
}

static bool is_dir(const struct end *e, const char *path)
{
    struct stat st;
    wh_auto_fd fd = open_in(e, path, O_PATH);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool wants_contents(const char *path)
{
    size_t len = strlen(path);
    return strcmp(path, ".") == 0 || (len >= 2 && strcmp(path + len - 2, "/.") == 0);
}

/* ---- source ---------------------------------------------------------------------------------------------------- */

struct source {
    int dir_fd; /* holds name */
    char *name;
    bool is_dir, contents; /* contents: "dir/.", only what is in it */
};

static void source_fini(struct source *s)
{
    wh_close(&s->dir_fd);
    free(s->name);
}

static int fail_missing(const struct end *from, struct wh_err *err)
{
    if (from->service)
        return wh_fail(err, WH_E_NOT_FOUND, "could not find the file %s in service \"%s\"", from->path, from->service);
    return wh_fail(err, ENOENT, "%s", from->path);
}

/* path becomes what the link at its end leads to: 1, or 0 where there is no link. */
static int follow_once(const struct end *from, char **path)
{
    char target[PATH_MAX];
    wh_auto_free char *dir = wh_path_dir(*path);
    wh_auto_fd dir_fd = dir ? open_in(from, dir, O_PATH | O_DIRECTORY) : -1;
    ssize_t len = dir_fd < 0 ? -1 : readlinkat(dir_fd, wh_path_base(*path), target, sizeof(target) - 1);
    if (len <= 0)
        return 0;
    target[len] = '\0';
    char *next = target[0] == '/' ? strdup(target) : wh_fmt("%s/%s", dir, target);
    if (!next)
        return 0;
    free(*path);
    *path = next;
    return 1;
}

/* The folder that holds the source and its name there; links at the end are followed only when asked to. */
static int find_source(const struct end *from, bool follow, struct source *ret, struct wh_err *err)
{
    struct stat st;
    wh_auto_free char *clean = wh_path_clean(from->path);
    *ret = (struct source){.dir_fd = -1, .contents = wants_contents(from->path)};
    wh_auto_fd top = clean ? open_in(from, clean, O_PATH | (follow || ret->contents ? 0 : O_NOFOLLOW)) : -1;
    if (top < 0 || fstat(top, &st) < 0)
        return fail_missing(from, err);
    ret->is_dir = S_ISDIR(st.st_mode);
    if (ret->is_dir) {
        ret->dir_fd = wh_steal_fd(&top);
        ret->name = strdup(".");
        return 0;
    }
    for (int left = follow ? MAX_LINKS : 0; left > 0 && follow_once(from, &clean); left--)
        ;
    wh_auto_free char *dir = wh_path_dir(clean);
    ret->dir_fd = dir ? open_in(from, dir, O_PATH | O_DIRECTORY) : -1;
    ret->name = strdup(wh_path_base(clean));
    return ret->dir_fd < 0 || !ret->name ? fail_missing(from, err) : 0;
}

/* ---- target ---------------------------------------------------------------------------------------------------- */

/* Where the top of the source goes. An existing folder takes it in under its own name. */
static int choose_base(const struct end *from, const struct end *to, const struct source *s, char **ret,
                       struct wh_err *err)
{
    size_t len = strlen(to->path);
    bool slash = len && to->path[len - 1] == '/', exists_as_dir = is_dir(to, to->path);
    wh_auto_fd existing = open_in(to, to->path, O_PATH);
    wh_auto_free char *from_clean = wh_path_clean(from->path);
    const char *name = from_clean ? wh_path_base(from_clean) : "";
    if (exists_as_dir && s->contents)
        *ret = strdup(to->path);
    else if (exists_as_dir)
        *ret = wh_fmt("%s%s%s", to->path, slash || !len ? "" : "/", name);
    else if (existing >= 0 && s->is_dir)
        return wh_fail(err, ENOTDIR, "cannot copy a folder to the file %s", to->path);
    else if (slash && !s->is_dir)
        return wh_fail(err, ENOENT, "folder %s", to->path);
    else
        *ret = wh_path_clean(to->path);
    return *ret ? 0 : wh_fail(err, ENOMEM, "copy");
}

static int open_base_root(const struct end *to, int *ret_fd, struct wh_err *err)
{
    *ret_fd = to->service ? dup(to->root_fd) : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd >= 0 ? 0 : wh_fail(err, errno, "root folder");
}

static const char *absolute(struct wh_cli *cli, const struct end *to, const char *path)
{
    return to->service || path[0] == '/' ? path : wh_arena_fmt(&cli->arena, "%s/%s", cli->cwd, path);
}

static int copy_tree(struct wh_cli *cli, const struct end *from, const struct end *to, bool follow, bool keep_owner,
                     struct wh_err *err)
{
    WH_CLEANUP(source_fini) struct source s;
    wh_auto_free char *base = NULL;
    wh_auto_fd root = -1;
    if (find_source(from, follow, &s, err) < 0 || choose_base(from, to, &s, &base, err) < 0 ||
        open_base_root(to, &root, err) < 0)
        return -1;
    struct wh_tree_writer writer = {.root_fd = root, .base = absolute(cli, to, base), .keep_owner = keep_owner};
    const struct wh_tree_sink sink = wh_tree_writer_sink(&writer);
    const struct wh_tree_walk walk = {.dir_fd = s.dir_fd, .name = s.name};
    return wh_tree_walk(&walk, &sink, err);
}

static int write_stream(const struct end *from, bool follow, struct wh_err *err)
{
    WH_CLEANUP(source_fini) struct source s;
    wh_auto_free char *clean = wh_path_clean(from->path);
    if (!clean || find_source(from, follow, &s, err) < 0)
        return -1;
    const char *name = wh_path_base(clean);
    struct wh_tar_writer tar = {.fd = STDOUT_FILENO, .name = s.contents || strcmp(name, "/") == 0 ? "" : name};
    const struct wh_tree_sink sink = wh_tar_writer_sink(&tar);
    const struct wh_tree_walk walk = {.dir_fd = s.dir_fd, .name = s.name};
    return wh_tree_walk(&walk, &sink, err) < 0 ? -1 : wh_tar_finish(&tar, err);
}

static int read_stream(const struct end *to, struct wh_err *err)
{
    if (!is_dir(to, to->path))
        return wh_fail(err, ENOTDIR, "%s: a tar stream needs a folder", to->path);
    struct wh_tree_writer writer = {.root_fd = to->root_fd, .base = to->path, .keep_owner = true};
    const struct wh_tree_sink sink = wh_tree_writer_sink(&writer);
    return wh_tar_read(STDIN_FILENO, &sink, err);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

struct copy {
    struct wh_cli *cli;
    const struct cp_options *o;
    struct end from, to;
    struct wh_progress *progress;
};

static int copy_files(struct copy *k, const struct wh_container *c, struct wh_err *err)
{
    bool follow = k->o->follow_link, keep_owner = k->to.service || k->o->archive;
    wh_auto_fd root = -1;
    if (wh_cli_open_root(k->cli, c, true, &root, err) < 0)
        return -1;
    *(k->from.service ? &k->from.root_fd : &k->to.root_fd) = root;
    int r = strcmp(k->to.path, "-") == 0 && !k->to.service ? write_stream(&k->from, follow, err)
            : strcmp(k->from.path, "-") == 0 && !k->from.service
                ? read_stream(&k->to, err)
                : copy_tree(k->cli, &k->from, &k->to, follow, keep_owner, err);
    return r < 0 ? wh_wrap(err, "container %s", c->rec.name) : 0;
}

/* "file to shop-web-1:/srv", "shop-web-1:/srv to file" */
static const char *describe(struct copy *k, const char *container)
{
    struct wh_arena *a = &k->cli->arena;
    return k->from.service ? wh_arena_fmt(a, "%s:%s to %s", container, k->from.path, k->to.path)
                           : wh_arena_fmt(a, "%s to %s:%s", k->from.path, container, k->to.path);
}

static int copy_with(struct copy *k, const struct wh_container *c, struct wh_err *err)
{
    struct wh_event e = {.kind = WH_EVENT_PROGRESS, .id = c->rec.name, .details = describe(k, c->rec.name)};
    e.status = WH_STATUS_WORKING;
    e.text = "Copying";
    wh_progress_event(k->progress, &e);
    if (!k->cli->common.dry_run && copy_files(k, c, err) < 0)
        return -1;
    e.status = WH_STATUS_DONE;
    e.text = "Copied";
    wh_progress_event(k->progress, &e);
    return 0;
}

/* Out of the first container, into all of them; --index picks one. */
static int copy_all(struct copy *k, const struct wh_cli_containers *all, struct wh_err *err)
{
    int64_t index = k->o->index;
    const char *service = k->from.service ? k->from.service : k->to.service;
    const struct wh_container *first = wh_cli_pick(all, service, index);
    if (!first && index > 0 && wh_cli_pick(all, service, 0))
        return wh_engine_fail_not_running(err, service, index);
    if (!first)
        return wh_fail(err, WH_E_NOT_FOUND, "no container found for service \"%s\"", service);
    if (k->from.service || index || strcmp(k->from.path, "-") == 0)
        return copy_with(k, first, err);
    for (size_t i = 0; i < all->len; i++)
        if (wh_streq(all->items[i].rec.service, service) && copy_with(k, &all->items[i], err) < 0)
            return -1;
    return 0;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct cp_options *o = values;
    const char *const *args = cli->parser.args.items;
    struct copy k = {.cli = cli, .o = o, .from = parse_end(cli, args[0]), .to = parse_end(cli, args[1])};
    wh_auto_cli_project p = {0};
    struct wh_cli_containers all;
    if (k.from.service && k.to.service)
        return wh_fail(err, WH_E_INVALID, "copying between services is not supported");
    if (!k.from.service && !k.to.service)
        return wh_fail(err, WH_E_INVALID, "unknown copy direction: one of the two must be SERVICE:PATH");
    unsigned what = WH_CLI_STOPPED | (o->all ? WH_CLI_ONEOFF : 0);
    if (wh_cli_load_name(cli, &p, err) < 0 || wh_cli_containers(cli, &p, NULL, what, &all, err) < 0)
        return -1;
    wh_auto_progress *progress = wh_cli_progress_new(cli, "copy", false, err);
    k.progress = progress;
    if (!progress || copy_all(&k, &all, err) < 0)
        return -1;
    wh_progress_finish(progress);
    return 0;
}

const struct wh_cmd wh_cmd_cp = {
    .name = "cp",
    .usage = "[OPTIONS] SERVICE:SRC_PATH DEST_PATH|- | SRC_PATH|- SERVICE:DEST_PATH",
    .summary = "Copy files between a service's container and the host",
    WH_CMD_OPTIONS(options, struct cp_options),
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
