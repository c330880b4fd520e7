/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which health check a container has, how it is run, and what a change of health does. */
#include "engine/network.h"
#include "engine/spec.h"

#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct health_source {
    const char *const *test; /* with its leading CMD, CMD-SHELL or NONE */
    size_t n_test;
    struct wh_health_config config;
};

static int64_t or_image(const struct wh_opt_int *own, int64_t image)
{
    return own->is_set && own->value > 0 ? own->value : image;
}

static void find_source(const struct ctr *c, struct health_source *ret)
{
    const struct wh_healthcheck *own = c->service->healthcheck;
    const struct wh_image_health *image = &c->image->config.health;
    static const struct wh_healthcheck none;
    const struct wh_healthcheck *h = own ? own : &none;
    ret->test = h->test.is_set ? (const char *const *)h->test.argv : image->test;
    ret->n_test = h->test.is_set ? h->test.len : image->n_test;
    if (h->disable)
        ret->n_test = 0;
    ret->config =
        (struct wh_health_config){.interval_ns = or_image(&h->interval_ns, image->interval_ns),
                                  .timeout_ns = or_image(&h->timeout_ns, image->timeout_ns),
                                  .start_period_ns = or_image(&h->start_period_ns, image->start_period_ns),
                                  .start_interval_ns = or_image(&h->start_interval_ns, image->start_interval_ns),
                                  .retries = (int)or_image(&h->retries, image->retries)};
    wh_health_config_defaults(&ret->config);
}

bool ctr_has_healthcheck(const struct ctr *c)
{
    struct health_source s;
    find_source(c, &s);
    return s.n_test > 0 && strcmp(s.test[0], "NONE") != 0;
}

static const char *const *probe_argv(struct wh_arena *a, const struct health_source *s)
{
    bool shell = strcmp(s->test[0], "CMD-SHELL") == 0;
    const char **argv = wh_arena_array(a, const char *, s->n_test + 3);
    size_t n = 0;
    if (!argv)
        return NULL;
    if (shell) {
        argv[n++] = "/bin/sh";
        argv[n++] = "-c";
    }
    for (size_t i = 1; i < s->n_test; i++)
        argv[n++] = s->test[i];
    return argv;
}

/* How a container's probes are started: made for the first one. */
struct probe_plan {
    struct wh_arena arena;
    struct wh_exec_spec spec;
};

static void free_plan(struct probe_plan *plan)
{
    if (plan)
        wh_arena_fini(&plan->arena);
    free(plan);
}

static int fill_plan(struct probe_plan *plan, const struct ctr *c, struct wh_err *err)
{
    struct health_source s;
    find_source(c, &s);
    struct exec_wish wish = {.argv = probe_argv(&plan->arena, &s)};
    if (!wish.argv || !wish.argv[0])
        return wh_fail(err, WH_E_INVALID, "health check without a command");
    return spec_exec(&plan->arena, c, &wish, &plan->spec, err);
}

static int make_plan(struct ctr *c, struct wh_err *err)
{
    struct probe_plan *plan = calloc(1, sizeof(*plan));
    if (!plan)
        return wh_fail(err, ENOMEM, "health check");
    if (fill_plan(plan, c, err) < 0) {
        free_plan(plan);
        return -1;
    }
    c->probe_plan = plan;
    return 0;
}

static int prepare(void *data, struct wh_exec_call *call, struct wh_err *err)
{
    struct ctr *c = data;
    if (!c->probe_plan && make_plan(c, err) < 0)
        return -1;
    call->container_id = c->rec.id;
    call->cgroup = &c->cgroup;
    call->spec = &c->probe_plan->spec;
    return 0;
}

static void note_probe(struct ctr *c, const struct wh_health_probe *probe)
{
    struct wh_container_state *s = &c->state;
    size_t max = WH_ARRAY_LEN(s->last_probes);
    if (s->n_probes == max) {
        memmove(&s->last_probes[0], &s->last_probes[1], (max - 1) * sizeof(s->last_probes[0]));
        s->n_probes--;
    }
    s->last_probes[s->n_probes] = *probe;
    s->last_probes[s->n_probes].output = probe->output;
    s->n_probes++;
}

/* Outputs of probes would let the state's arena grow for ever: the five that count are copied into a new one. */
static void copy_outputs(struct ctr *c)
{
    struct wh_arena fresh = {0};
    for (size_t i = 0; i < c->state.n_probes; i++)
        c->state.last_probes[i].output = wh_arena_strdup(&fresh, c->state.last_probes[i].output);
    wh_arena_fini(&c->output_arena);
    c->output_arena = fresh;
}

static void on_probe(void *data, const struct wh_health_machine *m, const struct wh_health_probe *probe, bool changed)
{
    struct ctr *c = data;
    bool is_new = changed || c->state.failing_streak != m->failing_streak;
    note_probe(c, probe);
    copy_outputs(c);
    c->state.failing_streak = m->failing_streak;
    c->state.health = m->status;
    if (is_new)
        ctr_save_state_logged(c);
    if (!changed)
        return;
    char action[48];
    snprintf(action, sizeof(action), "health_status: %s", wh_health_text[m->status]);
    ctr_event(c, action, 0);
    ctr_dns_update(c);
    if (c->n_ports)
        firewall_mark(c->p);
    ctr_changed(c);
}

void ctr_health_start(struct ctr *c, bool resume)
{
    static const struct wh_health_ops ops = {.prepare = prepare, .on_probe = on_probe};
    struct health_source s;
    wh_auto_err err = {0};
    ctr_health_stop(c);
    if (!ctr_has_healthcheck(c))
        return;
    find_source(c, &s);
    if (wh_health_monitor_new(c->p->host->loop, c->p->host->sessions, &s.config, &ops, c, &c->health, &err) < 0)
        return;
    if (resume && c->state.health != WH_HEALTH_NONE)
        wh_health_monitor_resume(c->health, c->state.health, c->state.failing_streak,
                                 wh_real_elapsed_ns(c->state.started_ns));
    if (c->state.status == WH_CONTAINER_PAUSED)
        wh_health_monitor_pause(c->health, true);
}

void ctr_health_stop(struct ctr *c)
{
    if (c->health)
        wh_health_monitor_free(c->health);
    c->health = NULL;
    free_plan(c->probe_plan);
    c->probe_plan = NULL;
}
