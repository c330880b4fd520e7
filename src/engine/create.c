/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of new containers. Nothing of the kernel is touched: a created container is a folder. */
#include "engine/check.h"
#include "engine/network.h"
#include "engine/spec.h"
#include "engine/volumes.h"

#include "whale/util/file.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <string.h>

static int find_image(struct wh_arena *a, const struct create_request *r, struct wh_image *ret, struct wh_err *err)
{
    const char *name = r->image_id && r->image_id[0] ? r->image_id : r->service->image;
    if (!name)
        return wh_fail(err, WH_E_INVALID, "service \"%s\" has no image", r->service->name);
    int found = wh_image_lookup(a, wh_state_root(), name, ret, err);
    if (found == WH_IMAGE_ABSENT)
        return wh_fail(err, WH_E_NOT_FOUND, "no such image: %s", r->service->image ? r->service->image : name);
    return found;
}

/* ---- configs and secrets ------------------------------------------------------------------------------------------
 */

static int64_t number_or(const char *text, int64_t fallback)
{
    char *end;
    long long n = text && text[0] ? strtoll(text, &end, 10) : fallback;
    return text && text[0] && *end ? fallback : n;
}

static const char *file_target(struct wh_arena *a, const struct wh_file_ref *ref, const char *folder)
{
    const char *target = ref->target && ref->target[0] ? ref->target : ref->source;
    return target[0] == '/' ? target : wh_arena_fmt(a, "%s%s", folder, target);
}

static struct wh_node *file_node(struct wh_arena *a, const struct wh_file_ref *ref, const struct wh_file_source *source,
                                 const char *what, const char *folder)
{
    struct wh_node *f = wh_node_map(a, NULL);
    if (!f)
        return NULL;
    wh_node_put_str(a, f, "label", wh_arena_fmt(a, "%s \"%s\"", what, ref->source));
    wh_node_put_str(a, f, "target", file_target(a, ref, folder));
    wh_node_put_str(a, f, "file", source->file);
    wh_node_put_str(a, f, "content", source->content);
    wh_node_put_int(a, f, "uid", number_or(ref->uid, 0));
    wh_node_put_int(a, f, "gid", number_or(ref->gid, 0));
    wh_node_put_int(a, f, "mode", ref->mode.is_set ? ref->mode.value : 0444);
    wh_node_put_bool(a, f, "owned", (ref->uid && ref->uid[0]) || (ref->gid && ref->gid[0]) || ref->mode.is_set);
    return f;
}

static int add_file_refs(struct wh_arena *a, const struct create_request *r, bool secrets, struct wh_node *list,
                         struct wh_err *err)
{
    const struct wh_file_refs *refs = secrets ? &r->service->secrets : &r->service->configs;
    const char *what = secrets ? "secret" : "config";
    for (size_t i = 0; r->project && i < refs->len; i++) {
        const struct wh_file_ref *ref = &refs->items[i];
        const struct wh_file_source *source =
            secrets ? wh_project_secret(r->project, ref->source) : wh_project_config(r->project, ref->source);
        if (source && source->environment && !source->content) {
            wh_fail(err, WH_E_NOT_FOUND, "environment variable \"%s\" required by %s \"%s\" is not set",
                    source->environment, what, ref->source);
            return wh_err_in(err, "/%ss/%s", what, ref->source);
        }
        if (source && source->external) {
            wh_fail(err, WH_E_INVALID, "unsupported external %s %s", what, source->name ? source->name : ref->source);
            return wh_err_in(err, "/%ss/%s", what, ref->source);
        }
        if (!source || (!source->file && !source->content))
            continue;
        if (source->file && !wh_path_exists(source->file)) {
            wh_fail(err, WH_E_NOT_FOUND, "%s \"%s\": bind source path does not exist: %s", what, ref->source,
                    source->file);
            return wh_err_in(err, "/%ss/%s", what, ref->source);
        }
        wh_node_push(a, list, file_node(a, ref, source, what, secrets ? "/run/secrets/" : "/"));
    }
    return 0;
}

/* Containers whose namespaces or volumes it shares, by service: when one of them is replaced, so must this be. */
static void note_parent(struct wh_policy *p, struct wh_arena *a, const char *service, struct wh_node *parents)
{
    const struct ctr *c = service ? ctr_find_service(p, service, 0, false) : NULL;
    if (c)
        wh_node_put_str(a, parents, service, c->rec.id);
}

static struct wh_node *find_parents(struct wh_policy *p, struct wh_arena *a, const struct wh_service *s)
{
    struct wh_node *parents = wh_node_map(a, NULL);
    const char *const modes[] = {s->network_mode, s->pid, s->ipc};
    for (size_t i = 0; parents && i < WH_ARRAY_LEN(modes); i++)
        note_parent(p, a, modes[i] ? wh_mode_service(modes[i]) : NULL, parents);
    for (size_t i = 0; parents && i < s->volumes_from.len; i++)
        note_parent(p, a, wh_arena_strndup(a, s->volumes_from.items[i], strcspn(s->volumes_from.items[i], ":")),
                    parents);
    return parents;
}

static int make_extra(struct wh_policy *p, struct wh_arena *a, const struct create_request *r,
                      struct wh_container_rec *rec, struct wh_err *err)
{
    struct wh_node *extra = wh_node_map(a, NULL), *files = wh_node_seq(a, NULL);
    struct wh_node *parents = find_parents(p, a, r->service);
    if (!extra || !files || !parents)
        return wh_fail(err, ENOMEM, "container");
    if (add_file_refs(a, r, false, files, err) < 0 || add_file_refs(a, r, true, files, err) < 0)
        return -1;
    wh_node_put(a, extra, "files", files);
    wh_node_put(a, extra, "parents", parents);
    wh_node_put_bool(a, extra, "use_aliases", r->use_aliases);
    rec->extra = extra;
    return 0;
}

/* ---- networks -----------------------------------------------------------------------------------------------------
 */

static int compare_priority(const void *x, const void *y)
{
    const struct wh_service_network *a = *(const struct wh_service_network *const *)x,
                                    *b = *(const struct wh_service_network *const *)y;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Full names in the order in which the container gets its interfaces. */
static int make_networks(struct wh_policy *p, struct wh_arena *a, const struct create_request *r,
                         struct wh_container_rec *rec)
{
    const struct wh_service *s = r->service;
    const char **names = wh_arena_array(a, const char *, s->networks.len + 1);
    const struct wh_service_network **sorted =
        wh_arena_array(a, const struct wh_service_network *, s->networks.len + 1);
    if (!names || !sorted)
        return -1;
    if (s->network_mode && s->network_mode[0]) {
        bool is_bridge = wh_streq(s->network_mode, WH_DEFAULT_BRIDGE) || wh_streq(s->network_mode, "default");
        names[0] = is_bridge ? net_bridge_name(p, a) : wh_arena_strdup(a, s->network_mode);
        rec->networks = names;
        rec->n_networks = 1;
        return 0;
    }
    for (size_t i = 0; i < s->networks.len; i++)
        sorted[i] = &s->networks.items[i];
    qsort(sorted, s->networks.len, sizeof(*sorted), compare_priority);
    for (size_t i = 0; i < s->networks.len; i++) {
        const struct wh_network *n = r->project ? wh_project_network(r->project, sorted[i]->name) : NULL;
        names[i] = wh_arena_strdup(a, n ? n->name : sorted[i]->name);
    }
    rec->networks = names;
    rec->n_networks = s->networks.len;
    return 0;
}

/* The record must find its network's options by full name at start: the service's networks are keyed by short name. */
static void note_network_keys(struct wh_arena *a, const struct create_request *r, struct wh_container_rec *rec)
{
    struct wh_node *keys = wh_node_map(a, NULL);
    for (size_t i = 0; keys && r->project && i < r->service->networks.len; i++) {
        const char *key = r->service->networks.items[i].name;
        const struct wh_network *n = wh_project_network(r->project, key);
        wh_node_put_str(a, keys, n ? n->name : key, key);
    }
    wh_node_put(a, (struct wh_node *)rec->extra, "network_keys", keys);
}

/* ---- the record ---------------------------------------------------------------------------------------------------
 */

static void make_argv(struct wh_arena *a, const struct create_request *r, const struct wh_image *image,
                      struct wh_container_rec *rec)
{
    const char *const *texts = spec_argv(a, r->service, image);
    size_t n = 0;
    while (texts && texts[n])
        n++;
    const char **argv = wh_arena_array(a, const char *, n + 1);
    for (size_t i = 0; argv && i < n; i++)
        argv[i] = wh_arena_strdup(a, texts[i]); /* the request's, which ends before the container */
    rec->argv = argv;
    rec->n_argv = n;
}

static int fill_rec(struct wh_policy *p, struct wh_arena *a, const struct create_request *r,
                    const struct wh_image *image, struct wh_container_rec *rec, struct wh_err *err)
{
    const struct wh_service *s = r->service;
    char *id = wh_arena_alloc(a, WH_ID_LEN + 1);
    if (!id || wh_random_hex(id, WH_ID_LEN, err) < 0)
        return -1;
    *rec = (struct wh_container_rec){.id = id,
                                     .name = wh_arena_strdup(a, r->name),
                                     .project = wh_arena_strdup(a, p->project),
                                     .service = wh_arena_strdup(a, s->name),
                                     .number = r->number,
                                     .oneoff = r->oneoff,
                                     .auto_remove = r->auto_remove,
                                     .hook = r->hook ? wh_arena_strdup(a, r->hook) : NULL,
                                     .image = wh_arena_strdup(a, s->image ? s->image : image->id),
                                     .image_id = image->id,
                                     .config_hash = wh_arena_strdup(a, r->hash ? r->hash : ""),
                                     .created_ns = wh_now_real_ns(),
                                     .tty = s->tty,
                                     .stdin_open = s->stdin_open,
                                     .service_node = wh_node_copy(a, s->node),
                                     .image_node = image_to_node(a, image)};
    rec->log_driver = s->logging && s->logging->driver ? wh_arena_strdup(a, s->logging->driver) : "json-file";
    make_argv(a, r, image, rec);
    if (labels_make(a, p, r, image, rec) < 0 || make_networks(p, a, r, rec) < 0 || a->failed)
        return wh_fail(err, ENOMEM, "container");
    if (make_extra(p, a, r, rec, err) < 0)
        return -1;
    note_network_keys(a, r, rec);
    return mounts_plan(p, r, image, a, rec, err);
}

static int make_volumes(struct wh_policy *p, const struct wh_container_rec *rec, struct wh_err *err)
{
    for (size_t i = 0; i < rec->n_mounts; i++)
        if (rec->mounts[i].anonymous && volume_create_anonymous(p, rec->mounts[i].name, err) < 0)
            return -1;
    return 0;
}

static int check_bind_sources(const struct wh_service *s, struct wh_err *err)
{
    for (size_t i = 0; i < s->mounts.len; i++) {
        const struct wh_service_mount *m = &s->mounts.items[i];
        bool must_exist = m->bind && m->bind->create_host_path.is_set && !m->bind->create_host_path.value;
        if (must_exist && m->source && !wh_path_exists(m->source)) {
            wh_fail(err, WH_E_NOT_FOUND, "bind source path does not exist: %s", m->source);
            return wh_err_in(err, "volumes/%s", m->target);
        }
    }
    return 0;
}

static int make_bridge(struct wh_policy *p, const struct wh_container_rec *rec, struct wh_err *err)
{
    return rec->n_networks && net_is_bridge(rec->networks[0]) ? net_create_bridge(p, rec->networks[0], err) : 0;
}

int ctr_make_folders(const struct ctr *c, struct wh_err *err)
{
    static const char *const names[] = {"upper", "work", "files"};
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++) {
        wh_auto_free char *path = ctr_file(c, names[i]);
        if (!path)
            return wh_fail(err, ENOMEM, "container");
        if (wh_mkdir_p(path, 0755, err) < 0)
            return -1;
    }
    return 0;
}

int ctr_create(struct wh_policy *p, const struct create_request *r, struct ctr **ret, struct wh_err *err)
{
    wh_auto_arena scratch = {0};
    struct wh_arena arena = {0};
    struct wh_image image;
    struct wh_container loaded = {.state = {.status = WH_CONTAINER_CREATED, .error = "", .boot_id = ""}};
    struct ctr *c;
    if (ctr_check(p, r, err) < 0 || check_bind_sources(r->service, err) < 0 || find_image(&arena, r, &image, err) < 0 ||
        fill_rec(p, &arena, r, &image, &loaded.rec, err) < 0) {
        wh_arena_fini(&arena);
        return -1;
    }
    if (make_volumes(p, &loaded.rec, err) < 0 || make_bridge(p, &loaded.rec, err) < 0 ||
        wh_state_container_save_rec(&loaded.rec, err) < 0) {
        wh_arena_fini(&arena);
        return -1;
    }
    char *id = wh_arena_strdup(&scratch, loaded.rec.id);
    if (ctr_adopt(p, &arena, &loaded, &c, err) < 0) {
        wh_state_container_remove(p->project, id, NULL);
        return -1;
    }
    int made = ctr_make_folders(c, err) < 0 ? -1 : ctr_ports_prepare(c, err);
    if (made == 0)
        ctr_ports_to_state(c);
    if (made < 0 || ctr_save_state(c, err) < 0) {
        ctr_remove(c, false, NULL);
        return -1;
    }
    ctr_event(c, "create", 0);
    *ret = c;
    return 0;
}

static void remove_anonymous(struct ctr *c)
{
    for (size_t i = 0; i < c->rec.n_mounts; i++)
        if (c->rec.mounts[i].anonymous)
            volume_remove(c->p, c->rec.mounts[i].name, NULL);
}

/* The network of network_mode bridge goes with its last container. */
static void remove_bridge(struct ctr *c)
{
    const char *name = c->rec.n_networks ? c->rec.networks[0] : "";
    for (size_t i = 0; i < c->p->ctrs.len; i++) {
        const struct ctr *other = c->p->ctrs.entries[i].value;
        if (other->rec.n_networks && strcmp(other->rec.networks[0], name) == 0)
            return;
    }
    if (net_is_bridge(name))
        net_remove(c->p, name, NULL);
}

static void free_removed(void *data)
{
    ctr_free(data);
}

/* The object stays until the loop's next turn: whoever called may still hold it. */
int ctr_remove(struct ctr *c, bool volumes, struct wh_err *err)
{
    struct wh_policy *p = c->p;
    if (wh_state_container_remove(p->project, c->rec.id, err) < 0)
        return -1;
    ctr_event(c, "destroy", 0);
    c->is_removing = true;
    ctr_give_back(c);
    wh_keeper_drop(p->host->keeper, c->rec.id, NULL);
    ctr_drop_spool(c);
    wh_map_del(&p->ctrs, c->rec.id);
    remove_bridge(c);
    if (volumes)
        remove_anonymous(c);
    if (c->rec.auto_remove)
        wh_sessions_ended(p->host->sessions, c->rec.id, c->state.exit_code, c->hook_failure);
    wh_loop_defer(p->host->loop, free_removed, c);
    return 0;
}
