/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking over what is there: records, what the keeper kept, and the cgroups. No running container is touched. Exits
 * that came meanwhile are delivered by the keeper once the loop turns; a barrier then says which ends nobody saw.
 */
#include "engine/network.h"
#include "engine/restart.h"

#include "whale/sys/process.h"
#include "whale/util/log.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <string.h>

static bool find_process(struct ctr *c, struct wh_keeper_process *ret)
{
    if (wh_keeper_take_process(c->p->host->keeper, c->rec.id, ret))
        return true;
    /* The keeper itself was killed together with the loop, or the loop between clone and registration. */
    if (!wh_state_process_alive(c->state.pid, c->state.pid_start, c->state.boot_id))
        return recover_find_unregistered(c, ret);
    *ret = (struct wh_keeper_process){.pid = c->state.pid, .pidfd = wh_sys_pidfd_open(c->state.pid)};
    return ret->pidfd >= 0;
}

static int open_cgroup(struct ctr *c, struct wh_err *err)
{
    wh_auto_free char *name = ctr_cgroup_name(c);
    if (!name || wh_cgroup_open(&c->p->layout, name, &c->cgroup, err) < 0)
        return -1;
    c->has_cgroup = true;
    c->oom_before = wh_cgroup_oom_kills(&c->cgroup);
    return 0;
}

/* Cloned, but the record does not say so: the supervisor was killed between clone and record. */
static bool is_unrecorded(const struct ctr *c, const struct wh_keeper_process *proc)
{
    return c->state.pid != proc->pid ||
           (c->state.status != WH_CONTAINER_RUNNING && c->state.status != WH_CONTAINER_PAUSED);
}

static void adopt_live(struct ctr *c, const struct wh_keeper_process *proc)
{
    wh_auto_err err = {0};
    wh_auto_err not_held = {0};
    bool is_new = is_unrecorded(c, proc);
    int status_fd = wh_keeper_take_fd(c->p->host->keeper, c->rec.id, WH_SLOT_STATUS);
    c->restart_streak = c->state.restart_count;
    open_cgroup(c, NULL);
    c->pid = proc->pid;
    c->pidfd = proc->pidfd;
    ctr_net_take(c);
    if (wh_keeper_register(c->p->host->keeper, c->rec.id, c->pid, c->pidfd,
                           c->has_cgroup ? wh_cgroup_id(&c->cgroup) : 0, &err) < 0 ||
        ctr_capture_recover(c, &err) < 0) {
        wh_auto_free char *text = wh_err_text(&err);
        wh_log_error("take over container %s: %s", c->rec.name, text);
    }
    if (ctr_hold_images(c, &not_held) < 0) {
        wh_auto_free char *text = wh_err_text(&not_held);
        wh_log_error("hold the layers of container %s: %s", c->rec.name, text);
    }
    if (c->netns_fd >= 0)
        ctr_net_recover(c);
    ports_recover(c);
    if (is_new && status_fd >= 0) { /* it may still be mounting or filling a volume */
        ctr_watch_status(c, status_fd);
        return;
    }
    wh_close(&status_fd);
    wh_keeper_drop(c->p->host->keeper, c->rec.id, WH_SLOT_STATUS);
    ctr_running(c, is_new);
    c->started_mono_ns = wh_now_mono_ns() - wh_real_elapsed_ns(c->state.started_ns);
}

/* The rest of the delay; how long it was follows from the number of restarts in a row. */
static void resume_restart(struct ctr *c)
{
    struct restart_policy policy;
    if (restart_policy_parse(c->service, &policy, NULL) < 0)
        return;
    for (int i = 0; i < c->state.restart_count && i < 10; i++)
        c->backoff_ns = restart_delay_ns(&policy, c->backoff_ns, 0);
    ctr_schedule_restart(c, c->backoff_ns - wh_real_elapsed_ns(c->state.finished_ns));
}

static void adopt_ended(struct ctr *c)
{
    wh_auto_err err = {0};
    c->expects_exit = true;
    c->restart_streak = c->state.restart_count;
    c->pid = c->state.pid;
    open_cgroup(c, NULL);
    if (wh_keeper_is_restart(c->p->host->keeper)) {
        c->netns_fd = wh_keeper_take_fd(c->p->host->keeper, c->rec.id, WH_SLOT_NETNS);
        ctr_capture_recover(c, &err);
        if (c->netns_fd >= 0)
            ctr_net_recover(c);
        ports_recover(c);
    }
    if (c->netns_fd < 0)
        ctr_net_lost(c);
    if (c->state.status == WH_CONTAINER_RESTARTING)
        resume_restart(c);
}

static int adopt_all(struct wh_policy *p, struct wh_err *err)
{
    wh_auto_arena listing = {0};
    struct wh_container *items;
    size_t n;
    if (wh_state_containers(&listing, p->project, &items, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct wh_arena arena = {0};
        struct wh_container loaded;
        struct ctr *c;
        wh_auto_err cause = {0};
        if (wh_state_container_load(&arena, p->project, items[i].rec.id, &loaded, &cause) != 0) {
            wh_arena_fini(&arena);
            continue;
        }
        /* Its maker may have been killed between the record and the folders. */
        if (ctr_adopt(p, &arena, &loaded, &c, &cause) < 0 || ctr_make_folders(c, &cause) < 0 ||
            ctr_ports_prepare(c, &cause) < 0) {
            wh_auto_free char *text = wh_err_text(&cause);
            wh_log_error("container %s cannot be taken over: %s", items[i].rec.name, text);
        }
    }
    return 0;
}

/* Behind the keeper's barrier: an end that no one saw stays one with code 255, as Docker has it after a crash. */
static void after_barrier(void *data)
{
    struct wh_policy *p = data;
    wh_keeper_sync(p->host->keeper, NULL);
    for (size_t i = 0; i < p->ctrs.len; i++) {
        struct ctr *c = p->ctrs.entries[i].value;
        if (!c->expects_exit)
            continue;
        c->expects_exit = false;
        if (c->state.pid) {
            c->exit = (struct wh_keeper_exit){.key = "", .cgroup = "", .unknown = true, .pid = c->state.pid};
            ctr_begin_end(c);
        } else if (!wh_timer_is_active(&c->restart_timer)) {
            ctr_give_back(c);
        }
    }
    firewall_mark(p);
}

/* Cgroups of containers that have no record any more. */
static void sweep_cgroups(struct wh_policy *p)
{
    wh_auto_strv names = {0};
    if (wh_cgroup_list(&p->layout, p->cgroup_prefix, &names, NULL) < 0)
        return;
    for (size_t i = 0; i < names.len; i++) {
        wh_auto_free char *name = wh_fmt("%s/%s", p->cgroup_prefix, names.items[i]);
        struct wh_cgroup cg;
        if (ctr_find(p, names.items[i]) || !name)
            continue;
        if (wh_cgroup_open(&p->layout, name, &cg, NULL) == 0) {
            wh_cgroup_kill(&cg, NULL);
            wh_cgroup_close(&cg);
        }
        wh_cgroup_remove(&p->layout, name, NULL);
    }
}

int policy_recover(struct wh_policy *p, struct wh_err *err)
{
    if (adopt_all(p, err) < 0)
        return -1;
    foreign_refresh(p);
    p->is_recovering = true;
    for (size_t i = 0; i < p->ctrs.len; i++) {
        struct ctr *c = p->ctrs.entries[i].value;
        struct wh_keeper_process proc;
        if (find_process(c, &proc))
            adopt_live(c, &proc);
        else
            adopt_ended(c);
    }
    p->is_recovering = false;
    sweep_cgroups(p);
    wh_loop_defer(p->host->loop, after_barrier, p);
    return 0;
}
