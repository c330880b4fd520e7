/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of the project's containers, and what is true of one at any time. */
#include "engine/network.h"
#include "engine/spec.h"

#include "whale/util/log.h"
#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

struct ctr *ctr_find(const struct wh_policy *p, const char *id)
{
    return id ? wh_map_get(&p->ctrs, id) : NULL;
}

struct ctr *ctr_find_name(const struct wh_policy *p, const char *name)
{
    for (size_t i = 0; i < p->ctrs.len; i++) {
        struct ctr *c = p->ctrs.entries[i].value;
        if (strcmp(c->rec.name, name) == 0 && !c->is_removing)
            return c;
    }
    return NULL;
}

static bool is_better(const struct ctr *c, const struct ctr *best)
{
    if (!best || c->rec.oneoff != best->rec.oneoff)
        return !best || best->rec.oneoff;
    return c->rec.number < best->rec.number;
}

struct ctr *ctr_find_service(const struct wh_policy *p, const char *service, int number, bool running)
{
    struct ctr *best = NULL;
    for (size_t i = 0; i < p->ctrs.len; i++) {
        struct ctr *c = p->ctrs.entries[i].value;
        bool fits = strcmp(c->rec.service, service) == 0 && !c->rec.hook && !c->is_removing &&
                    (number == 0 || (c->rec.number == number && !c->rec.oneoff)) &&
                    (!running || c->phase == CTR_RUNNING);
        if (fits && is_better(c, best))
            best = c;
    }
    return best;
}

static int decode(struct ctr *c, struct wh_err *err)
{
    struct wh_service *s;
    if (!c->rec.service_node || !c->rec.image_node)
        return wh_fail(err, WH_E_INVALID, "record of container %s is not complete", c->rec.name);
    if (wh_service_from_node(&c->arena, c->rec.project, c->rec.service, c->rec.service_node, &s, err) < 0)
        return wh_wrap(err, "container %s", c->rec.name);
    c->service = s;
    c->image = image_from_node(&c->arena, c->rec.image_node);
    return c->image ? 0 : wh_fail(err, ENOMEM, "container %s", c->rec.name);
}

int ctr_adopt(struct wh_policy *p, struct wh_arena *take_arena, const struct wh_container *loaded, struct ctr **ret,
              struct wh_err *err)
{
    struct ctr *c = calloc(1, sizeof(*c));
    if (!c) {
        wh_arena_fini(take_arena);
        return wh_fail(err, ENOMEM, "container");
    }
    c->p = p;
    c->arena = *take_arena;
    *take_arena = (struct wh_arena){0};
    c->rec = loaded->rec;
    c->state = loaded->state;
    c->joined_fd = c->joined_ipc_fd = c->joined_pid_fd = c->pidfd = c->netns_fd = c->stdin_fd = c->status_fd =
        c->run_stdin_fd = -1;
    c->run_output_fds[0] = c->run_output_fds[1] = -1;
    c->cgroup.dir_fd = -1;
    c->watches = WH_VEC(struct ctr_watch *);
    if (decode(c, err) < 0 || wh_map_set(&p->ctrs, c->rec.id, c) < 0) {
        ctr_free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void ctr_free(struct ctr *c)
{
    ctr_health_stop(c);
    ctr_close_process(c);
    ctr_net_release(c);
    ctr_ports_release(c);
    free(c->ports);
    wh_timer_stop(&c->stop_timer);
    wh_timer_stop(&c->restart_timer);
    wh_timer_stop(&c->cgroup_timer);
    wh_image_hold_fini(&c->hold);
    wh_close(&c->netns_fd);
    wh_close(&c->joined_fd);
    wh_close(&c->joined_ipc_fd);
    wh_close(&c->joined_pid_fd);
    wh_close(&c->run_stdin_fd);
    if (ctr_find(c->p, c->rec.id) == c)
        wh_map_del(&c->p->ctrs, c->rec.id);
    wh_vec_fini(&c->watches);
    wh_err_fini(&c->start_err);
    free(c->refusal);
    free(c->hook_failure);
    wh_arena_fini(&c->output_arena);
    wh_arena_fini(&c->state_arena);
    wh_arena_fini(&c->arena);
    free(c);
}

int ctr_save_state(struct ctr *c, struct wh_err *err)
{
    return wh_state_container_save_state(&c->rec, &c->state, err);
}

void ctr_save_state_logged(struct ctr *c)
{
    wh_auto_err err = {0};
    if (ctr_save_state(c, &err) == 0)
        return;
    wh_auto_free char *text = wh_err_text(&err);
    wh_log_error("%s", text);
}

/* ---- watching ---------------------------------------------------------------------------------------------------- */

static void tell_watches(struct ctr *c)
{
    c->is_changed = false;
    for (size_t i = 0; i < c->watches.len;) {
        struct ctr_watch *w = wh_vec_at(&c->watches, struct ctr_watch *, i);
        w->fn(w, c);
        /* It may have taken itself away, or others behind it. */
        if (i < c->watches.len && wh_vec_at(&c->watches, struct ctr_watch *, i) == w)
            i++;
    }
}

/* Callbacks may remove containers; those are freed only after this has returned (ctr_remove defers it). */
static void tell_changed(struct wh_policy *p)
{
    wh_auto_vec changed = WH_VEC(struct ctr *);
    for (size_t i = 0; i < p->ctrs.len; i++) {
        struct ctr *c = p->ctrs.entries[i].value;
        if (c->is_changed)
            wh_vec_push_ptr(&changed, c);
    }
    for (size_t i = 0; i < changed.len; i++)
        tell_watches(wh_vec_at(&changed, struct ctr *, i));
    for (size_t i = 0; i < changed.len; i++) {
        struct ctr *c = wh_vec_at(&changed, struct ctr *, i);
        if (c->rec.auto_remove && !c->is_removing && c->phase == CTR_IDLE && (c->state.started_ns || c->start_failed) &&
            ctr_remove(c, true, NULL) < 0)
            wh_sessions_ended(p->host->sessions, c->rec.id, c->state.exit_code, c->hook_failure);
    }
}

static void tell_all(void *data)
{
    struct wh_policy *p = data;
    p->changed_scheduled = false;
    tell_changed(p);
    op_pump_all(p);
    if (p->ops.len == 0 && p->ctrs.len == 0)
        policy_tidy(p);
}

void ctr_changed(struct ctr *c)
{
    struct wh_policy *p = c->p;
    c->is_changed = true;
    if (p->changed_scheduled)
        return;
    p->changed_scheduled = true;
    wh_loop_defer(p->host->loop, tell_all, p);
}

void ctr_watch(struct ctr *c, struct ctr_watch *w)
{
    wh_vec_push_ptr(&c->watches, w);
}

void ctr_unwatch(struct ctr *c, struct ctr_watch *w)
{
    for (size_t i = 0; i < c->watches.len; i++) {
        if (wh_vec_at(&c->watches, struct ctr_watch *, i) == w) {
            wh_vec_remove(&c->watches, i);
            return;
        }
    }
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */

bool ctr_is_live(const struct ctr *c)
{
    return c->phase != CTR_IDLE || wh_timer_is_active(&c->restart_timer);
}

bool ctr_is_ready(const struct ctr *c)
{
    return c->phase == CTR_RUNNING && !c->is_stopping && !c->is_draining && c->state.health != WH_HEALTH_UNHEALTHY;
}

char *ctr_file(const struct ctr *c, const char *name)
{
    wh_auto_free char *dir = wh_state_container_dir(c->rec.project, c->rec.id);
    return dir ? wh_fmt("%s/%s", dir, name) : NULL;
}

char *ctr_cgroup_name(const struct ctr *c)
{
    return wh_fmt("%s/%s", c->p->cgroup_prefix, c->rec.id);
}
