/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives a health machine its time and its probes. */
#include "engine/health.h"

#include "whale/util/cleanup.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_OUTPUT_BYTES 4096

struct wh_health_monitor {
    struct wh_loop *loop;
    struct wh_sessions *sessions;
    const struct wh_health_ops *ops;
    void *data;
    struct wh_health_machine machine;
    struct wh_timer timer;
    struct wh_exec *probe; /* the running one */
    int64_t probe_begin_ns, probe_begin_real_ns;
    bool paused;
};

static void schedule(struct wh_health_monitor *m)
{
    if (!m->paused && !m->probe)
        wh_timer_start(m->loop, &m->timer, wh_health_next_delay_ns(&m->machine, wh_now_mono_ns()));
}

static void take_result(struct wh_health_monitor *m, int exit_code, const char *output)
{
    m->probe = NULL;
    bool changed = wh_health_on_result(&m->machine, m->probe_begin_ns, exit_code == 0);
    struct wh_health_probe probe = {
        .start_ns = m->probe_begin_real_ns,
        .end_ns = wh_now_real_ns(),
        .exit_code = exit_code,
        .output = output,
    };
    schedule(m); /* before the callback, which may end the monitor */
    m->ops->on_probe(m->data, &m->machine, &probe, changed);
}

static void take_failure_to_run(struct wh_health_monitor *m, const struct wh_err *err)
{
    wh_auto_free char *text = wh_err_text(err);
    take_result(m, -1, text ? text : "");
}

static void on_probe_end(void *data, const struct wh_exec_result *result)
{
    struct wh_health_monitor *m = data;
    if (result->err) {
        take_failure_to_run(m, result->err);
    } else if (result->timed_out) {
        char limit[40];
        wh_duration_format(m->machine.config.timeout_ns, limit, sizeof(limit));
        wh_auto_free char *text =
            wh_fmt("Health check exceeded timeout (%s)%s%s", limit, result->output_len ? ": " : "", result->output);
        take_result(m, -1, text ? text : "");
    } else {
        take_result(m, result->exit_code, result->output);
    }
}

static void start_probe(struct wh_timer *t)
{
    struct wh_health_monitor *m = t->data;
    wh_auto_err err = {0};
    struct wh_exec_call call = {0};
    m->probe_begin_ns = wh_now_mono_ns();
    m->probe_begin_real_ns = wh_now_real_ns();
    int r = m->ops->prepare(m->data, &call, &err);
    if (r == 0) {
        call.io = WH_RUNTIME_IO_NULL;
        call.max_output_bytes = MAX_OUTPUT_BYTES;
        call.timeout_ns = m->machine.config.timeout_ns;
        call.on_end = on_probe_end;
        call.data = m;
        r = wh_exec_start(m->sessions, &call, &m->probe, &err);
    }
    if (r < 0)
        take_failure_to_run(m, &err);
}

int wh_health_monitor_new(struct wh_loop *l, struct wh_sessions *s, const struct wh_health_config *config,
                          const struct wh_health_ops *ops, void *data, struct wh_health_monitor **ret,
                          struct wh_err *err)
{
    struct wh_health_monitor *m = calloc(1, sizeof(*m));
    if (!m)
        return wh_fail(err, ENOMEM, "health check");
    *m = (struct wh_health_monitor){.loop = l, .sessions = s, .ops = ops, .data = data};
    m->timer = (struct wh_timer){.fn = start_probe, .data = m};
    wh_health_machine_init(&m->machine, config, wh_now_mono_ns());
    schedule(m);
    *ret = m;
    return 0;
}

void wh_health_monitor_resume(struct wh_health_monitor *m, enum wh_health status, int failing_streak, int64_t age_ns)
{
    m->machine.status = status;
    m->machine.failing_streak = failing_streak;
    m->machine.started_ns = wh_now_mono_ns() - age_ns;
    schedule(m);
}

void wh_health_monitor_free(struct wh_health_monitor *m)
{
    if (!m)
        return;
    wh_timer_stop(&m->timer);
    if (m->probe)
        wh_exec_forget(m->probe);
    free(m);
}

void wh_health_monitor_pause(struct wh_health_monitor *m, bool paused)
{
    m->paused = paused;
    if (paused)
        wh_timer_stop(&m->timer);
    else
        schedule(m);
}
