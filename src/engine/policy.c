/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy object: made by the supervisor's main, asked by the server whether it may end. */
#include "engine/network.h"

#include "whale/util/file.h"
#include "whale/util/log.h"
#include "whale/util/str.h"

#include "engine/op.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int fill(struct wh_policy *p, struct wh_host *host, struct wh_err *err)
{
    p->host = host;
    p->project = host->project;
    p->ops = WH_VEC(struct op *);
    p->foreign = WH_VEC(struct foreign);
    p->foreign_fd = -1;
    p->cgroup_prefix = wh_fmt("whale/%s-%s", wh_state_instance(), host->project);
    p->seccomp_cache = wh_fmt("%s/seccomp", wh_state_root());
    p->scope = (struct wh_net_scope){wh_state_run(), host->project};
    if (!p->cgroup_prefix || !p->seccomp_cache)
        return wh_fail(err, ENOMEM, "supervisor");
    if (wh_mkdir_p(p->seccomp_cache, 0700, err) < 0)
        return -1;
    return wh_cgroup_layout_detect(NULL, &p->layout, err);
}

int wh_policy_new(struct wh_host *host, struct wh_policy **ret, struct wh_err *err)
{
    struct wh_policy *p = calloc(1, sizeof(*p));
    if (!p)
        return wh_fail(err, ENOMEM, "supervisor");
    if (fill(p, host, err) < 0) {
        wh_policy_free(p);
        return -1;
    }
    wh_keeper_on_exit(host->keeper, policy_on_exit, p);
    if (policy_recover(p, err) < 0) {
        wh_policy_free(p);
        return -1;
    }
    *ret = p;
    return 0;
}

void wh_policy_free(struct wh_policy *p)
{
    if (!p)
        return;
    wh_timer_stop(&p->drift_timer);
    while (p->ctrs.len)
        ctr_free(p->ctrs.entries[0].value);
    wh_map_fini(&p->ctrs);
    if (p->dns)
        wh_io_stop(&p->dns_io);
    wh_dns_free(p->dns);
    wh_relay_free(p->relay);
    wh_firewall_free(p->firewall);
    netpool_free(p);
    net_free_all(p);
    wh_io_stop(&p->foreign_io);
    wh_close(&p->foreign_fd);
    foreign_free(p);
    wh_vec_fini(&p->foreign);
    wh_vec_fini(&p->ops);
    wh_cgroup_layout_fini(&p->layout);
    free(p->cgroup_prefix);
    free(p->seccomp_cache);
    free(p);
}

bool policy_has_live(const struct wh_policy *p)
{
    for (size_t i = 0; i < p->ctrs.len; i++) {
        const struct ctr *c = p->ctrs.entries[i].value;
        if (ctr_is_live(c) || c->expects_exit || wh_timer_is_active(&c->cgroup_timer))
            return true;
    }
    return false;
}

bool wh_policy_may_exit(void *policy)
{
    struct wh_policy *p = policy;
    return !policy_has_live(p) && p->ops.len == 0 && p->n_background == 0 && !p->changed_scheduled;
}

void wh_policy_capture_finished(struct wh_policy *p, const char *container_id)
{
    struct ctr *c = ctr_find(p, container_id);
    if (c && c->phase == CTR_ENDING)
        ctr_finish_exit(c);
}

/* ---- tidying ----------------------------------------------------------------------------------------------------- */

static bool has_network(const struct wh_policy *p)
{
    wh_auto_arena a = {0};
    struct wh_network_rec *recs;
    size_t n;
    if (wh_state_networks(&a, &recs, &n, NULL) < 0)
        return true;
    for (size_t i = 0; i < n; i++)
        if (wh_streq(recs[i].project, p->project))
            return true;
    return false;
}

static void remove_run_files(const struct wh_policy *p)
{
    wh_auto_free char *dir = wh_state_project_run_dir(p->project);
    wh_auto_free char *ports = dir ? wh_fmt("%s/ports.json", dir) : NULL;
    if (ports)
        unlink(ports);
}

void policy_tidy(struct wh_policy *p)
{
    p->is_gone = p->ctrs.len == 0 && !has_network(p);
    if (!p->is_gone)
        return;
    wh_firewall_free(p->firewall); /* the sweep takes its table too, whatever was in it */
    p->firewall = NULL;
    p->firewall_dirty = false;
    wh_net_sweep(&p->scope, NULL);
    wh_cgroup_remove(&p->layout, p->cgroup_prefix, NULL);
    wh_state_project_remove(p->project, NULL);
    remove_run_files(p);
}

/* Records of what is there must outlive a power failure. When nothing is left there is nothing to keep, and `down`
 * waits for our end: a removal that a power failure takes back can be had again. */
static void sync_and_empty(void *data)
{
    const struct wh_policy *p = data;
    wh_auto_fd fd = p->is_gone ? -1 : open(wh_state_root(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        syncfs(fd);
    wh_state_empty_trash(NULL);
}

static void sync_done(void *data)
{
    struct wh_policy *p = data;
    p->n_background--;
}

void policy_sync_later(struct wh_policy *p)
{
    if (p->n_background == 0 && wh_loop_offload(p->host->loop, 1, sync_and_empty, sync_done, p) == 0)
        p->n_background++;
}
