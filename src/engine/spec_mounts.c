/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts of a container spec: what the record says is mounted where, with the options of the service's mount of the
 * same target; tmpfs; configs and secrets; and the three generated files below /etc.
 */
#include "engine/spec.h"

#include "whale/util/file.h"
#include "whale/util/size.h"
#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct maker {
    struct wh_arena *a;
    const struct ctr *c;
    struct wh_vec mounts;  /* struct wh_mount */
    struct wh_vec content; /* struct wh_content_file */
    struct wh_err *err;
};

static struct wh_mount *add_mount(struct maker *m, enum wh_mount_type type, const char *source, const char *target)
{
    struct wh_mount *mount = wh_vec_push(&m->mounts);
    if (!mount)
        return NULL;
    wh_mount_init(mount, type);
    mount->source = source;
    mount->target = target;
    return mount;
}

static bool has_target(const struct maker *m, const char *target)
{
    for (size_t i = 0; i < m->mounts.len; i++)
        if (strcmp(wh_vec_at(&m->mounts, struct wh_mount, i).target, target) == 0)
            return true;
    return false;
}

static const struct wh_service_mount *service_mount(const struct wh_service *s, const char *target)
{
    for (size_t i = s->mounts.len; i-- > 0;)
        if (wh_streq(s->mounts.items[i].target, target))
            return &s->mounts.items[i];
    return NULL;
}

/* ---- tmpfs ------------------------------------------------------------------------------------------------------- */

static int tmpfs_number(const char *value, int base, int64_t *ret)
{
    char *end;
    errno = 0;
    long long n = strtoll(value, &end, base);
    if (errno || *end || end == value)
        return -1;
    *ret = n;
    return 0;
}

/* Words without a value. */
static const struct {
    const char *word;
    size_t offset;
    bool value;
} tmpfs_flags[] = {
    {"ro", offsetof(struct wh_mount, readonly), true},     {"rw", offsetof(struct wh_mount, readonly), false},
    {"noatime", offsetof(struct wh_mount, noatime), true}, {"atime", offsetof(struct wh_mount, noatime), false},
    {"exec", offsetof(struct wh_mount, exec_ok), true},    {"noexec", offsetof(struct wh_mount, exec_ok), false},
    {"suid", offsetof(struct wh_mount, suid_ok), true},    {"nosuid", offsetof(struct wh_mount, suid_ok), false},
    {"dev", offsetof(struct wh_mount, dev_ok), true},      {"nodev", offsetof(struct wh_mount, dev_ok), false},
};

/* What a tmpfs is anyway. */
static const char *const tmpfs_defaults[] = {"defaults", "relatime", "async", "diratime", "rprivate", "private"};

static int tmpfs_option(struct wh_mount *mount, const char *option, struct wh_err *err)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(tmpfs_flags); i++) {
        if (strcmp(option, tmpfs_flags[i].word) == 0) {
            *(bool *)((char *)mount + tmpfs_flags[i].offset) = tmpfs_flags[i].value;
            return 0;
        }
    }
    for (size_t i = 0; i < WH_ARRAY_LEN(tmpfs_defaults); i++)
        if (strcmp(option, tmpfs_defaults[i]) == 0)
            return 0;
    int r = 0;
    if (wh_starts(option, "size="))
        r = wh_size_parse(option + 5, &mount->tmpfs_size_bytes);
    else if (wh_starts(option, "mode="))
        r = tmpfs_number(option + 5, 8, &mount->tmpfs_mode);
    else if (wh_starts(option, "uid="))
        r = tmpfs_number(option + 4, 10, &mount->tmpfs_uid);
    else if (wh_starts(option, "gid="))
        r = tmpfs_number(option + 4, 10, &mount->tmpfs_gid);
    else if (wh_starts(option, "nr_inodes="))
        r = wh_size_parse(option + 10, &mount->tmpfs_inodes);
    else
        return wh_fail(err, WH_E_INVALID, "tmpfs %s: invalid tmpfs option \"%s\"", mount->target, option);
    return r < 0 ? wh_fail(err, WH_E_INVALID, "tmpfs %s: bad option \"%s\"", mount->target, option) : 0;
}

/* "/run:size=64m,mode=1777" */
static int add_tmpfs_text(struct maker *m, const char *text)
{
    size_t len = strcspn(text, ":");
    const char *target = wh_arena_strndup(m->a, text, len);
    struct wh_mount *mount = target ? add_mount(m, WH_MOUNT_TMPFS, NULL, target) : NULL;
    char *options = wh_arena_strdup(m->a, text[len] ? text + len + 1 : "");
    if (!mount || !options)
        return wh_fail(m->err, ENOMEM, "tmpfs");
    for (char *save, *o = strtok_r(options, ",", &save); o; o = strtok_r(NULL, ",", &save))
        if (tmpfs_option(mount, o, m->err) < 0)
            return wh_err_in(m->err, "tmpfs/%s", text);
    return 0;
}

/* ---- mounts of the record ---------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum wh_propagation propagation;
} propagations[] = {
    {"rprivate", WH_PROPAGATION_RPRIVATE}, {"private", WH_PROPAGATION_PRIVATE}, {"rslave", WH_PROPAGATION_RSLAVE},
    {"slave", WH_PROPAGATION_SLAVE},       {"rshared", WH_PROPAGATION_RSHARED}, {"shared", WH_PROPAGATION_SHARED},
};

bool spec_propagation_is_known(const char *word)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(propagations); i++)
        if (strcmp(propagations[i].word, word) == 0)
            return true;
    return false;
}

static int make_bind_source(struct maker *m, const char *path, const struct wh_mount_bind *bind)
{
    if (wh_path_exists(path))
        return 0;
    if (bind && bind->create_host_path.is_set && !bind->create_host_path.value)
        return wh_fail(m->err, WH_E_NOT_FOUND, "bind source path does not exist: %s", path);
    if (wh_mkdir_p(path, 0755, m->err) < 0)
        return wh_wrap(m->err, "make bind source %s", path);
    return 0;
}

static int add_bind(struct maker *m, const struct wh_mount_rec *rec, const struct wh_service_mount *sm)
{
    const struct wh_mount_bind *bind = sm ? sm->bind : NULL;
    if (make_bind_source(m, rec->source, bind) < 0)
        return -1;
    struct wh_mount *mount = add_mount(m, WH_MOUNT_BIND, rec->source, rec->target);
    if (!mount)
        return wh_fail(m->err, ENOMEM, "mounts");
    mount->readonly = rec->read_only;
    mount->no_recursive = bind && wh_streq(bind->recursive, "disabled");
    mount->recursive_rw = bind && wh_streq(bind->recursive, "writable");
    for (size_t i = 0; bind && bind->propagation && i < WH_ARRAY_LEN(propagations); i++)
        if (strcmp(propagations[i].word, bind->propagation) == 0)
            mount->propagation = propagations[i].propagation;
    return 0;
}

static const char *driver_option(const struct wh_volume_rec *v, const char *key)
{
    const char *text = wh_node_get_str(v->driver_opts, key, NULL);
    return text && text[0] ? text : NULL;
}

static bool option_list_has(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = list; p && *p; p += strspn(p, ",")) {
        size_t n = strcspn(p, ",");
        if (n == len && strncmp(p, word, len) == 0)
            return true;
        p += n;
    }
    return false;
}

/* driver_opts of the local driver: a bind in disguise, or any file system of the kernel. */
static int add_driver_mount(struct maker *m, const struct wh_volume_rec *v, const struct wh_mount_rec *rec,
                            bool no_copy)
{
    const char *type = driver_option(v, "type"), *o = driver_option(v, "o"), *device = driver_option(v, "device");
    bool is_bind = option_list_has(o, "bind") || option_list_has(o, "rbind") || wh_streq(type, "bind");
    struct wh_mount *mount = add_mount(m, is_bind ? WH_MOUNT_VOLUME : WH_MOUNT_FS, device, rec->target);
    if (!mount)
        return wh_fail(m->err, ENOMEM, "mounts");
    mount->label = wh_arena_fmt(m->a, "volume %s", v->name);
    mount->readonly = rec->read_only || option_list_has(o, "ro");
    mount->no_copy = no_copy;
    if (!device)
        return wh_fail(m->err, WH_E_INVALID, "volume %s: driver_opts has no device", v->name);
    if (is_bind && !wh_path_exists(device))
        return wh_fail(m->err, WH_E_NOT_FOUND, "volume %s: failed to mount local volume: %s: no such file or directory",
                       v->name, device);
    mount->fs_type = type;
    mount->fs_options = o;
    return 0;
}

static int add_volume(struct maker *m, const struct wh_mount_rec *rec, const struct wh_service_mount *sm)
{
    struct wh_volume_rec v;
    int r = wh_state_volume_load(m->a, rec->name, &v, m->err);
    if (r != 0)
        return r < 0 ? -1 : wh_fail(m->err, WH_E_NOT_FOUND, "volume %s is not there", rec->name);
    /* Docker fills volumes when it creates a container, not whenever that starts again. */
    bool no_copy = (sm && sm->volume && sm->volume->nocopy) || m->c->state.started_ns != 0;
    if (driver_option(&v, "device") || driver_option(&v, "type"))
        return add_driver_mount(m, &v, rec, no_copy);
    struct wh_mount *mount = add_mount(m, WH_MOUNT_VOLUME, wh_arena_strdup(m->a, v.mountpoint), rec->target);
    if (!mount)
        return wh_fail(m->err, ENOMEM, "mounts");
    mount->label = wh_arena_fmt(m->a, "volume %s", rec->name);
    mount->readonly = rec->read_only;
    mount->subpath = sm && sm->volume ? sm->volume->subpath : NULL;
    mount->no_copy = no_copy;
    return 0;
}

static int add_tmpfs(struct maker *m, const struct wh_mount_rec *rec, const struct wh_service_mount *sm)
{
    struct wh_mount *mount = add_mount(m, WH_MOUNT_TMPFS, NULL, rec->target);
    if (!mount)
        return wh_fail(m->err, ENOMEM, "mounts");
    mount->readonly = rec->read_only;
    if (sm && sm->tmpfs && sm->tmpfs->size_bytes.is_set)
        mount->tmpfs_size_bytes = sm->tmpfs->size_bytes.value;
    if (sm && sm->tmpfs && sm->tmpfs->mode.is_set)
        mount->tmpfs_mode = sm->tmpfs->mode.value;
    return 0;
}

static int add_image(struct maker *m, const struct wh_mount_rec *rec, const struct wh_service_mount *sm)
{
    struct wh_image image;
    int r = wh_image_lookup(m->a, wh_state_root(), rec->source, &image, m->err);
    if (r != 0)
        return r < 0 ? -1 : wh_fail(m->err, WH_E_NOT_FOUND, "no such image: %s", rec->source);
    struct wh_mount *mount = add_mount(m, WH_MOUNT_IMAGE, NULL, rec->target);
    const char **lowers = wh_arena_array(m->a, const char *, image.n_layers + 1);
    if (!mount || !lowers)
        return wh_fail(m->err, ENOMEM, "mounts");
    for (size_t i = 0; i < image.n_layers; i++)
        lowers[i] = wh_arena_fmt(m->a, "%s/%s/fs", image.layers_dir, image.layers[i].name);
    mount->label = wh_arena_fmt(m->a, "image %s", rec->source);
    mount->layers = (struct wh_rootfs){.lowers = lowers, .n_lowers = image.n_layers, .readonly = true};
    mount->readonly = true;
    mount->subpath = sm && sm->image ? sm->image->subpath : NULL;
    return 0;
}

static const struct {
    const char *type;
    int (*add)(struct maker *, const struct wh_mount_rec *, const struct wh_service_mount *);
} adders[] = {
    {"bind", add_bind},
    {"volume", add_volume},
    {"tmpfs", add_tmpfs},
    {"image", add_image},
};

static int add_record_mount(struct maker *m, const struct wh_mount_rec *rec)
{
    const struct wh_service_mount *sm = service_mount(m->c->service, rec->target);
    for (size_t i = 0; i < WH_ARRAY_LEN(adders); i++)
        if (strcmp(adders[i].type, rec->type) == 0)
            return adders[i].add(m, rec, sm && wh_streq(sm->type, rec->type) ? sm : NULL);
    return wh_fail(m->err, WH_E_INVALID, "mount on %s: type \"%s\" is not supported", rec->target, rec->type);
}

/* ---- configs and secrets ----------------------------------------------------------------------------------------- */

#define FILE_MAX_BYTES ((size_t)16 << 20)

static int add_content(struct maker *m, const struct wh_node *f, const char *data, size_t len)
{
    struct wh_content_file *file = wh_vec_push(&m->content);
    if (!file)
        return wh_fail(m->err, ENOMEM, "mounts");
    *file = (struct wh_content_file){.label = wh_node_get_str(f, "label", NULL),
                                     .target = wh_node_get_str(f, "target", NULL),
                                     .data = data,
                                     .len = len,
                                     .uid = (uid_t)wh_node_get_int(f, "uid", 0),
                                     .gid = (gid_t)wh_node_get_int(f, "gid", 0),
                                     .mode = (mode_t)wh_node_get_int(f, "mode", 0444)};
    return 0;
}

static int add_file(struct maker *m, const char *path, const char *target)
{
    struct wh_mount *mount = add_mount(m, WH_MOUNT_BIND, path, target);
    if (!mount)
        return wh_fail(m->err, ENOMEM, "mounts");
    mount->readonly = true;
    return 0;
}

static int add_copy(struct maker *m, const struct wh_node *f, const char *path)
{
    wh_auto_str data = {0};
    if (wh_file_read(path, FILE_MAX_BYTES, &data, m->err) < 0)
        return wh_wrap(m->err, "%s", wh_node_get_str(f, "label", "file"));
    char *copy = wh_arena_alloc(m->a, data.len + 1);
    if (!copy)
        return wh_fail(m->err, ENOMEM, "mounts");
    memcpy(copy, wh_str_c(&data), data.len);
    return add_content(m, f, copy, data.len);
}

/* A file without wishes for owner and mode is a read-only bind, as docker compose does it; with them it is a copy, so
 * that they are honoured, which docker compose warns that it does not. */
static int add_file_ref(struct maker *m, const struct wh_node *f)
{
    const char *path = wh_node_get_str(f, "file", NULL), *content = wh_node_get_str(f, "content", NULL);
    if (!path)
        return add_content(m, f, content ? content : "", content ? strlen(content) : 0);
    struct stat st;
    if (stat(path, &st) < 0)
        return wh_fail(m->err, errno, "%s: %s", wh_node_get_str(f, "label", "file"), path);
    if (S_ISDIR(st.st_mode) || !wh_node_get_bool(f, "owned", false))
        return add_file(m, path, wh_node_get_str(f, "target", NULL));
    return add_copy(m, f, path);
}

/* ---- generated files --------------------------------------------------------------------------------------------- */

static struct wh_mount *add_generated_file(struct maker *m, const char *path, const char *target)
{
    struct wh_mount *mount = add_mount(m, WH_MOUNT_BIND, path, target);
    if (mount)
        mount->readonly = m->c->service->read_only;
    return mount;
}

static int add_generated(struct maker *m)
{
    static const char *const names[] = {"hosts", "hostname", "resolv.conf"};
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++) {
        const char *target = wh_arena_fmt(m->a, "/etc/%s", names[i]);
        wh_auto_free char *relative = wh_fmt("files/%s", names[i]);
        wh_auto_free char *path = relative ? ctr_file(m->c, relative) : NULL;
        if (!target || !path)
            return wh_fail(m->err, ENOMEM, "mounts");
        if (!has_target(m, target) && !has_target(m, "/etc") && wh_path_exists(path) &&
            !add_generated_file(m, wh_arena_strdup(m->a, path), target))
            return wh_fail(m->err, ENOMEM, "mounts");
    }
    return 0;
}

static int add_all(struct maker *m)
{
    const struct ctr *c = m->c;
    for (size_t i = 0; i < c->rec.n_mounts; i++)
        if (add_record_mount(m, &c->rec.mounts[i]) < 0)
            return wh_err_in(m->err, "volumes/%s", c->rec.mounts[i].target);
    for (size_t i = 0; i < c->service->tmpfs.len; i++)
        if (add_tmpfs_text(m, c->service->tmpfs.items[i].text) < 0)
            return -1;
    const struct wh_node *files = wh_node_get(c->rec.extra, "files");
    for (size_t i = 0; i < wh_node_len(files); i++)
        if (add_file_ref(m, files->seq.items[i]) < 0)
            return -1;
    return add_generated(m);
}

static void *copy_out(struct wh_arena *a, struct wh_vec *v)
{
    void *copy = wh_arena_alloc(a, (v->len + 1) * v->item_size);
    if (copy && v->len)
        memcpy(copy, v->items, v->len * v->item_size);
    return copy;
}

int spec_mounts(struct wh_arena *a, const struct ctr *c, struct wh_container_spec *ret, struct wh_err *err)
{
    struct maker m = {
        .a = a, .c = c, .mounts = WH_VEC(struct wh_mount), .content = WH_VEC(struct wh_content_file), .err = err};
    int r = add_all(&m);
    ret->mounts = copy_out(a, &m.mounts);
    ret->n_mounts = m.mounts.len;
    ret->content_files = copy_out(a, &m.content);
    ret->n_content_files = m.content.len;
    wh_vec_fini(&m.mounts);
    wh_vec_fini(&m.content);
    return r == 0 && a->failed ? wh_fail(err, ENOMEM, "mounts") : r;
}
